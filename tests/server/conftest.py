"""Real servers need Java and Maven: without them these tests are skipped, and the suite says how many."""

import gc
import warnings
from collections.abc import Iterator

import pytest

from tests.server.toolchain import missing_tools


@pytest.fixture(autouse=True, scope="session")
def _toolchain() -> None:
    lines = missing_tools()
    if lines:
        pytest.skip(f"no real servers: {'; '.join(lines)}")


_LEAVES_SOCKETS = pytest.StashKey[bool]()


@pytest.fixture
def forgotten_sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let what kafka-python has left open go here, and not in another test or when all have run."""
    request.config.stash[_LEAVES_SOCKETS] = True
    yield
    _let_go()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go what the log of the last test has held, in the tracebacks of errors, before pytest itself looks."""
    if config.stash.get(_LEAVES_SOCKETS, False):
        _let_go()


def _let_go() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
