"""Our ZooKeeper manifest, run as it says, and broken: what the probes say, and whether acknowledged writes are lost."""

import copy
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.image.cluster import Cluster, StatefulSet, running_cluster
from tests.image.dns import Mode
from tests.image.engine import Engine
from tests.image.images import ROOT, image_of
from tests.image.kubelet import Pod
from tests.image.load import WRITES_BETWEEN, Writer, cut_power_of_each, writing
from tests.image.manifests import Manifest
from tests.image.network import cut_off, lose
from tests.image.probing import SETTLE_LIMIT, ask_many_times, states_in
from tests.image.sockets import CLOSED, open_files
from tests.server.distributions import Distribution, Product, find
from tests.tally import Tally

MANIFEST = Manifest.load(ROOT / "docker" / "zookeeper" / "zookeeper.yaml")

SEEDS_LINE = ("sh", "-c", "zkGenConfig.sh && zkServer.sh start-foreground")
"""The original manifest's command."""

READY_LIMIT = 240.0
"""Seconds in which an ensemble must be ready on a busy machine; no figure."""

STEP_DOWN_LIMIT = 120.0
"""A leader without followers gives up after syncLimit ticks, 10 s; readiness takes two probes more, another 10 s."""

PROBES = (("zkOk",), ("zkReady",))

SEEDS_GRACE = 5.0
"""Seconds of grace for the original's line; the manifest's 30 would show the same."""

WITHOUT_NAMES = 20.0
VOLUME = "8m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Three ready pods and the cluster that they live in."""

    cluster: Cluster
    pods: StatefulSet
    image: str
    seconds: float
    """From nothing, or from the first name, to three ready pods."""
    early: int = 0
    """How many were ready before there were names."""

    def leader(self) -> Pod:
        """Return the pod that leads."""
        found = [pod for pod in self.pods.pods if pod.exec("zkReady").output == "leader"]
        assert len(found) == 1
        return found[0]

    def follower(self) -> Pod:
        """Return a pod that follows."""
        return next(pod for pod in self.pods.pods if pod.exec("zkReady").output == "follower")

    def others(self, pod: Pod) -> list[str]:
        """Return the addresses of *pod*'s peers."""
        return [other.address for other in self.pods.pods if other is not pod]


def _versions() -> list[object]:
    marks = {"3.9": (), "3.4.14": (pytest.mark.matrix,)}
    return [pytest.param(find(Product.ZOOKEEPER, line), id=line, marks=marks[line]) for line in marks]


@pytest.fixture(scope="module", params=_versions())
def distribution(request: pytest.FixtureRequest) -> Distribution:
    """One version of ZooKeeper."""
    wanted: Distribution = request.param
    return wanted


@pytest.fixture(scope="module")
def image(engine: Engine, distribution: Distribution) -> str:
    """Its image."""
    return image_of(engine, distribution)


@pytest.fixture(scope="module")
def environ(distribution: Distribution) -> dict[str, str]:
    """What somebody changes in the manifest for this version: 3.4 cannot keep a list of its own."""
    return {} if distribution.release >= (3, 5, 3) else {"ZK_RECONFIG": ""}


@pytest.fixture
def cluster(engine: Engine) -> Iterator[Cluster]:
    """A cluster of this test's own."""
    with running_cluster(engine) as made:
        yield made


@pytest.fixture(scope="module")
def standing(engine: Engine, image: str, environ: dict[str, str]) -> Iterator[Ensemble]:
    """Three pods that all tests of this module share; each leaves them as it found them: ready."""
    with running_cluster(engine) as made:
        pods = made.apply(MANIFEST, image, environ=environ)
        pods.create()
        seconds = pods.wait_until_ready(READY_LIMIT)
        yield Ensemble(cluster=made, pods=pods, image=image, seconds=seconds)


@pytest.fixture
def ensemble(standing: Ensemble) -> Iterator[Ensemble]:
    """Three ready pods, checked after the test: no liveness probe has ended a server."""
    standing.pods.wait_until_ready(READY_LIMIT)
    yield standing
    for pod in standing.pods.pods:
        assert (pod.restarts, pod.told("liveness")) == (0, []), standing.pods.report()


def assert_nothing_lost(tally: Tally, report: list[str]) -> None:
    """Every acknowledged write is on every server."""
    report.append(str(tally))
    assert tally.lost == 0


