"""One program with several commands, as ``zkboot`` and ``kafkaboot`` are, and the command line of each of them."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn, Self

from zkboot.pod import console
from zkboot.pod.errors import UsageError
from zkboot.pod.manual import WIDEST, Page
from zkboot.pod.probing import VERSION, version

Run = Callable[[str, list[str]], int]
"""Takes a command's name as the operator typed it and its arguments; returns the exit status."""


class Parser(argparse.ArgumentParser):
    """The parser of the command line of *name*, with *page* for a help page and the options of all commands.

    It says in one line what is wrong with a command line, as every other problem is said.
    """

    def __init__(self, name: str, page: Page) -> None:
        super().__init__(
            prog=name, formatter_class=partial(argparse.RawDescriptionHelpFormatter, width=WIDEST), allow_abbrev=False
        )
        self._page = page
        self.add_argument(VERSION, action="version", version=version().rstrip("\n"), help="show the version and exit")

    def format_help(self) -> str:
        # To wrap a page takes longer than to parse a command line, and nearly every one asks for none.
        width = console.page_width()
        self.formatter_class = partial(argparse.RawDescriptionHelpFormatter, width=width)
        self.description, self.epilog = self._page.opening(width), self._page.closing(width)
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with *message*."""
        raise UsageError(f"{message} ({self.prog} --help says more)")


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a program."""

    does: str
    """What it does, for the program's help page."""
    run: Run

    @classmethod
    def of(cls, does: str, command: Callable[[str, list[str]], None]) -> Self:
        """Return a command whose errors become lines on stderr and an exit status."""
        return cls(does, lambda name, arguments: console.run(name, lambda given: command(name, given), arguments))


def dispatch(program: str, page: Page, commands: Mapping[str, Command], words: Sequence[str]) -> int:
    """Run the command that the first of *words* names and return its exit status, 2 where it names none.

    *page* is the program's own help page.
    """
    if words and words[0] in commands:
        return commands[words[0]].run(f"{program} {words[0]}", list(words[1:]))
    parser = Parser(program, replace(page, commands={word: command.does for word, command in commands.items()}))
    parser.add_argument("command", choices=tuple(commands), metavar="COMMAND", help="one of those below")

    def refuse(given: list[str]) -> None:
        parser.parse_args(given)
        raise AssertionError(f"{given} is no command, and argparse let it pass")

    return console.run(program, refuse, list(words[:1]))
