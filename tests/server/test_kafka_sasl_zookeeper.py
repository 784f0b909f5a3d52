"""KF_SASL_DIR on real brokers in ZooKeeper mode, by PLAIN: a message, who is refused, and what the probes see."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.server import zookeeper
from tests.server.clients import Security, read_message, send_message
from tests.server.distributions import CORE, MATRIX, Distribution, Product, find
from tests.server.kafka import KafkaSet, make_pods, running
from tests.server.test_kafka_sasl import BROKER, login, users
from tests.server.test_secrets import CANARY
from tests.server.versions import fetched, marks_of

pytestmark = pytest.mark.server

CASES = [
    pytest.param(version, id=str(version), marks=marks_of(version, CORE))
    for version in MATRIX
    if version.product is Product.KAFKA and (1, 1) <= version.release < (4,)
]


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zookeeper.ZooKeeperSet]:
    """A server of ZooKeeper."""
    pods = zookeeper.make_pods(tmp_path_factory.mktemp("zk"), 1)
    with zookeeper.running(pods, fetched(find(Product.ZOOKEEPER, "3.8"))) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="module", params=CASES)
def brokers(
    request: pytest.FixtureRequest, ensemble: zookeeper.ZooKeeperSet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaSet]:
    """Three brokers without any listener that asks for no login."""
    wanted: Distribution = request.param
    server = ensemble.pods[0]
    folder = tmp_path_factory.mktemp("kafka")
    connect = f"{server.address}:{server.environ['ZK_CLIENT_PORT']}/{wanted.version}"
    pods = make_pods(folder, fetched(wanted), connect)
    secret = users(folder / "users")
    for pod in pods:
        pod.environ |= {
            "KF_SASL_DIR": str(secret),
            "KF_SASL_MECHANISM": "PLAIN",
            "KF_SASL_USER": BROKER,
            "KAFKA_LISTENERS": f"SASL_PLAINTEXT://{pod.address}:{pod.environ['KF_PORT']}",
        }
    with running(pods, fetched(wanted)) as started:
        started.wait_until_ready()
        yield started


def test_a_message_goes_through_and_a_stranger_does_not(brokers: KafkaSet, tmp_path: Path) -> None:
    """Replicated among brokers that log in; the probes do, too."""
    topic = send_message(brokers.bootstrap_servers, "secret", replicas=3, security=login("PLAIN"))

    assert read_message(brokers.bootstrap_servers, topic, security=login("PLAIN")) == "secret"
    for client in (login("PLAIN", "wrong"), Security()):
        with pytest.raises(KafkaError):
            KafkaAdminClient(bootstrap_servers=brokers.bootstrap_servers, bootstrap_timeout_ms=3000, **client)
    (tmp_path / BROKER).write_text("wrong")
    for pod, process in zip(brokers.pods, brokers.brokers, strict=True):
        wrong = {"KF_SASL_DIR": str(tmp_path)}
        refused = pod.run("kafkaReady", environ=wrong)
        assert (refused.returncode, f"refuses the login of {BROKER}" in refused.stderr) == (76, True)
        assert pod.run("kafkaOk", environ=wrong).returncode == 0
        assert CANARY not in process.log_text()
        assert Path(pod.environ["KF_CONFIG_FILE"]).stat().st_mode & 0o777 == 0o600
