"""Kafka's wire protocol, the little of it that probes speak: requests to bytes, replies to values. No socket, no clock.

Facts (Kafka protocol guide; message schemas in ``clients/src/main/resources/common/message``; replies recorded from
0.8.2.1 to 4.4.0):

- A frame is an int32 size and that many bytes; integers are big-endian. A request begins with key, version, correlation
  id and client id, its reply with the same correlation id.
- ApiVersions came with 0.10.0: an older broker drops the connection. Version 0 of it is answered by every later broker
  and by controllers, before any authentication, too.
- A flexible message (Fetch from 12) writes lengths as unsigned varints plus one, 0 for null, and ends every structure
  with tagged fields, each with its size, so that a reader can skip what it does not know.
- Metadata: version 0 cannot ask for no topics, 1 can, 4 is the smallest of those that create no topic. 0 to 3 were
  removed from 4.0's drafts and came back before its release: they may go one day.
- Metadata is not served by a controller's listener. Who leads the quorum stands in the error that a voter gives to an
  observer's Fetch in a past epoch; DescribeQuorum is answered by the leader alone. From 4.0 on (KIP-996) a voter that
  has lost its leader goes on naming it while it looks for another: the leader must be asked as well. It answers a Fetch
  in the current epoch without an error, and only a leader does.

Nothing is allocated, and no loop is begun, by a length that a peer claims: it is first held against the bytes that are
there. Whatever does not fit raises ProtocolError.

*source* in the functions below is what a message calls the peer, its address for one.
"""

from zkboot.pod.errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Versions = dict[int, tuple[int, int]]
    """The lowest and the highest version that a peer offers, by API key."""

FETCH = 1
METADATA = 3
API_VERSIONS = 18
DESCRIBE_CONFIGS = 32
DESCRIBE_LOG_DIRS = 35
DESCRIBE_QUORUM = 55

NAMES = {
    FETCH: "Fetch",
    METADATA: "Metadata",
    API_VERSIONS: "ApiVersions",
    DESCRIBE_CONFIGS: "DescribeConfigs",
    DESCRIBE_LOG_DIRS: "DescribeLogDirs",
    DESCRIBE_QUORUM: "DescribeQuorum",
}

METADATA_VERSIONS = (4, 5, 6, 7, 8, 1, 0)
"""Versions of Metadata that are spoken here, the best first."""

FETCH_VERSIONS = (17, 13)
"""Versions of Fetch that are spoken here, the best first: 17 says where the leader listens. 13 is the first to name
topics by id: since 3.1 the quorum knows its topic by no other name."""

SIZE_BYTES = 4
"""What stands before a frame."""

CLIENT_ID = b"kafkaboot"
"""How a broker's request log and metrics show the probes."""

NO_LEADER = -1

BROKERS_LIMIT = 10000
"""Brokers of a cluster, and replicas of a partition, that are believed: many times what any cluster has."""

NAMED_LIMIT = 3
"""Partitions that are kept by name; the others are counted."""

CHECK_STEP = 65536
"""Bytes of a reply that are decoded between two looks at the clock; some 10 ms where they are all topics."""

ERRORS = {
    3: "UNKNOWN_TOPIC_OR_PARTITION",
    6: "NOT_LEADER_OR_FOLLOWER",
    8: "BROKER_NOT_AVAILABLE",
    29: "TOPIC_AUTHORIZATION_FAILED",
    31: "CLUSTER_AUTHORIZATION_FAILED",
    34: "ILLEGAL_SASL_STATE",
    35: "UNSUPPORTED_VERSION",
    42: "INVALID_REQUEST",
    74: "FENCED_LEADER_EPOCH",
    75: "UNKNOWN_LEADER_EPOCH",
}
"""Names of the error codes that a probe may meet (Kafka protocol guide, "Error Codes")."""

UNAUTHORIZED = 31

_QUORUM_ERRORS = (0, 6, 8, 74, 75)
"""Codes that the reply to a question for the leader may carry; 0 is that of the leader itself."""

_BEYOND_END = 2**62
"""An offset that no log reaches: the leader answers where its log ends, without records."""

_METADATA_TOPIC = (1).to_bytes(16, "big")
"""Id of ``__cluster_metadata`` (``Uuid.METADATA_TOPIC_ID``)."""

_DIVERGING_EPOCH_TAG = 0
_CURRENT_LEADER_TAG = 1
_NODE_ENDPOINTS_TAG = 0
_VARINT_BYTES = 5


