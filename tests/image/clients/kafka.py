"""`kafka.py write|read BROKERS`: runs beside the brokers, with the kafka-python of the tests.

`write` sends one message after the other, each to be had by two brokers at least, until /load/stop appears, and tells
of each in /load/log as the client of ZooKeeper does. `read` tells in /load/found what is there.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

# In front, where this script's own directory stands, is a file called kafka.py. A container gets the library as a
# folder, a pod as an archive.
sys.path[:1] = ["/libraries", "/libraries/kafka.zip"]

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

FOLDER = Path("/load")
TOPIC = FOLDER / "topic"
PARTITIONS = 6
PAUSE = 0.01
ANSWER_LIMIT = 30.0
PATIENCE = 300.0


Reply = TypeVar("Reply")


def until_served(ask: Callable[[], Reply]) -> Reply:
    """Ask again and again: a cluster that has just found its controller again refuses for a while."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except KafkaError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def make_topic(brokers: list[str], topic: str) -> None:
    """Make the topic: three replicas, of which two must have a message before it is acknowledged."""
    new = NewTopic(topic, num_partitions=PARTITIONS, replication_factor=3, topic_configs={"min.insync.replicas": "2"})
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    try:
        admin.create_topics([new])
    except TopicAlreadyExistsError:
        return
    finally:
        admin.close()


def write(brokers: list[str], topic: str) -> None:
    """Send until told to stop."""
    until_served(lambda: make_topic(brokers, topic))
    producer = until_served(lambda: KafkaProducer(bootstrap_servers=brokers, acks="all", retries=5, linger_ms=0))
    with (FOLDER / "log").open("w", buffering=1) as log:
        number = 0
        while not (FOLDER / "stop").exists():
            try:
                producer.send(topic, str(number).encode(), partition=number % PARTITIONS).get(ANSWER_LIMIT)
                outcome = "acked"
            except KafkaError:
                outcome = "unknown"
            log.write(f"{time.monotonic():.3f} {number} {outcome}\n")
            number += 1
            time.sleep(PAUSE)


def read(brokers: list[str], topic: str) -> None:
    """Tell of every message that is there, each partition up to the end that it has now."""
    consumer = KafkaConsumer(bootstrap_servers=brokers, auto_offset_reset="earliest", enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    consumer.seek_to_beginning(*partitions)
    with (FOLDER / "found").open("w") as found:
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(timeout_ms=1000).values():
                for record in records:
                    found.write(f"{record.value.decode()} {record.value.decode()}\n")


def main() -> None:
    """Do what the command line asks for."""
    what, hosts = sys.argv[1:]
    brokers, topic = hosts.split(","), (FOLDER / "name").read_text().strip()
    if what == "write":
        write(brokers, topic)
    else:
        until_served(lambda: read(brokers, topic))


if __name__ == "__main__":
    main()