def test_the_ensemble_shows_its_members_and_can_be_resized(ensemble: Ensemble, distribution: Distribution) -> None:
    """By what is in the image, as a person does it with `kubectl exec`: here to the size that it has."""
    pod = ensemble.follower()
    members = pod.exec("zkboot", "members")
    resized = pod.exec("zkboot", "resize", "3")

    assert members.status == 0
    assert [line.split()[2] for line in members.output.splitlines()[1:]] == ["yes"] * 3
    if distribution.release >= (3, 5, 3):
        assert resized.status == 0
        assert resized.output.endswith(members.output)
    else:
        assert resized.status == 78


def test_three_pods_from_cold_to_ready(ensemble: Ensemble, report: list[str]) -> None:
    """As the manifest says, with nothing to wait for a person; each keeps to its scratch volumes' limits."""
    report.append(f"{ensemble.seconds:.1f} s from nothing to three ready pods")

    assert sorted(pod.exec("zkReady").output for pod in ensemble.pods.pods) == ["follower", "follower", "leader"]
    for pod in ensemble.pods.pods:
        limits = pod.spec.scratch
        assert all(used <= (limits[name] or used) for name, used in pod.scratch_bytes().items())
        assert pod.restarts == 0


def test_a_write_through_one_pod_is_read_through_each(ensemble: Ensemble, report: list[str]) -> None:
    """The client service's pods and the headless service's names both lead to the ensemble."""
    with writing(ensemble.cluster, ensemble.image, ensemble.pods) as writer:
        writer.wait_for(20)
        assert_nothing_lost(writer.finish(), report)


def test_the_server_is_process_one_and_unprivileged(ensemble: Ensemble) -> None:
    """No shell in between; the manifest's security context is what the process has."""
    for pod in ensemble.pods.pods:
        proc = Path("/proc", str(pod.pid))
        status = dict(row.split(":", 1) for row in (proc / "status").read_text().splitlines())

        assert (proc / "comm").read_text().strip() == "java"
        assert status["NSpid"].split()[-1] == "1"
        assert set(status["Uid"].split()) == {"1000"}
        assert int(status["CapBnd"], 16) == 0
        assert status["NoNewPrivs"].strip() == "1"
        assert pod.exec("sh", "-c", "echo > /opt/zookeeper/x").status != 0


def test_exec_probes_leave_nothing_behind(ensemble: Ensemble) -> None:
    """After 200 of them, two at a time: no zombie, and the server has open just what it had before."""
    pod = ensemble.follower()
    ask_many_times(pod, PROBES, 20)
    before = open_between_probes(ensemble, pod)
    ask_many_times(pod, PROBES, 200)

    # The kubelet's own probes come and go meanwhile; a zombie stays.
    ensemble.pods.wait_until(lambda: len(states_in(pod)) == 1, "nothing but the server", SETTLE_LIMIT)
    assert open_between_probes(ensemble, pod) == before


def open_between_probes(ensemble: Ensemble, pod: Pod) -> Counter[str]:
    """Return what the server has open while nobody is connected to its client port, and it has let go of who was."""
    found: Counter[str] = Counter()

    def is_left_alone() -> bool:
        nonlocal found
        found = open_files(pod.pid)
        if CLOSED in found:
            # It keeps the socket of the last who has gone until somebody else comes.
            pod.exec("zkReady")
        return found.keys().isdisjoint({CLOSED, "connection to 2181 here"})

    ensemble.pods.wait_until(is_left_alone, "a moment without a client", SETTLE_LIMIT)
    return found


def test_two_rolling_restarts_lose_nothing(ensemble: Ensemble, report: list[str]) -> None:
    """Each pod gets SIGTERM and a new address, and the next one waits until it is available."""
    with writing(ensemble.cluster, ensemble.image, ensemble.pods) as writer:
        rejoins = ensemble.pods.roll(READY_LIMIT)
        # A slow machine's second roll is shorter than its share.
        writer.reach(1500)
        rejoins += ensemble.pods.roll(READY_LIMIT)
        during = acknowledged_under_way(ensemble, writer, report)
        tally = writer.finish()
    report.append(f"ready again after {', '.join(f'{seconds:.1f}' for seconds in rejoins)} s")

    assert_nothing_lost(tally, report)
    assert during >= 2000


def acknowledged_under_way(ensemble: Ensemble, writer: Writer, report: list[str]) -> int:
    """Return how many writes were acknowledged before a roll's last pod was back: what came later proves little."""
    during = writer.acknowledged_before(ensemble.pods.pods[0].ready_since)
    report.append(f"{during} acknowledged before the last was back")
    return during


