"""The probes as a kubelet calls them: exit status, stdout, stderr, and what they load."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kafkaboot.probes import commands
from kafkaboot.values.knobs import SASL_MECHANISM, SASL_USER, VARIABLES
from tests.commands import LIMIT
from tests.patience import PATIENCE, bounded, with_more_time
from tests.unit import scripted_server as scripted
from tests.unit.kafkaboot.probes.recorded_broker import answers_with, broker, recorded
from tests.unit.scripted_server import Script, ScriptedServer
from zkboot import __version__
from zkboot.pod.probing import environment

ROOT = Path(__file__).parents[4]

PROBES = {"kafkaOk": commands.ok, "kafkaReady": commands.ready}

LEAN = {
    "kafkaboot",
    "kafkaboot.probes",
    "kafkaboot.probes.client",
    "kafkaboot.probes.commands",
    "kafkaboot.probes.broker_properties",
    "kafkaboot.probes.endpoint",
    "kafkaboot.probes.health",
    "kafkaboot.probes.wire",
    "kafkaboot.values",
    "kafkaboot.values.knobs",
    "zkboot",
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
}
"""Our own modules on the path that is run every few seconds."""

FOR_READY = {"zkboot.pod.identity", "kafkaboot.probes.metadata_wire", "kafkaboot.probes.partitions_wire"}
"""What kafkaReady needs beside: whom it looks for, and how to ask for the brokers."""

OLD = answers_with({"metadata0": recorded("0.8.2.1-in-sync.metadata0")})
OLD_AND_EMPTY = answers_with({"metadata0": recorded("0.8.2.1-no-topics.metadata0")})
WITH_SASL = answers_with({"api-versions0": recorded("4.4.0-broker.api-versions0")})


def controller(case: str) -> Script:
    """Return a script that answers as the recorded controller of 4.4.0 did in *case*."""
    return answers_with(
        {
            "api-versions0": recorded("4.4.0-controller.api-versions0"),
            "fetch17": recorded(f"4.4.0-{case}.fetch17"),
        }
    )


class Outcome:
    """What a probe did: its exit status and its two streams."""

    def __init__(self, status: int, stdout: str, stderr: str) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr


class Runner:
    """Runs the probes in this process, with an environment of their own: pod kafka-0 with nothing installed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd
        for name in list(os.environ):
            if name.startswith(("KF_", "KAFKA_")):
                monkeypatch.delenv(name)

    def __call__(self, name: str, *arguments: str, script: Script | None = None, **environ: str) -> Outcome:
        """Return what probe *name* did, asked of a server that follows *script* where there is one."""
        environ = {"POD_NAME": "kafka-0", "KF_HOME": "/nonexistent", "KF_PROBE_TIMEOUT": f"{PATIENCE:g}"} | environ
        if script is None:
            return self._run(name, arguments, environ)
        with ScriptedServer(script) as server:
            return self._run(name, arguments, {"KF_PORT": str(server.port)} | environ)

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


# --- brokers as they were recorded -------------------------------------------------------------------

VERSIONS = ["1.1.1", "2.8.2", "3.3.2", "3.9.2", "3.9.2-zookeeper", "4.0.2", "4.4.0"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_live_broker_is_alive_in_silence(run: Runner, version: str) -> None:
    """Nothing on stdout, nothing on stderr."""
    outcome = run("kafkaOk", script=broker(version, "in-sync"))

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "", "")


@pytest.mark.parametrize("script", [OLD, OLD_AND_EMPTY, WITH_SASL, controller("no-leader")])
def test_liveness_does_not_depend_on_others(run: Runner, script: Script) -> None:
    """0.8 with and without topics, a listener with SASL, a controller without a quorum: none is killed."""
    outcome = run("kafkaOk", script=script)

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "", "")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_registered_broker_is_ready_and_says_of_how_many(run: Runner, version: str) -> None:
    """One short line."""
    outcome = run("kafkaReady", script=broker(version, "in-sync"))

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "broker 1 of 2\n", "")


