"""Waiting for the ensemble: a real session through kazoo, bounded, and on failure what each server said."""

import logging
from collections.abc import Sequence
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

from zkboot.client import ask
from zkboot.endpoint import Endpoint
from zkboot.health import serving
from zkboot.pod.address import Address, host_port
from zkboot.pod.deadline import Deadline
from zkboot.pod.errors import BootError, NotServingError, UnreachableError
from zkboot.pod.threads import answers_of
from zkboot.words import SRVR

if TYPE_CHECKING:
    from ssl import SSLSocket

    from kazoo.client import KazooClient

    from zkboot.pod.tls_transport import Tls

_DIAGNOSIS_SHARE = 0.25
"""Part of the time that is kept for asking each server why, should no session open."""

_DIAGNOSIS_LIMIT = 3.0
_SHORTEST_QUESTION = 0.05
_RETRY_PAUSE = 0.5

_CLOSING_LIMIT = 1.0
_SHORTEST_ATTEMPT = 0.2
_LONGEST_ATTEMPT = 5.0
"""Seconds for one server to open a session: the next one is asked where the address of a pod that is gone is silent."""


def wait_for_quorum(addresses: Sequence[Address], timeout: float, tls: "Tls | None" = None) -> float:
    """Return the seconds it took until one of *addresses* opened a session, which needs a quorum behind it.

    They are asked in plain text, or over TLS as *tls* says, each under its own name.

    Raises UnreachableError, or NotServingError where a server answers, after *timeout* seconds at the latest: one line
    for the whole, then one for each server with its reason.
    """
    deadline = Deadline(timeout)
    reserve = min(_DIAGNOSIS_LIMIT, timeout * _DIAGNOSIS_SHARE)
    if _session_opens(addresses, timeout - reserve, tls):
        return timeout - deadline.remaining()
    raise _diagnosis(addresses, deadline, tls)


def _session_opens(addresses: Sequence[Address], timeout: float, tls: "Tls | None") -> bool:
    # Imported here: kazoo costs more than all the rest, and only those who wait need it.
    from kazoo.client import KazooClient
    from kazoo.handlers.threading import SequentialThreadingHandler
    from kazoo.retry import KazooRetry

    logger = logging.getLogger("zkboot.quorum.kazoo")
    # kazoo reports each refused connection as a warning; the diagnosis says it once, and better.
    logger.setLevel(logging.CRITICAL)
    handler = SequentialThreadingHandler()
    if tls is not None:
        handler.create_connection = partial(_secured, tls)
    client = KazooClient(
        hosts=",".join(host_port(host, port) for host, port in addresses),
        timeout=min(max(timeout / (len(addresses) + 1), _SHORTEST_ATTEMPT), _LONGEST_ATTEMPT),
        connection_retry=KazooRetry(max_tries=-1, delay=0.1, backoff=2, max_delay=_RETRY_PAUSE),
        logger=logger,
        handler=handler,
    )
    connected = client.start_async()
    connected.wait(timeout)
    opened = bool(client.connected)
    # Stopping waits for the end of an attempt, which nobody else has to: the diagnosis goes on meanwhile.
    closing = Thread(target=_close, args=(client,), daemon=True)
    closing.start()
    if opened:
        # A session that is closed does not have to expire.
        closing.join(_CLOSING_LIMIT)
    return opened


def _secured(tls: "Tls", address: Address, *, hostname: str, timeout: float, **_of_kazoo: object) -> "SSLSocket":
    """Return a connection to *address*, which proves *hostname*; raises OSError.

    It trusts as a probe does: kazoo's own connections trust the system's authorities, too, and no issuer that is given
    without its own.
    """
    import socket
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(tls.ca)
    context.load_cert_chain(tls.certificate, tls.key, password="")
    plain = socket.create_connection(address, timeout)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(plain, server_hostname=hostname)
    except BaseException:
        plain.close()
        raise


def _close(client: "KazooClient") -> None:
    client.stop()
    client.close()


def _diagnosis(addresses: Sequence[Address], deadline: Deadline, tls: "Tls | None") -> BootError:
    verdicts = answers_of(lambda address: _verdict(address, deadline, tls), addresses)
    answering = sum(not isinstance(error, UnreachableError) for error in verdicts)
    lines = [str(error) for error in verdicts]
    head = f"no session within {deadline}: {answering} of {len(addresses)} servers answer"
    kind = NotServingError if answering else UnreachableError
    return kind(head, *lines)


def _verdict(address: Address, deadline: Deadline, tls: "Tls | None") -> BootError:
    """Return what keeps the server at *address* from opening a session, as far as it can be seen from here."""
    endpoint = Endpoint(*address, timeout=max(deadline.remaining(), _SHORTEST_QUESTION))
    endpoint.tls = None if tls is None else tls.under(endpoint.host)
    try:
        mode = serving(ask(endpoint, SRVR), str(endpoint))
    except BootError as error:
        return error
    return NotServingError(f"{endpoint} is {mode}, but opened no session: does it ask for authentication?")