def test_a_roll_by_power_cuts_loses_nothing(ensemble: Ensemble, report: list[str]) -> None:
    """SIGKILL to each in turn, as soon as the one before it is ready."""
    with writing(ensemble.cluster, ensemble.image, ensemble.pods) as writer:
        rejoins = cut_power_of_each(ensemble.pods, writer, READY_LIMIT)
        during = acknowledged_under_way(ensemble, writer, report)
        tally = writer.finish()
    report.append(f"ready again after {', '.join(f'{seconds:.1f}' for seconds in rejoins)} s")

    assert_nothing_lost(tally, report)
    assert during >= 3 * WRITES_BETWEEN


def test_a_leader_that_is_cut_off_turns_unready_lives_and_heals(ensemble: Ensemble, report: list[str]) -> None:
    """Three times, for 10 s at least: its peers elect another; it must neither be killed nor take clients."""
    with writing(ensemble.cluster, ensemble.image, ensemble.pods) as writer:
        for _ in range(3):
            leader = ensemble.leader()
            before = len(leader.verdicts)
            cut_off(leader.pid, ensemble.others(leader))
            try:
                unready = ensemble.pods.wait_until(lambda pod=leader: not pod.ready, "unready", STEP_DOWN_LIMIT)  # type: ignore[misc]
                time.sleep(max(0.0, 10 - unready))
                writer.wait_for(20)
                assert leader.exec("zkOk").status == 0
                assert leader.exec("zkReady").status == 75
                assert ensemble.leader() is not leader
            finally:
                leader.heal()
            healed = ensemble.pods.wait_until_ready(READY_LIMIT)
            report.append(f"unready after {unready:.1f} s, ready {healed:.1f} s after the link was back")
            assert {v.result.status for v in leader.verdicts[before:] if v.kind == "liveness"} == {0}
        tally = writer.finish()

    assert_nothing_lost(tally, report)


def test_a_paused_server_is_neither_alive_nor_ready_and_comes_back(ensemble: Ensemble, report: list[str]) -> None:
    """It accepts connections and says nothing: the probes end at their own time-out, before the kubelet's."""
    pod = ensemble.follower()
    with writing(ensemble.cluster, ensemble.image, ensemble.pods) as writer:
        pod.pause()
        try:
            for command in ("zkOk", "zkReady"):
                results = [pod.exec(command) for _ in range(3)]
                assert {result.status for result in results} == {69}
                # The best of three: what the machine does beside it is not the probe's.
                assert min(result.seconds for result in results) < 4
            ensemble.pods.wait_until(lambda: not pod.ready, "unready", READY_LIMIT)
            writer.wait_for(20)
        finally:
            pod.resume()
        ensemble.pods.wait_until_ready(READY_LIMIT)
        tally = writer.finish()

    assert_nothing_lost(tally, report)


@pytest.mark.matrix
def test_a_fifth_of_the_packets_lost_kills_nobody(ensemble: Ensemble, report: list[str]) -> None:
    """20 s of it at one follower; the ensemble goes on."""
    pod = ensemble.follower()
    with writing(ensemble.cluster, ensemble.image, ensemble.pods) as writer:
        before = len(pod.verdicts)
        lose(pod.pid, 0.2)
        time.sleep(20)
        pod.heal()
        ensemble.pods.wait_until_ready(READY_LIMIT)
        tally = writer.finish()

    assert {v.result.status for v in pod.verdicts[before:] if v.kind == "liveness"} == {0}
    assert_nothing_lost(tally, report)


@pytest.fixture(scope="module", params=[Mode.EMPTY, pytest.param(Mode.SILENT, marks=pytest.mark.matrix)])
def late(engine: Engine, image: str, environ: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Ensemble]:
    """Three pods that start while there are no names; the volume of the first is small enough to be filled."""
    with running_cluster(engine) as made:
        small = made.folder / "claims" / "data-zk-0"
        small.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={VOLUME},mode=0755", "zkb", small], check=True)
        try:
            pods = made.apply(MANIFEST, image, environ=environ)
            made.network.dns.mode = request.param
            pods.create()
            time.sleep(WITHOUT_NAMES)
            early = sum(pod.ready for pod in pods.pods)
            made.network.dns.mode = Mode.UP
            seconds = pods.wait_until_ready(READY_LIMIT)
            yield Ensemble(cluster=made, pods=pods, image=image, seconds=seconds, early=early)
        finally:
            made.sets["zk"].kill()
            subprocess.run(["umount", "--lazy", small], check=True)


def test_a_dns_that_is_late_only_delays(late: Ensemble, report: list[str]) -> None:
    """20 s without names: no pod ends, none is killed, and all are ready once the names are there."""
    report.append(f"ready {late.seconds:.1f} s after the names were there")

    assert late.early == 0
    for pod in late.pods.pods:
        assert (pod.restarts, pod.told("liveness"), pod.told("startup")[0].text) == (0, [], "passed")


