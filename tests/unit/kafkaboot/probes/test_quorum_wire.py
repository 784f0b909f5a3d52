"""DescribeQuorum, byte by byte; and a conversation about it."""

import pytest

from kafkaboot.probes.client import Session
from kafkaboot.probes.endpoint import Endpoint
from kafkaboot.probes.quorum_wire import decode_quorum, encode_voters_question
from tests.unit.kafkaboot.probes.recorded_broker import NO_VOTERS, VOTERS, answers_with, recorded
from tests.unit.scripted_server import ScriptedServer
from zkboot.pod.errors import ProtocolError

TOPIC = "135f5f636c75737465725f6d65746164617461"
BEGIN = f"00000001 00 0000 02 {TOPIC} 02 00000000 0000"


def test_the_request_is_encoded_as_the_protocol_guide_says() -> None:
    """Byte for byte."""
    assert encode_voters_question(7) == bytes.fromhex(
        f"00000030 0037 0000 00000007 0009 6b61666b61626f6f74 00 02 {TOPIC} 02 00000000 00 00 00"
    )


def test_the_leader_says_who_votes() -> None:
    """In order; nobody else does."""
    quorum = decode_quorum(VOTERS[4:], 1)

    assert quorum is not None
    assert sorted(quorum.voters) == [1, 2, 3]
    assert decode_quorum(NO_VOTERS[4:], 1) is None


@pytest.mark.parametrize("reply", [VOTERS, NO_VOTERS], ids=["leader", "follower"])
def test_a_reply_cut_at_any_byte_is_refused(reply: bytes) -> None:
    """And one with bytes behind its end."""
    for length in range(4, len(reply)):
        with pytest.raises(ProtocolError):
            decode_quorum(reply[4:length], 1)
    with pytest.raises(ProtocolError, match="1 bytes more"):
        decode_quorum(reply[4:] + b"\0", 1)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("00000002 00 0000", "correlation id 2, not 1"),
        ("00000001 00 001f 01 00", r"error 31 \(CLUSTER_AUTHORIZATION_FAILED\)"),
        (f"00000001 00 0000 03 {TOPIC} 01 00 {TOPIC} 01 00 00", "not the one topic"),
        ("00000001 00 0000 01 00", "not the one topic"),
        ("00000001 00 0000 02 135f5f636c75737465725f6d65746164617462 01 00 00", "not the one topic"),
        (f"00000001 00 0000 02 {TOPIC} 01 00 00 00", "not the one partition"),
        (f"00000001 00 0000 02 {TOPIC} 02 00000007 {'00' * 25}", "not the one partition"),
        (f"00000001 00 0000 02 {TOPIC} 02 00000000 0023 {'00' * 25}", r"error 35 \(UNSUPPORTED_VERSION\)"),
        (f"{BEGIN} {'00' * 16} ffffffff0f 00", "elements"),
    ],
)
def test_an_absurd_reply_is_refused_with_the_place(payload: str, message: str) -> None:
    """Nothing is allocated by what it claims."""
    with pytest.raises(ProtocolError, match=message):
        decode_quorum(bytes.fromhex(payload), 1)


def test_more_replicas_than_any_quorum_has_are_refused() -> None:
    """Though the bytes be there."""
    count, replicas = "924e", "00" * 13 * 10001
    with pytest.raises(ProtocolError, match="10001 replicas"):
        decode_quorum(bytes.fromhex(f"{BEGIN} {'00' * 16} {count} {replicas} 01 00 00 00"), 1)


@pytest.mark.parametrize(("reply", "voters"), [(VOTERS, (1, 2, 3)), (NO_VOTERS, None)], ids=["leader", "follower"])
def test_a_controller_is_asked(reply: bytes, voters: tuple[int, ...] | None) -> None:
    """After its versions."""
    heard: list[str] = []
    replies = {"api-versions0": recorded("4.4.0-controller.api-versions0"), "describe-quorum0": reply}
    with (
        ScriptedServer(answers_with(replies, heard)) as server,
        Session(Endpoint(server.host, server.port, 2)) as session,
    ):
        session.ask_versions()

        assert session.ask_voters() == voters
    assert heard == ["api-versions0", "describe-quorum0"]


def test_a_peer_that_does_not_know_the_question_is_told() -> None:
    """A broker of ZooKeeper mode, say."""
    replies = {"api-versions0": recorded("2.8.2-broker.api-versions0")}
    with (
        ScriptedServer(answers_with(replies)) as server,
        Session(Endpoint(server.host, server.port, 2)) as session,
    ):
        session.ask_versions()
        with pytest.raises(ProtocolError, match="DescribeQuorum"):
            session.ask_voters()