def test_a_broker_of_0_10_is_ready(run: Runner) -> None:
    """Which speaks no Metadata newer than 2."""
    outcome = run("kafkaReady", "--in-sync", script=broker("0.10.2.2", "in-sync", "metadata1"))

    assert (outcome.status, outcome.stdout) == (0, "broker 1 of 2, in sync in 3 partitions\n")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_broker_that_is_not_listed_is_not_ready(run: Runner, version: str) -> None:
    """Broker 2 was gone when this was recorded."""
    outcome = run("kafkaReady", script=broker(version, "2-gone"), POD_NAME="kafka-1")

    assert (outcome.status, outcome.stdout) == (75, "")
    assert outcome.stderr.endswith(
        ": broker 2 (KF_ID_OFFSET=1 and the ordinal of kafka-1) is not among the registered brokers: 1\n"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_broker_that_is_behind_is_ready_and_not_in_sync(run: Runner, version: str) -> None:
    """--in-sync is what a rolling update waits for."""
    ready = run("kafkaReady", script=broker(version, "2-behind"), POD_NAME="kafka-1")
    in_sync = run("kafkaReady", "--in-sync", script=broker(version, "2-behind"), POD_NAME="kafka-1")

    assert (ready.status, ready.stdout) == (0, "broker 2 of 2\n")
    assert (in_sync.status, in_sync.stdout) == (75, "")
    assert ": broker 2 is out of sync in " in in_sync.stderr
    assert " of its 3 partitions: orders-" in in_sync.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_a_broker_in_sync_says_with_how_many_partitions(run: Runner, version: str) -> None:
    """That it hosts."""
    outcome = run("kafkaReady", "--in-sync", script=broker(version, "in-sync"))

    assert (outcome.status, outcome.stdout) == (0, "broker 1 of 2, in sync in 3 partitions\n")


def test_0_8_is_ready_when_it_lists_itself(run: Runner) -> None:
    """It hangs up on ApiVersions and is asked again."""
    outcome = run("kafkaReady", script=OLD)

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "broker 1 of 2\n", "")


def test_0_8_without_topics_is_ready_though_it_lists_nobody(run: Runner) -> None:
    """KAFKA-1867."""
    outcome = run("kafkaReady", script=OLD_AND_EMPTY, KF_VERSION="0.8.2.1")

    assert (outcome.status, outcome.stdout) == (0, "broker 1 of 0, none is listed before there is a topic\n")


def test_0_8_is_not_asked_whether_it_is_in_sync(run: Runner) -> None:
    """Its metadata do not follow the ISR (KAFKA-1367): yes would be a lie, and no would be one for ever."""
    outcome = run("kafkaReady", "--in-sync", script=OLD)

    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.endswith(": --in-sync needs Kafka 0.10: before, metadata did not follow the ISR\n")


@pytest.mark.parametrize("arguments", [(), ("--in-sync",)])
def test_a_controller_whose_leader_agrees_is_ready(run: Runner, arguments: tuple[str, ...]) -> None:
    """It hosts no partition of clients, so --in-sync asks for nothing more."""
    with ScriptedServer(controller("leader-own-epoch")) as server:
        outcome = run("kafkaReady", *arguments, KF_CONTROLLER_PORT=str(server.port), KAFKA_PROCESS_ROLES="controller")

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "controller, leader 101\n", "")


def test_a_controller_without_a_leader_is_not_ready(run: Runner) -> None:
    """It lives, and it can do nothing."""
    outcome = run("kafkaReady", script=controller("no-leader"))

    assert (outcome.status, outcome.stdout) == (75, "")
    assert outcome.stderr.endswith(": the controller knows no leader of its quorum\n")


