"""Every server.properties that we write, read by the Kafka it is for, with a real ensemble behind it."""

import json
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient

from tests.server import zookeeper
from tests.server.clients import produce_and_consume
from tests.server.distributions import Distribution, Product, find
from tests.server.kafka import START_LIMIT, KafkaSet, broker_command, has_listeners, make_pods, start_broker
from tests.server.pods import Pod
from tests.server.processes import ServerProcess, terminate_all, wait_until
from tests.server.serving import promtool_complaints, serving_pod
from tests.server.versions import fetched, versions
from tests.server.zookeeper import ZooKeeperSet

pytestmark = pytest.mark.server

ZOOKEEPER_OF = {"0.8": "3.4.14", "0.10": "3.4.14", "1.1": "3.4.14", "2.8": "3.5", "3.9": "3.8"}
"""A ZooKeeper of each Kafka's own time."""


@pytest.fixture(scope="module", params=versions(Product.KAFKA))
def distribution(request: pytest.FixtureRequest) -> Distribution:
    """One version of Kafka, fetched."""
    wanted: Distribution = request.param
    return fetched(wanted)


@pytest.fixture(scope="module")
def ensemble(distribution: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperSet]:
    """Three ZooKeeper servers that are ready."""
    line = ZOOKEEPER_OF[".".join(map(str, distribution.release[:2]))]
    pods = zookeeper.make_pods(tmp_path_factory.mktemp("zk"), 3)
    with zookeeper.running(pods, fetched(find(Product.ZOOKEEPER, line))) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="module")
def cluster(
    distribution: Distribution, ensemble: ZooKeeperSet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaSet]:
    """Three brokers: two by `kafkaboot run`, the third by the original's line and a generated connect string."""
    pods = make_pods(tmp_path_factory.mktemp("kafka"), distribution, ensemble.connect_string)
    third = pods[2]
    del third.environ["KAFKA_ZOOKEEPER_CONNECT"]
    third.environ["KF_ZK_CLIENT_PORT"] = ensemble.pods[0].environ["ZK_CLIENT_PORT"]
    brokers: list[ServerProcess] = []
    try:
        brokers += [start_broker(pod, distribution) for pod in pods[:2]]
        brokers.append(start_as_the_original(third, distribution))
        started = KafkaSet(distribution=distribution, pods=pods, brokers=brokers)
        started.wait_until_ready()
        yield started
    finally:
        terminate_all(brokers)


def start_as_the_original(pod: Pod, distribution: Distribution) -> ServerProcess:
    """Start the broker by `bash -c "kafkaGenConfig.sh && <start>"`."""
    line = f"kafkaGenConfig.sh && {shlex.join(broker_command(pod, distribution))}"
    return pod.start_shell(line)


@pytest.fixture(scope="module")
def registrations(cluster: KafkaSet, ensemble: ZooKeeperSet) -> dict[str, dict[str, object]]:
    """What the brokers wrote into ZooKeeper: id → record."""
    client = KazooClient(hosts=ensemble.connect_string)
    client.start(timeout=START_LIMIT)
    try:
        wait_until(
            lambda: len(client.get_children("/brokers/ids")) == 3,
            "three brokers register",
            timeout=START_LIMIT,
            processes=cluster.brokers,
        )
        return {i: json.loads(client.get(f"/brokers/ids/{i}")[0]) for i in client.get_children("/brokers/ids")}
    finally:
        client.stop()
        client.close()


def test_brokers_register_under_ordinal_plus_one(registrations: dict[str, dict[str, object]]) -> None:
    """kafka-0, kafka-1 and kafka-2 are the brokers 1, 2 and 3, as in the original."""
    assert sorted(registrations) == ["1", "2", "3"]


def test_brokers_advertise_their_pods_names(registrations: dict[str, dict[str, object]], cluster: KafkaSet) -> None:
    """Clients are told the pod's name under the headless service, with the port of its listener."""
    for ordinal, server in enumerate(cluster.bootstrap_servers):
        record = registrations[str(ordinal + 1)]

        assert f"{record['host']}:{record['port']}" == server
        if has_listeners(cluster.distribution):
            assert record["endpoints"] == [f"PLAINTEXT://{server}"]


