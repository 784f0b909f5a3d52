"""Our Kafka manifests, broken: what the probes say, and whether acknowledged messages are lost.

One cluster for all of it, without ZooKeeper; in the matrix another one with it. It begins without names, and the volume
of its first node is small enough to be filled.
"""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from kazoo.client import KazooClient

from tests.image.cluster import Cluster, StatefulSet, running_cluster
from tests.image.dns import Mode
from tests.image.engine import Engine, ProbeResult
from tests.image.images import ROOT, image_of
from tests.image.kubelet import Pod
from tests.image.load import Tally, writing
from tests.image.manifests import Manifest
from tests.image.network import cut_off, lose
from tests.image.probing import SETTLE_LIMIT, ask_many_times, states_in
from tests.image.sockets import open_files
from tests.server.distributions import Product, find

KRAFT_MANIFEST = Manifest.load(ROOT / "docker" / "kafka-kraft" / "kafka-kraft.yaml")
MANIFEST = Manifest.load(ROOT / "docker" / "kafka" / "kafka.yaml")
ZOOKEEPER_MANIFEST = Manifest.load(ROOT / "docker" / "zookeeper" / "zookeeper.yaml")

READY_LIMIT = 240.0
"""Seconds in which nodes must be ready on a busy machine; no figure."""

FENCED_LIMIT = 60.0
"""A controller waits 9 s (broker.session.timeout.ms) for a broker's next heartbeat, ZooKeeper 18 s for a session's."""

PROBES = (("kafkaOk",), ("kafkaReady", "--in-sync"))
"""The manifests' own."""

WITHOUT_NAMES = 20.0
VOLUME = "64m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Three ready nodes: brokers and controllers alike, or brokers of which ZooKeeper makes one the controller."""

    cluster: Cluster
    image: str
    pods: StatefulSet
    zookeeper: StatefulSet | None
    early: int
    """How many were ready while there were no names."""
    seconds: float
    """From the first name to three ready nodes."""

    def others(self, pod: Pod) -> list[Pod]:
        """Return *pod*'s peers."""
        return [other for other in self.pods.pods if other is not pod]

    def reached_by(self, pod: Pod) -> list[str]:
        """Return the addresses of *pod*'s peers, and of ZooKeeper's servers."""
        servers = self.zookeeper.pods if self.zookeeper else []
        return [other.address for other in (*self.others(pod), *servers)]

    def active(self, asked: Pod) -> Pod:
        """Return the pod of the active controller, as ZooKeeper knows it, or as *asked* does where there is none."""
        if self.zookeeper:
            return self.pods.pods[registered_controller(self.zookeeper) - 1]
        result = controller_verdict(asked)
        assert result.status == 0, result
        return self.pods.pods[int(result.output.rpartition(" ")[2]) - 1]


def registered_controller(ensemble: StatefulSet) -> int:
    """Return the id of the broker that is the controller."""
    client = KazooClient(hosts=",".join(f"{pod.address}:2181" for pod in ensemble.pods))
    client.start()
    try:
        return int(json.loads(client.get("/controller")[0])["brokerid"])
    finally:
        client.stop()
        client.close()


def controller_verdict(pod: Pod) -> ProbeResult:
    """Return what kafkaReady says of the pod's controller: its quorum has a leader that can be asked, or not."""
    return pod.exec("env", "KF_PROBE_PORT=9093", "kafkaReady")


def listed_by(pod: Pod) -> str:
    """Return how many brokers *pod* counts, in the words of its probe."""
    return pod.exec("kafkaReady").output.rpartition(" of ")[2]


