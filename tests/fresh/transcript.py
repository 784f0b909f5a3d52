"""A terminal's text: commands typed one after the other, and what each of them printed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_END = "\x1e"
"""Stands around the exit status behind each command's output; no command prints it."""

_OUTPUT = re.compile(rf"(.*?){_END}(\d+){_END}\n", re.DOTALL)
ELLIPSIS = "…"
"""In a page's output: any text, up to the end of the line; alone on a line, any lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What came of one command."""

    text: str
    """Its stdout and stderr, as a terminal mixes them."""
    status: int


def script(commands: Sequence[str]) -> str:
    """Return a script for bash that types *commands* into one shell; `parse` reads what it prints."""
    end = "printf '\\036%s\\036\\n' \"$?\"\n"
    return "exec 2>&1\n" + "".join(f"{command}\n{end}" for command in commands)


def parse(text: str) -> list[Printed]:
    """Return what came of each command, of those that ended."""
    return [Printed(text=printed, status=int(status)) for printed, status in _OUTPUT.findall(text)]


def is_as_shown(shown: str, printed: str) -> bool:
    """Tell whether *printed* is what a page shows. A page that shows nothing leaves it open what is printed."""
    if not shown:
        return True
    rows = [r"(?:.*\n)*" if row.strip() == ELLIPSIS else _row(row) for row in shown.splitlines()]
    return re.fullmatch("".join(rows), printed) is not None


def _row(row: str) -> str:
    return ".*".join(map(re.escape, row.split(ELLIPSIS))) + r"\n"
