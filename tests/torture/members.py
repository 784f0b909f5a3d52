"""Members come and go, and volumes get lost, under a client that counts: nothing acknowledged may go with them."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tests.members import dynamic, full_stop, static, volumes
from tests.members.network import Network, why_not
from tests.members.trial import Outcome, told_gaps
from tests.server.cache import FetchError, fetch
from tests.server.distributions import Distribution, Product, find
from tests.server.toolchain import MissingToolError
from tests.torture.campaign import Campaign, CannotRunError

DYNAMIC = tuple(find(Product.ZOOKEEPER, line) for line in ("3.9", "3.5", "3.8", "3.6", "3.7"))
"""Those that can reconfigure themselves, the newest first."""

EVERY = (*DYNAMIC, find(Product.ZOOKEEPER, "3.4.14"))


class _Tally:
    """What the trials of a campaign came to."""

    def __init__(self) -> None:
        self._faults: list[str] = []
        self._began = monotonic()
        self.acknowledged = 0

    def add(self, outcome: Outcome) -> None:
        """Print a trial's line, with the seconds since the one before, and keep its faults."""
        took, self._began = monotonic() - self._began, monotonic()
        print(f"  {outcome.line}{'; FAULTY' if outcome.faults else ''} ({took:.0f} s)", flush=True)
        self.acknowledged += outcome.acknowledged
        self._faults += [f"{outcome.line}: {fault}" for fault in outcome.faults]

    @contextmanager
    def trying(self, what: str) -> Iterator[None]:
        """Keep what goes wrong in a trial: the others still have something to say."""
        try:
            yield
        except (AssertionError, TimeoutError, RuntimeError) as error:
            self.add(Outcome(line=what, faults=(f"{type(error).__name__}: {error}",)))

    def check(self) -> None:
        """Raise AssertionError with every fault."""
        if self._faults:
            raise AssertionError("\n".join(self._faults))


@contextmanager
def _network(scratch: Path, pods: int, distributions: Sequence[Distribution]) -> Iterator[Network]:
    """Have a network for the trials of a campaign; CannotRunError where this machine cannot."""
    if reason := why_not():
        raise CannotRunError(reason)
    try:
        fetch(distributions)
    except (MissingToolError, FetchError) as error:
        raise CannotRunError(str(error)) from error
    with Network(scratch / "network", pods) as network:
        yield network


def members_static(count: int, _chance: random.Random, scratch: Path) -> str:
    """Play *count* scenes of changed static lists, on the newest server first, and return the campaign's line."""
    turns = [EVERY[attempt // len(static.SCENES) % len(EVERY)] for attempt in range(count)]
    tally = _Tally()
    with _network(scratch, static.PODS, turns) as network:
        for attempt, distribution in enumerate(turns):
            scene = static.SCENES[attempt % len(static.SCENES)]
            with tally.trying(f"{distribution.version} {scene.name}"):
                tally.add(static.play(scene, network, scratch / f"trial-{attempt}", distribution))
    tally.check()
    return f"members-static: {count} changed lists: 0 of {tally.acknowledged:,} acknowledged lost, never two leaders"


def members_full_stop(count: int, chance: random.Random, scratch: Path) -> str:
    """Stop everything and start it with another list, *count* times, and return the campaign's line."""
    kinds = len(full_stop.STOPS)
    turns = [EVERY[attempt // kinds % len(EVERY)] for attempt in range(count)]
    tally = _Tally()
    with _network(scratch, full_stop.PODS, turns) as network:
        for attempt, distribution in enumerate(turns):
            stop = full_stop.STOPS[attempt % kinds]
            folder = scratch / f"trial-{attempt}"
            with tally.trying(f"{distribution.version} {stop}"):
                tally.add(full_stop.play(stop, network, folder, distribution, chance, rolls=attempt > 1))
    tally.check()
    return f"members-full-stop: {count} full stops with another list: 0 of {tally.acknowledged:,} acknowledged lost"


def members_dynamic(count: int, chance: random.Random, scratch: Path) -> str:
    """Play *count* scenes with dynamic ensembles, each scene on every server, and return the campaign's line."""
    tally = _Tally()
    gaps: dict[str, float] = {}
    scenes = len(dynamic.SCENES)
    turns = [DYNAMIC[(attempt % scenes + attempt // scenes) % len(DYNAMIC)] for attempt in range(count)]
    with _network(scratch, dynamic.PODS, turns) as network:
        for attempt, turn in enumerate(turns):
            scene = dynamic.SCENES[attempt % scenes]
            distribution = turn if turn.release >= scene.since else DYNAMIC[0]
            with tally.trying(f"{distribution.version} {scene.name}"):
                outcome, its_gaps = dynamic.play(scene, network, scratch / f"trial-{attempt}", distribution, chance)
                tally.add(outcome)
                gaps = {kind: max(gaps.get(kind, 0.0), its_gaps.get(kind, 0.0)) for kind in {**gaps, **its_gaps}}
    tally.check()
    return (
        f"members-dynamic: {count} scenes: 0 of {tally.acknowledged:,} acknowledged lost, never two leaders;"
        f" {told_gaps(gaps)}"
    )


def members_volumes(count: int, _chance: random.Random, scratch: Path) -> str:
    """Lose volumes, whole and half, on the first *count* servers, and return the campaign's line."""
    tally, played = _Tally(), 0
    distributions = EVERY[:count]
    with _network(scratch, volumes.PODS, distributions) as network:
        for distribution in distributions:
            for number, play in enumerate(volumes.scenes(distribution)):
                with tally.trying(f"{distribution.version} scene {number}"):
                    for outcome in play(network, scratch / f"{distribution.version}-{number}"):
                        tally.add(outcome)
                        played += 1
    tally.check()
    return f"members-volumes: {played} lost or half volumes on {len(distributions)} servers: each as promised"


CAMPAIGNS = (
    Campaign(name="members-static", short=1, long=2 * len(static.SCENES), run=members_static),
    Campaign(name="members-full-stop", short=1, long=3 * len(full_stop.STOPS) * len(EVERY), run=members_full_stop),
    Campaign(name="members-dynamic", short=2, long=len(dynamic.SCENES) * len(DYNAMIC), run=members_dynamic),
    Campaign(name="members-volumes", short=1, long=len(EVERY), run=members_volumes),
)
