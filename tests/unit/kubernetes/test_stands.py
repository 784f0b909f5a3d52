"""Which nodes a test may cordon, and uncordon again."""

from typing import Any

import pytest

from tests.kubernetes.kubectl import Json, Kubectl
from tests.kubernetes.stands import schedulable


def node(name: str, **spec: Any) -> Json:
    """Return a node as the API shows it."""
    return {"metadata": {"name": name}, "spec": spec}


NODES = [
    node("free"),
    node("preferred-not", taints=[{"key": "a", "effect": "PreferNoSchedule"}]),
    node("cordoned", unschedulable=True, taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]),
    node("control-plane", taints=[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]),
    node("lost", taints=[{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]),
]


def test_what_somebody_else_has_cordoned_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is what takes no pods for another reason."""
    monkeypatch.setattr(Kubectl, "items", lambda _self, kind: {"nodes": NODES}[kind])

    assert schedulable(Kubectl()) == {"free", "preferred-not"}
