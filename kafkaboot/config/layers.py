"""The layers of broker properties: the base file's, ours over them, the operator's KAFKA_* over both."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from kafkaboot.values.connect import ConnectString
from kafkaboot.values.listeners import Listener
from kafkaboot.values.properties import (
    ADVERTISED_LISTENERS,
    BOUND_PORT,
    CONTROLLER_NAMES,
    IS_MIGRATING,
    LISTENERS,
    LOG_DIR,
    LOG_DIRS,
    METADATA_LOG_DIR,
    PROTOCOL_MAP,
    ROLES,
    SERVERS,
    VOTERS,
    ZOOKEEPER_CONNECT,
    Property,
    Value,
)
from kafkaboot.values.templates import has_placeholder
from kafkaboot.values.voters import Voter
from zkboot.pod.address import Address

T = TypeVar("T")

DEFAULT_PORT = 9092
DEFAULT_LOG_DIRS = ("/tmp/kafka-logs",)  # noqa: S108 - Kafka's own default, which is warned of


class Properties(ABC):
    """The value in force of each broker property: its text, and what that means, parsed once.

    Reading a wrong text raises ValueError with the reasons.
    """

    @abstractmethod
    def find(self, key: str) -> Value | None:
        """Return the value in force for *key*; None where it is not set."""

    def text(self, key: str) -> str | None:
        """Return the text in force for *key*; None where there is none."""
        found = self.find(key)
        return None if found is None else found.text

    def read(self, kind: Property[T]) -> T | None:
        """Return the parsed value in force for the property *kind*; None where it is not set."""
        found = self.find(kind.key)
        return None if found is None else found.read(kind)

    @property
    def bound(self) -> tuple[Listener, ...]:
        """Where the broker listens."""
        listed = self.read(LISTENERS)
        if listed is not None:
            return listed
        return (Listener("PLAINTEXT", self.text("host.name") or "", self.read(BOUND_PORT) or DEFAULT_PORT),)

    @property
    def protocols(self) -> Mapping[str, str] | None:
        """The protocol of each name of a listener; None where each name is its own."""
        return self.read(PROTOCOL_MAP) if self.text(PROTOCOL_MAP.key) else None

    def protocol(self, key: str) -> str:
        """Return the protocol of the listener *key*, its name in capitals."""
        return (self.protocols or {}).get(key, key)

    def speaks_tls(self, key: str) -> bool:
        """Return whether the listener *key*, its name in capitals, speaks TLS."""
        return self.protocol(key).endswith("SSL")

    def has_login(self, key: str) -> bool:
        """Return whether the listener *key*, its name in capitals, asks for a login."""
        return self.protocol(key).startswith("SASL_")

    @property
    def controller_names(self) -> tuple[str, ...]:
        """The names of the controllers' listeners, as typed; none where only Kafka can say them."""
        return () if has_placeholder(self.text(CONTROLLER_NAMES.key) or "") else self.read(CONTROLLER_NAMES) or ()

    @property
    def is_migrating(self) -> bool:
        """Whether the broker is to leave ZooKeeper, so that it needs the properties of KRaft, too."""
        return self.read(IS_MIGRATING) or False


@dataclass(frozen=True, kw_only=True)
class Config(Properties):
    """The broker properties of one start, layer by layer, and what the broker will read of them."""

    base: Mapping[str, Value]
    """What the base file says."""
    generated: Mapping[str, Value]
    """What this tool says, over it."""
    given: Mapping[str, Value]
    """What KAFKA_* says, over both."""
    secrets: frozenset[str] = frozenset()
    """The keys of what is generated that nobody may see."""
    disabled: frozenset[str]
    """What the base file says and must not count."""
    warnings: tuple[str, ...]
    """What does not stop the start but should be read."""

    def find(self, key: str) -> Value | None:
        return self._counting.get(key)

    @cached_property
    def _counting(self) -> dict[str, Value]:
        kept = {key: value for key, value in self.base.items() if key not in self.disabled}
        return {**kept, **self.generated, **self.given}

    @property
    def entries(self) -> dict[str, str]:
        """What the file must say, beside what its base says."""
        return {key: value.text for key, value in {**self.generated, **self.given}.items()}

    @cached_property
    def effective(self) -> Mapping[str, str]:
        """The texts of all that the broker will read."""
        return {key: value.text for key, value in self._counting.items()}

    @property
    def published(self) -> tuple[Listener, ...]:
        """What ``advertised.listeners`` lists."""
        return self.read(ADVERTISED_LISTENERS) or ()

    @property
    def log_dirs(self) -> tuple[str, ...]:
        """Where the broker keeps its data."""
        for kind in (LOG_DIRS, LOG_DIR):
            if self.text(kind.key):
                return self.read(kind) or ()
        return DEFAULT_LOG_DIRS

    @property
    def data_dirs(self) -> tuple[str, ...]:
        """The directories that a format makes: those of the data, and that of KRaft's metadata, which comes first."""
        return tuple(dict.fromkeys((self.metadata_dir, *self.log_dirs)))

    @property
    def metadata_dir(self) -> str:
        """Where a node of KRaft keeps the metadata."""
        stated = self.read(METADATA_LOG_DIR) if self.text(METADATA_LOG_DIR.key) else None
        return (stated or self.log_dirs)[0]

    @property
    def roles(self) -> tuple[str, ...]:
        """What a node of KRaft is; nothing in ZooKeeper mode."""
        return (self.read(ROLES) or ()) if self.text(ROLES.key) else ()

    @property
    def is_dynamic(self) -> bool:
        """Whether the voters of KRaft stand in its own log, and not in the file."""
        return self.find(VOTERS.key) is None

    @property
    def voters(self) -> tuple[Voter, ...]:
        """The controllers of a static quorum; nothing in a dynamic one."""
        return self.read(VOTERS) or ()

    @property
    def servers(self) -> tuple[Address, ...]:
        """Where a node of a dynamic quorum asks for it."""
        return self.read(SERVERS) or ()

    @property
    def zookeeper(self) -> ConnectString | None:
        """The ensemble that the broker will connect to; None in KRaft mode, and where only Kafka can say it."""
        return None if has_placeholder(self.text(ZOOKEEPER_CONNECT.key) or "") else self.read(ZOOKEEPER_CONNECT)
