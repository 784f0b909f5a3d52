"""A TCP exchange: every behaviour of a peer, every kind of address, and always the deadline."""

import _socket
import _thread
import errno
import os
import re
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.patience import PATIENCE, bounded, with_more_time
from tests.unit import scripted_server as scripted
from tests.unit.scripted_server import BlackHole, Caller, Script, ScriptedServer
from zkboot.pod import connection as connection_module
from zkboot.pod import deadline as deadline_module
from zkboot.pod import resolve as resolve_module
from zkboot.pod import tls_question as question_module
from zkboot.pod.connection import Connection, connect
from zkboot.pod.deadline import Deadline
from zkboot.pod.errors import BootError, NoAddressError, ProtocolError, UnreachableError
from zkboot.pod.tls_question import CLIENT_HELLO, is_tls
from zkboot.pod.transport import ClosedError


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Fail a test that leaves a file descriptor behind."""
    before = scripted.open_descriptors()
    yield
    assert scripted.open_descriptors() - before == set()


def exchange(host: str, port: int, timeout: float = PATIENCE, *, limit: int = 1000) -> bytes:
    """Send ``ruok`` and return all that comes back."""
    with connect(host, port, Deadline(timeout)) as connection:
        connection.send(b"ruok")
        return connection.receive_until_eof(limit)


def exchange_with(script: Script, timeout: float = PATIENCE, *, limit: int = 1000) -> bytes:
    """Have the exchange with a server that follows *script*, within the bounds of every exchange."""
    with ScriptedServer(script) as server, bounded(timeout):
        return exchange(server.host, server.port, timeout, limit=limit)


def frame_from(script: Script, count: int, timeout: float = PATIENCE) -> bytes:
    """Send ``ruok`` to a server that follows *script* and return the next *count* bytes."""
    with (
        ScriptedServer(script) as server,
        bounded(timeout),
        connect(server.host, server.port, Deadline(timeout)) as connection,
    ):
        connection.send(b"ruok")
        return connection.receive_exactly(count)


def says(data: bytes) -> Script:
    """Return a script that says *data* and hangs up after the question."""

    def script(caller: Caller) -> None:
        caller.send(data)
        caller.receive(4)

    return script


def replaces(monkeypatch: pytest.MonkeyPatch, **names: object) -> None:
    """Give the modules under test other *names* of ``_socket``; the servers of these tests keep the real ones."""
    for module in (connection_module, resolve_module, question_module):
        monkeypatch.setattr(module, "_socket", SimpleNamespace(**(vars(_socket) | names)))


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    """Let every name stand for *addresses*, in this order; an address stands for itself, as ever."""
    real = _socket.getaddrinfo

    def resolve(host: bytes, port: int, *hints: int) -> list[Any]:
        if _socket.AI_NUMERICHOST in hints:
            return real(host, port, *hints)
        return [found for address, at in addresses for found in real(address.encode(), at, *hints)]

    replaces(monkeypatch, getaddrinfo=resolve)


# --- a peer that behaves --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(scripted.answers(b"imok"), id="at-once"),
        pytest.param(scripted.drips(b"imok", pause=0.01), id="byte-by-byte"),
        pytest.param(says(b"imok"), id="before-the-question"),
    ],
)
def test_an_answer_is_received_whole(script: Script) -> None:
    """However it is cut on the wire."""
    assert exchange_with(script) == b"imok"


def test_a_long_answer_is_received_whole() -> None:
    """Longer than any buffer on the way."""
    reply = bytes(range(256)) * 3000

    assert exchange_with(scripted.answers(reply), limit=1 << 20) == reply


def test_no_answer_is_empty() -> None:
    """A peer that hangs up without a byte leaves the verdict to the caller."""
    assert exchange_with(scripted.closes) == b""


def test_several_requests_share_one_connection() -> None:
    """A framed protocol reads exactly what it expects, then asks again."""

    def echo(caller: Caller) -> None:
        while request := caller.receive(3):
            for byte in request:
                caller.send(bytes([byte]))

    with ScriptedServer(echo) as server, bounded(), connect(server.host, server.port, Deadline(PATIENCE)) as connection:
        for request in (b"abc", b"def", b"ghi"):
            connection.send(request)

            assert connection.receive_exactly(1) + connection.receive_exactly(2) == request


def test_an_exact_length_leaves_the_rest_for_the_next_read() -> None:
    """The next frame may already be there."""
    with (
        ScriptedServer(scripted.answers(b"onetwo")) as server,
        connect("127.0.0.1", server.port, Deadline(PATIENCE)) as peer,
    ):
        peer.send(b"ruok")

        assert (peer.receive_exactly(3), peer.receive_exactly(3), peer.receive_exactly(0)) == (b"one", b"two", b"")


def test_a_peer_is_named_as_it_was_given() -> None:
    """Messages begin with what the operator typed; where that is a name, with its address, too."""
    with ScriptedServer(scripted.silent) as server:
        with connect("127.0.0.1", server.port, Deadline(PATIENCE)) as by_address:
            assert by_address.peer == f"127.0.0.1:{server.port}"
        with connect("localhost", server.port, Deadline(PATIENCE)) as by_name:
            assert by_name.peer == f"localhost:{server.port} (127.0.0.1)"


# --- a peer that misbehaves -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        pytest.param(scripted.silent, UnreachableError, "connected, but no answer within {}", id="silent"),
        pytest.param(
            scripted.stops_after(b"im"),
            UnreachableError,
            "the answer stopped after 2 bytes, no more of it within {}",
            id="stops-halfway",
        ),
        pytest.param(
            scripted.drips(b"." * 1000, pause=0.1), UnreachableError, "the answer stopped after", id="drips-too-slowly"
        ),
        pytest.param(scripted.resets, UnreachableError, "without an answer", id="resets"),
        pytest.param(
            scripted.resets_after(b"im"),
            ClosedError,
            "reset the connection after 2 bytes of an answer",
            id="resets-halfway",
        ),
        pytest.param(
            scripted.never_stops(b"x" * 50),
            ProtocolError,
            "the answer does not end within 1000 bytes, it begins 'xxxx",
            id="endless",
        ),
        pytest.param(
            scripted.answers(b"x" * 1000), ProtocolError, "does not end within 1000 bytes", id="as-long-as-the-limit"
        ),
    ],
)
@with_more_time
def test_a_bad_peer_is_named_with_its_fault(
    script: Script, error: type[BootError], message: str, timeout: float
) -> None:
    """In time, with the address in front, and with nothing left open."""
    with ScriptedServer(script) as server, bounded(timeout), pytest.raises(error) as raised:
        exchange(server.host, server.port, timeout)

    assert str(raised.value).startswith(f"127.0.0.1:{server.port}")
    assert message.format(f"{timeout:g} s") in str(raised.value) or "hung up at once" in str(raised.value)


def test_an_end_before_the_expected_length_is_told() -> None:
    """With the number of bytes that came, which a caller may need."""
    with pytest.raises(ClosedError, match="closed the connection after 3 bytes of an answer") as raised:
        frame_from(scripted.answers(b"abc"), 4)

    assert raised.value.received == 3


def test_what_came_before_a_part_counts() -> None:
    """An answer is read in parts: its size, then the rest."""
    with (
        ScriptedServer(scripted.answers(b"size")) as server,
        connect(server.host, server.port, Deadline(PATIENCE)) as connection,
    ):
        connection.send(b"ruok")
        connection.receive_exactly(4)
        with pytest.raises(ClosedError, match="closed the connection after 4 bytes of an answer") as raised:
            connection.receive_exactly(1, 4)

    assert raised.value.received == 4


def test_an_end_instead_of_a_frame_is_told() -> None:
    """A broker that does not know a request hangs up on it."""
    with pytest.raises(ClosedError, match="closed the connection without an answer") as raised:
        frame_from(scripted.closes, 4)

    assert raised.value.received == 0


@with_more_time
def test_a_peer_that_takes_no_request_is_given_up(timeout: float) -> None:
    """A request larger than all buffers, to a peer that reads nothing."""
    with (
        ScriptedServer(scripted.silent) as server,
        bounded(timeout),
        pytest.raises(UnreachableError, match=f"did not take the request within {timeout:g} s"),
        connect("127.0.0.1", server.port, Deadline(timeout)) as connection,
    ):
        connection.send(bytes(64 << 20))


def test_a_request_to_a_peer_that_left_is_told() -> None:
    """The connection is gone before the request."""

    def leave(caller: Caller) -> None:
        caller.receive(1)
        caller.reset()

    with (
        ScriptedServer(leave) as server,
        bounded(),
        connect("127.0.0.1", server.port, Deadline(PATIENCE)) as connection,
        pytest.raises(ClosedError, match="reset the connection without an answer"),
    ):
        send_slowly(connection)


def send_slowly(connection: Connection) -> None:
    """Send a byte every 10 ms, for ever."""
    while True:
        connection.send(b"x")
        time.sleep(0.01)


@pytest.mark.parametrize("call", ["send", "receive_until_eof", "receive_exactly"])
def test_nothing_waits_once_the_deadline_is_over(call: str) -> None:
    """Not even for what would come at once."""
    with (
        ScriptedServer(scripted.answers(b"imok", after=0)) as server,
        connect("127.0.0.1", server.port, Deadline(PATIENCE)) as connection,
    ):
        connection.deadline = Deadline(0)
        with pytest.raises(UnreachableError, match="within 0 s"):
            getattr(connection, call)(b"ruok" if call == "send" else 4)


def test_each_wait_has_only_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the connection, the request and the rest of an answer; its beginning is first waited for half of it."""
    waits: list[float] = []

    class Timed(_socket.socket):
        def settimeout(self, value: float | None) -> None:
            waits.append(value or 0.0)
            super().settimeout(value)

    replaces(monkeypatch, socket=Timed)
    assert exchange_with(scripted.drips(b"imok", pause=0.01)) == b"imok"
    whole = [wait for wait in waits if wait > PATIENCE / 2]

    assert len(whole) >= 3
    assert whole == sorted(whole, reverse=True)


