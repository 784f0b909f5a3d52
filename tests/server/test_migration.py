"""From ZooKeeper to KRaft by Kafka's own guide, on the last Kafka that knows both: our part in each phase."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient

from tests.server import kafka, kraft, zookeeper
from tests.server.clients import read_message, send_message
from tests.server.distributions import Product, find
from tests.server.hosts import DOMAIN_SUFFIX
from tests.server.kraft import KRaftSet
from tests.server.pods import Pod
from tests.server.processes import ServerProcess, terminate_all, wait_until
from tests.server.versions import fetched
from tests.server.zookeeper import ZooKeeperSet
from zkboot.pod.properties import parse

pytestmark = [pytest.mark.server, pytest.mark.matrix]

CONTROLLER_IDS = (100, 101, 102)
MIGRATED = "Completed migration of metadata from ZooKeeper to KRaft"
"""What the active controller logs when the cluster's metadata are its own."""

TWO_BROKERS = {"KAFKA_DEFAULT_REPLICATION_FACTOR": "2", "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "2"}


@pytest.fixture
def ensemble(tmp_path: Path) -> Iterator[ZooKeeperSet]:
    """One ZooKeeper server."""
    pods = zookeeper.make_pods(tmp_path, 1)
    with zookeeper.running(pods, fetched(find(Product.ZOOKEEPER, "3.8"))) as started:
        started.wait_until_ready()
        yield started


def test_a_cluster_moves_to_kraft_with_its_messages(ensemble: ZooKeeperSet, tmp_path: Path) -> None:
    """Same volumes, same ids, same cluster id; before the guide's phases a broker that skips one is refused."""
    distribution = fetched(find(Product.KAFKA, "3.9"))
    before = kafka.make_pods(tmp_path, distribution, ensemble.connect_string, TWO_BROKERS)[:2]
    after = kraft.separate_pods(tmp_path, distribution, TWO_BROKERS)
    voters = ",".join(
        f"{node_id}@{pod.name}.{kafka.CONTROLLER_SERVICE}.{DOMAIN_SUFFIX}:{pod.environ['KF_CONTROLLER_PORT']}"
        for node_id, pod in zip(CONTROLLER_IDS, after.controllers, strict=True)
    )
    for old, new in zip(before, after.brokers, strict=True):
        new.environ |= {name: old.environ[name] for name in ("KF_PORT", "KAFKA_LISTENERS")}
    brokers: list[ServerProcess] = []
    try:
        # Phase 1: a cluster with ZooKeeper, which says the cluster's id.
        brokers += [kafka.start_broker(pod, distribution) for pod in before]
        wait_until_ready(before, brokers)
        topic = send_message(after.bootstrap_servers, "kept", replicas=2)
        cluster_id = cluster_id_in(ensemble)
        for pod in after.pods:
            pod.environ["KF_CLUSTER_ID"] = cluster_id
        skipping = after.brokers[0].run("kafkaboot", "run", "--dry-run", "--", "true")

        assert skipping.returncode == 78
        assert "that was never migrated" in skipping.stderr

        # Phase 2: controllers that migrate.
        migrating = {
            "KAFKA_ZOOKEEPER_METADATA_MIGRATION_ENABLE": "true",
            "KAFKA_ZOOKEEPER_CONNECT": ensemble.connect_string,
        }
        for pod in after.controllers:
            after.start(pod, migrating)

        # Phase 3: the same brokers, still in ZooKeeper mode, know the controllers.
        for at, pod in enumerate(before):
            pod.environ |= {
                **migrating,
                "KAFKA_CONTROLLER_QUORUM_VOTERS": voters,
                "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            }
            brokers[at].terminate(kafka.START_LIMIT)
            brokers[at] = kafka.start_broker(pod, distribution)
            wait_until_ready(before, brokers)
        wait_until(
            lambda: any(MIGRATED in after.running[pod.name].log_text() for pod in after.controllers),
            "the controllers have taken the metadata over",
            timeout=kafka.START_LIMIT,
            processes=after.running.values(),
        )

        assert read_message(after.bootstrap_servers, topic) == "kept"

        # Phase 4: the brokers without ZooKeeper, on the volumes they had, which go on to say version 0.
        for at, pod in enumerate(after.brokers):
            brokers[at].terminate(kafka.START_LIMIT)
            brokers[at] = after.start(pod)
            wait_until_ready(after.brokers, brokers)
            meta = parse(Path(pod.environ["KAFKA_LOG_DIRS"], "meta.properties").read_text())

            assert {key: meta[key] for key in ("version", "broker.id", "cluster.id")} == {
                "version": "0",
                "broker.id": str(at + 1),
                "cluster.id": cluster_id,
            }

        # Phase 5: the controllers forget ZooKeeper, one at a time.
        for pod in after.controllers:
            after.running[pod.name].terminate(kafka.START_LIMIT)
            after.start(pod)
            after.wait_until_ready()

        assert read_message(after.bootstrap_servers, topic) == "kept"
        check_that_zookeeper_is_gone(after, ensemble)
    finally:
        terminate_all((*brokers, *after.running.values()))


def wait_until_ready(pods: list[Pod], brokers: list[ServerProcess]) -> None:
    """Return once every pod's kafkaReady agrees, replicas in sync."""
    wait_until(
        lambda: all(pod.run("kafkaReady", "--in-sync").returncode == 0 for pod in pods),
        "the brokers are ready and in sync",
        timeout=kafka.START_LIMIT,
        processes=brokers,
    )


def cluster_id_in(ensemble: ZooKeeperSet) -> str:
    """Return what the guide says to format the controllers with."""
    client = KazooClient(hosts=ensemble.connect_string)
    client.start(timeout=kafka.START_LIMIT)
    try:
        return str(json.loads(client.get("/cluster/id")[0])["id"])
    finally:
        client.stop()
        client.close()


def check_that_zookeeper_is_gone(cluster: KRaftSet, ensemble: ZooKeeperSet) -> None:
    """Without its ensemble the cluster still takes messages and gives them back."""
    terminate_all(ensemble.servers)
    topic = send_message(cluster.bootstrap_servers, "new", replicas=2)

    assert read_message(cluster.bootstrap_servers, topic) == "new"
