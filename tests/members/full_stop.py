"""A full stop: all servers of a static list end, and all of the new list start, once with ZK_ALLOW_NEW_LIST.

The joiners are empty and come first, the old members late, each in its own time. Where some of them lag, as many as the
ensemble can spare were down for a while before, and come with the joiners: the worst that can be.
"""

import random
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from tests.members.network import Network
from tests.members.static import SETTLE, listing
from tests.members.trial import Outcome, told_gaps, trial
from tests.server.distributions import Distribution

LATE = 4.0
"""Seconds after the joiners in which the old members start."""

PODS = 5
_READY_LIMIT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One full stop."""

    old: int
    new: int
    lags: bool
    """Whether old members miss the last writes."""

    def __str__(self) -> str:
        """Return it in a few words."""
        return f"{self.old} to {self.new}{', some lag' if self.lags else ''}"


STOPS = (
    Stop(old=3, new=5, lags=False),
    Stop(old=5, new=3, lags=False),
    Stop(old=3, new=5, lags=True),
    Stop(old=5, new=3, lags=True),
)


def play(
    stop: Stop, network: Network, folder: Path, distribution: Distribution, chance: random.Random, *, rolls: bool
) -> Outcome:
    """Play one in an empty *folder*; where it *rolls*, the variable is taken out by a roll in the end."""
    kept = range(min(stop.old, stop.new))
    with trial(network, folder, distribution) as one:
        pods = one.pods
        pods.begin(list(reversed(range(stop.old))), listing(stop.old))
        one.write()
        lagging = chance.sample(kept, (stop.old - 1) // 2 if stop.lags else 0)
        if lagging:
            pods.delete(lagging, kill=True)
            one.await_writes(200)
        spec = listing(stop.new) | {"ZK_ALLOW_NEW_LIST": "true"}
        with one.measured("in all"):
            pods.delete(pod.ordinal for pod in pods.created)
            pods.create([*range(stop.old, stop.new), *lagging], spec)
            earliest = LATE - 1 if lagging else 0.0
            moments = sorted((chance.uniform(earliest, LATE), ordinal) for ordinal in kept if ordinal not in lagging)
            for (moment, ordinal), (before, _) in zip(moments, [(0.0, 0), *moments], strict=False):
                sleep(moment - before)
                pods.create([ordinal], spec)
            pods.await_ready(range(stop.new), _READY_LIMIT)
        sleep(SETTLE)
        faults = []
        if rolls:
            roll = pods.apply(stop.new, listing(stop.new))
            faults += [f"without ZK_ALLOW_NEW_LIST, {roll}"] if roll.is_refused else []
        audit, more = one.conclude()
    line = (
        f"{distribution.version} {stop}: {audit.acknowledged} acknowledged, {audit.lost_anywhere} lost;"
        f" {told_gaps(one.gaps)}"
    )
    return Outcome(line=line, faults=(*faults, *more), acknowledged=audit.acknowledged)
