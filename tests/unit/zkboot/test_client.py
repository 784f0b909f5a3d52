"""Asking one word of a server that may do anything."""

from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE, bounded, with_more_time
from tests.unit import scripted_server as scripted
from tests.unit.scripted_server import Caller, Script, ScriptedServer
from zkboot.client import MNTR_LIMIT, REPLY_LIMIT, ask
from zkboot.endpoint import Endpoint
from zkboot.pod.deadline import Deadline
from zkboot.pod.errors import BootError, ProtocolError, UnreachableError
from zkboot.words import MNTR, RUOK, SRVR


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Fail a test that leaves a file descriptor behind."""
    before = scripted.open_descriptors()
    yield
    assert scripted.open_descriptors() - before == set()


def ask_of(script: Script, word: bytes = RUOK, timeout: float = PATIENCE) -> bytes:
    """Ask *word* of a server that follows *script*, and fail where that lasts too long."""
    with ScriptedServer(script) as server, bounded(timeout):
        return ask(Endpoint(server.host, server.port, timeout), word)


@pytest.mark.parametrize("word", [RUOK, SRVR, MNTR])
def test_exactly_four_bytes_are_sent(word: bytes) -> None:
    """A fifth, which the server never reads, would cost the reply now and then."""
    heard: list[bytes] = []

    def listen(caller: Caller) -> None:
        heard.append(caller.receive(4))
        caller.connection.settimeout(0.05)
        try:
            heard.append(caller.receive(1))
        except TimeoutError:
            caller.send(b"imok")

    assert ask_of(listen, word) == b"imok"
    assert heard == [word]


@pytest.mark.parametrize("pause", [0.0, 0.002], ids=["as-fast-as-it-goes", "slowly"])
def test_a_reply_may_come_byte_by_byte(pause: float) -> None:
    """TCP knows no messages."""
    reply = b"Zookeeper version: 3.9.5\nMode: follower\nNode count: 5\n"

    assert ask_of(scripted.drips(reply, pause=pause), SRVR) == reply


def test_a_long_reply_to_mntr_is_read_whole() -> None:
    """Much longer than one segment, one buffer or one recv."""
    reply = b"".join(b"zk_metric_%d\t%d\n" % (number, number) for number in range(40000))
    assert REPLY_LIMIT < len(reply) < MNTR_LIMIT

    assert ask_of(scripted.answers(reply), MNTR) == reply


@pytest.mark.parametrize(("word", "limit"), [(RUOK, REPLY_LIMIT), (SRVR, REPLY_LIMIT), (MNTR, MNTR_LIMIT)])
def test_an_endless_reply_is_given_up(word: bytes, limit: int) -> None:
    """Nobody fills the memory of a probe."""
    with pytest.raises(ProtocolError, match=f"the answer does not end within {limit} bytes, it begins 'zk_a"):
        ask_of(scripted.never_stops(b"zk_a\t1\n" * 1000), word)


@pytest.mark.parametrize("script", [scripted.closes, scripted.resets_after(b"")], ids=["end", "reset"])
def test_a_server_that_hangs_up_gave_an_empty_reply(script: Script) -> None:
    """ZooKeeper does so, one way or the other, to a connection over its limit."""
    assert ask_of(script) == b""


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        pytest.param(scripted.silent, UnreachableError, "connected, but no answer within {} s", id="silent"),
        pytest.param(scripted.stops_after(b"im"), UnreachableError, "stopped after 2 bytes", id="half-a-word"),
        pytest.param(scripted.resets_after(b"im"), UnreachableError, "after 2 bytes of an answer", id="reset-halfway"),
        pytest.param(scripted.closes_or_speaks_tls, ProtocolError, "speaks TLS", id="tls"),
        pytest.param(scripted.drips(b"x" * 500, pause=0.1), UnreachableError, "stopped after", id="drips-too-slowly"),
    ],
)
@with_more_time
def test_a_bad_server_is_told(script: Script, error: type[BootError], message: str, timeout: float) -> None:
    """In time, whatever it does."""
    with pytest.raises(error, match=message.replace("{}", f"{timeout:g}")):
        ask_of(script, timeout=timeout)


def test_nobody_there_is_told() -> None:
    """At once."""
    with pytest.raises(UnreachableError, match="connection refused, nothing listens there"):
        ask(Endpoint("127.0.0.1", scripted.free_port(), PATIENCE), RUOK)


@with_more_time
def test_a_deadline_of_the_caller_counts_more_than_the_endpoint(timeout: float) -> None:
    """Several questions may share one."""
    with (
        ScriptedServer(scripted.silent) as server,
        bounded(timeout),
        pytest.raises(UnreachableError, match=f"no answer within {timeout:g} s"),
    ):
        ask(Endpoint(server.host, server.port, PATIENCE), RUOK, Deadline(timeout))
