"""Conversations with a peer that may be any broker, any controller, or do anything at all."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from kafkaboot.probes.client import REPLY_LIMIT, TOPICS_LIMIT, Session
from kafkaboot.probes.endpoint import Endpoint
from kafkaboot.probes.partitions_wire import Metadata
from tests.patience import PATIENCE, bounded, with_more_time
from tests.unit import scripted_server as scripted
from tests.unit.kafkaboot.probes.recorded_broker import (
    CONTROLLER_4,
    answers_with,
    broker,
    follower,
    frame,
    payload_of,
    read_request,
    recorded,
    with_id,
)
from tests.unit.scripted_server import Caller, Script, ScriptedServer
from zkboot.pod.deadline import Deadline
from zkboot.pod.errors import BootError, NotServingError, ProtocolError, UnreachableError
from zkboot.pod.transport import ClosedError

T = TypeVar("T")

VERSIONS_4 = recorded("4.4.0-broker.api-versions0")


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Fail a test that leaves a file descriptor behind."""
    before = scripted.open_descriptors()
    yield
    assert scripted.open_descriptors() - before == set()


def ask(script: Script, question: Callable[[Session], T], *, timeout: float = PATIENCE, is_old: bool = False) -> T:
    """Return what *question* gets out of a peer that follows *script*, and fail where that lasts too long."""
    with (
        ScriptedServer(script) as server,
        bounded(timeout),
        Session(Endpoint(server.host, server.port, timeout, is_old=is_old)) as session,
    ):
        return question(session)


def greet(session: Session) -> None:
    """Ask what kafkaOk asks."""
    session.greet()


def metadata(session: Session) -> Metadata:
    """Ask what kafkaReady --in-sync asks, as broker 1."""
    session.ask_versions()
    return session.ask_metadata(1, None)


def leader(session: Session) -> tuple[int, bool]:
    """Ask what kafkaReady asks of a controller; return the leader and whether it has agreed."""
    session.ask_versions()
    leadership = session.ask_leader()
    return leadership.leader_id, leadership.is_own


# --- brokers as they were recorded -------------------------------------------------------------------

BROKERS = [
    ("0.10.2.2", "metadata1"),
    ("1.1.1", "metadata4"),
    ("2.8.2", "metadata4"),
    ("3.3.2", "metadata4"),
    ("3.9.2", "metadata4"),
    ("3.9.2-zookeeper", "metadata4"),
    ("4.0.2", "metadata4"),
    ("4.4.0", "metadata4"),
]


@pytest.mark.parametrize(("version", "name"), BROKERS)
def test_a_broker_is_asked_in_a_version_it_offers(version: str, name: str) -> None:
    """From 0.10 on, on one connection."""
    found = ask(broker(version, "in-sync", name), metadata)

    assert sorted(found.broker_ids) == [1, 2]
    assert found.hosted == 3


def hangs_up_on_api_versions(heard: list[str]) -> Script:
    """Return the script of a broker older than 0.10."""
    return answers_with({"metadata0": recorded("0.8.2.1-in-sync.metadata0")}, heard)


def test_a_broker_older_than_0_10_hangs_up_and_is_asked_again() -> None:
    """ApiVersions is a request it cannot read."""
    heard: list[str] = []

    found = ask(hangs_up_on_api_versions(heard), metadata)

    assert sorted(found.broker_ids) == [1, 2]
    assert heard == ["api-versions0", "metadata0"]


def test_a_broker_known_to_be_old_is_not_asked_what_it_cannot_read() -> None:
    """It would log an error with a stack trace at every probe."""
    heard: list[str] = []

    ask(hangs_up_on_api_versions(heard), greet, is_old=True)

    assert heard == ["metadata0"]


def test_an_old_broker_is_alive_when_it_answers_metadata() -> None:
    """Its bare hanging up could be anybody's."""
    heard: list[str] = []

    ask(hangs_up_on_api_versions(heard), greet)

    assert heard == ["api-versions0", "metadata0"]


def test_a_broker_is_alive_when_it_answers_api_versions() -> None:
    """Nothing more is asked: not of a cluster without a leader, not of a listener with SASL."""
    heard: list[str] = []

    ask(answers_with({"api-versions0": VERSIONS_4}, heard), greet)

    assert heard == ["api-versions0"]


