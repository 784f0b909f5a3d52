"""One trial: a StatefulSet under the writer and the watcher, and what came of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from tests.commands import ROOT
from tests.members.audit import Audit, compare
from tests.members.network import Network
from tests.members.pods import Pod
from tests.members.statefulset import StatefulSet
from tests.members.watcher import read_samples, rivals
from tests.members.writer import Write, longest_gap, read_writes
from tests.server.distributions import Distribution
from tests.server.processes import ServerProcess, start

_ENVIRON = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
_READY_TO_WRITE = 40.0
_STOP_LIMIT = 30.0
_AUDIT_LIMIT = 120.0


class Trial:
    """A StatefulSet and its clients; `trial` makes it."""

    def __init__(self, pods: StatefulSet, folder: Path) -> None:
        """Start nothing yet; *folder* is where the clients' files will be."""
        self.pods = pods
        self.gaps: list[float] = []
        """The longest gap of each `measured` change."""
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
    def measured(self) -> Iterator[None]:
        """Note the longest gap between acknowledgements of what is done meanwhile, and a second after it."""
        began = monotonic()
        yield
        sleep(1.0)
        self.gaps.append(longest_gap(self.writes(), began, monotonic()))

    def stop_writing(self) -> None:
        """End the clients."""
        for client in self._clients:
            client.terminate(_STOP_LIMIT)

    def rivals(self) -> list[str]:
        """Return one line for each two leaders that acknowledged at the same time."""
        return rivals(read_samples(self._folder / "watcher"), self.writes())

    def audit(self, servers: list[Pod]) -> Audit:
        """Return what came of all writes on these servers."""
        writes = self.writes()
        told = subprocess.run(
            self._in_hub("audit", *(pod.endpoint for pod in servers)),
            env=_ENVIRON,
            capture_output=True,
            text=True,
            timeout=_AUDIT_LIMIT,
            check=False,
        )
        if told.returncode:
            raise RuntimeError(f"audit: {told.stderr[-2000:]}")
        found = zip(servers, json.loads(told.stdout), strict=True)
        return compare(writes, {pod.ordinal: set(names) for pod, names in found})

    def _start(self, module: str) -> ServerProcess:
        endpoints = [pod.endpoint for pod in self.pods.pods]
        command = self._in_hub(module, str(self._folder / module), *endpoints)
        return start(module, command, environ=_ENVIRON, log=self._folder / f"{module}.log")

    def _in_hub(self, module: str, *arguments: str) -> list[str]:
        return self.pods.network.hub.inside(sys.executable, "-m", f"tests.members.{module}", *arguments)

    def _last_words(self) -> str:
        return "\n".join(client.log_tail() for client in self._clients)


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
