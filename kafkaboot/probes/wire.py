"""Kafka's wire protocol, the little of it that probes speak: requests to bytes, replies to values. No socket, no clock.

Facts (Kafka protocol guide; message schemas in ``clients/src/main/resources/common/message``; replies recorded from
0.8.2.1 to 4.4.0):

- A frame is an int32 size and that many bytes; integers are big-endian. A request begins with key, version, correlation
  id and client id, its reply with the same correlation id.
- ApiVersions came with 0.10.0: an older broker drops the connection. Version 0 of it is answered by every later broker
  and by controllers, before any authentication, too.
- A flexible message (Fetch from 12) writes lengths as unsigned varints plus one, 0 for null, and ends every structure
  with tagged fields, each with its size, so that a reader can skip what it does not know.

Nothing is allocated, and no loop is begun, by a length that a peer claims: it is first held against the bytes that are
there. Whatever does not fit raises ProtocolError.

*source* in the functions below is what a message calls the peer, its address for one.
"""

from zkboot.pod.errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Versions = dict[int, tuple[int, int]]
    """The lowest and the highest version that a peer offers, by API key."""

_IS_BIG_ENDIAN = memoryview(b"\0\1").cast("h")[0] == 1
"""Whether this machine has the order of the bytes that the protocol has."""

FETCH = 1
METADATA = 3
SASL_HANDSHAKE = 17
API_VERSIONS = 18
DESCRIBE_CONFIGS = 32
DESCRIBE_LOG_DIRS = 35
SASL_AUTHENTICATE = 36
INCREMENTAL_ALTER_CONFIGS = 44
DESCRIBE_QUORUM = 55

NAMES = {
    FETCH: "Fetch",
    METADATA: "Metadata",
    SASL_HANDSHAKE: "SaslHandshake",
    API_VERSIONS: "ApiVersions",
    DESCRIBE_CONFIGS: "DescribeConfigs",
    DESCRIBE_LOG_DIRS: "DescribeLogDirs",
    SASL_AUTHENTICATE: "SaslAuthenticate",
    INCREMENTAL_ALTER_CONFIGS: "IncrementalAlterConfigs",
    DESCRIBE_QUORUM: "DescribeQuorum",
}

SIZE_BYTES = 4
"""What stands before a frame."""

CLIENT_ID = b"kafkaboot"
"""How a broker's request log and metrics show the probes."""

BROKERS_LIMIT = 10000
"""Brokers of a cluster, and replicas of a partition, that are believed: many times what any cluster has."""

ERRORS = {
    3: "UNKNOWN_TOPIC_OR_PARTITION",
    6: "NOT_LEADER_OR_FOLLOWER",
    8: "BROKER_NOT_AVAILABLE",
    29: "TOPIC_AUTHORIZATION_FAILED",
    31: "CLUSTER_AUTHORIZATION_FAILED",
    33: "UNSUPPORTED_SASL_MECHANISM",
    34: "ILLEGAL_SASL_STATE",
    35: "UNSUPPORTED_VERSION",
    40: "INVALID_CONFIG",
    41: "NOT_CONTROLLER",
    42: "INVALID_REQUEST",
    58: "SASL_AUTHENTICATION_FAILED",
    74: "FENCED_LEADER_EPOCH",
    75: "UNKNOWN_LEADER_EPOCH",
}
"""Names of the error codes that a probe may meet (Kafka protocol guide, "Error Codes")."""

UNAUTHORIZED = 31

_VARINT_BYTES = 5


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
        raise buffer.fault(f"error {error_name(error)}")
    rows = take(buffer, 6 * read_count(buffer, 6))
    read_end(buffer)
    # All int16 at once: one by one they are half of what kafkaOk asks a broker for.
    numbers = memoryview(rows).cast("h") if _IS_BIG_ENDIAN else memoryview(rows[::-1]).cast("h")[::-1]
    return dict(zip(numbers[::3], zip(numbers[1::3], numbers[2::3], strict=True), strict=True))


def choose_version(versions: "Versions", key: int, spoken: tuple[int, ...], source: str = "the peer") -> int:
    """Return the first of *spoken* that a peer with *versions* answers; raises ProtocolError where there is none."""
    low, high = versions.get(key, (0, -1))
    for version in spoken:
        if low <= version <= high:
            return version
    offered = f"versions {low} to {high} of {NAMES[key]}" if key in versions else f"no {NAMES[key]}"
    raise ProtocolError(f"{source}: offers {offered}, this probe speaks {', '.join(map(str, sorted(spoken)))}")


def error_name(error: int) -> str:
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
    return decode_text(buffer, take(buffer, length))


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
    header = key.to_bytes(2, "big") + version.to_bytes(2, "big") + int32(correlation_id) + client_id
    payload = header + (b"\0" if flexible else b"") + body
    return int32(len(payload)) + payload


def int32(value: int) -> bytes:
    """Return *value* as an int32."""
    return value.to_bytes(4, "big", signed=True)


def decode_text(buffer: Buffer, data: bytes) -> str:
    """Return the text that *data*, read from *buffer*, is."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise buffer.fault(f"{data[:40]!r} is not UTF-8") from None


def _check_count(buffer: Buffer, count: int, least: int) -> None:
    if not 0 <= count * least <= buffer.left:
        raise buffer.fault(f"an array of {count} elements, {buffer.left} bytes left")


def check_brokers(buffer: Buffer, count: int) -> None:
    """Raise ProtocolError where *count* brokers are more than any cluster has."""
    if count > BROKERS_LIMIT:
        raise buffer.fault(f"{count} brokers in one place, more than {BROKERS_LIMIT}")


def read_correlation_id(buffer: Buffer, expected: int) -> None:
    """Read over the correlation id, which must be the *expected* one."""
    found = read_int32(buffer)
    if found != expected:
        raise buffer.fault(f"correlation id {found}, not {expected}")
