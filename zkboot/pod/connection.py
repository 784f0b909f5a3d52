"""One TCP exchange under one deadline: connect, send, receive, all bounded, every failure in an operator's words.

Facts this module rests on:

- A name may stand for several addresses (``localhost`` is ``::1`` and ``127.0.0.1``), of which the first may refuse or
  swallow what is sent to it. Each gets its share of the time that is left.
- Where client and server share a machine, Linux may connect a socket to itself: the port that it picks for the client
  can be the very port that nobody listens on.

Built-in modules and ``_socket`` only: the probes load this module every few seconds on every pod.
"""

import _socket
import errno

from zkboot.pod.address import bare_host, host_port
from zkboot.pod.deadline import seconds
from zkboot.pod.errors import EXCERPT_LIMIT, ProtocolError, UnreachableError, excerpt, of_peer
from zkboot.pod.resolve import resolve, strerror
from zkboot.pod.transport import ClosedError, PlainTransport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from zkboot.pod.deadline import Deadline
    from zkboot.pod.resolve import SocketAddress
    from zkboot.pod.tls_transport import Tls
    from zkboot.pod.transport import Transport

CHUNK = 65536
"""Bytes asked of the kernel at once."""

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


class Connection:
    """An open connection to a peer, for any number of requests under one deadline; ``connect`` makes it.

    Every method raises UnreachableError at the deadline, ClosedError where the peer ends or resets the connection, and
    ProtocolError where the peer turns out to speak TLS.
    """

    __slots__ = ("_transport", "deadline", "peer")

    def __init__(self, peer: str, transport: "Transport", deadline: "Deadline") -> None:
        self.peer = peer
        """Who the peer is, for messages: the address as it was given, and what a name resolved to."""
        self.deadline = deadline
        """When every exchange on this connection must be over."""
        self._transport = transport

    def send(self, data: bytes) -> None:
        """Send *data* whole."""
        try:
            self._transport.send(data, self.deadline)
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
        self._transport.close()

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: "BaseException | None", trace: "TracebackType | None"
    ) -> None:
        self.close()

    def _receive(self, limit: int, so_far: int) -> bytes:
        """Return the next bytes, at most *limit*; ``b""`` at the end. *so_far* bytes of this answer came before."""
        try:
            return self._transport.receive(min(limit, CHUNK), self.deadline)
        except TimeoutError as error:
            raise UnreachableError(of_peer(self.peer, self._overdue(so_far))) from error
        except OSError as error:
            raise self._broken(error, so_far) from error

    def _broken(self, error: OSError, so_far: int) -> "ClosedError | ProtocolError":
        """Return what a connection that *error* ended means, *so_far* bytes into an answer."""
        explained = self._transport.explain(error, self.deadline)
        if explained is not None:
            return explained
        if error.errno in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
            return ClosedError(of_peer(self.peer, f"reset the connection {_after(so_far)}"), so_far)
        return ClosedError(of_peer(self.peer, f"the connection broke {_after(so_far)}: {_reason(error)}"), so_far)

    def _overdue(self, so_far: int) -> str:
        if so_far:
            return f"the answer stopped after {so_far} bytes, no more of it within {self.deadline}"
        return f"connected, but no answer within {self.deadline}"


def connect(host: str, port: int, deadline: "Deadline", tls: "Tls | None" = None) -> Connection:
    """Return a connection to the first address of *host* that takes one, in the order of the resolver.

    *host* is a name or an address, IPv6 with or without brackets and zone. With *tls* the handshake is part of it.
    Raises UnreachableError that names each address and its reason where none does before *deadline*, and what
    ``Tls.start`` raises.
    """
    host = bare_host(host)
    name = host_port(host, port)
    resolved = resolve(host, port, name, deadline)
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
            transport = _transport(peer, connected, socket_address, deadline, tls)
            return Connection(peer, transport, deadline)
    raise UnreachableError(of_peer(name, _refusal(host, failures)))


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


def _transport(
    peer: str, connected: _socket.socket, socket_address: "SocketAddress", deadline: "Deadline", tls: "Tls | None"
) -> "Transport":
    if tls is None:
        return PlainTransport(peer, connected, socket_address)
    try:
        return tls.start(peer, connected, socket_address, deadline)
    except BaseException:
        connected.close()
        raise


def _refusal(host: str, failures: list[tuple[str, str]]) -> str:
    """Return why no address of *host* took a connection, the shortest way that loses nothing."""
    reasons = {reason for _, reason in failures}
    if len(reasons) != 1:
        return ", ".join(f"{address} {reason}" for address, reason in failures) or "the name has no address"
    addresses = ", ".join(address for address, _ in failures)
    return reasons.pop() + ("" if addresses == host else f" (tried {addresses})")


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0) or strerror(error)


def _after(so_far: int) -> str:
    return f"after {so_far} bytes of an answer" if so_far else "without an answer"
