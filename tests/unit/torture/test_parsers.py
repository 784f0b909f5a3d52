"""A JVM with the parsers that ends: at once it is a skip, later a failure."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.torture.campaign import CannotRunError
from tests.torture.parsers import Parsers


@contextmanager
def answering(count: int) -> Iterator[Parsers]:
    """Ask a process that answers *count* times and ends."""
    code = f"for _ in range({count}):\n    input()\n    print('entries', flush=True)"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Parsers(process)
        finally:
            process.wait()


def test_no_first_answer_is_a_skip() -> None:
    """Java is there and cannot compile: this machine cannot run the campaign."""
    with answering(0) as parsers, pytest.raises(CannotRunError, match="needs a compiler"):
        parsers.read("properties", "/x")


def test_no_second_answer_is_a_failure() -> None:
    """A campaign that was under way has not been skipped, wherever it runs."""
    with answering(1) as parsers:
        assert parsers.read("properties", "/x") == {}
        with pytest.raises(AssertionError, match="java ended while it read /x, status 0"):
            parsers.read("properties", "/x")
