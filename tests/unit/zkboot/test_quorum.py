"""Waiting for a quorum: a session that opens, servers that do not, and a limit that holds whatever they do."""

import struct
from pathlib import Path
from ssl import CERT_REQUIRED, PROTOCOL_TLS_SERVER, VERIFY_X509_PARTIAL_CHAIN, SSLContext

import pytest

from tests.certificates import Authority
from tests.patience import PATIENCE, bounded, with_more_time
from tests.unit.scripted_server import BlackHole, Caller, ScriptedServer, over_tls
from zkboot.members.doors import tls_of
from zkboot.pod.errors import BootError, NotServingError, UnreachableError
from zkboot.quorum import wait_for_quorum

NOT_SERVING = b"This ZooKeeper instance is not currently serving requests\n"
SERVING = b"Zookeeper version: 3.9.4\nMode: follower\nNode count: 5\n"

SESSION = struct.pack(">iiqi16s?", 0, 4000, 7, 16, b"p" * 16, False)  # noqa: FBT003 - the last field is a boolean
"""ConnectResponse of zookeeper.jute: protocol version, time-out, session id, password, read-only."""

CLOSE_SESSION = struct.pack(">i", -11)
"""OpCode.closeSession of ZooKeeper, behind the four bytes of a request's number."""


def serving(caller: Caller) -> None:
    """Open a session for whoever asks, as a member of a quorum does."""
    answer(caller, SESSION, SERVING)


def refusing(caller: Caller) -> None:
    """Serve four-letter words alone, as a server that asks for authentication seems to do."""
    answer(caller, b"", SERVING)


def lonely(caller: Caller) -> None:
    """Serve nobody, as a server without a quorum does."""
    answer(caller, b"", NOT_SERVING)


def answer(caller: Caller, session: bytes, srvr: bytes) -> None:
    """Answer a request for a session with *session*, the word ``srvr`` with *srvr*."""
    head = caller.receive(4)
    if head == b"srvr":
        caller.send(srvr)
        return
    if not session or len(head) < 4:
        return
    caller.receive(struct.unpack(">i", head)[0])
    caller.send(struct.pack(">i", len(session)) + session)
    while (head := caller.receive(4)) and len(head) == 4:
        if caller.receive(struct.unpack(">i", head)[0])[4:8] == CLOSE_SESSION:
            return


def failure(timeout: float, *addresses: tuple[str, int]) -> tuple[str, ...]:
    """Return the problems of waiting for *addresses* in vain, which must not outlast its limit."""
    with bounded(timeout), pytest.raises(BootError) as caught:
        wait_for_quorum(addresses, timeout)

    assert caught.type is (NotServingError if "is not serving" in str(caught.value) else UnreachableError)
    return caught.value.problems


def test_one_session_is_a_quorum() -> None:
    """Whichever server opens it: it cannot without a majority behind it."""
    with ScriptedServer(serving) as server:
        took = wait_for_quorum([("127.0.0.1", server.port)], PATIENCE)

    assert 0 <= took < PATIENCE


def test_a_session_over_tls_needs_the_issuer_alone(tmp_path: Path) -> None:
    """ca.crt may be the intermediate, without the root that signed it; the pod shows its own certificate."""
    middle = Authority("middle", Authority("root"))
    folder = middle.issue("localhost").write(tmp_path, middle.ca_crt)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    context.load_verify_locations(folder / "ca.crt")
    context.verify_flags |= VERIFY_X509_PARTIAL_CHAIN
    context.verify_mode = CERT_REQUIRED
    with ScriptedServer(over_tls(context, serving)) as server:
        took = wait_for_quorum([("localhost", server.port)], PATIENCE, tls_of(str(folder)))

    assert 0 <= took < PATIENCE


@with_more_time
def test_a_silent_address_does_not_use_up_the_time_of_the_others(timeout: float) -> None:
    """The address of a pod that is gone swallows what is sent to it; kazoo asks in random order."""
    with ScriptedServer(serving) as server, BlackHole() as hole:
        assert wait_for_quorum([("127.0.0.1", hole.port), ("127.0.0.1", server.port)], 8 * timeout) < 6 * timeout


@with_more_time
def test_each_server_s_reason_is_told(timeout: float) -> None:
    """One line for the whole, one for each server, in the order that they were given."""
    with ScriptedServer(lonely) as alone, ScriptedServer(Caller.reset) as gone:
        problems = failure(timeout, ("127.0.0.1", alone.port), ("127.0.0.1", gone.port), ("127.0.0.1", 1))

    assert problems[0] == f"no session within {timeout:g} s: 1 of 3 servers answer"
    assert problems[1].startswith(f"127.0.0.1:{alone.port} is not serving requests")
    assert problems[2].startswith(f"127.0.0.1:{gone.port}")
    assert problems[3].startswith("127.0.0.1:1: connection refused")


@pytest.mark.parametrize("script", [Caller.stay_silent, Caller.reset], ids=["silent", "resetting"])
@with_more_time
def test_a_server_that_never_answers_does_not_outlast_the_limit(script: object, timeout: float) -> None:
    """Neither kazoo's attempts nor the questions afterwards."""
    assert callable(script)
    with ScriptedServer(script) as server:
        problems = failure(timeout, ("127.0.0.1", server.port))

    assert problems[0] == f"no session within {timeout:g} s: 0 of 1 servers answer"


@with_more_time
def test_addresses_that_swallow_everything_do_not_outlast_the_limit(timeout: float) -> None:
    """Nor do several, one after the other."""
    with BlackHole() as one, BlackHole() as other:
        problems = failure(timeout, ("127.0.0.1", one.port), ("127.0.0.1", other.port))

    assert len(problems) == 3
    assert all("no connection within" in problem for problem in problems[1:])


@with_more_time
def test_a_name_that_is_unknown_is_told(timeout: float) -> None:
    """Where the headless service does not know the pod yet."""
    problems = failure(timeout, ("zk-0.zk-svc.invalid", 2181))

    assert problems[1].startswith("zk-0.zk-svc.invalid:2181: the name does not resolve")


@with_more_time
def test_a_server_that_serves_but_opens_no_session_is_told(timeout: float) -> None:
    """It may ask for authentication, which this question has not."""
    with ScriptedServer(refusing) as server, pytest.raises(NotServingError) as caught:
        wait_for_quorum([("127.0.0.1", server.port)], timeout)

    assert caught.value.problems == (
        f"no session within {timeout:g} s: 1 of 1 servers answer",
        f"127.0.0.1:{server.port} is follower, but opened no session: does it ask for authentication?",
    )
