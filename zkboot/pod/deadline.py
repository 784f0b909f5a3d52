"""A fixed point in time by which everything that belongs together is over.

Built-in modules only: the probes load this module every few seconds on every pod.
"""

from time import monotonic

from zkboot.pod.errors import UnreachableError, of_peer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _thread
    from types import TracebackType

LET_IN_LIMIT = 5.0
"""Seconds in which a new pod is let in to the others.

Until a network policy knows its address it finds all ports closed: 1.6 and 3 s were seen with kube-router 2.
"""


class Deadline:
    """A fixed point in time, *timeout* seconds from its making."""

    __slots__ = ("_end", "timeout")

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        """Seconds between the making of the deadline and the deadline."""
        self._end = monotonic() + timeout

    def remaining(self) -> float:
        """Return the seconds that are left, never less than 0."""
        return max(0.0, self._end - monotonic())

    def check(self, source: str) -> None:
        """Raise UnreachableError where the deadline is over; *source* is whose answer is not read through."""
        if monotonic() >= self._end:
            raise UnreachableError(of_peer(source, f"the answer is too long to be read through within {self}"))

    def __str__(self) -> str:
        return seconds(self.timeout)


class Turn:
    """What *lock* guards is this thread's while it is entered; waits for that until *deadline*, then UnreachableError.

    A long answer takes many times its own bytes while it is read through, and no other thread gets on for more than
    moments: 10 MB and 100 ms for 100,000s of partitions. ``serve`` reads one of them at a time: many at once would cost
    memory, and delay what is answered quickly.
    """

    __slots__ = ("_deadline", "_lock", "_peer")

    def __init__(self, lock: "_thread.LockType", deadline: Deadline, peer: str) -> None:
        self._lock = lock
        self._deadline = deadline
        self._peer = peer

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._deadline.remaining()):
            told = f"long answers to others took all of {self._deadline}, and they are read one at a time"
            raise UnreachableError(of_peer(self._peer, told))

    def __exit__(
        self, kind: "type[BaseException] | None", error: "BaseException | None", trace: "TracebackType | None"
    ) -> None:
        self._lock.release()


def seconds(duration: float) -> str:
    """Return *duration* as a message shows it, ``3 s``."""
    return f"{round(duration, 2):g} s"
