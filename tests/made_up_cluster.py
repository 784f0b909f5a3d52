"""A cluster of Kafka that is made up, of any size, and what a broker of it answers to Metadata."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

VERSION = 4
"""Of Metadata, the one that the probes choose of every broker since 0.11."""

UNKNOWN = 3
"""Error of a topic that does not exist."""

NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition, by the ids of brokers."""

    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    leader: int


Topics = Mapping[str, Sequence[Partition]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Brokers and topics."""

    brokers: Sequence[int]
    topics: Topics
    hidden: frozenset[str] = field(default=frozenset())
    """Topics that nobody is shown."""

    def reply(self, request: bytes) -> bytes:
        """Return the payload of the answer to the payload of a request for Metadata."""
        rows = [_unknown(name) if name not in self.topics or name in self.hidden else _topic(name, self.topics[name])
                for name in self._wanted(request)]  # fmt: skip
        brokers = [struct.pack(">i", broker) + _text(f"kafka-{broker}") + struct.pack(">ih", 9092, NONE)
                   for broker in self.brokers]  # fmt: skip
        head = request[4:8] + struct.pack(">ii", 0, len(brokers))
        cluster = _text("MkU3OEVBNTcwNTJENDM2Qg") + struct.pack(">i", min(self.brokers, default=NONE))
        return b"".join((head, *brokers, cluster, struct.pack(">i", len(rows)), *rows))

    def topics_of(self, broker: int) -> set[str]:
        """Return the topics of which *broker* has a partition."""
        return {name for name, rows in self.topics.items() if any(broker in row.replicas for row in rows)}

    def _wanted(self, request: bytes) -> Iterable[str]:
        """Return the names of the topics that *request* asks for."""
        at = 10 + int.from_bytes(request[8:10], "big")
        (count,) = struct.unpack_from(">i", request, at)
        at += 4
        if count == NONE:
            return sorted(self.topics.keys() - self.hidden)
        names = []
        for _ in range(count):
            length = int.from_bytes(request[at : at + 2], "big")
            names.append(request[at + 2 : at + 2 + length].decode("utf-8", "replace"))
            at += 2 + length
        return names


def make_up(partitions: int, *, a_topic: int = 10, brokers: int = 100, replicas: int = 3) -> Cluster:
    """Return a healthy cluster of so many *partitions*, *a_topic* each, spread over its *brokers* by chance."""
    chance = Random(partitions)
    ids = range(1, brokers + 1)

    def partition() -> Partition:
        chosen = tuple(chance.sample(ids, replicas))
        return Partition(replicas=chosen, isr=chosen, leader=chosen[0])

    topics = {
        f"team-{number:06}.events": [partition() for _ in range(a_topic)] for number in range(partitions // a_topic)
    }
    return Cluster(brokers=ids, topics=topics)


def _topic(name: str, rows: Sequence[Partition]) -> bytes:
    entries = [struct.pack(">hii", 0, index, row.leader) + _ids(row.replicas) + _ids(row.isr)
               for index, row in enumerate(rows)]  # fmt: skip
    return struct.pack(">h", 0) + _text(name) + b"\0" + struct.pack(">i", len(entries)) + b"".join(entries)


def _unknown(name: str) -> bytes:
    return struct.pack(">h", UNKNOWN) + _text(name) + b"\0" + struct.pack(">i", 0)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _ids(ids: Sequence[int]) -> bytes:
    return struct.pack(f">{1 + len(ids)}i", len(ids), *ids)
