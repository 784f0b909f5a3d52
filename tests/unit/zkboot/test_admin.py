"""What a failed change of members means, in words."""

import pytest
from kazoo import exceptions
from kazoo.handlers import threading

from zkboot.members.admin import REASONS


@pytest.mark.parametrize("name", REASONS)
def test_every_reason_is_of_an_exception_that_kazoo_raises(name: str) -> None:
    """One that kazoo does not know would never be shown, and its own name would be."""
    found = getattr(exceptions, name, None) or getattr(threading, name, None)

    assert found is not None
    assert found.__name__ == name
