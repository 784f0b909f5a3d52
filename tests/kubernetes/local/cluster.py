"""One cluster: its folder, its addresses, and how to get into it."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

CONTROL = "10.200.0.1"
"""The address of the control plane and of the cluster's DNS. All addresses are inside the cluster's own namespaces."""

SERVICES = "10.202.0.0/16"
PODS = "10.201.0.0/16"
DOMAIN = "cluster.local"

LOCAL = "KUBERNETES_LOCAL"
"""The variable that holds the cluster's folder for whoever runs inside of it."""

_CGROUPS = Path("/sys/fs/cgroup")
HIERARCHIES = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd")
"""Of cgroup v1, which the kubelet writes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What its processes have to know."""

    folder: str
    minor: str
    nodes: int
    programs: str
    """The folders of its binaries, as PATH."""
    images: str
    """The root folder of a containerd that holds the images."""
    name: str
    """Of its cgroups; no other cluster on this machine has it."""

    @classmethod
    def load(cls, folder: str | Path) -> "Cluster":
        """Return the cluster of *folder*; FileNotFoundError where there is none."""
        return cls(**json.loads(Path(folder, "cluster.json").read_text(encoding="utf-8")))

    def save(self) -> None:
        """Write down what `load` reads."""
        self.path("cluster.json").write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")

    def path(self, *parts: str) -> Path:
        """Return a path below its folder."""
        return Path(self.folder, *parts)

    def kubeconfig(self, user: str) -> Path:
        """Return the kubeconfig of a user: `admin`, `n1`."""
        return self.path("pki", f"{user}.kubeconfig")

    @property
    def node_names(self) -> list[str]:
        """The names of all nodes."""
        return [f"n{number}" for number in range(1, self.nodes + 1)]

    @property
    def environ(self) -> dict[str, str]:
        """The environment of whoever works with the cluster from inside."""
        return os.environ | {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "KUBECONFIG": str(self.kubeconfig("admin")),
            LOCAL: self.folder,
        }

    def entering(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> list[str]:
        """Return the command line that runs *command* in the cluster's namespaces, from outside."""
        init = child_of(int(self.path("unshare.pid").read_text()))
        added = environ if environ is not None else self.environ
        given = [f"{name}={added[name]}" for name in ("PATH", "KUBECONFIG", LOCAL)]
        enter = ["nsenter", f"--target={init}", "--mount", "--net", "--pid", "--ipc", "--uts"]
        return [*enter, "env", f"--chdir={Path.cwd()}", *given, *command]

    def cgroups(self, node: str) -> list[Path]:
        """Return the cgroups of a node, one for each hierarchy."""
        return [_CGROUPS / hierarchy / f"{self.name}-{node}" for hierarchy in HIERARCHIES]

    def remove_cgroups(self, node: str) -> None:
        """Remove a node's cgroups, which nobody is in any more, also where others made them by its name."""
        for top in _CGROUPS.glob(f"*/{self.name}-{node}"):
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    # A process that is still ending; whoever comes next removes it.
                    continue

    def remove(self) -> None:
        """Remove all that it left: its processes are gone."""
        for node in self.node_names:
            self.remove_cgroups(node)
        shutil.rmtree(self.folder, ignore_errors=True)


def child_of(pid: int) -> int:
    """Return the pid of a process's first child; LookupError while there is none."""
    try:
        children = Path("/proc", str(pid), "task", str(pid), "children").read_text().split()
    except FileNotFoundError:
        children = []
    if not children:
        raise LookupError(f"process {pid} has no child")
    return int(children[0])
