"""What clients that count have seen: how many writes were acknowledged, how many are lost, and the longest gap."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

Row = Sequence[str]
"""When, on the client's own clock, which number, and `acked`, `unknown` or `refused`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a writer did. It wrote before the first fault and after the last: both ends are in the figures."""

    acknowledged: int
    unknown: int
    """The connection broke before the answer: written or not."""
    refused: int
    lost: int
    """Acknowledged and not there."""
    longest_gap: float
    """Seconds between two acknowledged writes."""
    seconds: float

    def __str__(self) -> str:
        """Return the figures in one line."""
        return (
            f"{self.acknowledged} acknowledged in {self.seconds:.0f} s, {self.lost} lost, {self.unknown} unknown,"
            f" {self.refused} refused, longest gap {self.longest_gap:.1f} s"
        )


def whole_rows(text: str) -> list[Row]:
    """Return the rows of a client's log, without one that is being written."""
    return [row.split() for row in text[: text.rfind("\n") + 1].splitlines()]


def acknowledged(rows: Sequence[Row]) -> list[str]:
    """Return the numbers of the writes that were acknowledged, in their order."""
    return [number for _, number, outcome in rows if outcome == "acked"]


def numbers_found(text: str) -> set[str]:
    """Return the numbers that a reader has found with the value that was written."""
    return {number for number, value in whole_rows(text) if value == number}


def tally_of(rows: Sequence[Row], found: Sequence[Collection[str]]) -> Tally:
    """Return what came of *rows*, where each of *found* must hold all that was acknowledged."""
    times = [float(at) for at, _, outcome in rows if outcome == "acked"]
    numbers = set(acknowledged(rows))
    missing = set().union(*(numbers.difference(there) for there in found))
    return Tally(
        acknowledged=len(numbers),
        unknown=sum(outcome == "unknown" for _, _, outcome in rows),
        refused=sum(outcome == "refused" for _, _, outcome in rows),
        lost=len(missing),
        longest_gap=max((after - before for before, after in pairwise(times)), default=0.0),
        seconds=times[-1] - times[0] if times else 0.0,
    )
