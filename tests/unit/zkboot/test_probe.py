"""The probes as a kubelet calls them: exit status, stdout, stderr, and what they load."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import LIMIT
from tests.patience import PATIENCE, with_more_time
from tests.unit import scripted_server as scripted
from tests.unit.scripted_server import Caller, Script, ScriptedServer
from zkboot import __version__, probe
from zkboot.endpoint import VARIABLES
from zkboot.metrics import render_json, render_prometheus
from zkboot.words import parse_mntr

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data" / "zookeeper"

PROBES = {"zkOk": probe.ok, "zkReady": probe.ready, "zkMetrics": probe.metrics}

LEAN = {
    "zkboot",
    "zkboot.client",
    "zkboot.endpoint",
    "zkboot.health",
    "zkboot.pod",
    "zkboot.pod.address",
    "zkboot.pod.connection",
    "zkboot.pod.deadline",
    "zkboot.pod.resolve",
    "zkboot.pod.tls_question",
    "zkboot.pod.transport",
    "zkboot.pod.console",
    "zkboot.pod.probing",
    "zkboot.pod.environ",
    "zkboot.pod.variables",
    "zkboot.pod.errors",
    "zkboot.probe",
    "zkboot.words",
}
"""Our own modules on the path that is run every few seconds."""


def zookeeper(version_role: str) -> Script:
    """Return a script that answers each word as the recorded server did."""

    def script(caller: Caller) -> None:
        word = caller.receive(4).decode()
        caller.send((DATA / f"{version_role}.{word}").read_bytes())

    return script


class Outcome:
    """What a probe did: its exit status and its two streams."""

    def __init__(self, status: int, stdout: str, stderr: str) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr


class Runner:
    """Runs the probes in this process, with an environment of their own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd
        for name in list(os.environ):
            if name.startswith("ZK_"):
                monkeypatch.delenv(name)

    def __call__(self, name: str, *arguments: str, script: Script | None = None, **environ: str) -> Outcome:
        """Return what probe *name* did, asked of a server that follows *script* where there is one."""
        environ = {"ZK_PROBE_TIMEOUT": f"{PATIENCE:g}"} | environ
        if script is None:
            return self._run(name, arguments, environ)
        with ScriptedServer(script) as server:
            return self._run(name, arguments, {"ZK_CLIENT_PORT": str(server.port)} | environ)

    def _run(self, name: str, arguments: tuple[str, ...], environ: dict[str, str]) -> Outcome:
        with self._monkeypatch.context() as patch:
            for variable, value in environ.items():
                patch.setenv(variable, value)
            status = PROBES[name](name, list(arguments))
        return Outcome(status, *self._capfd.readouterr())


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Runner:
    """How these tests run a probe."""
    return Runner(monkeypatch, capfd)


# --- servers as they were recorded -------------------------------------------------------------------


@pytest.mark.parametrize("server", ["3.4.14-leader", "3.9.5-follower", "3.9.5-no-quorum", "3.9.5-read-only"])
def test_a_live_server_is_alive_in_silence(run: Runner, server: str) -> None:
    """As the original script: nothing on stdout, nothing on stderr."""
    outcome = run("zkOk", script=zookeeper(server))

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "", "")


@pytest.mark.parametrize("version", ["3.4.14", "3.9.5"])
@pytest.mark.parametrize("mode", ["leader", "follower", "observer", "standalone"])
def test_a_serving_server_is_ready_and_says_as_what(run: Runner, version: str, mode: str) -> None:
    """The mode is data: it goes to stdout."""
    outcome = run("zkReady", script=zookeeper(f"{version}-{mode}"))

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, f"{mode}\n", "")


@pytest.mark.parametrize("version", ["3.4.14", "3.9.5"])
def test_a_server_without_a_quorum_is_not_ready(run: Runner, version: str) -> None:
    """It lives, so it is not killed; it does not serve, so nobody is sent to it."""
    outcome = run("zkReady", script=zookeeper(f"{version}-no-quorum"))

    assert (outcome.status, outcome.stdout) == (75, "")
    assert outcome.stderr.startswith("zkReady: localhost:")
    assert outcome.stderr.endswith(" is not serving requests: it has no quorum, or is still starting\n")