def test_a_full_disk_puts_its_own_server_out_of_service_only(late: Ensemble, report: list[str]) -> None:
    """It is unready, not killed, and back once there is room; the others serve, and nothing acknowledged is lost."""
    victim = late.pods.pods[0]
    ballast = victim.claim("data") / "ballast"
    with writing(late.cluster, late.image, late.pods) as writer:
        subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=64k"], check=False, capture_output=True)
        unready = late.pods.wait_until(lambda: not victim.ready, "unready", READY_LIMIT)
        writer.wait_for(50)
        ballast.unlink()
        ready = late.pods.wait_until_ready(READY_LIMIT)
        tally = writer.finish()
    report.append(f"unready {unready:.1f} s after the disk was full, ready {ready:.1f} s after it was not")
    report.append(f"its server ended itself {victim.restarts} times")

    assert victim.told("liveness") == []
    assert all(pod.restarts == 0 for pod in late.pods.pods[1:])
    assert_nothing_lost(tally, report)


def test_ordered_start_waits_for_ever_and_is_caught(cluster: Cluster, image: str, environ: dict[str, str]) -> None:
    """With OrderedReady pod 0 waits for a quorum that waits for pod 0: what `Parallel` in the manifest is for."""
    documents = copy.deepcopy(MANIFEST.documents)
    mutant = Manifest(documents=documents)
    mutant.of_kind("StatefulSet")[0]["spec"]["podManagementPolicy"] = "OrderedReady"
    pods = cluster.apply(mutant, image, environ=environ)
    pods.create()

    pods.wait_until(lambda: any(pod.told("startup") for pod in pods.pods), "pod 0 is alive", READY_LIMIT)
    with pytest.raises(TimeoutError, match="all ready"):
        pods.wait_until_ready(15)
    assert [pod.name for pod in pods.pods] == ["zk-0"]
    assert pods.pods[0].exec("zkOk").status == 0
    assert pods.pods[0].exec("zkReady").status == 75


@pytest.mark.matrix
def test_unpublished_names_are_what_the_headless_service_must_not_have(
    cluster: Cluster, image: str, environ: dict[str, str]
) -> None:
    """Without publishNotReadyAddresses nobody finds a peer, so nobody gets ready."""
    mutant = Manifest(documents=copy.deepcopy(MANIFEST.documents))
    for service in mutant.of_kind("Service"):
        service["spec"].pop("publishNotReadyAddresses", None)
    pods = cluster.apply(mutant, image, environ={**environ, "ZK_DNS_WAIT": "1"})
    pods.create()

    with pytest.raises(TimeoutError, match="all ready"):
        pods.wait_until_ready(15)
    assert len(pods.pods) == 3


def test_sigterm_ends_a_server_with_143_at_once(
    ensemble: Ensemble, cluster: Cluster, image: str, environ: dict[str, str], report: list[str]
) -> None:
    """12 of 12 within 3 s, with a quorum and without one.

    Beside it the original's own line, under which the shell is process 1 and heeds nothing.
    """
    ours: list[tuple[float, int | None]] = []
    for _ in range(4):
        ensemble.pods.wait_until_ready(READY_LIMIT)
        for pod in ensemble.pods.pods:
            took = pod.delete()
            ours.append((took, pod.status))
        for ordinal in range(3):
            ensemble.pods.restart_deleted(ordinal)
    # ZooKeeper's script looks for zoo.cfg beside itself; `zkboot run` tells it where ours is.
    told = {**environ, "ZOOCFGDIR": "/var/lib/zookeeper/conf"}
    seeds = cluster.apply(MANIFEST, image, command=SEEDS_LINE, environ=told)
    seeds.create()
    seeds.wait_until(lambda: any(pod.told("startup") for pod in seeds.pods), "one is alive", READY_LIMIT)
    victim = next(pod for pod in seeds.pods if pod.told("startup"))
    theirs = victim.delete(grace=SEEDS_GRACE)
    report.append(
        f"median {statistics.median(seconds for seconds, _ in ours):.2f} s, at most {max(ours)[0]:.2f} s,"
        f" status {sorted({status for _, status in ours if status is not None})}; the original's line:"
        f" {theirs:.1f} s of {SEEDS_GRACE:g} s grace, status {victim.status}"
    )

    assert victim.told("startup")[0].text == "passed"
    assert all(status == 143 for _, status in ours)
    assert all(seconds <= 3 for seconds, _ in ours)
    assert victim.status == 137
