"""The lines that deploy, typed as their page has them, into an empty namespace."""

from tests.kubernetes.kubectl import Kubectl
from tests.kubernetes.servers import KAFKA, KRAFT, ZOOKEEPER, Servers
from tests.kubernetes.shell import printed
from tests.pages import block


def test_zookeeper_and_kafka(namespace: Kubectl, report: list[str]) -> None:
    """Three servers, and three brokers that wait for them."""
    printed(namespace, block("deploy").commands)
    servers, brokers = Servers(namespace, ZOOKEEPER), Servers(namespace, KAFKA)
    report.append(f"zk after {servers.rollout():.0f} s, and kafka {brokers.rollout():.0f} s later")

    assert "quorum after" in printed(namespace, block("client").commands)
    roles = sorted(namespace.exec(pod.name, "zkReady").output for pod in servers.pods())
    assert roles == ["follower", "follower", "leader"]
    assert [namespace.exec(pod.name, "kafkaReady").output for pod in brokers.pods()] == [
        f"broker {number} of 3" for number in (1, 2, 3)
    ]


def test_kafka_without_zookeeper(namespace: Kubectl, report: list[str]) -> None:
    """Three nodes, formatted with the cluster id that the first line made."""
    printed(namespace, block("deploy without zookeeper").commands)
    nodes = Servers(namespace, KRAFT)
    report.append(f"ready after {nodes.rollout():.0f} s")

    made = namespace.get("configmap", "kafka-cluster")["data"]["id"]
    for pod in nodes.pods():
        assert f"cluster.id={made}" in namespace.exec(pod.name, "cat", "/var/lib/kafka/data/meta.properties").output