@with_more_time
def test_a_deadline_counts_from_the_first_answer_of_a_series(timeout: float) -> None:
    """Later answers on a connection are bounded by the same deadline, with no TLS question."""

    def once(caller: Caller) -> None:
        caller.send(caller.receive(4))
        caller.stay_silent()

    with (
        ScriptedServer(once) as server,
        bounded(timeout),
        connect("127.0.0.1", server.port, Deadline(timeout)) as connection,
    ):
        connection.send(b"ruok")
        assert connection.receive_exactly(4) == b"ruok"
        connection.send(b"ruok")
        with pytest.raises(UnreachableError, match=f"no answer within {timeout:g} s"):
            connection.receive_exactly(4)


@with_more_time
def test_signals_neither_break_nor_prolong_an_exchange(timeout: float) -> None:
    """A handler that returns leaves the wait as it was (PEP 475)."""
    handler = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    try:
        assert exchange_with(scripted.drips(b"imok", pause=0.02)) == b"imok"
        with pytest.raises(UnreachableError):
            exchange_with(scripted.silent, timeout)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


@with_more_time
def test_an_interrupted_exchange_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    """Ctrl-C in the middle of the wait, with the TLS question just asked."""

    class Interrupted(_socket.socket):
        def send(self, *_: Any) -> int:
            raise KeyboardInterrupt

    replaces(monkeypatch, socket=Interrupted)
    with pytest.raises(KeyboardInterrupt):
        exchange_with(scripted.silent, timeout)