@pytest.mark.parametrize(
    ("topics", "asked"), [(None, b"\xff\xff\xff\xff"), ((), bytes(4)), ({"orders"}, b"\0\0\0\1\0\6orders")]
)
def test_topics_are_asked_for_only_where_they_are_wanted(topics: set[str] | None, asked: bytes) -> None:
    """A cluster's list of topics is megabytes long."""
    requests: list[bytes] = []

    def script(caller: Caller) -> None:
        for name in ("broker.api-versions0", "in-sync.metadata4"):
            requests.append(read_request(caller))
            caller.send(with_id(recorded(f"4.4.0-{name}"), requests[-1]))

    def question(session: Session) -> Metadata:
        session.ask_versions()
        return session.ask_metadata(1, topics)

    ask(script, question)

    assert requests[1].endswith(b"kafkaboot" + asked + b"\0")


@pytest.mark.parametrize("pause", [0.0, 0.001], ids=["as-fast-as-it-goes", "slowly"])
def test_a_reply_may_come_byte_by_byte(pause: float) -> None:
    """TCP knows no messages."""
    replies = [VERSIONS_4, recorded("4.4.0-in-sync.metadata4")]

    def script(caller: Caller) -> None:
        for reply in replies:
            answer = with_id(reply, read_request(caller))
            for index in range(len(answer)):
                caller.send(answer[index : index + 1])
                time.sleep(pause)

    assert ask(script, metadata).hosted == 3


def test_the_metadata_of_a_large_cluster_are_read_whole() -> None:
    """Many times what may be read where no topics are listed."""
    count = 60000
    partition = bytes(2) + b"%b" + b"\0\0\0\1" + b"\0\0\0\3\0\0\0\1\0\0\0\2\0\0\0\3" + b"\0\0\0\2\0\0\0\1\0\0\0\2"
    rows = b"".join(partition % index.to_bytes(4, "big") for index in range(count))
    topic = bytes(2) + b"\0\1t" + b"\0" + count.to_bytes(4, "big") + rows
    head = b"\0\0\0\1" + bytes(4) + bytes(4) + b"\xff\xff" + b"\0\0\0\1"
    reply = frame(head + b"\0\0\0\1" + topic)
    assert REPLY_LIMIT < len(reply) < TOPICS_LIMIT

    found = ask(answers_with({"api-versions0": VERSIONS_4, "metadata4": reply}), metadata)

    assert found.hosted == count


def old_metadata(topic_count: int, size: int) -> bytes:
    """Return the frame of a 0.8 broker's metadata, of *size* bytes behind the number of topics."""
    broker = b"\0\0\0\1" + b"\0\0\0\1" + b"\0\1h" + b"\0\0\x23\x84"
    return frame(b"\0\0\0\1" + broker + topic_count.to_bytes(4, "big") + bytes(size))


