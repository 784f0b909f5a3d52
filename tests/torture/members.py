"""Members come and go under a client that counts: no way to do it may lose what was acknowledged."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.members import static
from tests.members.network import Network, why_not
from tests.server.cache import FetchError, fetch
from tests.server.distributions import Distribution, Product, find
from tests.server.toolchain import MissingToolError
from tests.torture.campaign import Campaign, CannotRunError

NEWEST = find(Product.ZOOKEEPER, "3.9")
DYNAMIC = (NEWEST, *(find(Product.ZOOKEEPER, line) for line in ("3.5", "3.8", "3.6", "3.7")))
"""Those that can reconfigure themselves, the newest first."""

EVERY = (*DYNAMIC, find(Product.ZOOKEEPER, "3.4.14"))


@contextmanager
def _network(scratch: Path, pods: int, distributions: tuple[Distribution, ...]) -> Iterator[Network]:
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
    faults = []
    with _network(scratch, static.PODS, EVERY[: 1 + count // len(static.SCENES)]) as network:
        for attempt in range(count):
            turn, number = divmod(attempt, len(static.SCENES))
            distribution = EVERY[turn % len(EVERY)]
            outcome = static.play(static.SCENES[number], network, scratch / f"trial-{attempt}", distribution)
            print(f"  {outcome.line}", flush=True)
            faults += [f"{distribution.version} {static.SCENES[number].name}: {fault}" for fault in outcome.faults]
    if faults:
        raise AssertionError("\n".join(faults))
    return f"members-static: {count} changed lists, 0 acknowledged writes lost, never two leaders"


CAMPAIGNS = (Campaign(name="members-static", short=2, long=2 * len(static.SCENES), run=members_static),)