# --- TLS where plain text is expected -------------------------------------------------------------


def silent_until_hello(answer: bytes) -> Script:
    """Return a script that never answers plain text, and answers a TLS hello with *answer*."""

    def script(caller: Caller) -> None:
        if caller.connection.recv(1) == b"\x16":
            caller.send(answer)
        caller.stay_silent()

    return script


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(scripted.speaks_tls, id="waits-for-a-whole-record-header"),
        pytest.param(scripted.closes_or_speaks_tls, id="hangs-up-on-plain-text"),
        pytest.param(says(b"\x15\x03\x03\x00\x02\x02\x28"), id="answers-plain-text-with-an-alert"),
        pytest.param(scripted.drips(b"\x15\x03\x01\x00\x02\x02\x28"), id="alert-byte-by-byte"),
        pytest.param(silent_until_hello(b"\x16\x03\x03\x00\x7a\x02"), id="server-hello"),
    ],
)
@with_more_time
def test_a_tls_server_is_recognised(script: Script, timeout: float) -> None:
    """Whatever it does with plain text."""
    with (
        ScriptedServer(script) as server,
        bounded(timeout),
        pytest.raises(ProtocolError, match=r"speaks TLS where plain text is expected: use a plain-text port"),
    ):
        exchange(server.host, server.port, timeout)


