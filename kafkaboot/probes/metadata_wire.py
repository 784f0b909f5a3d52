"""Metadata in bytes: which brokers a cluster has, and which partitions a broker hosts. No socket, no clock.

Facts (``MetadataRequest.json``, ``MetadataResponse.json``; replies recorded from 0.8.2.1 to 4.4.0; see
``kafkaboot.probes.wire`` too): version 0 cannot ask for no topics, 1 can, 4 is the smallest of those that create no
topic. 0 to 3 were removed from 4.0's drafts and came back before its release: they may go one day. A topic that was
asked for by its name and that does not exist, or may not be described, is in the reply, with an error.
"""

from kafkaboot.probes.partitions_wire import CHECK_STEP, Counter, Metadata
from kafkaboot.probes.wire import (
    METADATA,
    Buffer,
    check_brokers,
    encode_request,
    int32,
    read_correlation_id,
    read_count,
    read_end,
    read_int32,
    read_string,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

VERSIONS = (4, 5, 6, 7, 8, 1, 0)
"""Versions of Metadata that are spoken here, the best first."""

FIRST_BY_NAME = 4
"""The first version in which a topic can be asked for that perhaps does not exist: before, it would be created."""

KEPT_LIMIT = 8 << 20
"""Bytes of a reply that are kept to be compared with the next one: some 190,000 partitions."""


class Kept:
    """One question, and what the last reply to it said, for who asks the same again and again."""

    __slots__ = ("_asked", "_last")

    def __init__(self) -> None:
        self._asked: tuple[int, Collection[str] | None, bytes] | None = None
        self._last: tuple[tuple[int, int, Collection[str]], bytes, Metadata] | None = None

    def body(self, version: int, topics: "Collection[str] | None") -> bytes:
        """Return what ``metadata_body`` does, not made anew where the same was asked the last time."""
        asked = self._asked
        if asked is None or asked[:2] != (version, topics):
            self._asked = asked = version, topics, metadata_body(version, topics)
        return asked[2]

    def find(self, version: int, broker_id: int, topics: "Collection[str]", buffer: Buffer) -> Metadata | None:
        """Return what was found in the bytes that are left in *buffer*, None where the last ones were others."""
        # One attribute, read once: another thread may keep something else meanwhile.
        last = self._last
        if last is None or last[0] != (version, broker_id, topics):
            return None
        _, content, found = last
        return found if len(content) == buffer.left and buffer.data.endswith(content) else None

    def keep(self, version: int, broker_id: int, topics: "Collection[str]", content: bytes, found: Metadata) -> None:
        """Keep what was *found* of *topics* in the bytes *content*, which follow the brokers."""
        if len(content) <= KEPT_LIMIT:
            self._last = (version, broker_id, topics), content, found


def encode_metadata(
    version: int, correlation_id: int, topics: "Collection[str] | None" = (), kept: Kept | None = None
) -> bytes:
    """Return the frame that asks for the brokers and for *topics*, None for all; version 0 always tells all.

    Where the same was asked the last time, its body has been *kept*.
    """
    body = metadata_body(version, topics) if kept is None else kept.body(version, topics)
    return encode_request(METADATA, version, correlation_id, body)


def metadata_body(version: int, topics: "Collection[str] | None" = ()) -> bytes:
    """Return the body of that frame."""
    if version == 0:
        return int32(0)
    if topics is None or (topics and version < FIRST_BY_NAME):
        wanted = int32(-1)
    else:
        # Names of folders: what is no UTF-8 in them names no topic, and is not shown.
        names = [name.encode("utf-8", "surrogateescape") for name in sorted(topics)]
        wanted = int32(len(names)) + b"".join([len(name).to_bytes(2, "big") + name for name in names])
    if version >= 4:
        wanted += b"\0"  # allow_auto_topic_creation
    if version >= 8:
        wanted += b"\0\0"  # include_cluster_authorized_operations, include_topic_authorized_operations
    return wanted


def decode_metadata(
    payload: bytes,
    version: int,
    correlation_id: int,
    broker_id: int,
    source: str = "the peer",
    *,
    left_out: int = 0,
    topics: "Collection[str]" = (),
    kept: Kept | None = None,
    check: "Callable[[], None]" = lambda: None,
) -> Metadata:
    """Return what the peer knows of the cluster, and of the partitions that *broker_id* hosts; raises ProtocolError.

    A cluster may have 100,000s of partitions: they are counted and not kept, and *check* is called every now and then,
    to raise where there is no more time. Where *left_out* bytes of the reply are not in *payload*, nothing behind the
    number of topics is looked at. *topics* are looked for. What has not changed since it was *kept* is not decoded.
    """
    buffer = Buffer(payload, f"{source}: answer to Metadata {version}")
    broker_ids, _ = read_cluster(buffer, version, correlation_id)
    if left_out:
        return Metadata(broker_ids, max(0, read_int32(buffer)))
    if kept is not None:
        same = kept.find(version, broker_id, topics, buffer)
        if same is not None:
            return same.with_brokers(broker_ids)
    begin = buffer.at
    metadata = Metadata(broker_ids, read_count(buffer, 8 if version == 0 else 9))
    metadata.unseen.update(topics)
    counter = Counter(buffer, version, broker_id, metadata, looked_for=topics, check=check)
    due = buffer.at
    for _ in range(metadata.topic_count):
        if buffer.at >= due:
            check()
            due = buffer.at + CHECK_STEP
        counter.read_topic()
    if version >= 8:
        read_int32(buffer)  # cluster_authorized_operations
    read_end(buffer)
    if kept is not None:
        kept.keep(version, broker_id, topics, payload[begin:], metadata)
    return metadata


def read_cluster(buffer: Buffer, version: int, correlation_id: int) -> tuple[tuple[int, ...], int]:
    """Return the brokers' ids and the controller's, with which a reply to Metadata begins.

    The controller's id is -1 where there is none, or the version says none; in KRaft it is any broker's.
    """
    read_correlation_id(buffer, correlation_id)
    if version >= 3:
        read_int32(buffer)  # throttle_time_ms
    broker_count = read_count(buffer, 10 if version == 0 else 12)
    check_brokers(buffer, broker_count)
    broker_ids = tuple(_read_broker(buffer, version) for _ in range(broker_count))
    if version >= 2:
        read_string(buffer)  # cluster_id
    return broker_ids, read_int32(buffer) if version >= 1 else -1


def _read_broker(buffer: Buffer, version: int) -> int:
    """Return the id of the next broker."""
    broker_id = read_int32(buffer)
    read_string(buffer)  # host
    read_int32(buffer)  # port
    if version >= 1:
        read_string(buffer)  # rack
    return broker_id
