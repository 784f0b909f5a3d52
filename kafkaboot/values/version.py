"""Which Kafka will read the file: stated by KF_VERSION, or by the name of the installed broker's jar.

The jar is ``kafka_<scala>-<version>.jar`` in ``libs/`` of every release, ``kafka_2.10-0.8.2.1.jar`` to
``kafka_2.13-4.1.0.jar``; up to 1.x its sources, documentation and tests lie beside it.

Confluent Platform counts versions of its own, with the suffix ``-ccs`` or ``-ce``: ``kafka_2.13-7.5.0-ccs.jar``. Each
line of it is a line of Kafka (Confluent's documentation, "Supported Versions and Interoperability"): 5.n is 2.n, 6.n is
2.(6+n), 7.n is 3.n and 8.n is 4.n; the last number of the two has nothing in common. Its jars before 5.4 have Kafka's
own number, ``2.0.0-cp1``. Another vendor's suffix says nothing about Kafka's version.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}", re.ASCII)
_JAR = re.compile(r"kafka_[0-9.]+-(?P<version>.+)\.jar", re.ASCII)
_PLATFORM = re.compile(r"(?P<version>[0-9.]+)-(ccs|ce)", re.ASCII)
_OF_KAFKA = re.compile(r"(?P<version>[0-9.]+)-cp[0-9]+", re.ASCII)
_PLATFORM_LINES = {5: (2, 0), 6: (2, 6), 7: (3, 0), 8: (4, 0)}
"""First number of a version of Confluent Platform → the line of Kafka that its .0 is."""
_NEVER_KAFKAS = (5, 6, 7, 8)
"""First numbers that no Kafka has."""

_COMPANIONS = ("-sources", "-javadoc", "-scaladoc", "-test", "-tests", "-test-sources", "-site-docs")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version of Kafka; versions compare as their numbers do."""

    numbers: tuple[int, ...]
    """``(3, 9, 1)``, ``(0, 8, 2, 1)``; a release line, ``(3, 9)``, comes before all its releases."""
    platform: str = field(default="", compare=False)
    """The version of Confluent Platform that it is the Kafka of; empty for Apache's own."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the version that *text* states; raises ValueError with the reason, as "is not …".

        A version of Confluent Platform is that of its Kafka.
        """
        own = _OF_KAFKA.fullmatch(text)
        text = own["version"] if own else text
        marked = _PLATFORM.fullmatch(text)
        stated = marked["version"] if marked else text
        found = _VERSION.fullmatch(stated) and tuple(map(int, stated.split(".")))
        if found and (marked or found[0] in _NEVER_KAFKAS) and found[0] in _PLATFORM_LINES:
            major, minor = _PLATFORM_LINES[found[0]]
            return cls((major, minor + found[1]), platform=stated)
        if not _VERSION.fullmatch(text):
            raise ValueError("is not a version of Kafka, such as 3.9.1 or 0.8.2.1")
        version = cls(tuple(int(number) for number in text.split(".")))
        if version < OLDEST:
            raise ValueError(f"is older than {OLDEST}, the oldest Kafka that this tool knows")
        return version

    def __str__(self) -> str:
        return ".".join(str(number) for number in self.numbers)


OLDEST = Version((0, 8, 2))

LISTENERS = Version((0, 9))
"""The first with ``listeners`` and ``advertised.listeners``; before, ``port`` and ``host.name`` were the only way."""

BROKER_ID_GENERATION = Version((0, 9))
"""The first that may choose a broker id itself, above ``reserved.broker.max.id``."""

LISTENER_NAMES = Version((0, 10, 2))
"""The first whose listeners have names of their own, which a protocol map explains."""

JAAS_PROPERTIES = Version((1, 1))
"""The first whose listeners have their logins in the properties; before, they stand in a file of the JVM's."""

ZOOKEEPER_TLS = Version((2, 5))
"""The first that speaks TLS with ZooKeeper."""

CERTIFICATE_AND_LOGIN = Version((2, 8))
"""The first whose listener can ask for a certificate and a login (KIP-684)."""

NO_HOST_AND_PORT = Version((3, 0))
"""The first without ``port``, ``host.name``, ``advertised.port`` and ``advertised.host.name``."""

PEM = Version((3, 3))
"""The first that reads a key as PEM that is not encrypted (KAFKA-12703)."""

KRAFT = Version((3, 3))
"""The first whose KRaft mode is for production."""

MIGRATION = Version((3, 4))
"""The first that can leave ZooKeeper for KRaft with its data; the last is before ``NO_ZOOKEEPER``."""

SCRAM_AT_FORMAT = Version((3, 5))
"""The first whose volumes can be formatted with users of SCRAM (KIP-900)."""

SHARED_PORTS = Version((3, 6))
"""The first whose listeners may share a port, one on IPv4 and the other on IPv6 (KIP-797)."""

SEVERAL_LOG_DIRS = Version((3, 7))
"""The first that supports several log directories of a broker without ZooKeeper (KIP-858); older ones start all the
same."""

DYNAMIC_QUORUM = Version((3, 9))
"""The first whose controllers can be a dynamic quorum; also the first to publish controllers' listeners (KIP-853)."""

AUTO_JOIN = Version((4, 2))
"""The first whose controllers can join a dynamic quorum by themselves."""

STRICT_LISTS = Version((4, 2))
"""The first that refuses an empty entry in most lists, and a controller that looks for voters at 0.0.0.0."""

NO_ZOOKEEPER = Version((4, 0))
"""The first without ZooKeeper mode."""

LOG4J2 = Version((4, 0))
"""The first that logs by log4j2 (KIP-653); older ones do by log4j 1."""


def find_version(jars: Iterable[str]) -> Version:
    """Return the version that the names of the installed *jars* state; raises ValueError with the reason."""
    stated = {match["version"] for name in jars if (match := _JAR.fullmatch(name))}
    stated = {text for text in stated if not text.endswith(_COMPANIONS)}
    if not stated:
        raise ValueError("holds no kafka_<scala>-<version>.jar")
    stated = {match["version"] if (match := _OF_KAFKA.fullmatch(text)) else text for text in stated}
    if len(stated) > 1:
        raise ValueError(f"holds several versions of Kafka: {', '.join(sorted(stated))}")
    text = stated.pop()
    try:
        return Version.parse(text)
    except ValueError:
        raise ValueError(f"holds Kafka {text}, which does not say which version of Apache Kafka it is") from None
