"""ZooKeeper as pods run it: our generator's files, our `zkboot run`, the JVM started as ZooKeeper's own scripts do."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kazoo.client import KazooClient

from tests.server.commands import server_command
from tests.server.distributions import Distribution
from tests.server.hosts import DOMAIN_SUFFIX, pod_names, write_hosts_file
from tests.server.pods import Pod, roles
from tests.server.ports import ENSEMBLE_ADDRESSES, free_ports
from tests.server.processes import ServerProcess, terminate_all, wait_until

SERVICE = "zk-svc"
START_LIMIT = 300.0
"""Seconds in which an ensemble must serve on a busy machine."""


@dataclass(slots=True, kw_only=True)
class ZooKeeperSet:
    """The StatefulSet `zk`: its pods, and those of their servers that run."""

    distribution: Distribution
    pods: list[Pod]
    servers: list[ServerProcess]
    """The same order as the pods."""

    @property
    def connect_string(self) -> str:
        """What a client on this machine is given."""
        return ",".join(f"{pod.address}:{pod.environ['ZK_CLIENT_PORT']}" for pod in self.pods)

    def wait_until_ready(self) -> None:
        """Return once every pod's zkReady agrees."""
        wait_until(
            lambda: all(roles(self.pods)),
            f"{self.distribution} is ready on {len(self.pods)} pods",
            timeout=START_LIMIT,
            processes=self.servers,
        )


def make_pods(folder: Path, replicas: int, environ: Mapping[str, str] | None = None) -> list[Pod]:
    """Return *replicas* pods with free ports; *environ* is what a manifest would add."""
    addresses = ENSEMBLE_ADDRESSES[:replicas]
    client, quorum, election = free_ports(3, addresses)
    return [
        Pod(
            name=f"zk-{ordinal}",
            address=address,
            folder=folder / f"zk-{ordinal}",
            environ={
                "ZK_REPLICAS": str(replicas),
                "ZK_DOMAIN": f"{SERVICE}.{DOMAIN_SUFFIX}",
                "ZK_CLIENT_PORT": str(client),
                "ZK_SERVER_PORT": str(quorum),
                "ZK_ELECTION_PORT": str(election),
                "ZK_CFG_clientPortAddress": address,
                "ZK_DATA_DIR": f"{folder}/zk-{ordinal}/data",
                "ZK_DATA_LOG_DIR": f"{folder}/zk-{ordinal}/log",
                "ZK_LOG_DIR": f"{folder}/zk-{ordinal}/logs",
                "ZK_CONF_DIR": f"{folder}/zk-{ordinal}/conf",
                "ZK_HEAP_SIZE": "128m",
                "ZK_PROBE_HOST": address,
                # The names of the cluster exist for the JVM only.
                "ZK_DNS_WAIT": "0",
                **(environ or {}),
            },
        )
        for ordinal, address in enumerate(addresses)
    ]


def start_server(
    pod: Pod, distribution: Distribution, environ: Mapping[str, str] | None = None, first: str = "true"
) -> ServerProcess:
    """Start the pod's server through `zkboot run`, sourcing java.env as zkEnv.sh does, after *first*."""
    configuration = Path(pod.environ["ZK_CONF_DIR"])
    pod.folder.mkdir(parents=True, exist_ok=True)
    names = pod_names("zk", SERVICE, ENSEMBLE_ADDRESSES)
    hosts = write_hosts_file(pod.folder / "hosts", names)
    script = server_script(distribution, configuration, flags=[hosts])
    return pod.start("zkboot", "run", "--", "sh", "-c", f"{first} && {script}", environ=environ)


def server_script(distribution: Distribution, configuration: Path, flags: Sequence[str] = ()) -> str:
    """Return the line for a shell that becomes the server, its JVM started as ZooKeeper's own scripts do."""
    java, *rest = server_command(distribution, configuration / "zoo.cfg", flags=flags, folders=[configuration])
    # zkEnv.sh sources java.env; zkServer.sh then passes these flags on (the same lines in 3.4 to 3.9).
    given = '"-Dzookeeper.log.dir=$ZOO_LOG_DIR" "-Dzookeeper.root.logger=$ZOO_LOG4J_PROP"'
    line = f"{shlex.quote(java)} {given} {_before_flags(rest)}"
    return f'. "$ZOOCFGDIR/java.env" && exec {line}'


def _before_flags(arguments: Sequence[str]) -> str:
    """Return *arguments* quoted, our flags and the operator's in front of the class path, where scripts put them."""
    at = list(arguments).index("-cp")
    return f"{shlex.join(arguments[:at])} $SERVER_JVMFLAGS $JVMFLAGS {shlex.join(arguments[at:])}"


@contextmanager
def running(pods: Sequence[Pod], distribution: Distribution) -> Iterator[ZooKeeperSet]:
    """Run the servers of *pods* until the context ends."""
    with ExitStack() as stack:
        servers: list[ServerProcess] = []
        stack.callback(terminate_all, servers)
        servers.extend(start_server(pod, distribution) for pod in pods)
        yield ZooKeeperSet(distribution=distribution, pods=list(pods), servers=servers)


@contextmanager
def connected(hosts: str, **options: object) -> Iterator[KazooClient]:
    """Have a client of the servers at *hosts*, with kazoo's further *options*."""
    client = KazooClient(hosts=hosts, **options)
    client.start(timeout=START_LIMIT)
    try:
        yield client
    finally:
        client.stop()
        client.close()
