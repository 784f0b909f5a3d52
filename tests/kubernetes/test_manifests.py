"""What holds for each of the three manifests: starts, rolls, drains, power cuts, mistakes, policies and zones."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.commands import ROOT
from tests.kubernetes.kubectl import Kubectl
from tests.kubernetes.load import client_image, client_pod, start_pod, writing
from tests.kubernetes.local.cluster import LOCAL
from tests.kubernetes.namespaces import own_namespace
from tests.kubernetes.servers import KAFKA, KRAFT, ZOOKEEPER, Pod, most_away
from tests.kubernetes.stands import Stand, ended_by_probes, failed_probes, ready_since, schedulable, standing

STANDS = [
    pytest.param((ZOOKEEPER,), id="zookeeper"),
    pytest.param((ZOOKEEPER, KAFKA), id="kafka"),
    pytest.param((KRAFT,), id="kafka-kraft"),
]

DRAINED = [pytest.param((ZOOKEEPER,), id="zookeeper", marks=pytest.mark.short), *STANDS[1:]]
"""One drain is enough for the short form."""

MISTAKES = {"zk": "ZK_INIT_LIMIT=ten", "kafka": "KF_PORT=ten"}
"""What somebody may write into the template."""

PEERS_ONLY = {"zookeeper": (2888, 3888), "kafka": (), "kafka-kraft": (9093,)}
"""The ports on which the leader listens for the other servers."""

HELD_BACK = 20.0
"""Seconds for which a drain is given the chance to take a server too many."""

QUIET = 20.0
"""Seconds in which every probe of every pod comes twice at least."""

TRIES = 5
"""A machine that is busy may let a probe fail: one of so many times nothing does."""

ZONES_SINCE = (1, 35)
"""From this version on pods get their node's zone as a label (PodTopologyLabelsAdmission)."""

POLICY_LIMIT = 60.0
"""Seconds after which a network policy has had its time to be in force for a new pod."""

HTTP = 8081
"""The port of the sidecar, which Prometheus may reach, and the kubelet."""

SIDECAR = "serve"

PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
"""The label that its pods have, as its operator and its charts make them."""

READYZ = "import urllib.request; answer = urllib.request.urlopen('http://localhost:8081/readyz', timeout=30); \
print(answer.status, answer.read().decode())"

CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)"
RACKS = """
import sys
sys.path.insert(0, "/libraries/kafka.zip")
from kafka import KafkaAdminClient
admin = KafkaAdminClient(bootstrap_servers="bootstrap:9092")
for broker in admin.describe_cluster()["brokers"]:
    print(broker["broker_id"], broker["rack"] or "none")
"""


@pytest.fixture(scope="module", params=STANDS)
def stood(cluster: str, request: pytest.FixtureRequest) -> Iterator[Stand]:  # noqa: ARG001
    """Servers that the tests of this module share; each leaves them as it found them: ready."""
    with standing(*request.param) as stand:
        yield stand


@pytest.fixture
def stand(stood: Stand) -> Iterator[Stand]:
    """Ready servers, checked after the test: no probe has ever ended one."""
    stood.wait_until_ready()
    yield stood
    assert ended_by_probes(stood.kubectl) == []


@pytest.mark.short
def test_a_cold_start_and_the_quiet_after_it(stand: Stand, report: list[str]) -> None:
    """No server ends on the way, each has a node of its own, and no probe fails for a while once all are ready."""
    report.append(f"{stand.seconds:.1f} s from apply to ready")
    since = ready_since(stand.servers)
    with writing(stand.servers) as writer:
        for _ in range(TRIES):
            time.sleep(QUIET)
            failed = failed_probes(stand.kubectl, since)
            if not failed:
                break
            report += failed
            since = max(failed).partition(" ")[0]
        tally = writer.finish()
    report.append(str(tally))

    pods = stand.servers.pods()
    assert [pod.restarts for pod in pods] == [0] * 3
    assert len({pod.node for pod in pods}) == 3
    assert failed == []
    assert tally.lost == 0


@pytest.mark.short
def test_a_deleted_leader_and_a_roll_right_after_it(stand: Stand, report: list[str]) -> None:
    """No two are away at once, though one has hardly been ready when the roll begins."""
    servers = stand.servers
    before = servers.pods()
    with stand.kubectl.watching("pods", servers.product.selector) as watch, writing(servers) as writer:
        leader = servers.leader()
        stand.kubectl.run("delete", "pod", leader.name)
        report.append(f"a deleted leader is back after {servers.wait_until_ready(3, [leader]):.1f} s; {writer.lap()}")
        report.append(f"a roll in {servers.rollout('restart'):.0f} s; {writer.lap()}")
        tally = writer.finish()
        away = most_away(watch, [pod.name for pod in before])
    report.append(str(tally))

    after = servers.pods()
    assert {pod.uid for pod in after}.isdisjoint(pod.uid for pod in before)
    assert [pod.restarts for pod in after] == [0] * 3
    assert away == 1
    assert tally.lost == 0


