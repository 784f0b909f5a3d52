"""Clusters without ZooKeeper: each configuration that we write, each volume that we have formatted, on real servers."""

import itertools
import json
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from kafkaboot.values.voters import directory_id_of
from tests.server.clients import pass_a_message
from tests.server.distributions import KRAFT, KRAFT_CORE, Distribution, Product, find
from tests.server.kafka import START_LIMIT
from tests.server.kraft import CLUSTER_ID, SESSION_MS, KRaftSet, combined_pods, running, separate_pods
from tests.server.pods import Pod
from tests.server.processes import wait_for, wait_until
from tests.server.serving import promtool_complaints, serving_pod
from tests.server.versions import fetched, marks_of
from zkboot.pod.properties import parse

pytestmark = pytest.mark.server

DYNAMIC = {"KF_QUORUM": "dynamic"}
FIRST = {"KF_QUORUM_ENTRY": "first"}
FORMATTED = "Formatting "
"""What Kafka's tool says of each directory: `Formatting <dir>`, `Formatting metadata directory <dir>`, …"""


def combined(folder: Path, distribution: Distribution) -> KRaftSet:
    """Three nodes that are brokers and controllers."""
    return combined_pods(folder, distribution)


def separate(folder: Path, distribution: Distribution) -> KRaftSet:
    """Three controllers and two brokers."""
    return separate_pods(folder, distribution)


def dynamic(folder: Path, distribution: Distribution) -> KRaftSet:
    """Three controllers, which know each other by their log, and two brokers."""
    return separate_pods(folder, distribution, DYNAMIC)


LAYOUTS = (combined, separate, dynamic)

# In the core without the static quorum of separate nodes: the dynamic one has the same pods.
CASES = [
    pytest.param(
        (layout, version),
        id=f"{version}-{layout.__name__}",
        marks=marks_of(version, () if layout is separate else KRAFT_CORE),
    )
    for version in KRAFT
    for layout in LAYOUTS
    if layout is not dynamic or version.release >= (3, 9)
]


@pytest.fixture(scope="module")
def observed() -> list[tuple[str, int]]:
    """What kafkaReady said before and while the cluster started: the pod's name and the status."""
    return []


@pytest.fixture(scope="module", params=CASES)
def cluster(
    request: pytest.FixtureRequest, observed: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KRaftSet]:
    """A cluster that was started from empty volumes; its first probes are in `observed`."""
    layout: Callable[[Path, Distribution], KRaftSet]
    layout, distribution = request.param
    made = layout(tmp_path_factory.mktemp("kraft"), fetched(distribution))
    observed.clear()
    observed.extend(("before", pod.run("kafkaReady").returncode) for pod in made.pods)
    with running(made, FIRST if layout is dynamic else None) as started:
        observed.extend(("starting", status) for status in answers_within(1.0, made.pods))
        started.wait_until_ready()
        yield started


def answers_within(limit: float, pods: Sequence[Pod]) -> Iterator[int]:
    """Yield what kafkaReady says in one pod after the other, as far as it has said it within *limit* seconds."""
    deadline = time.monotonic() + limit
    for pod in itertools.cycle(pods):
        status = pod.run("kafkaReady").returncode
        if time.monotonic() > deadline:
            return
        yield status


def test_no_node_is_ready_before_it_runs(cluster: KRaftSet, observed: list[tuple[str, int]]) -> None:
    """Nothing listens, then no quorum is there: 69 or 75, never 0 within the second in which a JVM cannot start."""
    assert len(observed) >= len(cluster.pods)
    assert {status for _, status in observed} <= {69, 75}


def test_volumes_are_formatted_once_for_this_node(cluster: KRaftSet) -> None:
    """By Kafka's own tool, with the cluster's id and the node's; a dynamic quorum's first voters by derived ids."""
    for pod in cluster.pods:
        meta = meta_of(pod)

        assert formats(cluster, pod) == 1
        assert meta["cluster.id"] == CLUSTER_ID
        assert int(meta["node.id"]) == node_id(pod)
        if is_dynamic(cluster) and pod in cluster.controllers:
            assert meta["directory.id"] == directory_id_of(CLUSTER_ID, node_id(pod))


