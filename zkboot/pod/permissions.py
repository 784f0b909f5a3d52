"""What a start must be able to do with directories and files, tried before anything is written: all of it at once."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from zkboot.pod.errors import FileError

Check = tuple[str, Callable[[], object]]
"""The variable that names the path, and what raises FileError where the path cannot be used."""


@contextmanager
def named(variable: str) -> Iterator[None]:
    """Put *variable*, which names the path, in front of every problem of a FileError."""
    try:
        yield
    except FileError as error:
        raise FileError(*(f"{variable}: {problem}" for problem in error.problems)) from error


def check_all(checks: Iterable[Check]) -> None:
    """Try all *checks*; raises FileError with every problem, each behind the variables that name its path."""
    found: dict[str, dict[str, None]] = {}
    for variable, check in checks:
        try:
            check()
        except FileError as error:
            for problem in error.problems:
                found.setdefault(problem, {})[variable] = None
    if found:
        raise FileError(*(f"{', '.join(variables)}: {problem}" for problem, variables in found.items()))
