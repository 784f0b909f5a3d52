"""SCRAM, a login that sends no password: the client's messages, and a password salted as a server keeps it.

Sources: RFC 5802, RFC 7677; ``ScramFormatter`` and ``ScramMechanism`` of Kafka, which takes a password's bytes as they
are, as UTF-8, and at most 16,384 iterations.

Built-in modules and ``_hashlib`` only, 2 ms: a probe loads this module where every listener asks for a login.
"""

import _hashlib
import binascii

ITERATIONS = 4096
"""Kafka's own default, and the fewest that its servers and clients take: fewer would make guessing cheap."""

ITERATIONS_LIMIT = 16384
"""Where a server asks for more, the login fails: a probe has one deadline."""

SALT_BYTES = 16
"""Bytes of a new salt."""

_DIGESTS = {"SCRAM-SHA-512": "sha512", "SCRAM-SHA-256": "sha256"}
_NO_BINDING = "biws"
"""``n,,`` in base64: the login is bound to no channel."""


def salted(mechanism: str, password: str, salt: bytes, iterations: int) -> bytes:
    """Return *password* as *mechanism* salts it."""
    return _hashlib.pbkdf2_hmac(_DIGESTS[mechanism], password.encode(), salt, iterations)


class ScramClient:
    """One login of *user* by *mechanism*; *nonce* is base64 that no other login has.

    Raises ValueError with the reason where a message of the server breaks the protocol.
    """

    __slots__ = ("_bare", "_digest", "_expected", "_mechanism", "_nonce", "_password")

    def __init__(self, mechanism: str, user: str, password: str, nonce: str) -> None:
        self._mechanism = mechanism
        self._digest = _DIGESTS[mechanism]
        self._password = password
        self._nonce = nonce
        name = user.replace("=", "=3D").replace(",", "=2C")
        self._bare = f"n={name},r={nonce}"
        self._expected = b""

    def first(self) -> bytes:
        """Return the client's first message."""
        return f"n,,{self._bare}".encode()

    def final(self, server_first: bytes) -> bytes:
        """Return the client's answer to the server's first message: the proof that it knows the password."""
        fields = _fields(server_first)
        nonce, count = fields.get("r", ""), fields.get("i", "")
        if not nonce.startswith(self._nonce) or len(nonce) == len(self._nonce):
            raise ValueError("answers another login's nonce")
        if (
            not count.isascii()
            or not count.isdigit()
            or len(count) > 5
            or not ITERATIONS <= int(count) <= ITERATIONS_LIMIT
        ):
            raise ValueError(f"asks for other iterations than {ITERATIONS} to {ITERATIONS_LIMIT}")
        key = salted(self._mechanism, self._password, _base64(fields.get("s", "")), int(count))
        without_proof = f"c={_NO_BINDING},r={nonce}"
        auth_message = b",".join((self._bare.encode(), server_first, without_proof.encode()))
        client_key = self._hmac(key, b"Client Key")
        signature = self._hmac(_hashlib.new(self._digest, client_key).digest(), auth_message)
        self._expected = self._hmac(self._hmac(key, b"Server Key"), auth_message)
        proof = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
        return f"{without_proof},p={binascii.b2a_base64(proof, newline=False).decode()}".encode()

    def check(self, server_final: bytes) -> None:
        """Check that the server knows the password, too."""
        if not self._expected or _base64(_fields(server_final).get("v", "")) != self._expected:
            raise ValueError("does not prove that it knows the user")

    def _hmac(self, key: bytes, message: bytes) -> bytes:
        return _hashlib.hmac_digest(key, message, self._digest)


def _fields(message: bytes) -> dict[str, str]:
    """Return the fields of a server's *message* by their letters."""
    try:
        parts = [part.partition("=") for part in message.decode("ascii").split(",")]
    except UnicodeDecodeError:
        raise ValueError("says what is no SCRAM") from None
    return {letter: text for letter, equals, text in parts if equals}


def _base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        raise ValueError("says what is no base64") from None