def test_a_read_only_server_is_not_ready(run: Runner) -> None:
    """Only clients that ask for it may read there."""
    outcome = run("zkReady", script=zookeeper("3.9.5-read-only"))

    assert outcome.status == 75
    assert outcome.stderr.endswith(" is not serving requests: it is read-only, without a quorum\n")


@pytest.mark.parametrize("name", ["zkOk", "zkMetrics"])
@pytest.mark.parametrize("version", ["3.4.14", "3.9.5"])
def test_a_word_off_the_whitelist_is_told_with_its_cure(run: Runner, name: str, version: str) -> None:
    """The commonest fault of a set-up that is not ours."""
    outcome = run(name, script=zookeeper(f"{version}-not-whitelisted"))

    assert (outcome.status, outcome.stdout) == (76, "")
    assert "set ZK_CFG_4lw_commands_whitelist='srvr, ruok, mntr'" in outcome.stderr


@pytest.mark.parametrize("server", ["3.4.14-leader", "3.9.5-leader", "3.9.4-standalone-prometheus"])
@pytest.mark.parametrize("options", [(), ("--format", "raw"), ("--format=raw",)], ids=" ".join)
def test_metrics_are_printed_byte_for_byte(run: Runner, server: str, options: tuple[str, ...]) -> None:
    """All 16 KB of them."""
    outcome = run("zkMetrics", *options, script=zookeeper(server))

    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.encode() == (DATA / f"{server}.mntr").read_bytes()


@pytest.mark.parametrize("options", [("--format", "json"), ("--format=json",)], ids=" ".join)
def test_metrics_are_printed_as_json(run: Runner, options: tuple[str, ...]) -> None:
    """One object."""
    outcome = run("zkMetrics", *options, script=zookeeper("3.9.5-leader"))

    assert outcome.status == 0
    assert outcome.stdout == render_json(parse_mntr((DATA / "3.9.5-leader.mntr").read_bytes()))
    assert json.loads(outcome.stdout)["zk_server_state"] == "leader"


@pytest.mark.parametrize("options", [("--format", "prometheus"), ("--format=prometheus",)], ids=" ".join)
def test_metrics_are_printed_for_prometheus(run: Runner, options: tuple[str, ...]) -> None:
    """Its text format."""
    outcome = run("zkMetrics", *options, script=zookeeper("3.9.5-leader"))

    assert outcome.status == 0
    assert outcome.stdout == render_prometheus(parse_mntr((DATA / "3.9.5-leader.mntr").read_bytes()))


@pytest.mark.parametrize("form", ["raw", "json", "prometheus"])
def test_a_cut_dump_is_not_printed(run: Runner, form: str) -> None:
    """Half a dump on stdout would be taken for a whole one."""
    outcome = run("zkMetrics", "--format", form, script=scripted.answers(b"zk_version\t3.9.5\nzk_upt"))

    assert (outcome.status, outcome.stdout) == (76, "")
    assert "a last line that is cut off: 'zk_upt'" in outcome.stderr


# --- servers that misbehave --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize(
    ("script", "status", "message"),
    [
        pytest.param(scripted.silent, 69, "connected, but no answer within {} s", id="silent"),
        pytest.param(scripted.closes, 69, "closed the connection without an answer", id="empty"),
        pytest.param(scripted.stops_after(b"im"), 69, "the answer stopped after 2 bytes", id="half-a-word"),
        pytest.param(scripted.answers(b"im"), 76, "'im'", id="cut"),
        pytest.param(scripted.answers(b"\x1b[2J\xff\n"), 76, r"'\x1b[2J\xff\n'", id="garbage"),
        pytest.param(scripted.never_stops(b"imok\n" * 1000), 76, "does not end within", id="endless"),
        pytest.param(scripted.speaks_tls, 76, "speaks TLS where plain text is expected", id="tls"),
    ],
)
@with_more_time
def test_a_bad_server_has_its_own_exit_status(
    run: Runner, name: str, script: Script, status: int, message: str, *, timeout: float
) -> None:
    """One line on stderr, with the command and the address in front; nothing on stdout."""
    outcome = run(name, script=script, ZK_PROBE_TIMEOUT=f"{timeout:g}")
    message = message.replace("{}", f"{timeout:g}")

    assert (outcome.status, outcome.stdout) == (status, "")
    assert outcome.stderr.startswith(f"{name}: localhost:")
    assert outcome.stderr.count("\n") == 1
    assert message in outcome.stderr or message.replace("\\n", "") in outcome.stderr


