"""The layers of broker properties: the base file's, ours over them, the operator's KAFKA_* over both.

Nothing is generated that KAFKA_* gives, and where something of the base file is lost that the operator may have meant,
a warning says how to keep it.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from kafkaboot.config.given import PUBLISHED
from kafkaboot.config.settings import Settings
from kafkaboot.values.connect import ConnectString
from kafkaboot.values.keys import MIGRATING, variable_of
from kafkaboot.values.knobs import PORT
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
from kafkaboot.values.templates import fill, has_places
from kafkaboot.values.version import MIGRATION, NO_ZOOKEEPER, Version
from kafkaboot.values.voters import Voter
from zkboot.pod.address import Address
from zkboot.pod.identity import PodIdentity

T = TypeVar("T")

DEFAULT_PORT = 9092
DEFAULT_LOG_DIRS = ("/tmp/kafka-logs",)  # noqa: S108 - Kafka's own default, which is warned of

STOCK_VALUES: Mapping[str, Sequence[str]] = {
    "broker.id": ("0",),
    "zookeeper.connect": ("localhost:2181",),
    "listeners": ("PLAINTEXT://:9092",),
    "port": ("9092",),
}
"""What the distribution's own files for ZooKeeper mode say, and nobody misses when it is replaced."""


class Properties(ABC):
    """What counts of each broker property: its text, and what that means, which is found out once.

    What is read from a text that is wrong raises ValueError with the reasons.
    """

    @abstractmethod
    def find(self, key: str) -> Value | None:
        """Return what counts for *key*; None where nobody says anything."""

    def text(self, key: str) -> str | None:
        """Return the text that counts for *key*; None where there is none."""
        found = self.find(key)
        return None if found is None else found.text

    def read(self, kind: Property[T]) -> T | None:
        """Return what counts for the property *kind*; None where nobody says anything."""
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

    @property
    def controller_names(self) -> tuple[str, ...]:
        """The names of the controllers' listeners, as typed."""
        return self.read(CONTROLLER_NAMES) or ()

    @property
    def is_migrating(self) -> bool:
        """Whether the broker is told to leave ZooKeeper, so that it needs what is said of KRaft, too."""
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
        """The ensemble that the broker will connect to; None in KRaft mode."""
        return self.read(ZOOKEEPER_CONNECT)


