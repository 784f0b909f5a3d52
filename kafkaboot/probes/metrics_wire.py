"""What metrics need beside what probes ask: partitions, log directories, settings of topics. No socket, no clock.

See ``kafkaboot.probes.wire``. Facts (``DescribeLogDirsRequest.json``, ``DescribeConfigsRequest.json``; answers of real
brokers):

- DescribeLogDirs came with 1.0; version 1 is like 0, which 4.0 removed; 4 is flexible, came with 3.3 and knows the size
  and the free space of the volume.
- DescribeConfigs came with 0.11; 4.0 removed version 0. It takes the names of the settings that are wanted.
- The leader of a partition without one is -1.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from struct import Struct

from kafkaboot.probes.metadata_wire import read_cluster
from kafkaboot.probes.partitions_wire import CHECK_STEP, has_id, read_ids
from kafkaboot.probes.wire import (
    Buffer,
    error_name,
    read_bool,
    read_compact_bytes,
    read_compact_count,
    read_correlation_id,
    read_count,
    read_end,
    read_int16,
    read_int32,
    read_int64,
    read_string,
    skip_tags,
    take,
)

LOG_DIRS_VERSIONS = (4, 1, 0)
"""Versions of DescribeLogDirs that are spoken here, the best first."""

CONFIGS_VERSIONS = (1, 0)
"""Versions of DescribeConfigs that are spoken here, the best first."""

MIN_ISR = "min.insync.replicas"

UNKNOWN_TOPIC = 3
"""Error of a topic that is gone: the cluster has changed since its topics were asked for."""

_TOPIC_RESOURCE = b"\x02"

_PARTITION = Struct(">hii")
"""Error, index and leader of a partition in Metadata."""

_LOG = Struct(">iqq?")
"""Index, size, lag and whether it is to be, of a partition's log in DescribeLogDirs."""


class Partitions:
    """What a broker knows of its cluster, and of the partitions that one broker hosts."""

    __slots__ = (
        "all_leaderless",
        "broker_ids",
        "controller_id",
        "hosted",
        "isr_sizes",
        "leaderless",
        "led",
        "out_of_sync",
        "short",
        "topic_count",
        "unseen",
    )

    def __init__(self, broker_ids: tuple[int, ...], controller_id: int) -> None:
        self.broker_ids = broker_ids
        """Ids of the brokers that are registered and, in KRaft, not fenced."""
        self.controller_id = controller_id
        """Id of the controller; in KRaft it is any broker's. -1 where the reply does not say."""
        self.all_leaderless = 0
        """Number of the cluster's partitions that have no leader, whoever hosts them."""
        self.hosted = 0
        """Number of the partitions that the broker hosts."""
        self.led = 0
        """Number of those of them that it leads."""
        self.leaderless = 0
        """Number of those of them that have no leader."""
        self.out_of_sync = 0
        """Number of those of them that do not have it in their ISR."""
        self.short = 0
        """Number of those of them that it leads and whose ISR lacks a replica."""
        self.topic_count = 0
        """Number of the topics of the cluster."""
        self.isr_sizes: dict[str, Counter[int]] = {}
        """For each topic, how many of the partitions that it leads have how many replicas in their ISR."""
        self.unseen: set[str] = set()
        """Of the topics that were looked for, those that are not in the reply."""

    def count_led(self, topic: str, in_sync: int, replicas: int) -> None:
        """Count a partition of *topic* that it leads and that has so many *replicas*."""
        self.led += 1
        self.short += in_sync < replicas
        self.isr_sizes.setdefault(topic, Counter())[in_sync] += 1

    def under(self, least: dict[str, int]) -> int:
        """Return how many of the partitions that it leads have fewer replicas in sync than *least* says by topic."""
        return sum(
            count
            for topic, sizes in self.isr_sizes.items()
            for size, count in sizes.items()
            if size < least.get(topic, 0)
        )


class LogDir:
    """One log directory of a broker."""

    __slots__ = ("error", "free", "path", "size", "total")

    def __init__(self, path: str, error: int) -> None:
        self.path = path
        self.error = error
        """The error code that the broker has for it; 0 where it works."""
        self.size = 0
        """Bytes of all logs in it."""
        self.total = -1
        """Bytes of the volume that it is on; -1 where the broker does not say."""
        self.free = -1
        """Bytes that are free there; -1 where the broker does not say."""


def decode_partitions(
    payload: bytes,
    version: int,
    correlation_id: int,
    broker_id: int,
    source: str = "the peer",
    *,
    topics: Iterable[str] = (),
    check: Callable[[], None] = lambda: None,
) -> Partitions:
    """Return what a reply to Metadata, with all topics, says of *broker_id*; raises ProtocolError.

    *topics* are looked for. *check* is called every now and then, to raise where there is no more time.
    """
    buffer = Buffer(payload, f"{source}: answer to Metadata {version}")
    found = Partitions(*read_cluster(buffer, version, correlation_id))
    found.unseen.update(topics)
    found.topic_count = read_count(buffer, 8 if version == 0 else 9)
    for _ in range(found.topic_count):
        _count_topic(buffer, version, broker_id, found, check)
    if version >= 8:
        read_int32(buffer)  # cluster_authorized_operations
    read_end(buffer)
    return found