@pytest.fixture(scope="module", params=["kraft", pytest.param("zookeeper", marks=pytest.mark.matrix)])
def standing(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Nodes]:
    """Three nodes that start while there are no names; each test leaves them as it found them: ready."""
    image = image_of(engine, find(Product.KAFKA, "4.4" if request.param == "kraft" else "3.9"))
    with running_cluster(engine) as made:
        small = made.folder / "claims" / "data-kafka-0"
        small.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={VOLUME},mode=0755", "zkb", small], check=True)
        try:
            made.network.dns.mode = Mode.EMPTY
            zookeeper = None
            if request.param == "zookeeper":
                zookeeper = made.apply(ZOOKEEPER_MANIFEST, image_of(engine, find(Product.ZOOKEEPER, "3.9")))
                zookeeper.create()
            pods = made.apply(KRAFT_MANIFEST if zookeeper is None else MANIFEST, image)
            pods.create()
            time.sleep(WITHOUT_NAMES)
            early = sum(pod.ready for pod in pods.pods)
            made.network.dns.mode = Mode.UP
            seconds = pods.wait_until_ready(READY_LIMIT)
            yield Nodes(cluster=made, image=image, pods=pods, zookeeper=zookeeper, early=early, seconds=seconds)
        finally:
            for held in made.sets.values():
                held.kill()
            subprocess.run(["umount", small], check=True)


@pytest.fixture
def nodes(standing: Nodes) -> Iterator[Nodes]:
    """Three ready nodes, checked after the test: no liveness probe has ended one."""
    standing.pods.wait_until_ready(READY_LIMIT)
    yield standing
    for pod in standing.pods.pods:
        assert pod.told("liveness") == [], standing.pods.report()


def assert_nothing_lost(tally: Tally, report: list[str]) -> None:
    """Every message that two nodes had is still there."""
    report.append(str(tally))
    assert tally.lost == 0


def assert_whole_again(nodes: Nodes, report: list[str]) -> None:
    """Each node is ready, in sync, and listed by every other."""
    healed = nodes.pods.wait_until(
        lambda: all(
            pod.ready and pod.exec("kafkaReady", "--in-sync").status == 0 and listed_by(pod) == "3"
            for pod in nodes.pods.pods
        ),
        "all in sync",
        READY_LIMIT,
    )
    report.append(f"whole again after {healed:.1f} s")


def test_a_dns_that_is_late_only_delays(nodes: Nodes, report: list[str]) -> None:
    """20 s without names: no node is ready or ends, none is killed, and all are ready once the names are there."""
    report.append(f"ready {nodes.seconds:.1f} s after the names were there")

    assert nodes.early == 0
    for pod in nodes.pods.pods:
        assert (pod.restarts, pod.told("startup")[0].text) == (0, "passed")


def test_exec_probes_leave_nothing_behind(nodes: Nodes) -> None:
    """After 200 of them, two at a time: no zombie, and the server has open just what it had before."""
    pod = nodes.pods.pods[1]
    ask_many_times(pod, PROBES, 20)
    # The kubelet's own come and go meanwhile.
    before = min((open_files(pod.pid) for _ in sampled(20)), key=Counter.total)
    ask_many_times(pod, PROBES, 200)

    nodes.pods.wait_until(lambda: len(states_in(pod)) == 1, "nothing but the server", SETTLE_LIMIT)
    nodes.pods.wait_until(lambda: open_files(pod.pid) == before, "open is what was open before", SETTLE_LIMIT)


def sampled(count: int) -> Iterator[int]:
    """Yield *count* numbers, a tenth of a second apart."""
    for number in range(count):
        time.sleep(0.1)
        yield number


def test_an_active_controller_that_is_cut_off_is_replaced_and_heals(nodes: Nodes, report: list[str]) -> None:
    """For 10 s at least, three times: its peers elect another and fence it; it lives, and acknowledges nothing alone.

    It lists itself and is ready, for it answers from what it last heard; only a controller of its own, where there is
    no ZooKeeper, says otherwise.
    """
    with writing(nodes.cluster, nodes.image, nodes.pods, "kafka") as client:
        for _ in range(3):
            client.wait_for(50)
            leader = nodes.active(nodes.pods.pods[0])
            before = len(leader.verdicts)
            fenced = cut_off_until_fenced(nodes, leader)
            report.append(f"fenced after {fenced:.1f} s")
            assert_whole_again(nodes, report)
            assert {v.result.status for v in leader.verdicts[before:] if v.kind == "liveness"} == {0}
            if not nodes.zookeeper:
                assert controller_verdict(leader).status == 0
        client.wait_for(50)
        tally = client.finish()

    assert [pod.restarts for pod in nodes.pods.pods] == [0, 0, 0]
    assert_nothing_lost(tally, report)