def test_probes_say_yes(cluster: KRaftSet) -> None:
    """Every broker lists itself; a controller knows its leader."""
    for pod in cluster.pods:
        alive = pod.run("kafkaOk")
        is_broker = pod in cluster.brokers
        said = f"broker {node_id(pod)} of {len(cluster.brokers)}\n" if is_broker else "controller, leader 10"

        assert (alive.returncode, alive.stdout, alive.stderr) == (0, "", "")
        wait_for(partial(readiness, pod, len(said)), (0, said, ""), timeout=START_LIMIT)


def readiness(pod: Pod, length: int) -> tuple[int, str, str]:
    """Return the status of the pod's kafkaReady, so much of its stdout, and its stderr."""
    done = pod.run("kafkaReady")
    return done.returncode, done.stdout[:length], done.stderr


def test_serve_says_what_the_probes_say_and_prometheus_takes_its_metrics(cluster: KRaftSet) -> None:
    """Of brokers and controllers; the quorum's leader is the same for all."""
    leaders = set()
    for pod in cluster.pods:
        with serving_pod(pod, "kafkaboot") as served:
            live, ready = served.ask("/livez"), served.ask("/readyz")
            text = served.ask("/metrics").text
        leaders |= {line for line in text.splitlines() if line.startswith("kafkaboot_quorum_leader_id ")}

        assert (live.status, ready.status, ready.text) == (200, 200, pod.run("kafkaReady").stdout)
        assert f'kafkaboot_server_info{{id="{node_id(pod)}",role="' in text
        assert "kafkaboot_up 1\n" in text
        assert re.findall(r"^kafkaboot_part_refused.* 1$", text, re.MULTILINE) == []
        assert promtool_complaints(text) == []
        if pod in cluster.brokers:
            assert f"kafkaboot_brokers {len(cluster.brokers)}\n" in text
            assert "kafkaboot_quorum_lag_records " in text
            assert re.search(r"^kafkaboot_log_dir_free_bytes\{.*\} [1-9]", text, re.MULTILINE)
    assert len(leaders) == 1


def test_the_voters_are_the_controllers(cluster: KRaftSet) -> None:
    """Each by the id that its ordinal gives."""
    if cluster.distribution.release < (3, 9):
        # kafka-python cannot read the answer of so old a leader; what a controller keeps says it, too.
        state = Path(cluster.controllers[0].environ["KAFKA_LOG_DIRS"], "__cluster_metadata-0", "quorum-state")
        known = [voter["voterId"] for voter in json.loads(state.read_text())["currentVoters"]]

        assert sorted(known) == [node_id(pod) for pod in cluster.controllers]
        return
    voters = cluster.voters()

    assert sorted(voters) == [node_id(pod) for pod in cluster.controllers]
    if is_dynamic(cluster):
        assert voters == {node_id(pod): meta_of(pod)["directory.id"] for pod in cluster.controllers}
    else:
        assert set(voters.values()) == {""}


def test_a_message_goes_through(cluster: KRaftSet) -> None:
    """A topic with a replica on each broker takes a message and gives it back, under the names that are advertised."""
    pass_a_message(cluster.bootstrap_servers, replicas=len(cluster.brokers))


def test_a_volume_that_is_not_this_node_s_is_refused(cluster: KRaftSet) -> None:
    """Another node's, another cluster's; both values are said, and nothing is changed."""
    pod = cluster.brokers[1]
    before = meta_of(pod)
    other_node = pod.run("kafkaboot", "gen-config", environ={"KAFKA_NODE_ID": "77"})
    other_cluster = pod.run("kafkaboot", "gen-config", environ={"KF_CLUSTER_ID": "AAAAAAAAAAAAAAAAAAAAAA"})

    assert (other_cluster.returncode, other_cluster.stdout) == (78, "")
    assert CLUSTER_ID in other_cluster.stderr
    assert "AAAAAAAAAAAAAAAAAAAAAA" in other_cluster.stderr
    assert (other_node.returncode, other_node.stdout) == (78, "")
    assert "77" in other_node.stderr
    if not cluster.is_combined:
        # A node that is none of the voters is refused before its volume is looked at.
        assert f"says node.id={before['node.id']}" in other_node.stderr
    assert meta_of(pod) == before


