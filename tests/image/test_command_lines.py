"""The original manifests' command lines, and our images' own on a read-only root: a real server answers each time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.alone import (
    KAFKAS_VARIABLES,
    OWN_USER,
    RANDOM_USER,
    ZOOKEEPERS_VARIABLES,
    Root,
    alone,
    until_it_answers,
)
from tests.image.engine import Engine
from tests.image.images import image_of
from tests.server.distributions import Product, find

ZOOKEEPERS_LINE = "zkGenConfig.sh && zkServer.sh start-foreground"
KAFKAS_LINE = (
    "/opt/kafka/bin/kafkaGenConfig.sh && /opt/kafka/bin/kafka-server-start.sh /opt/kafka/config/server.properties"
)
"""The original manifests' commands, letter by letter."""


@pytest.fixture(scope="module")
def zookeeper(engine: Engine) -> str:
    """The image of ZooKeeper."""
    return image_of(engine, find(Product.ZOOKEEPER, "3.9"))


@pytest.fixture(scope="module")
def kafka(engine: Engine) -> str:
    """The image of Kafka."""
    return image_of(engine, find(Product.KAFKA, "3.9"))


def assert_served_by_zookeeper(engine: Engine, name: str) -> None:
    """A server answers, and so do the original's probe and its metrics."""
    assert until_it_answers(engine, name, "zkReady") == "standalone\n"
    assert engine.exec(name, "zkOk.sh").returncode == 0
    assert engine.exec(name, "zkMetrics.sh").stdout.startswith("zk_version\t")


def assert_is_bound(engine: Engine, name: str, root: Root) -> None:
    """The process is the user that it should be, and writes nothing but its scratch."""
    assert engine.exec(name, "id", "-u").stdout.strip() == root.user.partition(":")[0]
    assert bool(engine.exec(name, "touch", "/var/tmp/x").returncode) == bool(root.scratch)


class TestZooKeepersCommandLines:
    """One server without any volume, in a container without network."""

    @pytest.mark.parametrize(("shell", "user"), [("sh", OWN_USER), ("bash", OWN_USER), ("sh", RANDOM_USER)])
    def test_the_originals_own_line_runs_on_a_writable_root(
        self, engine: Engine, zookeeper: str, shell: str, user: str
    ) -> None:
        """For the user of the image and for a random uid of group 0; its probe and its metrics answer."""
        root = Root(user=user)
        line = (shell, "-c", ZOOKEEPERS_LINE)
        with alone(engine, zookeeper, root, "--network=none", *ZOOKEEPERS_VARIABLES, command=line) as name:
            assert_served_by_zookeeper(engine, name)
            assert_is_bound(engine, name, root)

    def test_a_random_user_needs_no_writable_root(self, engine: Engine, zookeeper: str, tmp_path: Path) -> None:
        """The image's own command, with the manifest's volumes."""
        root = Root.read_only(
            RANDOM_USER, tmp_path, "/var/lib/zookeeper", "/opt/zookeeper/conf", "/var/log/zookeeper", "/tmp"
        )
        with alone(engine, zookeeper, root, "--network=none", *ZOOKEEPERS_VARIABLES) as name:
            assert_served_by_zookeeper(engine, name)
            assert_is_bound(engine, name, root)


@pytest.fixture(scope="module")
def beside(engine: Engine, zookeeper: str) -> Iterator[tuple[str, ...]]:
    """What the engine is told for a broker that needs a ZooKeeper."""
    options = (*ZOOKEEPERS_VARIABLES, "--network=none")
    with alone(engine, zookeeper, Root(user=OWN_USER), *options) as name:
        until_it_answers(engine, name, "zkReady")
        yield (f"--network=container:{name}", *KAFKAS_VARIABLES)


class TestKafkasCommandLines:
    """One broker after the other, each with an id of its own, and a ZooKeeper in the same network namespace."""

    @pytest.mark.parametrize("case", [(0, "sh", OWN_USER), (1, "/bin/bash", OWN_USER), (2, "sh", RANDOM_USER)], ids=str)
    def test_the_originals_own_line_runs_on_a_writable_root(
        self, engine: Engine, kafka: str, beside: tuple[str, ...], case: tuple[int, str, str]
    ) -> None:
        """For the user of the image and for a random uid of group 0; the broker has the id of its ordinal."""
        ordinal, shell, user = case
        root = Root(user=user)
        line = (shell, "-c", KAFKAS_LINE)
        with alone(engine, kafka, root, *beside, f"--env=POD_NAME=kafka-{ordinal}", command=line) as name:
            until_it_answers(engine, name, "kafkaOk")
            assert_is_bound(engine, name, root)
            assert (
                f"\nbroker.id={ordinal + 1}\n" in engine.exec(name, "cat", "/opt/kafka/config/server.properties").stdout
            )

    def test_the_originals_line_on_a_read_only_root(
        self, engine: Engine, kafka: str, beside: tuple[str, ...], tmp_path: Path
    ) -> None:
        """KF_CONFIG_FILE says where there is room, and the line starts the broker from there."""
        root = Root.read_only("1000:0", tmp_path, "/etc/kafka", "/var/log/kafka", "/tmp")
        file = "/etc/kafka/server.properties"
        line = ("sh", "-c", KAFKAS_LINE.replace("/opt/kafka/config/server.properties", file))
        options = (*beside, "--env=POD_NAME=kafka-3", f"--env=KF_CONFIG_FILE={file}")
        with alone(engine, kafka, root, *options, command=line) as name:
            until_it_answers(engine, name, "kafkaOk")
            assert_is_bound(engine, name, root)
            assert "\nbroker.id=4\n" in engine.exec(name, "cat", file).stdout

    def test_a_random_user_needs_no_writable_root(
        self, engine: Engine, kafka: str, beside: tuple[str, ...], tmp_path: Path
    ) -> None:
        """The image's own command, with the manifest's volumes."""
        root = Root.read_only(RANDOM_USER, tmp_path, "/var/lib/kafka", "/etc/kafka", "/var/log/kafka", "/tmp")
        options = (
            *beside,
            "--env=POD_NAME=kafka-4",
            "--env=KF_CONFIG_FILE=/etc/kafka/server.properties",
            "--env=KF_DNS_WAIT=0",
            "--env=KAFKA_LOG_DIRS=/var/lib/kafka/data",
        )
        with alone(engine, kafka, root, *options) as name:
            until_it_answers(engine, name, "kafkaOk")
            assert_is_bound(engine, name, root)
