"""One TCP exchange under one deadline: connect, send, receive, all bounded, every failure in an operator's words.

Facts this module rests on:

- A name may stand for several addresses (``localhost`` is ``::1`` and ``127.0.0.1``), of which the first may refuse or
  swallow what is sent to it. Each gets its share of the time that is left.
- ``getaddrinfo`` has no time-out of its own: five seconds and more where a name server does not answer. A name is
  looked up in a thread that can be left behind; a numeric address needs none. It takes the host as bytes, for a str
  would import ``encodings.idna`` and a dozen modules with it.
- A TLS server that is asked in plain text sends an alert, or closes, or says nothing at all: a four-letter word is
  shorter than the five bytes of a TLS record's header, so it waits for more. Silence and an early end are therefore
  followed by a TLS question on a second connection (RFC 8446, section 5.1: the first bytes of a record).
- Where client and server share a machine, Linux may connect a socket to itself: the port that it picks for the client
  can be the very port that nobody listens on.

Built-in modules and ``_socket`` only: the probes load this module every few seconds on every pod.
"""

import _socket
import _thread
import errno
from time import monotonic

from zkboot.pod.address import bare_host, host_port
from zkboot.pod.errors import EXCERPT_LIMIT, NoAddressError, ProtocolError, UnreachableError, excerpt, of_peer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self

    from zkboot.pod.errors import Problem

    SocketAddress = tuple[Any, ...]
    Resolved = tuple[int, int, int, str, SocketAddress]

CHUNK = 65536
"""Bytes asked of the kernel at once."""

TLS_STEP = 0.02
"""Seconds between two looks at the TLS question while the plain exchange still waits."""

CLIENT_HELLO = (
    # TLS record: handshake, version 3.1 as every client says it, 124 bytes
    b"\x16\x03\x01\x00\x7c"
    # ClientHello, 120 bytes; TLS 1.2; 32 bytes that need not be random here; no session
    b"\x01\x00\x00\x78\x03\x03zk-kafka-boot asks: is this TLS?\x00"
    # 12 cipher suites, so that some version of every server likes one; no compression; 55 bytes of extensions
    b"\x00\x18\xc0\x2c\xc0\x2b\xc0\x30\xc0\x2f\xc0\x09\xc0\x0a\xc0\x13\xc0\x14\x00\x9d\x00\x9c\x00\x35\x00\x2f\x01\x00\x00\x37"
    # supported_groups: x25519, secp256r1, secp384r1; ec_point_formats: uncompressed
    b"\x00\x0a\x00\x08\x00\x06\x00\x1d\x00\x17\x00\x18\x00\x0b\x00\x02\x01\x00"
    # signature_algorithms: ECDSA, RSA-PSS and RSA with SHA-256, -384, -512; ECDSA and RSA with SHA-1
    b"\x00\x0d\x00\x18\x00\x16\x04\x03\x05\x03\x06\x03\x08\x04\x08\x05\x08\x06\x04\x01\x05\x01\x06\x01\x02\x03\x02\x01"
    # extended_master_secret, renegotiation_info
    b"\x00\x17\x00\x00\xff\x01\x00\x01\x00"
)
"""What a TLS client says first. Every TLS server answers with a record, be it only an alert."""

_REASONS = {
    errno.ECONNREFUSED: "connection refused, nothing listens there",
    # A peer that takes no more of us accepts and closes at once, which can be seen before connect() has returned.
    errno.ECONNRESET: "hung up at once, it is stopping or takes no more connections",
    errno.EPIPE: "hung up at once, it is stopping or takes no more connections",
    errno.ENOTCONN: "hung up at once, it is stopping or takes no more connections",
    errno.EHOSTUNREACH: "no route to that host",
    errno.ENETUNREACH: "no route to that network",
    errno.EADDRNOTAVAIL: "this host has no such kind of address",
    errno.EAFNOSUPPORT: "this host has no such kind of address",
    errno.EPERM: "the connection is forbidden, by a firewall for one",
    errno.EACCES: "the connection is forbidden, by a firewall for one",
    errno.EMFILE: "this process has no file descriptor left",
    errno.ENFILE: "this host has no file descriptor left",
}


