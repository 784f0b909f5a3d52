"""Our Kafka manifest beside our ZooKeeper manifest, run as they say, and broken."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.image.cluster import Cluster, StatefulSet, running_cluster
from tests.image.engine import Engine
from tests.image.images import ROOT, image_of
from tests.image.kubelet import Pod
from tests.image.load import WRITES_BETWEEN, Tally, Writer, cut_power_of_each, writing
from tests.image.manifests import Manifest
from tests.server.distributions import Product, find

MANIFEST = Manifest.load(ROOT / "docker" / "kafka" / "kafka.yaml")
KRAFT_MANIFEST = Manifest.load(ROOT / "docker" / "kafka-kraft" / "kafka-kraft.yaml")
ZOOKEEPER_MANIFEST = Manifest.load(ROOT / "docker" / "zookeeper" / "zookeeper.yaml")

ROLLS = [(1, 1000), pytest.param(2, 2000, marks=pytest.mark.matrix)]
"""How often every broker is restarted, and how many messages are acknowledged meanwhile, at least."""

READY_LIMIT = 300.0
"""Seconds in which brokers must be ready on a busy machine; no figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokers:
    """Three ready brokers, the ensemble that they need, and the cluster that they live in."""

    cluster: Cluster
    image: str
    zookeeper: StatefulSet
    pods: StatefulSet
    seconds: float
    """From nothing to ready."""


@pytest.fixture(scope="module")
def standing(engine: Engine) -> Iterator[Brokers]:
    """All six pods, applied at once as a person would; each test leaves them as it found them: ready."""
    images = [image_of(engine, find(product, "3.9")) for product in (Product.ZOOKEEPER, Product.KAFKA)]
    with running_cluster(engine) as made:
        zookeeper = made.apply(ZOOKEEPER_MANIFEST, images[0])
        pods = made.apply(MANIFEST, images[1])
        zookeeper.create()
        pods.create()
        seconds = pods.wait_until_ready(READY_LIMIT)
        yield Brokers(cluster=made, image=images[1], zookeeper=zookeeper, pods=pods, seconds=seconds)


@pytest.fixture
def brokers(standing: Brokers) -> Iterator[Brokers]:
    """Three ready brokers, checked after the test: no liveness probe has ended one."""
    standing.pods.wait_until_ready(READY_LIMIT)
    yield standing
    for pod in standing.pods.pods:
        assert pod.told("liveness") == [], standing.pods.report()


def assert_nothing_lost(tally: Tally, report: list[str]) -> None:
    """Every acknowledged message is still there."""
    report.append(str(tally))
    assert tally.lost == 0


def acknowledged_under_way(brokers: Brokers, client: Writer, report: list[str]) -> int:
    """Return how many messages were acknowledged before the last of a roll was back: what came later proves little."""
    during = client.acknowledged_before(brokers.pods.pods[0].ready_since)
    report.append(f"{during} acknowledged before the last was back")
    return during


