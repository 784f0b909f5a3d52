"""Servers of our images in containers on one network, and what is done to them there.

This is no cluster: nobody schedules, probes or counts who is ready. The names of all servers stand in one hosts file, a
restarted server has another address, and one that ends by itself is started again by the engine.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.image.engine import LIMIT, Engine, ProbeResult, own_name
from tests.image.network import Network, heal
from tests.server.processes import wait_until

DOMAIN = "default.svc.cluster.local"
SIZE = 3
TRIES = 3
"""How often a kubelet asks before it believes in a no."""

_OWNER = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What three servers are, as the manifests have them."""

    statefulset: str
    service: str
    port: int
    volume: str
    scratch: tuple[str, ...]
    environ: Mapping[str, str]
    alive: tuple[str, ...]
    ready: tuple[str, ...]

    def saying(self, **environ: str) -> "Kind":
        """Return the same with other variables on top."""
        return replace(self, environ={**self.environ, **environ})


ZOOKEEPER = Kind(
    statefulset="zk",
    service="zk-svc",
    port=2181,
    volume="/var/lib/zookeeper",
    scratch=("/var/log/zookeeper", "/tmp"),
    environ={
        "ZK_DOMAIN": f"zk-svc.{DOMAIN}",
        "ZK_RECONFIG": "true",
        "ZK_CONF_DIR": "/var/lib/zookeeper/conf",
        "ZK_HEAP_SIZE": "75%",
        "ZK_PURGE_INTERVAL": "1",
    },
    alive=("zkOk",),
    ready=("zkReady",),
)
KAFKA = Kind(
    statefulset="kafka",
    service="kafka-svc",
    port=9092,
    volume="/var/lib/kafka",
    scratch=("/etc/kafka", "/var/log/kafka", "/tmp"),
    environ={
        "KF_DOMAIN": f"kafka-svc.{DOMAIN}",
        "KF_ZK_NAMESPACE": "default",
        "KF_CONFIG_FILE": "/etc/kafka/server.properties",
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
        "KAFKA_HEAP_OPTS": "-Xms512m -Xmx512m",
        "KAFKA_DEFAULT_REPLICATION_FACTOR": "3",
        "KAFKA_MIN_INSYNC_REPLICAS": "2",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "3",
    },
    alive=("kafkaOk",),
    ready=("kafkaReady", "--in-sync"),
)
KRAFT = replace(
    KAFKA,
    environ={
        **{name: value for name, value in KAFKA.environ.items() if not name.startswith("KF_ZK")},
        "KF_MODE": "kraft",
        "KF_CONTROLLER_REPLICAS": str(SIZE),
        "KF_CLUSTER_ID": "Yx3Fh0oBTuqWm5c8R1nZvA",
    },
)


class Lab:
    """A network, the names on it and the volumes, until `close`."""

    def __init__(self, engine: Engine) -> None:
        """Make it empty."""
        self.engine = engine
        self.folder = Path(tempfile.mkdtemp(prefix=f"{own_name()}-"))
        self.hosts = self.folder / "hosts"
        self.trios: list[Trio] = []
        self._addresses: dict[str, str] = {}
        self._are_known = True
        self._write_hosts()
        self.network = Network(engine)

    def run(self, kind: Kind, image: str) -> "Trio":
        """Make three servers, which start when they are told to."""
        made = Trio(self, kind, image)
        self.trios.append(made)
        return made

    def name(self, fqdn: str, address: str) -> None:
        """Let a name have this address from now on."""
        self._addresses[fqdn] = address
        self._write_hosts()

    @property
    def are_known(self) -> bool:
        """Whether the servers' names can be found."""
        return self._are_known

    @are_known.setter
    def are_known(self, value: bool) -> None:
        self._are_known = value
        self._write_hosts()

    def options(self, address: str) -> list[str]:
        """Return what the engine is told of a container on this network."""
        return [
            f"--network={self.network.name}",
            f"--ip={address}",
            # Nobody answers there: the hosts file has all names.
            "--dns=127.0.0.1",
            *(["--no-hosts"] if self.engine.is_podman else []),
            f"--volume={self.hosts}:/etc/hosts:ro",
            "--no-healthcheck",
        ]

    def client_options(self) -> list[str]:
        """Return the same for a client."""
        return self.options(self.network.new_address())

    def close(self) -> None:
        """End and remove everything at once."""
        for trio in self.trios:
            trio.kill()
        self.network.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_hosts(self) -> None:
        names = self._addresses.items() if self._are_known else ()
        rows = [f"{address}\t{name}\t{name.partition('.')[0]}\n" for name, address in names]
        # In place: it is mounted into every container.
        self.hosts.write_text("".join(("127.0.0.1\tlocalhost\n", *rows)), encoding="ascii")
        self.hosts.chmod(0o644)


@contextmanager
def lab(engine: Engine) -> Iterator[Lab]:
    """Have a network for as long as the context lasts."""
    made = Lab(engine)
    try:
        yield made
    finally:
        made.close()


