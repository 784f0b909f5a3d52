"""Bytes to and from one peer over TLS, by ``_ssl`` alone, under the deadline and the limits of any other exchange.

Facts this module rests on:

- ``import ssl`` costs a probe more than a whole verified handshake, and all that is needed is in ``_ssl``, which it is
  made of. That is a private module: a test holds what is used of it, for every version of Python on the machine.
- OpenSSL goes on reading for as long as records come that are no data, and a peer may send such for ever. So it never
  has the socket: it is given what came, a piece at a time, and each piece is counted and waits for the deadline.
- With TLS 1.3 a server looks at our certificate when the handshake is over for us: its refusal comes with the first
  read (RFC 8446, section 4.4.2.4).
- A server that is asked by TLS and speaks plain text takes our hello for a length of 350 MB, and hangs up.
- Where a key is encrypted OpenSSL would ask the terminal for its password, but for one that is given, be it empty.

Built-in modules, ``_socket`` and ``_ssl`` only: probes load this module every few seconds on pods with TLS.
"""

import _socket
import _ssl
import posix

from zkboot.pod.errors import RefusedError, SettingsError, TlsError, UnreachableError, excerpt, of_peer
from zkboot.pod.resolve import strerror
from zkboot.pod.tls_question import is_tls
from zkboot.pod.transport import limit_wait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from zkboot.pod.deadline import Deadline
    from zkboot.pod.resolve import SocketAddress

    T = TypeVar("T")

PIECE = 16384
"""Bytes that OpenSSL is given at once."""

OVERHEAD_LIMIT = 1 << 16
"""Bytes that a peer may send beside its answer: a chain of four certificates with RSA keys of 4096 bits has 8 KB."""

PLAIN_PATIENCE = 0.25
"""Seconds for an answer in plain text of a peer that hung up on TLS."""

_ALERT = "_ALERT_"
"""What stands in OpenSSL's name of an error between the version of TLS and the alert that the peer sent."""


class _HungUpError(UnreachableError):
    """The peer ended the connection before there was a handshake."""


class Tls:
    """How a peer is asked over TLS: whom to trust, who asks, and the name that the peer must prove."""

    __slots__ = ("ca", "certificate", "key", "name", "plain")

    def __init__(self, *, certificate: str, key: str, ca: str, name: str, plain: bytes) -> None:
        self.certificate = certificate
        """Path of the certificate, with its chain, that the peer may ask for; PEM."""
        self.key = key
        """Path of its key, which may be the same file."""
        self.ca = ca
        """Path of the certificates that are trusted; PEM."""
        self.name = name
        """The name, or address, for which the peer's certificate must be; where it is empty, anybody's will do."""
        self.plain = plain
        """What a peer that speaks plain text would answer."""

    def under(self, name: str) -> "Tls":
        """Return the same for a peer of another *name*."""
        return Tls(certificate=self.certificate, key=self.key, ca=self.ca, name=name, plain=self.plain)

    def start(
        self, peer: str, connected: _socket.socket, socket_address: "SocketAddress", deadline: "Deadline"
    ) -> "TlsTransport":
        """Return the transport over *connected*, a socket, after the handshake.

        Raises UnreachableError at the *deadline* and where the peer hangs up, TlsError where it speaks no TLS or
        proves no name, RefusedError where it refuses us, and SettingsError where a file cannot be used.
        """
        transport = TlsTransport(peer, connected, self._context(), self.name)
        try:
            transport.handshake(deadline)
        except _HungUpError as error:
            if not transport.is_answered and self._answers_plainly(connected, socket_address, deadline):
                raise _speaks_plain(peer) from error
            raise
        return transport

    def _context(self) -> "Any":
        context = _ssl._SSLContext(_ssl.PROTOCOL_TLS_CLIENT)  # noqa: SLF001
        if self.name:
            # The issuer alone is enough for Java, too.
            context.verify_flags |= _ssl.VERIFY_X509_PARTIAL_CHAIN
            _load(self.ca, lambda: context.load_verify_locations(self.ca))
        else:
            context.check_hostname = False
            context.verify_mode = _ssl.CERT_NONE
        try:
            # OpenSSL does not say which of the two it could not open.
            is_key = posix.access(self.certificate, posix.R_OK) and not posix.access(self.key, posix.R_OK)
            _load(
                self.key if is_key else self.certificate,
                lambda: context.load_cert_chain(self.certificate, self.key, ""),
            )
        except SettingsError:
            if self.name:
                raise
        return context

    def _answers_plainly(
        self, connected: _socket.socket, socket_address: "SocketAddress", deadline: "Deadline"
    ) -> bool:
        """Return whether the peer, which hung up on TLS, answers the question in plain text, on another connection."""
        asked = _socket.socket(connected.family, _socket.SOCK_STREAM)
        try:
            # One that speaks TLS waits for the rest of a record.
            asked.settimeout(min(PLAIN_PATIENCE, deadline.remaining()) or PLAIN_PATIENCE)
            asked.connect(socket_address)
            asked.sendall(self.plain)
            answer = asked.recv(3)
            return bool(answer) and not is_tls(answer)
        except OSError:
            return False
        finally:
            asked.close()


