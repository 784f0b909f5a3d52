"""What each server says it is, twenty times a second, and whether two of them led at the same time.

    python -m tests.members.watcher <file> <endpoint of zk-0> <endpoint of zk-1> ...

Run in the hub, until SIGTERM.
"""

import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from tests.members.writer import Write

INTERVAL = 0.05
_TIMEOUT = 0.25
LEADER = "leader"
_SILENT, _LOOKING = "silent", "looking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one server said once."""

    asked: float
    answered: float
    server: int
    role: str
    epoch: int

    def __str__(self) -> str:
        """Return its row."""
        return f"{self.asked:.6f} {self.answered:.6f} {self.server} {self.role} {self.epoch}"

    @classmethod
    def parse(cls, row: str) -> "Sample":
        """Return what a row says."""
        asked, answered, server, role, epoch = row.split()
        return cls(asked=float(asked), answered=float(answered), server=int(server), role=role, epoch=int(epoch))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reign:
    """A time in which a server surely led: from its first answer that said so to its last question."""

    server: int
    began: float
    ended: float
    epoch: int


def read_samples(file: Path) -> list[Sample]:
    """Return the whole rows of a file."""
    text = file.read_text(encoding="ascii") if file.exists() else ""
    return [Sample.parse(row) for row in text[: text.rfind("\n") + 1].splitlines()]


def reigns(samples: Iterable[Sample]) -> list[Reign]:
    """Return who led when; one that was silent in between may have begun anew."""
    by_server: dict[int, list[Sample]] = {}
    for sample in samples:
        by_server.setdefault(sample.server, []).append(sample)
    found = (
        Reign(server=server, began=led[0].answered, ended=led[-1].asked, epoch=led[-1].epoch)
        for server, said in by_server.items()
        for led in _runs(sorted(said, key=lambda one: one.asked))
    )
    return sorted(found, key=lambda one: one.began)


def rivals(samples: Iterable[Sample], writes: Iterable[Write]) -> list[str]:
    """Return one line for each two servers that led at the same time and both acknowledged writes in that time."""
    known = [write for write in writes if write.server is not None]
    lines = []
    for one, other in combinations(reigns(samples), 2):
        began, ended = max(one.began, other.began), min(one.ended, other.ended)
        if one.server == other.server or began >= ended:
            continue
        counts = [
            sum(write.server == reign.server and began <= write.asked and write.answered <= ended for write in known)
            for reign in (one, other)
        ]
        if all(counts):
            lines.append(
                f"zk-{one.server} (epoch {one.epoch}) and zk-{other.server} (epoch {other.epoch}) both led for"
                f" {ended - began:.2f} s and acknowledged {counts[0]} and {counts[1]} writes"
            )
    return lines


def _runs(said: Sequence[Sample]) -> Iterator[list[Sample]]:
    run: list[Sample] = []
    for sample in said:
        if sample.role == LEADER:
            run.append(sample)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _ask(server: int, endpoint: str) -> Sample:
    host, _, port = endpoint.partition(":")
    asked, reply = time.monotonic(), b""
    try:
        with socket.create_connection((host, int(port)), _TIMEOUT) as connection:
            connection.sendall(b"srvr")
            while chunk := connection.recv(4096):
                reply += chunk
        mode = re.search(rb"Mode: (\w+)", reply)
        role = mode[1].decode() if mode else _LOOKING
    except OSError:
        role = _SILENT
    zxid = re.search(rb"Zxid: 0x(\w+)", reply)
    epoch = int(zxid[1], 16) >> 32 if zxid else 0
    return Sample(asked=asked, answered=time.monotonic(), server=server, role=role, epoch=epoch)


def main() -> None:
    """Run the command line in the module's docstring."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    endpoints = sys.argv[2:]
    lock = threading.Lock()
    with Path(sys.argv[1]).open("w", encoding="ascii", buffering=1) as file, ThreadPoolExecutor(len(endpoints)) as pool:

        def watch(server: int) -> None:
            while not stop.is_set():
                sample = _ask(server, endpoints[server])
                with lock:
                    file.write(f"{sample}\n")
                stop.wait(max(0.0, sample.asked + INTERVAL - time.monotonic()))

        for watching in [pool.submit(watch, server) for server in range(len(endpoints))]:
            watching.result()


if __name__ == "__main__":
    main()