@pytest.mark.parametrize("stood", DRAINED, indirect=True, scope="module")
@pytest.mark.usefixtures("nodes")
def test_a_second_drain_waits_for_the_first(stand: Stand, report: list[str]) -> None:
    """The leader's node is drained; another server's keeps its server while the first one has found no place."""
    kubectl, servers = stand.kubectl, stand.servers
    selector = servers.product.selector
    first = servers.leader()
    second = next(pod for pod in servers.pods() if pod.name != first.name)
    spare = sorted(schedulable(kubectl) - {pod.node for pod in servers.pods()})
    try:
        with kubectl.watching("pods", selector) as watch, writing(servers) as writer:
            for node in spare:
                kubectl.run("cordon", node)
            drained = kubectl.drain(first.node, selector)
            held = kubectl.drain(second.node, selector, timeout=HELD_BACK)
            stayed = servers.pod(second.name)
            for node in (*spare, first.node):
                kubectl.run("uncordon", node)
            servers.wait_until_ready(3, [first])
            again = kubectl.drain(second.node, selector)
            kubectl.run("uncordon", second.node)
            servers.wait_until_ready(3, [first, second])
            tally = writer.finish()
            away = most_away(watch, [pod.name for pod in servers.pods()])
    finally:
        for node in (*spare, first.node, second.node):
            kubectl.run("uncordon", node)
    report.append(str(tally))

    assert drained.status == 0, drained.stderr
    assert held.status != 0
    assert "violate the pod's disruption budget" in held.stderr
    assert stayed is not None
    assert stayed.uid == second.uid
    assert again.status == 0, again.stderr
    assert away == 1
    assert tally.lost == 0


@pytest.mark.short
def test_a_dead_sidecar_ends_no_server(stand: Stand, report: list[str]) -> None:
    """It is started again alone, and says again what the server says: nobody writes less meanwhile."""
    kubectl, servers = stand.kubectl, stand.servers
    before = servers.pods()
    with writing(servers) as writer:
        for pod in before:
            seen = kubectl.exec(pod.name, "python3", "-c", READYZ)
            assert (seen.status, seen.output.split()[0]) == (0, "200"), seen.stderr
            report.append(f"{pod.name} is ready {_kill_sidecar(kubectl, pod.name):.1f} s after its sidecar was killed")
        tally = writer.finish()
    report.append(str(tally))

    assert [pod.run for pod in servers.pods()] == [pod.run for pod in before]
    assert tally.lost == 0


def test_a_mistake_stops_the_roll_at_one_pod_and_is_undone(stand: Stand, report: list[str]) -> None:
    """The pod says what is wrong, the others serve on, and `kubectl rollout undo` is all that it takes.

    Meanwhile a drain may have the pod that does not start, and no other.
    """
    kubectl, servers = stand.kubectl, stand.servers
    target, mistake = f"statefulset/{servers.product.statefulset}", MISTAKES[servers.product.statefulset]
    before = servers.pods()
    with kubectl.watching("pods", servers.product.selector) as watch, writing(servers) as writer:
        kubectl.run("set", "env", target, mistake)
        name = mistake.partition("=")[0]
        kubectl.wait_until(lambda: name in kubectl.words_of(before[-1].name), "a pod that says what is wrong")
        kubectl.wait_until(lambda: servers.pods()[-1].restarts >= 2, "a pod that is started again")
        stopped = servers.pods()
        evicted = [pod.name for pod in stopped if kubectl.may_evict(pod.name)]
        writer.wait_for(20)
        report.append(f"undone in {servers.rollout('undo'):.0f} s")
        tally = writer.finish()
        away = most_away(watch, [pod.name for pod in before])
    report.append(str(tally))

    assert [(pod.uid, pod.is_ready) for pod in stopped[:-1]] == [(pod.uid, True) for pod in before[:-1]]
    assert evicted == [before[-1].name]
    assert away == 1
    assert tally.lost == 0


@pytest.mark.usefixtures("policies")
def test_only_clients_and_peers_get_in(stand: Stand, report: list[str]) -> None:
    """A pod without the label reaches no port, one with it the clients' port alone, the servers all of theirs.

    The sidecar's port is Prometheus' alone, in another namespace, too.
    """
    kubectl, servers = stand.kubectl, stand.servers
    leader = servers.leader()
    peer = next(pod.name for pod in servers.pods() if pod.name != leader.name)
    clients, peers = [servers.product.port], [servers.product.port, *PEERS_ONLY[servers.product.manifest.stem]]
    labels = {"friend": {servers.product.client_label: "true"}, "scraper": PROMETHEUS, "stranger": {}}
    expected = {"friend": clients, "scraper": [HTTP], "stranger": []}

    def is_so(kubectl: Kubectl, expected: dict[str, list[int]]) -> bool:
        reached = {
            name: [port for port in (*peers, HTTP) if _reaches(kubectl, name, leader, port)] for name in expected
        }
        return reached == expected

    try:
        with own_namespace("scraper") as elsewhere:
            for space in (kubectl, elsewhere):
                for name in expected:
                    image = client_image(kubectl, servers.product)
                    start_pod(space, client_pod(name, image, labels[name], apart_from=servers.product.statefulset))
            inside, outside = {**expected, peer: peers}, {**expected, "friend": []}
            kubectl.wait_until(lambda: is_so(kubectl, inside), f"who reaches what: {inside}", POLICY_LIMIT)
            kubectl.wait_until(lambda: is_so(elsewhere, outside), f"from elsewhere: {outside}", POLICY_LIMIT)
            report.append(f"clients reach {clients}, peers {peers}, Prometheus {HTTP}, strangers nothing")
    finally:
        kubectl.run("delete", "pod", *expected, "--ignore-not-found")


