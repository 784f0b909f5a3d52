"""A producer that counts: what was acknowledged, how long nothing was, and what is there in the end."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from tests.server.clients import LIMIT_MS, PATIENT, Security
from tests.server.hosts import resolving
from tests.server.kafka import NAMES
from tests.server.processes import wait_until

PARTITIONS = 6
ANSWER_LIMIT = 120.0
"""Seconds after which a message counts as not acknowledged."""

READ_LIMIT = 300.0
"""Seconds for reading everything."""

MOVE_LIMIT = 300.0
"""Seconds for moving the replicas of a small topic."""

_PAUSE = 0.005


@dataclass(slots=True, kw_only=True)
class Load:
    """A topic with three replicas, of which two must have a message before it is acknowledged, and its producer."""

    bootstrap_servers: list[str]
    topic: str
    security: Security = field(default_factory=Security)
    acknowledged: list[int] = field(default_factory=list)
    """Numbers of the messages that were."""
    refused: int = 0
    """Messages that were not acknowledged: nobody knows whether they are there."""
    longest_gap: float = 0.0
    """Seconds between two acknowledged messages."""

    def found(self) -> set[int]:
        """Return the numbers of all messages that are there now."""
        partitions = self._partitions()
        consumer = KafkaConsumer(
            bootstrap_servers=self.bootstrap_servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **PATIENT,
            **self.security,
        )
        try:
            consumer.assign(partitions)
            ends: Mapping[TopicPartition, int] = consumer.end_offsets(partitions)
            consumer.seek_to_beginning(*partitions)
            numbers: set[int] = set()
            deadline = time.monotonic() + READ_LIMIT
            while any(consumer.position(partition) < end for partition, end in ends.items()):
                assert time.monotonic() < deadline, f"{len(numbers)} messages in {READ_LIMIT:g} s"
                for records in consumer.poll(timeout_ms=200).values():
                    numbers |= {int(record.value) for record in records}
            return numbers
        finally:
            consumer.close()

    def move(self, broker_ids: Sequence[int]) -> None:
        """Return once the replicas are where they shall be: spread over *broker_ids*, three of each partition."""
        wanted = {
            partition: [broker_ids[(number + turn) % len(broker_ids)] for turn in range(3)]
            for number, partition in enumerate(self._partitions())
        }
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers, **PATIENT, **self.security)
        try:
            refused = {key: error for key, error in admin.alter_partition_reassignments(wanted).items() if error}
            assert not refused, refused
            wait_until(lambda: not admin.list_partition_reassignments(), "the replicas are moved", timeout=MOVE_LIMIT)
        finally:
            admin.close()

    def _partitions(self) -> list[TopicPartition]:
        return [TopicPartition(self.topic, number) for number in range(PARTITIONS)]


@contextmanager
def writing(bootstrap_servers: Sequence[str], security: Security | None = None) -> Iterator[Load]:
    """Write to a new topic, a message to each partition after the other, while the context lasts."""
    topic = f"load-{uuid4().hex[:8]}"
    load = Load(bootstrap_servers=list(bootstrap_servers), topic=topic, security=security or {})
    with resolving(NAMES):
        _make_topic(load)
        stop = threading.Event()
        writer = threading.Thread(target=_write, args=(load, stop))
        writer.start()
        try:
            yield load
        finally:
            stop.set()
            writer.join()


def _make_topic(load: Load) -> None:
    new = NewTopic(
        load.topic, num_partitions=PARTITIONS, replication_factor=3, topic_configs={"min.insync.replicas": "2"}
    )
    admin = KafkaAdminClient(bootstrap_servers=load.bootstrap_servers, **PATIENT, **load.security)
    try:
        admin.create_topics([new])
    finally:
        admin.close()


def _write(load: Load, stop: threading.Event) -> None:
    producer = KafkaProducer(
        bootstrap_servers=load.bootstrap_servers,
        acks="all",
        linger_ms=0,
        max_block_ms=LIMIT_MS,
        **PATIENT,
        **load.security,
    )
    number, last = 0, 0.0
    try:
        while not stop.is_set():
            sent = {
                number + partition: producer.send(load.topic, str(number + partition).encode(), partition=partition)
                for partition in range(PARTITIONS)
            }
            for own, answer in sent.items():
                try:
                    answer.get(ANSWER_LIMIT)
                except KafkaError:
                    load.refused += 1
                    continue
                now = time.monotonic()
                load.longest_gap = max(load.longest_gap, now - last if last else 0.0)
                load.acknowledged.append(own)
                last = now
            number += PARTITIONS
            time.sleep(_PAUSE)
    finally:
        producer.close()
