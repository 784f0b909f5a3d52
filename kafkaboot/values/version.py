"""Which Kafka will read the file: stated by KF_VERSION, or by the name of the installed broker's jar.

The jar is ``kafka_<scala>-<version>.jar`` in ``libs/`` of every release, ``kafka_2.10-0.8.2.1.jar`` to
``kafka_2.13-4.1.0.jar``; up to 1.x its sources, documentation and tests lie beside it. A vendor's suffix, as in
``kafka_2.13-7.6.0-ccs.jar``, counts that vendor's versions and says nothing about Kafka's.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}", re.ASCII)
_JAR = re.compile(r"kafka_[0-9.]+-(?P<version>.+)\.jar", re.ASCII)
_COMPANIONS = ("-sources", "-javadoc", "-scaladoc", "-test", "-tests", "-test-sources", "-site-docs")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version of Kafka; versions compare as their numbers do."""

    numbers: tuple[int, ...]
    """``(3, 9, 1)``, ``(0, 8, 2, 1)``; a release line, ``(3, 9)``, comes before all its releases."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the version that *text* states; raises ValueError with the reason, as "is not …"."""
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

NO_HOST_AND_PORT = Version((3, 0))
"""The first without ``port``, ``host.name``, ``advertised.port`` and ``advertised.host.name``."""

KRAFT = Version((3, 3))
"""The first whose KRaft mode is for production."""

MIGRATION = Version((3, 4))
"""The first that can leave ZooKeeper for KRaft with its data; the last is before ``NO_ZOOKEEPER``."""

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


def find_version(jars: Iterable[str]) -> Version:
    """Return the version that the names of the installed *jars* state; raises ValueError with the reason."""
    stated = {match["version"] for name in jars if (match := _JAR.fullmatch(name))}
    stated = {text for text in stated if not text.endswith(_COMPANIONS)}
    if not stated:
        raise ValueError("holds no kafka_<scala>-<version>.jar")
    if len(stated) > 1:
        raise ValueError(f"holds several versions of Kafka: {', '.join(sorted(stated))}")
    text = stated.pop()
    try:
        return Version.parse(text)
    except ValueError:
        raise ValueError(f"holds Kafka {text}, which does not say which version of Apache Kafka it is") from None