def roll_and_count(brokers: Brokers, report: list[str], rolls: int, least: int) -> list[Pod]:
    """Restart every broker *rolls* times under a client that counts; return the pods of the past.

    Each ends with 143 and none restarts by itself. At least *least* messages are acknowledged before the last is back,
    and none is lost.
    """
    past: list[Pod] = []
    rejoins: list[float] = []
    with writing(brokers.cluster, brokers.image, brokers.pods, "kafka") as client:
        for number in range(rolls):
            past += brokers.pods.pods
            # A slow machine's last roll is shorter than its share.
            client.reach(number * least * 3 // 4)
            rejoins += brokers.pods.roll(READY_LIMIT)
        during = acknowledged_under_way(brokers, client, report)
        tally = client.finish()
    report.append(f"in sync again after {', '.join(f'{seconds:.1f}' for seconds in rejoins)} s")

    assert [pod.status for pod in past] == [143] * 3 * rolls
    # The first ones are as the test before has left them.
    assert [pod.restarts for pod in (*past[3:], *brokers.pods.pods)] == [0] * 3 * rolls
    assert_nothing_lost(tally, report)
    assert during >= least
    return past


def test_three_brokers_from_cold_to_ready(brokers: Brokers, report: list[str]) -> None:
    """Beside an ensemble that starts at the same time; nobody ends on the way."""
    report.append(f"{brokers.seconds:.1f} s from nothing to three ready brokers on three ready ZooKeeper servers")

    for ordinal, pod in enumerate(brokers.pods.pods):
        assert pod.restarts == 0
        assert pod.exec("kafkaReady").output == f"broker {ordinal + 1} of 3"
        limits = pod.spec.scratch
        assert all(used <= (limits[name] or used) for name, used in pod.scratch_bytes().items())


@pytest.mark.parametrize(("rolls", "least"), ROLLS)
def test_rolls_that_wait_for_in_sync_lose_nothing(brokers: Brokers, report: list[str], rolls: int, least: int) -> None:
    """Each broker shuts down in order, ends with 143, and the next one waits until it has caught up."""
    for pod in roll_and_count(brokers, report, rolls, least):
        assert "shut down completed" in pod.log()


@pytest.mark.matrix
def test_a_roll_by_power_cuts_loses_nothing(brokers: Brokers, report: list[str]) -> None:
    """SIGKILL to each in turn.

    ZooKeeper still has the session of a broker that is back too soon (zookeeper.session.timeout.ms, 18 s). Such a
    broker ends itself, and the kubelet starts it again.
    """
    with writing(brokers.cluster, brokers.image, brokers.pods, "kafka") as client:
        rejoins = cut_power_of_each(brokers.pods, client, READY_LIMIT)
        during = acknowledged_under_way(brokers, client, report)
        tally = client.finish()
    report.append(f"in sync again after {', '.join(f'{seconds:.1f}' for seconds in rejoins)} s")
    report.append(f"ended by themselves meanwhile: {[pod.restarts for pod in brokers.pods.pods]}")

    assert_nothing_lost(tally, report)
    assert during >= 3 * WRITES_BETWEEN


def test_brokers_outlive_a_zookeeper_that_is_away(brokers: Brokers, report: list[str]) -> None:
    """Liveness says yes all the while: a restart of a broker would not bring ZooKeeper back."""
    for pod in brokers.zookeeper.pods:
        pod.pause()
    try:
        before = [len(pod.verdicts) for pod in brokers.pods.pods]
        time.sleep(20)
        for pod, start in zip(brokers.pods.pods, before, strict=True):
            seen = [verdict for verdict in pod.verdicts[start:] if verdict.kind == "liveness"]
            assert seen
            assert {verdict.result.status for verdict in seen} == {0}
    finally:
        for pod in brokers.zookeeper.pods:
            pod.resume()
    brokers.zookeeper.wait_until_ready(READY_LIMIT)
    brokers.pods.wait_until_ready(READY_LIMIT)
    with writing(brokers.cluster, brokers.image, brokers.pods, "kafka") as client:
        client.wait_for(20)
        assert_nothing_lost(client.finish(), report)


def test_sigterm_is_a_controlled_shutdown_every_time(brokers: Brokers, report: list[str]) -> None:
    """Four more after the rolls: each ends by itself, long before the grace period, with 143."""
    took = []
    for number in range(4):
        pod = brokers.pods.pods[number % 3]
        took.append(pod.delete())
        assert pod.status == 143
        assert pod.told("killed") == []
        brokers.pods.restart_deleted(number % 3)
        brokers.pods.wait_until_ready(READY_LIMIT)
    report.append(f"{', '.join(f'{seconds:.1f}' for seconds in took)} s from SIGTERM to the end")


@pytest.fixture(scope="module")
def kraft(engine: Engine) -> Iterator[Brokers]:
    """Three ready nodes of the newest Kafka, without ZooKeeper."""
    image = image_of(engine, find(Product.KAFKA, "4.4"))
    with running_cluster(engine) as made:
        pods = made.apply(KRAFT_MANIFEST, image)
        pods.create()
        seconds = pods.wait_until_ready(READY_LIMIT)
        yield Brokers(cluster=made, image=image, zookeeper=pods, pods=pods, seconds=seconds)


class TestWithoutZooKeeper:
    """kafka-kraft.yaml: each node is broker and controller."""

    def test_three_nodes_from_cold_to_ready(self, kraft: Brokers, report: list[str]) -> None:
        """The volumes are formatted on the way; nobody ends."""
        report.append(f"{kraft.seconds:.1f} s from nothing to three ready nodes")

        for ordinal, pod in enumerate(kraft.pods.pods):
            assert pod.restarts == 0
            assert pod.exec("kafkaReady").output == f"broker {ordinal + 1} of 3"

    @pytest.mark.parametrize(("rolls", "least"), ROLLS)
    def test_rolls_that_wait_for_in_sync_lose_nothing(
        self, kraft: Brokers, report: list[str], rolls: int, least: int
    ) -> None:
        """Brokers and the quorum of controllers are rolled at once."""
        roll_and_count(kraft, report, rolls, least)
        assert all(pod.told("liveness") == [] for pod in kraft.pods.pods)

    @pytest.mark.matrix
    def test_a_roll_by_power_cuts_loses_nothing(self, kraft: Brokers, report: list[str]) -> None:
        """SIGKILL to each in turn."""
        with writing(kraft.cluster, kraft.image, kraft.pods, "kafka") as client:
            rejoins = cut_power_of_each(kraft.pods, client, READY_LIMIT)
            during = acknowledged_under_way(kraft, client, report)
            tally = client.finish()
        report.append(f"in sync again after {', '.join(f'{seconds:.1f}' for seconds in rejoins)} s")

        assert all(pod.told("liveness") == [] for pod in kraft.pods.pods)
        assert_nothing_lost(tally, report)
        assert during >= 3 * WRITES_BETWEEN
