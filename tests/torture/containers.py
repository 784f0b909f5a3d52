"""Pods of our manifests, restarted and cut off again and again under a client that counts what was acknowledged."""

import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.image.cluster import Cluster, StatefulSet, running_cluster
from tests.image.engine import engine, missing_tools
from tests.image.images import ROOT, image_of
from tests.image.load import Tally, writing
from tests.image.manifests import Manifest
from tests.image.network import cut_off
from tests.image.reaper import reaping
from tests.server.distributions import Product, find
from tests.torture.campaign import Campaign, CannotRunError, Run

READY_LIMIT = 300.0
PARTITION = 5.0
"""Seconds for which a partition lasts, and seconds between two, as Jepsen's tests of ZooKeeper have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a campaign is about."""

    product: Product
    line: str
    manifest: str
    """Below docker."""

    @contextmanager
    def running(self) -> Iterator[tuple[Cluster, str, StatefulSet]]:
        """Have three ready pods; the value also says their cluster and their image."""
        if lines := missing_tools():
            raise CannotRunError(f"no containers: {'; '.join(lines)}")
        with reaping(), running_cluster(engine()) as cluster:
            image = image_of(engine(), find(self.product, self.line))
            pods = cluster.apply(Manifest.load(ROOT / "docker" / self.manifest), image)
            pods.create()
            pods.wait_until_ready(READY_LIMIT)
            yield cluster, image, pods


ZOOKEEPER = Subject(product=Product.ZOOKEEPER, line="3.9", manifest="zookeeper/zookeeper.yaml")
KAFKA = Subject(product=Product.KAFKA, line="4.4", manifest="kafka-kraft/kafka-kraft.yaml")


def rolls(subject: Subject, count: int) -> str:
    """Roll all pods twice by SIGTERM and once by SIGKILL, *count* times, and return the campaign's line."""
    took: list[float] = []
    with subject.running() as (cluster, image, pods), writing(cluster, image, pods, subject.product) as client:
        for _ in range(count):
            for kill in (False, False, True):
                took += pods.roll(READY_LIMIT, kill=kill)
                check_liveness(pods)
        tally = client.finish()
    _check(tally, pods)
    return (
        f"rolls: {subject.product} {subject.line}, {len(took)} restarts, a third by SIGKILL: {tally};"
        f" ready again after {statistics.median(took):.1f} s, at most {max(took):.1f} s"
    )


def partitions(subject: Subject, count: int, chance: random.Random) -> str:
    """Cut one pod off from the others, 5 s on and 5 s off, *count* times, and return the campaign's line."""
    with subject.running() as (cluster, image, pods), writing(cluster, image, pods, subject.product) as client:
        for _ in range(count):
            alone = chance.choice(pods.pods)
            cut_off(alone.pid, [pod.address for pod in pods.pods if pod is not alone])
            time.sleep(PARTITION)
            alone.heal()
            time.sleep(PARTITION)
        healed = pods.wait_until_ready(READY_LIMIT)
        tally = client.finish()
        check_liveness(pods)
        ended = sum(pod.restarts for pod in pods.pods)
    _check(tally, pods)
    return (
        f"partitions: {subject.product} {subject.line}, {count} of {PARTITION:g} s, {PARTITION:g} s apart: {tally};"
        f" all ready {healed:.1f} s after the last, {ended} ended themselves"
    )


def check_liveness(pods: StatefulSet) -> None:
    """Raise AssertionError where a liveness probe has ended a server: what was done to it was no reason."""
    if any(pod.told("liveness") for pod in pods.pods):
        raise AssertionError(f"liveness ended a server\n{pods.report()}")


def _check(tally: Tally, pods: StatefulSet) -> None:
    if tally.lost:
        raise AssertionError(f"{tally}\n{pods.report()}")


def _rolling(subject: Subject) -> Run:
    return lambda count, _chance, _scratch: rolls(subject, count)


def _partitioning(subject: Subject) -> Run:
    return lambda count, chance, _scratch: partitions(subject, count, chance)


CAMPAIGNS = (
    Campaign(name="rolls-zookeeper", short=0, long=3, run=_rolling(ZOOKEEPER)),
    Campaign(name="rolls-kafka", short=0, long=2, run=_rolling(KAFKA)),
    Campaign(name="partitions-zookeeper", short=0, long=12, run=_partitioning(ZOOKEEPER)),
    Campaign(name="partitions-kafka", short=0, long=12, run=_partitioning(KAFKA)),
)