def cut_off_until_fenced(nodes: Nodes, leader: Pod) -> float:
    """Cut the active controller off for 10 s, or until it is fenced, and heal it; return the seconds until that."""
    witness = nodes.others(leader)[0]
    cut_off(leader.pid, nodes.reached_by(leader))
    try:
        fenced = nodes.pods.wait_until(lambda: listed_by(witness) == "2", "fenced", FENCED_LIMIT)
        time.sleep(max(0.0, 10 - fenced))
        assert nodes.active(witness) is not leader
        if not nodes.zookeeper:
            assert controller_verdict(leader).status in (69, 75)
        assert [leader.exec(*probe).status for probe in PROBES] == [0, 0]
    finally:
        leader.heal()
    return fenced


def test_a_paused_node_is_neither_alive_nor_ready_and_comes_back(nodes: Nodes, report: list[str]) -> None:
    """It accepts connections and says nothing: the probes end at their own time-out, before the kubelet's."""
    pod = nodes.others(nodes.active(nodes.pods.pods[0]))[0]
    witness = nodes.others(pod)[0]
    with writing(nodes.cluster, nodes.image, nodes.pods, "kafka") as client:
        client.wait_for(50)
        pod.pause()
        try:
            for command in (("kafkaOk",), ("kafkaReady", "--in-sync")):
                result = pod.exec(*command)
                assert result.status == 69
                assert result.seconds < 4
            nodes.pods.wait_until(lambda: not pod.ready, "unready", READY_LIMIT)
            nodes.pods.wait_until(lambda: listed_by(witness) == "2", "fenced", FENCED_LIMIT)
        finally:
            pod.resume()
        assert_whole_again(nodes, report)
        client.wait_for(50)
        tally = client.finish()

    assert pod.restarts == 0
    assert_nothing_lost(tally, report)


@pytest.mark.matrix
def test_a_fifth_of_the_packets_lost_kills_nobody(nodes: Nodes, report: list[str]) -> None:
    """20 s of it at the active controller."""
    pod = nodes.active(nodes.pods.pods[0])
    with writing(nodes.cluster, nodes.image, nodes.pods, "kafka") as client:
        before = len(pod.verdicts)
        lose(pod.pid, 0.2)
        time.sleep(20)
        pod.heal()
        assert_whole_again(nodes, report)
        client.wait_for(50)
        tally = client.finish()

    assert {v.result.status for v in pod.verdicts[before:] if v.kind == "liveness"} == {0}
    assert pod.restarts == 0
    assert_nothing_lost(tally, report)


@pytest.mark.matrix
def test_a_full_disk_puts_its_own_node_out_of_service_only(nodes: Nodes, report: list[str]) -> None:
    """It ends itself, for it has no other volume, and is back once there is room; the others serve."""
    victim = nodes.pods.pods[0]
    ballast = victim.claim("data") / "ballast"
    with writing(nodes.cluster, nodes.image, nodes.pods, "kafka") as client:
        client.wait_for(50)
        subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=64k"], check=False, capture_output=True)
        unready = nodes.pods.wait_until(lambda: not victim.ready, "unready", READY_LIMIT)
        client.wait_for(50)
        ballast.unlink()
        assert_whole_again(nodes, report)
        tally = client.finish()
    report.append(f"unready {unready:.1f} s after the disk was full; ended itself {victim.restarts} times")

    assert victim.restarts > 0
    assert [pod.restarts for pod in nodes.others(victim)] == [0, 0]
    assert_nothing_lost(tally, report)
