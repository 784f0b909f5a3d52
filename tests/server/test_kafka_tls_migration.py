"""A running Kafka cluster becomes a secured one, by the page's rolling updates, under a client that counts."""

import json
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from kazoo.exceptions import NoNodeError

from tests.certificates import Authority
from tests.server import kafka, kraft, zookeeper, zookeeper_tls
from tests.server.distributions import KRAFT_CORE, Product, find
from tests.server.hosts import DOMAIN_SUFFIX
from tests.server.kafka import SERVICE, START_LIMIT
from tests.server.kafka_tls import NAMES
from tests.server.load import Load, writing
from tests.server.pods import Pod
from tests.server.ports import ENSEMBLE_ADDRESSES, free_ports
from tests.server.processes import ServerProcess, wait_until
from tests.server.versions import fetched
from tests.server.zookeeper_tls import Client

pytestmark = [
    pytest.mark.server,
    pytest.mark.matrix,
    pytest.mark.usefixtures("forgotten_sockets"),
    # kafka-python does not close the sockets with which it looked for brokers that restart.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <ssl:ResourceWarning"),
]

ROOT = Authority("root")
STOP_LIMIT = 300.0
"""Seconds for a controlled shutdown."""

SHORT_SESSION = {"KAFKA_ZOOKEEPER_SESSION_TIMEOUT_MS": "6000"}
"""ZooKeeper keeps a killed broker's name for so long, and refuses it to the one that starts in its place."""

CONTROLLED = {"KAFKA_CONTROLLED_SHUTDOWN_ENABLE": "true", "KAFKA_CONTROLLED_SHUTDOWN_MAX_RETRIES": "3"}
"""Brokers are stopped as the kubelet stops them, while the others serve."""

PLAIN_CONTROLLERS = "SSL:SSL,BROKERS:SSL,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"

STEPS: list[tuple[dict[str, str], tuple[str, ...]]] = [
    ({"KF_TLS_CLIENTS": "both", "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT"}, ("PLAINTEXT", "SSL", "BROKERS")),
    ({"KF_TLS_CLIENTS": "both"}, ("PLAINTEXT", "SSL", "BROKERS")),
    ({}, ("SSL", "BROKERS")),
]
"""What each rolling update sets beside the Secret, and the listeners that this makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Three brokers that run, of either kind."""

    pods: list[Pod]
    processes: dict[str, ServerProcess]
    """By the pod's name."""
    start: Callable[[Pod], ServerProcess]
    leader: Callable[[], str]
    """Returns the name of the pod that leads the controllers, or is the controller; empty while none does."""
    mounted: Mapping[str, str]
    """What such a cluster sets beside the Secret, from the first rolling update on."""
    killed: list[str] = field(default_factory=list)
    """The pods whose brokers were, in their order."""

    def roll(self, environ: Mapping[str, str], ports: Mapping[str, int], listeners: Sequence[str]) -> None:
        """Restart each broker with *environ* and *listeners*, one after the other, when all replicas are in sync."""
        for pod in self.pods:
            self.wait_until_in_sync()
            self.end(pod)
            bound = {name: ports[name] for name in listeners}
            if "KF_CONTROLLER_PORT" in pod.environ:
                bound["CONTROLLER"] = int(pod.environ["KF_CONTROLLER_PORT"])
            for step, _ in STEPS:
                for name in step:
                    pod.environ.pop(name, None)
            pod.environ["KAFKA_LISTENERS"] = ",".join(f"{name}://{pod.address}:{port}" for name, port in bound.items())
            pod.environ |= environ
            self.processes[pod.name] = self.start(pod)
        self.wait_until_in_sync()

    def end(self, pod: Pod) -> None:
        """End the broker of *pod* in order; one that leads the controllers loses its power, and another takes over."""
        process = self.processes[pod.name]
        if self.leader() == pod.name:
            process.kill()
            self.killed.append(pod.name)
            wait_until(lambda: self.leader() not in ("", pod.name), "another controller leads", timeout=START_LIMIT)
        else:
            process.signal(signal.SIGTERM)
            process.wait(STOP_LIMIT)

    def wait_until_in_sync(self) -> None:
        """Return once every broker says that no replica here is behind."""
        wait_until(
            lambda: all(pod.run("kafkaReady", "--in-sync").returncode == 0 for pod in self.pods),
            "all replicas are in sync",
            timeout=START_LIMIT,
            processes=list(self.processes.values()),
        )


