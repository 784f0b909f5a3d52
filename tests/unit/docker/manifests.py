"""The manifests as documents."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]

DOCKER = Path(__file__).parents[3] / "docker"
NAMES = ("zookeeper", "kafka", "kafka-kraft")
PATHS = tuple(DOCKER / name / f"{name}.yaml" for name in NAMES)
BY_THE_OPERATOR = {("kafka-cluster", "id"): "Yx3Fh0oBTuqWm5c8R1nZvA"}
"""Keys of ConfigMaps that a manifest refers to and that a person makes."""

_POD = {"metadata.namespace": "default", "metadata.labels['topology.kubernetes.io/zone']": ""}


def load(path: Path) -> list[Document]:
    """Return the documents of a manifest."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def statefulset(documents: list[Document]) -> Document:
    """Return the only StatefulSet."""
    (found,) = (document for document in documents if document["kind"] == "StatefulSet")
    return found


def container(documents: list[Document]) -> Document:
    """Return the server's container."""
    found: Document = statefulset(documents)["spec"]["template"]["spec"]["containers"][0]
    return found


def sidecar(documents: list[Document]) -> Document:
    """Return the container that answers over HTTP."""
    found: Document = statefulset(documents)["spec"]["template"]["spec"]["initContainers"][0]
    return found


def environ_of(
    documents: list[Document], ordinal: int, of: Callable[[list[Document]], Document] = container
) -> dict[str, str]:
    """Return what the variables of a pod's container, the server's or another, are in a cluster."""
    name = f"{statefulset(documents)['metadata']['name']}-{ordinal}"
    keys = {
        (document["metadata"]["name"], key): value
        for document in documents
        if document["kind"] == "ConfigMap"
        for key, value in document["data"].items()
    }
    return {
        one["name"]: _value(one, {**_POD, "metadata.name": name}, keys | BY_THE_OPERATOR)
        for one in of(documents)["env"]
    }


def _value(variable: Document, fields: Mapping[str, str], keys: Mapping[tuple[str, str], str]) -> str:
    match variable:
        case {"value": str(text)}:
            return text
        case {"valueFrom": {"fieldRef": {"fieldPath": path}}}:
            return fields[path]
        case {"valueFrom": {"configMapKeyRef": {"name": name, "key": key}}}:
            return keys[name, key]
    raise LookupError(f"{variable}")
