"""What the other servers say while this one is about to start: whether they serve, and which list they run.

Nobody has to answer. All are asked at once and within one time-out; whoever is silent, unreachable, or speaks TLS only
has said nothing. 3.4 keeps no list that can be read, but it says that it is a standalone server.
"""

from collections.abc import Mapping

from zkboot.client import ask
from zkboot.endpoint import Endpoint
from zkboot.health import serving
from zkboot.lists import Members
from zkboot.members.peer import LOOKING, SILENT, STANDALONE, Peer
from zkboot.members.wire import (
    decode_connect,
    decode_get_data,
    decode_length,
    encode_close,
    encode_connect,
    encode_get_data,
)
from zkboot.pod.address import Address
from zkboot.pod.connection import Connection, Deadline, connect
from zkboot.pod.errors import BootError, NoAddressError, NotServingError, ProtocolError, of_peer
from zkboot.pod.threads import in_parallel
from zkboot.words import SRVR

CONFIG_NODE = "/zookeeper/config"
"""Holds the list of the server that is asked, from 3.5 on; anybody may read it."""

PATIENCE = 1.0
"""Seconds for all peers: they answer within milliseconds, and only an address that swallows packets takes longer."""

_NODES_OF_NEW = 4
"""Znodes of an ensemble that nobody wrote to, in 3.4."""

_SESSION_MS = 4000


def ask_peers(addresses: Mapping[int, Address], timeout: float = PATIENCE) -> Mapping[int, Peer]:
    """Return the servers at *addresses*, by id, as far as they say something of themselves in *timeout* s.

    Those that say nothing are SILENT; those without an address are left out.
    """
    endpoints = {server_id: Endpoint(*address, timeout) for server_id, address in addresses.items()}
    peers, failures = ask_all(endpoints, timeout)
    for one, endpoint in endpoints.items():
        error = failures.get(one)
        if one not in peers and not isinstance(error, NoAddressError):
            mode = LOOKING if isinstance(error, NotServingError) else SILENT
            peers[one] = Peer(source=str(endpoint), mode=mode, members=None)
    return dict(sorted(peers.items()))


def ask_all(
    endpoints: Mapping[int, Endpoint], timeout: float | None = None
) -> tuple[dict[int, Peer], dict[int, BootError]]:
    """Return what the servers at *endpoints*, by id, say of themselves, and why the others do not serve.

    All are asked at once, each within its own time-out; whoever has said nothing after *timeout* seconds is in neither.
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
    """Return the list that the server at *endpoint* runs, None where it keeps none. Raises BootError."""
    source = str(endpoint)
    with connect(endpoint.host, endpoint.port, deadline) as connection:
        connection.send(encode_connect(_SESSION_MS))
        decode_connect(_frame(connection, source), source)
        connection.send(encode_get_data(CONFIG_NODE))
        data = decode_get_data(_frame(connection, source), source)
        connection.send(encode_close())
    if not data:
        return None
    try:
        return Members.parse(data.decode("utf-8", "backslashreplace"))
    except ValueError as error:
        raise ProtocolError(of_peer(source, f"{CONFIG_NODE} {error}")) from None


def _frame(connection: Connection, source: str) -> bytes:
    length = decode_length(connection.receive_exactly(4), source)
    return connection.receive_exactly(length, 4)
