"""The model of the controller: a harness that rolls otherwise than Kubernetes does would prove nothing."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.members import statefulset
from tests.members.statefulset import StatefulSet

OLD, NEW = {"ZK_REPLICAS": "3"}, {"ZK_REPLICAS": "5"}


class FakePod:
    """A pod that is ready at once, or never with a specification in *bad*."""

    events: list[str]
    bad: tuple[int, ...]

    def __init__(self, ordinal: int, *_: object) -> None:
        self.ordinal = ordinal
        self.is_created = False
        self.spec: dict[str, str] = {}

    @property
    def is_refused(self) -> bool:
        return self.spec == NEW and self.ordinal in self.bad

    def create(self, spec: dict[str, str]) -> None:
        self.spec, self.is_created = spec, True
        self.events.append(f"+{self.ordinal}")

    def delete(self, *, kill: bool = False) -> None:
        del kill
        self.is_created = False
        self.events.append(f"-{self.ordinal}")

    def role(self) -> str:
        return "" if self.is_refused or not self.is_created else "follower"

    def told(self) -> str:
        return "refused"


def pods(monkeypatch: pytest.MonkeyPatch, replicas: int, *bad: int) -> tuple[StatefulSet, list[str]]:
    """Return a set of *replicas* pods of five, and what will be done with them."""
    monkeypatch.setattr(statefulset, "Pod", FakePod)
    monkeypatch.setattr(statefulset, "PACE", 0)
    monkeypatch.setattr(FakePod, "bad", bad, raising=False)
    monkeypatch.setattr(FakePod, "events", [], raising=False)
    network: Any = SimpleNamespace(sandboxes=[SimpleNamespace(name=f"zk-{ordinal}") for ordinal in range(5)])
    distribution: Any = None
    made = StatefulSet(network, Path("/nowhere"), distribution)
    made.create(range(replicas), OLD)
    FakePod.events.clear()
    return made, FakePod.events


def test_new_pods_at_once_then_from_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    """zk-3 and zk-4 have the new list already."""
    made, events = pods(monkeypatch, 3)

    assert made.apply(5, NEW).replaced == (2, 1, 0)
    assert events == ["+3", "+4", "-2", "+2", "-1", "+1", "-0", "+0"]


def test_condemned_pods_go_while_the_others_roll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for them."""
    made, events = pods(monkeypatch, 5)

    assert made.apply(3, NEW).replaced == (2, 1, 0)
    assert {"-3", "-4"} <= set(events)
    assert [pod.ordinal for pod in made.created] == [0, 1, 2]


def test_a_pod_that_is_not_ready_stops_the_roll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those below keep what they have; what was to happen later happens there."""
    made, events = pods(monkeypatch, 3, 4)
    happened: list[str] = []
    roll = made.apply(5, NEW, {2: lambda: happened.append("fault")})

    assert (roll.replaced, roll.stopped_at, roll.told) == ((), 4, "refused")
    assert events == ["+3", "+4"]
    assert happened == ["fault"]


def test_a_pod_above_is_asked_though_it_was_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that stays refused stops the next change, too."""
    made, _events = pods(monkeypatch, 3, 2)
    assert made.apply(5, NEW).stopped_at == 2

    assert made.apply(5, NEW).replaced == ()


def test_taking_a_change_back_replaces_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """zk-0 and zk-1 never had another list."""
    made, events = pods(monkeypatch, 3, 2)
    made.apply(5, NEW)
    events.clear()

    assert not made.apply(3, OLD).is_refused
    assert sorted(events) == ["+2", "-2", "-3", "-4"]
