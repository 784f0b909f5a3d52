"""`python -m tests.kubernetes`: a Kubernetes on this machine, and the tests in it.

`run` makes one, runs the tests and takes it down. `up` makes one that stays until it is interrupted, and `exec` runs a
command in it. `power-off` and `power-on` are for those who run inside.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.image.engine import EngineError
from tests.kubernetes.local.binaries import BuildError, build, minors, modules
from tests.kubernetes.local.cluster import HIERARCHIES, LOCAL, Cluster
from tests.kubernetes.local.commands import CommandError
from tests.kubernetes.local.images import loaded_images
from tests.kubernetes.local.keeper import START_LIMIT, StartError, clear, running, stop_on_signals
from tests.kubernetes.local.node import power_off, start_node
from tests.server.cache import FetchError, cache_folder
from tests.server.toolchain import MissingToolError

NODES = 5

_PACKAGES = {
    "catatonit": "catatonit",
    "ip": "iproute2",
    "ipset": "ipset",
    "iptables": "iptables",
    "mount": "mount",
    "nsenter": "util-linux",
    "podman": "podman",
    "runc": "runc",
    "setpriv": "util-linux",
    "sysctl": "procps",
    "unshare": "util-linux",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}


def missing() -> str:
    """Return what is missing on this machine to make a cluster, as a sentence; empty where nothing is."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a cluster on this machine needs Linux and root"
    absent = sorted({package for program, package in _PACKAGES.items() if shutil.which(program) is None})
    if absent:
        return f"a cluster on this machine needs: apt-get install {' '.join(absent)}"
    if any(not Path("/sys/fs/cgroup", hierarchy).is_dir() for hierarchy in HIERARCHIES):
        return "a cluster on this machine needs the hierarchies of cgroup v1, in /sys/fs/cgroup"
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.kubernetes", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build Kubernetes and the images, into the cache")
    up = commands.add_parser("up", help="make a cluster that stays until this command is interrupted")
    up.add_argument("--folder", type=Path, required=True, help="where its files are, on the cache's file system")
    run = commands.add_parser("run", help="make a cluster, run pytest in it, and take it down")
    for parsed in (building, up, run):
        parsed.add_argument("--minor", choices=minors(), default=minors()[-1], help="of Kubernetes (%(default)s)")
    for parsed in (up, run):
        parsed.add_argument("--nodes", type=int, default=NODES, help="how many nodes (%(default)s)")
    run.add_argument("words", nargs="*", metavar="PYTEST", help="arguments of pytest, after --")
    inside = commands.add_parser("exec", help="run a command in the cluster that `up` made")
    inside.add_argument("--folder", type=Path, required=True)
    inside.add_argument("words", nargs="+", metavar="COMMAND", help="after --")
    for name, text in (("power-off", "cut a node's power"), ("power-on", "start a node again")):
        commands.add_parser(name, help=f"{text}; inside the cluster only").add_argument("node")
    return parser


def _act(arguments: argparse.Namespace) -> int:
    started = time.monotonic()

    def show(line: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {line}", file=sys.stderr, flush=True)

    if arguments.command in ("power-off", "power-on"):
        if LOCAL not in os.environ:
            raise StartError(f"{arguments.command} is for a cluster that was made here, inside of it")
        cluster = Cluster.load(os.environ[LOCAL])
        (power_off if arguments.command == "power-off" else start_node)(cluster, arguments.node)
        return 0
    if arguments.command == "exec":
        command = Cluster.load(arguments.folder).entering(arguments.words)
        os.execvp(command[0], command)
    if lacking := missing():
        print(f"!! tests.kubernetes: {lacking}", file=sys.stderr)
        return 69
    stop_on_signals()
    if arguments.command == "build":
        loaded_images(build(modules(arguments.minor), show), show)
        return 0
    if arguments.command == "up":
        with running(arguments.folder, arguments.minor, arguments.nodes, show):
            print("ready", flush=True)
            signal.pause()
        return 0
    clusters = cache_folder() / "kubernetes" / "clusters"
    clusters.mkdir(parents=True, exist_ok=True)
    for left in clusters.iterdir():
        # One that is new may have no process yet.
        if time.time() - left.stat().st_mtime > START_LIMIT:
            with suppress(StartError):
                clear(left)
    with (
        tempfile.TemporaryDirectory(prefix="run-", dir=clusters, ignore_cleanup_errors=True) as folder,
        running(Path(folder), arguments.minor, arguments.nodes, show) as cluster,
    ):
        pytest = [sys.executable, "-m", "pytest", *(arguments.words or ["tests/kubernetes"])]
        return subprocess.run(cluster.entering(pytest), check=False).returncode


def main() -> int:
    """Run the command; return its exit status."""
    try:
        return _act(_parser().parse_args())
    except (FetchError, MissingToolError) as error:
        print(f"!! tests.kubernetes: {error}", file=sys.stderr)
        return 69
    except (BuildError, CommandError, EngineError, FileNotFoundError, StartError) as error:
        print(f"tests.kubernetes: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
