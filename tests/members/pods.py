"""One pod in its sandbox: a volume, the environment that its manifest sets, and the container that the kubelet tends.

The three folders that matter lie on one volume, as the manifest of a dynamic ensemble has them. A container that ended
is started again with the pod's own environment: a new one comes with a new pod only.
"""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.members.network import CLIENT_PORT, SERVICE, Sandbox, client_address
from tests.server.distributions import Distribution
from tests.server.hosts import DOMAIN_SUFFIX
from tests.server.pods import PROBE_LIMIT, SCRIPTS
from tests.server.processes import STOP_TIMEOUT, ServerProcess, start
from tests.server.zookeeper import server_script

REFUSED = 78
"""The status of a start that was refused."""

_BACK_OFF = (0.5, 1.0, 2.0, 4.0)
"""Seconds before a container is started again: a kubelet's 10, 20, 40, …, in a hurry."""


class Pod:
    """One pod, created or not."""

    def __init__(self, ordinal: int, sandbox: Sandbox, folder: Path, distribution: Distribution) -> None:
        """Take over an empty *folder*, where its volume and its log will be."""
        self.ordinal = ordinal
        self.name = f"zk-{ordinal}"
        self.volume = folder / "volume"
        """Data, log and configuration; stays when the pod is deleted."""
        self.log = folder / "container.log"
        self.spec: dict[str, str] = {}
        """What the pod's template set in its environment."""
        self.distribution = distribution
        self.ends: list[int] = []
        """With which statuses its container ended by itself since the pod was created."""
        self.is_created = False
        self._sandbox = sandbox
        self._folder = folder
        self._lock = threading.RLock()
        self._container: ServerProcess | None = None
        self._due = 0.0
        self._told_from = 0
        self._mounts: list[str] = []

    @property
    def endpoint(self) -> str:
        """Where clients in the hub find its server."""
        return f"{client_address(self.ordinal)}:{CLIENT_PORT}"

    @property
    def data(self) -> Path:
        """Its dataDir."""
        return self.volume / "data"

    @property
    def transactions(self) -> Path:
        """Its dataLogDir."""
        return self.volume / "log"

    @property
    def conf(self) -> Path:
        """Its folder of configuration."""
        return self.volume / "conf"

    def create(self, spec: Mapping[str, str]) -> None:
        """Create the pod with this environment; its volume may be there already."""
        with self._lock:
            self.spec = dict(spec)
            self.ends.clear()
            self.is_created = True
            self._told_from = self.log.stat().st_size if self.log.exists() else 0
            self._start()

    def delete(self, *, kill: bool = False) -> None:
        """Delete the pod: SIGTERM, after the grace period SIGKILL, or that at once."""
        with self._lock:
            self.is_created = False
            if self._container is not None:
                if kill:
                    self._container.kill()
                else:
                    self._container.terminate(STOP_TIMEOUT)

    def kill(self) -> None:
        """SIGKILL its container, as a kernel out of memory does; the kubelet starts it again."""
        with self._lock:
            if self._container is not None:
                self._container.kill()

    def pause(self) -> None:
        """Let it stand still, its sockets open."""
        with self._lock:
            if self._container is not None:
                self._container.pause()

    def resume(self) -> None:
        """Let it go on."""
        with self._lock:
            if self._container is not None:
                self._container.resume()

    def tend(self) -> None:
        """Start a container again that ended by itself, after a while: the kubelet's part, called often."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if not self.is_created or self._container is None:
                return
            status = self._container.poll()
            if status is None:
                return
            if not self._due:
                self._due = time.monotonic() + _BACK_OFF[min(len(self.ends), len(_BACK_OFF) - 1)]
                self.ends.append(status)
            elif time.monotonic() >= self._due:
                self._start()
        finally:
            self._lock.release()

    @property
    def is_refused(self) -> bool:
        """Whether its start was refused twice in a row since it was created: nothing will change by itself."""
        return self.ends[-2:] == [REFUSED, REFUSED]

    def empty(self, *folders: str) -> None:
        """Lose what is in these folders of the volume (`data`, `log`, `conf`), all of it where none are named."""
        for folder in folders or ("data", "log", "conf"):
            path = self.volume / folder
            if path.exists():
                for entry in path.iterdir():
                    shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()

    def mount_full(self, folder: Path) -> None:
        """Put what is in *folder* on a disk of its own, without a free byte, as the pod sees it."""
        disk = self._folder / "disk"
        script = f"""
            mkdir -p {disk} && mount -t tmpfs -o size=64k tmpfs {disk} && mkdir {disk}/data
            cp -a --sparse=always {folder}/. {disk}/data && mount --bind {disk}/data {folder}
            dd if=/dev/zero of={disk}/filling bs=512 2>{disk}/../dd || true
        """
        self._sandbox.run("sh", "-ec", script)
        self._mounts += [str(folder), str(disk)]

    def unmount(self) -> None:
        """Take such disks off."""
        while self._mounts:
            self._sandbox.run("umount", self._mounts.pop(0))

    def run(
        self, command: str, *arguments: str, spec: Mapping[str, str] | None = None, timeout: float = PROBE_LIMIT
    ) -> subprocess.CompletedProcess[str]:
        """Run one of our commands in the pod, as a probe or a person would; *spec* comes on top of its environment."""
        return subprocess.run(
            self._sandbox.inside(SCRIPTS / command, *arguments),
            env=self.environ(spec),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def start(self, command: str, *arguments: str, log: Path) -> ServerProcess:
        """Start one of our commands in the pod, to be signalled while it runs."""
        inside = self._sandbox.inside(SCRIPTS / command, *arguments)
        return start(f"{command} in {self.name}", inside, environ=self.environ(), log=log)

    def role(self) -> str:
        """Return what zkReady tells, empty where the pod is not ready."""
        if not self.is_created:
            return ""
        try:
            done = self.run("zkReady")
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    def told(self) -> str:
        """Return the last line of our command since the pod was created, as a person finds it in the log."""
        with self.log.open("rb") as file:
            file.seek(self._told_from)
            lines = file.read().decode(errors="replace").splitlines()
        ours = [line for line in lines if line.startswith(("zkboot", "zkGenConfig"))]
        return ours[-1] if ours else ""

    def environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of the pod's processes."""
        return {
            "PATH": os.environ["PATH"],
            "POD_NAME": self.name,
            "ZK_DOMAIN": f"{SERVICE}.{DOMAIN_SUFFIX}",
            "ZK_DATA_DIR": str(self.data),
            "ZK_DATA_LOG_DIR": str(self.transactions),
            "ZK_CONF_DIR": str(self.volume / "conf"),
            "ZK_LOG_DIR": str(self._folder / "logs"),
            "ZK_HEAP_SIZE": "128m",
            "ZK_PURGE_INTERVAL": "1",
            **self.spec,
            **(more or {}),
        }

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._due = 0.0
        environ = self.environ()
        script = server_script(self.distribution, Path(environ["ZK_CONF_DIR"]))
        command: Any = self._sandbox.inside(SCRIPTS / "zkboot", "run", "--", "sh", "-c", script)
        self._container = start(self.name, command, environ=environ, log=self.log)
