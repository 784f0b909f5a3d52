"""The broker properties that this tool reasons about: each with its parser, and texts that are parsed once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from kafkaboot.values import knobs
from kafkaboot.values.connect import ConnectString
from kafkaboot.values.keys import MIGRATING
from kafkaboot.values.listeners import (
    check_advertised_host,
    parse_advertised,
    parse_listeners,
    parse_protocols,
)
from kafkaboot.values.voters import parse_roles, parse_servers, parse_voters
from zkboot.pod import address
from zkboot.pod.environ import BLANKS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Property(Generic[T]):
    """One broker property."""

    key: str
    """Its name in the file."""
    parse: Callable[[str], T]
    """Returns what a text means; raises ValueError, one argument a reason, where it means nothing."""


class Value:
    """What somebody says of a property: the text, and what it means, which is found out once."""

    __slots__ = ("_meaning", "_reasons", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        """The text as it stands in the file."""
        self._meaning: tuple[object] | None = None
        self._reasons: tuple[object, ...] | None = None

    def read(self, kind: Property[T]) -> T:
        """Return what it means to *kind*, the property that it is of; raises ValueError with the reasons."""
        if self._meaning is None and self._reasons is None:
            try:
                self._meaning = (kind.parse(self.text),)
            except ValueError as error:
                self._reasons = error.args
        if self._meaning is None:
            raise ValueError(*(self._reasons or ()))
        return self._meaning[0]  # type: ignore[return-value] # the text has one property, and that has one type


def parse_log_dirs(text: str) -> tuple[str, ...]:
    """Return the directories that ``log.dirs`` lists; raises ValueError with the reason."""
    if text != text.strip(BLANKS):
        raise ValueError("begins or ends in a blank, which Kafka takes for a part of the directory's name")
    directories = [entry.strip(BLANKS) for entry in text.split(",") if entry.strip(BLANKS)]
    for directory in directories:
        if not directory.startswith("/"):
            raise ValueError(f"has {directory!r}, which is not an absolute path")
    paths = tuple(directory.rstrip("/") or "/" for directory in directories)
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise ValueError(f"lists {', '.join(twice)} twice")
    if not paths:
        raise ValueError("lists no directory")
    return paths


def parse_names(text: str) -> tuple[str, ...]:
    """Return the entries of a list, but for empty ones."""
    return tuple(name for part in text.split(",") if (name := part.strip(BLANKS)))


def is_true(text: str | None) -> bool:
    """Return whether Kafka would take *text* for true."""
    return text is not None and text.strip().lower() == "true"


BROKER_ID = Property("broker.id", knobs.BROKER_ID.parse)
NODE_ID = Property("node.id", knobs.NODE_ID.parse)
BOUND_PORT = Property("port", address.PORT.parse)
ADVERTISED_PORT = Property("advertised.port", address.PORT.parse)
ADVERTISED_HOST = Property("advertised.host.name", check_advertised_host)
LISTENERS = Property("listeners", parse_listeners)
ADVERTISED_LISTENERS = Property("advertised.listeners", parse_advertised)
PROTOCOL_MAP = Property("listener.security.protocol.map", parse_protocols)
ZOOKEEPER_CONNECT = Property("zookeeper.connect", ConnectString.parse)
LOG_DIR = Property("log.dir", parse_log_dirs)
LOG_DIRS = Property("log.dirs", parse_log_dirs)
METADATA_LOG_DIR = Property("metadata.log.dir", parse_log_dirs)
ROLES = Property("process.roles", parse_roles)
VOTERS = Property("controller.quorum.voters", parse_voters)
SERVERS = Property("controller.quorum.bootstrap.servers", parse_servers)

CHECKED: Mapping[str, Property[object]] = {
    kind.key: kind  # type: ignore[misc] # a property of any type
    for kind in (
        BROKER_ID,
        NODE_ID,
        BOUND_PORT,
        ADVERTISED_PORT,
        ADVERTISED_HOST,
        LISTENERS,
        ADVERTISED_LISTENERS,
        PROTOCOL_MAP,
        ZOOKEEPER_CONNECT,
        LOG_DIR,
        LOG_DIRS,
        METADATA_LOG_DIR,
        ROLES,
        VOTERS,
        SERVERS,
    )
}
"""Those whose texts may be wrong, by key: each text that would count is checked, whoever says it."""

CONTROLLER_NAMES = Property("controller.listener.names", parse_names)
IS_JOINING = Property("controller.quorum.auto.join.enable", is_true)
IS_MIGRATING = Property(MIGRATING, is_true)