LET_IN_LIMIT = 5.0
"""Seconds in which a new pod is let in to the others.

Until a network policy knows its address it finds all ports closed: 1.6 and 3 s were seen with kube-router 2.
"""


class Deadline:
    """A fixed point in time, *timeout* seconds from its making."""

    __slots__ = ("_end", "timeout")

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        """Seconds between the making of the deadline and the deadline."""
        self._end = monotonic() + timeout

    def remaining(self) -> float:
        """Return the seconds that are left, never less than 0."""
        return max(0.0, self._end - monotonic())

    def check(self, source: str) -> None:
        """Raise UnreachableError where the deadline is over; *source* is whose answer is not read through."""
        if monotonic() >= self._end:
            raise UnreachableError(of_peer(source, f"the answer is too long to be read through within {self}"))

    def __str__(self) -> str:
        return seconds(self.timeout)


class ClosedError(UnreachableError):
    """The peer ended or reset the connection before its answer was whole: it stops, is full, or refuses the request."""

    def __init__(self, problem: "Problem | str", received: int) -> None:
        super().__init__(problem)
        self.received = received
        """Bytes of the answer that came before the end."""


class Connection:
    """An open connection to a peer, for any number of requests under one deadline; ``connect`` makes it.

    Every method raises UnreachableError at the deadline, ClosedError where the peer ends or resets the connection, and
    ProtocolError where the peer turns out to speak TLS.
    """

    __slots__ = ("_family", "_head", "_socket", "_socket_address", "deadline", "peer")

    def __init__(
        self, peer: str, connected: _socket.socket, socket_address: "SocketAddress", deadline: Deadline
    ) -> None:
        self.peer = peer
        """Who the peer is, for messages: the address as it was given, and what a name resolved to."""
        self.deadline = deadline
        """When every exchange on this connection must be over."""
        self._socket = connected
        self._family = connected.family
        self._socket_address = socket_address
        self._head = b""

    def send(self, data: bytes) -> None:
        """Send *data* whole."""
        try:
            self._limit_wait()
            self._socket.sendall(data)
        except TimeoutError as error:
            raise UnreachableError(of_peer(self.peer, f"did not take the request within {self.deadline}")) from error
        except OSError as error:
            raise self._broken(error, 0) from error

    def receive_until_eof(self, limit: int) -> bytes:
        """Return all that the peer sends until it ends the connection; ``b""`` where it sends nothing.

        Never reads more than *limit* bytes: raises ProtocolError where the end has not come by then.
        """
        received = bytearray()
        while len(received) < limit:
            chunk = self._receive(limit - len(received), len(received))
            if not chunk:
                return bytes(received)
            received += chunk
        begin = excerpt(bytes(received[: EXCERPT_LIMIT + 1]))
        raise ProtocolError(of_peer(self.peer, f"the answer does not end within {limit} bytes, it begins {begin}"))

    def receive_exactly(self, count: int, before: int = 0) -> bytes:
        """Return the next *count* bytes, *before* more of the same answer having come already.

        Raises ClosedError where the peer ends the connection before them.
        """
        received = bytearray()
        while len(received) < count:
            so_far = before + len(received)
            chunk = self._receive(count - len(received), so_far)
            if not chunk:
                raise ClosedError(of_peer(self.peer, f"closed the connection {_after(so_far)}"), so_far)
            received += chunk
        return bytes(received)

    def close(self) -> None:
        """Close the connection; it may be closed already."""
        self._socket.close()

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: "BaseException | None", trace: "TracebackType | None"
    ) -> None:
        self.close()

    def _limit_wait(self) -> None:
        """Let the next wait last until the deadline; raises TimeoutError where that is over."""
        left = self.deadline.remaining()
        if not left:
            # A time-out of 0 would turn the socket to non-blocking, with errors of its own.
            raise TimeoutError
        self._socket.settimeout(left)

    def _receive(self, limit: int, so_far: int) -> bytes:
        """Return the next bytes, at most *limit*; ``b""`` at the end. *so_far* bytes of this answer came before."""
        limit = min(limit, CHUNK)
        try:
            if not self._head:
                chunk = self._receive_first(limit)
            else:
                self._limit_wait()
                chunk = self._socket.recv(limit)
        except TimeoutError as error:
            raise UnreachableError(of_peer(self.peer, self._overdue(so_far))) from error
        except OSError as error:
            raise self._broken(error, so_far) from error
        if len(self._head) < 3:
            self._head += chunk[: 3 - len(self._head)]
            if is_tls(self._head):
                raise self._speaks_tls()
        return chunk

    def _receive_first(self, limit: int) -> bytes:
        """Return the very first bytes of the peer.

        After half of the time without any, the TLS question is asked beside the wait; what it brought is looked at when
        the time is up, for a server that speaks both may just be slow.
        """
        question = None
        try:
            patience = self.deadline.remaining() / 2
            while left := self.deadline.remaining():
                self._socket.settimeout(min(left, patience))
                try:
                    chunk = self._socket.recv(limit)
                except TimeoutError:
                    if question is None:
                        question = _TlsQuestion(self._family, self._socket_address)
                    question.go_on(0.0)
                    patience = left if question.asked or question.over else TLS_STEP
                    continue
                if not chunk and self._asks_for_tls():
                    raise self._speaks_tls()
                return chunk
            if question is not None:
                question.go_on(0.0)
                if question.tls:
                    raise self._speaks_tls()
            raise TimeoutError
        finally:
            if question is not None:
                question.close()

    def _asks_for_tls(self) -> bool:
        """Return whether the peer, which hung up on plain text, answers a TLS hello with TLS."""
        question = _TlsQuestion(self._family, self._socket_address)
        try:
            while not question.over and (left := self.deadline.remaining()):
                question.go_on(left)
            return question.tls
        finally:
            question.close()

    def _broken(self, error: OSError, so_far: int) -> "ClosedError | ProtocolError":
        """Return what a connection that *error* ended means, *so_far* bytes into an answer."""
        if not self._head and self._asks_for_tls():
            return self._speaks_tls()
        if error.errno in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
            return ClosedError(of_peer(self.peer, f"reset the connection {_after(so_far)}"), so_far)
        return ClosedError(of_peer(self.peer, f"the connection broke {_after(so_far)}: {_reason(error)}"), so_far)

    def _overdue(self, so_far: int) -> str:
        if so_far:
            return f"the answer stopped after {so_far} bytes, no more of it within {self.deadline}"
        return f"connected, but no answer within {self.deadline}"

    def _speaks_tls(self) -> ProtocolError:
        return ProtocolError(of_peer(self.peer, "speaks TLS where plain text is expected: use a plain-text port"))