def test_a_listener_with_sasl_is_told(run: Runner) -> None:
    """The probes log in nowhere."""
    outcome = run("kafkaReady", script=WITH_SASL)

    assert (outcome.status, outcome.stdout) == (76, "")
    assert "as a listener with SASL does" in outcome.stderr


# --- servers that misbehave --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize(
    ("script", "status", "message"),
    [
        pytest.param(scripted.silent, 69, "connected, but no answer within {} s", id="silent"),
        pytest.param(scripted.closes, 69, "the connection without an answer: it is starting or", id="closes"),
        pytest.param(scripted.resets, 69, "reset the connection without an answer|hung up at once", id="resets"),
        pytest.param(scripted.stops_after(b"\0\0"), 69, "the answer stopped after 2 bytes", id="half-a-size"),
        pytest.param(scripted.answers(b"imok"), 76, "is this a Kafka listener", id="zookeeper"),
        pytest.param(scripted.never_stops(b"\x7f" * 1000), 76, "is this a Kafka listener", id="endless"),
        pytest.param(scripted.speaks_tls, 76, "speaks TLS where plain text is expected", id="tls"),
    ],
)
@with_more_time
def test_a_bad_server_has_its_own_exit_status(
    run: Runner, name: str, script: Script, status: int, message: str, *, timeout: float
) -> None:
    """One line on stderr, with the command and the address in front; nothing on stdout; in time."""
    with bounded(timeout):
        outcome = run(name, script=script, KF_PROBE_TIMEOUT=f"{timeout:g}")

    assert (outcome.status, outcome.stdout) == (status, "")
    assert outcome.stderr.startswith(f"{name}: localhost:")
    assert outcome.stderr.count("\n") == 1
    assert re.search(message.replace("{}", f"{timeout:g}"), outcome.stderr)


@pytest.mark.parametrize("name", PROBES)
def test_no_server_is_told(run: Runner, name: str) -> None:
    """Unreachable: wait."""
    port = str(scripted.free_port())
    outcome = run(name, KF_PORT=port, KF_PROBE_HOST="127.0.0.1")

    assert (outcome.status, outcome.stdout) == (69, "")
    assert outcome.stderr == f"{name}: 127.0.0.1:{port}: connection refused, nothing listens there\n"


# --- settings and arguments --------------------------------------------------------------------------


def test_a_variable_may_be_read_from_a_file(run: Runner, tmp_path: Path) -> None:
    """As every variable of this tool."""
    (tmp_path / "id").write_text("2\n")
    outcome = run("kafkaReady", script=broker("4.4.0", "in-sync"), KAFKA_NODE_ID_FILE=str(tmp_path / "id"))

    assert (outcome.status, outcome.stdout) == (0, "broker 2 of 2\n")


def test_the_generated_file_says_where_and_whom(run: Runner, tmp_path: Path) -> None:
    """Both the port and the id."""
    path = tmp_path / "server.properties"
    with ScriptedServer(broker("4.4.0", "in-sync"), host="::1") as server:
        path.write_text(f"node.id=2\nlisteners=PLAINTEXT://[::1]:{server.port}\n")
        outcome = run("kafkaReady", KF_CONFIG_FILE=str(path), POD_NAME="kafka-7")

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "broker 2 of 2\n", "")


def test_a_generated_file_that_cannot_be_read_is_told(run: Runner, tmp_path: Path) -> None:
    """It is the volume that needs mending."""
    outcome = run("kafkaOk", KF_CONFIG_FILE=str(tmp_path))

    assert (outcome.status, outcome.stderr) == (74, f"kafkaOk: {tmp_path}: is a directory\n")


@pytest.mark.parametrize("name", PROBES)
def test_wrong_variables_are_all_told_at_once(run: Runner, name: str) -> None:
    """And nothing is asked of anybody."""
    outcome = run(name, KF_PROBE_PORT="65536", KF_PROBE_TIMEOUT="0")

    assert (outcome.status, outcome.stdout) == (78, "")
    assert outcome.stderr == (
        f"{name}: KF_PROBE_PORT='65536' is not an integer in 1..65535\n"
        f"{name}: KF_PROBE_TIMEOUT='0' is not seconds in 0.05..3600\n"
    )


