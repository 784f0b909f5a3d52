"""What a campaign is: a name, how much of it is the short form and the long one, and the function that runs it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Run = Callable[[int, random.Random, Path], str]
"""Takes how many attempts to make, the source of all chance and an empty folder; returns the campaign's one line with
its figure. AssertionError at the first fault, with what is needed to repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign."""

    name: str
    short: int
    """Attempts in `make test`; 0 where the campaign has no short form."""
    long: int
    """Attempts in `make torture`."""
    run: Run
