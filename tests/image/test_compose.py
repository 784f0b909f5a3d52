"""The compose file, brought up and down by podman-compose."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.image.base import locked
from tests.image.engine import Engine, own_name
from tests.image.images import ROOT, image_of
from tests.image.manifests import BY_THE_OPERATOR
from tests.server.clients import pass_a_message
from tests.server.distributions import Product, find
from tests.server.processes import wait_until

COMPOSE = ROOT / "docker" / "compose.yaml"
READY_LIMIT = 300.0
STOP_LIMIT = 5
"""Seconds that podman-compose gives each container: it stops them all at once, ZooKeeper under the brokers' feet."""


@contextmanager
def up(engine: Engine, environ: dict[str, str], *options: str) -> Iterator[str]:
    """Have the services of the compose file run; the value is what their containers' names begin with."""
    if not engine.is_podman:
        pytest.skip("no podman: podman-compose runs nothing else")
    project = own_name()
    program = Path(sys.executable).with_name("podman-compose")
    line: list[str | Path] = [program, "--project-name", project, "--file", COMPOSE]
    whole = os.environ | environ
    # Its ports are fixed.
    with locked("compose"):
        try:
            done = subprocess.run(
                [*line, *options[:2], "up", "--detach", *options[2:]],
                env=whole,
                check=False,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            yield project
        finally:
            subprocess.run(
                [*line, *options[:2], "down", "--volumes", "--timeout", str(STOP_LIMIT)],
                env=whole,
                check=False,
                capture_output=True,
            )


def answers(engine: Engine, project: str, name: str, *command: str) -> str:
    """Return what a command prints in a service's container, nothing where it fails."""
    return engine.exec(f"{project}_{name}_1", *command).stdout.strip()


def test_three_zookeepers_and_three_brokers(engine: Engine) -> None:
    """They find each other by their pods' names, and a client of this machine reaches them by its ports."""
    environ = {
        "ZOOKEEPER_IMAGE": image_of(engine, find(Product.ZOOKEEPER, "3.9")),
        "KAFKA_IMAGE": image_of(engine, find(Product.KAFKA, "3.9")),
    }
    with up(engine, environ) as project:
        wait_until(
            lambda: (
                [answers(engine, project, f"kafka-{n}", "kafkaReady") for n in range(3)]
                == [f"broker {n + 1} of 3" for n in range(3)]
            ),
            "three brokers",
            timeout=READY_LIMIT,
        )
        wait_until(
            lambda: (
                sorted(answers(engine, project, f"zk-{n}", "zkReady") for n in range(3))
                == ["follower", "follower", "leader"]
            ),
            "three servers",
            timeout=READY_LIMIT,
        )
        pass_a_message([f"localhost:{port}" for port in (19092, 19093, 19094)], replicas=3)


@pytest.mark.matrix
def test_three_nodes_without_zookeeper(engine: Engine) -> None:
    """The profile `kraft`."""
    environ = {
        "KRAFT_IMAGE": image_of(engine, find(Product.KAFKA, "4.4")),
        "CLUSTER_ID": BY_THE_OPERATOR["kafka-cluster"]["id"],
    }
    nodes = [f"kraft-{n}" for n in range(3)]
    with up(engine, environ, "--profile", "kraft", *nodes) as project:
        wait_until(
            lambda: all(answers(engine, project, node, "kafkaReady").endswith("of 3") for node in nodes),
            "three nodes",
            timeout=READY_LIMIT,
        )
        pass_a_message([f"localhost:{port}" for port in (29092, 29093, 29094)], replicas=3)
