"""The versions as test parameters: the core of them always, the rest only in the matrix."""

import pytest

from tests.server.cache import fetch
from tests.server.distributions import CORE, MATRIX, Distribution, Product


def versions(product: Product) -> list[object]:
    """Return each version of *product* as a parameter; those outside the core carry the mark `matrix`."""
    return [
        pytest.param(distribution, id=str(distribution), marks=() if distribution in CORE else pytest.mark.matrix)
        for distribution in MATRIX
        if distribution.product is product
    ]


def fetched(distribution: Distribution) -> Distribution:
    """Return *distribution* once its jars are in the cache."""
    fetch([distribution])
    return distribution
