"""The lines of a resident process on stderr, which may be a pipe that nobody reads.

A pipe that is full would stop whoever writes, and with it the answers to a kubelet. Linux says that a pipe can be
written to where it has a page left, and takes as much without a wait (pipe(7)).
"""

import select
import sys
from threading import Lock

from zkboot.pod.console import say

LIMIT = 900
"""Characters of a line that are written: a page holds them, whatever they are."""


class Log:
    """Writes lines, for any number of threads, each with the *name* of the command; waits for nobody."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lost = 0
        self._lock = Lock()

    def __call__(self, line: str) -> None:
        """Write *line*, and how many were lost before it; lose it where stderr takes none."""
        with self._lock:
            if not _takes_more():
                self._lost += 1
                return
            lost = f" ({self._lost} lines before this one are lost: nobody read them)" if self._lost else ""
            self._lost = 0
            say(self._name, line[:LIMIT] + lost)


def _takes_more() -> bool:
    """Return whether stderr takes a line at once; so does one that is closed, by refusing it."""
    if sys.stderr is None:
        return True
    poll = select.poll()
    poll.register(sys.stderr.fileno(), select.POLLOUT)
    return bool(poll.poll(0))
