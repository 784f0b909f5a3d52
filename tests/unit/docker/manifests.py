"""The manifests as documents, and copies of them with one mistake each."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]
Documents = list[Document]
Mistake = Callable[[Documents], None]
"""Changes the documents of a manifest."""

DOCKER = Path(__file__).parents[3] / "docker"
PATHS = sorted(path for path in DOCKER.glob("*/*.yaml") if "StatefulSet" in path.read_text(encoding="utf-8"))


@cache
def _loaded(path: Path) -> Documents:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def load(path: Path) -> Documents:
    """Return the documents of a manifest, to be changed at will."""
    return copy.deepcopy(_loaded(path))


def of_kind(documents: Documents, kind: str) -> Documents:
    """Return the objects of one kind."""
    return [document for document in documents if document["kind"] == kind]


def statefulset(documents: Documents) -> Document:
    """Return the spec of the only StatefulSet."""
    (found,) = of_kind(documents, "StatefulSet")
    spec: Document = found["spec"]
    return spec


def pod_spec(documents: Documents) -> Document:
    """Return the spec of its pods."""
    spec: Document = statefulset(documents)["template"]["spec"]
    return spec


def container(documents: Documents) -> Document:
    """Return their only container."""
    (found,) = pod_spec(documents)["containers"]
    document: Document = found
    return document
