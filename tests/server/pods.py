"""Pods without a cluster: each a name, a loopback address, an environment of its own, and our commands run in it."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.server.processes import ServerProcess, start

SCRIPTS = Path(sys.executable).parent
"""Where the console commands are installed: beside the interpreter of the virtual environment."""

PROBE_LIMIT = 300.0
"""Seconds after which a command of ours, or one that it runs, counts as hanging on a busy machine."""

PATIENT = {"ZK_PROBE_TIMEOUT": "20", "KF_PROBE_TIMEOUT": "20"}
"""What probes wait for a server that has no time to answer within a cluster's 3 s; where none is, they are refused."""


@dataclass(slots=True, kw_only=True)
class Pod:
    """One pod of a StatefulSet."""

    name: str
    """`<statefulset>-<ordinal>`."""
    address: str
    """The loopback address on which its server listens."""
    folder: Path
    """Its volume and its configuration."""
    environ: dict[str, str] = field(default_factory=dict)
    """What the manifest sets; nothing of this process's own environment but PATH reaches the pod."""

    def run(
        self, command: str, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of our commands in the pod, as a probe or a person would, and return what came of it."""
        return subprocess.run(
            [SCRIPTS / command, *arguments],
            env=self.whole_environ(environ),
            capture_output=True,
            text=True,
            timeout=PROBE_LIMIT,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *command: str | Path, environ: Mapping[str, str] | None = None) -> ServerProcess:
        """Start the pod's container command: one of ours that becomes the server."""
        return self._start([SCRIPTS / command[0], *command[1:]], self.whole_environ(environ))

    def start_shell(self, line: str) -> ServerProcess:
        """Start the pod's container command as the original manifest does: a line for bash, our commands on PATH."""
        path = f"{SCRIPTS}:{os.environ['PATH']}"
        return self._start(["bash", "-c", line], self.whole_environ({"PATH": path}))

    def _start(self, command: Sequence[str | Path], environ: Mapping[str, str]) -> ServerProcess:
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "container.log"
        return start(self.name, command, environ=environ, log=log, folder=self.folder)

    def whole_environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of the pod's processes."""
        return {"PATH": os.environ["PATH"], "POD_NAME": self.name, **PATIENT, **self.environ, **(more or {})}


def roles(pods: Sequence[Pod]) -> list[str]:
    """Return what `zkReady` prints in each pod, empty where it is not ready."""
    return [pod.run("zkReady").stdout.strip() for pod in pods]
