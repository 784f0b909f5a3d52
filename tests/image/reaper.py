"""Outlives the tests and removes what they made, however they ended: `python -m tests.image.reaper PID`.

It waits for the end of its stdin, a pipe that the tests hold open and write to only when they end in order. When they
are gone, by whatever signal, so is the pipe.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid

from tests.image.engine import engine
from tests.image.images import ROOT

QUIET = 30.0
"""Seconds without a find after which nothing more comes of what killed tests had begun: podman-compose, say."""

_PAUSE = 2.0
_IN_ORDER = b"."


@contextmanager
def reaping() -> Iterator[None]:
    """Have everything removed that this process makes, at the end of the context or of the process."""
    engine().remove_stale()
    command = [sys.executable, "-m", __name__, str(getpid())]
    # A session of its own: Ctrl-C is for the tests.
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT, start_new_session=True) as process:
        try:
            yield
        finally:
            process.communicate(_IN_ORDER)


def main() -> None:
    """Wait for the tests' end, then clean up."""
    was_in_order = sys.stdin.buffer.read() == _IN_ORDER
    maker = int(sys.argv[1])
    quiet_since = time.monotonic()
    while True:
        if engine().remove_of(lambda pid: pid == maker):
            quiet_since = time.monotonic()
        if was_in_order or time.monotonic() - quiet_since > QUIET:
            return
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main()