def test_the_other_mode_is_refused(cluster: KRaftSet, tmp_path: Path) -> None:
    """A volume of ZooKeeper mode under KRaft; one of KRaft under ZooKeeper mode, where this Kafka has that."""
    pod = cluster.brokers[0]
    old = tmp_path / "old"
    old.mkdir()
    (old / "meta.properties").write_text(f"version=0\nbroker.id={node_id(pod)}\ncluster.id={CLUSTER_ID}\n")
    forward = pod.run("kafkaboot", "gen-config", environ={"KAFKA_LOG_DIRS": str(old)})

    assert (forward.returncode, forward.stdout) == (78, "")
    assert "ZooKeeper mode" in forward.stderr
    if cluster.distribution.release < (4,):
        environ = {
            "KF_MODE": "zookeeper",
            "KAFKA_PROCESS_ROLES": "",
            "KAFKA_ZOOKEEPER_CONNECT": "localhost:2181",
            "KAFKA_LISTENERS": "",
        }
        back = pod.run("kafkaboot", "gen-config", environ=environ)

        assert (back.returncode, back.stdout) == (78, "")
        assert "formatted for KRaft" in back.stderr


def test_a_paused_broker_is_fenced_and_comes_back(cluster: KRaftSet) -> None:
    """While it is paused it never says yes, the others stop to count it, and it is ready again after."""
    paused, other = cluster.brokers[-1], cluster.brokers[0]
    count = len(cluster.brokers)
    process = cluster.running[paused.name]
    process.pause()
    try:
        wait_until(
            lambda: other.run("kafkaReady").stdout == f"broker {node_id(other)} of {count - 1}\n",
            f"{other.name} counts {count - 1} brokers",
            timeout=SESSION_MS / 1000 + START_LIMIT,
        )
        answers = [paused.run("kafkaReady", environ={"KF_PROBE_TIMEOUT": "0.3"}).returncode for _ in range(3)]
    finally:
        process.resume()

    assert 0 not in answers
    wait_until(
        lambda: other.run("kafkaReady").stdout == f"broker {node_id(other)} of {count}\n",
        f"{other.name} counts {count} brokers again",
        timeout=START_LIMIT,
    )
    cluster.wait_until_ready()


def test_a_restart_keeps_the_volume(cluster: KRaftSet) -> None:
    """No second format, for a broker as for a controller; the variable of the first start is not there any more."""
    for pod in {
        cluster.brokers[0].name: cluster.brokers[0],
        cluster.controllers[0].name: cluster.controllers[0],
    }.values():
        before, directory = formats(cluster, pod), meta_of(pod)
        cluster.running[pod.name].signal(signal.SIGTERM)
        cluster.running[pod.name].wait(START_LIMIT)

        assert not cluster.is_ready(pod)

        cluster.start(pod)
        cluster.wait_until_ready()

        assert formats(cluster, pod) == before
        assert meta_of(pod) == directory


def test_a_lost_disk_joins_and_makes_no_second_cluster(cluster: KRaftSet) -> None:
    """The others know a leader: the empty volume is none of the first. From 4.2 on it gets its vote by itself."""
    if not is_dynamic(cluster):
        return
    pod = cluster.controllers[2]
    lost = meta_of(pod)["directory.id"]
    cluster.running[pod.name].kill()
    shutil.rmtree(pod.environ["KAFKA_LOG_DIRS"])
    cluster.start(pod)
    cluster.wait_until_ready()
    new = meta_of(pod)["directory.id"]
    log = cluster.running[pod.name].log_text()

    assert new != lost
    assert formats(cluster, pod) == 2
    if cluster.distribution.release >= (4, 2):
        wait_until(lambda: cluster.voters().get(node_id(pod)) == new, "the new volume has a vote", timeout=START_LIMIT)

        assert "has no vote" not in log
    else:
        assert cluster.voters()[node_id(pod)] == lost
        assert "add-controller" in log