class Metadata:
    """What a broker knows of its cluster."""

    __slots__ = ("behind", "broker_ids", "hosted", "named", "topic_count", "unseen")

    def __init__(self, broker_ids: tuple[int, ...], topic_count: int) -> None:
        self.broker_ids = broker_ids
        """Ids of the brokers that are registered and, in KRaft, not fenced, in the order sent."""
        self.topic_count = topic_count
        """Number of topics in the reply: of those asked for, what the client may see."""
        self.hosted = 0
        """Number of the partitions that one broker hosts."""
        self.behind = 0
        """Number of those of them that do not have it in their ISR."""
        self.named: list[str] = []
        """Names of the first few of these, ``topic-index``."""
        self.unseen: set[str] = set()
        """Of the topics that were looked for, those that are not in the reply."""


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


class Buffer:
    """The bytes of one reply and how far they are read; *what* names the reply in errors."""

    __slots__ = ("at", "data", "what")

    def __init__(self, data: bytes, what: str) -> None:
        self.data = data
        self.what = what
        self.at = 0

    @property
    def left(self) -> int:
        """Number of bytes not read yet."""
        return len(self.data) - self.at

    def fault(self, message: str) -> ProtocolError:
        """Return the error that says what is wrong where the reader stands."""
        return ProtocolError(f"{self.what}: {message} at byte {self.at} of {len(self.data)}")


def encode_api_versions(correlation_id: int) -> bytes:
    """Return the frame that asks which requests a peer answers."""
    return encode_request(API_VERSIONS, 0, correlation_id, b"")


def encode_metadata(version: int, correlation_id: int, *, topics: bool) -> bytes:
    """Return the frame that asks for the brokers and, with *topics*, for every topic; version 0 always tells both."""
    return encode_request(METADATA, version, correlation_id, metadata_body(version, topics=topics))


def metadata_body(version: int, *, topics: bool) -> bytes:
    """Return the body of that frame."""
    if version == 0:
        wanted = _int32(0)
    else:
        wanted = _int32(-1 if topics else 0)
        if version >= 4:
            wanted += b"\0"  # allow_auto_topic_creation
        if version >= 8:
            wanted += b"\0\0"  # include_cluster_authorized_operations, include_topic_authorized_operations
    return wanted


