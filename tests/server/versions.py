"""The versions as test parameters: the core of them always, the rest only in the matrix."""

from collections.abc import Collection

import pytest

from tests.server.cache import fetch
from tests.server.distributions import CORE, MATRIX, Distribution, Product


def versions(product: Product) -> list[object]:
    """Return each version of *product* as a parameter; those outside the core carry the mark `matrix`."""
    return [
        pytest.param(distribution, id=str(distribution), marks=marks_of(distribution, CORE))
        for distribution in MATRIX
        if distribution.product is product
    ]


def marks_of(distribution: Distribution, core: Collection[Distribution]) -> tuple[pytest.MarkDecorator, ...]:
    """Return the marks of a test with *distribution*: `matrix` where it is outside the *core*."""
    return () if distribution in core else (pytest.mark.matrix,)


def fetched(distribution: Distribution) -> Distribution:
    """Return *distribution* once its jars are in the cache."""
    fetch([distribution])
    return distribution