def test_an_empty_volume_alone_starts_nothing(cluster: KRaftSet, tmp_path: Path) -> None:
    """Where no other controller can be asked, only a person knows whether the cluster is new."""
    if not is_dynamic(cluster):
        return
    pod = cluster.controllers[0]
    environ = {
        "KAFKA_LOG_DIRS": f"{tmp_path}/data",
        "KF_QUORUM_WAIT": "1",
        "KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }
    done = pod.run("kafkaboot", "run", "--", "true", environ=environ)

    assert done.returncode == 69
    assert "KF_QUORUM_ENTRY=first" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_volume_that_was_formatted_for_a_static_quorum_is_not_waited_on(cluster: KRaftSet, tmp_path: Path) -> None:
    """It knows no voters and never ran: in a dynamic quorum whose others do not answer Kafka would wait for ever."""
    if not is_dynamic(cluster):
        return
    pod = cluster.controllers[0]
    place = {"KAFKA_LOG_DIRS": f"{tmp_path}/data", "KF_CONFIG_FILE": f"{tmp_path}/server.properties"}
    formatted = pod.run("kafkaboot", "run", "--", "true", environ={**place, "KF_QUORUM": "static"})
    alone = {"KF_QUORUM_WAIT": "1", "KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    done = pod.run("kafkaboot", "run", "--", "true", environ={**place, **alone})
    first = {"KF_QUORUM_ENTRY": "first", "KAFKA_LOG_DIRS": f"{tmp_path}/first"}
    voter = pod.run("kafkaboot", "run", "--", "true", environ={**place, **alone, **first})
    again = pod.run("kafkaboot", "run", "--", "true", environ={**place, **alone, "KAFKA_LOG_DIRS": f"{tmp_path}/first"})

    assert formatted.returncode == 0
    assert done.returncode == 69
    assert f"{tmp_path}/data was formatted without voters" in done.stderr
    assert (voter.returncode, again.returncode) == (0, 0)


def is_dynamic(cluster: KRaftSet) -> bool:
    """Whether the voters stand in the cluster's own log."""
    return cluster.pods[0].environ.get("KF_QUORUM") == "dynamic"


def test_a_format_has_the_options_that_are_given(tmp_path: Path) -> None:
    """Those of Kafka's own tool; a password among them is in no output."""
    scram = "SCRAM-SHA-256=[name=alice,password=open-sesame]"
    options = {"KF_FORMAT_OPTIONS": f"--release-version 3.8-IV0 --add-scram '{scram}'", "KF_DNS_WAIT": "0"}
    pod = combined_pods(tmp_path, fetched(find(Product.KAFKA, "3.9")), options).pods[0]
    shown = pod.run("kafkaboot", "run", "--dry-run", "--", "true")
    done = pod.run("kafkaboot", "run", "--", "true")

    assert (shown.returncode, done.returncode) == (0, 0)
    assert "--release-version ******** --add-scram ********" in shown.stdout.replace("'", "")
    assert "metadata.version 3.8-IV0" in done.stdout
    assert "open-sesame" not in f"{shown.stdout}{shown.stderr}{done.stdout}{done.stderr}"


def node_id(pod: Pod) -> int:
    """Return the id that the pod's ordinal gives: the original's rule where no offset is set."""
    return int(pod.name.rpartition("-")[2]) + int(pod.environ.get("KF_ID_OFFSET", "1"))


def meta_of(pod: Pod) -> dict[str, str]:
    """Return what the pod's volume says of itself."""
    return parse(Path(pod.environ["KAFKA_LOG_DIRS"], "meta.properties").read_text())


def formats(cluster: KRaftSet, pod: Pod) -> int:
    """Return how often the pod's volume was formatted."""
    lines = cluster.running[pod.name].log_text().splitlines()
    return sum(line.startswith(FORMATTED) for line in lines)
