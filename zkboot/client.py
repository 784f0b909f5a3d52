"""Asks a ZooKeeper server one four-letter word, and knows which one is this pod's own."""

from zkboot.endpoint import CONF_DIR, DOMAIN, TLS_DIR, TLS_PORT, Endpoint
from zkboot.pod.connection import connect
from zkboot.pod.deadline import Deadline
from zkboot.pod.transport import ClosedError
from zkboot.pod.variables import Text
from zkboot.words import MNTR, RUOK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zkboot.pod.environ import EnvReader

_SERVERS = Text("ZK_SERVERS", None, "")
_SERVER_ID = Text("ZK_SERVER_ID", None, "")
"""Read as text, for their meaning is a start's to check, and its modules are too heavy for a probe."""

REPLY_LIMIT = 65536
"""Bytes of a reply that are read: ``srvr`` needs some 200."""

MNTR_LIMIT = 8 << 20
"""Bytes of a reply to ``mntr`` that are read: 3.8 sends 16 KiB, and 200 bytes more for each znode below the root."""


def find_own_server(env: "EnvReader", *, prefers_tls: bool = False, verifies: bool = True) -> Endpoint:
    """Return where this pod's own server is asked, and how; what is wrong with the variables is noted in *env*.

    With *prefers_tls* it is the port for TLS, if there is one, unless the variables say which port to ask. A server
    that is asked over TLS must prove its name where the caller *verifies* it.
    """
    endpoint = Endpoint.from_environ(env, prefers_tls=prefers_tls)
    mounted = env.get(TLS_DIR)
    if mounted is not None and endpoint.port == env.read(TLS_PORT):
        from zkboot.pod.own_tls import find_own_tls

        folder, own = f"{env.read(CONF_DIR)}/tls", listed_name(env)
        endpoint.tls = find_own_tls(env, folder, mounted, endpoint.host, DOMAIN, plain=RUOK, verifies=verifies, own=own)
    return endpoint


def listed_name(env: "EnvReader") -> str:
    """Return the name or address of this server in ZK_SERVERS by its ZK_SERVER_ID; empty where one of them is unset.

    A start has checked both; what it would have refused names nobody here.
    """
    server_id, servers = env.get(_SERVER_ID), env.get(_SERVERS)
    if server_id is None or servers is None:
        return ""
    for entry in servers.replace(",", " ").split():
        number, _, row = entry.removeprefix("server.").partition("=")
        if number == server_id:
            return row[1:].partition("]")[0] if row.startswith("[") else row.partition(":")[0]
    return ""


def ask(endpoint: Endpoint, word: bytes, deadline: "Deadline | None" = None) -> bytes:
    """Return the whole reply of *endpoint* to *word*, empty where it hangs up without one.

    The four bytes are sent without a newline: a fifth byte that the server never reads makes it reset the connection,
    and the reply may be lost with it. The whole call is over at *deadline*, by default after the endpoint's time-out.
    Raises UnreachableError, ProtocolError where the server speaks TLS and is asked in plain text, or the reverse, or
    its reply does not end, and what ``Tls.start`` raises.
    """
    if deadline is None:
        deadline = Deadline(endpoint.timeout)
    with connect(endpoint.host, endpoint.port, deadline, endpoint.tls) as connection:
        try:
            connection.send(word)
            return connection.receive_until_eof(MNTR_LIMIT if word == MNTR else REPLY_LIMIT)
        except ClosedError as error:
            # With a reset, too, a server hangs up on a connection over its limit (3.9 with Netty).
            if error.received:
                raise
            return b""