class TlsTransport:
    """A connected socket with TLS on it."""

    __slots__ = ("_head", "_incoming", "_outgoing", "_overhead", "_peer", "_socket", "_tls")

    def __init__(self, peer: str, connected: _socket.socket, context: "Any", name: str) -> None:
        self._peer = peer
        self._socket = connected
        self._incoming = _ssl.MemoryBIO()
        self._outgoing = _ssl.MemoryBIO()
        # The third argument says that we are no server.
        self._tls = context._wrap_bio(self._incoming, self._outgoing, 0, name or None)  # noqa: SLF001
        self._head = b""
        self._overhead = 0

    @property
    def is_answered(self) -> bool:
        """Whether the peer has said anything."""
        return bool(self._head)

    def handshake(self, deadline: "Deadline") -> None:
        """Make the handshake; raises UnreachableError, TlsError, RefusedError."""
        try:
            self._run(self._tls.do_handshake, deadline)
        except TimeoutError as error:
            reason = f"connected, but no TLS handshake within {deadline}"
            raise UnreachableError(of_peer(self._peer, reason)) from error
        except OSError as error:
            explained = self.explain(error, deadline)
            if explained is not None:
                raise explained from error
            reason = "hung up in the TLS handshake: it is stopping, takes no more connections or cannot use its own key"
            raise _HungUpError(of_peer(self._peer, reason)) from error

    def send(self, data: bytes, deadline: "Deadline") -> None:
        """Send *data* whole. Raises TimeoutError at the *deadline*, OSError."""
        try:
            self._run(lambda: self._tls.write(data), deadline)
        except ConnectionError:
            self._look_for_alert(deadline)
            raise

    def receive(self, limit: int, deadline: "Deadline") -> bytes:
        """Return the next bytes, at most *limit*; ``b""`` at the end, with a word of goodbye or without.

        Raises TimeoutError at the *deadline*, OSError, and TlsError where too much comes that is no answer.
        """
        try:
            data: bytes = self._run(lambda: self._tls.read(limit), deadline)
        except _ssl.SSLEOFError:
            return b""
        if data:
            # What came with it, however many records it was cut into.
            self._overhead = max(0, self._overhead - PIECE)
        return data

    def explain(self, error: OSError, _deadline: "Deadline") -> TlsError | None:
        """Return what *error* means where TLS is the reason; None where it is not."""
        if not isinstance(error, _ssl.SSLError) or isinstance(error, _ssl.SSLEOFError):
            return None
        if isinstance(error, _ssl.SSLCertVerificationError):
            return TlsError(of_peer(self._peer, f"does not prove who it is: {error.verify_message}"))
        code = error.reason or ""
        if _ALERT in code:
            alert = code.partition(_ALERT)[2].replace("_", " ").lower()
            return RefusedError(of_peer(self._peer, f"refuses this pod's TLS handshake or certificate: {alert}"))
        return TlsError(of_peer(self._peer, f"breaks TLS: {code.replace('_', ' ').lower() or strerror(error)}"))

    def close(self) -> None:
        """Say goodbye, as far as that needs no waiting, and close the connection; it may be closed already."""
        try:
            self._socket.settimeout(0.0)
            self._tls.shutdown()
        except OSError:
            pass  # It would wait for the peer's goodbye, or there is no handshake to end.
        self._flush_quietly()
        self._socket.close()

    def _look_for_alert(self, deadline: "Deadline") -> None:
        """Raise the SSLError that the peer, which takes no more of us, has sent before it hung up, if there is any."""
        try:
            self._run(lambda: self._tls.read(1), deadline)
        except _ssl.SSLEOFError:
            return
        except _ssl.SSLError:
            raise
        except OSError:
            return

    def _run(self, step: "Callable[[], T]", deadline: "Deadline") -> "T":
        """Return what *step* returns once all that it needs of the peer has come."""
        while True:
            try:
                done = step()
            except _ssl.SSLWantReadError:
                self._flush(deadline)
                self._feed(deadline)
            except _ssl.SSLError:
                self._socket.settimeout(0.0)
                self._flush_quietly()
                raise
            else:
                self._flush(deadline)
                return done

    def _flush(self, deadline: "Deadline") -> None:
        if self._outgoing.pending:
            limit_wait(self._socket, deadline)
            self._socket.sendall(self._outgoing.read())

    def _flush_quietly(self) -> None:
        """Tell the peer why it is left, where it listens."""
        try:
            self._socket.send(self._outgoing.read())
        except OSError:
            return

    def _feed(self, deadline: "Deadline") -> None:
        limit_wait(self._socket, deadline)
        piece = self._socket.recv(PIECE)
        if not piece:
            self._incoming.write_eof()
            return
        if len(self._head) < 3:
            self._head += piece[: 3 - len(self._head)]
            if len(self._head) == 3 and not is_tls(self._head):
                raise _speaks_plain(self._peer, piece)
        self._overhead += len(piece)
        if self._overhead > OVERHEAD_LIMIT:
            raise TlsError(of_peer(self._peer, f"sends over {OVERHEAD_LIMIT} bytes of TLS without an answer"))
        self._incoming.write(piece)


def _load(path: str, load: "Callable[[], None]") -> None:
    """Have OpenSSL *load* what is in *path*; raises SettingsError where it cannot."""
    try:
        load()
    except _ssl.SSLError as error:
        code = error.reason or ""
        reason = "no usable certificate or key of PEM is in it" if not code else code.replace("_", " ").lower()
        raise SettingsError(f"{path}: {reason}") from error
    except OSError as error:
        raise SettingsError(f"{path}: {strerror(error)}") from error


def _speaks_plain(peer: str, begin: bytes = b"") -> TlsError:
    answer = f", its answer begins {excerpt(begin)}" if begin else ""
    return TlsError(of_peer(peer, f"speaks plain text where TLS is expected{answer}"))
