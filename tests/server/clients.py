"""Kafka clients for every version: a topic with three replicas, a message in, the same message out.

kafka-python needs ApiVersions, so 0.10 or newer; 0.8 is used through its own console tools.
"""

import os
import subprocess
from ssl import SSLContext
from typing import TypedDict
from uuid import uuid4

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

from tests.server.commands import tool_command
from tests.server.hosts import resolving
from tests.server.kafka import NAMES, KafkaSet, jvm_flags

LIMIT = 300.0
"""Seconds for the whole way of a message, on a busy machine; no figure."""

LIMIT_MS = int(LIMIT * 1000)

PATIENT = {"bootstrap_timeout_ms": 120_000, "request_timeout_ms": 120_000}
"""What every client is given beside its servers."""


def produce_and_consume(cluster: KafkaSet, zookeeper_connect: str) -> None:
    """Send a message to a new topic with three replicas and read it back; AssertionError where it does not arrive."""
    if cluster.distribution.release >= (0, 10):
        pass_a_message(cluster.bootstrap_servers, replicas=3)
        return
    topic, message = f"topic-{uuid4().hex[:8]}", uuid4().hex
    assert _through_console_tools(cluster, zookeeper_connect, topic, message) == message


class Security(TypedDict, total=False):
    """How a client proves itself, as kafka-python names it."""

    security_protocol: str
    ssl_context: SSLContext
    sasl_mechanism: str
    sasl_plain_username: str
    sasl_plain_password: str


def pass_a_message(bootstrap_servers: list[str], replicas: int) -> None:
    """Send a message to a new topic with *replicas* and read it back; AssertionError where it does not arrive."""
    message = uuid4().hex
    topic = send_message(bootstrap_servers, message, replicas)
    assert read_message(bootstrap_servers, topic) == message


def send_message(bootstrap_servers: list[str], message: str, replicas: int, security: Security | None = None) -> str:
    """Send *message* to a new topic with *replicas*, acknowledged by all of them, and return the topic's name."""
    topic = f"topic-{uuid4().hex[:8]}"
    own = security or {}
    with resolving(NAMES):
        admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers, **PATIENT, **own)
        try:
            admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=replicas)])
        finally:
            admin.close()
        producer = KafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks="all",
            delivery_timeout_ms=LIMIT_MS,
            max_block_ms=LIMIT_MS,
            **PATIENT,
            **own,
        )
        try:
            producer.send(topic, message.encode()).get(timeout=LIMIT)
        finally:
            producer.close()
    return topic


def read_message(bootstrap_servers: list[str], topic: str, security: Security | None = None) -> str | None:
    """Return the first message of *topic*, None where none comes."""
    with resolving(NAMES):
        consumer = KafkaConsumer(
            topic,
            bootstrap_servers=bootstrap_servers,
            auto_offset_reset="earliest",
            consumer_timeout_ms=LIMIT_MS,
            **PATIENT,
            **(security or {}),
        )
        try:
            return next((str(record.value.decode()) for record in consumer), None)
        finally:
            consumer.close()


def _through_console_tools(cluster: KafkaSet, zookeeper_connect: str, topic: str, message: str) -> str:
    def tool(main_class: str, options: str, given: str = "") -> str:
        pod = cluster.pods[0]
        command = tool_command(cluster.distribution, main_class, *options.split(), flags=jvm_flags(pod))
        done = subprocess.run(
            command,
            input=given,
            stdout=subprocess.PIPE,
            text=True,
            timeout=LIMIT,
            check=True,
            env={"PATH": os.environ["PATH"]},
        )
        return done.stdout

    tool(
        "kafka.admin.TopicCommand",
        f"--create --zookeeper {zookeeper_connect} --topic {topic} --partitions 2 --replication-factor 3",
    )
    brokers = ",".join(cluster.bootstrap_servers)
    tool(
        "kafka.tools.ConsoleProducer",
        f"--broker-list {brokers} --topic {topic} --request-required-acks -1",
        f"{message}\n",
    )
    printed = tool(
        "kafka.tools.ConsoleConsumer",
        f"--zookeeper {zookeeper_connect} --topic {topic} --from-beginning --max-messages 1",
    )
    return next((line for line in printed.splitlines() if line == message), printed)
