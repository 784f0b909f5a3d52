"""Servers that stand: a namespace with what a manifest makes, all of it ready."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import yaml

from kafkaboot.values.cluster_id import random_cluster_id
from tests.kubernetes.kubectl import Json, Kubectl, last_seen
from tests.kubernetes.namespaces import own_namespace
from tests.kubernetes.servers import KRAFT, ZOOKEEPER, Product, Servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """The servers of one manifest, beside those that they need."""

    servers: Servers
    beside: Sequence[Servers]
    seconds: float
    """From `apply` to ready."""

    @property
    def kubectl(self) -> Kubectl:
        """The namespace."""
        return self.servers.kubectl

    def wait_until_ready(self) -> None:
        """Return once every server is ready."""
        for servers in (*self.beside, self.servers):
            servers.wait_until_ready(servers.replicas())


@contextmanager
def standing(*products: Product) -> Iterator[Stand]:
    """Have the manifests applied as they are, one after the other, to a namespace of their own."""
    with own_namespace(products[-1].manifest.stem) as kubectl:
        *beside, servers = (Servers(kubectl, product) for product in products)
        for product in products:
            prepare(kubectl, product)
            kubectl.apply(product.manifest)
        for each in beside:
            each.rollout()
        yield Stand(servers=servers, beside=beside, seconds=servers.rollout())


def prepare(kubectl: Kubectl, product: Product) -> None:
    """Do what the head of the manifest asks for first."""
    if product is KRAFT:
        kubectl.run("create", "configmap", "kafka-cluster", f"--from-literal=id={random_cluster_id()}")


def text_of(documents: Sequence[Json]) -> str:
    """Return objects as the text of a manifest."""
    return yaml.safe_dump_all(json.loads(json.dumps(documents)))


def static_list(replicas: int) -> str:
    """Return ZooKeeper's manifest without a list of the ensemble's own, for so many servers."""
    documents = ZOOKEEPER.documents()
    (statefulset,) = (each for each in documents if each["kind"] == "StatefulSet")
    statefulset["spec"]["replicas"] = replicas
    container = statefulset["spec"]["template"]["spec"]["containers"][0]
    kept: list[Json] = [each for each in container["env"] if each["name"] not in {"ZK_RECONFIG", "ZK_REPLICAS"}]
    container["env"] = [*kept, {"name": "ZK_REPLICAS", "value": str(replicas)}]
    return text_of(documents)


def failed_probes(kubectl: Kubectl, since: str = "") -> list[str]:
    """Return what the kubelets say of probes that failed, from a time on that an object of the API has."""
    return [
        f"{last_seen(event)} {event['involvedObject']['name']}: {event['message']}"
        for event in kubectl.events()
        if event["reason"] in {"Unhealthy", "ProbeWarning", "ProbeError"} and last_seen(event) > since
    ]


def ended_by_probes(kubectl: Kubectl) -> list[str]:
    """Return what the kubelets say of containers that they ended because a probe failed.

    A single probe may fail that was under way when its pod was deleted.
    """
    return [
        f"{last_seen(event)} {event['involvedObject']['name']}: {event['message']}"
        for event in kubectl.events()
        if event["reason"] == "Killing" and "probe" in event["message"]
    ]


def schedulable(kubectl: Kubectl) -> set[str]:
    """Return the nodes that take new pods: whoever cordons others must not uncordon them, for somebody else has."""
    return {
        node["metadata"]["name"]
        for node in kubectl.items("nodes")
        if not node["spec"].get("unschedulable")
        and not any(taint["effect"] != "PreferNoSchedule" for taint in node["spec"].get("taints", []))
    }


def ready_since(servers: Servers) -> str:
    """Return when the last of the pods got ready."""
    shown = servers.kubectl.items("pods", servers.product.selector)
    conditions = [each for pod in shown for each in pod["status"]["conditions"] if each["type"] == "Ready"]
    return str(max(each["lastTransitionTime"] for each in conditions))


TRIES = 5
"""Elections that are waited for."""


def lead_by(servers: Servers, ordinals: Sequence[int]) -> str:
    """Have one of these lead, by deleting every other pod that does; return its name.

    A controller of KRaft that stops names its successor: of those with the longest log the one of the lowest id. So the
    rivals of those that shall lead go before the leader, and lag behind.
    """
    for _ in range(TRIES):
        leader = servers.leader()
        if leader.ordinal in ordinals:
            return leader.name
        going = [leader]
        if servers.product is KRAFT:
            rivals = [pod for pod in servers.pods() if pod.ordinal < max(ordinals) and pod.ordinal not in ordinals]
            going = [*(pod for pod in rivals if pod.name != leader.name), leader]
        for pod in going:
            servers.kubectl.run("delete", "pod", pod.name)
        servers.wait_until_ready(servers.replicas(), going)
    raise AssertionError(f"none of {ordinals} leads")
