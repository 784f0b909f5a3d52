"""Starts a cluster and takes it down, however its maker ends: `python -m tests.kubernetes.local.keeper FOLDER`.

It waits for the end of its stdin, a pipe that the maker holds open. All of the cluster's processes are in one pid
namespace, so the kernel ends them with the first of them, and their mounts and network go with them; what is left is a
folder and some empty cgroups. Should the keeper be killed itself, the kernel does the same.
"""

import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.image.images import ROOT
from tests.kubernetes.local.binaries import build, modules
from tests.kubernetes.local.certificates import make_certificates
from tests.kubernetes.local.cluster import Cluster
from tests.kubernetes.local.images import loaded_images
from tests.server.cache import Progress

START_LIMIT = 1300.0
"""Seconds until every node is ready, on a busy machine."""

_END_LIMIT = 60.0


class StartError(Exception):
    """The cluster did not start; the message holds the last words of whoever failed."""


@contextmanager
def running(folder: Path, minor: str, nodes: int, progress: Progress) -> Iterator[Cluster]:
    """Have a cluster for as long as the context, or this process, lasts.

    *folder* must not exist, or hold what is left of a cluster that was killed. StartError, BuildError, EngineError or
    CommandError where it cannot be started.
    """
    programs = build(modules(minor), progress)
    images = loaded_images(programs, progress)
    clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(
        folder=str(folder.resolve()),
        minor=minor,
        nodes=nodes,
        programs=programs,
        images=str(images),
        name=f"zkb-{secrets.token_hex(4)}",
    )
    cluster.save()
    make_certificates(cluster)
    started = time.monotonic()
    command = [sys.executable, "-m", __name__, cluster.folder]
    # A session of its own: Ctrl-C is for the maker.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True
    ) as keeper:
        assert keeper.stdout is not None
        if not select.select([keeper.stdout], [], [], START_LIMIT)[0] or keeper.stdout.readline() != b"ready\n":
            raise StartError(f"the cluster of {minor} did not start")
        progress(f"Kubernetes {minor} with {nodes} nodes is ready after {time.monotonic() - started:.0f} s")
        yield cluster


def clear(folder: Path) -> None:
    """Remove what a killed cluster left; StartError where one runs, or where the folder is somebody else's."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    try:
        cluster = Cluster.load(folder)
    except FileNotFoundError:
        raise StartError(f"{folder} holds something else: name a folder that does not exist") from None
    pid = folder / "unshare.pid"
    line = Path("/proc", pid.read_text(), "cmdline") if pid.exists() else pid
    if line.exists() and cluster.folder in line.read_text():
        raise StartError(f"a cluster runs in {folder}")
    cluster.remove()


def main() -> None:
    """Start the cluster; end it when it ends by itself, or with the maker."""
    cluster = Cluster.load(sys.argv[1])
    command = [
        # Should this process be killed, the kernel ends the next, and that its child.
        *("setpriv", "--pdeathsig", "KILL"),
        *("unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"),
        *("--propagation", "private", "catatonit", "--"),
        *(sys.executable, "-m", "tests.kubernetes.local.control", cluster.folder),
    ]
    unshare = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    cluster.path("unshare.pid").write_text(str(unshare.pid))
    while unshare.poll() is None and not select.select([sys.stdin], [], [], 1)[0]:
        continue
    unshare.kill()
    unshare.wait()
    _wait_for_cgroups(cluster)
    cluster.remove()


def _wait_for_cgroups(cluster: Cluster) -> None:
    """Return when the kernel has ended all that was in the cluster."""
    deadline = time.monotonic() + _END_LIMIT
    groups = [group for node in cluster.node_names for group in cluster.cgroups(node) if group.parent.name == "pids"]
    while time.monotonic() < deadline:
        if not any(file.read_text() for group in groups for file in group.rglob("cgroup.procs")):
            return
        time.sleep(0.1)


def stop_on_signals() -> None:
    """Have SIGTERM and SIGHUP end this process as Ctrl-C does, by its contexts."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


if __name__ == "__main__":
    main()
