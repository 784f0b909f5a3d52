"""The front page, followed on a fresh Debian by an ordinary user."""

from collections.abc import Iterator

import pytest

from tests.fresh.machine import Machine, fresh_machine
from tests.image.engine import Engine
from tests.pages import Block, block

LIMIT = 1500.0
"""Seconds for what one block fetches and starts, on a busy machine with a slow line."""

NEWEST_JAVA = Block(
    page="",
    name="newest java",
    language="console",
    text='$ sudo apt-get install --yes openjdk-25-jre-headless >/dev/null\n$ java -version\nopenjdk version "25.…\n…\n',
)
"""Debian's `java` is the newest that is installed."""


@pytest.fixture(scope="module")
def machine(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Machine]:
    """A release of Debian, with what the page tells to install."""
    with fresh_machine(engine, request.param) as made:
        made.type(block("install"), timeout=LIMIT)
        yield made


@pytest.mark.parametrize("machine", ["bookworm", "trixie"], indirect=True)
def test_a_server_on_a_laptop(machine: Machine) -> None:
    """In the user's own folders: configured, started, probed, stopped; then a mistake, told by its variable's name."""
    machine.type(block("laptop install"), block("laptop"), block("mistake"), timeout=LIMIT)

    assert machine.run("~/zkboot/bin/zkOk 2>/dev/null; echo $?", timeout=LIMIT) == "69\n"


@pytest.mark.parametrize("machine", [pytest.param("bookworm", marks=pytest.mark.matrix), "trixie"], indirect=True)
def test_the_demo(machine: Machine) -> None:
    """Three ZooKeeper servers and three brokers, on the Java that this Debian has by default."""
    machine.type(block("demo"), timeout=LIMIT)


@pytest.mark.matrix
@pytest.mark.parametrize("machine", ["bookworm", "trixie"], indirect=True)
def test_the_demo_without_zookeeper(machine: Machine) -> None:
    """Three nodes of the newest Kafka."""
    machine.type(block("demo without zookeeper"), timeout=LIMIT)


@pytest.mark.matrix
@pytest.mark.parametrize("machine", ["trixie"], indirect=True)
def test_the_demos_on_the_newest_java(machine: Machine) -> None:
    """Java 25, of which Debian 13 has no more than the JRE; it stays the default of this machine."""
    machine.type(NEWEST_JAVA, block("demo"), block("demo without zookeeper"), timeout=2 * LIMIT)
