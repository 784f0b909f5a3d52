"""Prometheus beside three ZooKeeper servers and three Kafka nodes: all is told, and what breaks raises its alert."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from tests.certificates import Authority
from tests.dashboards.panels import JOBS, panels
from tests.server.clients import LIMIT_MS, PATIENT
from tests.server.hosts import resolving
from tests.server.kafka import NAMES
from tests.server.pods import roles
from tests.server.watched import NAMES_OF, Watched, second_directory, watching
from tests.server.zookeeper import ZooKeeperSet
from tests.unit.docker.test_monitoring import alerts

pytestmark = pytest.mark.server

BROKEN_HERE = {
    "ZooKeeperServerDown",
    "ZooKeeperFollowerMissing",
    "ZooKeeperNoQuorum",
    "ZooKeeperCertificateExpires",
    "ZooKeeperCertificateNotTaken",
    "KafkaCertificateExpires",
    "KafkaCertificateNotTaken",
    "KafkaServerDown",
    "KafkaPartitionsWithoutLeader",
    "KafkaPartitionsUnderMinIsr",
    "KafkaPartitionsOutOfSync",
    "KafkaLogDirOffline",
    "KafkaNoQuorum",
}
"""Alerts that fire below, on real servers."""

BY_SAMPLES = {
    "ZooKeeperRequestsPileUp",
    "ZooKeeperDiskFullWithinADay",
    "ZooKeeperServerNotWatched",
    "KafkaBrokerNotRegistered",
    "KafkaDiskFullWithinADay",
    "KafkaMetadataLags",
}
"""Alerts that samples alone raise, in tests/data/monitoring: they take hours, or more load than a test should make."""

KEYS = (
    *(
        "zkboot_members",
        "zkboot_data_dir_free_bytes",
        "zkboot_server_info",
        "zk_znode_count",
        "zk_quorum_size",
        "zkboot_probe_duration_seconds_count",
    ),
    *("kafkaboot_server_info", "kafkaboot_partitions", "kafkaboot_partitions_under_min_isr"),
    *("kafkaboot_log_dir_free_bytes", "kafkaboot_quorum_leader_id", "kafkaboot_probe_failures_total"),
)
"""Series that must be there."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """All is well; each test breaks more of it, in the order in which they stand."""
    with watching(tmp_path_factory.mktemp("watched")) as made:
        yield made


def test_every_alert_is_raised_by_somebody() -> None:
    """Here, or by samples that are made up."""
    assert set(alerts()) == BROKEN_HERE | BY_SAMPLES
    assert not BROKEN_HERE & BY_SAMPLES


def test_all_is_told_while_all_is_well(watched: Watched) -> None:
    """Six targets are up, every key series is there, and no alert fires."""
    prometheus = watched.prometheus
    prometheus.wait_until_up(6)
    prometheus.wait_until_still()

    assert [value for _, value in prometheus.values("zkboot_up or kafkaboot_up")] == [1.0] * 6
    assert [key for key in KEYS if not prometheus.values(key)] == []


@pytest.mark.parametrize("dashboard", JOBS)
def test_every_panel_of_a_dashboard_has_data(watched: Watched, dashboard: str) -> None:
    """Each of its expressions is one of Prometheus', about series that are there."""
    for panel in panels(dashboard):
        for query in panel.queries:
            watched.prometheus.wait_until_told(query.expression)


@pytest.mark.parametrize("job", ["zk", "kafka"])
def test_certificates(watched: Watched, job: str) -> None:
    """One that ends in two days is taken, and told of; one of another authority is not taken."""
    prefix = {"zk": "ZooKeeper", "kafka": "Kafka"}[job]
    soon = datetime.now(UTC) + timedelta(days=2)
    watched.authority.issue(*NAMES_OF[job], until=soon).write(watched.secrets[job], watched.authority.ca_crt)
    watched.prometheus.wait_until_firing(f"{prefix}CertificateExpires")
    assert f"{prefix}CertificateNotTaken" not in watched.prometheus.firing()

    Authority("other").issue(*NAMES_OF[job]).write(watched.secrets[job], watched.authority.ca_crt)
    watched.prometheus.wait_until_firing(f"{prefix}CertificateNotTaken")