@pytest.mark.parametrize("name", PROBES)
def test_no_server_is_told(run: Runner, name: str) -> None:
    """Unreachable: wait."""
    port = str(scripted.free_port())
    outcome = run(name, ZK_CLIENT_PORT=port, ZK_PROBE_HOST="127.0.0.1")

    assert (outcome.status, outcome.stdout) == (69, "")
    assert outcome.stderr == f"{name}: 127.0.0.1:{port}: connection refused, nothing listens there\n"


# --- settings and arguments --------------------------------------------------------------------------


def test_the_probe_port_counts_more_than_the_client_port(run: Runner) -> None:
    """A TLS client port beside a plain one for probes."""
    with ScriptedServer(zookeeper("3.9.5-leader"), host="::1") as server:
        outcome = run("zkReady", ZK_PROBE_PORT=str(server.port), ZK_CLIENT_PORT="1", ZK_PROBE_HOST="[::1]")

    assert (outcome.status, outcome.stdout) == (0, "leader\n")


def test_a_variable_may_be_read_from_a_file(run: Runner, tmp_path: Path) -> None:
    """As every variable of this tool."""
    with ScriptedServer(zookeeper("3.9.5-leader")) as server:
        (tmp_path / "port").write_text(f"{server.port}\n")
        outcome = run("zkReady", ZK_CLIENT_PORT_FILE=str(tmp_path / "port"))

    assert (outcome.status, outcome.stdout) == (0, "leader\n")


@pytest.mark.parametrize("name", PROBES)
def test_wrong_variables_are_all_told_at_once(run: Runner, name: str) -> None:
    """And nothing is asked of anybody."""
    outcome = run(name, ZK_CLIENT_PORT="65536", ZK_PROBE_TIMEOUT="0")

    assert (outcome.status, outcome.stdout) == (78, "")
    assert outcome.stderr == (
        f"{name}: ZK_CLIENT_PORT='65536' is not an integer in 1..65535\n"
        f"{name}: ZK_PROBE_TIMEOUT='0' is not seconds in 0.05..3600\n"
    )


def test_a_service_link_is_ignored_and_said(run: Runner) -> None:
    """The default port holds."""
    outcome = run("zkOk", ZK_CLIENT_PORT="tcp://10.0.0.1:2181", ZK_PROBE_HOST="127.255.255.254")

    assert outcome.status == 69
    warning, error = outcome.stderr.splitlines()
    assert warning.startswith("zkOk: warning: ignored, Kubernetes' service links: ZK_CLIENT_PORT ")
    assert error.startswith("zkOk: 127.255.255.254:2181: ")


