"""Outlives the tests and removes what they made, however they ended: `python -m tests.image.reaper PID`.

It waits for the end of its stdin, a pipe that the tests hold open and never write to. When they are gone, by whatever
signal, so is the pipe.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid

from tests.image.engine import engine
from tests.image.images import ROOT


@contextmanager
def reaping() -> Iterator[None]:
    """Have everything removed that this process makes, at the end of the context or of the process."""
    engine().remove_stale()
    command = [sys.executable, "-m", __name__, str(getpid())]
    # A session of its own: Ctrl-C is for the tests.
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT, start_new_session=True):
        yield


def main() -> None:
    """Wait for the tests' end, then clean up."""
    sys.stdin.read()
    maker = int(sys.argv[1])
    engine().remove_of(lambda pid: pid == maker)


if __name__ == "__main__":
    main()
