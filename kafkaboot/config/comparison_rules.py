"""What Kafka asks of properties beside each other, where each alone may be what it is.

Sources: ``KafkaConfig.validateValues`` of 0.10.2 to 4.4, ``GroupCoordinatorConfig`` and ``ShareGroupConfig``.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from kafkaboot.values.definitions import definitions
from kafkaboot.values.version import Version
from zkboot.pod.variables import BLANKS

_AT_MOST: tuple[tuple[str, str], ...] = (
    ("replica.fetch.wait.max.ms", "replica.socket.timeout.ms"),
    ("replica.fetch.wait.max.ms", "replica.lag.time.max.ms"),
    ("offsets.commit.required.acks", "offsets.topic.replication.factor"),
    *(
        (f"group.{kind}.{smaller}{limit}", f"group.{kind}.{larger}{limit}")
        for kind in ("consumer", "share", "streams")
        for limit in (
            "session.timeout.ms",
            "heartbeat.interval.ms",
            "record.lock.duration.ms",
            "assignment.interval.ms",
        )
        for smaller, larger in (("min.", "max."), ("min.", ""), ("", "max."))
    ),
    ("group.streams.num.warmup.replicas", "group.streams.max.warmup.replicas"),
    ("group.streams.num.standby.replicas", "group.streams.max.standby.replicas"),
    ("group.streams.min.task.offset.interval.ms", "group.streams.task.offset.interval.ms"),
    ("group.share.max.size", "group.share.max.share.sessions"),
    ("group.share.partition.max.record.locks", "group.share.max.partition.max.record.locks"),
    ("group.share.min.partition.max.record.locks", "group.share.partition.max.record.locks"),
)
"""Pairs of which the first may be no more than the second."""

_DEDUPE_BUFFER = "log.cleaner.dedupe.buffer.size"
_CLEANERS = "log.cleaner.threads"
_BUFFER_OF_A_CLEANER = 1024 * 1024

_CODECS = ("offsets.topic.compression.codec", "share.coordinator.state.topic.compression.codec")
_CODEC_OF_ZSTD = 4

_COMPRESSION = "compression.type"
_COMPRESSIONS = ("uncompressed", "gzip", "snappy", "lz4", "zstd", "producer")

_PROTOCOLS = "group.coordinator.rebalance.protocols"
_CORDONED = "cordoned.log.dirs"

_RETENTION = ("log.retention.ms", "log.retention.minutes", "log.retention.hours")
"""The first that is set counts."""

_BYTES_QUEUED = "queued.max.request.bytes"
_BYTES_OF_A_REQUEST = "socket.request.max.bytes"

_PER_IP = "max.connections.per.ip"
_OVERRIDES = f"{_PER_IP}.overrides"
_OVERRIDE = re.compile(r".*:\s*[+-]?[0-9]+", re.ASCII)

_IDLE = "connections.max.idle.ms"
_FAILED = "connection.failed.authentication.delay.ms"

Shown = Callable[[str], str]
"""Returns a property and its value as a message shows them."""


class Numbers:
    """What numbers *version* takes from *effective*, all that it will read; its defaults for the others."""

    def __init__(self, effective: Mapping[str, str], version: Version) -> None:
        self._effective = effective
        self._version = version

    def get(self, key: str) -> int | None:
        """Return the value of *key*; None where there is none, or where it is no number."""
        known, version = definitions(), self._version.numbers
        try:
            return int(self._effective.get(key, known.default(key, version))) if known.at(key, version) else None
        except ValueError:
            return None

    def is_set(self, *keys: str) -> bool:
        """Return whether one of *keys* is set: Kafka's own defaults go together."""
        return any(key in self._effective for key in keys)


