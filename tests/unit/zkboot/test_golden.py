"""Golden texts: every file that an environment makes, what is printed and what is warned of.

One case holds them whole, each other the lines in which it differs from that one: what it is about.
``--update-golden`` rewrites tests/golden/zookeeper-*/expected; the diff is what a reviewer reads. In ``env``, a dotted
name says something of the machine: ``machine.name``, ``machine.domain``, ``machine.memory`` (bytes).
"""

from pathlib import Path

import pytest

from tests.changes import changes_of_all
from tests.commands import ROOT
from zkboot.plan import draft_plan
from zkboot.pod.identity import Host
from zkboot.report import summary

CASES = sorted((ROOT / "tests" / "golden").glob("zookeeper-*"))
WHOLE = ROOT / "tests" / "golden" / "zookeeper-three-servers"


def read_env(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the variables and the machine that the file *path* lists."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    given = dict(line.split("=", 1) for line in lines)
    machine = {name: value for name, value in given.items() if name.startswith("machine.")}

    return {name: value for name, value in given.items() if name not in machine}, machine


def made(case: Path) -> dict[str, str]:
    """Return the text of each file that *case* makes, and of both streams."""
    environ, machine = read_env(case / "env")
    host = Host(name=lambda: machine["machine.name"], domain=lambda: machine.get("machine.domain", ""))
    memory = machine.get("machine.memory")
    plan = draft_plan(environ, host, lambda: int(memory) if memory else None)
    files = {Path(file.path).name: file.text for file in plan.files}

    return files | {
        "stdout": summary(plan, [file.path for file in plan.files]),
        "stderr": "".join(f"zkGenConfig: warning: {warning}\n" for warning in plan.warnings),
    }


@pytest.mark.parametrize("case", CASES, ids=[case.name.removeprefix("zookeeper-") for case in CASES])
def test_an_environment_makes_exactly_these_files(case: Path, *, update_golden: bool) -> None:
    """Byte for byte, or to the line."""
    expected = case / "expected"
    texts = made(case) if case == WHOLE else {"changes": changes_of_all(made(WHOLE), made(case))}
    if update_golden:
        expected.mkdir(exist_ok=True)
        for old in expected.iterdir():
            old.unlink()
        for name, text in texts.items():
            (expected / name).write_text(text)

    assert {path.name: path.read_text() for path in expected.iterdir()} == texts


def test_there_are_cases() -> None:
    """An empty folder would pass everything."""
    assert len(CASES) >= 17
    assert WHOLE in CASES
