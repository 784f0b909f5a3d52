"""Asks a ZooKeeper server one four-letter word."""

from zkboot.pod.connection import ClosedError, Deadline, connect
from zkboot.words import MNTR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zkboot.endpoint import Endpoint

REPLY_LIMIT = 65536
"""Bytes of a reply that are read: ``srvr`` needs some 200."""

MNTR_LIMIT = 8 << 20
"""Bytes of a reply to ``mntr`` that are read: 3.8 sends 16 KiB, and 200 bytes more for each znode below the root."""


def ask(endpoint: "Endpoint", word: bytes, deadline: "Deadline | None" = None) -> bytes:
    """Return the whole reply of *endpoint* to *word*, empty where it hangs up without one.

    The four bytes are sent without a newline: a fifth byte that the server never reads makes it reset the connection,
    and the reply may be lost with it. The whole call is over at *deadline*, by default after the endpoint's time-out.
    Raises UnreachableError, and ProtocolError where the server speaks TLS or its reply does not end.
    """
    if deadline is None:
        deadline = Deadline(endpoint.timeout)
    with connect(endpoint.host, endpoint.port, deadline) as connection:
        try:
            connection.send(word)
            return connection.receive_until_eof(MNTR_LIMIT if word == MNTR else REPLY_LIMIT)
        except ClosedError as error:
            # With a reset, too, a server hangs up on a connection over its limit (3.9 with Netty).
            if error.received:
                raise
            return b""
