"""KF_TLS_DIR and KF_ZK_TLS on real brokers in ZooKeeper mode: a message, the probes, and who is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.certificates import Authority, Kind
from tests.server import zookeeper
from tests.server.clients import read_message, send_message
from tests.server.distributions import CORE, MATRIX, Distribution, Product, find
from tests.server.kafka import KafkaSet, make_pods, running
from tests.server.kafka_tls import NAMES as BROKER_NAMES
from tests.server.kafka_tls import mount
from tests.server.test_kafka_tls import security
from tests.server.versions import fetched, marks_of
from tests.server.zookeeper_tls import NAMES, make_tls_pods, tls_address

pytestmark = pytest.mark.server

ROOT = Authority("root")
CASES = [
    pytest.param(version, id=str(version), marks=marks_of(version, CORE))
    for version in MATRIX
    if version.product is Product.KAFKA and (0, 10, 2) <= version.release < (4,)
]
WITH_ZOOKEEPER_BY_TLS = (2, 5)


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zookeeper.ZooKeeperSet]:
    """A server of ZooKeeper that speaks TLS, and plain text for brokers that cannot."""
    folder = tmp_path_factory.mktemp("zk")
    secret = ROOT.issue(*NAMES).write(folder / "secret", ROOT.ca_crt)
    pods = make_tls_pods(folder, [secret], {"ZK_TLS_CLIENTS": "both", "ZK_TLS_CLIENT_AUTH": "need"}, replicas=1)
    with zookeeper.running(pods, fetched(find(Product.ZOOKEEPER, "3.8"))) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="module", params=CASES)
def brokers(
    request: pytest.FixtureRequest, ensemble: zookeeper.ZooKeeperSet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaSet]:
    """Three brokers without any plain listener, one of them with a key in PKCS#1, whose clients show a certificate."""
    wanted: Distribution = request.param
    server = ensemble.pods[0]
    is_secure = wanted.release >= WITH_ZOOKEEPER_BY_TLS
    host, port = tls_address(server) if is_secure else (server.address, server.environ["ZK_CLIENT_PORT"])
    folder = tmp_path_factory.mktemp("kafka")
    environ = {"KF_TLS_CLIENT_AUTH": "required", **({"KF_ZK_TLS": "true"} if is_secure else {})}
    pods = make_pods(folder, fetched(wanted), f"{host}:{port}/{wanted.version}", environ)
    kinds: list[Kind] = ["rsa", "ec", "rsa"]
    secrets = [
        ROOT.issue(*BROKER_NAMES, kind=kind).write(folder / f"secret-{at}", ROOT.ca_crt, "PKCS#1, SEC1")
        for at, kind in enumerate(kinds)
    ]
    mount(pods, secrets)
    with running(pods, fetched(wanted)) as started:
        started.wait_until_ready()
        yield started


def test_a_message_goes_through_and_a_stranger_does_not(brokers: KafkaSet, tmp_path: Path) -> None:
    """Replicated by TLS; the probes see it, too."""
    client = security(tmp_path, ROOT.issue("client"), ROOT)
    topic = send_message(brokers.bootstrap_servers, "secret", replicas=3, security=client)

    assert read_message(brokers.bootstrap_servers, topic, security=client) == "secret"
    with pytest.raises(KafkaError):
        KafkaAdminClient(
            bootstrap_servers=brokers.bootstrap_servers, bootstrap_timeout_ms=5000, **security(tmp_path, None, ROOT)
        )
    for pod in brokers.pods:
        assert pod.run("kafkaOk").returncode == 0
        wrong = pod.run("kafkaReady", environ={"KF_DOMAIN": "elsewhere.test"})
        assert (wrong.returncode, "Hostname mismatch" in wrong.stderr) == (76, True)
