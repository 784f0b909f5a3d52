"""What the other servers say while this one is about to start: whether they serve, and which list they run.

Nobody has to answer. All are asked at once and within one time-out. A server that cannot be reached counts as silent;
one that answers, but by no TLS or login that both sides accept, does not: it runs, whatever it would say.
3.4 keeps no list that can be read, but it says that it is a standalone server.
"""

import os
from collections.abc import Mapping, Sequence

from zkboot.client import ask
from zkboot.endpoint import Endpoint
from zkboot.health import serving
from zkboot.lists import Members
from zkboot.members.digest_md5 import answer_of
from zkboot.members.peer import LOOKING, SILENT, STANDALONE, UNPROVEN, Peer
from zkboot.members.wire import (
    decode_connect,
    decode_get_data,
    decode_length,
    decode_login,
    encode_close,
    encode_connect,
    encode_get_data,
    encode_login,
)
from zkboot.pod.connection import Connection, connect
from zkboot.pod.deadline import Deadline
from zkboot.pod.errors import (
    BootError,
    LoginError,
    NoAddressError,
    NotServingError,
    ProtocolError,
    SettingsError,
    TlsError,
    of_peer,
)
from zkboot.pod.threads import in_parallel
from zkboot.pod.transport import ClosedError
from zkboot.words import SRVR

CONFIG_NODE = "/zookeeper/config"
"""Holds the list of the server that is asked, from 3.5 on; anybody may read it."""

PATIENCE = 1.0
"""Seconds for all peers: they answer within milliseconds, and only an address that swallows packets takes longer."""

_NODES_OF_NEW = 4
"""Znodes of an ensemble that nobody wrote to, in 3.4."""

_SESSION_MS = 4000

_UNHEARD = frozenset({SILENT, UNPROVEN})


def ask_peers(doors: Mapping[int, Sequence[Endpoint]], timeout: float = PATIENCE) -> Mapping[int, Peer]:
    """Return the servers at *doors*, by id, as far as they say something of themselves in *timeout* s.

    Who says nothing at the first of its doors is asked at the next one. Those that say nothing at all are SILENT; those
    whose TLS, or login, is not accepted at any of them are UNPROVEN; those without an address are left out.
    """
    peers = _ask_once({server_id: own[0] for server_id, own in doors.items()}, timeout)
    unheard = {one: doors[one][1:] for one, peer in peers.items() if peer.mode in _UNHEARD and len(doors[one]) > 1}
    if unheard:
        later = ask_peers(unheard, timeout)
        peers |= {one: peer for one, peer in later.items() if peer.mode != SILENT}
    return dict(sorted(peers.items()))


def _ask_once(endpoints: Mapping[int, Endpoint], timeout: float) -> dict[int, Peer]:
    peers, failures = ask_all(endpoints, timeout)
    for one, endpoint in endpoints.items():
        error = failures.get(one)
        if one not in peers and not isinstance(error, NoAddressError):
            peers[one] = _peer_of(str(endpoint), error)
    return peers


def _peer_of(source: str, error: BootError | None) -> Peer:
    """Return the peer that did not serve because of *error*, or said nothing in time."""
    if isinstance(error, TlsError | LoginError | SettingsError):
        # With a file of TLS that cannot be used nobody was asked, but somebody took the connection.
        return Peer(source=source, mode=UNPROVEN, members=None, reason=error.reason)
    return Peer(source=source, mode=LOOKING if isinstance(error, NotServingError) else SILENT, members=None)


def ask_all(
    endpoints: Mapping[int, Endpoint], timeout: float | None = None
) -> tuple[dict[int, Peer], dict[int, BootError]]:
    """Return what the servers at *endpoints*, by id, say of themselves, and why the others do not serve.

    All are asked at once, each within its own time-out. A server that has said nothing by then is in neither.
    """
    peers: dict[int, Peer] = {}
    failures: dict[int, BootError] = {}

    def look(server_id: int) -> None:
        try:
            peers[server_id] = ask_server(endpoints[server_id])
        except BootError as error:
            failures[server_id] = error

    in_parallel(look, endpoints, timeout)
    # Copies, for a thread that comes late still writes.
    return peers.copy(), failures.copy()


def ask_server(endpoint: Endpoint) -> Peer:
    """Return what the server at *endpoint* says of itself; raises the BootError that says why it does not serve."""
    deadline = Deadline(endpoint.timeout)
    source = str(endpoint)
    reply = ask(endpoint, SRVR, deadline)
    mode = serving(reply, source)
    members = None if mode == STANDALONE else read_members(endpoint, deadline)
    return Peer(source=source, mode=mode, members=members, has_old_data=_has_old_data(reply))


def _has_old_data(reply: bytes) -> bool:
    """Return whether *reply* to ``srvr`` is that of a 3.4 that somebody has written to."""
    lines = reply.split(b"\n")
    is_old = any(line.startswith(b"Zookeeper version: 3.4.") for line in lines)
    counts = [line.removeprefix(b"Node count: ") for line in lines if line.startswith(b"Node count: ")]
    return is_old and any(count.isdigit() and int(count) > _NODES_OF_NEW for count in counts)


def read_members(endpoint: Endpoint, deadline: Deadline) -> Members | None:
    """Return the list that the server at *endpoint* runs, None where it keeps none. Raises BootError.

    This pod logs in where it is asked to, and has a login: a server that was started without logins takes none.
    """
    try:
        return _read_members(endpoint, deadline, None)
    except LoginError:
        if endpoint.login is None:
            raise
    return _read_members(endpoint, deadline, endpoint.login)


def _read_members(endpoint: Endpoint, deadline: Deadline, login: tuple[str, str] | None) -> Members | None:
    source = str(endpoint)
    with connect(endpoint.host, endpoint.port, deadline, endpoint.tls) as connection:
        connection.send(encode_connect(_SESSION_MS))
        decode_connect(_frame(connection, source), source)
        if login is not None:
            _log_in(connection, source, *login)
        connection.send(encode_get_data(CONFIG_NODE))
        data = decode_get_data(_frame(connection, source), source)
        connection.send(encode_close())
    if not data:
        return None
    try:
        return Members.parse(data.decode("utf-8", "backslashreplace"))
    except ValueError as error:
        raise ProtocolError(of_peer(source, f"{CONFIG_NODE} {error}")) from None


def _log_in(connection: Connection, source: str, user: str, password: str) -> None:
    """Log in as *user* on an open session. Raises LoginError where the server does not take it."""
    try:
        connection.send(encode_login(b""))
        challenge = decode_login(_frame(connection, source), source)
        connection.send(encode_login(answer_of(challenge, user, password, os.urandom(16).hex())))
        decode_login(_frame(connection, source), source)
    except ClosedError:
        raise LoginError(of_peer(source, "hangs up on this pod's login")) from None
    except ValueError as error:
        raise LoginError(of_peer(source, f"{error}: it takes no login by a password")) from None


def _frame(connection: Connection, source: str) -> bytes:
    length = decode_length(connection.receive_exactly(4), source)
    return connection.receive_exactly(length, 4)