class Server:
    """One of three: a volume that stays, and one container after another."""

    def __init__(self, lab: Lab, kind: Kind, image: str, ordinal: int) -> None:
        """Take what it is made of."""
        self.name = f"{kind.statefulset}-{ordinal}"
        self.fqdn = f"{self.name}.{kind.service}.{DOMAIN}"
        self.kind = kind
        self.volume = lab.folder / "volumes" / self.name
        self.address = ""
        self.container = ""
        """The id of its container; empty while it has none."""
        self._lab, self._image = lab, image

    def start(self) -> None:
        """Start it, under an address that nobody had before."""
        if not self.volume.exists():
            self.volume.mkdir(parents=True)
        os.chown(self.volume, _OWNER, _OWNER)
        self.address = self._lab.network.new_address()
        self._lab.name(self.fqdn, self.address)
        environ = {"POD_NAME": self.name, **self.kind.environ}
        self.container = self._lab.engine.ask(
            "run",
            "--detach",
            "--restart=on-failure",
            f"--name={own_name(self.name)}",
            f"--hostname={self.name}",
            *self._lab.options(self.address),
            f"--volume={self.volume}:{self.kind.volume}",
            f"--user={_OWNER}:{_OWNER}",
            "--memory=1g",
            "--read-only",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            *(["--read-only-tmpfs=false"] if self._lab.engine.is_podman else []),
            *(f"--volume={folder}:{place}" for place, folder in self._new_scratch().items()),
            *(f"--env={name}={value}" for name, value in environ.items()),
            self._image,
        )

    @property
    def pid(self) -> int:
        """Its first process on this machine; 0 while there is none."""
        return int(self._state()["State"]["Pid"]) if self.container else 0

    @property
    def restarts(self) -> int:
        """How often the engine has started its container again."""
        return int(self._state()["RestartCount"])

    def exec(self, *command: str, timeout: float = LIMIT) -> ProbeResult:
        """Run a command in it, as a kubelet does."""
        return self._lab.engine.exec_probe(self.container, command, timeout)

    def is_alive(self) -> bool:
        """Tell what the liveness probe says, as a kubelet does: no is what it says three times."""
        return any(self.exec(*self.kind.alive).status == 0 for _ in range(TRIES))

    def is_ready(self) -> bool:
        """Tell what the readiness probe says, in the same way."""
        return any(self.exec(*self.kind.ready).status == 0 for _ in range(TRIES))

    def stop(self, grace: int = 300) -> int:
        """End it by the signal that its image asks for, and after the grace period by SIGKILL; return its status."""
        self._lab.engine.ask("stop", f"--time={grace}", self.container, timeout=grace + 60)
        status = int(self._state()["State"]["ExitCode"])
        self.kill()
        return status

    def kill(self) -> None:
        """End it as a power cut does."""
        self._lab.engine.remove_containers(filter(None, [self.container]))
        self.container = ""

    def pause(self) -> None:
        """Stop its process without its noticing: its sockets stay open and silent."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def heal(self) -> None:
        """Undo every fault of its network."""
        if pid := self.pid:
            heal(pid)

    def report(self) -> str:
        """Return its last words."""
        done = self._lab.engine.call("logs", "--tail=40", self.container)
        return f"{self.name} {self.address}\n{done.stdout}{done.stderr}"

    def _new_scratch(self) -> dict[str, Path]:
        """Return an empty folder for each place beside the volume; what the engine starts again finds it as it was."""
        above = self._lab.folder / own_name(self.name)
        folders = {place: above / str(number) for number, place in enumerate(self.kind.scratch)}
        for folder in folders.values():
            folder.mkdir(parents=True)
            folder.chmod(0o777)
        return folders

    def _state(self) -> dict[str, Any]:
        return self._lab.engine.inspect("container", self.container)


class Trio:
    """Three servers of one kind."""

    def __init__(self, lab: Lab, kind: Kind, image: str) -> None:
        """Take what they are made of."""
        self.lab, self.kind, self.image = lab, kind, image
        self.servers = [Server(lab, kind, image, ordinal) for ordinal in range(SIZE)]

    @property
    def endpoints(self) -> list[str]:
        """What clients on the network are given."""
        return [f"{server.fqdn}:{self.kind.port}" for server in self.servers]

    def start(self) -> None:
        """Start all of them."""
        for server in self.servers:
            server.start()

    def kill(self) -> None:
        """End all of them at once."""
        for server in self.servers:
            server.kill()

    def others(self, server: Server) -> list[Server]:
        """Return its peers."""
        return [other for other in self.servers if other is not server]

    def wait_until(self, condition: Callable[[], bool], what: str, timeout: float) -> None:
        """Return once *condition* holds; AssertionError with the logs where it does not."""
        try:
            wait_until(condition, what, timeout=timeout)
        except Exception as error:
            raise AssertionError("\n".join((str(error), *(one.report() for one in self.servers)))) from error

    def wait_until_ready(self, timeout: float) -> None:
        """Return once the readiness probe says yes to each."""
        self.wait_until(lambda: all(one.is_ready() for one in self.servers), "all ready", timeout)
