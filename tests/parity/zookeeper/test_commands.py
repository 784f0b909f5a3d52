"""The original's command lines and probes: the names exist, and where a probe answers otherwise, it is listed."""

import importlib
import threading
import tomllib
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.commands import ROOT
from tests.parity.differences import ZOOKEEPER
from tests.patience import PATIENCE, bounded, with_more_time
from tests.unit.scripted_server import Caller, ScriptedServer, answers
from zkboot import probe

SCRIPTS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


@pytest.mark.parametrize("name", ["zkGenConfig", "zkOk", "zkMetrics"])
def test_the_original_s_commands_are_installed_under_their_names(name: str) -> None:
    """``zkGenConfig.sh && zkServer.sh start-foreground`` and the probe ``zkOk.sh`` run unchanged."""
    assert SCRIPTS[f"{name}.sh"] == SCRIPTS[name]


@pytest.mark.parametrize("target", sorted(set(SCRIPTS.values())))
def test_every_installed_command_leads_to_a_function(target: str) -> None:
    """That takes no argument, as console scripts are called."""
    module, _, function = target.partition(":")

    assert callable(getattr(importlib.import_module(module), function))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a server does, what the script shows of it, and the difference that it is."""

    difference: str
    tool: str
    script: Callable[[Caller], None] | None
    """What the server does; None where nothing listens."""
    status: int | None
    """What the script exits with, None where it never ends."""
    ours: int
    says: str = ""
    """What ours says on stderr, in part."""


def silent(caller: Caller) -> None:
    """Take the word, say nothing, keep the connection."""
    caller.stay_silent()


CASES = (
    Case(difference="", tool="zkOk", script=answers(b"imok"), status=0, ours=0),
    Case(difference="", tool="zkMetrics", script=answers(b"zk_version\t3.4.6\n"), status=0, ours=0),
    Case(difference="one status for all", tool="zkOk", script=None, status=1, ours=69, says="connection refused"),
    Case(difference="one status for all", tool="zkOk", script=answers(b"no"), status=1, ours=76, says="'no'"),
    Case(difference="no time-out", tool="zkOk", script=silent, status=None, ours=69, says="no answer"),
    Case(difference="no time-out", tool="zkMetrics", script=silent, status=None, ours=69, says="no answer"),
    Case(difference="an empty answer is one", tool="zkMetrics", script=answers(b""), status=0, ours=69, says="mntr"),
)
"""``nc`` exits with 0 as soon as it was connected, and zkOk.sh with 1 whatever was wrong."""


@pytest.mark.parametrize("case", CASES, ids=[f"{c.tool} {c.difference or 'agrees'} {c.ours}" for c in CASES])
@with_more_time
def test_a_probe_answers_as_the_script_or_as_listed(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], timeout: float
) -> None:
    """Status and stderr; the original's is silent."""
    monkeypatch.setenv("ZK_PROBE_HOST", "127.0.0.1")
    monkeypatch.setenv("ZK_PROBE_TIMEOUT", f"{timeout:g}")
    run = {"zkOk": probe.ok, "zkMetrics": probe.metrics}[case.tool]
    with ScriptedServer(case.script or silent) as server:
        monkeypatch.setenv("ZK_CLIENT_PORT", str(server.port if case.script else 1))
        with bounded(timeout):
            status = run(case.tool, [])

    assert status == case.ours
    complaints = capsys.readouterr().err.splitlines()
    assert (status != case.status or bool(complaints)) is bool(case.difference)
    assert len(complaints) == (1 if case.difference else 0)
    assert all(line.startswith(f"{case.tool}: ") and case.says in line for line in complaints)


@pytest.mark.parametrize("tool", ["zkOk", "zkMetrics"])
def test_a_probe_sends_four_bytes(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``echo`` sends a fifth, which the server never reads: it resets the connection, and the reply may be lost."""
    received: list[bytes] = []
    done = threading.Event()

    def script(caller: Caller) -> None:
        received.append(caller.receive(4))
        caller.connection.settimeout(0.05)
        try:
            received.append(caller.receive(1))
        except TimeoutError:
            received.append(b"")
        caller.send(b"imok" if tool == "zkOk" else b"zk_version\t3.4.6\n")
        done.set()

    with ScriptedServer(script) as server:
        monkeypatch.setenv("ZK_PROBE_HOST", "127.0.0.1")
        monkeypatch.setenv("ZK_CLIENT_PORT", str(server.port))
        monkeypatch.setenv("ZK_PROBE_TIMEOUT", f"{PATIENCE:g}")
        assert {"zkOk": probe.ok, "zkMetrics": probe.metrics}[tool](tool, []) == 0
        assert done.wait(PATIENCE)

    assert received == [b"ruok" if tool == "zkOk" else b"mntr", b""]


def test_the_list_of_the_probes_is_what_the_cases_show() -> None:
    """And the two that need no case: the fifth byte, which the test above sees, and a script that cannot start."""
    listed = {(difference.tool, difference.name) for difference in ZOOKEEPER if difference.tool != "zkGenConfig"}
    shown = {(case.tool, case.difference) for case in CASES if case.difference}

    assert listed == shown | {(tool, "a fifth byte") for tool in ("zkOk", "zkMetrics")} | {
        ("zkMetrics", "cannot start")
    }
