"""Every manifest passes every check that is for it."""

from pathlib import Path

from tests.unit.docker.crosschecks import CHECKS
from tests.unit.docker.manifests import PATHS, Check, load
from tests.unit.docker.mistakes import each


@each(CHECKS)
def test_manifests_agree(path: Path, check: Check) -> None:
    """With themselves, with each other and with what our commands make of them."""
    assert list(check(load(path))) == []


def test_every_manifest_is_checked() -> None:
    """There is none beside them."""
    assert {path for paths in CHECKS.values() for path in paths} == set(PATHS)
