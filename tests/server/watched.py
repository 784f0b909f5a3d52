"""Three ZooKeeper servers and three Kafka nodes, with TLS and their sidecars, and a Prometheus that watches them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from tests.certificates import Authority
from tests.server import kraft, zookeeper
from tests.server.clients import PATIENT
from tests.server.distributions import KRAFT_DEMO, Product, find
from tests.server.hosts import DOMAIN_SUFFIX, resolving
from tests.server.kafka import NAMES, SERVICE
from tests.server.kraft import KRaftSet, combined_pods
from tests.server.pods import Pod
from tests.server.ports import ENSEMBLE_ADDRESSES, free_ports
from tests.server.prometheus import Prometheus, scraping
from tests.server.serving import serving_pod
from tests.server.versions import fetched
from tests.server.zookeeper import ZooKeeperSet
from tests.server.zookeeper_tls import NAMES as ZOOKEEPER_NAMES
from tests.server.zookeeper_tls import make_tls_pods
from tests.serving import Serving

_ASKED = {"ZK_PROBE_TIMEOUT": "3", "KF_PROBE_TIMEOUT": "3"}
"""Seconds that a sidecar waits, as by default: a node that lost its quorum leaves a part of its metrics unanswered."""

_NOTICED = {"KAFKA_REPLICA_LAG_TIME_MAX_MS": "5000", "KAFKA_LOG_FLUSH_OFFSET_CHECKPOINT_INTERVAL_MS": "1000"}
"""Milliseconds in which a follower that does not follow is out of sync, and a directory that is gone is noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Six servers, and who watches them: jobs `zk` and `kafka`, instances called as the pods."""

    ensemble: ZooKeeperSet
    cluster: KRaftSet
    sidecars: dict[str, Serving]
    """By the pod's name."""
    prometheus: Prometheus
    authority: Authority
    secrets: dict[str, Path]
    """The mounted Secret of each job, which all its pods share."""


NAMES_OF = {"zk": ZOOKEEPER_NAMES, "kafka": (f"*.{SERVICE}.{DOMAIN_SUFFIX}",)}
"""For what the certificate of each job is."""


@contextmanager
def watching(folder: Path) -> Iterator[Watched]:
    """Have them in *folder*, ready and with topics, until the context ends."""
    authority = Authority("root")
    secrets = {
        job: authority.issue(*names).write(folder / f"{job}-secret", authority.ca_crt)
        for job, names in NAMES_OF.items()
    }
    servers = make_tls_pods(folder, [secrets["zk"]] * 3, _ASKED)
    nodes = combined_pods(folder, fetched(KRAFT_DEMO[0]), _ASKED | _NOTICED)
    (brokers,) = free_ports(1, ENSEMBLE_ADDRESSES)
    for pod in nodes.pods:
        pod.environ["KAFKA_LOG_DIRS"] += f",{second_directory(pod)}"
        pod.environ["KF_TLS_DIR"] = str(secrets["kafka"])
        pod.environ["KAFKA_LISTENERS"] += f",BROKERS://{pod.address}:{brokers}"
    with ExitStack() as stack:
        ensemble = stack.enter_context(zookeeper.running(servers, fetched(find(Product.ZOOKEEPER, "3.9"))))
        cluster = stack.enter_context(kraft.running(nodes))
        programs = {**dict.fromkeys((pod.name for pod in servers), "zkboot")}
        sidecars = {
            pod.name: stack.enter_context(serving_pod(pod, programs.get(pod.name, "kafkaboot")))
            for pod in (*servers, *cluster.pods)
        }
        ensemble.wait_until_ready()
        cluster.wait_until_counted()
        ports = {name: sidecar.port for name, sidecar in sidecars.items()}
        jobs = {job: {name: ports[name] for name in ports if name.startswith(job)} for job in ("zk", "kafka")}
        prometheus = stack.enter_context(scraping(folder / "prometheus", jobs))
        _make_topics(cluster)
        yield Watched(
            ensemble=ensemble,
            cluster=cluster,
            sidecars=sidecars,
            prometheus=prometheus,
            authority=authority,
            secrets=secrets,
        )


def second_directory(pod: Pod) -> Path:
    """Return the second of the broker's log directories, which is not the one of the quorum's log."""
    return pod.folder / "more"


def _make_topics(cluster: KRaftSet) -> None:
    """Make a topic whose partitions have one broker each, one that all must have, and one that can be slowed down."""
    with resolving(NAMES):
        admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers, **PATIENT)
        every = {f"{role}.replication.throttled.replicas": "*" for role in ("leader", "follower")}
        admin.create_topics(
            [
                NewTopic("alone", num_partitions=3, replication_factor=1),
                NewTopic("strict", num_partitions=3, replication_factor=3, topic_configs={"min.insync.replicas": "3"}),
                NewTopic("slow", num_partitions=1, replication_factor=3, topic_configs=every),
            ]
        )
        admin.close()
