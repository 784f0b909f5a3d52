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
from zkboot.pod.variables import BLANKS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Property(Generic[T]):
    """One broker property."""

    key: str
    """Its name in the file."""
    parse: Callable[[str], T]
    """Returns what a text means; raises ValueError, one argument a reason, where it means nothing."""
    form: str = ""
    """What a text looks like, for a message that may not repeat it."""


class Value:
    """One value of a property: its text, and what it means, parsed once."""

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


_ENDPOINTS = "<name>://<host>:<port>,…"
_DIRECTORIES = "absolute paths"

BROKER_ID = Property("broker.id", knobs.BROKER_ID.parse, "a number")
NODE_ID = Property("node.id", knobs.NODE_ID.parse, "a number")
BOUND_PORT = Property("port", address.PORT.parse, "a port")
ADVERTISED_PORT = Property("advertised.port", address.PORT.parse, "a port")
ADVERTISED_HOST = Property("advertised.host.name", check_advertised_host, "a host")
LISTENERS = Property("listeners", parse_listeners, _ENDPOINTS)
ADVERTISED_LISTENERS = Property("advertised.listeners", parse_advertised, _ENDPOINTS)
PROTOCOL_MAP = Property("listener.security.protocol.map", parse_protocols, "<name>:<protocol>,…")
ZOOKEEPER_CONNECT = Property("zookeeper.connect", ConnectString.parse, "<host>:<port>,…")
LOG_DIR = Property("log.dir", parse_log_dirs, _DIRECTORIES)
LOG_DIRS = Property("log.dirs", parse_log_dirs, _DIRECTORIES)
METADATA_LOG_DIR = Property("metadata.log.dir", parse_log_dirs, _DIRECTORIES)
ROLES = Property("process.roles", parse_roles, "broker,controller")
VOTERS = Property("controller.quorum.voters", parse_voters, "<id>@<host>:<port>,…")
SERVERS = Property("controller.quorum.bootstrap.servers", parse_servers, "<host>:<port>,…")

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
"""Those whose texts may be wrong, by key: every text in force is checked, wherever it is set."""

CONTROLLER_NAMES = Property("controller.listener.names", parse_names)
IS_JOINING = Property("controller.quorum.auto.join.enable", is_true)
IS_MIGRATING = Property(MIGRATING, is_true)
