"""The servers' archives: jars from Maven Central, a stand-in for their start scripts, and a web server on loopback.

The archives have the layout of Apache's own, so the Dockerfiles take either.
"""

import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.image.base import locked
from tests.server.cache import cache_folder, fetch, home
from tests.server.distributions import Distribution, Product
from tests.server.kafka import base_file
from tests.server.kraft import base_file as kraft_base_file
from tests.server.ports import LOOPBACK

DIGESTS = {Product.ZOOKEEPER: "sha512", Product.KAFKA: "sha256"}
"""The kind of checksum that each Dockerfile takes."""

STANDIN = Path(__file__).with_name("standin")
"""The start scripts, which Maven Central does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One archive on the disk."""

    path: Path
    digest: str
    """As the Dockerfile wants it: SHA-512 for ZooKeeper, SHA-256 for Kafka, as their packagers pin them."""


@cache
def archive_of(distribution: Distribution) -> Archive:
    """Return the archive of *distribution*, made now or before; its bytes depend on its content alone."""
    fetch([distribution])
    content = _packed(distribution)
    digest = hashlib.new(DIGESTS[distribution.product], content).hexdigest()
    folder = cache_folder() / "archives"
    path = folder / f"{distribution.name}-{digest[:12]}.tar.gz"
    with locked("archives"):
        if not path.exists():
            folder.mkdir(exist_ok=True)
            for older in folder.glob(f"{distribution.name}-*.tar.gz"):
                older.unlink()
            unfinished = path.with_suffix(".unfinished")
            unfinished.write_bytes(content)
            unfinished.rename(path)
    return Archive(path=path, digest=digest)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of *folder* on loopback; the value is the address to put in front of a file's name."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer((LOOPBACK, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Say nothing: what was fetched is in the build's own output."""


def _packed(distribution: Distribution) -> bytes:
    """Return the archive's bytes; the same for the same files, whenever they were fetched."""
    top = f"apache-{distribution.name}-bin" if distribution.product is Product.ZOOKEEPER else f"{distribution.name}"
    buffer = io.BytesIO()
    # Level 1: it is unpacked once and deleted.
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, source in sorted(_members(distribution).items()):
            member = tarfile.TarInfo(f"{top}/{name}")
            member.mode = 0o755 if name.startswith("bin/") else 0o644
            member.size = source.stat().st_size
            with source.open("rb") as stream:
                archive.addfile(member, stream)
    return buffer.getvalue()


def _kafka_files(distribution: Distribution) -> dict[str, Path]:
    """Return the configuration that a release of Kafka ships: from 4.0 on, one file that is for KRaft."""
    if distribution.release >= (4,):
        return {"config/server.properties": kraft_base_file(distribution)}
    files = {"config/server.properties": base_file(distribution)}
    kraft = kraft_base_file(distribution)
    return files | {"config/kraft/server.properties": kraft} if kraft.exists() else files


def _members(distribution: Distribution) -> dict[str, Path]:
    """Return name in the archive → file."""
    place = home(distribution) / distribution.jar_folder
    members = {f"{distribution.jar_folder}/{jar.name}": jar for jar in place.glob("*.jar")}
    if distribution.product is Product.ZOOKEEPER and distribution.release < (3, 5):
        # Up to 3.4 the server's own jar lies at the top, the libraries in lib.
        own = f"{distribution.name}.jar"
        members[own] = members.pop(f"lib/{own}")
    scripts = STANDIN / distribution.product / "bin"
    members |= {f"bin/{script.name}": script for script in scripts.iterdir()}
    if distribution.product is Product.KAFKA:
        members |= _kafka_files(distribution)
    return members