class _TlsQuestion:
    """A connection of its own that asks a peer whether it speaks TLS; failures are an answer too: no."""

    __slots__ = ("_answer", "_socket", "asked", "over")

    def __init__(self, family: int, socket_address: "SocketAddress") -> None:
        self.asked = False
        """Whether the hello has left."""
        self.over = False
        """Whether no more can be learned."""
        self._answer = b""
        self._socket: _socket.socket | None = None
        try:
            self._socket = _socket.socket(family, _socket.SOCK_STREAM)
            self._socket.settimeout(0.0)
            self._socket.connect_ex(socket_address)
        except OSError:
            self.over = True

    @property
    def tls(self) -> bool:
        """Whether the peer has answered with TLS."""
        return is_tls(self._answer)

    def go_on(self, patience: float) -> None:
        """Take the next step, hello or answer; wait for it at most *patience* seconds, not at all where that is 0."""
        if self._socket is None or self.over:
            return
        try:
            self._socket.settimeout(patience)
            if not self.asked:
                self._socket.send(CLIENT_HELLO)
                self.asked = True
                return
            chunk = self._socket.recv(3 - len(self._answer))
            self._answer += chunk
            self.over = not chunk or len(self._answer) == 3
        except (TimeoutError, BlockingIOError):
            return
        except OSError:
            self.over = True

    def close(self) -> None:
        """Close the connection, answered or not."""
        if self._socket is not None:
            self._socket.close()


