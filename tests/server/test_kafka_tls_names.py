"""A broker and a controller whose certificates are for another name: who refuses them where they run nevertheless."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from tests.certificates import Authority
from tests.server.clients import PATIENT
from tests.server.distributions import KRAFT, KRAFT_CORE
from tests.server.hosts import DOMAIN_SUFFIX, resolving
from tests.server.impostors import ELSEWHERE, REFUSAL, disguise, wrong_secret
from tests.server.kafka import NAMES as HOST_NAMES
from tests.server.kafka import SERVICE, START_LIMIT
from tests.server.kafka_tls import NAMES, mount
from tests.server.kraft import KRaftSet, scaled_pods
from tests.server.pods import Pod
from tests.server.processes import terminate_all, wait_until
from tests.server.reconnecting import ask_kafka, ports_of
from tests.server.versions import fetched, marks_of
from tests.server.zookeeper_tls import Client

pytestmark = [
    pytest.mark.server,
    pytest.mark.usefixtures("forgotten_sockets"),
]

ROOT = Authority("root")
NEWEST = KRAFT_CORE[-1:]
CASES = [pytest.param(version, id=str(version), marks=marks_of(version, NEWEST)) for version in KRAFT]

REFUSED_PEER = re.compile(r"Connection to node \S+ \((\S+?)[/:].* failed authentication due to: SSL handshake failed")
"""What a node logs of another that it does not take for who it should be; the group is the name."""

ENVIRON = {
    "KF_CONTROLLER_REPLICAS": "1",
    "KAFKA_DEFAULT_REPLICATION_FACTOR": "2",
    "KAFKA_REPLICA_LAG_TIME_MAX_MS": "5000",
}
"""A node that is both, and a broker, which notices soon that it does not get what it follows."""


@pytest.fixture(params=CASES)
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> KRaftSet:
    """Two nodes, of which the first is the controller, with Secrets that are right; they do not run yet."""
    distribution = fetched(request.param)
    pods = scaled_pods(tmp_path, distribution, ENVIRON)[:2]
    mount(pods, [ROOT.issue(*NAMES).write(tmp_path / f"secret-{at}", ROOT.ca_crt) for at in range(2)])
    return KRaftSet(distribution=distribution, controllers=pods[:1], brokers=pods)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """A client that verifies, without a certificate."""
    return Client(tmp_path / "client", ROOT, None)


@contextmanager
def starting(cluster: KRaftSet, first: Mapping[str, str]) -> Iterator[None]:
    """Run the nodes until the context ends; *first* is what the shell of a pod, by its name, does before."""
    try:
        for pod in cluster.pods:
            cluster.start(pod, first=first.get(pod.name))
        yield
    finally:
        terminate_all(cluster.running.values())


def is_answered(pod: Pod, client: Client, name: str) -> bool:
    """Return whether the broker of *pod* answers *client*, which knows it by *name*."""
    (address,) = ports_of([pod], "KF_PORT")
    try:
        ask_kafka(address, client.context(), name)
    except OSError:
        return False
    return True


def refused_by(cluster: KRaftSet, pod: Pod) -> set[str]:
    """Return the names of the nodes that *pod* could not make sure of."""
    return set(REFUSED_PEER.findall(cluster.running[pod.name].log_text()))


def host(pod: Pod) -> str:
    """Return the name under which other nodes know *pod*."""
    return f"{pod.name}.{SERVICE}.{DOMAIN_SUFFIX}"


def test_a_broker_with_anothers_name_is_refused(cluster: KRaftSet, client: Client, tmp_path: Path) -> None:
    """By its start; where it runs nevertheless by clients, by its probe, and by the broker that shall follow it."""
    right, other = cluster.pods
    wrong = wrong_secret(tmp_path, ROOT)
    refused = other.run("kafkaGenConfig", environ={"KF_TLS_DIR": str(wrong)})

    assert (refused.returncode, REFUSAL in refused.stderr) == (78, True), refused.stderr

    disguised = disguise(other, "KF", wrong)
    with starting(cluster, {other.name: disguised}):
        cluster.wait_until_ready([right])
        wait_until(
            lambda: is_answered(other, client, f"kafka-1.{ELSEWHERE}"),
            "it serves who takes it for another",
            timeout=START_LIMIT,
            processes=cluster.running.values(),
        )
        probed = other.run("kafkaReady")

        assert not is_answered(other, client, host(other))
        assert (probed.returncode, "Hostname mismatch" in probed.stderr) == (76, True), probed.stderr
        assert other.run("kafkaOk").returncode == 0

        careless = client.context()
        careless.check_hostname = False
        servers = cluster.bootstrap_servers[:1]
        with resolving(HOST_NAMES):
            admin = KafkaAdminClient(
                bootstrap_servers=servers, security_protocol="SSL", ssl_context=careless, **PATIENT
            )
            admin.create_topics([NewTopic("led-by-the-other", replica_assignments={0: [2, 1]})])
            admin.close()
        wait_until(
            lambda: host(other) in refused_by(cluster, right),
            "a broker refuses it",
            timeout=START_LIMIT,
            processes=cluster.running.values(),
        )
        wait_until(
            lambda: right.run("kafkaReady", "--in-sync").returncode == 75,
            "what it leads is in sync nowhere else",
            timeout=START_LIMIT,
        )


def test_a_controller_with_anothers_name_is_refused(cluster: KRaftSet, tmp_path: Path) -> None:
    """By a broker, which therefore does not begin to serve."""
    controller, broker = cluster.pods
    with starting(cluster, {controller.name: disguise(controller, "KF", wrong_secret(tmp_path, ROOT))}):
        wait_until(
            lambda: host(controller) in refused_by(cluster, broker),
            "a broker refuses it",
            timeout=START_LIMIT,
            processes=cluster.running.values(),
        )

        assert broker.run("kafkaReady").returncode == 69
