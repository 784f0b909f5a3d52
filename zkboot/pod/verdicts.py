"""A probe's verdict as an answer of HTTP, and the count of all verdicts, as metrics.

The verdict is the command's: 200 where its exit status would be 0, else 503, with the line that it would print.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from http import HTTPStatus
from threading import Lock

from zkboot.pod.console import one_line
from zkboot.pod.errors import (
    BootError,
    FileError,
    NotServingError,
    ProtocolError,
    SettingsError,
    UnreachableError,
    UsageError,
)
from zkboot.pod.http import Answer
from zkboot.pod.prometheus import render_family

QUIET = 60.0
"""Seconds for which another reason of the same verdict is not said: some hold a number that changes each time."""

ALIVE = "alive"
"""The verdict on a live server; the command itself prints nothing then."""

_FAILURES = (UsageError, UnreachableError, FileError, NotServingError, ProtocolError, SettingsError)
"""One error for each exit status that a probe may have."""


class Verdicts:
    """Asks *probes* for their verdicts, for any number of threads.

    *program* begins the names of the metrics; *say* is called with each verdict that differs from the one before, and
    with another reason of a no, once in QUIET seconds.
    """

    def __init__(self, program: str, probes: Iterable[str], say: Callable[[str], None]) -> None:
        self._program = program
        self._say = say
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}
        # A count that begins with 1 is no increase to Prometheus.
        self._failures = Counter({(probe, error.exit_status): 0 for probe in probes for error in _FAILURES})
        self._last: dict[str, tuple[int, str, float]] = {}
        """Of each probe the exit status, the line and the moment of what was said last."""

    def ask(self, probe: str, question: Callable[[], str]) -> Answer:
        """Return the verdict of *probe*, whose *question* returns what the command prints or raises BootError."""
        status = HTTPStatus.OK
        started = time.monotonic()
        failure = 0
        try:
            line = question()
        except BootError as error:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            failure = error.exit_status
            line = "\n".join(map(one_line, error.problems))
        self._count(probe, time.monotonic() - started, failure, line)
        return Answer(status, f"{line}\n")

    def render(self) -> str:
        """Return the counts in Prometheus' text format."""
        with self._lock:
            counts, seconds, failures = dict(self._counts), dict(self._seconds), dict(self._failures)
        durations = [
            sample
            for probe, count in counts.items()
            for sample in (
                ("_sum", (("probe", probe),), round(seconds[probe], 6)),
                ("_count", (("probe", probe),), count),
            )
        ]
        failed = [
            ("", (("probe", probe), ("exit_status", str(status))), count) for (probe, status), count in failures.items()
        ]
        return render_family(
            f"{self._program}_probe_duration_seconds",
            "summary",
            "Questions that were asked for the probes, and the seconds that they took.",
            durations,
        ) + render_family(
            f"{self._program}_probe_failures_total",
            "counter",
            "Verdicts other than yes, by the exit status that the command would have.",
            failed,
        )

    def _count(self, probe: str, seconds: float, failure: int, line: str) -> None:
        with self._lock:
            self._counts[probe] += 1
            self._seconds[probe] = self._seconds.get(probe, 0.0) + seconds
            if failure:
                self._failures[probe, failure] += 1
            status, said, moment = self._last.get(probe, (-1, "", 0.0))
            now = time.monotonic()
            is_news = status != failure or (failure != 0 and line != said and now - moment >= QUIET)
            if is_news:
                self._last[probe] = failure, line, now
        if is_news:
            self._say(f"/{probe}: {line}")
