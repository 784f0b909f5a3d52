"""A network of pods on this machine: namespaces, a network between the servers that can be cut, and one for clients.

Each pod has a sandbox, a process that does nothing but hold its namespaces, as a pod's pause container does. So nothing
has a name that another run could have, and nothing is left: when the holders end, and they do with the tests (see
`tests/server/supervisor.py`), the kernel removes the namespaces and all that is in them.

Clients run in the hub, where the two bridges are. The servers' names resolve to addresses on the first one.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.server.hosts import pod_names
from tests.server.processes import ServerProcess, start

LARGEST = 9
"""Pods in a network at most."""

SERVICE = "zk-svc"
CLIENT_PORT = 2181

_SERVERS, _CLIENTS, _APART = "servers", "clients", "apart"
"""The bridges; whoever is cut off hangs on the last one instead of the first."""

_TOOLS = ("ip", "unshare", "nsenter", "mount")
_HOLDER = "sleep"
_HOLDER_LIMIT = 10.0
_MAC = "02:7a:6b:62:00:{:02x}"
_IMAGE_FILES = Path("/etc")


def why_not() -> str:
    """Return why no such network can be made here, empty where it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if missing := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        return f"{', '.join(missing)} not found: apt-get install iproute2 util-linux mount"
    told = subprocess.run(
        ["unshare", "--net", "--mount", "--uts", "ip", "link", "add", "type", "bridge"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"no namespaces here: {told.stderr.strip()}" if told.returncode else ""


def server_address(ordinal: int) -> str:
    """Return the address of a pod on the network between the servers: what its name resolves to."""
    return f"10.77.0.{10 + ordinal}"


def client_address(ordinal: int) -> str:
    """Return the address of a pod on the network that is never cut."""
    return f"10.78.0.{10 + ordinal}"


class Sandbox:
    """The namespaces of one pod, or of the hub."""

    def __init__(self, name: str, folder: Path) -> None:
        """Make the namespaces; *folder* gets the log of their holder."""
        self.name = name
        self._holder = _hold(name, folder)

    def inside(self, *command: str | Path) -> list[str]:
        """Return *command* as it is run inside."""
        return ["nsenter", f"--target={self._holder.pid}", "--net", "--mount", "--uts", "--", *map(str, command)]

    def run(self, *command: str | Path, text: str = "") -> None:
        """Run a command inside with *text* as its input; RuntimeError with what it told where it fails."""
        done = subprocess.run(self.inside(*command), input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(map(str, command))}: {done.stderr.strip()}\n{text}")

    @property
    def pid(self) -> int:
        """The process that holds the namespaces."""
        return self._holder.pid

    def close(self) -> None:
        """End the holder, and so the namespaces, unless something still runs inside."""
        self._holder.kill()


class Network:
    """A hub and the sandboxes of the pods `zk-0`, `zk-1`, …, all connected."""

    def __init__(self, folder: Path, pods: int) -> None:
        """Make it with an empty *folder* of its own; RuntimeError where this machine cannot."""
        self._stack = ExitStack()
        self._names = pod_names("zk", SERVICE, [server_address(ordinal) for ordinal in range(pods)])
        self._folder = folder
        folder.mkdir(parents=True)
        try:
            self.hub = self._sandbox("hub")
            self.sandboxes = [self._sandbox(f"zk-{ordinal}") for ordinal in range(pods)]
            self._connect()
            for sandbox in self.sandboxes:
                self._name(sandbox)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove it."""
        self._stack.close()

    def cut(self, ordinals: Iterable[int]) -> None:
        """Part these pods from the others, not from one another, on the network between the servers."""
        self._move(ordinals, _APART)

    def heal(self) -> None:
        """Connect all of them again."""
        self._move(range(len(self.sandboxes)), _SERVERS)

    def know(self, ordinals: Iterable[int] | None = None) -> None:
        """Let the names of these pods resolve, of all where none are given; the others are unknown from now on."""
        known = set(range(len(self.sandboxes)) if ordinals is None else ordinals)
        for sandbox in self.sandboxes:
            self._write_hosts(sandbox, known)

    def _sandbox(self, name: str) -> Sandbox:
        sandbox = Sandbox(name, self._folder)
        self._stack.callback(sandbox.close)
        return sandbox

    def _connect(self) -> None:
        lines = ["link set lo up"]
        for number, bridge in enumerate((_SERVERS, _CLIENTS, _APART)):
            # A bridge without an address of its own takes another one with each port, and neighbours ask the old one.
            lines += [f"link add {bridge} address {_MAC.format(number)} type bridge", f"link set {bridge} up"]
        lines += [f"addr add {client_address(200)}/24 dev {_CLIENTS}"]
        for ordinal, sandbox in enumerate(self.sandboxes):
            for bridge in (_SERVERS, _CLIENTS):
                port = f"{bridge}{ordinal}"
                lines += [
                    f"link add {port} type veth peer name {bridge} netns {sandbox.pid}",
                    f"link set {port} master {bridge} up",
                ]
        self.hub.run("ip", "-batch", "-", text=_lines(lines))
        for ordinal, sandbox in enumerate(self.sandboxes):
            lines = ["link set lo up"]
            for bridge, address in ((_SERVERS, server_address(ordinal)), (_CLIENTS, client_address(ordinal))):
                lines += [f"addr add {address}/24 dev {bridge}", f"link set {bridge} up"]
            sandbox.run("ip", "-batch", "-", text=_lines(lines))

    def _move(self, ordinals: Iterable[int], bridge: str) -> None:
        self.hub.run("ip", "-batch", "-", text=_lines(f"link set {_SERVERS}{one} master {bridge}" for one in ordinals))

    def _name(self, sandbox: Sandbox) -> None:
        """Give a sandbox its host name, its hosts file, and no other source of names."""
        sandbox.run("hostname", sandbox.name)
        switch = self._folder / "nsswitch.conf"
        switch.write_text("passwd: files\ngroup: files\nhosts: files\n", encoding="ascii")
        self._write_hosts(sandbox, set(range(len(self.sandboxes))))
        for file, target in ((self._hosts_file(sandbox), "hosts"), (switch, "nsswitch.conf")):
            sandbox.run("mount", "--bind", file, _IMAGE_FILES / target)

    def _write_hosts(self, sandbox: Sandbox, known: set[int]) -> None:
        rows = ["127.0.0.1 localhost"]
        for ordinal, (name, address) in enumerate(self._names.items()):
            short = name.partition(".")[0]
            if short == sandbox.name:
                # As the kubelet writes it.
                rows.append(f"{address} {name} {short}")
            elif ordinal in known:
                rows.append(f"{address} {name}")
        self._hosts_file(sandbox).write_text(_lines(rows), encoding="ascii")

    def _hosts_file(self, sandbox: Sandbox) -> Path:
        return self._folder / f"hosts-{sandbox.name}"


def _hold(name: str, folder: Path) -> ServerProcess:
    """Start the process that holds new namespaces, and return it once it does."""
    command: Sequence[str] = ("unshare", "--net", "--mount", "--uts", _HOLDER, "infinity")
    holder = start(name, command, environ={"PATH": os.environ["PATH"]}, log=folder / f"{name}.log")
    deadline = time.monotonic() + _HOLDER_LIMIT
    # unshare becomes the holder once the namespaces are there.
    while Path(f"/proc/{holder.pid}/comm").read_text(encoding="ascii").strip() != _HOLDER:
        if holder.poll() is not None or time.monotonic() > deadline:
            holder.kill()
            raise RuntimeError(f"no namespaces for {name}: {holder.log_tail()}")
        time.sleep(0.002)
    return holder


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)
