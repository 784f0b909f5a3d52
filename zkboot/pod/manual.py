"""What people read of a command: its help page, and the tables of its variables in the documentation.

Both come from the variables' own declarations, group by group, in the order of the list that they are given.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from zkboot.pod.errors import (
    FileError,
    NotServingError,
    ProtocolError,
    SettingsError,
    UnreachableError,
    UsageError,
)
from zkboot.pod.variables import Variable

WIDEST = 100
"""Columns of a help page at the most: longer lines are hard to read."""

VARIABLES_HEAD = "environment variables, each with its default in brackets:"

FILE_NOTE = (
    "An empty variable counts as unset. <NAME>_FILE=/path gives <NAME> the text of that file, less one newline at its"
    " end: for secrets."
)

STATUSES: Mapping[int, str] = {
    UsageError.exit_status: "the command line is wrong",
    UnreachableError.exit_status: "nobody can be reached, or no answer comes in time",
    FileError.exit_status: "a file or directory cannot be read or written",
    NotServingError.exit_status: "the server answers, but is not ready",
    ProtocolError.exit_status: "the answer is not what the protocol allows: TLS on that port, or another program's",
    SettingsError.exit_status: "a variable is wrong, or the pod's name: stderr says which, one line a problem",
}
"""What an exit status means where a command says nothing closer."""

_NARROWEST_TEXT = 30
"""Columns of text beside a name: with fewer the text goes below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a help page says of one command, beside its usage and its options."""

    about: str
    """What it does; a blank line parts paragraphs."""
    example: str
    """Command lines that work, one a line."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """The commands of a program that has several, each with what it does."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Its own options with their meanings, where no parser lists them."""
    variables: Sequence[Variable[Any]] = ()
    """Those that the command acts on, group by group."""
    notes: Sequence[str] = ()
    """Paragraphs on the variables."""
    statuses: Mapping[int, str] = field(default_factory=dict)
    """What its exit statuses mean; an empty text stands for the one in ``STATUSES``."""

    def opening(self, width: int) -> str:
        """Return what comes before the options: what the command does, and an example."""
        about = (_wrapped(paragraph, width) for paragraph in self.about.split("\n\n"))
        lines = (f"  {line}" for line in self.example.splitlines())
        return "\n".join(("\n\n".join(about), "", "example:", *lines))

    def closing(self, width: int) -> str:
        """Return what comes after the options: the commands, the variables, and the exit statuses."""
        parts = []
        if self.commands:
            parts.append(f"commands:\n{columns(list(self.commands.items()), width)}")
        if self.variables:
            parts += [VARIABLES_HEAD, *groups(self.variables, width)]
            parts += [_wrapped(note, width) for note in (*self.notes, FILE_NOTE)]
        if self.statuses:
            rows = [(str(status), text or STATUSES[status]) for status, text in self.statuses.items()]
            parts.append("\n".join(("exit status:", columns(rows, width))))
        return "\n\n".join(parts)


def groups(variables: Iterable[Variable[Any]], width: int) -> list[str]:
    """Return one text for each group of *variables*: its heading, then names, meanings and defaults in columns."""
    listed = list(variables)
    longest = max(len(variable.name) for variable in listed)
    found = []
    for heading, members in groupby(listed, lambda variable: variable.group):
        rows = [(row.name, f"{_plain(row.meaning)} [{_plain(row.default_text)}]") for row in members]
        found.append(f"{heading}\n{columns(rows, width, longest)}")
    return found


def columns(rows: Sequence[tuple[str, str]], width: int, longest: int = 0) -> str:
    """Return *rows* as names with their texts beside them, wrapped at *width* under the column where they begin.

    The column leaves room for a name of *longest* characters, or for the longest of these.
    """
    longest = max(longest, *(len(name) for name, _ in rows))
    margin = " " * (longest + 4)
    if width - len(margin) < _NARROWEST_TEXT:
        margin = " " * 6
        return "\n".join(f"  {name}\n{margin}{_wrapped(text, width, margin)}" for name, text in rows)
    return "\n".join(f"  {name:<{longest}}  {_wrapped(text, width, margin)}" for name, text in rows)


def table(variables: Iterable[Variable[Any]]) -> str:
    """Return *variables* as a Markdown table, each group below a row that is its heading."""
    rows = []
    for heading, members in groupby(variables, lambda variable: variable.group):
        rows.append(f"| **{heading}** | | | |")
        rows += [
            f"| `{row.name}` | {_cell(row.default_text)} | {_cell(row.allowed)} | {_cell(row.meaning)} |"
            for row in members
        ]
    return "\n".join(("| variable | default | allowed | meaning |", "| --- | --- | --- | --- |", *rows)) + "\n"


def _wrapped(text: str, width: int, margin: str = "") -> str:
    """Return *text* in lines of at most *width* columns, each below the first with *margin* in front."""
    import textwrap

    lines = textwrap.wrap(
        text,
        width,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)[len(margin) :]


def _plain(text: str) -> str:
    return text.replace("`", "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
