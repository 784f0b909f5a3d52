"""The cluster that is made here leaves nothing on the machine, whatever ends its maker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.images import ROOT
from tests.kubernetes.local.cluster import LOCAL, Cluster

END_LIMIT = 300.0


@pytest.fixture
def maker(tmp_path_factory: pytest.TempPathFactory, cluster: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A second cluster, of one node, inside the first, and the command that has made it."""
    outer = os.environ.get(LOCAL)
    if not outer:
        pytest.skip("the cluster is somebody else's: none is made here")
    folder = Path(outer) / tmp_path_factory.mktemp("inner").name
    minor = ".".join(cluster.lstrip("v").split(".")[:2])
    command = [sys.executable, "-m", "tests.kubernetes", "up", f"--folder={folder}", f"--minor={minor}", "--nodes=1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process, folder
        finally:
            process.terminate()


def left_of(made: Cluster) -> list[str]:
    """Return what is there of a cluster: its folder, its groups, its processes."""
    left = [made.folder] if Path(made.folder).exists() else []
    left += [str(group) for node in made.node_names for group in made.cgroups(node) if group.exists()]
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        left += [" ".join(words)] * any(word.startswith(made.folder) for word in words)
    return left


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left(maker: tuple[subprocess.Popen[str], Path], number: signal.Signals) -> None:
    """Neither a process nor a folder nor a group, though nobody had the time to clean up."""
    process, folder = maker
    made = Cluster.load(folder)
    assert len(left_of(made)) > 3
    process.send_signal(number)
    process.wait(END_LIMIT)
    deadline = time.monotonic() + END_LIMIT
    while left_of(made) and time.monotonic() < deadline:
        time.sleep(0.5)

    assert left_of(made) == []
