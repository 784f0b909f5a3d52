"""Bytes to and from one peer in plain text, each wait no longer than the deadline; a peer that speaks TLS is an error.

Built-in modules and ``_socket`` only: the probes load this module every few seconds on every pod.
"""

import _socket

from zkboot.pod.errors import ProtocolError, UnreachableError, of_peer
from zkboot.pod.tls_question import TlsQuestion, is_tls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from zkboot.pod.deadline import Deadline
    from zkboot.pod.errors import Problem
    from zkboot.pod.resolve import SocketAddress

    class Transport(Protocol):
        """Takes bytes to a peer and brings others back."""

        def send(self, data: bytes, deadline: Deadline) -> None:
            """Send *data* whole. Raises TimeoutError at the *deadline*, OSError."""

        def receive(self, limit: int, deadline: Deadline) -> bytes:
            """Return the next bytes, at most *limit*; ``b""`` at the end. Raises also ProtocolError."""

        def explain(self, error: OSError, deadline: Deadline) -> ProtocolError | None:
            """Return what *error* means where the peer's protocol is the reason; None where it is not."""

        def close(self) -> None:
            """Close the connection; it may be closed already."""


TLS_STEP = 0.02
"""Seconds between two looks at the TLS question while the plain exchange still waits."""


class ClosedError(UnreachableError):
    """The peer ended or reset the connection before its answer was whole: it stops, is full, or refuses the request."""

    def __init__(self, problem: "Problem | str", received: int) -> None:
        super().__init__(problem)
        self.received = received
        """Bytes of the answer that came before the end."""


class PlainTransport:
    """A connected socket. Until the peer has said something it is asked, where need be, whether it speaks TLS."""

    __slots__ = ("_family", "_head", "_peer", "_socket", "_socket_address")

    def __init__(self, peer: str, connected: _socket.socket, socket_address: "SocketAddress") -> None:
        self._peer = peer
        self._socket = connected
        self._family = connected.family
        self._socket_address = socket_address
        self._head = b""

    def send(self, data: bytes, deadline: "Deadline") -> None:
        """Send *data* whole. Raises TimeoutError at the *deadline*, OSError."""
        limit_wait(self._socket, deadline)
        self._socket.sendall(data)

    def receive(self, limit: int, deadline: "Deadline") -> bytes:
        """Return the next bytes, at most *limit*; ``b""`` at the end.

        Raises TimeoutError at the *deadline*, OSError, and ProtocolError where the peer speaks TLS.
        """
        if not self._head:
            chunk = self._receive_first(limit, deadline)
        else:
            limit_wait(self._socket, deadline)
            chunk = self._socket.recv(limit)
        if len(self._head) < 3:
            self._head += chunk[: 3 - len(self._head)]
            if is_tls(self._head):
                raise self._speaks_tls()
        return chunk

    def explain(self, _error: OSError, deadline: "Deadline") -> ProtocolError | None:
        """Return what the end of the connection means where the peer speaks TLS; None where it does not."""
        return self._speaks_tls() if not self._head and self._asks_for_tls(deadline) else None

    def close(self) -> None:
        """Close the connection; it may be closed already."""
        self._socket.close()

    def _receive_first(self, limit: int, deadline: "Deadline") -> bytes:
        """Return the very first bytes of the peer.

        After half of the time without any, the TLS question is asked beside the wait; what it brought is looked at when
        the time is up, for a server that speaks both may just be slow.
        """
        question = None
        try:
            patience = deadline.remaining() / 2
            while left := deadline.remaining():
                self._socket.settimeout(min(left, patience))
                try:
                    chunk = self._socket.recv(limit)
                except TimeoutError:
                    if question is None:
                        question = TlsQuestion(self._family, self._socket_address)
                    question.go_on(0.0)
                    patience = left if question.asked or question.over else TLS_STEP
                    continue
                if not chunk and self._asks_for_tls(deadline):
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

    def _asks_for_tls(self, deadline: "Deadline") -> bool:
        """Return whether the peer, which hung up on plain text, answers a TLS hello with TLS."""
        question = TlsQuestion(self._family, self._socket_address)
        try:
            while not question.over and (left := deadline.remaining()):
                question.go_on(left)
            return question.tls
        finally:
            question.close()

    def _speaks_tls(self) -> ProtocolError:
        return ProtocolError(of_peer(self._peer, "speaks TLS where plain text is expected: use a plain-text port"))


def limit_wait(connected: _socket.socket, deadline: "Deadline") -> None:
    """Let the next wait on the socket *connected* last until the *deadline*; raises TimeoutError where that is over."""
    left = deadline.remaining()
    if not left:
        # A time-out of 0 would turn the socket to non-blocking, with errors of its own.
        raise TimeoutError
    connected.settimeout(left)