def _count_topic(buffer: Buffer, version: int, broker_id: int, found: Partitions, check: Callable[[], None]) -> None:
    """Count in *found* those partitions of the next topic that *broker_id* hosts."""
    own = broker_id.to_bytes(4, "big", signed=True)
    read_int16(buffer)  # error_code
    topic = read_string(buffer) or ""
    found.unseen.discard(topic)
    if version >= 1:
        read_bool(buffer)  # is_internal
    due = buffer.at
    for _ in range(read_count(buffer, 18)):
        if buffer.at >= due:
            check()
            due = buffer.at + CHECK_STEP
        _, _, leader_id = _PARTITION.unpack(take(buffer, _PARTITION.size))
        if version >= 7:
            read_int32(buffer)  # leader_epoch
        replicas, isr = read_ids(buffer), read_ids(buffer)
        if version >= 5:
            read_ids(buffer)  # offline_replicas
        found.all_leaderless += leader_id < 0
        if not has_id(replicas, own):
            continue
        found.hosted += 1
        found.leaderless += leader_id < 0
        found.out_of_sync += not has_id(isr, own)
        if leader_id == broker_id:
            found.count_led(topic, len(isr) // 4, len(replicas) // 4)
    if version >= 8:
        read_int32(buffer)  # topic_authorized_operations


def log_dirs_question(version: int) -> tuple[bytes, bool]:
    """Return the body that asks for all log directories, and whether it is flexible."""
    return (b"\0\0", True) if version >= 2 else (b"\xff\xff\xff\xff", False)


def decode_log_dirs(payload: bytes, version: int, correlation_id: int, source: str = "the peer") -> list[LogDir]:
    """Return each log directory that the reply names; raises ProtocolError."""
    buffer = Buffer(payload, f"{source}: answer to DescribeLogDirs {version}")
    read_correlation_id(buffer, correlation_id)
    is_flexible = version >= 2
    if is_flexible:
        skip_tags(buffer)
    read_int32(buffer)  # throttle_time_ms
    error = read_int16(buffer) if version >= 3 else 0
    if error:
        raise buffer.fault(f"error {error_name(error)}")
    count = _count_of(buffer, 8, is_flexible=is_flexible)
    found = [_read_log_dir(buffer, is_flexible=is_flexible, has_volume=version >= 4) for _ in range(count)]
    if is_flexible:
        skip_tags(buffer)
    read_end(buffer)
    return found


def _read_log_dir(buffer: Buffer, *, is_flexible: bool, has_volume: bool) -> LogDir:
    """Return the next log directory, its logs added up."""

    def end() -> None:
        if is_flexible:
            skip_tags(buffer)

    error = read_int16(buffer)
    log_dir = LogDir(_text_of(buffer, is_flexible=is_flexible), error)
    for _ in range(_count_of(buffer, 4, is_flexible=is_flexible)):
        _text_of(buffer, is_flexible=is_flexible)
        for _ in range(_count_of(buffer, _LOG.size, is_flexible=is_flexible)):
            log_dir.size += _LOG.unpack(take(buffer, _LOG.size))[1]
            end()
        end()
    if has_volume:
        log_dir.total, log_dir.free = read_int64(buffer), read_int64(buffer)
    end()
    return log_dir


def min_isr_question(version: int, topics: Iterable[str]) -> bytes:
    """Return the body that asks for MIN_ISR of each of *topics*."""
    wanted = (1).to_bytes(4, "big") + _string(MIN_ISR)
    resources = [_TOPIC_RESOURCE + _string(topic) + wanted for topic in topics]
    synonyms = b"\0" if version >= 1 else b""
    return len(resources).to_bytes(4, "big") + b"".join(resources) + synonyms


def decode_min_isr(payload: bytes, version: int, correlation_id: int, source: str = "the peer") -> dict[str, int]:
    """Return MIN_ISR of each topic that the reply has it for; raises ProtocolError, also where one is refused."""
    buffer = Buffer(payload, f"{source}: answer to DescribeConfigs {version}")
    read_correlation_id(buffer, correlation_id)
    read_int32(buffer)  # throttle_time_ms
    found = {}
    for _ in range(read_count(buffer, 11)):
        error = read_int16(buffer)
        if error not in (0, UNKNOWN_TOPIC):
            raise buffer.fault(f"error {error_name(error)}")
        read_string(buffer)  # error_message
        take(buffer, 1)  # resource_type
        topic = read_string(buffer) or ""
        for _ in range(read_count(buffer, 7)):
            name, value = read_string(buffer), read_string(buffer) or ""
            take(buffer, 3)  # read_only, is_default or config_source, is_sensitive
            if version >= 1:
                for _ in range(read_count(buffer, 5)):
                    read_string(buffer)
                    read_string(buffer)
                    take(buffer, 1)
            if name == MIN_ISR and value.isascii() and value.isdigit():
                found[topic] = int(value)
    read_end(buffer)
    return found


def _count_of(buffer: Buffer, least: int, *, is_flexible: bool) -> int:
    return read_compact_count(buffer, least) if is_flexible else read_count(buffer, least)


def _text_of(buffer: Buffer, *, is_flexible: bool) -> str:
    if not is_flexible:
        return read_string(buffer) or ""
    return (read_compact_bytes(buffer) or b"").decode("utf-8", "replace")


def _string(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data
