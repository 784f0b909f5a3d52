"""The layers of broker properties: the base file's, ours over them, the operator's KAFKA_* over both.

Nothing is generated that KAFKA_* gives, and where something of the base file is lost that the operator may have meant,
a warning says how to keep it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kafkaboot.config.given import parse_log_dirs
from kafkaboot.config.settings import Settings
from kafkaboot.values.connect import ConnectString
from kafkaboot.values.keys import MIGRATING, variable_of
from kafkaboot.values.version import MIGRATION, NO_ZOOKEEPER, Version
from kafkaboot.values.voters import parse_roles

DEFAULT_LOG_DIR = "/tmp/kafka-logs"  # noqa: S108 - Kafka's own default, which is warned of

STOCK_VALUES: Mapping[str, Sequence[str]] = {
    "broker.id": ("0",),
    "zookeeper.connect": ("localhost:2181",),
    "listeners": ("PLAINTEXT://:9092",),
    "port": ("9092",),
}
"""What the distribution's own files for ZooKeeper mode say, and nobody misses when it is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The broker properties of one start, layer by layer."""

    base: Mapping[str, str]
    """What the base file says."""
    generated: Mapping[str, str]
    """What this tool says, over it."""
    given: Mapping[str, str]
    """What KAFKA_* says, over both."""
    disabled: frozenset[str]
    """What the base file says and must not count."""
    warnings: tuple[str, ...]
    """What does not stop the start but should be read."""

    @property
    def entries(self) -> dict[str, str]:
        """What the file must say, beside what its base says."""
        return {**self.generated, **self.given}

    @property
    def effective(self) -> dict[str, str]:
        """All that the broker will read."""
        kept = {key: value for key, value in self.base.items() if key not in self.disabled}
        return {**kept, **self.generated, **self.given}

    @property
    def log_dirs(self) -> tuple[str, ...]:
        """Where the broker keeps its data."""
        effective = self.effective
        return parse_log_dirs(effective.get("log.dirs") or effective.get("log.dir") or DEFAULT_LOG_DIR)

    @property
    def data_dirs(self) -> tuple[str, ...]:
        """The directories that a format makes: those of the data, and that of KRaft's metadata, which comes first."""
        return tuple(dict.fromkeys((self.metadata_dir, *self.log_dirs)))

    @property
    def metadata_dir(self) -> str:
        """Where a node of KRaft keeps the metadata."""
        return parse_log_dirs(self.effective.get("metadata.log.dir") or self.log_dirs[0])[0]

    @property
    def roles(self) -> tuple[str, ...]:
        """What a node of KRaft is; nothing in ZooKeeper mode."""
        stated = self.effective.get("process.roles")
        return parse_roles(stated) if stated else ()

    @property
    def is_dynamic(self) -> bool:
        """Whether the voters of KRaft stand in its own log, and not in the file."""
        return "controller.quorum.voters" not in self.effective

    @property
    def zookeeper(self) -> ConnectString:
        """The ensemble that the broker will connect to."""
        return ConnectString.parse(self.effective["zookeeper.connect"])

    @property
    def is_migrating(self) -> bool:
        """Whether the broker is told to leave ZooKeeper, so that it needs what is said of KRaft, too."""
        return is_true(self.effective.get(MIGRATING))


class Draft:
    """A configuration in the making."""

    def __init__(
        self, settings: Settings, base: Mapping[str, str], stock: Mapping[str, Sequence[str]] = STOCK_VALUES
    ) -> None:
        self.settings = settings
        self._stock = stock
        self.base = base
        self.given = {key: given.value for key, given in settings.given.items()}
        self.generated: dict[str, str] = {}
        self._disabled: set[str] = set()
        self._warnings: list[str] = []

    def value(self, key: str) -> str | None:
        """Return what counts for *key* so far."""
        for layer in (self.given, self.generated):
            if key in layer:
                return layer[key]
        return None if key in self._disabled else self.base.get(key)

    def is_given(self, *keys: str) -> bool:
        """Return whether KAFKA_* gives one of *keys*."""
        return any(key in self.given for key in keys)

    def generate(self, key: str, value: str) -> None:
        """Say *value* for *key*, unless KAFKA_* does; warn where the base file had meant something else."""
        if key in self.given:
            return
        self.generated[key] = value
        meant = self.base.get(key)
        if meant not in (None, value, *self._stock.get(key, ())):
            self.warn(
                f"{key}={meant} in {self.settings.base_file} is replaced by {value}: set {variable_of(key)} to keep it"
            )

    def disable(self, keys: Iterable[str]) -> None:
        """Let what the base file says of *keys* not count."""
        self._disabled |= {key for key in keys if key not in self.given}

    def shadow(self, keys: Iterable[str], reason: str) -> None:
        """Disable *keys* for *reason*, which is told where the base file says something of them."""
        for key in keys:
            if self.base.get(key) not in (None, *self._stock.get(key, ())) and key not in self.given:
                self.warn(f"{key}={self.base[key]} in {self.settings.base_file} is disabled: {reason}")
            self.disable([key])

    def warn(self, message: str) -> None:
        """Add one line that should be read."""
        self._warnings.append(message)

    def config(self) -> Config:
        """Return what was drafted."""
        return Config(
            base=self.base,
            generated=self.generated,
            given=self.given,
            disabled=frozenset(self._disabled),
            warnings=tuple(self._warnings),
        )

    def forgo(self, keys: Iterable[str], reason: str) -> None:
        """Ignore *keys* of the other mode, whoever says them, for *reason*; warn where KAFKA_* does."""
        for key in keys:
            if self.given.pop(key, None) is not None:
                self.warn(f"{self.settings.given[key].variable} is ignored: {reason}")
        self.disable(keys)

    def drop_migration(self, version: Version) -> bool:
        """Return whether the node is on its way from ZooKeeper to KRaft; where *version* cannot be, drop the wish."""
        if not MIGRATION <= version < NO_ZOOKEEPER:
            self.drop([MIGRATING], f"only {MIGRATION} to 3.9 can migrate")
        return is_true(self.value(MIGRATING))

    def drop(self, keys: Iterable[str], reason: str) -> None:
        """Ignore *keys*, whoever says them, for *reason*; warn where KAFKA_* does."""
        for key in keys:
            if self.given.pop(key, None) is not None:
                self.warn(f"{self.settings.given[key].variable} is ignored: this Kafka has no property {key}; {reason}")
        self.disable(keys)


def is_true(text: str | None) -> bool:
    """Return whether Kafka would take *text* for true."""
    return text is not None and text.strip().lower() == "true"