class Draft(Properties):
    """A configuration in the making."""

    def __init__(
        self,
        settings: Settings,
        pod: PodIdentity,
        base: Mapping[str, str],
        stock: Mapping[str, Sequence[str]] = STOCK_VALUES,
    ) -> None:
        self.settings = settings
        self._stock = stock
        self.base = {key: Value(text) for key, text in base.items()}
        self.given = {key: given.value for key, given in settings.given.items()}
        for key in PUBLISHED & self.given.keys():
            if has_places(self.given[key].text):
                self.given[key] = Value(fill(self.given[key].text, pod.pod_name, pod.ordinal))
        self.generated: dict[str, Value] = {}
        self._hosts: set[str] = set()
        self._disabled: set[str] = set()
        self._warnings: list[str] = []

    def find(self, key: str) -> Value | None:
        for layer in (self.given, self.generated):
            if key in layer:
                return layer[key]
        return None if key in self._disabled else self.base.get(key)

    def is_given(self, *keys: str) -> bool:
        """Return whether KAFKA_* gives one of *keys*."""
        return any(key in self.given for key in keys)

    def generate(self, key: str, text: str, hosts: Iterable[str] = ()) -> None:
        """Say *text* for *key*, unless KAFKA_* does; warn where the base file had meant something else.

        *hosts* are the names in it by which others shall find pods of this StatefulSet.
        """
        if key in self.given:
            return
        self.generated[key] = Value(text)
        self._hosts |= {*hosts}
        meant = self._meant(key)
        if meant not in (None, text):
            self.warn(
                f"{key}={meant} in {self.settings.base_file} is replaced by {text}: set {variable_of(key)} to keep it"
            )

    def disable(self, keys: Iterable[str]) -> None:
        """Let what the base file says of *keys* not count."""
        self._disabled |= {key for key in keys if key not in self.given}

    def shadow(self, keys: Iterable[str], reason: str) -> None:
        """Disable *keys* for *reason*, which is told where the base file says something of them."""
        for key in keys:
            meant = self._meant(key)
            if meant is not None and key not in self.given:
                self.warn(f"{key}={meant} in {self.settings.base_file} is disabled: {reason}")
            self.disable([key])

    def forgo(self, keys: Iterable[str], reason: str) -> None:
        """Ignore *keys*, whoever says them, for *reason*; warn where KAFKA_* does."""
        for key in keys:
            if self.given.pop(key, None) is not None:
                self.warn(f"{self.settings.given[key].variable} is ignored: {reason}")
            self.disable([key])

    def forgo_unknown(self, keys: Iterable[str], reason: str) -> None:
        """Ignore *keys*, which this Kafka does not know for *reason*, as ``forgo`` does."""
        for key in keys:
            self.forgo([key], f"this Kafka has no property {key}; {reason}")

    def forgo_migration(self, version: Version) -> bool:
        """Return whether the node is on its way from ZooKeeper to KRaft; where *version* cannot be, ignore the wish."""
        if not MIGRATION <= version < NO_ZOOKEEPER:
            self.forgo_unknown([MIGRATING], f"only {MIGRATION} to 3.9 can migrate")
        return self.is_migrating

    def warn(self, message: str) -> None:
        """Add one line that should be read."""
        self._warnings.append(message)

    def advise_on_port(self, bound: Sequence[Listener]) -> None:
        """Warn where KF_PORT is none of the ports that KAFKA_LISTENERS binds, which alone counts."""
        port = self.settings.client_port
        if self.is_given(LISTENERS.key) and bound and port not in {PORT.default, *(one.port for one in bound)}:
            told = self.settings.given[LISTENERS.key].told
            self.warn(f"{PORT.name}={port} has no effect: {told} says where Kafka listens")

    def settle(self, pod: PodIdentity) -> None:
        """Take the steps that end a draft in either mode; warn where only the bare name of *pod* is published."""
        if self.is_given(LOG_DIRS.key):
            self.disable([LOG_DIR.key])
        if pod.domain is None and pod.fqdn in self._hosts:
            self.warn(f"pod {pod.fqdn} has no DNS domain, so its bare name is published: set KF_DOMAIN")

    def clients_listeners(self, without: Collection[str] = ()) -> tuple[Listener, ...]:
        """Return where a broker listens for clients where nobody says it, but for names that are *without*.

        At the ports that KAFKA_* publishes, as other images do it; but at KF_PORT where that is set, or where what is
        published differs from pod to pod: then something else passes on to the port that all pods have.
        """
        default = (Listener("PLAINTEXT", "", self.settings.client_port),)
        stated = self.settings.given.get(ADVERTISED_LISTENERS.key)
        if stated is None or has_places(stated.value.text):
            return default
        if self.settings.has_client_port or self.is_given(LISTENERS.key):
            return default
        try:
            published = self.read(ADVERTISED_LISTENERS) or ()
        except ValueError:
            # It will be noted with all other values.
            return default
        derived = tuple(Listener(one.name, "", one.port) for one in published if one.key not in without)
        if not derived or (without and self.settings.controller_port in {one.port for one in derived}):
            return default
        if {one.port for one in derived} != {PORT.default}:
            self.warn(f"listening at the ports that {stated.variable} publishes: set KAFKA_LISTENERS for others")
        return derived

    def config(self) -> Config:
        """Return what was drafted."""
        return Config(
            base=self.base,
            generated=self.generated,
            given=self.given,
            disabled=frozenset(self._disabled),
            warnings=tuple(self._warnings),
        )

    def _meant(self, key: str) -> str | None:
        """Return what the base file says of *key*, None where that is what the distribution's own files say."""
        found = self.base.get(key)
        return None if found is None or found.text in self._stock.get(key, ()) else found.text
