"""What a stale answer of the DNS costs Kafka, and that the images' own setting cures it.

A JVM keeps the address of a name for 30 s unless it is told otherwise, and a restarted pod has another address. Brokers
are restarted one after the other, as fast as the cluster is whole again, under a client that writes with acks=all.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.image.cluster import Cluster, StatefulSet, running_cluster
from tests.image.engine import Engine
from tests.image.images import ROOT, image_of
from tests.image.kubelet import Pod
from tests.image.load import writing
from tests.image.manifests import Manifest
from tests.server.distributions import Product, find

RESTARTS = 4
"""At most, of each cluster: each takes up to a minute."""

_READY_LIMIT = 240.0
_PERIOD = 0.2
_PAUSE = 2.0
"""Seconds for which a whole cluster is left alone before the next restart."""

_KEPT = "networkaddress.cache.ttl=30\nnetworkaddress.cache.negative.ttl=10\n"
"""A JVM's own defaults, said in so many words."""

_CLAIM = "/var/lib/kafka"
_FILE = "kept.security"


def measure(engine: Engine, restarts: int) -> None:
    """Print for each kind of cluster how long restarts take under the JVM's default and under the images' setting."""
    count = min(restarts, RESTARTS)
    print(
        f"{count} restarts by SIGTERM in turn, a new IP each, seconds (target: none; the second of a pair is ours):\n"
    )
    for line, is_kraft in (("3.9", False), ("4.4", True)):
        for is_kept in (True, False):
            told = "the JVM's default, 30 s" if is_kept else "our image's, 1 s"
            mode = "without ZooKeeper" if is_kraft else "with ZooKeeper"
            print(f"Kafka {line} {mode}, answers of the DNS kept as is {told}:", flush=True)
            with _running(engine, line, is_kraft=is_kraft, is_kept=is_kept) as (cluster, image, pods):
                _roll(cluster, image, pods, count)


@contextmanager
def _running(engine: Engine, line: str, *, is_kraft: bool, is_kept: bool) -> Iterator[tuple[Cluster, str, StatefulSet]]:
    """Have three ready brokers; the value also says their image."""
    image = image_of(engine, find(Product.KAFKA, line))
    with running_cluster(engine) as cluster:
        if not is_kraft:
            zookeeper = Manifest.load(ROOT / "docker/zookeeper/zookeeper.yaml")
            cluster.apply(zookeeper, image_of(engine, find(Product.ZOOKEEPER, "3.9"))).create()
        manifest = Manifest.load(ROOT / "docker" / ("kafka-kraft/kafka-kraft.yaml" if is_kraft else "kafka/kafka.yaml"))
        environ = {"KAFKA_OPTS": f"-Djava.security.properties={_CLAIM}/{_FILE}"} if is_kept else {}
        pods = cluster.apply(manifest, image, environ=environ)
        if is_kept:
            for ordinal in range(pods.spec.replicas):
                claim = cluster.folder / "claims" / f"data-{pods.spec.name}-{ordinal}"
                claim.mkdir(parents=True, mode=0o755)
                (claim / _FILE).write_text(_KEPT, encoding="ascii")
        pods.create()
        pods.wait_until_ready(_READY_LIMIT)
        yield cluster, image, pods


def _roll(cluster: Cluster, image: str, pods: StatefulSet, count: int) -> None:
    own, whole = [], []
    with writing(cluster, image, pods, "kafka") as client:
        for number in range(count):
            ordinal = (pods.spec.replicas - 1 - number) % pods.spec.replicas
            pods.pods[ordinal].delete()
            started = time.monotonic()
            pod = pods.restart_deleted(ordinal)
            pods.wait_until(lambda: pod.pid != 0, f"{pod.name} has a container", _READY_LIMIT)  # noqa: B023
            own.append(_seconds_until_in_sync([pod], pods, started))
            whole.append(_seconds_until_in_sync(pods.pods, pods, started))
            time.sleep(_PAUSE)
        tally = client.finish()
    print(f"- restarted broker in sync: {' '.join(f'{value:.1f}' for value in own)}; at most {max(own):.1f}")
    print(f"- all three in sync: {' '.join(f'{value:.1f}' for value in whole)}; at most {max(whole):.1f}")
    print(f"- {tally}\n", flush=True)


def _seconds_until_in_sync(wanted: list[Pod], pods: StatefulSet, started: float) -> float:
    """Return when all of *wanted* say that they are in sync, from *started*."""
    while not all(pod.exec("kafkaReady", "--in-sync").status == 0 for pod in wanted):
        if time.monotonic() - started > _READY_LIMIT:
            raise TimeoutError(f"not in sync after {_READY_LIMIT:g} s\n{pods.report()}")
        time.sleep(_PERIOD)
    return time.monotonic() - started