def test_a_pod_without_an_ordinal_cannot_be_looked_for(run: Runner) -> None:
    """Liveness does not need it."""
    ready = run("kafkaReady", script=broker("4.4.0", "in-sync"), POD_NAME="kafka")
    alive = run("kafkaOk", script=broker("4.4.0", "in-sync"), POD_NAME="kafka")

    assert (ready.status, alive.status) == (78, 0)
    assert "POD_NAME 'kafka' is not <statefulset>-<ordinal>" in ready.stderr


def test_a_service_link_is_ignored_and_said(run: Runner) -> None:
    """The default port holds: a Service named kafka makes KAFKA_PORT."""
    outcome = run("kafkaOk", KAFKA_PORT="tcp://10.0.0.1:9092", KF_PROBE_HOST="127.255.255.254")

    assert outcome.status == 69
    warning, error = outcome.stderr.splitlines()
    assert warning.startswith("kafkaOk: warning: ignored, Kubernetes' service links: KAFKA_PORT ")
    assert error.startswith("kafkaOk: 127.255.255.254:9092: ")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("kafkaOk", ["9092"], "'9092' is not understood: only --help and --version are allowed"),
        ("kafkaOk", ["--in-sync"], "'--in-sync' is not understood: only --help and --version are allowed"),
        ("kafkaReady", ["--in-sync", "-x"], "'-x' is not understood: --in-sync, --help and --version are allowed"),
        ("kafkaReady", ["a\nb"], "'a\\nb' is not understood: --in-sync, --help and --version are allowed"),
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
    outcome = run(name, option, KF_PROBE_PORT="x", COLUMNS="1000")
    page = " ".join(outcome.stdout.split())

    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"usage: {name} [--help] [--version]")
    assert ("--in-sync" in page) == ("KF_ID_OFFSET" in page) == (name == "kafkaReady")
    # Who asks for liveness does not log in.
    for variable in (one for one in VARIABLES if name != "kafkaOk" or one not in {SASL_MECHANISM, SASL_USER}):
        assert f" {variable.name} {variable.meaning} [{variable.default_text}]".replace("`", "") in page


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_has_a_version(run: Runner, name: str) -> None:
    """Wrong variables do not keep it from anybody."""
    outcome = run(name, "--version", KF_PROBE_PORT="x")

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, f"zk-kafka-boot {__version__}\n", "")


@pytest.mark.parametrize("limit", ["KAFKA-1867", "KAFKA-1367", "cut off from its controllers", "ACLs", "deadline"])
def test_help_tells_what_a_yes_is_not_worth(run: Runner, limit: str) -> None:
    """Whoever relies on a probe must know."""
    assert limit in " ".join(run("kafkaReady", "--help").stdout.split())


@pytest.mark.parametrize(("call", "name"), [(commands.ok, "kafkaOk"), (commands.ready, "kafkaReady")])
def test_a_probe_without_a_name_takes_that_of_its_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], call: Callable[[], int], name: str
) -> None:
    """As a console command: the name that the operator typed, without its path."""
    monkeypatch.setattr(sys, "argv", [f"/opt/venv/bin/{name}", "now"])

    assert call() == 2
    assert capfd.readouterr().err.startswith(f"{name}: 'now' is not understood")


# --- the lean path -----------------------------------------------------------------------------------

WATCHED = """
import sys
bare = set(sys.modules)
sys.path.insert(0, sys.argv.pop(1))
import kafkaboot.probes.commands
status = getattr(kafkaboot.probes.commands, sys.argv.pop(1))()
sys.stderr.write(" ".join(sorted(set(sys.modules) - bare)))
sys.exit(status)
"""
"""Runs a probe in an interpreter that loads as little as it can, then tells on stderr what came on top."""