def test_a_replica_that_falls_behind(watched: Watched) -> None:
    """A broker stands still while much is written, and may then copy it slowly."""
    prometheus, servers = watched.prometheus, watched.cluster.bootstrap_servers
    with resolving(NAMES):
        admin = KafkaAdminClient(bootstrap_servers=servers, **PATIENT)
        leader = admin.describe_topics(["slow"])[0]["partitions"][0]["leader_id"]
        slow = next(name for number, name in ((1, "kafka-0"), (2, "kafka-1")) if number != leader)
        bound = {"follower.replication.throttled.rate": "1"}
        brokers = [ConfigResource(ConfigResourceType.BROKER, str(number), bound) for number in (1, 2, 3)]
        admin.alter_configs(brokers, raise_on_unknown=False)
        admin.close()
        # Whoever it asks in vain stands still; another one knows.
        impatient = {**PATIENT, "request_timeout_ms": 10_000}
        producer = KafkaProducer(bootstrap_servers=servers, acks=1, max_block_ms=LIMIT_MS, **impatient)
        producer.send("slow", b"first").get(timeout=LIMIT_MS / 1000)
        watched.cluster.running[slow].pause()
        prometheus.wait_until_told("kafkaboot_partitions_under_replicated > 0")
        for _ in range(20):
            producer.send("slow", bytes(900_000)).get(timeout=LIMIT_MS / 1000)
        watched.cluster.running[slow].resume()
        producer.close()

    prometheus.wait_until_firing("KafkaPartitionsOutOfSync")


def test_a_log_directory_that_is_gone(watched: Watched) -> None:
    """A file stands in its place: the broker gives it up, and lives on with the other one."""
    second = second_directory(watched.cluster.pods[2])
    second.rename(second.with_name("gone"))
    second.touch()

    watched.prometheus.wait_until_firing("KafkaLogDirOffline")
    assert watched.cluster.running["kafka-2"].poll() is None


def test_a_broker_that_is_killed(watched: Watched) -> None:
    """What it alone had has no leader; what all must have takes no writes."""
    watched.cluster.running["kafka-1"].signal(signal.SIGKILL)

    watched.prometheus.wait_until_firing(
        "KafkaServerDown", "KafkaPartitionsWithoutLeader", "KafkaPartitionsUnderMinIsr"
    )
    assert "KafkaNoQuorum" not in watched.prometheus.firing()


def test_controllers_without_a_majority(watched: Watched) -> None:
    """One of three is left."""
    watched.cluster.running["kafka-2"].signal(signal.SIGKILL)

    watched.prometheus.wait_until_firing("KafkaNoQuorum")


def test_a_follower_that_is_killed(watched: Watched) -> None:
    """Two of three serve on, and the leader misses one."""
    _kill_one(watched.ensemble, "follower")
    watched.prometheus.wait_until_firing("ZooKeeperServerDown", "ZooKeeperFollowerMissing")

    assert "ZooKeeperNoQuorum" not in watched.prometheus.firing()


def test_an_ensemble_without_a_majority(watched: Watched) -> None:
    """One of three is left."""
    _kill_one(watched.ensemble, "leader")

    watched.prometheus.wait_until_firing("ZooKeeperNoQuorum")


def test_a_sidecar_that_is_killed(watched: Watched) -> None:
    """Prometheus does not reach it, so the last broker counts as down, as those do that are."""
    fired = 'count(ALERTS{alertname="KafkaServerDown", alertstate="firing"})'
    watched.prometheus.wait_until_told(f"{fired} == 2")
    watched.sidecars["kafka-0"].process.kill()

    watched.prometheus.wait_until_told(f"{fired} == 3")
    assert watched.cluster.running["kafka-0"].poll() is None


def _kill_one(ensemble: ZooKeeperSet, role: str) -> None:
    at = roles(ensemble.pods).index(role)
    ensemble.servers[at].signal(signal.SIGKILL)
