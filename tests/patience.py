"""Time limits of tests that hold on a busy machine, too."""

import contextlib
import functools
import inspect
import time
from collections.abc import Callable, Iterator

import pytest

PATIENCE = 60.0
"""Seconds that only a call which hangs, or waits for its time-out, lasts. The time-out of whatever ends by itself."""

TIMES = (0.5, 4.0, 30.0)
"""Seconds after which a peer is given up that never answers: the first will do where the machine is not busy."""


def with_more_time(test: Callable[..., None]) -> Callable[..., None]:
    """Run *test* with the first of ``TIMES`` as its ``timeout``, and where it fails with the next.

    On a busy machine a peer may not be run at all within half a second, and such a failure says nothing of the code: a
    mistake fails with every time-out.
    """
    signature = inspect.signature(test)

    @functools.wraps(test)
    def tried(**arguments: object) -> None:
        for timeout in TIMES[:-1]:
            with contextlib.suppress(Exception, pytest.fail.Exception):
                return test(**arguments, timeout=timeout)
        return test(**arguments, timeout=TIMES[-1])

    # pytest would look for a fixture.
    others = [parameter for name, parameter in signature.parameters.items() if name != "timeout"]
    tried.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
    return tried


@contextlib.contextmanager
def bounded(timeout: float = PATIENCE) -> Iterator[None]:
    """Fail where the block lasts twice as long as its *timeout*, and where it lasts ``PATIENCE``."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < min(2 * timeout, PATIENCE)
