"""ApiVersions 3 in bytes: which level of each feature the cluster has finalized. No socket, no clock; see ``wire``.

Facts (``ApiVersionsResponse.json``; answers of 4.4.0): version 3, since 2.4, is flexible but for the header of its
answer. Of its tagged fields 0 has the features that the server's software supports, 2 those that the cluster has
finalized. One whose lowest level is 0 is left out of the former before version 4. Brokers and controllers answer it.
"""

from kafkaboot.probes.wire import (
    API_VERSIONS,
    CLIENT_ID,
    NAMES,
    Buffer,
    decode_text,
    error_name,
    read_compact_bytes,
    read_compact_count,
    read_correlation_id,
    read_end,
    read_int16,
    read_int32,
    read_tags,
    skip_tags,
    take,
)

VERSION = 3

_API_BYTES = 7
"""Key, lowest and highest version, no tagged field."""
_FEATURE_BYTES = 6
"""At least: an empty name, two levels, no tagged field."""
_SUPPORTED, _FINALIZED = 0, 2


class Features:
    """The levels of a cluster's features, by name."""

    __slots__ = ("finalized", "supported")

    def __init__(self) -> None:
        self.finalized: dict[str, int] = {}
        """Those that the cluster has; a feature at level 0 is none of them."""
        self.supported: dict[str, int] = {}
        """The highest that the server's software has."""


def features_body() -> bytes:
    """Return the request's body: who asks, and in which version of itself, which is nobody's business."""
    name = bytes([len(CLIENT_ID) + 1]) + CLIENT_ID
    return name + b"\x020" + b"\0"


def decode_features(payload: bytes, correlation_id: int, source: str = "the peer") -> Features:
    """Return what the reply says of features; raises ProtocolError."""
    buffer = Buffer(payload, f"{source}: answer to {NAMES[API_VERSIONS]} {VERSION}")
    read_correlation_id(buffer, correlation_id)
    error = read_int16(buffer)
    if error:
        raise buffer.fault(f"error {error_name(error)}")
    for _ in range(read_compact_count(buffer, _API_BYTES)):
        take(buffer, _API_BYTES - 1)
        skip_tags(buffer)
    read_int32(buffer)  # the throttle time
    found = Features()
    for tag, content in read_tags(buffer):
        if tag == _SUPPORTED:
            # Lowest and highest.
            found.supported = {name: levels[1] for name, levels in _read_levels(content).items()}
        elif tag == _FINALIZED:
            # Highest and lowest, which are the same.
            found.finalized = {name: levels[0] for name, levels in _read_levels(content).items()}
    read_end(buffer)
    return found


def _read_levels(buffer: Buffer) -> dict[str, tuple[int, int]]:
    levels: dict[str, tuple[int, int]] = {}
    for _ in range(read_compact_count(buffer, _FEATURE_BYTES)):
        name = decode_text(buffer, read_compact_bytes(buffer) or b"")
        levels[name] = read_int16(buffer), read_int16(buffer)
        skip_tags(buffer)
    read_end(buffer)
    return levels
