"""What ``serve`` does for TLS: it renews the server's files when the mounted ones change, and tells of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from zkboot.pod.console import one_line
from zkboot.pod.errors import BootError, FileError, RestartNeededError
from zkboot.pod.prometheus import render_family
from zkboot.pod.reads import read_bytes
from zkboot.pod.tls.certificate import parse_certificates
from zkboot.pod.tls.checks import shown
from zkboot.pod.tls.reading import find_moment

PERIOD = 10.0
"""Seconds between two looks at the mounted files. The kubelet itself takes up to two minutes for a change."""

PATIENCE = 60.0
"""Seconds until what has failed is tried again, though nothing has changed; not where that would hide the failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What came of a renewal; ``str()`` of it is one line."""

    is_new: bool
    """Whether anything was written, or read anew by the server."""
    end: datetime
    """When the server's certificate expires."""

    def __str__(self) -> str:
        return f"{'renewed' if self.is_new else 'unchanged'}, expires on {shown(self.end)}"


class Keeper:
    """Keeps the TLS files of one server fresh: *mounted* is the folder of the Secret, *store* the server's own file.

    *renew* makes them anew and returns what came of it, as the *program*'s command ``tls`` does. *say* is called with
    each renewal, and with each failure that differs from the one before.
    """

    def __init__(
        self,
        program: str,
        renew: Callable[[], Renewal],
        *,
        mounted: str,
        store: str,
        say: Callable[[str], None],
    ) -> None:
        self._program, self._renew = program, renew
        self._mounted, self._store = mounted, store
        self._say = say
        self._seen: object = None
        self._failure = ""
        self._status = 0
        self._is_kept = False
        """Whether the failure holds until something changes."""
        self._tried = 0.0

    def run(self) -> NoReturn:
        """Look for ever."""
        while True:
            time.sleep(PERIOD)
            self.look()

    def look(self) -> None:
        """Renew the files where something has changed since the last look, or the last try has failed a while ago."""
        moment = find_moment(self._mounted)
        is_due = self._status and not self._is_kept and time.monotonic() - self._tried >= PATIENCE
        if moment == self._seen and not is_due:
            return
        self._seen, self._tried, self._is_kept = moment, time.monotonic(), False
        try:
            renewal = self._renew()
        except BootError as error:
            self._fail("; ".join(map(one_line, error.problems)), error.exit_status)
            self._is_kept = isinstance(error, RestartNeededError)
        except Exception as error:  # noqa: BLE001 - readiness is answered from this process, too
            self._fail(one_line(f"{type(error).__name__}: {error}"), 1)
        else:
            if self._failure or renewal.is_new:
                self._say(f"TLS: {renewal}")
            self._failure, self._status = "", 0

    def render(self) -> str:
        """Return in Prometheus' text format when the server's certificate expires, and what came of the last look."""
        return render_family(
            f"{self._program}_tls_exit_status",
            "gauge",
            "Exit status of the last renewal; 0 where the server has what is mounted.",
            [("", (), self._status)],
        ) + render_family(
            f"{self._program}_certificate_not_after_seconds",
            "gauge",
            "Unix time at which the server's certificate expires.",
            [("", (), end) for end in self._ends()],
        )

    def _fail(self, failure: str, status: int) -> None:
        """Keep what went wrong, and say it where it is another than the last time."""
        if failure != self._failure:
            self._say(f"TLS: {failure}")
        self._failure, self._status = failure, status

    def _ends(self) -> list[int]:
        try:
            content = read_bytes(self._store)
            return [] if content is None else [int(parse_certificates(content)[0].not_after.timestamp())]
        except (FileError, ValueError):
            return []
