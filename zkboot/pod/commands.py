"""One program with several commands, as ``zkboot`` and ``kafkaboot`` are: which was asked for, and which there are."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from zkboot.pod import console

Run = Callable[[str, list[str]], int]
"""Takes a command's name as the operator typed it and its arguments; returns the exit status."""


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


def dispatch(program: str, description: str, commands: Mapping[str, Command], words: Sequence[str]) -> int:
    """Run the command that the first of *words* names and return its exit status; exits with 2 where it names none."""
    if words and words[0] in commands:
        return commands[words[0]].run(f"{program} {words[0]}", list(words[1:]))
    width = max(map(len, commands))
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog="\n".join(("commands:", *(f"  {word:<{width}}  {command.does}" for word, command in commands.items()))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=tuple(commands), metavar="COMMAND", help="COMMAND --help tells more")
    parser.parse_args(words[:1])
    raise AssertionError(f"{words[:1]} is no command, and argparse let it pass")