def test_a_tls_server_is_recognised_by_a_framed_protocol() -> None:
    """A length prefix that is the head of a TLS record."""
    with pytest.raises(ProtocolError, match="speaks TLS"):
        frame_from(says(b"\x15\x03\x03\x00\x02\x02\x28"), 4)


def test_a_tls_server_that_resets_plain_text_is_recognised() -> None:
    """The reset is not the last word."""

    def script(caller: Caller) -> None:
        if caller.connection.recv(1, socket.MSG_PEEK) == b"\x16":
            scripted.speaks_tls(caller)
        else:
            caller.receive(4)
            caller.reset()

    with pytest.raises(ProtocolError, match="speaks TLS"):
        exchange_with(script)


@with_more_time
def test_a_slow_server_of_both_protocols_is_no_tls_server(timeout: float) -> None:
    """With port unification a server answers a TLS hello, too; the plain answer still has the whole of its time."""

    def script(caller: Caller) -> None:
        if caller.connection.recv(1, socket.MSG_PEEK) == b"\x16":
            scripted.speaks_tls(caller)
        else:
            caller.receive(4)
            time.sleep(0.7 * timeout)
            caller.send(b"imok")

    assert exchange_with(script, timeout) == b"imok"


@pytest.mark.parametrize(
    "answer",
    [b"imok", b"\x16\x04\x00", b"\x15", b"\x17\x03\x03"],
    ids=["text", "no-version", "cut", "application-data"],
)
@with_more_time
def test_what_is_no_tls_record_is_no_tls_server(answer: bytes, timeout: float) -> None:
    """Silence on plain text and something else on the hello is just a time-out."""
    with ScriptedServer(silent_until_hello(answer)) as server, bounded(timeout), pytest.raises(UnreachableError):
        exchange(server.host, server.port, timeout)