@contextmanager
def with_kraft(folder: Path) -> Iterator[Cluster]:
    """Run three nodes of the newest Kafka; what controllers speak cannot change by rolling updates."""
    cluster = kraft.combined_pods(folder, fetched(KRAFT_CORE[-1]), CONTROLLED)

    def leader() -> str:
        said = set()
        for pod in cluster.pods:
            port = pod.environ["KF_CONTROLLER_PORT"]
            plain = {"KF_TLS_DIR": "", "KAFKA_LISTENERS": f"CONTROLLER://{pod.address}:{port}"}
            done = pod.run("kafkaReady", environ={"KAFKA_PROCESS_ROLES": "controller", "KF_PROBE_PORT": port, **plain})
            if done.returncode == 0:
                said.add(int(done.stdout.removeprefix("controller, leader ")))
        return f"kafka-{said.pop() - 1}" if len(said) == 1 else ""

    with kraft.running(cluster) as started:
        yield Cluster(
            pods=started.pods,
            processes=started.running,
            start=started.start,
            leader=leader,
            mounted={"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": PLAIN_CONTROLLERS},
        )


@contextmanager
def with_zookeeper(folder: Path) -> Iterator[Cluster]:
    """Run three brokers of the last Kafka that has it; ZooKeeper serves TLS, too, which they come to speak with it."""
    version = fetched(find(Product.KAFKA, "3.9"))
    secret = ROOT.issue(*zookeeper_tls.NAMES).write(folder / "zk-secret", ROOT.ca_crt)
    both = {"ZK_TLS_CLIENTS": "both", "ZK_TLS_CLIENT_AUTH": "need"}
    servers = zookeeper_tls.make_tls_pods(folder, [secret], both, replicas=1)
    with zookeeper.running(servers, fetched(find(Product.ZOOKEEPER, "3.8"))) as ensemble:
        ensemble.wait_until_ready()
        pods = kafka.make_pods(folder, version, ensemble.connect_string, CONTROLLED | SHORT_SESSION)

        def leader() -> str:
            with zookeeper.connected(ensemble.connect_string) as client:
                try:
                    found, _ = client.get("/controller")
                except NoNodeError:
                    return ""
            return f"kafka-{json.loads(found)['brokerid'] - 1}"

        with kafka.running(pods, version) as started:

            def start(pod: Pod) -> ServerProcess:
                started.brokers.append(kafka.start_broker(pod, version))
                return started.brokers[-1]

            yield Cluster(
                pods=pods,
                processes={pod.name: process for pod, process in zip(pods, started.brokers, strict=True)},
                start=start,
                leader=leader,
                mounted={
                    "KF_ZK_TLS": "true",
                    "KAFKA_ZOOKEEPER_CONNECT": zookeeper_tls.secure_connect_string(servers),
                },
            )


def lost_of(load: Load) -> set[int]:
    """Return what was acknowledged until now and is not there."""
    acknowledged = set(load.acknowledged)
    return acknowledged - load.found()


@pytest.mark.parametrize(
    "running",
    [
        pytest.param(with_kraft, id="kraft"),
        pytest.param(with_zookeeper, id="zookeeper"),
    ],
)
def test_a_running_cluster_becomes_a_secured_one(
    running: Callable[[Path], AbstractContextManager[Cluster]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By three rolling updates: a plain client writes through the first two, one by TLS through the third."""
    secret = ROOT.issue(*NAMES).write(tmp_path / "secret", ROOT.ca_crt)
    client = Client(tmp_path / "client", ROOT, None)
    ports = dict(zip(("SSL", "BROKERS"), free_ports(2, ENSEMBLE_ADDRESSES), strict=True))
    with running(tmp_path) as cluster:
        ports["PLAINTEXT"] = int(cluster.pods[0].environ["KF_PORT"])
        mounted = {
            "KF_TLS_DIR": str(secret),
            "KF_TLS_PORT": str(ports["SSL"]),
            **cluster.mounted,
        }
        cluster.wait_until_in_sync()
        with writing(_servers(cluster.pods, ports["PLAINTEXT"])) as plain:
            for environ, listeners in STEPS[:2]:
                cluster.roll({**mounted, **environ}, ports, listeners)
            lost = [lost_of(plain)]
        with writing(_servers(cluster.pods, ports["SSL"]), client.security) as secure:
            environ, listeners = STEPS[2]
            cluster.roll({**mounted, **environ}, ports, listeners)
            lost.append(lost_of(secure))
    with capsys.disabled():
        for load, missing in zip((plain, secure), lost, strict=True):
            print(
                f"\n{len(load.acknowledged)} acknowledged, {len(missing)} lost, {load.refused} refused, "
                f"longest gap {load.longest_gap:.1f} s",
                end="",
            )

    assert lost == [set(), set()]
    assert cluster.killed
    assert plain.acknowledged
    assert secure.acknowledged


def _servers(pods: Sequence[Pod], port: int) -> list[str]:
    return [f"{pod.name}.{SERVICE}.{DOMAIN_SUFFIX}:{port}" for pod in pods]
