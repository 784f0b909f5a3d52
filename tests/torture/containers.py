"""Three servers in containers, one of them cut off again and again under a client that counts what was acknowledged."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.image.engine import engine, missing_tools
from tests.image.images import image_of
from tests.image.load import writing
from tests.image.network import cut_off
from tests.image.reaper import reaping
from tests.image.trio import KRAFT, Kind, Trio, lab
from tests.image.trio import ZOOKEEPER as ZOOKEEPERS
from tests.server.distributions import Product, find
from tests.torture.campaign import Campaign, CannotRunError, Run

READY_LIMIT = 300.0
PARTITION = 5.0
"""Seconds for which a partition lasts, and seconds between two, as Jepsen's tests of ZooKeeper have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a campaign is about."""

    product: Product
    line: str
    kind: Kind

    @contextmanager
    def running(self) -> Iterator[Trio]:
        """Have three ready servers."""
        if lines := missing_tools():
            raise CannotRunError(f"no containers: {'; '.join(lines)}")
        with reaping(), lab(engine()) as made:
            trio = made.run(self.kind, image_of(engine(), find(self.product, self.line)))
            trio.start()
            trio.wait_until_ready(READY_LIMIT)
            yield trio


ZOOKEEPER = Subject(product=Product.ZOOKEEPER, line="3.9", kind=ZOOKEEPERS)
KAFKA = Subject(product=Product.KAFKA, line="4.4", kind=KRAFT)


def part(trio: Trio, count: int, chance: random.Random) -> None:
    """Cut one server off from the others, 5 s on and 5 s off, *count* times; each must be alive all the while."""
    for _ in range(count):
        alone = chance.choice(trio.servers)
        cut_off(alone.pid, [one.address for one in trio.others(alone)])
        time.sleep(PARTITION)
        if dead := [one.name for one in trio.servers if not one.is_alive()]:
            raise AssertionError(f"{dead}: a cut is no reason for liveness to say no")
        alone.heal()
        time.sleep(PARTITION)
    trio.wait_until_ready(READY_LIMIT)


def partitions(subject: Subject, count: int, chance: random.Random) -> str:
    """Part the servers *count* times under a client that counts, and return the campaign's line."""
    with subject.running() as trio, writing(trio) as client:
        part(trio, count, chance)
        tally = client.finish()
        ended = sum(one.restarts for one in trio.servers)
    if tally.lost:
        raise AssertionError(f"{tally}")
    return (
        f"partitions: {subject.product} {subject.line}, {count} of {PARTITION:g} s, {PARTITION:g} s apart: {tally};"
        f" {ended} ended themselves"
    )


def _partitioning(subject: Subject) -> Run:
    return lambda count, chance, _scratch: partitions(subject, count, chance)


CAMPAIGNS = (
    Campaign(name="partitions-zookeeper", short=0, long=12, run=_partitioning(ZOOKEEPER)),
    Campaign(name="partitions-kafka", short=0, long=12, run=_partitioning(KAFKA)),
)
