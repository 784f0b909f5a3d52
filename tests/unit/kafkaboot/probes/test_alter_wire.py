"""The request by which a broker reads its TLS files again, byte by byte."""

import pytest

from kafkaboot.probes.alter_wire import decode_refusal, encode_settings
from zkboot.pod.errors import ProtocolError

TAKEN = bytes.fromhex("00000007 00000000 00000001 0000 ffff 04 0001 31")
REFUSED = bytes.fromhex("00000007 00000000 00000001 001f 0003 6e6f21 04 0001 31")


def test_the_settings_of_one_broker_are_set() -> None:
    """Each by the operation SET, and not for validation alone."""
    assert encode_settings("12", {"a": "b", "c": "d"}) == bytes.fromhex(
        "00000001 04 0002 3132 00000002 0001 61 00 0001 62 0001 63 00 0001 64 00"
    )


def test_a_refusal_has_its_reason() -> None:
    """And none is none."""
    assert decode_refusal(TAKEN, 7, "the peer") is None
    assert decode_refusal(REFUSED, 7, "the peer") == (31, "no!")


@pytest.mark.parametrize("whole", [TAKEN, REFUSED], ids=["taken", "refused"])
def test_an_answer_that_is_cut_or_too_long_is_refused(whole: bytes) -> None:
    """At any byte; and one about more than was asked for."""
    twice = whole[:8] + (2).to_bytes(4, "big") + whole[12:] + whole[12:]
    for payload in (*(whole[:size] for size in range(len(whole))), whole + b"\0", twice):
        with pytest.raises(ProtocolError):
            decode_refusal(payload, 7, "the peer")
