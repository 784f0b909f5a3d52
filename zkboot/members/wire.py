"""ZooKeeper's protocol for one session with a login and a read: values to bytes and back; no socket, no clock.

A frame is a length of four bytes and its content. The first frame of a connection asks for a session, which a server
grants only while it has a quorum; a server that will not serve hangs up. Sources: ``zookeeper.jute`` (ConnectRequest,
ConnectResponse, RequestHeader, ReplyHeader, GetDataRequest, GetDataResponse, GetSASLRequest, SetSASLResponse), the same
from 3.4 to 3.9, and ``KeeperException.Code``.
"""

import struct

from zkboot.pod.errors import LoginError, NotServingError, ProtocolError, of_peer

FRAME_LIMIT = 1 << 20
"""Bytes of the largest frame that is read: ``jute.maxbuffer`` of a server."""

NO_NODE = -101

_NO_XID_YET = 0
_READ_XID = 1
_CLOSE_XID = 2
_LOGIN_XID = 3
_GET_DATA = 4
_SASL = 102
_CLOSE_SESSION = -11
_LOGIN_REQUIRED = -124
_PASSWORD = b"\0" * 16


def encode_connect(timeout_ms: int) -> bytes:
    """Return the request for a new session with a time-out of *timeout_ms*, on a server that has a quorum."""
    content = struct.pack(">iqiq", 0, _NO_XID_YET, timeout_ms, 0) + _buffer(_PASSWORD) + b"\0"
    return _frame(content)


def decode_connect(content: bytes, source: str) -> None:
    """Check that *content* grants a session.

    Raises NotServingError where it does not, ProtocolError where it is no answer at all.
    """
    if len(content) < 16:
        raise ProtocolError(of_peer(source, f"{len(content)} bytes are no answer to a request for a session"))
    _, timeout_ms, _ = struct.unpack_from(">iiq", content)
    if timeout_ms <= 0:
        raise NotServingError(of_peer(source, "opens no session"))


def encode_get_data(path: str) -> bytes:
    """Return the request for the data of the znode at *path*, without a watch."""
    return _frame(struct.pack(">ii", _READ_XID, _GET_DATA) + _buffer(path.encode()) + b"\0")


def decode_get_data(content: bytes, source: str) -> bytes | None:
    """Return the data that *content* holds, None where there is no such znode.

    Raises LoginError where the server asks for a login, ProtocolError for another error of it, and for what is no
    answer.
    """
    if len(content) < 16:
        raise ProtocolError(of_peer(source, f"{len(content)} bytes are no answer to a read"))
    xid, _, error = struct.unpack_from(">iqi", content)
    if error == _LOGIN_REQUIRED:
        raise LoginError(of_peer(source, "asks for a login, and this pod has none"))
    if error == NO_NODE:
        return None
    if xid != _READ_XID or error:
        raise ProtocolError(of_peer(source, f"answers a read with xid {xid} and error {error}"))
    return _data_of(content, source)


def encode_login(token: bytes) -> bytes:
    """Return the request that carries on a login by SASL with *token*, which is empty at first."""
    return _frame(struct.pack(">ii", _LOGIN_XID, _SASL) + _buffer(token))


def decode_login(content: bytes, source: str) -> bytes:
    """Return the server's token that *content* holds. Raises LoginError where it is none, and ProtocolError."""
    if len(content) < 16:
        raise ProtocolError(of_peer(source, f"{len(content)} bytes are no answer to a login"))
    _, _, error = struct.unpack_from(">iqi", content)
    if error:
        raise LoginError(of_peer(source, f"does not take this pod's login (error {error})"))
    return _data_of(content, source)


def encode_close() -> bytes:
    """Return the request to close the session, so that nobody has to wait for its end."""
    return _frame(struct.pack(">ii", _CLOSE_XID, _CLOSE_SESSION))


def decode_length(head: bytes, source: str) -> int:
    """Return how long the frame is that begins with the four bytes *head*; raises ProtocolError where none can be."""
    (length,) = struct.unpack(">i", head)
    if not 0 <= length <= FRAME_LIMIT:
        raise ProtocolError(of_peer(source, f"a frame of {length} bytes, not 0..{FRAME_LIMIT}: no ZooKeeper server"))
    return int(length)


def _data_of(content: bytes, source: str) -> bytes:
    """Return the data behind the header of a reply. Raises ProtocolError."""
    if len(content) < 20:
        raise ProtocolError(of_peer(source, "an answer without data"))
    (length,) = struct.unpack_from(">i", content, 16)
    if length > len(content) - 20:
        raise ProtocolError(of_peer(source, f"an answer of {len(content)} bytes with data of {length}"))
    return content[20 : 20 + max(length, 0)]


def _buffer(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data


def _frame(content: bytes) -> bytes:
    return _buffer(content)