def comparison_problems(effective: Mapping[str, str], version: Version, shown: Shown) -> Iterable[str]:
    """Yield why *version* would refuse values of *effective* beside each other, *shown* as the operator knows them."""
    if not definitions().is_between(version.numbers):
        return
    numbers = Numbers(effective, version)

    def described(key: str) -> str:
        return shown(key) if numbers.is_set(key) else f"{key}={numbers.get(key)} (the default)"

    for smaller, larger in _AT_MOST:
        one, other = numbers.get(smaller), numbers.get(larger)
        if numbers.is_set(smaller, larger) and one is not None and other is not None and one > other:
            yield f"{described(smaller)} may be no more than {described(larger)}"
    yield from _number_problems(numbers, described)
    yield from _text_problems(effective, version, shown)
    size, cleaners = numbers.get(_DEDUPE_BUFFER), numbers.get(_CLEANERS)
    if cleaners == 0:
        yield f"{described(_CLEANERS)} may be no less than 1, also where log.cleaner.enable is false"
    elif numbers.is_set(_DEDUPE_BUFFER, _CLEANERS) and size is not None and cleaners and _share(size, cleaners):
        yield f"{described(_DEDUPE_BUFFER)} must be more than 1 MiB for each of {described(_CLEANERS)}"
    queued, request = numbers.get(_BYTES_QUEUED), numbers.get(_BYTES_OF_A_REQUEST)
    if queued is not None and request is not None and 0 < queued < request:
        yield f"{described(_BYTES_QUEUED)} may be no less than {described(_BYTES_OF_A_REQUEST)}, or -1"
    idle, failed = numbers.get(_IDLE), numbers.get(_FAILED)
    if idle is not None and failed is not None and 0 <= idle <= failed:
        yield f"{described(_FAILED)} must be less than {described(_IDLE)}"


def _number_problems(numbers: Numbers, shown: Shown) -> Iterable[str]:
    """Say which numbers are too small or too large by Kafka's rules beside its definitions."""
    retention = next((key for key in _RETENTION if numbers.is_set(key)), _RETENTION[-1])
    if numbers.get(retention) == 0:
        yield f"{shown(retention)} may not be 0: -1 is for ever"
    for key, low in (("log.roll.ms", 1), ("log.roll.jitter.ms", 0), ("offsets.commit.required.acks", -1)):
        number = numbers.get(key)
        if number is not None and number < low:
            yield f"{shown(key)} may be no less than {low}"
    if numbers.get(_PER_IP) == 0 and not numbers.is_set(_OVERRIDES):
        yield f"{shown(_PER_IP)} lets nobody connect: {_OVERRIDES} must say who may"

    for key in _CODECS:
        codec = numbers.get(key)
        if codec is not None and not 0 <= codec <= _CODEC_OF_ZSTD:
            yield f"{shown(key)} is no number of a codec, 0..{_CODEC_OF_ZSTD}"


def _text_problems(effective: Mapping[str, str], version: Version, shown: Shown) -> Iterable[str]:
    """Say which texts are not what Kafka's rules beside its definitions ask for."""
    known = definitions()

    def entries(key: str) -> list[str]:
        return [entry.strip(BLANKS) for entry in effective.get(key, "").split(",")]

    if effective.get(_COMPRESSION, _COMPRESSIONS[0]).strip(BLANKS).lower() not in _COMPRESSIONS:
        # Newer versions define the words themselves, in small letters.
        rows = known.at(_COMPRESSION, version.numbers)
        if rows and not any(row.check for row in rows):
            yield f"{shown(_COMPRESSION)} is not one of {', '.join(_COMPRESSIONS)}"
    if known.at(_PROTOCOLS, version.numbers) and _PROTOCOLS in effective and "classic" not in entries(_PROTOCOLS):
        yield f"{shown(_PROTOCOLS)} must have classic, too"
    if effective.get(_OVERRIDES) and not all(_OVERRIDE.fullmatch(entry) for entry in entries(_OVERRIDES)):
        yield f"{shown(_OVERRIDES)} is not of the form host:number, comma-separated"
    cordoned = entries(_CORDONED) if known.at(_CORDONED, version.numbers) and effective.get(_CORDONED) else []
    if set(cordoned) - {*entries("log.dirs"), *entries("log.dir"), "*"}:
        yield f"{shown(_CORDONED)} has a directory that log.dirs has not"


def _share(size: int, cleaners: int) -> bool:
    """Return whether *size* is too small for so many *cleaners*; Java's division cuts towards zero."""
    return int(size / cleaners) <= _BUFFER_OF_A_CLEANER
