"""The levels of features in ApiVersions 3, as a node of 4.4.0 answered at the metadata.version of 4.3."""

import pytest

from kafkaboot.probes.features_wire import decode_features
from tests.unit.kafkaboot.probes.recorded_broker import payload_of
from zkboot.pod.errors import ProtocolError

BEGIN = "00000001 0000 01 00000000"


@pytest.mark.parametrize("role", ["broker", "controller"])
def test_a_cluster_that_was_not_raised_is_seen(role: str) -> None:
    """Its metadata.version is behind that of the software; the other features have no lowest level but 0."""
    found = decode_features(payload_of(f"4.4.0-at-4.3-{role}.api-versions3"), 1)

    assert (found.finalized["metadata.version"], found.supported) == (30, {"metadata.version": 33})
    assert found.finalized["transaction.version"] == 2


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("00000002 0000", "correlation id 2, not 1"),
        ("00000001 0023", r"error 35 \(UNSUPPORTED_VERSION\)"),
        ("00000001 0000 ffffffff0f", "elements"),
        (f"{BEGIN} 01 02 05 ffffffff0f", "elements"),
        (f"{BEGIN} 01 02 08 02 02ff 0001 0001 00", "is not UTF-8"),
        (f"{BEGIN} 01 00 02 01 00", "1 bytes more"),
    ],
)
def test_an_absurd_reply_is_refused_with_the_place(payload: str, message: str) -> None:
    """Nothing is allocated by what it claims."""
    with pytest.raises(ProtocolError, match=message):
        decode_features(bytes.fromhex(payload), 1)


def test_a_server_without_features_has_none() -> None:
    """As one that has no tagged fields to say."""
    found = decode_features(bytes.fromhex(f"{BEGIN} 00"), 1)

    assert (found.finalized, found.supported) == ({}, {})
