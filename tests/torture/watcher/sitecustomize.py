"""Looks, between any two steps of the process that Python imports this in, for a secret that others could read.

``ZKB_WATCH_CANARY`` is looked for in every file below ``ZKB_WATCH_FOLDER``; what is found in one that others may open
is told in the file ``ZKB_WATCH_REPORT``. A step is anything that Python audits: to open, rename, link, remove, or
change the mode of a file. ``ZKB_WATCH_CRASH`` is the step, counted from 0, that fails with an exception nobody expects.
"""

import os
import stat
import sys
from pathlib import Path
from typing import Any

_CANARY = os.environ.pop("ZKB_WATCH_CANARY").encode()
_FOLDER = Path(os.environ.pop("ZKB_WATCH_FOLDER"))
_REPORT = Path(os.environ.pop("ZKB_WATCH_REPORT"))
_CRASH = int(os.environ.pop("ZKB_WATCH_CRASH", "-1"))
_STEPS = frozenset({"open", "os.chmod", "os.chown", "os.link", "os.remove", "os.rename", "os.mkdir"})


class _Watch:
    """What has been seen so far."""

    def __init__(self) -> None:
        self.is_looking = False
        self.steps = 0

    def look(self, step: str, arguments: tuple[Any, ...]) -> None:
        """Take *step* for a moment at which somebody else looks."""
        if self.is_looking or step not in _STEPS:
            return
        # What the interpreter loads changes nothing.
        if any(isinstance(one, str) and one.endswith((".py", ".pyc")) for one in arguments):
            return
        self.is_looking = True
        try:
            for path in _FOLDER.rglob("*"):
                try:
                    mode = path.lstat().st_mode
                    if stat.S_ISREG(mode) and mode & 0o077:
                        self.check(path, mode, step)
                except OSError:
                    continue
        finally:
            self.is_looking = False
        # Only what this tool does below its folder, not what the interpreter loads.
        if any(isinstance(one, str) and (".zkboot-tmp" in one or one.startswith(str(_FOLDER))) for one in arguments):
            self.steps += 1
            if self.steps - 1 == _CRASH:
                raise RuntimeError("a crash that nobody expects")

    def check(self, path: Path, mode: int, step: str) -> None:
        """Report *path*, which others may open, where it holds the secret."""
        if _CANARY in path.read_bytes():
            with _REPORT.open("a") as report:
                report.write(f"before {step}: {path.name} has mode {mode & 0o7777:o}\n")


sys.addaudithook(_Watch().look)
