"""A change of the template at a bad moment: it takes one server at a time, and none that serves while one is away."""

import time

import pytest

from tests.kubernetes.kubectl import Kubectl
from tests.kubernetes.load import writing
from tests.kubernetes.servers import ZOOKEEPER, Pod, Servers, most_away
from tests.kubernetes.stands import schedulable, standing

MOMENT = 3.0
"""Seconds after the last pod got ready: less than any minReadySeconds that people set."""

HELD = 20.0
"""Seconds for which a change is given the chance to take a server too many."""

SINCE = (1, 37)
"""From this version on a StatefulSet waits for a pod that is away (MaxUnavailableStatefulSet)."""


def change(kubectl: Kubectl, value: str) -> None:
    """Change the template."""
    kubectl.run("set", "env", "statefulset/zk", f"ZK_SYNC_LIMIT={value}")


def test_a_change_right_after_a_cold_start(namespace: Kubectl, report: list[str]) -> None:
    """All pods have just got ready, and still they go one at a time."""
    servers = Servers(namespace, ZOOKEEPER)
    with namespace.watching("pods", ZOOKEEPER.selector) as watch:
        namespace.apply(ZOOKEEPER.manifest)
        servers.wait_until_ready(3)
        time.sleep(MOMENT)
        before = servers.pods()
        change(namespace, "6")
        took = servers.wait_until_ready(3, before)
        away = most_away(watch, [pod.name for pod in before])
    report.append(f"all replaced after {took:.0f} s, {away} away at once")

    assert away == 1
    assert [pod.restarts for pod in servers.pods()] == [0] * 3


@pytest.mark.usefixtures("nodes")
def test_a_change_while_a_server_is_away(cluster: str, report: list[str]) -> None:
    """The first server finds no node: the change waits for it, and goes on by itself once it has one.

    Up to 1.36 the change takes the last server, too, and two of three are away: nothing in a manifest prevents it.
    """
    waits = tuple(int(part) for part in cluster.lstrip("v").split(".")[:2]) >= SINCE
    with standing(ZOOKEEPER) as stand:
        kubectl, servers = stand.kubectl, stand.servers
        before = servers.pods()
        first, *others = before
        nodes = schedulable(kubectl) - {pod.node for pod in others}
        try:
            for node in nodes:
                kubectl.run("cordon", node)
            with (
                kubectl.watching("pods", servers.product.selector) as watch,
                writing(servers, hosts=[f"{pod.name}.zk-svc:2181" for pod in others]) as writer,
            ):
                kubectl.run("delete", "pod", first.name)
                change(kubectl, "6")
                if waits:
                    time.sleep(HELD)
                    assert [(pod.uid, pod.is_ready) for pod in servers.pods()[1:]] == [
                        (pod.uid, True) for pod in others
                    ]
                else:
                    kubectl.wait_until(lambda: _is_gone(servers, others[-1]), f"{others[-1].name} is taken")
                for node in nodes:
                    kubectl.run("uncordon", node)
                took = servers.wait_until_ready(3, before)
                tally = writer.finish()
                away = most_away(watch, [pod.name for pod in before])
        finally:
            for node in nodes:
                kubectl.run("uncordon", node)
    report.append(f"all replaced {took:.0f} s after there was a node, {away} away at once; {tally}")

    assert away == (1 if waits else 2)
    assert tally.lost == 0


def _is_gone(servers: Servers, pod: Pod) -> bool:
    now = servers.pod(pod.name)
    return now is None or now.uid != pod.uid
