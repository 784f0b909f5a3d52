"""A full stop: all servers of a static list end, and all of the new list start, once with ZK_ALLOW_NEW_LIST.

As the README has it, at the smaller of the two sizes: downwards the pods that go are stopped first, and the others get
ready with the old list; then all stop, and those that have data start with the new one, late and each in its own time.
Joiners come last before 3.6, which lets empty servers vote; from then on they come first, which must not matter. Where
some members lag, as many as the ensemble can spare were down for a while before.
"""

import random
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from tests.members.network import Network
from tests.members.static import SETTLE, listing
from tests.members.trial import Outcome, told_gaps, trial
from tests.server.distributions import Distribution

JOIN_SINCE = (3, 6, 0)
"""The first version in which an empty server has no vote where it shall not have one."""

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
            if stop.new < stop.old:
                pods.delete(range(stop.new, stop.old))
                pods.create(lagging, listing(stop.old))
                pods.await_ready(kept, _READY_LIMIT)
            pods.delete(pod.ordinal for pod in pods.created)
            joiners = range(stop.old, stop.new)
            if distribution.release >= JOIN_SINCE:
                pods.create(joiners, spec)
            moments = sorted((chance.uniform(0.0, LATE), ordinal) for ordinal in kept)
            for (moment, ordinal), (before, _) in zip(moments, [(0.0, 0), *moments], strict=False):
                sleep(moment - before)
                pods.create([ordinal], spec)
            pods.await_ready(kept, _READY_LIMIT)
            pods.create([ordinal for ordinal in joiners if not pods.pods[ordinal].is_created], spec)
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