def test_the_hello_is_one_that_real_tls_understands() -> None:
    """OpenSSL reads it to the end: what it lacks is a certificate of its own, not a part of the hello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(CLIENT_HELLO)

    with pytest.raises(ssl.SSLError, match="NO_SHARED_CIPHER"):
        server.do_handshake()

    assert is_tls(outgoing.read())
    assert is_tls(CLIENT_HELLO)


@with_more_time
def test_a_silent_peer_without_room_for_a_second_connection_is_a_time_out(timeout: float) -> None:
    """The TLS question hangs on its own connection; the verdict still comes in time."""
    with BlackHole(free=1) as hole, connect("127.0.0.1", hole.port, Deadline(timeout)) as connection:
        hole.fill()
        with bounded(timeout), pytest.raises(UnreachableError, match="no answer within"):
            connection.receive_until_eof(10)


@with_more_time
def test_no_descriptor_for_the_tls_question_is_a_time_out(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    """Then it cannot be asked, and the silence is all there is to tell."""
    with ScriptedServer(scripted.silent) as server, connect("127.0.0.1", server.port, Deadline(timeout)) as connection:

        def refuse(*_: object) -> None:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        with monkeypatch.context() as patch:
            replaces(patch, socket=refuse)
            with pytest.raises(UnreachableError, match="no answer within"):
                connection.receive_until_eof(10)


# --- addresses ------------------------------------------------------------------------------------


def test_nothing_listens() -> None:
    """The commonest case of all, at once."""
    port = scripted.free_port()
    with bounded(), pytest.raises(UnreachableError) as raised:
        exchange("127.0.0.1", port)

    assert str(raised.value) == f"127.0.0.1:{port}: connection refused, nothing listens there"


def test_a_name_is_told_with_the_addresses_tried() -> None:
    """Which of its addresses was tried is what the operator asks next."""
    port = scripted.free_port()
    with pytest.raises(UnreachableError) as raised:
        exchange("localhost", port)

    assert str(raised.value).startswith(f"localhost:{port}: connection refused, nothing listens there (tried ")


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_may_stand_in_brackets(host: str) -> None:
    """A server that listens on IPv6 only is reached by its address."""
    with ScriptedServer(scripted.answers(b"imok"), host="::1") as server:
        assert exchange(host, server.port) == b"imok"


@with_more_time
def test_an_ipv6_address_may_have_a_zone(timeout: float) -> None:
    """A link-local address means something only on a link; here nobody has it."""
    with bounded(timeout), pytest.raises(UnreachableError, match=r"^\[fe80::1%lo\]:2181: "):
        exchange("fe80::1%lo", 2181, timeout)


def test_an_address_needs_no_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so no thread."""

    def refuse(*_: object) -> None:
        raise AssertionError("a thread was started")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    with ScriptedServer(scripted.answers(b"imok")) as server:
        assert exchange("127.0.0.1", server.port) == b"imok"


