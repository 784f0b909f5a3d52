"""A pod's own login: the answer to a server's challenge, when it is given, and what a refusal comes to."""

import struct
from collections.abc import Callable

import pytest

from tests.unit.scripted_server import Caller, ScriptedServer
from zkboot.endpoint import Endpoint
from zkboot.members.asking import ask_peers
from zkboot.members.digest_md5 import answer_of
from zkboot.members.peer import UNPROVEN, Peer
from zkboot.members.wire import decode_login, encode_login
from zkboot.pod.errors import LoginError, ProtocolError

CHALLENGE = b'realm="zk-sasl-md5",nonce="OA6MG9tEQGm2hh",qop="auth",charset=utf-8,algorithm=md5-sess'
LIST = b"server.1=zk-0:2888:3888:participant;0.0.0.0:2181\nversion=0\n"
MODE = b"Zookeeper version: 3.9.5\nMode: leader\nNode count: 5\n"
SESSION = struct.pack(">iiqi", 0, 4000, 0x1000, 16) + b"p" * 16 + b"\0"


def frame(content: bytes) -> bytes:
    """Return *content* as it is sent."""
    return struct.pack(">i", len(content)) + content


def reply(xid: int, error: int = 0, data: bytes | None = None) -> bytes:
    """Return a server's reply, with *data* if it is given."""
    content = struct.pack(">iqi", xid, 7, error)
    return frame(content if data is None else content + struct.pack(">i", len(data)) + data + b"\0" * 68)


def receive(caller: Caller) -> bytes:
    """Return the content of the next frame that *caller* sends."""
    return caller.receive(*struct.unpack(">i", caller.receive(4)))


def opened(caller: Caller) -> bool:
    """Answer `srvr`, or open a session and return that there is one."""
    head = caller.receive(4)
    if head == b"srvr":
        caller.send(MODE)
        return False
    caller.receive(*struct.unpack(">i", head))
    caller.send(frame(SESSION))
    return True


def asking_for_logins(verdict: Callable[[bytes], bytes]) -> Callable[[Caller], None]:
    """Return a server that shows its list to whom it knows; *verdict* is what it says to the answer of a login."""

    def script(caller: Caller) -> None:
        if not opened(caller):
            return
        request = receive(caller)
        if request[4:8] != struct.pack(">i", 102):
            caller.send(reply(1, error=-124))
            return
        caller.send(reply(3, data=CHALLENGE))
        said = verdict(receive(caller)[12:])
        caller.send(said)
        if said.endswith(b"\0"):
            receive(caller)
            caller.send(reply(1, data=LIST))

    return script


def found(verdict: Callable[[bytes], bytes], login: tuple[str, str] | None) -> Peer:
    """Return what a pod that has *login* finds at such a server."""
    with ScriptedServer(asking_for_logins(verdict)) as server:
        endpoint = Endpoint(server.host, server.port, 20)
        endpoint.login = login
        return ask_peers({1: [endpoint]}, 60)[1]


def test_the_answer_is_that_of_rfc_2831() -> None:
    """As servers of 3.4 to 3.9 took it, with a nonce that is known."""
    assert answer_of(CHALLENGE, "alice", 'p"w\\', "OA6MHXh6VqTrRk") == (
        b'charset=utf-8,username="alice",realm="zk-sasl-md5",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk"'
        b',digest-uri="zookeeper/zk-sasl-md5",maxbuf=65536,response=be49fa4a8b82e1a3be3fb82c04ff9850,qop=auth'
    )


@pytest.mark.parametrize("challenge", [b"", b"rspauth=1", b"nonce=", b'nonce="'])
def test_what_is_no_challenge_is_refused(challenge: bytes) -> None:
    """A server that knows no DIGEST-MD5 says nothing, or something else."""
    with pytest.raises(ValueError, match="is no challenge of DIGEST-MD5"):
        answer_of(challenge, "alice", "x", "n")


def test_a_login_is_a_request_with_a_token() -> None:
    """Bytes as kazoo sends them; every cut of the reply is an error, or means the same."""
    assert encode_login(b"abc").hex() == "0000000f" + "00000003" + "00000066" + "00000003" + b"abc".hex()
    whole = reply(3, data=CHALLENGE)[4:]
    assert decode_login(whole, "zk") == CHALLENGE
    for length in range(20 + len(CHALLENGE)):
        with pytest.raises(ProtocolError):
            decode_login(whole[:length], "zk")


def test_a_list_that_is_shown_to_users_alone_is_read() -> None:
    """The password itself is not sent."""
    answers: list[bytes] = []

    def yes(answer: bytes) -> bytes:
        answers.append(answer)
        return reply(3, data=b"rspauth=1")

    peer = found(yes, ("alice", "hush1234"))

    assert (peer.mode, peer.members is not None) == ("leader", True)
    assert b'username="alice"' in answers[0]
    assert b"hush1234" not in answers[0]


@pytest.mark.parametrize(
    ("verdict", "login", "reason"),
    [
        (reply(3, error=-124), ("alice", "x"), "does not take this pod's login (error -124)"),
        (b"", ("alice", "x"), "hangs up on this pod's login"),
        (b"", None, "asks for a login, and this pod has none"),
    ],
)
def test_a_server_that_lets_nobody_in_is_none_that_is_gone(
    verdict: bytes, login: tuple[str, str] | None, reason: str
) -> None:
    """It runs, and may have data: an empty volume beside it must not vote."""
    peer = found(lambda _: verdict, login)

    assert (peer.mode, peer.reason) == (UNPROVEN, reason)


def test_a_server_without_logins_is_read_as_ever() -> None:
    """While an ensemble migrates, some have none yet."""

    def script(caller: Caller) -> None:
        if opened(caller):
            receive(caller)
            caller.send(reply(1, data=LIST))

    with ScriptedServer(script) as server:
        endpoint = Endpoint(server.host, server.port, 20)
        endpoint.login = ("alice", "x")
        assert ask_peers({1: [endpoint]}, 60)[1].mode == "leader"


def test_a_refused_login_is_an_error_of_its_own() -> None:
    """Whatever the number."""
    with pytest.raises(LoginError):
        decode_login(reply(3, error=-115)[4:], "zk")
