"""The TLS question: whether a peer that says nothing to plain text, or hangs up on it, speaks TLS.

A TLS server that is asked in plain text sends an alert, or closes, or says nothing at all: a four-letter word is
shorter than the five bytes of a TLS record's header, so it waits for more. Silence and an early end are therefore
followed by a hello of TLS on a second connection (RFC 8446, section 5.1: the first bytes of a record).

Built-in modules and ``_socket`` only: the probes load this module every few seconds on every pod.
"""

import _socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zkboot.pod.resolve import SocketAddress

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


class TlsQuestion:
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


def is_tls(data: bytes) -> bool:
    """Return whether *data* begins as a TLS alert or handshake record of any version does."""
    return len(data) >= 3 and data[0] in (0x15, 0x16) and data[1] == 3 and data[2] <= 4
