"""The server distributions that `pom.xml` pins, and the sets of them that tests and demo ask for."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

POM = Path(__file__).with_name("pom.xml")

_NAMESPACE = "{http://maven.apache.org/POM/4.0.0}"


class Product(StrEnum):
    """The servers we know how to run."""

    ZOOKEEPER = "zookeeper"
    KAFKA = "kafka"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One server in one version, as `pom.xml` pins it."""

    product: Product
    version: str
    recipe: str
    """Its profile in `pom.xml`, as text: another recipe makes a fetched copy stale."""

    @property
    def name(self) -> str:
        """Its profile's id and its folder in the cache, `kafka-3.9.2`."""
        return f"{self.product}-{self.version}"

    @property
    def release(self) -> tuple[int, ...]:
        """Its version as numbers, to compare: `(3, 9, 2)`."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def jar_folder(self) -> str:
        """The folder that holds the jars, named as in upstream's archive."""
        return "libs" if self.product is Product.KAFKA else "lib"

    def __str__(self) -> str:
        """Return its name."""
        return self.name


@cache
def pinned() -> tuple[Distribution, ...]:
    """Return every distribution in `pom.xml`, in its order: by product, oldest first."""
    profiles = ET.parse(POM).iterfind(f"{_NAMESPACE}profiles/{_NAMESPACE}profile")
    found = []
    for profile in profiles:
        product, _, version = profile.findtext(f"{_NAMESPACE}id", "").partition("-")
        recipe = ET.tostring(profile, encoding="unicode")
        found.append(Distribution(product=Product(product), version=version, recipe=recipe))
    return tuple(found)


def find(product: Product | str, line: str) -> Distribution:
    """Return the newest pinned distribution of a release line (`3.9`) or a full version (`3.4.6`); else LookupError."""
    wanted = [
        distribution
        for distribution in pinned()
        if distribution.product == product and f"{distribution.version}.".startswith(f"{line}.")
    ]
    if not wanted:
        raise LookupError(f"no distribution of {product} {line} in {POM}")
    return max(wanted, key=lambda distribution: distribution.release)


def _zookeeper(*lines: str) -> tuple[Distribution, ...]:
    return tuple(find(Product.ZOOKEEPER, line) for line in lines)


def _kafka(*lines: str) -> tuple[Distribution, ...]:
    return tuple(find(Product.KAFKA, line) for line in lines)


DEMO = (*_zookeeper("3.9"), *_kafka("3.9"))
"""What `make demo` runs."""

_EVERY_ZOOKEEPER = _zookeeper("3.4.6", "3.4.14", "3.5", "3.6", "3.7", "3.8", "3.9")

CORE = (*_EVERY_ZOOKEEPER, *_kafka("0.8.2", "3.9"))
"""What `make test` runs: every ZooKeeper, for they start in a second, and the seed's and the newest Kafka."""

SECURED_CORE = _zookeeper("3.5", "3.9")
"""What `make test` runs of ZooKeeper with TLS or logins: the first that has both, and the newest."""

MATRIX = (*_EVERY_ZOOKEEPER, *_zookeeper("3.9.4"), *_kafka("0.8.2", "0.10.2", "1.1", "2.8", "3.9.1", "3.9"))
"""What `make matrix` runs: every release line with ZooKeeper in it that we promise to serve, and the images' own."""

KRAFT_CORE = _kafka("3.9", "4.4")
"""What `make test` runs without ZooKeeper: the last Kafka that can do both, and the newest."""

KRAFT = _kafka("3.3", "3.9", "4.0", "4.1", "4.2", "4.3", "4.4")
"""What `make matrix` runs without ZooKeeper: the first that is for production, and the newest of each line of 4.x."""

KRAFT_DEMO = _kafka("4.4")
"""What `make demo KRAFT=1` runs."""

SETS = {
    "demo": DEMO,
    "demo-kraft": KRAFT_DEMO,
    "core": tuple(dict.fromkeys((*CORE, *KRAFT_CORE))),
    "matrix": tuple(dict.fromkeys((*MATRIX, *KRAFT))),
    "all": pinned(),
}
"""The named sets of distributions."""


def named(name: str) -> tuple[Distribution, ...]:
    """Return the set called *name*, or the one distribution of that name or line (`kafka-3.9`); else LookupError."""
    if name in SETS:
        return SETS[name]
    product, _, line = name.partition("-")
    return (find(product, line),)
