"""What is said of Java and Maven, and when: before anything is made."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import LIMIT, ROOT

NO_JAVA = "java is missing, Java 17 or newer is needed"
OLD_JAVA = "/java is Java 11, Java 17 or newer is needed"
NO_MAVEN = "mvn is missing, which fetches the servers"


def install(folder: Path, name: str, line: str = "true") -> None:
    """Make a program *name* in *folder* that runs *line*."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{line}\n", encoding="ascii")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("java", "others", "message"),
    [
        ("", (), f"{NO_JAVA}; {NO_MAVEN}: apt-get install default-jre-headless maven"),
        ("", ("mvn",), f"{NO_JAVA}: apt-get install default-jre-headless"),
        ("11.0.2", ("mvn",), f"{OLD_JAVA}: apt-get install default-jre-headless"),
        ("21.0.1", (), f"{NO_MAVEN}: apt-get install maven"),
    ],
    ids=["neither", "no java", "old java", "no maven"],
)
@pytest.mark.parametrize("kraft", ["", "1"])
def test_make_demo_names_what_is_missing_before_it_makes_anything(
    kraft: str, java: str, others: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    """In one line, with the packages of Debian."""
    programs = tmp_path / "bin"
    programs.mkdir()
    if java:
        install(programs, "java", f"echo 'openjdk version \"{java}\"' >&2")
    for name in others:
        install(programs, name)
    environ = {"PATH": str(programs), "ZKB_SERVER_CACHE": f"{tmp_path}/cache", "PYTHON": sys.executable}
    make = str(shutil.which("make"))
    done = subprocess.run(
        [make, f"MAKE={make}", f"VENV={tmp_path}/venv", f"KRAFT={kraft}", "demo"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("install first: ")
    assert done.stderr.splitlines()[0].endswith(message)
    assert "Error 69" in done.stderr.splitlines()[1]
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]