@pytest.mark.parametrize("stood", STANDS[1:], indirect=True, scope="module")
def test_zones_are_the_brokers_racks(stand: Stand, cluster: str, report: list[str]) -> None:
    """From 1.35 on pods have the label of their node's zone, and brokers have it; before that they have no rack."""
    kubectl, servers = stand.kubectl, stand.servers
    with writing(servers) as writer:
        shown = kubectl.exec(writer.name, "python3", "-c", RACKS)
    racks = dict(line.split() for line in shown.stdout.splitlines())
    labels = {node["metadata"]["name"]: node["metadata"]["labels"] for node in kubectl.items("nodes")}
    has_zones = tuple(int(part) for part in cluster.lstrip("v").split(".")[:2]) >= ZONES_SINCE
    zones = {
        str(pod.ordinal + 1): labels[pod.node].get("topology.kubernetes.io/zone", "none") if has_zones else "none"
        for pod in servers.pods()
    }
    report.append(f"racks on {cluster}: {', '.join(racks.values())}")

    assert racks == zones, shown.stderr


def test_power_cuts(stand: Stand, report: list[str]) -> None:
    """A node that comes back brings its pod; one that stays away keeps it until somebody says that the node is gone.

    Kubernetes never makes a pod of a StatefulSet twice: it cannot know that the first one has stopped. What it takes is
    the taint `node.kubernetes.io/out-of-service`, or the pod's deletion by force.
    """
    if not os.environ.get(LOCAL):
        pytest.skip("the power of this cluster's nodes cannot be cut")
    kubectl, servers = stand.kubectl, stand.servers
    with writing(servers) as writer:
        first = servers.leader()
        _power("off", first.node)
        _power("on", first.node)
        kubectl.wait_until(lambda: _restarted(servers.pod(first.name), first), f"{first.name} runs again")
        stand.wait_until_ready()
        back = servers.pod(first.name)
        report.append(f"the leader's node is back at once: {writer.lap()}")

        second = servers.leader()
        _power("off", second.node)
        try:
            kubectl.wait_until(lambda: not _is_ready(kubectl, second.node), f"{second.node} is missed")
            writer.wait_for(20)
            stayed = servers.pod(second.name)
            kubectl.run("taint", "node", second.node, "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute")
            moved = servers.wait_until_ready(3, [second])
            report.append(f"the leader's node stays away: {writer.lap()}, ready {moved:.0f} s after the taint")
        finally:
            kubectl.call("taint", "node", second.node, "node.kubernetes.io/out-of-service-")
            _power("on", second.node)
        kubectl.wait_until(lambda: _is_ready(kubectl, second.node), f"{second.node} is back")
        stand.wait_until_ready()
        tally = writer.finish()
    report.append(str(tally))

    assert back is not None
    assert back.uid == first.uid
    assert stayed is not None
    assert (stayed.uid, stayed.node) == (second.uid, second.node)
    assert tally.lost == 0


def _kill_sidecar(kubectl: Kubectl, pod: str) -> float:
    """End a pod's sidecar; return after how many seconds it had been started again, and the pod was ready."""

    def look() -> tuple[int, bool]:
        status = kubectl.get("pod", pod)["status"]
        (restarts,) = (each["restartCount"] for each in status["initContainerStatuses"] if each["name"] == SIDECAR)
        ready = (each["status"] for each in status["conditions"] if each["type"] == "Ready")
        return restarts, list(ready) == ["True"]

    before, _ = look()
    # What is run in a container ends with it.
    kubectl.call("exec", pod, f"--container={SIDECAR}", "--", "sh", "-c", "kill 1")
    return kubectl.wait_until(lambda: look() == (before + 1, True), f"{pod}'s sidecar")


def _reaches(kubectl: Kubectl, name: str, pod: Pod, port: int) -> bool:
    """Return whether a pod can connect to another."""
    return kubectl.exec(name, "python3", "-c", CONNECT, pod.address, str(port)).status == 0


def _is_ready(kubectl: Kubectl, node: str) -> bool:
    conditions = kubectl.get("node", node)["status"]["conditions"]
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _restarted(now: Pod | None, before: Pod) -> bool:
    return now is not None and now.restarts > before.restarts and now.is_ready


def _power(verb: str, node: str) -> None:
    subprocess.run([sys.executable, "-m", "tests.kubernetes", f"power-{verb}", node], cwd=ROOT, check=True)
