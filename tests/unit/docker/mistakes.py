"""Tables of mistakes, and the tests that are run on each row of them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.unit.docker.manifests import Check, Checks, Documents, load

Change = Callable[[Documents], object]
"""Makes a mistake in a manifest; what it returns does not matter."""
Mistakes = Mapping[str, tuple[Check, Change]]
"""Each mistake in words, with the check that must notice it and what makes it."""


def each(checks: Checks) -> pytest.MarkDecorator:
    """Run a test of ``path`` and ``check`` for each check on each of its manifests."""
    return pytest.mark.parametrize(
        ("path", "check"),
        [
            pytest.param(path, check, id=f"{path.name}: {check.__name__}")
            for check, paths in checks.items()
            for path in paths
        ],
    )


def made(mistakes: Mistakes, checks: Checks) -> pytest.MarkDecorator:
    """Run a test of ``path``, ``check`` and ``change`` for each mistake in each manifest that its check is for."""
    return pytest.mark.parametrize(
        ("path", "check", "change"),
        [
            pytest.param(path, check, change, id=f"{path.name}: {words}")
            for words, (check, change) in mistakes.items()
            for path in checks[check]
        ],
    )


def after(path: Path, change: Change) -> Documents:
    """Return the documents of a manifest with a mistake, which must make a difference."""
    documents = load(path)
    change(documents)
    assert documents != load(path)
    return documents
