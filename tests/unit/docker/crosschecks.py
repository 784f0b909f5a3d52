"""Every check of the manifests, whatever it is about."""

from collections.abc import Iterator
from pathlib import Path

from tests.unit.docker import commands, objects, pods, policies, probes
from tests.unit.docker.manifests import Check, Checks

CHECKS: Checks = {**objects.CHECKS, **pods.CHECKS, **policies.CHECKS, **probes.CHECKS, **commands.CHECKS}


def checks_of(path: Path) -> Iterator[Check]:
    """Yield the checks that are for one manifest."""
    yield from (check for check, paths in CHECKS.items() if path in paths)
