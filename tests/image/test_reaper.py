"""What is left of tests that are killed: nothing."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.image.base import ensure_base
from tests.image.engine import Engine
from tests.image.images import ROOT
from tests.server.processes import wait_until

LIMIT = 300.0

MAKER = """\
import subprocess, time
from tests.image.base import BASE
from tests.image.engine import engine, own_name
from tests.image.reaper import reaping
from tests.image.trio import Lab

with reaping():
    lab = Lab(engine())
    subprocess.run(["mount", "-t", "tmpfs", "zkb", lab.folder], check=True)
    engine().ask("volume", "create", own_name())
    print("made", flush=True)
    time.sleep(600)
"""
"""Makes one of each: network, container, volume, folder and mount."""


def test_killed_tests_leave_nothing(engine: Engine) -> None:
    """SIGKILL: container, network, volume, mount and folder are removed by the process that outlives them."""
    ensure_base(engine)
    with subprocess.Popen([sys.executable, "-c", MAKER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as maker:
        name = f"zkb-{maker.pid}-"
        try:
            assert maker.stdout is not None
            assert maker.stdout.readline() == "made\n"
            assert found(engine, name) == {"container", "network", "volume", "mount", "folder"}
        finally:
            maker.kill()

    wait_until(lambda: found(engine, name) == set(), "nothing left", timeout=LIMIT)


def found(engine: Engine, name: str) -> set[str]:
    """Return what kinds of things there are whose names begin with *name*."""
    places = {
        "container": engine.ask("ps", "--all", "--format", "{{.Names}}"),
        "network": engine.ask("network", "ls", "--format", "{{.Name}}"),
        "volume": engine.ask("volume", "ls", "--format", "{{.Name}}"),
        "mount": Path("/proc/self/mounts").read_text(encoding="utf-8").replace("/", "\n"),
        "folder": "\n".join(path.name for path in Path(tempfile.gettempdir()).iterdir()),
    }
    return {kind for kind, names in places.items() if any(row.startswith(name) for row in names.splitlines())}
