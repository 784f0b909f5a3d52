"""Who leads a quorum of controllers, in bytes: an observer's Fetch and its reply. No socket, no clock.

Facts (``FetchRequest.json``, ``FetchResponse.json``; replies recorded from 3.3.2 to 4.4.0; see ``wire`` as well):
Metadata is not served by a controller's listener. Who leads the quorum stands in the error that a voter gives to
an observer's Fetch in a past epoch; DescribeQuorum is answered by the leader alone. From 4.0 on (KIP-996) a voter that
has lost its leader goes on naming it while it looks for another: the leader must be asked as well. It answers a Fetch
in the current epoch without an error, and only a leader does.
"""

from kafkaboot.probes.wire import (
    FETCH,
    UNAUTHORIZED,
    Buffer,
    decode_text,
    encode_request,
    error_name,
    int32,
    read_compact_bytes,
    read_compact_count,
    read_correlation_id,
    read_end,
    read_int16,
    read_int32,
    read_int64,
    read_tags,
    skip_tags,
    take,
)
from zkboot.pod.errors import ProtocolError

VERSIONS = (17, 13)
"""Versions of Fetch that are spoken here, the best first: 17 says where the leader listens. 13 is the first to name
topics by id: since 3.1 the quorum knows its topic by no other name."""

NO_LEADER = -1

_QUORUM_ERRORS = (0, 6, 8, 74, 75)
"""Codes that the reply to a question for the leader may carry; 0 is that of the leader itself."""

_BEYOND_END = 2**62
"""An offset that no log reaches: the leader answers where its log ends, without records."""

_METADATA_TOPIC = (1).to_bytes(16, "big")
"""Id of ``__cluster_metadata`` (``Uuid.METADATA_TOPIC_ID``)."""

_DIVERGING_EPOCH_TAG = 0
_CURRENT_LEADER_TAG = 1
_NODE_ENDPOINTS_TAG = 0


class Leadership:
    """What a controller says of the leader of its quorum."""

    __slots__ = ("address", "end", "epoch", "is_own", "leader_id")

    def __init__(self, leader_id: int, epoch: int, *, is_own: bool, address: "tuple[str, int] | None" = None) -> None:
        self.leader_id = leader_id
        """Id of the leader; -1 where the controller names none."""
        self.epoch = epoch
        """Epoch that the controller is in; -1 where it names none."""
        self.is_own = is_own
        """Whether the controller answers as the leader of the epoch it was asked in."""
        self.address = address
        """Host and port of the leader's listener; None where the controller does not say."""
        self.end = 0
        """Records that the leader's log has had, of which a snapshot may have taken the place; 0 where it is another's
        answer."""


def encode_leader_question(version: int, correlation_id: int, epoch: int = 0) -> bytes:
    """Return the frame of an observer's Fetch in *epoch*: the leader of that epoch agrees, others name the leader."""
    partition = (
        int32(0)  # partition
        + int32(epoch)  # current_leader_epoch
        + _int64(_BEYOND_END)  # fetch_offset
        + int32(epoch)  # last_fetched_epoch
        + _int64(-1)  # log_start_offset
        + int32(0)  # partition_max_bytes
        + b"\0"
    )
    body = (
        (int32(-1) if version < 15 else b"")  # replica_id: that of a voter would have the leader count it as alive
        + int32(0)  # max_wait_ms
        + int32(0)  # min_bytes
        + int32(0)  # max_bytes
        + b"\0"  # isolation_level
        + int32(0)  # session_id
        + int32(-1)  # session_epoch: no session
        + b"\x02"  # one topic
        + _METADATA_TOPIC
        + b"\x02"  # of one partition
        + partition
        + b"\0"
        + b"\x01"  # forgotten_topics_data
        + b"\x01"  # rack_id
        + b"\0"
    )
    return encode_request(FETCH, version, correlation_id, body, flexible=True)


def decode_leadership(payload: bytes, version: int, correlation_id: int, source: str = "the peer") -> Leadership:
    """Return what the reply to ``encode_leader_question`` says of the leader; raises ProtocolError."""
    buffer = Buffer(payload, f"{source}: answer to Fetch {version}")
    read_correlation_id(buffer, correlation_id)
    skip_tags(buffer)
    read_int32(buffer)  # throttle_time_ms
    error = read_int16(buffer)
    if error == UNAUTHORIZED:
        raise ProtocolError(
            f"{source}: refuses to say who leads the quorum, {error_name(error)}: its ACLs deny this client"
            " ClusterAction"
        )
    if error:
        raise buffer.fault(f"error {error_name(error)}")
    read_int32(buffer)  # session_id
    if read_compact_count(buffer, 18) != 1:
        raise buffer.fault("not the one topic that was asked for")
    topic_id = take(buffer, len(_METADATA_TOPIC))
    if topic_id != _METADATA_TOPIC:
        raise buffer.fault(f"topic {topic_id.hex()}, not the one that was asked for")
    if read_compact_count(buffer, 37) != 1:
        raise buffer.fault("not the one partition that was asked for")
    leadership = _read_fetched_partition(buffer)
    skip_tags(buffer)
    for tag, content in read_tags(buffer):
        if tag == _NODE_ENDPOINTS_TAG:
            leadership.address = _read_endpoints(content).get(leadership.leader_id)
    read_end(buffer)
    return leadership


def _read_fetched_partition(buffer: Buffer) -> Leadership:
    """Return what the next partition of a Fetch reply says of the leader."""
    index = read_int32(buffer)
    if index != 0:
        raise buffer.fault(f"partition {index}, not the one that was asked for")
    error = read_int16(buffer)
    if error not in _QUORUM_ERRORS:
        raise buffer.fault(f"error {error_name(error)}")
    take(buffer, 24)  # high_watermark, last_stable_offset, log_start_offset
    for _ in range(read_compact_count(buffer, 17)):
        take(buffer, 16)  # producer_id, first_offset of an aborted transaction
        skip_tags(buffer)
    read_int32(buffer)  # preferred_read_replica
    read_compact_bytes(buffer)  # records
    leadership = Leadership(NO_LEADER, -1, is_own=error == 0)
    for tag, content in read_tags(buffer):
        if tag == _DIVERGING_EPOCH_TAG:
            read_int32(content)  # epoch
            leadership.end = read_int64(content)
            skip_tags(content)
            read_end(content)
        if tag == _CURRENT_LEADER_TAG:
            leadership.leader_id = read_int32(content)
            leadership.epoch = read_int32(content)
            skip_tags(content)
            read_end(content)
    return leadership


def _read_endpoints(buffer: Buffer) -> "dict[int, tuple[str, int]]":
    """Return the host and port of each node that a reply tells the address of."""
    endpoints = {}
    for _ in range(read_compact_count(buffer, 11)):
        node_id = read_int32(buffer)
        host = decode_text(buffer, read_compact_bytes(buffer) or b"")
        port = read_int32(buffer)
        if not host.isascii() or not all(letter.isalnum() or letter in "-._:%" for letter in host) or not host:
            raise buffer.fault(f"{host!r} is no host")
        if not 0 < port < 65536:
            raise buffer.fault(f"{port} is no port")
        endpoints[node_id] = (host, port)
        read_compact_bytes(buffer)  # rack
        skip_tags(buffer)
    read_end(buffer)
    return endpoints


def _int64(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)
