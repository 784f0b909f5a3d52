"""The login of a probe: its user, and the messages SaslHandshake and SaslAuthenticate, with PLAIN or SCRAM in them.

Facts (message schemas of Kafka; ``SaslServerAuthenticator``): after version 1 of the handshake, which Kafka has from
1.0 on, the login's own messages travel in SaslAuthenticate requests. Before a login a broker answers ApiVersions, and
closes the connection on every other request.

Built-in modules only, with SCRAM ``_hashlib``, too: the probes load this module where every listener asks for a login.
"""

import posix

from kafkaboot.probes import wire
from kafkaboot.values.knobs import PLAIN, SASL_DIR, SASL_MECHANISM, SASL_USER
from zkboot.pod.environ import read_value_file
from zkboot.pod.errors import ProtocolError, excerpt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from zkboot.pod.environ import EnvReader

_NONCE_BYTES = 18


class Login:
    """A user who can log in."""

    __slots__ = ("mechanism", "password", "user")

    def __init__(self, mechanism: str, user: str, password: str) -> None:
        self.mechanism = mechanism
        self.user = user
        self.password = password

    def __repr__(self) -> str:
        """Return user and mechanism, and no password."""
        return f"<Login {self.user} by {self.mechanism}>"


def find_login(env: "EnvReader", *, is_controller: bool) -> Login | None:
    """Return the login of this pod's probes at a broker; where it *is_controller*, at a controller, which takes PLAIN.

    None where the variables ask for none, and where something is wrong with them, which is noted in *env*.
    """
    folder, user = env.get(SASL_DIR), env.get(SASL_USER)
    mechanism = PLAIN if is_controller else env.read(SASL_MECHANISM)
    if folder is None:
        return None
    if user is None or "/" in user:
        env.problems.note(f"{SASL_USER.name} must say as which user of {SASL_DIR.name}={folder} the probes log in")
        return None
    try:
        return Login(mechanism, user, read_value_file(f"{folder}/{user}"))
    except ValueError as reason:
        env.problems.note(f"{SASL_USER.name}={user!r}: {folder}/{user}: {reason}")
        return None


def conversation(login: Login) -> "Generator[bytes, bytes, None]":
    """Yield each message of the client, and take the server's answer to it by ``send``.

    Raises ValueError where an answer breaks the rules of the mechanism.
    """
    if login.mechanism == PLAIN:
        yield f"\0{login.user}\0{login.password}".encode()
        return
    from binascii import b2a_base64

    from kafkaboot.probes.scram import ScramClient

    nonce = b2a_base64(posix.urandom(_NONCE_BYTES), newline=False).decode()
    client = ScramClient(login.mechanism, login.user, login.password, nonce)
    server_first = yield client.first()
    server_final = yield client.final(server_first)
    client.check(server_final)


def encode_handshake(correlation_id: int, mechanism: str) -> bytes:
    """Return the frame that asks to log in by *mechanism*."""
    body = len(mechanism).to_bytes(2, "big") + mechanism.encode()
    return wire.encode_request(wire.SASL_HANDSHAKE, 1, correlation_id, body)


def encode_authenticate(correlation_id: int, message: bytes) -> bytes:
    """Return the frame that holds the next *message* of the login."""
    return wire.encode_request(wire.SASL_AUTHENTICATE, 0, correlation_id, wire.int32(len(message)) + message)


def decode_handshake(payload: bytes, correlation_id: int, mechanism: str, source: str = "the peer") -> None:
    """Check that the peer lets clients log in by *mechanism*; raises ProtocolError where it does not."""
    buffer = wire.Buffer(payload, f"{source}: answer to SaslHandshake 1")
    wire.read_correlation_id(buffer, correlation_id)
    error = wire.read_int16(buffer)
    offered = [wire.read_string(buffer) or "" for _ in range(wire.read_count(buffer, 2))]
    wire.read_end(buffer)
    if error:
        listed = excerpt(", ".join(offered).encode())
        raise ProtocolError(f"{source}: lets nobody log in by {mechanism}, error {wire.error_name(error)}: {listed}")


def decode_authenticate(payload: bytes, correlation_id: int, login: Login, source: str = "the peer") -> bytes:
    """Return the server's message; raises ProtocolError where it refuses the *login*."""
    buffer = wire.Buffer(payload, f"{source}: answer to SaslAuthenticate 0")
    wire.read_correlation_id(buffer, correlation_id)
    error = wire.read_int16(buffer)
    reason = wire.read_string(buffer) or ""
    message = wire.take(buffer, wire.read_count(buffer, 1))
    wire.read_end(buffer)
    if error:
        raise ProtocolError(
            f"{source}: refuses the login of {login.user} by {login.mechanism}, error {wire.error_name(error)}:"
            f" {excerpt(reason.encode())}"
        )
    return message
