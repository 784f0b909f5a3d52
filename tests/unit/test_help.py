"""The help pages of all commands: their groups, their examples, and that what they list is read."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

import kafkaboot.cli
import kafkaboot.config.settings
import kafkaboot.pages
import zkboot.cli
import zkboot.pages
import zkboot.settings
from tests.commands import LIMIT, ROOT, clean_environ
from zkboot.pod.variables import Variable

PAGES = {
    "zkboot gen-config": zkboot.pages.gen_config,
    "zkboot run": zkboot.pages.run,
    "zkboot wait": zkboot.pages.wait,
    "zkboot members": zkboot.pages.members,
    "zkboot resize": zkboot.pages.resize,
    "zkboot serve": zkboot.pages.serve,
    "zkboot ok": zkboot.pages.ok,
    "zkboot ready": zkboot.pages.ready,
    "zkboot metrics": zkboot.pages.metrics,
    "kafkaboot gen-config": kafkaboot.pages.gen_config,
    "kafkaboot run": kafkaboot.pages.run,
    "kafkaboot random-cluster-id": kafkaboot.pages.random_cluster_id,
    "kafkaboot serve": kafkaboot.pages.serve,
    "kafkaboot ok": kafkaboot.pages.ok,
    "kafkaboot ready": kafkaboot.pages.ready,
}
"""Each command's page, by its longest name."""

LISTED = [(name, variable.name) for name, page in PAGES.items() for variable in page(name).variables]

LISTS: dict[str, Sequence[Variable[Any]]] = {
    "zkboot": zkboot.settings.VARIABLES,
    "kafkaboot": kafkaboot.config.settings.VARIABLES,
    **{name: page(name).variables for name, page in PAGES.items()},
}


@pytest.mark.parametrize("name", LISTS)
def test_every_variable_has_a_group_and_every_group_is_in_one_place(name: str) -> None:
    """A heading twice would send a reader to the wrong half of it."""
    headings = [heading for heading, _ in groupby(LISTS[name], lambda variable: variable.group)]

    assert "" not in headings
    assert len(set(headings)) == len(headings)
    assert all(variable.default_text and variable.meaning for variable in LISTS[name])


@pytest.mark.parametrize(("name", "variable"), LISTED)
def test_a_variable_that_is_listed_is_read(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No variable may hold a newline, and whoever reads one says so."""
    program, command = name.split()
    arguments = ["3"] if command == "resize" else []
    pod = {} if variable == "HOSTNAME" else {"POD_NAME": "pod-0"}
    if variable == "KF_CONTROLLER_PORT":
        pod["KAFKA_PROCESS_ROLES"] = "controller"
    if command == "serve":
        # It tells of every variable, and ends only for its own port.
        pod |= {"ZK_HTTP_PORT": "0", "KF_HTTP_PORT": "0"}
    settings = {"ZK_DOMAIN": "svc", "ZK_RECONFIG": "true", "KF_DOMAIN": "svc", "KF_VERSION": "3.9.1"}
    monkeypatch.setattr(os, "environ", {**pod, **settings, variable: "a\nb"})
    monkeypatch.setattr(sys, "argv", [program, command, *arguments])

    assert {"zkboot": zkboot.cli.main, "kafkaboot": kafkaboot.cli.main}[program]() == 78
    assert f"{name}: {variable} contains a newline" in capsys.readouterr().err


@pytest.mark.parametrize("name", PAGES)
def test_an_example_calls_this_command_with_variables_of_its_page(name: str) -> None:
    """And with values that these allow."""
    page = PAGES[name](name)
    known = {variable.name: variable for variable in page.variables}
    words = shlex.split(page.example)
    assignments = [word for word in words if "=" in word and not word.startswith("--")]
    for assignment in assignments:
        variable, _, value = assignment.partition("=")
        known[variable].parse(value)

    assert f"{name} " in f"{page.example} "
    assert words[: len(assignments)] == assignments


@pytest.mark.parametrize("name", ["zkboot gen-config", "kafkaboot gen-config", "kafkaboot random-cluster-id"])
def test_an_example_that_needs_no_server_works_as_it_stands(name: str, tmp_path: Path) -> None:
    """Typed into a shell; Kafka's stock file stands where Kafka would be."""
    bin_folder = Path(sys.executable).parent
    base = ROOT / "tests" / "data" / "kafka" / "base" / "server-3.9.properties"
    environ = {"PATH": f"{bin_folder}:/usr/bin:/bin", "KF_BASE_FILE": str(base), "KF_VERSION": "3.9.1"}
    done = subprocess.run(
        ["sh", "-c", PAGES[name](name).example],
        env=clean_environ(environ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )

    assert (done.returncode, done.stderr.count("warning") - done.stderr.count("\n")) == (0, 0), done.stderr
    assert done.stdout
