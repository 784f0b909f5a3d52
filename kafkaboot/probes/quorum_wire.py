"""DescribeQuorum in bytes: what a quorum's leader knows of it. No socket, no clock; see ``kafkaboot.probes.wire``.

Facts (``DescribeQuorumRequest.json``; answers of 3.9.2 and 4.4.0): version 0 is known since 3.3 and to 4.4; it is
flexible. The leader alone answers, any other voter with NOT_LEADER_OR_FOLLOWER for the partition.
"""

from kafkaboot.probes.wire import (
    BROKERS_LIMIT,
    DESCRIBE_QUORUM,
    Buffer,
    encode_request,
    error_name,
    read_compact_bytes,
    read_compact_count,
    read_correlation_id,
    read_end,
    read_int16,
    read_int32,
    read_int64,
    skip_tags,
)

VERSION = 0

_NOT_LEADER = 6
_TOPIC = b"__cluster_metadata"
_REPLICA_BYTES = 13
"""At least: id, end of its log, no tagged field."""


def encode_voters_question(correlation_id: int) -> bytes:
    """Return the frame that asks the leader of the quorum who votes."""
    partition = bytes(4) + b"\0"
    topic = bytes([len(_TOPIC) + 1]) + _TOPIC + b"\x02" + partition + b"\0"
    return encode_request(DESCRIBE_QUORUM, VERSION, correlation_id, b"\x02" + topic + b"\0", flexible=True)


class Quorum:
    """What the leader of a quorum knows of it."""

    __slots__ = ("epoch", "high_watermark", "leader_id", "observers", "voters")

    def __init__(self, leader_id: int, epoch: int, high_watermark: int) -> None:
        self.leader_id = leader_id
        self.epoch = epoch
        """The epoch that it leads."""
        self.high_watermark = high_watermark
        """Records that a majority of the voters has."""
        self.voters: dict[int, int] = {}
        """The end of each voter's log, by node id; -1 where it is not known."""
        self.observers: dict[int, int] = {}
        """The same of those that follow without a vote, the brokers among them."""


def decode_quorum(payload: bytes, correlation_id: int, source: str = "the peer") -> Quorum | None:
    """Return what the reply says of the quorum, None where the peer does not lead; raises ProtocolError."""
    buffer = Buffer(payload, f"{source}: answer to DescribeQuorum {VERSION}")
    read_correlation_id(buffer, correlation_id)
    skip_tags(buffer)
    error = read_int16(buffer)
    if error:
        raise buffer.fault(f"error {error_name(error)}")
    if read_compact_count(buffer, len(_TOPIC) + 3) != 1 or read_compact_bytes(buffer) != _TOPIC:
        raise buffer.fault("not the one topic that was asked for")
    if read_compact_count(buffer, 24) != 1 or read_int32(buffer) != 0:
        raise buffer.fault("not the one partition that was asked for")
    error = read_int16(buffer)
    if error not in (0, _NOT_LEADER):
        raise buffer.fault(f"error {error_name(error)}")
    quorum = Quorum(read_int32(buffer), read_int32(buffer), read_int64(buffer))
    quorum.voters = _read_replicas(buffer)
    quorum.observers = _read_replicas(buffer)
    for _ in ("partition", "topic", "reply"):
        skip_tags(buffer)
    read_end(buffer)
    return None if error else quorum


def _read_replicas(buffer: Buffer) -> dict[int, int]:
    """Return the end of the log of each replica, by its node id."""
    count = read_compact_count(buffer, _REPLICA_BYTES)
    if count > BROKERS_LIMIT:
        raise buffer.fault(f"{count} replicas")
    ends = {}
    for _ in range(count):
        node_id = read_int32(buffer)
        ends[node_id] = read_int64(buffer)
        skip_tags(buffer)
    return ends
