"""The front page, followed on a fresh Debian by an ordinary user."""

import re
from collections.abc import Iterator

import pytest

from tests.fresh.machine import Machine, fresh_machine
from tests.image.base import BASE, base_name
from tests.image.engine import Engine
from tests.image.images import releases
from tests.pages import Block, block
from tests.server.distributions import Product

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
    """Three ZooKeeper servers and three brokers, on the Java that this Debian has by default; then by TLS alone."""
    machine.fetch("servers-demo", timeout=LIMIT)
    machine.type(block("demo"), block("demo secured"), timeout=LIMIT)


@pytest.mark.matrix
@pytest.mark.parametrize("machine", ["bookworm", "trixie"], indirect=True)
def test_the_demo_without_zookeeper(machine: Machine) -> None:
    """Three nodes of the newest Kafka."""
    machine.fetch("servers-demo-kraft", timeout=LIMIT)
    machine.type(block("demo without zookeeper"), timeout=LIMIT)


@pytest.mark.matrix
@pytest.mark.parametrize("machine", ["trixie"], indirect=True)
def test_what_the_images_pin_on_the_java_that_they_have(machine: Machine) -> None:
    """The tests of real servers with the very versions; the images are this Debian with its default JRE."""
    assert base_name(machine.suite) == BASE
    pinned = [f"{release.product}-{release.version}" for product in Product for release in releases(product)]
    for name in pinned:
        machine.fetch(f"servers-{name}", timeout=LIMIT)
    tests = f'.venv/bin/python -m pytest -q -m server tests/server -k "{" or ".join(pinned)}"'
    printed = machine.run(f"JAVA_HOME=/usr/lib/jvm/default-java {tests} 2>&1", timeout=2 * LIMIT)

    assert re.fullmatch(r"\d+ passed, \d+ deselected in .*", printed.splitlines()[-1]), printed[-3000:]


@pytest.mark.matrix
@pytest.mark.parametrize("machine", ["trixie"], indirect=True)
def test_the_demos_on_the_newest_java(machine: Machine) -> None:
    """Java 25, which Debian 13 has beside its default; it is this machine's default from then on."""
    for target in ("servers-demo", "servers-demo-kraft"):
        machine.fetch(target, timeout=LIMIT)
    machine.type(NEWEST_JAVA, block("demo"), block("demo without zookeeper"), timeout=2 * LIMIT)
