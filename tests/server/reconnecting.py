"""A client that makes one connection by TLS after the other, and counts those that did not go through."""

import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from socket import create_connection
from ssl import SSLContext

from tests.server.clients import LIMIT
from tests.server.pods import Pod

Address = tuple[str, int]

_PAUSE = 0.01

_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""Kafka's first request, version 0, of a client without a name: it is answered before any login."""


@dataclass(slots=True, kw_only=True)
class Connections:
    """What came of them."""

    answered: int = 0
    failed: list[str] = field(default_factory=list)
    """Why, of each of the others."""
    longest: float = 0.0
    """Seconds from its beginning until the answer, of the slowest."""

    def __str__(self) -> str:
        """Return the figures in one line."""
        return f"{self.answered} connections answered, {len(self.failed)} failed, the slowest in {self.longest:.1f} s"


@contextmanager
def reconnecting(addresses: Sequence[Address], ask: Callable[[Address], None]) -> Iterator[Connections]:
    """Have *ask* connect to each of *addresses* in turn while the context lasts; OSError says that one failed."""
    made = Connections()
    over = threading.Event()

    def connect() -> None:
        for address in cycle(addresses):
            if over.is_set():
                return
            started = time.monotonic()
            try:
                ask(address)
            except OSError as error:
                made.failed.append(f"{address}: {error!r}")
            else:
                made.answered += 1
            made.longest = max(made.longest, time.monotonic() - started)
            time.sleep(_PAUSE)

    thread = threading.Thread(target=connect)
    thread.start()
    try:
        yield made
    finally:
        over.set()
        thread.join()


def ask_zookeeper(address: Address, context: SSLContext) -> None:
    """Ask the server at *address*, whose certificate must name it; ConnectionError where the answer is another."""
    _ask(address, context, address[0], b"ruok", b"imok")


def ask_kafka(address: Address, context: SSLContext, name: str) -> None:
    """Ask the broker at *address*, whose certificate must have *name*; ConnectionError where there is no answer."""
    _ask(address, context, name, _API_VERSIONS, b"")


def _ask(address: Address, context: SSLContext, name: str, request: bytes, wanted: bytes) -> None:
    with (
        create_connection(address, timeout=LIMIT) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        secure.sendall(request)
        answer = secure.recv(4)
    if len(answer) < len(b"imok") or (wanted and answer != wanted):
        raise ConnectionError(f"the answer is {answer!r}")


def ports_of(pods: Sequence[Pod], variable: str) -> list[Address]:
    """Return where each of *pods* listens, by the *variable* that says the port."""
    return [(pod.address, int(pod.environ[variable])) for pod in pods]