def run_watched(entry_point: str, script: Script, *arguments: str, **environ: str) -> tuple[str, set[str]]:
    """Return the stdout of *entry_point*, which must succeed, and the modules that it loaded."""
    with ScriptedServer(script) as server:
        done = subprocess.run(
            [sys.executable, "-ISB", "-c", WATCHED, str(ROOT), entry_point, *arguments],
            env={
                "KF_PORT": str(server.port),
                "KF_HOME": "/nonexistent",
                "KF_PROBE_TIMEOUT": "60",
                "POD_NAME": "kafka-0",
            }
            | environ,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout, set(done.stderr.split())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize(
    ("entry_point", "arguments", "found"),
    [
        ("ok", (), ""),
        ("ready", (), "broker 1 of 2\n"),
        ("ready", ("--in-sync",), "broker 1 of 2, in sync in 3 partitions\n"),
    ],
)
def test_a_probe_loads_nothing_but_what_is_built_in(
    tmp_path: Path, entry_point: str, arguments: tuple[str, ...], found: str, host: str
) -> None:
    """Built-in modules, ``_socket`` and its own: each other import is paid every few seconds on every pod."""
    (tmp_path / "server.properties").write_text("# made by kafkaGenConfig\nbroker.id=1\nlog.dirs=/var/lib/kafka\n")
    settings = {"KF_PROBE_HOST": host, "KF_CONFIG_FILE": str(tmp_path / "server.properties")}
    if entry_point == "ready":
        # Without a file the pod's name says who it is, and that is one module more.
        settings["KF_CONFIG_FILE"] = str(tmp_path / "none")
    stdout, loaded = run_watched(entry_point, broker("4.4.0", "in-sync"), *arguments, **settings)
    own = LEAN if entry_point == "ok" else LEAN | FOR_READY
    if arguments:
        own |= {"kafkaboot.probes.hosted"}

    assert stdout == found
    assert {name for name in loaded if name.startswith(("zkboot", "kafkaboot"))} == own
    assert loaded - own - {"_socket"} <= set(sys.builtin_module_names)


def test_a_controllers_probe_is_as_lean() -> None:
    """Its second conversation loads nothing either."""
    _, loaded = run_watched("ready", controller("leader-own-epoch"))

    assert loaded - LEAN - {"zkboot.pod.identity", "kafkaboot.probes.leader_wire", "_socket"} <= set(
        sys.builtin_module_names
    )


def test_only_names_that_count_are_read_where_os_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bare environment is bytes, and to decode all of it would take its time."""
    monkeypatch.delitem(sys.modules, "os")
    monkeypatch.setattr(
        "posix.environ", {b"KF_PORT": b"1", b"KAFKA_PORT": b"\xff", b"POD_NAME": b"kafka-0", b"PATH": b"/bin"}
    )

    assert dict(environment(commands.PREFIXES)) == {"KF_PORT": "1", "KAFKA_PORT": "\udcff", "POD_NAME": "kafka-0"}


@pytest.mark.parametrize(("entry_point", "status"), [("kafka_ok", 0), ("kafka_ready", 75)])
def test_the_commands_end_with_the_probes_status(entry_point: str, status: int) -> None:
    """At once, and what they said is out."""
    with ScriptedServer(broker("4.4.0", "in-sync")) as server:
        done = subprocess.run(
            [sys.executable, "-ISB", "-c", WATCHED, str(ROOT), entry_point],
            env={
                "KF_PORT": str(server.port),
                "KF_HOME": "/nonexistent",
                "KF_PROBE_TIMEOUT": "60",
                "POD_NAME": "kafka-8",
            },
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )

    assert (done.returncode, done.stdout) == (status, "")
    assert ("broker 9 " in done.stderr) == (status == 75)
