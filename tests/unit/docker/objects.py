"""Which objects a manifest has, and how they find each other: kinds, names, labels, selectors."""

from collections import Counter
from collections.abc import Iterator

from tests.image.fields import UnsupportedError
from tests.image.manifests import Manifest
from tests.unit.docker.manifests import (
    KAFKA_YAMLS,
    PATHS,
    ZOOKEEPER_YAML,
    Checks,
    Documents,
    budget,
    container,
    of_kind,
    own_labels,
    pod_labels,
    service,
    statefulset,
)
from zkboot.settings import VARIABLES

_VERSIONS = {
    "Service": "v1",
    "ConfigMap": "v1",
    "PodDisruptionBudget": "policy/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "StatefulSet": "apps/v1",
}
_SERVERS = ("Service", "Service", "PodDisruptionBudget", "NetworkPolicy", "StatefulSet")
_LINK_SUFFIXES = ("SERVICE_HOST", "SERVICE_PORT", "PORT")


def _other_kinds(documents: Documents, *wanted: str) -> Iterator[str]:
    found = Counter(document["kind"] for document in documents)
    if found != Counter(wanted):
        yield f"{dict(found)}"


def zookeeper_kinds(documents: Documents) -> Iterator[str]:
    """Two services, a ConfigMap, a budget, a policy and a StatefulSet; none is missing, none is there twice."""
    yield from _other_kinds(documents, "ConfigMap", *_SERVERS)


def kafka_kinds(documents: Documents) -> Iterator[str]:
    """Likewise, without a ConfigMap."""
    yield from _other_kinds(documents, *_SERVERS)


def versions(documents: Documents) -> Iterator[str]:
    """Each object is of the version that Kubernetes serves: v1, whatever its group."""
    for document in documents:
        if document.get("apiVersion") != _VERSIONS.get(document["kind"]):
            yield f"{document['kind']} of {document.get('apiVersion')}"


def metadata(documents: Documents) -> Iterator[str]:
    """A name, and the label of the pods on every object, the headless service, too; no namespace, which you choose."""
    labels = {"app": of_kind(documents, "StatefulSet")[0]["metadata"]["name"]}
    for document in documents:
        found = document["metadata"]
        if found.keys() != {"name", "labels"} or found["labels"] != labels:
            yield f"{document['kind']}: {found}"
    if own_labels(documents) != labels:
        yield f"selector: {own_labels(documents)}"


def names(documents: Documents) -> Iterator[str]:
    """No two objects of a kind share one: the second would replace the first."""
    found = Counter((document["kind"], document["metadata"]["name"]) for document in documents)
    yield from (f"{kind} {name} is there {count} times" for (kind, name), count in found.items() if count > 1)


def selectors(documents: Documents) -> Iterator[str]:
    """Every object selects the StatefulSet's pods, all of them and nothing else."""
    own = own_labels(documents)
    if not own or not own.items() <= pod_labels(documents).items():
        yield f"StatefulSet: {own}"
    for one in of_kind(documents, "Service"):
        if one["spec"].get("selector") != own:
            yield f"Service {one['metadata']['name']}: {one['spec'].get('selector')}"
    for kind, found in (("StatefulSet", statefulset(documents)), ("PodDisruptionBudget", budget(documents))):
        if found.get("selector") != {"matchLabels": own}:
            yield f"{kind}: {found.get('selector')}"


def governing_service(documents: Documents) -> Iterator[str]:
    """It exists, is headless, and publishes the addresses of pods that are not ready."""
    name = statefulset(documents)["serviceName"]
    found = [one["spec"] for one in of_kind(documents, "Service") if one["metadata"]["name"] == name]
    if len(found) != 1:
        yield f"{len(found)} services are called {name}"
    for one in found:
        if one.get("clusterIP") != "None":
            yield f"{name} is not headless"
        if one.get("publishNotReadyAddresses") is not True:
            yield f"{name} hides pods that are not ready"


def _other_client_service(documents: Documents, name: str, port: int) -> Iterator[str]:
    found = service(documents, headless=False)
    if found["metadata"]["name"] != name or [one["port"] for one in found["spec"]["ports"]] != [port]:
        yield f"not {name}:{port}"
    if found["spec"].get("type", "ClusterIP") != "ClusterIP":
        yield f"opens the cluster: {found['spec']['type']}"
    if found["spec"].get("publishNotReadyAddresses", False):
        yield "leads to pods that are not ready"
    if unknown := found["spec"].keys() - {"selector", "ports", "type", "publishNotReadyAddresses"}:
        yield f"{sorted(unknown)}"


def zookeeper_client_service(documents: Documents) -> Iterator[str]:
    """zookeeper:2181, as the README tells clients; inside the cluster; with servers that serve."""
    yield from _other_client_service(documents, "zookeeper", 2181)


def kafka_client_service(documents: Documents) -> Iterator[str]:
    """bootstrap:9092, likewise."""
    yield from _other_client_service(documents, "bootstrap", 9092)


def service_ports(documents: Documents) -> Iterator[str]:
    """Each port of a service is one of the container's, by name and number."""
    own = {port["name"]: port["containerPort"] for port in container(documents)["ports"]}
    for one in of_kind(documents, "Service"):
        for port in one["spec"]["ports"]:
            if own.get(port["name"]) != port["port"] or port.get("targetPort", port["name"]) not in (
                port["name"],
                port["port"],
            ):
                yield f"{one['metadata']['name']}: {port}"


def service_names(documents: Documents) -> Iterator[str]:
    """The link variables that a service would make in pods that want them are none of ours."""
    known = {variable.name for variable in VARIABLES}
    for one in of_kind(documents, "Service"):
        if one["spec"].get("clusterIP") == "None":
            continue
        prefix = one["metadata"]["name"].upper().replace("-", "_")
        for suffix in _LINK_SUFFIXES:
            found = f"{prefix}_{suffix}"
            if found in known or found.startswith(("KF_", "KAFKA_")):
                yield found


def disruption_budget(documents: Documents) -> Iterator[str]:
    """One pod at a time, which leaves a majority; one that is not ready anyway is no reason to keep a node."""
    given = {key: value for key, value in budget(documents).items() if key != "selector"}
    if given != {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}:
        yield f"{given}"
    if (statefulset(documents)["replicas"] - 1) // 2 < 1:
        yield "not one can be spared"


def known_fields(documents: Documents) -> Iterator[str]:
    """Nothing that the tests' kubelet would not act on: it would be untested, and it may delete volumes."""
    manifest = Manifest(documents=tuple(documents))
    try:
        _ = manifest.statefulset, manifest.services
    except UnsupportedError as error:
        yield str(error)


CHECKS: Checks = {
    zookeeper_kinds: (ZOOKEEPER_YAML,),
    kafka_kinds: KAFKA_YAMLS,
    versions: PATHS,
    metadata: PATHS,
    names: PATHS,
    selectors: PATHS,
    governing_service: PATHS,
    zookeeper_client_service: (ZOOKEEPER_YAML,),
    kafka_client_service: KAFKA_YAMLS,
    service_ports: PATHS,
    service_names: PATHS,
    disruption_budget: PATHS,
    known_fields: PATHS,
}
