"""The definitions that the packages hold are those of the real servers."""

import pytest

from tests.server.definitions import FILES, read_definitions
from tests.server.distributions import Product

pytestmark = [pytest.mark.server, pytest.mark.matrix]


@pytest.mark.parametrize("product", list(Product))
def test_the_jars_say_what_the_package_holds(product: Product) -> None:
    """Where they do not: `python -m tests.server.definitions`."""
    assert read_definitions(product) == FILES[product].read_text(encoding="ascii")
