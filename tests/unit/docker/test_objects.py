"""Which objects there are and how they find each other: each mistake in it is noticed by the check that is for it."""

from pathlib import Path

import pytest
import yaml

from tests.unit.docker import objects as checks
from tests.unit.docker.manifests import (
    PATHS,
    Check,
    Document,
    Documents,
    budget,
    of_kind,
    parse,
    pod_labels,
    pod_spec,
    service,
    statefulset,
)
from tests.unit.docker.mistakes import Change, Mistakes, after, made
from tests.unit.docker.objects import CHECKS


def ports(documents: Documents, *, headless: bool) -> list[Document]:
    """Return the ports of a service."""
    found: list[Document] = service(documents, headless=headless)["spec"]["ports"]
    return found


def _loses(check: Check, kind: str) -> Mistakes:
    """Return the mistakes of leaving an object out and of having it twice."""
    return {
        f"{check.__name__}: no {kind}": (check, lambda d: d.remove(of_kind(d, kind)[0])),
        f"{check.__name__}: {kind} is there twice": (check, lambda d: d.append(of_kind(d, kind)[0])),
    }


def _ages(kind: str, version: str) -> Mistakes:
    """Return the mistake of an object of a version that is gone."""
    return {f"{kind} of {version}": (checks.versions, lambda d: of_kind(d, kind)[0].update(apiVersion=version))}


def _labels(documents: Documents, kind: str) -> dict[str, str]:
    found: dict[str, str] = of_kind(documents, kind)[0]["metadata"]["labels"]
    return found


