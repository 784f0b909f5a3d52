"""One trial: a StatefulSet under the writer and the watcher, and what came of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from tests.commands import ROOT
from tests.members.audit import Audit, compare
from tests.members.network import Network
from tests.members.pods import Pod
from tests.members.statefulset import StatefulSet
from tests.members.voters import parse_voters
from tests.members.watcher import read_samples, rivals
from tests.members.writer import Write, longest_gap, read_writes
from tests.server.distributions import Distribution
from tests.server.processes import ServerProcess, start

_ENVIRON = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
_READY_TO_WRITE = 40.0
_STOP_LIMIT = 30.0
_ASK_LIMIT = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a trial."""

    line: str
    faults: tuple[str, ...]
    acknowledged: int = 0


class Trial:
    """A StatefulSet and its clients; `trial` makes it."""

    def __init__(self, pods: StatefulSet, folder: Path) -> None:
        """Start nothing yet; *folder* is where the clients' files will be."""
        self.pods = pods
        self.gaps: dict[str, float] = {}
        """The longest gap of each kind of change that was `measured`."""
        self._folder = folder
        self._clients: list[ServerProcess] = []

    def write(self, least: int = 200) -> None:
        """Start the clients, and return when *least* writes were acknowledged."""
        self._clients = [self._start("writer"), self._start("watcher")]
        self.await_writes(least)

    def await_writes(self, more: int) -> None:
        """Return when so many more writes were acknowledged; TimeoutError where they are not."""
        wanted, deadline = len(self.writes()) + more, monotonic() + _READY_TO_WRITE
        while len(self.writes()) < wanted:
            if monotonic() > deadline:
                raise TimeoutError(f"{len(self.writes())} of {wanted} writes acknowledged\n{self._last_words()}")
            sleep(0.1)

    def writes(self) -> list[Write]:
        """Return what was acknowledged so far."""
        return read_writes(self._folder / "writer")

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let the writer stand still, so that all servers have the same."""
        writer = self._clients[0]
        writer.pause()
        sleep(0.5)
        try:
            yield
        finally:
            writer.resume()

    @contextmanager
    def measured(self, kind: str) -> Iterator[None]:
        """Note the longest gap between acknowledgements while something is done, and a second after it."""
        began = monotonic()
        yield
        sleep(1.0)
        gap = longest_gap(self.writes(), began, monotonic())
        self.gaps[kind] = max(self.gaps.get(kind, 0.0), gap)

    def stop_writing(self) -> None:
        """End the clients."""
        for client in self._clients:
            client.terminate(_STOP_LIMIT)

    def rivals(self) -> list[str]:
        """Return one line for each two leaders that acknowledged at the same time."""
        return rivals(read_samples(self._folder / "watcher"), self.writes())

    def audit(self, servers: Sequence[Pod]) -> Audit:
        """Return what came of all writes on these servers, which must serve; the writer should stand still."""
        writes = self.writes()
        found = zip(servers, self._ask("audit", servers), strict=True)
        return compare(writes, {pod.ordinal: set(names) for pod, names in found})

    def voters(self, ordinal: int = 0) -> set[int]:
        """Return the ordinals that have a vote, as one server says."""
        return parse_voters(self._ask("voters", [self.pods.pods[ordinal]])[0])

    def conclude(self) -> tuple[Audit, list[str]]:
        """End the clients; return what came of all writes on the servers that serve now, and every fault."""
        self.stop_writing()
        servers = self.pods.serving()
        audit = self.audit(servers)
        faults = [*self.rivals(), *audit.faults]
        return audit, faults if servers else [*faults, "nobody serves any more"]

    def _ask(self, module: str, servers: Sequence[Pod]) -> list[Any]:
        told = subprocess.run(
            self._in_hub(module, *(pod.endpoint for pod in servers)),
            env=_ENVIRON,
            capture_output=True,
            text=True,
            timeout=_ASK_LIMIT,
            check=False,
        )
        if told.returncode:
            raise RuntimeError(f"{module}: {told.stderr[-2000:]}")
        answers: list[Any] = json.loads(told.stdout)
        return answers

    def _start(self, module: str) -> ServerProcess:
        endpoints = [pod.endpoint for pod in self.pods.pods]
        command = self._in_hub(module, str(self._folder / module), *endpoints)
        return start(module, command, environ=_ENVIRON, log=self._folder / f"{module}.log")

    def _in_hub(self, module: str, *arguments: str) -> list[str]:
        return self.pods.network.hub.inside(sys.executable, "-m", f"tests.members.{module}", *arguments)

    def _last_words(self) -> str:
        return "\n".join(client.log_tail() for client in self._clients)


def told_gaps(gaps: Mapping[str, float]) -> str:
    """Return the longest gaps in a few words."""
    return "longest gap " + (", ".join(f"{gap:.1f} s {kind}" for kind, gap in gaps.items()) or "not measured")


@contextmanager
def trial(network: Network, folder: Path, distribution: Distribution) -> Iterator[Trial]:
    """Have a StatefulSet without a pod in an empty *folder*; everything ends with the context."""
    folder.mkdir(parents=True)
    with StatefulSet(network, folder, distribution) as pods:
        one = Trial(pods, folder)
        try:
            yield one
        finally:
            one.stop_writing()