def test_a_service_link_that_no_probe_reads_is_not_said(run: Runner) -> None:
    """A line on each run of each probe would fill the log."""
    outcome = run("zkOk", script=zookeeper("3.9.5-leader"), ZK_SVC_PORT="tcp://10.0.0.1:2888", ZK_TYPO="1")

    assert (outcome.status, outcome.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("zkOk", ["2181"], "'2181' is not understood: only --help and --version are allowed"),
        ("zkReady", ["--format=json"], "'--format=json' is not understood: only --help and --version are allowed"),
        (
            "zkMetrics",
            ["-x"],
            "'-x' is not understood: --format raw|json|prometheus, --help and --version are allowed",
        ),
        ("zkMetrics", ["--format"], "--format needs a value: raw|json|prometheus"),
        ("zkMetrics", ["--format", "xml"], "--format 'xml' is none of raw|json|prometheus"),
        ("zkMetrics", ["--format="], "--format '' is none of raw|json|prometheus"),
        (
            "zkMetrics",
            ["--format", "json", "raw"],
            "'raw' is not understood: --format raw|json|prometheus, --help and --version are allowed",
        ),
        ("zkOk", ["a\nb"], "'a\\nb' is not understood: only --help and --version are allowed"),
    ],
)
def test_a_wrong_argument_is_told_with_what_is_allowed(
    run: Runner, name: str, arguments: list[str], message: str
) -> None:
    """Before anybody is asked anything."""
    outcome = run(name, *arguments)

    assert (outcome.status, outcome.stdout, outcome.stderr) == (2, "", f"{name}: {message}\n")


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_variable_with_its_default(run: Runner, name: str, option: str) -> None:
    """On stdout, and wrong variables do not keep it from anybody."""
    outcome = run(name, option, ZK_CLIENT_PORT="x")

    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"usage: {name} [--help] [--version]")
    assert ("--format raw|json|prometheus" in outcome.stdout) == (name == "zkMetrics")
    for variable in VARIABLES:
        assert f"\n  {variable.name} " in outcome.stdout
        assert f"[{variable.default_text.replace('`', '')}]" in outcome.stdout


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_has_a_version(run: Runner, name: str) -> None:
    """Wrong variables do not keep it from anybody."""
    outcome = run(name, "--version", ZK_CLIENT_PORT="x")

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, f"zk-kafka-boot {__version__}\n", "")


def test_a_probe_without_a_name_takes_that_of_its_process(
    run: Runner, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As a console command: the name that the operator typed, without its path."""
    del run
    monkeypatch.setattr(sys, "argv", ["/opt/venv/bin/zkOk.sh", "now"])

    assert probe.ok() == 2
    assert capfd.readouterr().err == "zkOk.sh: 'now' is not understood: only --help and --version are allowed\n"


# --- the lean path -----------------------------------------------------------------------------------

WATCHED = """
import sys
bare = set(sys.modules)
sys.path.insert(0, sys.argv.pop(1))
import zkboot.probe
status = getattr(zkboot.probe, sys.argv.pop(1))()
sys.stderr.write(" ".join(sorted(set(sys.modules) - bare)))
sys.exit(status)
"""
"""Runs a probe in an interpreter that loads as little as it can, then tells on stderr what came on top."""


def run_watched(entry_point: str, script: Script, *arguments: str, host: str = "localhost") -> tuple[str, set[str]]:
    """Return the stdout of *entry_point*, which must succeed, and the modules that it loaded."""
    with ScriptedServer(script) as server:
        done = subprocess.run(
            [sys.executable, "-ISB", "-c", WATCHED, str(ROOT), entry_point, *arguments],
            env={"ZK_CLIENT_PORT": str(server.port), "ZK_PROBE_HOST": host, "ZK_PROBE_TIMEOUT": "60"},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout, set(done.stderr.split())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize(
    ("entry_point", "word"),
    [("ok", None), ("ready", "leader\n"), ("metrics", (DATA / "3.9.5-leader.mntr").read_text())],
)
def test_a_probe_loads_nothing_but_what_is_built_in(entry_point: str, word: str | None, host: str) -> None:
    """Built-in modules, ``_socket`` and its own: each other import is paid every few seconds on every pod."""
    stdout, loaded = run_watched(entry_point, zookeeper("3.9.5-leader"), host=host)

    assert stdout == (word or "")
    assert {name for name in loaded if name.startswith("zkboot")} == LEAN
    assert loaded - LEAN - {"_socket"} <= set(sys.builtin_module_names)


def test_other_formats_load_more_and_only_they_do() -> None:
    """What a person asks for may cost what it costs."""
    _, loaded = run_watched("metrics", zookeeper("3.9.5-leader"), "--format=json")

    assert {"json", "zkboot.metrics"} <= loaded
