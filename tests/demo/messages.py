"""What a Kafka cluster is for: a replicated topic, a message in, and the same message out through a consumer group."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

from tests.server.clients import LIMIT_MS, PATIENT, Security
from tests.server.hosts import resolving
from tests.server.kafka import NAMES

TOPIC = "greetings"
MESSAGE = b"hello from kafka-0"
_GROUP = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was seen on the way."""

    controller_id: int
    """The broker that led the cluster."""


def exchange(
    bootstrap_servers: Sequence[str], say: Callable[[str], None], security: Security | None = None
) -> Exchange:
    """Create a topic, produce and consume one message; *say* tells each step. RuntimeError where it does not arrive."""
    options = {"bootstrap_servers": list(bootstrap_servers), **PATIENT, **(security or {})}
    with resolving(NAMES):
        admin = KafkaAdminClient(**options)
        try:
            admin.create_topics([NewTopic(TOPIC, num_partitions=3, replication_factor=3)])
            say(f"created the topic {TOPIC}: 3 partitions, 3 replicas each")
            _produce(options)
            say("produced a message, acknowledged by all replicas in sync")
            _consume(options)
            say(f"consumed it as a member of the group {_GROUP}")
            partitions = admin.describe_topics(["__consumer_offsets"])[0]["partitions"]
            replicas = {len(partition["replica_nodes"]) for partition in partitions}
            say(f"__consumer_offsets has {'/'.join(map(str, sorted(replicas)))} replicas")
            if replicas != {3}:
                raise RuntimeError(f"__consumer_offsets has {replicas} replicas, not 3")
            return Exchange(controller_id=int(admin.describe_cluster()["controller_id"]))
        finally:
            admin.close()


def _produce(options: Mapping[str, object]) -> None:
    producer = KafkaProducer(acks="all", max_block_ms=LIMIT_MS, **options)
    try:
        producer.send(TOPIC, MESSAGE).get(timeout=LIMIT_MS / 1000)
    finally:
        producer.close()


def _consume(options: Mapping[str, object]) -> None:
    consumer = KafkaConsumer(
        TOPIC,
        group_id=_GROUP,
        auto_offset_reset="earliest",
        consumer_timeout_ms=LIMIT_MS,
        **options,
    )
    try:
        for record in consumer:
            if record.value == MESSAGE:
                consumer.commit()
                return
        raise RuntimeError(f"the message did not come back within {LIMIT_MS / 1000:g} s")
    finally:
        consumer.close()
