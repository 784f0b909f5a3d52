"""One StatefulSet of which the first pods vote: brokers come and go, voters do not, and disks are added and lost."""

import shutil
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from tests.server.clients import PATIENT, pass_a_message
from tests.server.distributions import KRAFT_CORE
from tests.server.hosts import DOMAIN_SUFFIX, resolving
from tests.server.kafka import NAMES, SERVICE, START_LIMIT
from tests.server.kraft import CLUSTER_ID, KRaftSet, running, scaled_pods
from tests.server.load import writing
from tests.server.pods import Pod
from tests.server.processes import wait_until
from tests.server.versions import fetched
from zkboot.pod.properties import parse

pytestmark = [
    pytest.mark.server,
    pytest.mark.usefixtures("forgotten_sockets"),
    # kafka-python does not close the sockets with which it looked for brokers that have gone.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

QUORUMS: dict[str, dict[str, str]] = {"static": {}, "dynamic": {"KF_QUORUM": "dynamic"}}
STOP_LIMIT = 300.0
"""Seconds for a controlled shutdown."""

CASES = [pytest.param((version, quorum), id=f"{version}-{quorum}") for version in KRAFT_CORE for quorum in QUORUMS]


@pytest.fixture(scope="module")
def pods() -> list[Pod]:
    """All five pods of the cluster under test."""
    return []


@pytest.fixture(scope="module", params=CASES)
def cluster(
    request: pytest.FixtureRequest, pods: list[Pod], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KRaftSet]:
    """Three nodes that run, started from empty volumes; two more are in `pods`."""
    version, quorum = request.param
    distribution = fetched(version)
    pods[:] = scaled_pods(tmp_path_factory.mktemp("scale"), distribution, QUORUMS[quorum])
    for pod in pods[3:]:
        # Those that go are stopped as the kubelet stops them, while the others serve.
        pod.environ["KAFKA_CONTROLLED_SHUTDOWN_ENABLE"] = "true"
    made = KRaftSet(distribution=distribution, controllers=pods[:3], brokers=pods[:3])
    with running(made, {"KF_QUORUM_ENTRY": "first"} if quorum == "dynamic" else None):
        made.wait_until_ready()
        yield made
        # How they stop is no matter here, and an orderly stop of them all takes longer than a test.
        for process in made.running.values():
            process.kill()


def test_a_scale_of_brokers_loses_nothing(
    cluster: KRaftSet, pods: list[Pod], capsys: pytest.CaptureFixture[str]
) -> None:
    """From three to five and back under a producer: what each pod is follows from its name, and the voters stay."""
    later = pods[3:]
    with writing(cluster.bootstrap_servers) as load:
        for pod in later:
            cluster.start(pod)
        cluster.wait_until_counted(pods)
        told = [pod.run("kafkaReady").stdout for pod in pods]
        roles = [parse(Path(pod.environ["KF_CONFIG_FILE"]).read_text())["process.roles"] for pod in pods]
        load.move([1, 2, 3, 4, 5])
        voters = sorted(cluster.voters())
        load.move([1, 2, 3])
        wait_until(lambda: len(load.acknowledged) > 100, "a hundred messages are acknowledged", timeout=START_LIMIT)
        for pod in reversed(later):
            stopped = cluster.running.pop(pod.name)
            stopped.signal(signal.SIGTERM)
            stopped.wait(STOP_LIMIT)
    with resolving(NAMES):
        lost = set(load.acknowledged) - load.found()
    with capsys.disabled():
        print(
            f"\n{cluster.distribution} {_quorum(cluster)}, brokers 3 to 5 to 3: {len(load.acknowledged)} acknowledged,"
            f" {len(lost)} lost, {load.refused} refused, longest gap {load.longest_gap:.2f} s"
        )

    assert told == [f"broker {number} of 5\n" for number in range(1, 6)]
    assert roles == ["broker,controller"] * 3 + ["broker"] * 2
    assert voters == [1, 2, 3]
    assert not lost
    _wait_for_brokers(pods[:3], 3)


def test_a_voter_at_another_pod_s_name_is_refused(cluster: KRaftSet, pods: list[Pod], tmp_path: Path) -> None:
    """Before anything is formatted, with both names."""
    if _quorum(cluster) == "dynamic":
        return
    another, port = f"kafka-4.{SERVICE}.{DOMAIN_SUFFIX}", pods[0].environ["KF_CONTROLLER_PORT"]
    environ = {"KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@{another}:{port}", "KAFKA_LOG_DIRS": f"{tmp_path}/data"}
    done = pods[0].run("kafkaboot", "run", "--", "true", environ=environ)

    assert (done.returncode, done.stdout) == (78, "")
    assert f"node 1 is pod kafka-0.{SERVICE}.{DOMAIN_SUFFIX}, but the voters have it at {another}" in done.stderr
    assert not (tmp_path / "data").exists()


def test_other_voters_are_refused_and_the_cluster_serves(cluster: KRaftSet, pods: list[Pod], tmp_path: Path) -> None:
    """A voter that was stopped for it, a broker that would become one, a new pod that would, whom the leader tells.

    So a rolling update, which begins at the last pod, ends before it has touched a voter.
    """
    if _quorum(cluster) == "dynamic":
        return
    voter, broker = pods[2], pods[4]
    _stop(cluster, voter)
    state = Path(voter.environ["KAFKA_LOG_DIRS"], "__cluster_metadata-0", "quorum-state").read_bytes()
    for pod in (voter, broker):
        for environ in ({"KF_CONTROLLER_REPLICAS": "5"}, {"KF_CONTROLLER_REPLICAS": "", "KF_REPLICAS": "5"}):
            done = pod.run("kafkaboot", "run", "--", "true", environ=environ)

            assert (done.returncode, done.stdout) == (78, "")
            assert "the voters are 1, 2, 3, but controller.quorum.voters are 1, 2, 3, 4, 5" in done.stderr
            assert "KF_CONTROLLER_REPLICAS=3 keeps 3 voters" in done.stderr
    _wait_for_brokers(pods[:2], 2)
    pass_a_message(cluster.bootstrap_servers[:2], replicas=2)
    new = {"KF_CONTROLLER_REPLICAS": "5", "KAFKA_LOG_DIRS": f"{tmp_path}/new"}
    done = pods[3].run("kafkaboot", "run", "--", "true", environ=new)

    assert done.returncode == 78
    assert f"({pods[0].address}) says that" in done.stderr or f"({pods[1].address}) says that" in done.stderr
    assert "the voters are 1, 2, 3, but controller.quorum.voters are 1, 2, 3, 4, 5" in done.stderr
    assert not (tmp_path / "new").exists()
    assert Path(voter.environ["KAFKA_LOG_DIRS"], "__cluster_metadata-0", "quorum-state").read_bytes() == state


def test_a_disk_that_is_added_is_formatted_and_used(cluster: KRaftSet, pods: list[Pod]) -> None:
    """Alone, under the cluster's id, which nobody says again; new partitions are placed on it."""
    pod = pods[2]
    _stop(cluster, pod)
    old = Path(pod.environ["KAFKA_LOG_DIRS"])
    before = (old / "meta.properties").read_bytes()
    added = pod.folder / "added"
    pod.environ["KAFKA_LOG_DIRS"] = f"{old},{added}"
    process = cluster.start(pod, {"KF_CLUSTER_ID": ""})
    cluster.wait_until_ready()
    with resolving(NAMES):
        admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers, **PATIENT)
        try:
            admin.create_topics([NewTopic("spread", num_partitions=12, replication_factor=3)])
        finally:
            admin.close()
    wait_until(lambda: len(list(added.glob("spread-*"))) >= 6, "partitions are on the added disk", timeout=START_LIMIT)
    meta = parse((added / "meta.properties").read_text())

    assert (meta["cluster.id"], meta["node.id"]) == (CLUSTER_ID, "3")
    assert (old / "meta.properties").read_bytes() == before
    assert f"{added}: empty beside {old}, formatted alone for node 3" in process.log_text()
    pass_a_message(cluster.bootstrap_servers, replicas=3)


