"""Real servers need Java and Maven: without them these tests are skipped, and the suite says how many."""

import pytest

from tests.server.toolchain import missing_tools


@pytest.fixture(autouse=True, scope="session")
def _toolchain() -> None:
    lines = missing_tools()
    if lines:
        pytest.skip(f"no real servers: {'; '.join(lines)}")
