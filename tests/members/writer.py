"""A client that counts: one connection to each server and some that float; a row for each acknowledged write.

    python -m tests.members.writer <file> <endpoint of zk-0> <endpoint of zk-1> ...

Run in the hub. Each connection creates `/w/<connection>-<number>` one after another until SIGTERM. What was not
acknowledged is never asked again: nobody knows whether it is there. Times are those of the monotonic clock, which all
processes of a machine share.
"""

import logging
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import KazooRetry

ROOT = "/w"
FLOATING = 3
"""Connections that may go to any server."""

PAUSE = 0.01
"""Seconds between an acknowledgement and the next write of the connection."""

MOST = 30_000
"""Writes of one connection at most."""

SESSION = 8.0
_ANSWER = 10.0
_IDLE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One acknowledged write."""

    asked: float
    answered: float
    server: int | None
    """The ordinal of the server that the connection is pinned to; None where it floats."""
    name: str
    """The name of the znode, below the root."""
    zxid: int
    """The transaction that made it, as the server told."""

    def __str__(self) -> str:
        """Return its row."""
        server = "-" if self.server is None else self.server
        return f"{self.asked:.6f} {self.answered:.6f} {server} {self.name} {self.zxid:#x}"

    @classmethod
    def parse(cls, row: str) -> "Write":
        """Return what a row says."""
        asked, answered, server, name, zxid = row.split()
        return cls(
            asked=float(asked),
            answered=float(answered),
            server=None if server == "-" else int(server),
            name=name,
            zxid=int(zxid, 16),
        )


def read_writes(file: Path) -> list[Write]:
    """Return the whole rows of a file, in the order in which they were acknowledged."""
    text = file.read_text(encoding="ascii") if file.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    return sorted((Write.parse(row) for row in whole.splitlines()), key=lambda one: one.answered)


def longest_gap(writes: Iterable[Write], began: float, ended: float) -> float:
    """Return the longest time between two acknowledgements, one after another, of which some lies in the period."""
    times = sorted(one.answered for one in writes)
    inside = [
        min(later, ended) - max(earlier, began)
        for earlier, later in zip([began, *times], [*times, ended], strict=True)
        if later > began and earlier < ended
    ]
    return max(inside, default=ended - began)


class _Connection:
    """One client that writes until it is told to stop."""

    def __init__(self, name: str, endpoints: Sequence[str], server: int | None) -> None:
        self._name = name
        self._server = server
        self._client = KazooClient(
            hosts=",".join(endpoints),
            timeout=SESSION,
            connection_retry=KazooRetry(max_tries=-1, delay=0.1, backoff=1, max_jitter=0.1, max_delay=0.2),
        )

    def run(self, log: "_Log", stop: threading.Event) -> None:
        self._client.start_async()
        number = 0
        while not stop.is_set() and number < MOST:
            if not self._client.connected:
                stop.wait(_IDLE)
                continue
            number += 1
            name = f"{self._name}-{number}"
            asked = time.monotonic()
            try:
                self._client.create_async(f"{ROOT}/{name}").get(timeout=_ANSWER)
            except (KazooException, KazooTimeoutError):
                stop.wait(_IDLE)
                continue
            # The reply's own: nothing else is under way on this connection.
            zxid = self._client.last_zxid
            log.add(Write(asked=asked, answered=time.monotonic(), server=self._server, name=name, zxid=zxid))
            stop.wait(PAUSE)
        self._client.stop()
        self._client.close()


class _Log:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="ascii", buffering=1)
        self._lock = threading.Lock()

    def add(self, write: Write) -> None:
        with self._lock:
            self._file.write(f"{write}\n")


def _make_root(endpoints: Sequence[str]) -> None:
    client = KazooClient(hosts=",".join(endpoints), timeout=SESSION)
    client.start(timeout=30)
    client.ensure_path(ROOT)
    client.stop()
    client.close()


def main() -> None:
    """Run the command line in the module's docstring."""
    logging.disable(logging.CRITICAL)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    log, endpoints = _Log(Path(sys.argv[1])), sys.argv[2:]
    _make_root(endpoints)
    pinned = [_Connection(f"p{server}", [endpoint], server) for server, endpoint in enumerate(endpoints)]
    floating = [_Connection(f"f{number}", endpoints, None) for number in range(FLOATING)]
    with ThreadPoolExecutor(len(pinned) + len(floating)) as pool:
        for writing in [pool.submit(connection.run, log, stop) for connection in (*pinned, *floating)]:
            writing.result()


if __name__ == "__main__":
    main()