@with_more_time
def test_a_dead_first_address_costs_only_its_share(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    """Dropped packets, as from a firewall, must not eat the time of the address that works."""
    with BlackHole() as hole, ScriptedServer(scripted.answers(b"imok")) as server:
        resolves_to(monkeypatch, ("127.0.0.1", hole.port), ("127.0.0.1", server.port))
        with bounded(timeout):
            assert exchange("zk.example", 2181, timeout) == b"imok"


def test_a_refusing_first_address_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """``localhost`` is ::1 first; a server may listen on 127.0.0.1 alone."""
    with ScriptedServer(scripted.answers(b"imok")) as server:
        resolves_to(monkeypatch, ("::1", scripted.free_port("::1")), ("127.0.0.1", server.port))
        with bounded():
            assert exchange("zk.example", 2181) == b"imok"


def test_addresses_that_fail_alike_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One reason, all addresses."""
    resolves_to(monkeypatch, ("::1", scripted.free_port("::1")), ("127.0.0.1", scripted.free_port()))
    with pytest.raises(UnreachableError) as raised:
        exchange("zk.example", 2181)

    assert str(raised.value) == ("zk.example:2181: connection refused, nothing listens there (tried ::1, 127.0.0.1)")


@with_more_time
def test_addresses_that_fail_each_in_its_way_are_told_each(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    """Every address with its reason."""
    with BlackHole() as hole:
        resolves_to(monkeypatch, ("127.0.0.1", hole.port), ("::1", scripted.free_port("::1")))
        with bounded(timeout), pytest.raises(UnreachableError) as raised:
            exchange("zk.example", 2181, timeout)

    told = re.fullmatch(
        r"zk\.example:2181: 127\.0\.0\.1 no connection within (\S+) s, ::1 connection refused, nothing listens there",
        str(raised.value),
    )
    assert told
    assert 0 < float(told[1]) <= timeout / 2


@with_more_time
def test_many_dead_addresses_share_one_time_out(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    """Twenty of them last no longer than one."""
    with BlackHole() as hole:
        resolves_to(monkeypatch, *[("127.0.0.1", hole.port)] * 20)
        with bounded(timeout), pytest.raises(UnreachableError, match="no connection within"):
            exchange("zk.example", 2181, timeout)


@with_more_time
def test_a_full_backlog_is_a_time_out(timeout: float) -> None:
    """The server is up, and takes no more connections."""
    with BlackHole() as hole, bounded(timeout), pytest.raises(UnreachableError) as raised:
        exchange("127.0.0.1", hole.port, timeout)

    told = re.fullmatch(rf"127\.0\.0\.1:{hole.port}: no connection within (\S+) s", str(raised.value))
    assert told
    assert timeout / 2 < float(told[1]) <= timeout


def test_a_name_without_an_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver may answer with nothing."""
    resolves_to(monkeypatch)
    with pytest.raises(UnreachableError, match=r"^zk\.example:2181: the name has no address$"):
        exchange("zk.example", 2181)


def test_a_name_that_does_not_resolve_is_told() -> None:
    """By the rules no name under .invalid exists (RFC 6761)."""
    with pytest.raises(UnreachableError, match=r"^no-such-name\.invalid:2181: the name does not resolve"):
        exchange("no-such-name.invalid", 2181)


@pytest.mark.parametrize(("code", "kind"), [("EAI_NONAME", NoAddressError), ("EAI_AGAIN", UnreachableError)])
def test_a_resolver_that_is_away_says_nothing_of_the_name(
    monkeypatch: pytest.MonkeyPatch, code: str, kind: type[UnreachableError]
) -> None:
    """Only one that answers knows that nobody has the name."""

    def fail(*_: object) -> list[Any]:
        raise _socket.gaierror(getattr(_socket, code), "no")

    replaces(monkeypatch, getaddrinfo=fail)
    with pytest.raises(UnreachableError) as raised:
        exchange("zk.example", 2181)

    assert type(raised.value) is kind


def test_a_name_of_raw_bytes_is_told() -> None:
    """An environment may hold what is no UTF-8."""
    with pytest.raises(UnreachableError, match="the name does not resolve"):
        exchange("zk\udcff", 2181)


@with_more_time
def test_a_blocked_resolver_cannot_overrun_the_deadline(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    """A name server that does not answer holds getaddrinfo for seconds."""
    released, done = threading.Event(), threading.Event()

    def block(host: bytes, _port: int, *_: int) -> list[Any]:
        if host == b"zk.example" and threading.current_thread() is not threading.main_thread():
            released.wait()
            done.set()
        raise _socket.gaierror(_socket.EAI_NONAME, "Name or service not known")

    replaces(monkeypatch, getaddrinfo=block)
    try:
        with bounded(timeout), pytest.raises(UnreachableError) as raised:
            exchange("zk.example", 2181, timeout)
    finally:
        released.set()
        done.wait()

    assert str(raised.value) == f"zk.example:2181: the name does not resolve within {timeout:g} s"


def test_a_silent_name_server_holds_a_few_look_ups_whose_answer_all_get(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resident process asks again and again: each look-up is a thread and a socket for half a minute."""
    released = threading.Event()
    asked = []

    def block(host: bytes, port: int, *hints: int) -> list[Any]:
        if _socket.AI_NUMERICHOST in hints:
            raise _socket.gaierror(_socket.EAI_NONAME, "Name or service not known")
        asked.append(host)
        released.wait()
        return _socket.getaddrinfo("127.0.0.1", port, *hints)

    replaces(monkeypatch, getaddrinfo=block)
    with ScriptedServer(says(b"imok")) as server:
        try:
            for _ in range(2 * resolve_module.AT_ONCE):
                with pytest.raises(UnreachableError, match="does not resolve within"):
                    exchange("zk.example", server.port, 0.05)
            before = len(asked)
        finally:
            threading.Timer(0.1, released.set).start()
        answer = exchange("zk.example", server.port)

    assert (before, len(asked), answer) == (resolve_module.AT_ONCE, resolve_module.AT_ONCE, b"imok")


def test_no_thread_for_the_resolver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on processes counts threads."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    with pytest.raises(UnreachableError, match=r"cannot look the name up: can't start new thread$"):
        exchange("localhost", 2181)


def test_a_connection_to_oneself_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux may pick the port that was asked for as the port to ask from, and then the two are one."""

    class FromItsOwnPort(_socket.socket):
        def connect(self, address: Any) -> None:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind(address)
            super().connect(address)

    port = scripted.free_port()
    replaces(monkeypatch, socket=FromItsOwnPort)
    with bounded(), pytest.raises(UnreachableError, match="connection refused, nothing listens there"):
        exchange("127.0.0.1", port)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EPIPE, "hung up at once, it is stopping or takes no more connections"),
        (errno.EHOSTUNREACH, "no route to that host"),
        (errno.EADDRNOTAVAIL, "this host has no such kind of address"),
        (errno.EPERM, "the connection is forbidden, by a firewall for one"),
        (errno.ENOBUFS, "no buffer space available"),
    ],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else "",
)
def test_an_operator_reads_words_not_numbers(monkeypatch: pytest.MonkeyPatch, number: int, message: str) -> None:
    """What the kernel may answer to a connection."""

    class Failing(_socket.socket):
        def connect(self, _address: Any) -> None:
            raise OSError(number, os.strerror(number))

    replaces(monkeypatch, socket=Failing)
    with bounded(), pytest.raises(UnreachableError) as raised:
        exchange("127.0.0.1", 2181)

    assert str(raised.value) == f"127.0.0.1:2181: {message}"


