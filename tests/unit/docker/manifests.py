"""The manifests as documents, to be looked into and to be changed."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]
Documents = list[Document]
Check = Callable[[Documents], Iterator[str]]
"""Yields one line for each thing that is wrong with a manifest."""
Checks = Mapping[Check, Sequence[Path]]
"""Each check with the manifests that it is for."""

DOCKER = Path(__file__).parents[3] / "docker"
PATHS = tuple(sorted(path for path in DOCKER.glob("*/*.yaml") if "StatefulSet" in path.read_text(encoding="utf-8")))
ZOOKEEPER_YAML = DOCKER / "zookeeper" / "zookeeper.yaml"
KAFKA_YAML = DOCKER / "kafka" / "kafka.yaml"
KRAFT_YAML = DOCKER / "kafka" / "kafka-kraft.yaml"
KAFKA_YAMLS = (KAFKA_YAML, KRAFT_YAML)


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping: the second one would win, silently, as `env` did in the seed."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 (as PyYAML has it)
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.constructor.ConstructorError(None, None, f"a key is there twice: {keys}", node.start_mark)
        return super().construct_mapping(node, deep)


def parse(text: str) -> Documents:
    """Return the documents of a text; yaml.YAMLError where it is none, or where a key is there twice."""
    return list(yaml.load_all(text, _Loader))


@cache
def _loaded(path: Path) -> Documents:
    return parse(path.read_text(encoding="utf-8"))


def load(path: Path) -> Documents:
    """Return the documents of a manifest, to be changed at will."""
    return copy.deepcopy(_loaded(path))


def of_kind(documents: Documents, kind: str) -> Documents:
    """Return the objects of one kind."""
    return [document for document in documents if document["kind"] == kind]


def spec_of(documents: Documents, kind: str) -> Document:
    """Return the spec of the only object of a kind."""
    (found,) = of_kind(documents, kind)
    spec: Document = found["spec"]
    return spec


def statefulset(documents: Documents) -> Document:
    """Return the spec of the only StatefulSet."""
    return spec_of(documents, "StatefulSet")


def policy(documents: Documents) -> Document:
    """Return the spec of the only NetworkPolicy."""
    return spec_of(documents, "NetworkPolicy")


def budget(documents: Documents) -> Document:
    """Return the spec of the only PodDisruptionBudget."""
    return spec_of(documents, "PodDisruptionBudget")


def service(documents: Documents, *, headless: bool) -> Document:
    """Return the governing service, which is headless, or the clients' one."""
    (found,) = (one for one in of_kind(documents, "Service") if (one["spec"].get("clusterIP") == "None") is headless)
    return found


def own_labels(documents: Documents) -> dict[str, str]:
    """Return the labels by which the StatefulSet knows its pods."""
    found: dict[str, str] = statefulset(documents)["selector"]["matchLabels"]
    return found


def pod_labels(documents: Documents) -> dict[str, str]:
    """Return all labels of its pods."""
    found: dict[str, str] = statefulset(documents)["template"]["metadata"]["labels"]
    return found


def pod_spec(documents: Documents) -> Document:
    """Return the spec of its pods."""
    spec: Document = statefulset(documents)["template"]["spec"]
    return spec


def container(documents: Documents) -> Document:
    """Return their only container."""
    (found,) = pod_spec(documents)["containers"]
    document: Document = found
    return document


def variable(documents: Documents, name: str) -> Document:
    """Return one entry of the container's environment."""
    (found,) = (one for one in container(documents)["env"] if one["name"] == name)
    document: Document = found
    return document


def without_variable(documents: Documents, name: str) -> None:
    """Remove one entry of the container's environment."""
    container(documents)["env"].remove(variable(documents, name))
