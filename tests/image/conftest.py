"""Real containers need an engine, root and tools: without them these tests are skipped, and the suite says how many."""

from collections.abc import Iterator

import pytest

from tests.image import engine as engines
from tests.image.engine import Engine
from tests.image.reaper import reaping
from tests.server.toolchain import missing_tools


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The container engine; whatever is made with it is gone after the session."""
    lines = (*engines.missing_tools(), *missing_tools())
    if lines:
        pytest.skip(f"no containers: {'; '.join(lines)}")
    with reaping():
        yield engines.engine()
