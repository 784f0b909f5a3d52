"""The probes over TLS, asked of real servers: verified under the pod's name, and what an expired certificate does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.server.distributions import MATRIX, SECURED_CORE, Distribution, Product
from tests.server.pods import Pod
from tests.server.processes import wait_until
from tests.server.versions import fetched, marks_of
from tests.server.zookeeper import START_LIMIT, running
from tests.server.zookeeper_tls import NAMES, make_tls_pods

pytestmark = pytest.mark.server

ROOT = Authority("root")
SECURED = [
    pytest.param(version, id=str(version), marks=marks_of(version, SECURED_CORE))
    for version in MATRIX
    if version.product is Product.ZOOKEEPER and version.release >= (3, 5)
]
LIFETIME = timedelta(seconds=45)
"""Of a certificate with which a server must have started by then."""


@pytest.fixture(scope="module", params=SECURED)
def pod(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    """A server alone in its ensemble, whose certificate expires soon; all that is plain is the port for the pod."""
    wanted: Distribution = request.param
    distribution = fetched(wanted)
    folder = tmp_path_factory.mktemp("zk")
    issued = ROOT.issue(*NAMES, until=datetime.now(UTC) + LIFETIME)
    secret = issued.write(folder / "secret", ROOT.ca_crt)
    with running(make_tls_pods(folder, [secret], replicas=1), distribution) as started:
        started.wait_until_ready()
        yield started.pods[0]


def probe(pod: Pod, command: str, **environ: str) -> tuple[int, str, str]:
    """Return the exit status of *command* in *pod*, what it printed, and what it said."""
    done = pod.run(command, environ=environ)
    return done.returncode, done.stdout, done.stderr


def test_a_server_with_tls_is_asked_by_tls(pod: Pod, tmp_path: Path) -> None:
    """Readiness by itself, the others where they are told to; then a wrong name, a stranger, and the plain port."""
    secure = {"ZK_PROBE_PORT": pod.environ["ZK_TLS_PORT"]}
    elsewhere = {"ZK_CONF_DIR": str(tmp_path), "ZK_TLS_DIR": str(tmp_path / "foreign")}
    other = Authority("other")
    other.issue(*NAMES).write(tmp_path / "foreign", ROOT.ca_crt)

    assert probe(pod, "zkReady") == (0, "standalone\n", "")
    assert probe(pod, "zkOk", **secure) == (0, "", "")
    assert probe(pod, "zkMetrics", **secure)[1].startswith("zk_version\t")
    status, _, why = probe(pod, "zkReady", ZK_DOMAIN="elsewhere.test")
    assert (status, "Hostname mismatch" in why) == (76, True)
    status, _, why = probe(pod, "zkReady", **elsewhere)
    assert (status, "refuses this pod's TLS handshake or certificate" in why) == (76, True)
    assert probe(pod, "zkOk", **secure, **elsewhere) == (0, "", "")
    status, _, why = probe(pod, "zkReady", ZK_TLS_PORT=pod.environ["ZK_CLIENT_PORT"])
    assert (status, "speaks plain text where TLS is expected" in why) == (76, True)


def test_an_expired_certificate_fails_readiness_and_never_liveness(pod: Pod) -> None:
    """The server lives, and no restart would make its certificate younger."""
    wait_until(lambda: probe(pod, "zkReady")[0] == 76, "readiness fails", timeout=LIFETIME.seconds + START_LIMIT)

    assert "does not prove who it is: certificate has expired" in probe(pod, "zkReady")[2]
    assert probe(pod, "zkOk") == (0, "", "")
    assert probe(pod, "zkOk", ZK_PROBE_PORT=pod.environ["ZK_TLS_PORT"]) == (0, "", "")
