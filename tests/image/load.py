"""Clients that count: what was acknowledged while servers came and went, and what of it is still there.

They run in containers of their own, on the cluster's network and with its names.
"""

import importlib.util
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.image.cluster import Cluster, StatefulSet
from tests.image.engine import EngineError, own_name
from tests.image.manifests import CLUSTER_DOMAIN, NAMESPACE
from tests.tally import Row, Tally, acknowledged, numbers_found, tally_of, whole_rows

_CLIENTS = Path(__file__).with_name("clients")
_LIMIT = 240.0
_READ_LIMIT = 300.0

WRITES_BETWEEN = 250
"""Acknowledged between two power cuts, at least."""


class Writer:
    """A client in a container of its own that writes until it is stopped."""

    def __init__(self, cluster: Cluster, image: str, servers: StatefulSet, product: str) -> None:
        """Start writing, and return once something was acknowledged; the script is the one called *product*."""
        self._cluster, self._image, self._script = cluster, image, _CLIENTS / f"{product}.py"
        domain = f"{servers.spec.service}.{NAMESPACE}.svc.{CLUSTER_DOMAIN}"
        port = {"zookeeper": 2181, "kafka": 9092}[product]
        self._servers = [f"{servers.spec.name}-{ordinal}.{domain}:{port}" for ordinal in range(servers.spec.replicas)]
        # What one ZooKeeper server has, each must have; a broker has only its partitions.
        self._readable = self._servers if product == "zookeeper" else [",".join(self._servers)]
        self._mounts = [f"--volume={_library('kafka')}:/libraries/kafka:ro"] if product == "kafka" else []
        self._name = own_name("load")
        self._folder = cluster.folder / self._name
        self._folder.mkdir()
        self._folder.chmod(0o777)
        (self._folder / "name").write_text(self._name, encoding="ascii")
        self._run("write", ",".join(self._servers), "--detach", f"--name={self._name}")
        self.wait_for(1)

    def wait_for(self, writes: int, timeout: float = _LIMIT) -> None:
        """Return once this many writes more were acknowledged."""
        wanted = len(self._acknowledged()) + writes
        deadline = time.monotonic() + timeout
        while len(self._acknowledged()) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the client does not get on: {self._words()}")
            time.sleep(0.1)

    def reach(self, writes: int) -> None:
        """Return once this many writes were acknowledged, all in all."""
        self.wait_for(max(0, writes - len(self._acknowledged())))

    def acknowledged_before(self, moment: float) -> int:
        """Return how many writes were acknowledged before *moment*, of the clock time.monotonic."""
        return sum(float(at) < moment for at, _, outcome in self._rows() if outcome == "acked")

    def finish(self) -> Tally:
        """Stop writing after one more acknowledged write, and compare with what is there."""
        self.wait_for(1)
        (self._folder / "stop").touch()
        self._cluster.engine.ask("wait", self._name)
        return tally_of(self._rows(), [self._found(servers) for servers in self._readable])

    def close(self) -> None:
        """End it at once."""
        self._cluster.engine.remove_containers([self._name])
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
        return "\n".join(self._cluster.engine.call("logs", self._name).stderr.splitlines()[-10:])

    def _run(self, what: str, hosts: str, *options: str) -> None:
        network = self._cluster.network
        done = self._cluster.engine.call(
            "run",
            *options,
            f"--network={network.name}",
            f"--ip={network.new_address()}",
            f"--dns={network.gateway}",
            "--no-healthcheck",
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
def writing(cluster: Cluster, image: str, servers: StatefulSet, product: str = "zookeeper") -> Iterator[Writer]:
    """Have a client write for as long as the context lasts."""
    writer = Writer(cluster, image, servers, product)
    try:
        yield writer
    finally:
        writer.close()


def cut_power_of_each(servers: StatefulSet, writer: Writer, timeout: float) -> list[float]:
    """Cut the power of every pod, the last first, and return the rejoin times, each at most *timeout*.

    A power cut waits for nobody to be available: the next one comes as soon as the pod before is ready and
    WRITES_BETWEEN writes more were acknowledged.
    """
    took = []
    for ordinal in reversed(range(servers.spec.replicas)):
        writer.wait_for(WRITES_BETWEEN)
        pod = servers.restart(ordinal, kill=True)
        took.append(servers.wait_until(lambda pod=pod: pod.ready, f"{pod.name} is back", timeout))  # type: ignore[misc]
    return took


def _library(name: str) -> str:
    """Return the folder of a package of the tests' own."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(f"{name} is not installed")
    return str(spec.submodule_search_locations[0])