def connect(host: str, port: int, deadline: Deadline) -> Connection:
    """Return a connection to the first address of *host* that takes one, in the order of the resolver.

    *host* is a name or an address, IPv6 with or without brackets and zone. Raises UnreachableError that names each
    address and its reason where none does before *deadline*.
    """
    host = bare_host(host)
    name = host_port(host, port)
    resolved = _resolve(host, port, name, deadline)
    failures: list[tuple[str, str]] = []
    for index, (family, kind, protocol, _, socket_address) in enumerate(resolved):
        address = str(socket_address[0])
        share = deadline.remaining() / (len(resolved) - index)
        if not share:
            failures.append((address, f"not tried within {deadline}"))
            continue
        try:
            connected = _connected(family, kind, protocol, socket_address, share)
        except TimeoutError:
            failures.append((address, f"no connection within {seconds(share)}"))
        except OSError as error:
            failures.append((address, _reason(error)))
        else:
            peer = name if address == host else f"{name} ({address})"
            return Connection(peer, connected, socket_address, deadline)
    raise UnreachableError(of_peer(name, _told(host, failures)))


def is_tls(data: bytes) -> bool:
    """Return whether *data* begins as a TLS alert or handshake record of any version does."""
    return len(data) >= 3 and data[0] in (0x15, 0x16) and data[1] == 3 and data[2] <= 4


def seconds(duration: float) -> str:
    """Return *duration* as a message shows it, ``3 s``."""
    return f"{round(duration, 2):g} s"


def _connected(
    family: int, kind: int, protocol: int, socket_address: "SocketAddress", timeout: float
) -> _socket.socket:
    """Return a socket connected to *socket_address*; raises OSError, TimeoutError after *timeout* seconds."""
    candidate = _socket.socket(family, kind, protocol)
    try:
        candidate.settimeout(timeout)
        candidate.connect(socket_address)
        to_itself = candidate.getsockname()[:2] == candidate.getpeername()[:2]
    except BaseException:
        candidate.close()
        raise
    if to_itself:
        candidate.close()
        raise ConnectionRefusedError(errno.ECONNREFUSED, "connected to itself")
    return candidate


def _resolve(host: str, port: int, name: str, deadline: Deadline) -> "list[Resolved]":
    """Return the addresses of *host*; raises UnreachableError where there are none, or not before *deadline*."""
    query = host.encode("utf-8", "surrogateescape")
    try:
        return _socket.getaddrinfo(query, port, 0, _socket.SOCK_STREAM, 0, _socket.AI_NUMERICHOST)
    except OSError:
        pass  # No address, so it is a name.
    found: list[Resolved] = []
    failed: list[OSError] = []
    done = _thread.allocate_lock()
    done.acquire()

    def look_up() -> None:
        try:
            found.extend(_socket.getaddrinfo(query, port, 0, _socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)
        finally:
            done.release()

    try:
        _thread.start_new_thread(look_up, ())
    except RuntimeError as error:
        raise UnreachableError(of_peer(name, f"cannot look the name up: {error}")) from error
    if not done.acquire(timeout=deadline.remaining()):
        raise UnreachableError(of_peer(name, f"the name does not resolve within {deadline}"))
    if failed:
        # A DNS that gives no answer says nothing of who is there.
        kind = NoAddressError if failed[0].errno in (_socket.EAI_NONAME, _socket.EAI_NODATA) else UnreachableError
        raise kind(of_peer(name, f"the name does not resolve ({_strerror(failed[0])})")) from failed[0]
    return found


def _told(host: str, failures: list[tuple[str, str]]) -> str:
    """Return why no address of *host* took a connection, the shortest way that loses nothing."""
    reasons = {reason for _, reason in failures}
    if len(reasons) != 1:
        return ", ".join(f"{address} {reason}" for address, reason in failures) or "the name has no address"
    addresses = ", ".join(address for address, _ in failures)
    return reasons.pop() + ("" if addresses == host else f" (tried {addresses})")


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0) or _strerror(error)


def _strerror(error: OSError) -> str:
    text = str(error.strerror or error)
    return text[:1].lower() + text[1:]


def _after(so_far: int) -> str:
    return f"after {so_far} bytes of an answer" if so_far else "without an answer"