MISTAKES: Mistakes = {
    **_loses(checks.zookeeper_kinds, "ConfigMap"),
    **_loses(checks.zookeeper_kinds, "Service"),
    **_loses(checks.zookeeper_kinds, "PodDisruptionBudget"),
    **_loses(checks.zookeeper_kinds, "NetworkPolicy"),
    **_loses(checks.zookeeper_kinds, "StatefulSet"),
    **_loses(checks.kafka_kinds, "Service"),
    **_loses(checks.kafka_kinds, "PodDisruptionBudget"),
    **_loses(checks.kafka_kinds, "NetworkPolicy"),
    **_loses(checks.kafka_kinds, "StatefulSet"),
    "an Ingress more": (checks.kafka_kinds, lambda d: d.append({"kind": "Ingress"})),
    "a Deployment": (checks.zookeeper_kinds, lambda d: of_kind(d, "StatefulSet")[0].update(kind="Deployment")),
    **_ages("StatefulSet", "apps/v1beta1"),
    **_ages("PodDisruptionBudget", "policy/v1beta1"),
    **_ages("NetworkPolicy", "extensions/v1beta1"),
    **_ages("NetworkPolicy", "v1"),
    **_ages("Service", "core/v1"),
    "an object of no version": (checks.versions, lambda d: of_kind(d, "Service")[1].pop("apiVersion")),
    "the seed's label of the headless service": (
        checks.metadata,
        lambda d: service(d, headless=True)["metadata"].update(
            labels={"app": service(d, headless=True)["metadata"]["name"]}
        ),
    ),
    "the budget has no label": (
        checks.metadata,
        lambda d: of_kind(d, "PodDisruptionBudget")[0]["metadata"].pop("labels"),
    ),
    "the policy has another label": (checks.metadata, lambda d: _labels(d, "NetworkPolicy").update(app="another")),
    "one object in another namespace": (
        checks.metadata,
        lambda d: of_kind(d, "PodDisruptionBudget")[0]["metadata"].update(namespace="default"),
    ),
    "the selector has another label": (
        checks.metadata,
        lambda d: statefulset(d)["selector"].update(matchLabels={"a": "b"}),
    ),
    "another name of the StatefulSet": (
        checks.metadata,
        lambda d: of_kind(d, "StatefulSet")[0]["metadata"].update(name="server"),
    ),
    "two services of one name": (
        checks.names,
        lambda d: service(d, headless=False)["metadata"].update(name=statefulset(d)["serviceName"]),
    ),
    "pods without the label": (checks.selectors, lambda d: pod_labels(d).pop("app")),
    "pods with another label": (checks.selectors, lambda d: pod_labels(d).update(app="another")),
    "the headless service selects others": (
        checks.selectors,
        lambda d: service(d, headless=True)["spec"].update(selector={"app": "another"}),
    ),
    "the headless service selects nobody": (
        checks.selectors,
        lambda d: service(d, headless=True)["spec"].pop("selector"),
    ),
    "the clients' service selects others": (
        checks.selectors,
        lambda d: service(d, headless=False)["spec"]["selector"].update(role="leader"),
    ),
    "the budget selects others": (checks.selectors, lambda d: budget(d)["selector"].update(matchLabels={"a": "b"})),
    "the budget selects every pod": (checks.selectors, lambda d: budget(d).update(selector={})),
    "the budget selects nobody": (checks.selectors, lambda d: budget(d).pop("selector")),
    "the StatefulSet selects more": (
        checks.selectors,
        lambda d: statefulset(d)["selector"].update(matchExpressions=[{"key": "app", "operator": "Exists"}]),
    ),
    "pods that are not ready have no name": (
        checks.governing_service,
        lambda d: service(d, headless=True)["spec"].pop("publishNotReadyAddresses"),
    ),
    "no service is headless": (checks.governing_service, lambda d: service(d, headless=True)["spec"].pop("clusterIP")),
    "another service governs": (checks.governing_service, lambda d: statefulset(d).update(serviceName="another")),
    "the clients' service governs": (
        checks.governing_service,
        lambda d: statefulset(d).update(serviceName=service(d, headless=False)["metadata"]["name"]),
    ),
    **{
        f"{check.__name__}: {words}": (check, change)
        for check in (checks.zookeeper_client_service, checks.kafka_client_service)
        for words, change in {
            "another name": lambda d: service(d, headless=False)["metadata"].update(name="server"),
            "another port": lambda d: ports(d, headless=False)[0].update(port=2182),
            "open to the world": lambda d: service(d, headless=False)["spec"].update(type="LoadBalancer"),
            "open on every node": lambda d: service(d, headless=False)["spec"].update(type="NodePort"),
            "leads to pods that are not ready": lambda d: service(d, headless=False)["spec"].update(
                publishNotReadyAddresses=True
            ),
            "sticks to one server": lambda d: service(d, headless=False)["spec"].update(sessionAffinity="ClientIP"),
            "has an address of its own": lambda d: service(d, headless=False)["spec"].update(externalIPs=["10.0.0.1"]),
        }.items()
    },
    "the clients' service leads nowhere": (
        checks.service_ports,
        lambda d: ports(d, headless=False)[0].update(targetPort="http"),
    ),
    "the clients' service leads to another port": (
        checks.service_ports,
        lambda d: ports(d, headless=False)[0].update(targetPort=9999),
    ),
    "a port of the headless service is another": (
        checks.service_ports,
        lambda d: ports(d, headless=True)[0].update(port=9093 + 7),
    ),
    "a port of another name": (checks.service_ports, lambda d: ports(d, headless=False)[0].update(name="http")),
    "half of the pods at once": (checks.disruption_budget, lambda d: budget(d).update(maxUnavailable="50%")),
    "two pods at once": (checks.disruption_budget, lambda d: budget(d).update(maxUnavailable=2)),
    "no pod may go": (checks.disruption_budget, lambda d: budget(d).update(maxUnavailable=0)),
    "the seed's budget": (
        checks.disruption_budget,
        lambda d: budget(d).update(minAvailable=budget(d).pop("maxUnavailable") + 1),
    ),
    "a broken pod keeps its node": (checks.disruption_budget, lambda d: budget(d).pop("unhealthyPodEvictionPolicy")),
    "a broken pod keeps its node, said so": (
        checks.disruption_budget,
        lambda d: budget(d).update(unhealthyPodEvictionPolicy="IfHealthyBudget"),
    ),
    "no pod can be spared": (checks.disruption_budget, lambda d: statefulset(d).update(replicas=2)),
    "volumes go with the StatefulSet": (
        checks.known_fields,
        lambda d: statefulset(d).update(persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"}),
    ),
    "ordinals from one": (checks.known_fields, lambda d: statefulset(d).update(ordinals={"start": 1})),
    "a container that goes first": (
        checks.known_fields,
        lambda d: pod_spec(d).update(initContainers=[{"name": "chown", "image": "busybox"}]),
    ),
    "only some nodes": (checks.known_fields, lambda d: pod_spec(d).update(nodeSelector={"disk": "ssd"})),
    "the host's DNS": (checks.known_fields, lambda d: pod_spec(d).update(dnsPolicy="Default")),
    "a service by node": (
        checks.known_fields,
        lambda d: service(d, headless=True)["spec"].update(internalTrafficPolicy="Local"),
    ),
    "zk-client, whose links look like ZooKeeper's settings": (
        checks.service_names,
        lambda d: service(d, headless=False)["metadata"].update(name="zk-client"),
    ),
    "kafka, whose links look like properties": (
        checks.service_names,
        lambda d: service(d, headless=False)["metadata"].update(name="kafka"),
    ),
}


@made(MISTAKES, CHECKS)
def test_each_mistake_is_noticed(path: Path, check: Check, change: Change) -> None:
    """By the check that is for it."""
    assert list(check(after(path, change)))


def test_every_check_has_a_mutant() -> None:
    """None is there for show."""
    assert {check for check, _ in MISTAKES.values()} == set(CHECKS)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_key_that_is_there_twice_is_refused(path: Path) -> None:
    """The seed's container had two lists of variables, of which the second won."""
    text = path.read_text(encoding="utf-8")
    twice = text.replace("          startupProbe:\n", "          env: []\n          startupProbe:\n")
    assert twice != text

    with pytest.raises(yaml.YAMLError, match="twice"):
        parse(twice)
