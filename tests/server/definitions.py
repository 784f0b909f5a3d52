"""`python -m tests.server.definitions`: read from the servers' jars what each version defines, and write it down.

The files lie in the packages, `definitions.tsv`: every Kafka and ZooKeeper that `pom.xml` pins, one version of Kafka
for each release line. They are fetched where that is needed.
"""

import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

from tests.server.cache import fetch, home
from tests.server.distributions import Distribution, Product, find, pinned
from tests.server.toolchain import java
from zkboot.pod.definitions import FILE_NAME

SOURCE = Path(__file__).with_name("Definitions.java")

_ROOT = Path(__file__).parents[2]

FILES: Mapping[Product, Path] = {
    Product.ZOOKEEPER: _ROOT / "zkboot" / FILE_NAME,
    Product.KAFKA: _ROOT / "kafkaboot" / "values" / FILE_NAME,
}
"""Where the definitions of each product are kept."""

_TIMEOUT = 300.0


def read_definitions(product: Product) -> str:
    """Return the text of the definitions of *product*, as its jars have them."""
    distributions = _distributions(product)
    fetch(distributions)
    folders = [f"{distribution}={home(distribution) / distribution.jar_folder}" for distribution in distributions]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "myid").write_text("1\n")
        # Nothing is looked up: the only host is this one.
        hosts = Path(folder, "hosts")
        hosts.write_text("127.0.0.1 localhost\n")
        options = ("-Xmx512m", "-XX:+UseSerialGC", f"-Djdk.net.hosts.file={hosts}")
        command = [java(), *options, str(SOURCE), *folders]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    by_name: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        distribution, name, kind, rest = line.split("\t", 3)
        by_name.setdefault(name, {})[distribution] = f"{kind.lower()}\t{rest}"
    versions = {distribution.name: distribution.version for distribution in distributions}
    lines = ["\t".join(versions.values())]
    for name in sorted(by_name):
        for number, row in enumerate(_rows(versions, by_name[name])):
            lines.append(f"{'' if number else name}\t{row}")
    return "\n".join(lines) + "\n"


def _distributions(product: Product) -> Iterable[Distribution]:
    """Return those to read, oldest first."""
    own = [distribution for distribution in pinned() if distribution.product is product]
    if product is Product.ZOOKEEPER:
        return own
    lines = dict.fromkeys(".".join(one.version.split(".")[: 3 if one.release < (1,) else 2]) for one in own)
    return [find(product, line) for line in lines]


def _rows(versions: Mapping[str, str], found: Mapping[str, str]) -> Iterable[str]:
    """Yield what versions in a row define alike, with the first and the last of them."""
    for row, run in groupby(versions, key=found.get):
        if row is not None:
            names = list(run)
            yield f"{row}\t{versions[names[0]]}\t{versions[names[-1]]}"


if __name__ == "__main__":
    for each, path in FILES.items():
        path.write_text(read_definitions(each), encoding="ascii")
