"""Command lines: the one that runs a server, or a tool of its distribution, in a JVM of modest size."""

from collections.abc import Sequence
from pathlib import Path

from tests.server.cache import class_path
from tests.server.distributions import Distribution, Product
from tests.server.toolchain import java

FAST_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData")
"""For short lives on two cores: no parallel collector, only the quick compiler, no file per JVM in /tmp."""

HEAP = {Product.ZOOKEEPER: "-Xmx192m", Product.KAFKA: "-Xmx384m"}
"""Enough for a server with test data, little enough for six."""

_MAIN_CLASS = {
    Product.ZOOKEEPER: "org.apache.zookeeper.server.quorum.QuorumPeerMain",
    Product.KAFKA: "kafka.Kafka",
}


def server_command(
    distribution: Distribution, configuration: Path, *, flags: Sequence[str] = (), folders: Sequence[Path] = ()
) -> list[str]:
    """Return the command that runs the server in the foreground with *configuration* (zoo.cfg, server.properties).

    *folders* go in front of the class path: the one that holds log4j.properties or logback.xml. *flags* come after our
    own, so theirs win.
    """
    return _java(distribution, _MAIN_CLASS[distribution.product], [str(configuration)], flags, folders)


def tool_command(
    distribution: Distribution,
    main_class: str,
    *arguments: str,
    flags: Sequence[str] = (),
    folders: Sequence[Path] = (),
) -> list[str]:
    """Return the command that runs another class of the distribution: a console tool."""
    return _java(distribution, main_class, arguments, flags, folders)


def _java(
    distribution: Distribution, main_class: str, arguments: Sequence[str], flags: Sequence[str], folders: Sequence[Path]
) -> list[str]:
    own = [*FAST_START, HEAP[distribution.product]]
    return [java(), *own, *flags, "-cp", class_path(distribution, *folders), main_class, *arguments]
