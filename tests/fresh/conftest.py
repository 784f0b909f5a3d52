"""Fresh machines need an engine and root: without them these tests are skipped, and the suite says how many."""

from collections.abc import Iterator

import pytest

from tests.image import engine as engines
from tests.image.engine import Engine
from tests.image.reaper import reaping


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The container engine; whatever is made with it is gone after the session."""
    if lines := engines.missing_tools():
        pytest.skip(f"no containers: {'; '.join(lines)}")
    with reaping():
        yield engines.engine()