def test_a_connection_that_breaks_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither end nor reset: the network went away."""

    class Breaking(_socket.socket):
        def recv(self, *_: Any) -> bytes:
            raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))

    replaces(monkeypatch, socket=Breaking)
    with pytest.raises(ClosedError, match="the connection broke without an answer: no route to that host"):
        exchange_with(scripted.answers(b"imok"))


def test_an_address_past_the_deadline_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says so."""
    monkeypatch.setattr(Deadline, "remaining", lambda _: 0.0)
    with pytest.raises(UnreachableError, match=r"^127\.0\.0\.1:2181: not tried within 3 s$"):
        connect("127.0.0.1", 2181, Deadline(3))


# --- how things are shown -------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"\x15\x03\x00", b"\x16\x03\x04\x00"], ids=["ssl3-alert", "tls13-handshake"])
def test_a_tls_record_is_known_by_three_bytes(data: bytes) -> None:
    """RFC 8446, section 5.1: content type, then the version."""
    assert is_tls(data)


@pytest.mark.parametrize(
    "data",
    [b"\x15\x03", b"\x15\x03\x05", b"\x14\x03\x03", b"", b"imok"],
    ids=["two-bytes", "no-version", "change-cipher", "nothing", "text"],
)
def test_anything_else_is_no_tls_record(data: bytes) -> None:
    """Two bytes could still become anything."""
    assert not is_tls(data)


def test_a_deadline_ends_at_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time left is never negative."""
    deadline = Deadline(PATIENCE + 0.01)
    assert 0 < deadline.remaining() <= PATIENCE + 0.01
    monkeypatch.setattr(deadline_module, "monotonic", lambda: time.monotonic() + 2 * PATIENCE)

    assert deadline.remaining() == 0
    assert str(deadline) == "60.01 s"


@pytest.mark.parametrize(
    "script",
    [scripted.silent, scripted.speaks_tls, scripted.stops_after(b"im")],
    ids=["silent", "tls", "stops-halfway"],
)
def test_the_shortest_time_out_is_kept(script: Script) -> None:
    """0.05 s, the lowest that a probe accepts."""
    with ScriptedServer(script) as server, bounded(), pytest.raises((UnreachableError, ProtocolError)):
        exchange(server.host, server.port, 0.05)