def encode_leader_question(version: int, correlation_id: int, epoch: int = 0) -> bytes:
    """Return the frame of an observer's Fetch in *epoch*: the leader of that epoch agrees, others name the leader."""
    partition = (
        _int32(0)  # partition
        + _int32(epoch)  # current_leader_epoch
        + _int64(_BEYOND_END)  # fetch_offset
        + _int32(epoch)  # last_fetched_epoch
        + _int64(-1)  # log_start_offset
        + _int32(0)  # partition_max_bytes
        + b"\0"
    )
    body = (
        (_int32(-1) if version < 15 else b"")  # replica_id: that of a voter would have the leader count it as alive
        + _int32(0)  # max_wait_ms
        + _int32(0)  # min_bytes
        + _int32(0)  # max_bytes
        + b"\0"  # isolation_level
        + _int32(0)  # session_id
        + _int32(-1)  # session_epoch: no session
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


def decode_size(prefix: bytes, limit: int, source: str = "the peer") -> int:
    """Return the size of the frame that begins with *prefix*; raises ProtocolError where it is not in 4..*limit*."""
    size = int.from_bytes(prefix, "big", signed=True)
    if not 4 <= size <= limit:
        raise ProtocolError(
            f"{source}: announces an answer of {size} bytes, where 4 to {limit} are allowed: is this a Kafka listener?"
        )
    return size


def decode_api_versions(payload: bytes, correlation_id: int, source: str = "the peer") -> "Versions":
    """Return what the peer offers; raises ProtocolError."""
    buffer = Buffer(payload, f"{source}: answer to ApiVersions 0")
    read_correlation_id(buffer, correlation_id)
    error = read_int16(buffer)
    if error:
        raise buffer.fault(f"error {told(error)}")
    versions = {}
    for _ in range(read_count(buffer, 6)):
        key = read_int16(buffer)
        versions[key] = (read_int16(buffer), read_int16(buffer))
    read_end(buffer)
    return versions


def decode_metadata(
    payload: bytes,
    version: int,
    correlation_id: int,
    broker_id: int,
    source: str = "the peer",
    *,
    left_out: int = 0,
    topics: "Iterable[str]" = (),
    check: "Callable[[], None]" = lambda: None,
) -> Metadata:
    """Return what the peer knows of the cluster, and of the partitions that *broker_id* hosts; raises ProtocolError.

    A cluster may have 100,000s of partitions, which take seconds: they are counted and not kept, and *check* is called
    every now and then, to raise where there is no more time. Where *left_out* bytes of the reply are not in *payload*,
    nothing behind the number of topics is looked at. *topics* are looked for.
    """
    buffer = Buffer(payload, f"{source}: answer to Metadata {version}")
    broker_ids, _ = read_cluster(buffer, version, correlation_id)
    if left_out:
        return Metadata(broker_ids, max(0, read_int32(buffer)))
    metadata = Metadata(broker_ids, read_count(buffer, 8 if version == 0 else 9))
    metadata.unseen.update(topics)
    due = buffer.at
    for _ in range(metadata.topic_count):
        if buffer.at >= due:
            check()
            due = buffer.at + CHECK_STEP
        _read_topic(buffer, version, broker_id, metadata, check)
    if version >= 8:
        read_int32(buffer)  # cluster_authorized_operations
    read_end(buffer)
    return metadata


def decode_leadership(payload: bytes, version: int, correlation_id: int, source: str = "the peer") -> Leadership:
    """Return what the reply to ``encode_leader_question`` says of the leader; raises ProtocolError."""
    buffer = Buffer(payload, f"{source}: answer to Fetch {version}")
    read_correlation_id(buffer, correlation_id)
    skip_tags(buffer)
    read_int32(buffer)  # throttle_time_ms
    error = read_int16(buffer)
    if error == UNAUTHORIZED:
        raise ProtocolError(
            f"{source}: refuses to say who leads the quorum, {told(error)}: its ACLs deny this client ClusterAction"
        )
    if error:
        raise buffer.fault(f"error {told(error)}")
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


def choose_version(versions: "Versions", key: int, spoken: tuple[int, ...], source: str = "the peer") -> int:
    """Return the first of *spoken* that a peer with *versions* answers; raises ProtocolError where there is none."""
    low, high = versions.get(key, (0, -1))
    for version in spoken:
        if low <= version <= high:
            return version
    offered = f"versions {low} to {high} of {NAMES[key]}" if key in versions else f"no {NAMES[key]}"
    raise ProtocolError(f"{source}: offers {offered}, this probe speaks {', '.join(map(str, sorted(spoken)))}")


def told(error: int) -> str:
    """Return error code *error* with its name."""
    return f"{error} ({ERRORS[error]})" if error in ERRORS else str(error)


def take(buffer: Buffer, count: int) -> bytes:
    """Return the next *count* bytes."""
    begin = buffer.at
    end = begin + count
    if count < 0 or end > len(buffer.data):
        raise buffer.fault(f"{count} bytes expected, {buffer.left} left")
    buffer.at = end
    return buffer.data[begin:end]


def read_int16(buffer: Buffer) -> int:
    """Return the next int16."""
    return int.from_bytes(take(buffer, 2), "big", signed=True)


def read_int32(buffer: Buffer) -> int:
    """Return the next int32."""
    return int.from_bytes(take(buffer, 4), "big", signed=True)


def read_int64(buffer: Buffer) -> int:
    """Return the next int64."""
    return int.from_bytes(take(buffer, 8), "big", signed=True)


def read_bool(buffer: Buffer) -> bool:
    """Return the next boolean: one byte, 0 or 1."""
    byte = take(buffer, 1)
    if byte not in (b"\0", b"\1"):
        raise buffer.fault(f"{byte!r} is no boolean")
    return byte == b"\1"


def read_count(buffer: Buffer, least: int) -> int:
    """Return the number of elements of the array that begins here, each of at least *least* bytes; 0 for null."""
    count = read_int32(buffer)
    if count == -1:
        return 0
    _check_count(buffer, count, least)
    return count


def read_string(buffer: Buffer) -> str | None:
    """Return the next string, None for null."""
    length = read_int16(buffer)
    if length == -1:
        return None
    return _text(buffer, take(buffer, length))


def read_varint(buffer: Buffer) -> int:
    """Return the next unsigned varint, at most 32 bits: seven bits a byte, the lowest first."""
    value = 0
    for index in range(_VARINT_BYTES):
        byte = take(buffer, 1)[0]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            if value > 0xFFFFFFFF:
                break
            return value
    raise buffer.fault("a varint of more than 32 bits")


def read_compact_count(buffer: Buffer, least: int) -> int:
    """Return the number of elements of the compact array that begins here, as ``read_count``."""
    count = max(0, read_varint(buffer) - 1)
    _check_count(buffer, count, least)
    return count


def read_compact_bytes(buffer: Buffer) -> bytes | None:
    """Return the next compact bytes or string, None for null."""
    length = read_varint(buffer) - 1
    return None if length < 0 else take(buffer, length)


def read_tags(buffer: Buffer) -> "list[tuple[int, Buffer]]":
    """Return the tagged fields that end a structure: each tag and its content."""
    count = read_varint(buffer)
    _check_count(buffer, count, 2)
    fields = []
    for _ in range(count):
        tag = read_varint(buffer)
        fields.append((tag, Buffer(take(buffer, read_varint(buffer)), f"{buffer.what}, tagged field {tag}")))
    return fields


def skip_tags(buffer: Buffer) -> None:
    """Read over the tagged fields that end a structure."""
    read_tags(buffer)


def read_end(buffer: Buffer) -> None:
    """Raise ProtocolError where bytes are left."""
    if buffer.left:
        raise buffer.fault(f"{buffer.left} bytes more than the reply has")


def encode_request(key: int, version: int, correlation_id: int, body: bytes, *, flexible: bool = False) -> bytes:
    """Return the frame of a request with the API's *key*; a *flexible* one has tagged fields, of which it says none."""
    client_id = len(CLIENT_ID).to_bytes(2, "big") + CLIENT_ID
    header = key.to_bytes(2, "big") + version.to_bytes(2, "big") + _int32(correlation_id) + client_id
    payload = header + (b"\0" if flexible else b"") + body
    return _int32(len(payload)) + payload


def _int32(value: int) -> bytes:
    return value.to_bytes(4, "big", signed=True)


def _int64(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def _text(buffer: Buffer, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise buffer.fault(f"{data[:40]!r} is not UTF-8") from None


def _check_count(buffer: Buffer, count: int, least: int) -> None:
    if not 0 <= count * least <= buffer.left:
        raise buffer.fault(f"an array of {count} elements, {buffer.left} bytes left")


def _check_brokers(buffer: Buffer, count: int) -> None:
    if count > BROKERS_LIMIT:
        raise buffer.fault(f"{count} brokers in one place, more than {BROKERS_LIMIT}")


def read_correlation_id(buffer: Buffer, expected: int) -> None:
    """Read over the correlation id, which must be the *expected* one."""
    found = read_int32(buffer)
    if found != expected:
        raise buffer.fault(f"correlation id {found}, not {expected}")


def read_cluster(buffer: Buffer, version: int, correlation_id: int) -> tuple[tuple[int, ...], int]:
    """Return the brokers' ids and the controller's, with which a reply to Metadata begins.

    The controller's id is -1 where there is none, or the version says none; in KRaft it is any broker's.
    """
    read_correlation_id(buffer, correlation_id)
    if version >= 3:
        read_int32(buffer)  # throttle_time_ms
    broker_count = read_count(buffer, 10 if version == 0 else 12)
    _check_brokers(buffer, broker_count)
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


def _read_topic(buffer: Buffer, version: int, broker_id: int, metadata: Metadata, check: "Callable[[], None]") -> None:
    """Read the next topic and count those of its partitions that *broker_id* hosts in *metadata*."""
    read_int16(buffer)  # error_code
    topic = read_string(buffer) or ""
    metadata.unseen.discard(topic)
    if version >= 1:
        read_bool(buffer)  # is_internal
    own = _int32(broker_id)
    due = buffer.at + CHECK_STEP
    for _ in range(read_count(buffer, 18)):
        if buffer.at >= due:
            check()
            due = buffer.at + CHECK_STEP
        read_int16(buffer)  # error_code: version 0 has one where any replica's broker is gone
        index = read_int32(buffer)
        read_int32(buffer)  # leader_id
        if version >= 7:
            read_int32(buffer)  # leader_epoch
        replicas = read_ids(buffer)
        isr = read_ids(buffer)
        if version >= 5:
            read_ids(buffer)  # offline_replicas
        if not has_id(replicas, own):
            continue
        metadata.hosted += 1
        if not has_id(isr, own):
            metadata.behind += 1
            if metadata.behind <= NAMED_LIMIT:
                metadata.named.append(f"{topic}-{index}")
    if version >= 8:
        read_int32(buffer)  # topic_authorized_operations


def read_ids(buffer: Buffer) -> bytes:
    """Return the next array of int32, not decoded yet."""
    count = read_count(buffer, 4)
    _check_brokers(buffer, count)
    return take(buffer, 4 * count)


def has_id(ids: bytes, own: bytes) -> bool:
    """Return whether *own* is among *ids*; the bytes of two others may look like it in the middle."""
    at = ids.find(own)
    while at % 4 and at > 0:
        at = ids.find(own, at + 1)
    return at >= 0


def _read_fetched_partition(buffer: Buffer) -> Leadership:
    """Return what the next partition of a Fetch reply says of the leader."""
    index = read_int32(buffer)
    if index != 0:
        raise buffer.fault(f"partition {index}, not the one that was asked for")
    error = read_int16(buffer)
    if error not in _QUORUM_ERRORS:
        raise buffer.fault(f"error {told(error)}")
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
        host = _text(buffer, read_compact_bytes(buffer) or b"")
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
