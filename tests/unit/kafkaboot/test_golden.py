"""Golden files, compared byte for byte: what each environment makes of each distribution's file.

A case is a directory of ``tests/golden/kafka-*``: ``env`` with one variable a line; ``base.properties``, or else the
distribution's own file by KF_VERSION out of ``tests/data/kafka/base``; ``expected`` with the summary, the warnings and,
of each mode in one case, the whole file, in the others what is changed in it. ``$HOME`` stands for the place of the
installation.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from kafkaboot.start.edit import restore
from kafkaboot.start.plan import make_plan, write_plan
from kafkaboot.start.report import preview, summary
from tests.changes import changes
from zkboot.pod.identity import Host
from zkboot.pod.properties import parse

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "golden").glob("kafka-*"))
WHOLE = {"kafka-3.9.1", "kafka-4.4.0"}
NODE = Host(name=lambda: "node-7.example.org", domain=lambda: "")


def environ_of(case: Path, home: Path) -> dict[str, str]:
    """Return the environment of *case*."""
    lines = (case / "env").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value.replace("$HOME", str(home)) for name, _, value in pairs} | {"KF_HOME": str(home)}


def base_of(case: Path, environ: Mapping[str, str]) -> bytes:
    """Return the file that *case* begins with."""
    own = case / "base.properties"
    if own.exists():
        return own.read_bytes()
    version = environ["KF_VERSION"]
    # 0.8.2.1 belongs to the line 0.8.2, 3.9.1 to 3.9; every 4.x ships the same file, which is one for KRaft.
    line = ".".join(version.split(".")[: 3 if version.startswith("0.") else 2])
    name = f"kraft-{line}" if is_kraft(environ) else f"server-{line}"
    return (ROOT / "data" / "kafka" / "base" / f"{'server-4' if version >= '4' else name}.properties").read_bytes()


def is_kraft(environ: Mapping[str, str]) -> bool:
    """Return whether the case asks for KRaft where its version has both modes."""
    return environ.get("KF_MODE") == "kraft" or "KAFKA_PROCESS_ROLES" in environ


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_golden(case: Path, tmp_path: Path, *, update_golden: bool) -> None:
    """The file, the summary and the warnings; then the same again, and back."""
    environ = environ_of(case, tmp_path)
    file = tmp_path / "config" / "server.properties"
    file.parent.mkdir()
    base = base_of(case, environ)
    file.write_bytes(base)
    plan = make_plan(environ, NODE)
    shown = summary(plan, write_plan(plan, uid=1)).replace(str(tmp_path), "$HOME")
    warnings = "".join(f"{line}\n" for line in plan.warnings).replace(str(tmp_path), "$HOME")
    text = file.read_bytes().decode("iso-8859-1")
    files = {"stdout": shown, "warnings": warnings}
    if case.name in WHOLE:
        files["server.properties"] = text
    else:
        files["changes"] = changes(base.decode("iso-8859-1"), text)
    made = {name: content.encode("iso-8859-1") for name, content in files.items()}
    expected = case / "expected"
    if update_golden:
        expected.mkdir(exist_ok=True)
        for old in expected.iterdir():
            old.unlink()
        for name, content in made.items():
            (expected / name).write_bytes(content)

    assert {path.name: path.read_bytes() for path in expected.iterdir()} == made
    assert not write_plan(make_plan(environ, NODE), uid=1)
    assert restore(text).encode("iso-8859-1") == base
    assert parse(text) == plan.config.effective
    assert parse(preview(plan).partition(b"\n")[2].decode("iso-8859-1")).keys() == plan.config.effective.keys()


def test_there_are_cases_for_every_way_to_say_an_address() -> None:
    """A glob that matches nothing would pass."""
    assert {case.name for case in CASES} >= {
        "kafka-0.8.2.1",
        "kafka-0.9.0.1",
        "kafka-2.8.2",
        "kafka-3.9.1",
        "kafka-4.4.0",
    }
