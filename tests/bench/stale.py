"""What a stale answer of the DNS costs Kafka, and that the images' own setting cures it.

A JVM keeps the address of a name for 30 s unless it is told otherwise, and a restarted pod has another address. Brokers
are restarted one after the other, as fast as the cluster is whole again, under a client that writes with acks=all.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.image.engine import Engine
from tests.image.images import image_of
from tests.image.load import writing
from tests.image.trio import KAFKA, KRAFT, ZOOKEEPER, Server, Trio, lab
from tests.server.distributions import Product, find

RESTARTS = 4
"""At most, of each cluster: each takes up to a minute."""

_READY_LIMIT = 240.0
_PERIOD = 0.2
_PAUSE = 2.0
"""Seconds for which a whole cluster is left alone before the next restart."""

_KEPT = "networkaddress.cache.ttl=30\nnetworkaddress.cache.negative.ttl=10\n"
"""A JVM's own defaults, said in so many words."""

_CLAIM = "/var/lib/kafka"
_FILE = "kept.security"


def measure(engine: Engine, restarts: int) -> None:
    """Print for each kind of cluster how long restarts take under the JVM's default and under the images' setting."""
    count = min(restarts, RESTARTS)
    print(
        f"{count} restarts by SIGTERM in turn, a new IP each, seconds (target: none; the second of a pair is ours):\n"
    )
    for line, is_kraft in (("3.9", False), ("4.4", True)):
        for is_kept in (True, False):
            told = "the JVM's default, 30 s" if is_kept else "our image's, 1 s"
            mode = "without ZooKeeper" if is_kraft else "with ZooKeeper"
            print(f"Kafka {line} {mode}, answers of the DNS kept as is {told}:", flush=True)
            with _running(engine, line, is_kraft=is_kraft, is_kept=is_kept) as trio:
                _roll(trio, count)


@contextmanager
def _running(engine: Engine, line: str, *, is_kraft: bool, is_kept: bool) -> Iterator[Trio]:
    """Have three ready brokers."""
    image = image_of(engine, find(Product.KAFKA, line))
    kind = KRAFT if is_kraft else KAFKA
    with lab(engine) as made:
        if not is_kraft:
            made.run(ZOOKEEPER, image_of(engine, find(Product.ZOOKEEPER, "3.9"))).start()
        if is_kept:
            kind = kind.saying(KAFKA_OPTS=f"-Djava.security.properties={_CLAIM}/{_FILE}")
        trio = made.run(kind, image)
        for server in trio.servers if is_kept else ():
            server.volume.mkdir(parents=True)
            (server.volume / _FILE).write_text(_KEPT, encoding="ascii")
        trio.start()
        trio.wait_until_ready(_READY_LIMIT)
        yield trio


def _roll(trio: Trio, count: int) -> None:
    own, whole = [], []
    with writing(trio) as client:
        for number in range(count):
            server = trio.servers[-1 - number % len(trio.servers)]
            server.stop()
            started = time.monotonic()
            server.start()
            own.append(_seconds_until_in_sync([server], started))
            whole.append(_seconds_until_in_sync(trio.servers, started))
            time.sleep(_PAUSE)
        tally = client.finish()
    print(f"- restarted broker in sync: {' '.join(f'{value:.1f}' for value in own)}; at most {max(own):.1f}")
    print(f"- all three in sync: {' '.join(f'{value:.1f}' for value in whole)}; at most {max(whole):.1f}")
    print(f"- {tally}\n", flush=True)


def _seconds_until_in_sync(wanted: list[Server], started: float) -> float:
    """Return when all of *wanted* say that they are in sync, from *started*."""
    while not all(server.is_ready() for server in wanted):
        if time.monotonic() - started > _READY_LIMIT:
            raise TimeoutError(f"not in sync after {_READY_LIMIT:g} s\n{wanted[0].report()}")
        time.sleep(_PERIOD)
    return time.monotonic() - started