@pytest.mark.usefixtures("cluster")
def test_lost_metadata_beside_a_disk_that_is_there_are_refused(pods: list[Pod]) -> None:
    """Nothing is formatted: the node would have forgotten its votes."""
    pod = pods[2]
    old, added = pod.environ["KAFKA_LOG_DIRS"].split(",")
    done = pod.run("kafkaboot", "run", "--", "true", environ={"KAFKA_LOG_DIRS": f"{pod.folder}/blank,{added}"})
    swapped = pod.run("kafkaboot", "run", "--", "true", environ={"KAFKA_LOG_DIRS": f"{pod.folder}/blank,{old}"})

    assert (done.returncode, swapped.returncode) == (78, 78)
    assert f"{pod.folder}/blank: empty, but {added} is formatted: the node's metadata belong there" in done.stderr
    assert f"set KAFKA_METADATA_LOG_DIR={old}" in swapped.stderr
    assert not (pod.folder / "blank").exists()


def test_a_lost_voter_waits_for_a_leader(cluster: KRaftSet, pods: list[Pod]) -> None:
    """With `join` in a static quorum: it is not formatted while nobody knows a leader, and is when somebody does."""
    if _quorum(cluster) == "dynamic":
        return
    down, lost = pods[1], pods[2]
    join = {"KF_QUORUM_ENTRY": "join", "KF_QUORUM_WAIT": "1"}
    _stop(cluster, down)
    cluster.running.pop(lost.name).kill()
    for directory in lost.environ["KAFKA_LOG_DIRS"].split(","):
        shutil.rmtree(directory)
    # A leader says that it leads until it has missed its followers for a while.
    asked = {"KAFKA_PROCESS_ROLES": "controller", "KF_PROBE_PORT": pods[0].environ["KF_CONTROLLER_PORT"]}
    wait_until(lambda: pods[0].run("kafkaReady", environ=asked).returncode == 75, "nobody leads", timeout=START_LIMIT)
    waiting = lost.run("kafkaboot", "run", "--", "true", environ=join)

    assert waiting.returncode == 75
    assert "it is not started while no other controller knows a leader" in waiting.stderr
    assert not Path(lost.environ["KAFKA_LOG_DIRS"].split(",")[0]).exists()

    cluster.start(down)
    cluster.start(lost, {**join, "KF_QUORUM_WAIT": "300"})
    cluster.wait_until_ready()
    pass_a_message(cluster.bootstrap_servers, replicas=3)


def _stop(cluster: KRaftSet, pod: Pod) -> None:
    """Stop the pod's node, if it runs."""
    if pod.name in cluster.running:
        cluster.running.pop(pod.name).terminate()


def _wait_for_brokers(pods: Sequence[Pod], count: int) -> None:
    """Return once the brokers in *pods* count so many."""
    wait_until(
        lambda: all(pod.run("kafkaReady").stdout.endswith(f" of {count}\n") for pod in pods),
        f"there are {count} brokers",
        timeout=START_LIMIT,
    )


def _quorum(cluster: KRaftSet) -> str:
    return cluster.pods[0].environ.get("KF_QUORUM", "static")