def test_probes_say_yes(cluster: KafkaSet) -> None:
    """Alive and ready, and in sync once the topics are."""
    for ordinal, pod in enumerate(cluster.pods):
        alive, ready = pod.run("kafkaOk"), pod.run("kafkaReady")

        assert (alive.returncode, alive.stdout, alive.stderr) == (0, "", "")
        assert (ready.returncode, ready.stderr) == (0, "")
        # Kafka 0.8 lists nobody before the first topic.
        assert ready.stdout.startswith((f"broker {ordinal + 1} of ", f"broker {ordinal + 1}, no topic"))


def test_serve_says_what_the_probes_say_and_prometheus_takes_its_metrics(cluster: KafkaSet) -> None:
    """What this version can say; the controller is one for all."""
    release = cluster.distribution.release
    controllers = set()
    for ordinal, pod in enumerate(cluster.pods):
        with serving_pod(pod, "kafkaboot") as served:
            live, ready = served.ask("/livez"), served.ask("/readyz")
            in_sync, text = served.ask("/readyz?in-sync"), served.ask("/metrics").text
        controllers |= {line for line in text.splitlines() if line.startswith("kafkaboot_controller_id ")}

        assert (live.status, ready.status, ready.text) == (200, 200, pod.run("kafkaReady").stdout)
        assert in_sync.status == (200 if release >= (0, 10) else 503)
        assert f'kafkaboot_server_info{{id="{ordinal + 1}",role="broker"}} 1\n' in text
        assert ("kafkaboot_partitions_under_min_isr 0\n" in text) == (release >= (0, 11))
        assert ("kafkaboot_log_dir_free_bytes{" in text) == (release >= (1, 0))
        assert promtool_complaints(text) == []
    assert len(controllers) == (1 if release >= (0, 10) else 0)


def test_a_message_goes_through(cluster: KafkaSet, ensemble: ZooKeeperSet) -> None:
    """A topic with three replicas takes a message and gives it back, under the names that are advertised."""
    produce_and_consume(cluster, ensemble.connect_string)


def test_a_broker_that_is_not_listed_is_not_ready(cluster: KafkaSet) -> None:
    """The probe looks for its own id, not for any broker."""
    done = cluster.pods[0].run("kafkaReady", environ={"KAFKA_BROKER_ID": "9"})

    assert (done.returncode, done.stdout) == (75, "")
    assert "9" in done.stderr


def test_a_second_edit_changes_nothing(cluster: KafkaSet) -> None:
    """Editing the edited file, which is what a restart does, gives the same file."""
    for pod in cluster.pods:
        path = Path(pod.environ["KF_CONFIG_FILE"])
        before = path.read_text()
        done = pod.run("kafkaGenConfig.sh", environ={"KF_BASE_FILE": str(path)})

        assert done.returncode == 0
        assert f"Unchanged {path}" in done.stdout
        assert path.read_text() == before


def test_another_brokers_volume_is_refused(cluster: KafkaSet) -> None:
    """meta.properties (0.9 and newer) says whose data it is; 0.8 keeps no such file, so nothing can be compared."""
    pod = cluster.pods[1]
    meta = Path(pod.environ["KAFKA_LOG_DIRS"], "meta.properties")
    if not has_listeners(cluster.distribution):
        assert not meta.exists()
        return
    before = meta.read_text()
    done = pod.run("kafkaGenConfig", environ={"POD_NAME": "kafka-2"})

    assert done.returncode == 78
    assert str(meta) in done.stderr
    assert "2" in done.stderr
    assert "3" in done.stderr
    assert meta.read_text() == before


def test_sigterm_is_a_controlled_shutdown_and_the_data_stays(cluster: KafkaSet) -> None:
    """The JVM itself gets SIGTERM, leaves in order, and comes back on the same volume under the same id."""
    broker, pod = cluster.brokers[0], cluster.pods[0]
    broker.signal(signal.SIGTERM)

    assert broker.wait(START_LIMIT) in (0, 143, -signal.SIGTERM)
    assert "shut down completed" in broker.log_text()

    cluster.brokers[0] = start_broker(pod, cluster.distribution)
    cluster.wait_until_ready()
