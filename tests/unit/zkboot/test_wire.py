"""The few bytes of ZooKeeper's protocol that a read of the list takes: exact, and cut at every length."""

import struct
from collections.abc import Callable

import pytest

from zkboot.members.wire import (
    FRAME_LIMIT,
    decode_connect,
    decode_get_data,
    decode_length,
    encode_close,
    encode_connect,
    encode_get_data,
)
from zkboot.pod.errors import NotServingError, ProtocolError

GRANTED = struct.pack(">iiqi", 0, 4000, 0x1000, 16) + b"p" * 16 + b"\0"
REFUSED = struct.pack(">iiqi", 0, 0, 0, 16) + b"\0" * 17


def reply(error: int = 0, data: bytes = b"server.1=a:1:2", xid: int = 1) -> bytes:
    """Return the content of a reply to a read."""
    return struct.pack(">iqi", xid, 7, error) + struct.pack(">i", len(data)) + data + b"\0" * 68


def test_requests_are_those_of_zookeeper_jute() -> None:
    """Bytes as kazoo sends them, but for its read-only flag and time-out."""
    assert encode_connect(4000).hex() == (
        "0000002d" + "00000000" + "0000000000000000" + "00000fa0" + "0000000000000000" + "00000010" + "00" * 16 + "00"
    )
    assert encode_get_data("/a").hex() == "0000000f" + "00000001" + "00000004" + "00000002" + b"/a".hex() + "00"
    assert encode_close().hex() == "00000008" + "00000002" + "fffffff5"


def test_a_session_is_granted_or_not() -> None:
    """A time-out of 0 is how a server refuses one."""
    decode_connect(GRANTED, "zk")
    with pytest.raises(NotServingError, match="zk: opens no session"):
        decode_connect(REFUSED, "zk")


def test_data_is_read_and_a_missing_node_is_none() -> None:
    """3.4 has no such node."""
    assert decode_get_data(reply(), "zk") == b"server.1=a:1:2"
    assert decode_get_data(reply(data=b""), "zk") == b""
    assert decode_get_data(struct.pack(">iqi", 1, 7, -101), "zk") is None


@pytest.mark.parametrize("content", [reply(error=-102), reply(xid=2), struct.pack(">iqii", 1, 7, 0, 99)])
def test_any_other_reply_is_refused(content: bytes) -> None:
    """No right to read, another request's, data that is longer than its frame."""
    with pytest.raises(ProtocolError, match="zk: "):
        decode_get_data(content, "zk")


@pytest.mark.parametrize(("decode", "whole"), [(decode_connect, GRANTED), (decode_get_data, reply())])
def test_every_cut_is_an_error_or_means_the_same(decode: Callable[[bytes, str], object], whole: bytes) -> None:
    """Never another exception."""
    for length in range(len(whole)):
        try:
            found = decode(whole[:length], "zk")
        except (ProtocolError, NotServingError):
            continue
        assert found == decode(whole, "zk")


@pytest.mark.parametrize("head", [b"HTTP", b"\xff\xff\xff\xff", struct.pack(">i", FRAME_LIMIT + 1)])
def test_a_length_that_no_frame_has_is_told(head: bytes) -> None:
    """Somebody else listens there."""
    with pytest.raises(ProtocolError, match="no ZooKeeper server"):
        decode_length(head, "zk")
