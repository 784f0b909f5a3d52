"""When a mistake in a manifest counts as noticed: not where a pod or a policy is only late."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.kubernetes import test_mistakes as mistakes
from tests.kubernetes.kubectl import Json, Kubectl

UNSERVED = "a client is not served"
MISTAKE = mistakes.Mistake(name="another selector", make=lambda d: d[0]["spec"].pop("selector"), told=UNSERVED)


@contextmanager
def _applied(_name: str, _manifest: list[Json]) -> Iterator[Kubectl]:
    yield Kubectl()


def look(monkeypatch: pytest.MonkeyPatch, *faults: str) -> list[str]:
    """Look at the manifest as it is, which is well, and at the mistake, with these faults one after the other."""
    told, report = iter(["", *faults]), list[str]()
    monkeypatch.setattr(mistakes, "_applied", _applied)
    monkeypatch.setattr(mistakes, "fault", lambda _kubectl: next(told))
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    mistakes.look([MISTAKE], report)
    return report


def test_a_fault_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, whatever else is told in between."""
    assert look(monkeypatch, UNSERVED, "zk-2 is not ready", UNSERVED)[1:] == [f"another selector: {UNSERVED}"]


@pytest.mark.parametrize("faults", [[""], [UNSERVED, ""], ["zk-2 is not ready", UNSERVED, ""]])
def test_a_fault_that_passes(monkeypatch: pytest.MonkeyPatch, faults: list[str]) -> None:
    """It says nothing of the mistake."""
    with pytest.raises(AssertionError, match=re.escape("another selector: ")):
        look(monkeypatch, *faults)
