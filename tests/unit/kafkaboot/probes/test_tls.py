"""The probes over TLS, as a kubelet calls them: which listener they ask, what they verify, what they load."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import CERT_NONE, CERT_REQUIRED, PROTOCOL_TLS_SERVER, SSLContext

import pytest

from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.probes.endpoint import Endpoint
from tests.certificates import Authority, Issued
from tests.commands import LIMIT, ROOT
from tests.unit import scripted_server as scripted
from tests.unit.kafkaboot.probes.recorded_broker import broker
from tests.unit.kafkaboot.probes.test_commands import FOR_READY, LEAN, WATCHED
from tests.unit.scripted_server import Script, ScriptedServer
from zkboot.pod.environ import EnvReader

NAME = "kafka-0.kafka-svc.test"
BROKER = broker("4.4.0", "in-sync")

WITH_TLS = LEAN | FOR_READY | {"zkboot.pod.own_tls", "zkboot.pod.tls_transport"}
"""Our own modules on the path of a probe over TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod whose Secret is mounted, with a broker that has one listener, for TLS."""

    folder: Path
    authority: Authority

    def context(self, issued: Issued, *, asks: bool = True) -> SSLContext:
        """Return what the broker has with the certificate *issued*, where it *asks* for the caller's."""
        place = issued.write(self.folder / "server", self.authority.ca_crt)
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place / "tls.crt", place / "tls.key")
        context.load_verify_locations(place / "ca.crt")
        context.verify_mode = CERT_REQUIRED if asks else CERT_NONE
        return context

    def run(self, entry_point: str, script: Script) -> tuple[int, str, list[str]]:
        """Return the exit status of a probe whose broker follows *script*, its stdout and the lines of its stderr."""
        with ScriptedServer(script) as server:
            done = subprocess.run(
                [sys.executable, "-ISB", "-c", WATCHED, str(ROOT), entry_point],
                env={
                    "POD_NAME": "kafka-0",
                    "KF_DOMAIN": "kafka-svc.test",
                    "KF_HOME": "/nonexistent",
                    "KF_TLS_DIR": str(self.folder / "secret"),
                    "KAFKA_LISTENERS": f"SSL://:{server.port}",
                    "KF_PROBE_TIMEOUT": "20",
                },
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=False,
            )
        return done.returncode, done.stdout, done.stderr.splitlines()


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """A pod with a certificate for its own name, and nothing generated."""
    authority = Authority()
    authority.issue(NAME).write(tmp_path / "secret", authority.ca_crt, "PKCS#1, SEC1")
    return Pod(folder=tmp_path, authority=authority)


@pytest.mark.parametrize(("entry_point", "found"), [("ok", ""), ("ready", "broker 1 of 2\n")])
def test_a_broker_with_tls_only_is_asked_over_tls(pod: Pod, entry_point: str, found: str) -> None:
    """Nothing is loaded but what is built in, ``_socket`` and ``_ssl``."""
    script = scripted.over_tls(pod.context(pod.authority.issue(NAME)), BROKER)
    status, stdout, stderr = pod.run(entry_point, script)
    loaded = set(stderr[-1].split())

    assert (status, stdout, len(stderr)) == (0, found, 1)
    assert {name for name in loaded if name.startswith(("zkboot", "kafkaboot"))} <= WITH_TLS
    assert loaded - WITH_TLS - {"_socket", "_ssl"} <= set(sys.builtin_module_names)


@pytest.mark.parametrize("asks", [True, False])
def test_an_expired_certificate_fails_readiness_and_never_liveness(pod: Pod, *, asks: bool) -> None:
    """The broker shows it, and refuses the probe's where it asks for one."""
    issued = pod.authority.issue(NAME, until=datetime.now(UTC) - timedelta(days=1))
    issued.write(pod.folder / "secret", pod.authority.ca_crt)
    script = scripted.over_tls(pod.context(issued, asks=asks), BROKER)
    alive, _, _ = pod.run("ok", script)
    ready, _, why = pod.run("ready", script)

    assert (alive, ready) == (0, 76)
    assert why[0].endswith(": does not prove who it is: certificate has expired")


TWO = "PLAIN://:9092,TLS://:9094,CONTROLLER://:9093"
MAPPED = "PLAIN:PLAINTEXT,TLS:SSL,LOGIN:SASL_SSL,CONTROLLER:SSL"


@pytest.mark.parametrize(
    ("listeners", "alive", "ready"),
    [
        pytest.param(TWO, (9092, False), (9094, True), id="both"),
        pytest.param("TLS://:9094,PLAIN://:9092", (9092, False), (9094, True), id="the order does not matter"),
        pytest.param("LOGIN://:9095,TLS://:9094", (9094, True), (9094, True), id="without a login first"),
        pytest.param("LOGIN://:9095", (9095, True), (9095, True), id="a login only"),
        pytest.param("CONTROLLER://:9093", (9093, True), (9093, True), id="controller"),
    ],
)
def test_readiness_prefers_tls_and_liveness_plain_text(
    listeners: str, alive: tuple[int, bool], ready: tuple[int, bool]
) -> None:
    """Of the listeners for clients, where there are any."""
    environ = {
        "POD_NAME": "kafka-0",
        "KF_TLS_DIR": "/tls",
        "KF_HOME": "/nonexistent",
        "KAFKA_LISTENERS": listeners,
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": MAPPED,
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    }
    found = []
    for prefers_tls in (False, True):
        env = EnvReader(environ)
        endpoint = Endpoint.from_environ(env, BrokerProperties(env), prefers_tls=prefers_tls)
        env.problems.check()
        found.append((endpoint.port, endpoint.tls is not None))

    assert found == [alive, ready]


@pytest.mark.parametrize(("port", "is_secure"), [("9092", False), ("9094", True), ("9093", True)])
def test_a_stated_port_is_asked_as_its_listener_speaks(port: str, *, is_secure: bool) -> None:
    """Whoever asks."""
    environ = {
        "POD_NAME": "kafka-0",
        "KF_TLS_DIR": "/tls",
        "KF_HOME": "/nonexistent",
        "KF_PROBE_HOST": "localhost",
        "KF_PROBE_PORT": port,
        "KAFKA_LISTENERS": TWO,
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": MAPPED,
    }
    env = EnvReader(environ)

    assert (Endpoint.from_environ(env, BrokerProperties(env), prefers_tls=True).tls is not None) == is_secure


def test_the_leader_of_the_quorum_must_prove_its_own_name() -> None:
    """It is asked with the same files."""
    environ = {"POD_NAME": "kafka-0", "KF_TLS_DIR": "/tls", "KAFKA_LISTENERS": "SSL://:9094"}
    env = EnvReader(environ)
    leader = Endpoint.from_environ(env, BrokerProperties(env)).beside("kafka-1.test", 9093)

    assert leader.tls is not None
    assert (leader.tls.name, leader.tls.certificate) == ("kafka-1.test", "/tls/tls.crt")
