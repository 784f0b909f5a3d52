"""DescribeQuorum in bytes: whom a quorum's leader counts as voters. No socket, no clock; see ``kafkaboot.probes.wire``.

Facts (``DescribeQuorumRequest.json``; answers of 3.9.2 and 4.4.0): version 0 is known since 3.3 and to 4.4; it is
flexible. The leader alone answers, any other voter with NOT_LEADER_OR_FOLLOWER for the partition.
"""

from kafkaboot.probes.wire import (
    BROKERS_LIMIT,
    DESCRIBE_QUORUM,
    Buffer,
    encode_request,
    read_compact_bytes,
    read_compact_count,
    read_correlation_id,
    read_end,
    read_int16,
    read_int32,
    skip_tags,
    take,
    told,
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


def decode_voters(payload: bytes, correlation_id: int, source: str = "the peer") -> tuple[int, ...] | None:
    """Return the node ids of the voters, in order, None where the peer does not lead; raises ProtocolError."""
    buffer = Buffer(payload, f"{source}: answer to DescribeQuorum {VERSION}")
    read_correlation_id(buffer, correlation_id)
    skip_tags(buffer)
    error = read_int16(buffer)
    if error:
        raise buffer.fault(f"error {told(error)}")
    if read_compact_count(buffer, len(_TOPIC) + 3) != 1 or read_compact_bytes(buffer) != _TOPIC:
        raise buffer.fault("not the one topic that was asked for")
    if read_compact_count(buffer, 24) != 1 or read_int32(buffer) != 0:
        raise buffer.fault("not the one partition that was asked for")
    error = read_int16(buffer)
    if error not in (0, _NOT_LEADER):
        raise buffer.fault(f"error {told(error)}")
    take(buffer, 16)  # leader_id, leader_epoch, high_watermark
    voters = _read_replicas(buffer)
    _read_replicas(buffer)  # observers
    for _ in ("partition", "topic", "reply"):
        skip_tags(buffer)
    read_end(buffer)
    return None if error else tuple(sorted(voters))


def _read_replicas(buffer: Buffer) -> list[int]:
    count = read_compact_count(buffer, _REPLICA_BYTES)
    if count > BROKERS_LIMIT:
        raise buffer.fault(f"{count} replicas")
    node_ids = []
    for _ in range(count):
        node_ids.append(read_int32(buffer))
        take(buffer, 8)  # log_end_offset
        skip_tags(buffer)
    return node_ids