def test_of_a_large_cluster_of_0_8_a_megabyte_is_read() -> None:
    """The broker sends every topic, asked or not; the brokers, which come first, are enough."""
    topic_size = 8
    reply = old_metadata(4 * REPLY_LIMIT // topic_size, 4 * REPLY_LIMIT)

    def script(caller: Caller) -> None:
        request = read_request(caller)
        if request[1:2] != b"\3":
            return
        caller.send(with_id(reply, request)[: 4 + REPLY_LIMIT])
        # Whatever more is wanted would be waited for.
        caller.stay_silent()

    def question(session: Session) -> Metadata:
        session.ask_versions()
        return session.ask_metadata(1)

    found = ask(script, question)

    assert (found.broker_ids, found.topic_count) == ((1,), 4 * REPLY_LIMIT // topic_size)
    ask(script, greet)


class OverForReaders(Deadline):
    """A deadline that is over once an answer is there, as for one that takes long to decode."""

    __slots__ = ()

    def remaining(self) -> float:
        """Return what is left for receiving: enough."""
        return PATIENCE


def test_an_answer_that_cannot_be_read_through_in_time_is_told() -> None:
    """It is all there, and the clock goes on while it is decoded."""
    count = 1 << 20
    reply = frame(bytes(4) * 2 + b"\0\0\0\0" + b"\xff\xff" + bytes(4) + count.to_bytes(4, "big") + bytes(9 * count))

    with (
        ScriptedServer(answers_with({"api-versions0": VERSIONS_4, "metadata4": reply})) as server,
        Session(Endpoint(server.host, server.port, PATIENCE), OverForReaders(0)) as session,
        pytest.raises(UnreachableError, match="the answer is too long to be read through within 0 s"),
    ):
        metadata(session)


# --- controllers -------------------------------------------------------------------------------------


def controller(version: str, case: str, fetch: str, *later: str) -> Script:
    """Return a script that answers as a recorded controller did in *case*, then as in each of *later*."""
    cases = [case, *later]

    def script(caller: Caller) -> None:
        request = read_request(caller)
        caller.send(with_id(recorded(f"{version}-controller.api-versions0"), request))
        for one in cases:
            request = read_request(caller)
            if request:
                caller.send(with_id(recorded(f"{version}-{one}.{fetch}"), request))

    return script


@pytest.mark.parametrize(("version", "fetch"), [("3.3.2", "fetch13"), ("3.9.2", "fetch17"), ("4.4.0", "fetch17")])
def test_a_leader_confirms_itself(version: str, fetch: str) -> None:
    """On the same connection, in its own epoch."""
    assert ask(controller(version, "leader", fetch, "leader-own-epoch"), leader) == (101, True)


def test_before_3_9_the_word_of_a_follower_is_all_there_is() -> None:
    """Nobody says where the leader listens."""
    assert ask(controller("3.3.2", "follower", "fetch13", "follower-own-epoch"), leader) == (101, False)


@pytest.mark.parametrize(("version", "fetch"), [("3.3.2", "fetch13"), ("3.9.2", "fetch17"), ("4.4.0", "fetch17")])
def test_no_leader_is_not_asked_anything(version: str, fetch: str) -> None:
    """There is nobody to ask."""
    assert ask(controller(version, "no-leader", fetch), leader) == (-1, False)


def test_the_leader_that_a_follower_names_is_asked() -> None:
    """A follower of 4.0 or newer goes on to name a leader it has lost."""
    heard: list[str] = []
    replies = {"api-versions0": CONTROLLER_4, "fetch17": recorded("4.4.0-leader-own-epoch.fetch17")}

    with ScriptedServer(answers_with(replies, heard)) as led_by:
        assert ask(follower(led_by.port), leader) == (101, True)
    assert heard == ["api-versions0", "fetch17"]


def test_a_leader_that_is_gone_is_told() -> None:
    """With both addresses."""
    port = scripted.free_port()

    with pytest.raises(
        NotServingError, match=rf"the leader of its quorum, 101, does not answer: 127\.0\.0\.1:{port}: "
    ):
        ask(follower(port), leader)


@with_more_time
def test_a_leader_that_is_paused_is_told_in_time(timeout: float) -> None:
    """Both conversations have one deadline."""
    with (
        ScriptedServer(scripted.silent) as led_by,
        pytest.raises(NotServingError, match=f"101, does not answer: .* no answer within {timeout:g} s"),
    ):
        ask(follower(led_by.port), leader, timeout=timeout)


def test_a_leader_that_leads_no_more_is_not_taken_for_one() -> None:
    """It names somebody, itself for one, and does not agree to the epoch."""
    replies = {"api-versions0": CONTROLLER_4, "fetch17": recorded("4.4.0-lost-leader.fetch17")}

    with ScriptedServer(answers_with(replies)) as led_by:
        assert ask(follower(led_by.port), leader) == (101, False)


def test_a_broker_is_no_controller() -> None:
    """A version of Fetch that knows no topic ids cannot be asked for the leader."""
    versions = recorded("2.8.2-broker.api-versions0")

    with pytest.raises(ProtocolError, match="offers versions 0 to 12 of Fetch, this probe speaks 13, 17"):
        ask(answers_with({"api-versions0": versions}), leader)


# --- peers that misbehave ----------------------------------------------------------------------------


def after_greeting(script: Script) -> Script:
    """Return a script that answers ApiVersions as a broker, and does to the next request what *script* says."""

    def both(caller: Caller) -> None:
        caller.send(with_id(VERSIONS_4, read_request(caller)))
        script(caller)

    return both


def sends(data: bytes) -> Script:
    """Return a script that answers one request with *data* and hangs up."""

    def script(caller: Caller) -> None:
        read_request(caller)
        caller.send(data)

    return script


def drips_too_slowly(caller: Caller) -> None:
    """Answer rightly, one byte each tenth of a second."""
    answer = with_id(VERSIONS_4, read_request(caller))
    for index in range(len(answer)):
        caller.send(answer[index : index + 1])
        time.sleep(0.1)


def claims_and_floods(caller: Caller) -> None:
    """Claim the largest answer that is allowed, and send for ever."""
    read_request(caller)
    caller.send(REPLY_LIMIT.to_bytes(4, "big"))
    while not caller.ended.is_set():
        caller.send(b"x" * 65536)


WRONG_ID = with_id(VERSIONS_4, bytes(4) + b"\x7f\0\0\1")

BAD = [
    pytest.param(scripted.silent, UnreachableError, "connected, but no answer within {} s", id="silent"),
    pytest.param(scripted.closes, UnreachableError, "is starting or stopping, or this is no plain-text", id="closes"),
    pytest.param(scripted.resets, UnreachableError, "reset the connection|hung up at once", id="resets"),
    pytest.param(sends(b"\0\0"), ClosedError, "after 2 bytes of an answer", id="half-a-size"),
    pytest.param(scripted.stops_after(b"\0\0\1"), UnreachableError, "stopped after 3 bytes", id="hangs-in-the-size"),
    pytest.param(sends(VERSIONS_4[:4]), ClosedError, "closed the connection after 4 bytes", id="ends-after-the-size"),
    pytest.param(scripted.stops_after(VERSIONS_4[:4]), UnreachableError, "stopped after 4 bytes", id="hangs-after-it"),
    pytest.param(sends(VERSIONS_4[:-1]), ClosedError, "closed the connection after 475 bytes", id="a-byte-short"),
    pytest.param(scripted.stops_after(VERSIONS_4[:-1]), UnreachableError, "stopped after 475 bytes", id="hangs-at-it"),
    pytest.param(scripted.resets_after(VERSIONS_4[:100]), ClosedError, "reset the connection after", id="resets-late"),
    pytest.param(drips_too_slowly, UnreachableError, "the answer stopped after", id="drips-too-slowly"),
    pytest.param(
        sends(b"\x7f\xff\xff\xff"), ProtocolError, "an answer of 2147483647 bytes, where 4 to 1048576", id="2gb"
    ),
    pytest.param(sends(b"\xff\xff\xff\xff"), ProtocolError, "an answer of -1 bytes", id="negative-size"),
    pytest.param(sends(bytes(4)), ProtocolError, "an answer of 0 bytes", id="no-size"),
    pytest.param(sends(frame(b"\0\0\0\1")), ProtocolError, "2 bytes expected, 0 left", id="nothing-in-it"),
    pytest.param(
        sends(frame(payload_of("4.4.0-broker.api-versions0") + b"x")), ProtocolError, "1 bytes more", id="more"
    ),
    pytest.param(sends(WRONG_ID), ProtocolError, "correlation id 2130706433, not 1", id="another-answer"),
    pytest.param(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ProtocolError, "an answer of 1213486160 bytes", id="http"),
    pytest.param(sends(b"SSH-2.0-OpenSSH_9.2\r\n"), ProtocolError, "is this a Kafka listener", id="ssh"),
    pytest.param(sends(b"imok"), ProtocolError, "is this a Kafka listener", id="zookeeper"),
    pytest.param(scripted.never_stops(b"\0\0\1\0" + b"x" * 996), ProtocolError, "correlation id", id="endless-garbage"),
    pytest.param(claims_and_floods, ProtocolError, "correlation id 2021161080, not 1", id="floods"),
    pytest.param(scripted.speaks_tls, ProtocolError, "speaks TLS where plain text is expected", id="tls"),
    pytest.param(
        scripted.closes_or_speaks_tls, ProtocolError, "speaks TLS where plain text is expected", id="tls-closes"
    ),
]


@pytest.mark.parametrize("question", [greet, metadata, leader])
@pytest.mark.parametrize(("script", "error", "message"), BAD)
@with_more_time
def test_a_bad_peer_is_told_in_time(
    script: Script, error: type[BootError], message: str, question: Callable[[Session], object], timeout: float
) -> None:
    """Whatever it does, before any deadline of ours is far gone."""
    if question is leader and script in (scripted.closes, scripted.resets):
        # Nobody asks a peer for its leader that has not offered it.
        # A reset may be there before the connection is.
        message, error = "offers no Fetch|hung up at once", BootError

    with pytest.raises(error, match=message.replace("{}", f"{timeout:g}")):
        ask(script, question, timeout=timeout)


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        pytest.param(
            sends(VERSIONS_4[:4]), ClosedError, "closed the connection after 4 bytes", id="ends-after-the-size"
        ),
        pytest.param(
            scripted.closes, ProtocolError, "without an answer to Metadata, as a listener with SASL does", id="sasl"
        ),
        pytest.param(scripted.silent, UnreachableError, "no answer within|stopped", id="silent"),
        pytest.param(sends(b"\0\0\0\x64\0\0\0\2"), ClosedError, "closed the connection after", id="cut"),
        pytest.param(
            sends((TOPICS_LIMIT + 1).to_bytes(4, "big")),
            ProtocolError,
            "33554433 bytes, where 4 to 33554432",
            id="size",
        ),
        pytest.param(sends(recorded("4.4.0-in-sync.metadata4")), ProtocolError, "correlation id 1, not 2", id="stale"),
    ],
)
@with_more_time
def test_a_peer_may_go_bad_after_a_good_start(
    script: Script, error: type[BootError], message: str, timeout: float
) -> None:
    """Between two questions."""
    with pytest.raises(error, match=message):
        ask(after_greeting(script), metadata, timeout=timeout)


