"""Clients that count: what was acknowledged while servers came and went, and what of it is still there.

They run in containers of their own, on the servers' network and with their names.
"""

import importlib.util
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.image.engine import EngineError, own_name
from tests.image.trio import Trio
from tests.tally import Row, Tally, acknowledged, numbers_found, tally_of, whole_rows

_CLIENTS = Path(__file__).with_name("clients")
_LIMIT = 240.0
_READ_LIMIT = 300.0


class Writer:
    """A client in a container of its own that writes until it is stopped."""

    def __init__(self, trio: Trio) -> None:
        """Start writing, and return once something was acknowledged."""
        self._lab, self._image = trio.lab, trio.image
        is_zookeeper = trio.kind.statefulset == "zk"
        self._script = _CLIENTS / ("zookeeper.py" if is_zookeeper else "kafka.py")
        # What one ZooKeeper server has, each must have; a broker has only its partitions.
        self._readable = trio.endpoints if is_zookeeper else [",".join(trio.endpoints)]
        self._mounts = [] if is_zookeeper else [f"--volume={_library('kafka')}:/libraries/kafka:ro"]
        self._name = own_name("load")
        self._folder = self._lab.folder / self._name
        self._folder.mkdir()
        self._folder.chmod(0o777)
        (self._folder / "name").write_text(self._name, encoding="ascii")
        self._run("write", ",".join(trio.endpoints), "--detach", f"--name={self._name}")
        self.wait_for(1)

    def wait_for(self, writes: int, timeout: float = _LIMIT) -> None:
        """Return once this many writes more were acknowledged."""
        wanted = len(self._acknowledged()) + writes
        deadline = time.monotonic() + timeout
        while len(self._acknowledged()) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the client does not get on: {self._words()}")
            time.sleep(0.1)

    def finish(self) -> Tally:
        """Stop writing after one more acknowledged write, and compare with what is there."""
        self.wait_for(1)
        (self._folder / "stop").touch()
        self._lab.engine.ask("wait", self._name)
        return tally_of(self._rows(), [self._found(servers) for servers in self._readable])

    def close(self) -> None:
        """End it at once."""
        self._lab.engine.remove_containers([self._name])
        shutil.rmtree(self._folder, ignore_errors=True)

    def _found(self, servers: str) -> set[str]:
        (self._folder / "found").unlink(missing_ok=True)
        self._run("read", servers, "--rm", f"--name={own_name('read')}")
        return numbers_found((self._folder / "found").read_text(encoding="ascii"))

    def _rows(self) -> list[Row]:
        try:
            text = (self._folder / "log").read_text(encoding="ascii")
        except FileNotFoundError:
            return []
        return whole_rows(text)

    def _acknowledged(self) -> list[str]:
        return acknowledged(self._rows())

    def _words(self) -> str:
        return "\n".join(self._lab.engine.call("logs", self._name).stderr.splitlines()[-10:])

    def _run(self, what: str, hosts: str, *options: str) -> None:
        done = self._lab.engine.call(
            "run",
            *options,
            *self._lab.client_options(),
            "--entrypoint=/usr/bin/python3",
            f"--volume={self._folder}:/load",
            f"--volume={self._script}:/client/{self._script.name}:ro",
            *self._mounts,
            self._image,
            f"/client/{self._script.name}",
            what,
            hosts,
            timeout=_READ_LIMIT,
        )
        if done.returncode != 0:
            raise EngineError(f"{self._script.name} {what}: {done.stderr[-2000:]}")


@contextmanager
def writing(trio: Trio) -> Iterator[Writer]:
    """Have a client write for as long as the context lasts."""
    writer = Writer(trio)
    try:
        yield writer
    finally:
        writer.close()


def _library(name: str) -> str:
    """Return the folder of a package of the tests' own."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(f"{name} is not installed")
    return str(spec.submodule_search_locations[0])
