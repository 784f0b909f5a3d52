"""The compose file, brought up as its page says, by podman-compose in docker's place."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic
from kazoo.client import KazooClient

from tests.image.base import locked
from tests.image.engine import Engine, own_name
from tests.image.images import COMPOSE, ROOT, image_of
from tests.image.shim import SHIM
from tests.pages import Block, block
from tests.server.clients import LIMIT_MS, PATIENT, pass_a_message, read_message, send_message
from tests.server.distributions import Product, find
from tests.server.processes import wait_until

READY_LIMIT = 300.0
MESSAGE_LIMIT = 300.0
NATIVE_CODECS = {"snappy": 2, "zstd": 4}
"""Those whose libraries are unpacked and loaded, by the number that a batch's attributes have for each."""

ATTRIBUTES = 22
"""Where in a batch the byte is that tells the codec: behind offset, length, epoch, magic, checksum and a zero."""

STOP_LIMIT = 5
"""Seconds that podman-compose gives each container: it stops them all at once, ZooKeeper under the brokers' feet."""


class Project:
    """The services of the compose file, under a name of their own."""

    def __init__(self, engine: Engine, environ: Mapping[str, str], profile: Sequence[str]) -> None:
        """Take what the compose file's variables shall be; `type` makes the services."""
        self._engine = engine
        self.name = own_name()
        program = Path(sys.executable).with_name("podman-compose")
        path = f"{SHIM}:{program.parent}:{os.environ['PATH']}"
        self._environ = {**os.environ, "PATH": path, "COMPOSE_PROJECT_NAME": self.name, **environ}
        self._line: list[str | Path] = [program, "--file", COMPOSE, *profile]

    def type(self, shown: Block) -> None:
        """Do what a page says, in the root of the tree: make and start what is not there."""
        line = ["bash", "-euc", shown.commands]
        done = subprocess.run(line, cwd=ROOT, env=self._environ, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def down(self) -> None:
        """Stop and remove the containers; the volumes stay."""
        self._run("down", "--timeout", str(STOP_LIMIT))

    def remove(self) -> None:
        """Remove everything at once."""
        self._run("down", "--volumes", "--timeout", "0")

    def answer(self, service: str, *command: str) -> str:
        """Return what a command prints in a service's container, nothing where it fails."""
        return self._engine.exec(self.container(service), *command).stdout.strip()

    def container(self, service: str) -> str:
        """Return the name of a service's container."""
        return f"{self.name}_{service}_1"

    def wait_for(self, probe: str, wanted: Mapping[str, str]) -> None:
        """Return once *probe* prints in each service what is *wanted* of it."""
        wait_until(
            lambda: {service: self.answer(service, probe) for service in wanted} == wanted, probe, timeout=READY_LIMIT
        )

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self._line, *words], env=self._environ, check=False, capture_output=True, text=True)


@contextmanager
def project(engine: Engine, environ: Mapping[str, str], shown: Block, profile: str = "") -> Iterator[Project]:
    """Have the services run that a page has started, for as long as the context lasts."""
    if not engine.is_podman:
        pytest.skip("no podman: podman-compose runs nothing else")
    made = Project(engine, environ, ["--profile", profile] if profile else [])
    # Its ports are fixed.
    with locked("compose"):
        try:
            made.type(shown)
            yield made
        finally:
            made.remove()


def wait_for_all(made: Project) -> None:
    """Return once all six serve."""
    made.wait_for("kafkaReady", {f"kafka-{n}": f"broker {n + 1} of 3" for n in range(3)})
    wait_until(
        lambda: sorted(made.answer(f"zk-{n}", "zkReady") for n in range(3)) == ["follower", "follower", "leader"],
        "three servers",
        timeout=READY_LIMIT,
    )


def send_to_compressed(brokers: list[str], codec: str) -> str:
    """Send a message, as it is, to a new topic that is to be held in *codec*, and return the topic's name."""
    admin = KafkaAdminClient(bootstrap_servers=brokers, **PATIENT)
    try:
        admin.create_topics(
            [NewTopic(codec, num_partitions=1, replication_factor=3, topic_configs={"compression.type": codec})]
        )
    finally:
        admin.close()
    producer = KafkaProducer(
        bootstrap_servers=brokers, acks="all", delivery_timeout_ms=LIMIT_MS, max_block_ms=LIMIT_MS, **PATIENT
    )
    try:
        producer.send(codec, b"x" * 1000).get(timeout=MESSAGE_LIMIT)
    finally:
        producer.close()
    return codec


def codec_of(made: Project, topic: str) -> int:
    """Return the number of the codec in which the first broker holds the only batch of *topic*."""
    segment = f"/var/lib/kafka/data/{topic}-0/{0:020}.log"
    script = f"print(open({segment!r}, 'rb').read({ATTRIBUTES + 1})[-1])"
    return int(made.answer("kafka-0", "python3", "-c", script)) & 7


@contextmanager
def client_at(port: int) -> Iterator[KazooClient]:
    """Have a client of the ZooKeeper server at a port of this machine."""
    client = KazooClient(hosts=f"localhost:{port}")
    client.start(timeout=MESSAGE_LIMIT)
    try:
        yield client
    finally:
        client.stop()
        client.close()


def test_three_zookeepers_and_three_brokers(engine: Engine) -> None:
    """They find each other by their pods' names, and a client of this machine reaches them by its ports.

    A broker compresses by itself, for which it must execute what it has unpacked into /tmp; and what was written before
    `down` is there after `up`.
    """
    environ = {
        "ZOOKEEPER_IMAGE": image_of(engine, find(Product.ZOOKEEPER, "3.9")),
        "KAFKA_IMAGE": image_of(engine, find(Product.KAFKA, "3.9")),
    }
    brokers = [f"localhost:{port}" for port in (19092, 19093, 19094)]
    started = block("compose")
    with project(engine, environ, started) as made:
        wait_for_all(made)
        topic = send_message(brokers, "kept", replicas=3)
        assert read_message(brokers, topic) == "kept"
        for codec, number in NATIVE_CODECS.items():
            assert codec_of(made, send_to_compressed(brokers, codec)) == number
        with client_at(21810) as client:
            client.create("/kept", b"kept")

        made.down()
        assert made.answer("zk-0", "zkOk") == ""
        made.type(started)
        wait_for_all(made)
        assert read_message(brokers, topic) == "kept"
        for port in (21810, 21811, 21812):
            with client_at(port) as client:
                assert client.get("/kept")[0] == b"kept"


@pytest.mark.matrix
def test_three_nodes_without_zookeeper(engine: Engine) -> None:
    """The profile `kraft`, under a cluster id that is made on the way."""
    environ = {"KRAFT_IMAGE": image_of(engine, find(Product.KAFKA, "4.4"))}
    with project(engine, environ, block("compose without zookeeper"), profile="kraft") as made:
        made.wait_for("kafkaReady", {f"kraft-{n}": f"broker {n + 1} of 3" for n in range(3)})
        pass_a_message([f"localhost:{port}" for port in (29092, 29093, 29094)], replicas=3)