def test_without_topics_a_large_answer_is_refused() -> None:
    """The brokers alone never take a megabyte."""

    def question(session: Session) -> Metadata:
        session.ask_versions()
        return session.ask_metadata(1)

    with pytest.raises(ProtocolError, match="33554432 bytes, where 4 to 1048576 are allowed"):
        ask(after_greeting(sends(TOPICS_LIMIT.to_bytes(4, "big"))), question)


def test_a_controller_with_sasl_is_told() -> None:
    """ApiVersions comes before the login, Fetch does not."""
    with pytest.raises(ProtocolError, match="without an answer to Fetch, as a listener with SASL does"):
        ask(answers_with({"api-versions0": CONTROLLER_4}), leader)


def test_nobody_there_is_told() -> None:
    """At once."""
    with (
        Session(Endpoint("127.0.0.1", scripted.free_port(), PATIENCE)) as session,
        pytest.raises(UnreachableError, match="connection refused, nothing listens there"),
    ):
        session.greet()


@with_more_time
def test_a_full_backlog_is_told_in_time(timeout: float) -> None:
    """A broker that is paused long enough takes no connection."""
    with (
        scripted.BlackHole() as hole,
        bounded(timeout),
        Session(Endpoint("127.0.0.1", hole.port, timeout)) as session,
        pytest.raises(UnreachableError, match="no connection within"),
    ):
        session.greet()


@with_more_time
def test_a_deadline_of_the_caller_counts_more_than_the_endpoint(timeout: float) -> None:
    """Several conversations may share one."""
    with (
        ScriptedServer(scripted.silent) as server,
        bounded(timeout),
        Session(Endpoint(server.host, server.port, PATIENCE), Deadline(timeout)) as session,
        pytest.raises(UnreachableError, match=f"no answer within {timeout:g} s"),
    ):
        session.greet()


def test_a_session_may_be_closed_twice() -> None:
    """Or without ever having been opened."""
    session = Session(Endpoint("127.0.0.1", 1, 1.0))

    session.close()
    session.close()


def test_who_waits_for_another_long_answer_gives_up_in_time() -> None:
    """What is short is asked all the same."""
    with ScriptedServer(answers_with({"api-versions0": VERSIONS_4})) as server:
        first, third = (Session(Endpoint(server.host, server.port, PATIENCE)) for _ in range(2))
        with first.turn(), Session(Endpoint(server.host, server.port, 0.2)) as second, third:
            with pytest.raises(UnreachableError, match=r"long answers to others took all of 0\.2 s"):
                second.ask_metadata(1, None)

            third.greet()
