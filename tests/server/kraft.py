"""Kafka without ZooKeeper, as pods run it: nodes that are both, or controllers and brokers, or brokers beside both."""

import base64
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from kafka import KafkaAdminClient

from tests.server.cache import home
from tests.server.clients import PATIENT, Security
from tests.server.commands import server_command, tool_command
from tests.server.distributions import Distribution
from tests.server.hosts import DOMAIN_SUFFIX, resolving, write_hosts_file
from tests.server.kafka import BASE_FILES, CLUSTER_OF_THREE, CONTROLLER_SERVICE, NAMES, SERVICE, START_LIMIT, jvm_flags
from tests.server.pods import Pod
from tests.server.ports import ENSEMBLE_ADDRESSES, SCALED_ADDRESSES, free_ports
from tests.server.processes import ServerProcess, terminate_all, wait_until

CLUSTER_ID = "Ut7tJ-wMRxCHyEbPpYTYKA"
SESSION_MS = 9000
"""After this long without a heartbeat a broker is fenced; a busy machine may keep one from it for seconds."""

_RESOLVER = Path(__file__).with_name("resolver")

_CLUSTER = {
    **CLUSTER_OF_THREE,
    "KF_CLUSTER_ID": CLUSTER_ID,
    "KAFKA_BROKER_SESSION_TIMEOUT_MS": str(SESSION_MS),
    "KAFKA_BROKER_HEARTBEAT_INTERVAL_MS": "500",
    # All nodes of a test stop at once: the last ones have no controller left to ask.
    "KAFKA_CONTROLLED_SHUTDOWN_ENABLE": "false",
}


@dataclass(slots=True, kw_only=True)
class KRaftSet:
    """A cluster: its pods, and the processes of those that run."""

    distribution: Distribution
    controllers: list[Pod]
    brokers: list[Pod]
    """The same pods where each of them is both."""
    running: dict[str, ServerProcess] = field(default_factory=dict)
    """By the pod's name."""

    @property
    def pods(self) -> list[Pod]:
        """Every pod, once."""
        return list({pod.name: pod for pod in (*self.controllers, *self.brokers)}.values())

    @property
    def is_combined(self) -> bool:
        """Whether every node is both."""
        return self.controllers[0] is self.brokers[0]

    @property
    def bootstrap_servers(self) -> list[str]:
        """What a client is given: the names that the brokers advertise."""
        return [f"{pod.name}.{SERVICE}.{DOMAIN_SUFFIX}:{pod.environ['KF_PORT']}" for pod in self.brokers]

    def start(self, pod: Pod, environ: Mapping[str, str] | None = None, first: str | None = None) -> ServerProcess:
        """Start the pod's node through `kafkaboot run`; a shell does *first* before, where it is given."""
        command = server_command(self.distribution, Path(pod.environ["KF_CONFIG_FILE"]), flags=jvm_flags(pod))
        if first is not None:
            command = ["sh", "-c", f"{first} && exec {shlex.join(command)}"]
        self.running[pod.name] = pod.start("kafkaboot", "run", "--", *command, environ=environ)
        return self.running[pod.name]

    def is_ready(self, pod: Pod) -> bool:
        """Return whether the pod's kafkaReady agrees."""
        return pod.run("kafkaReady").returncode == 0

    def wait_until_ready(self, pods: Sequence[Pod] | None = None) -> None:
        """Return once kafkaReady agrees on each of *pods*, by default on all."""
        wanted = list(self.pods if pods is None else pods)
        wait_until(
            lambda: all(self.is_ready(pod) for pod in wanted),
            f"{self.distribution} is ready on {', '.join(pod.name for pod in wanted)}",
            timeout=START_LIMIT,
            processes=self.running.values(),
        )

    def wait_until_counted(self, pods: Sequence[Pod] | None = None) -> None:
        """Return once each of *pods*, by default all brokers, counts as many: the last one is known a moment later."""
        wanted = self.brokers if pods is None else pods
        wait_until(
            lambda: all(pod.run("kafkaReady").stdout.endswith(f" of {len(wanted)}\n") for pod in wanted),
            f"{len(wanted)} brokers of {self.distribution} know each other",
            timeout=START_LIMIT,
            processes=self.running.values(),
        )

    def voters(self, security: Security | None = None) -> dict[int, str]:
        """Return each voter's node id and its directory's id, empty in a static quorum, as the leader tells them."""
        with resolving(NAMES):
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers, **PATIENT, **(security or {}))
            try:
                partition = admin.describe_metadata_quorum()["topics"][0]["partitions"][0]
                return {
                    voter["replica_id"]: _as_kafka_writes(voter.get("replica_directory_id"))
                    for voter in partition["current_voters"]
                }
            finally:
                admin.close()


def combined_pods(folder: Path, distribution: Distribution, environ: Mapping[str, str] | None = None) -> KRaftSet:
    """Return three pods of one StatefulSet, each broker and controller; *environ* is what a manifest would add."""
    port, controller_port = free_ports(2, ENSEMBLE_ADDRESSES)
    pods = [
        _pod(
            folder,
            distribution,
            f"kafka-{ordinal}",
            address,
            service=SERVICE,
            environ={
                "KF_REPLICAS": "3",
                "KF_PORT": str(port),
                "KF_CONTROLLER_PORT": str(controller_port),
                "KAFKA_PROCESS_ROLES": "broker,controller",
                "KAFKA_LISTENERS": f"PLAINTEXT://{address}:{port},CONTROLLER://{address}:{controller_port}",
                **(environ or {}),
            },
        )
        for ordinal, address in enumerate(ENSEMBLE_ADDRESSES)
    ]
    return KRaftSet(distribution=distribution, controllers=pods, brokers=pods)


def scaled_pods(folder: Path, distribution: Distribution, environ: Mapping[str, str] | None = None) -> list[Pod]:
    """Return five pods of one StatefulSet, of which the first three are the controllers, all of one template."""
    port, controller_port = free_ports(2, SCALED_ADDRESSES)
    return [
        _pod(
            folder,
            distribution,
            f"kafka-{ordinal}",
            address,
            service=SERVICE,
            environ={
                "KF_MODE": "kraft",
                "KF_CONTROLLER_REPLICAS": "3",
                "KF_PORT": str(port),
                "KF_CONTROLLER_PORT": str(controller_port),
                "KAFKA_LISTENERS": f"PLAINTEXT://{address}:{port},CONTROLLER://{address}:{controller_port}",
                **(environ or {}),
            },
        )
        for ordinal, address in enumerate(SCALED_ADDRESSES)
    ]


def separate_pods(folder: Path, distribution: Distribution, environ: Mapping[str, str] | None = None) -> KRaftSet:
    """Return three controllers and two brokers, two StatefulSets; *environ* is what a manifest would add to both."""
    port, controller_port = free_ports(2, ENSEMBLE_ADDRESSES)
    shared = {
        "KF_CONTROLLER_STATEFULSET": "controller",
        "KF_CONTROLLER_SERVICE": CONTROLLER_SERVICE,
        "KF_CONTROLLER_REPLICAS": "3",
        "KF_CONTROLLER_ID_OFFSET": "100",
        "KF_CONTROLLER_PORT": str(controller_port),
        **(environ or {}),
    }
    controllers = [
        _pod(
            folder,
            distribution,
            f"controller-{ordinal}",
            address,
            service=CONTROLLER_SERVICE,
            environ={
                **shared,
                "KF_REPLICAS": "3",
                "KF_ID_OFFSET": "100",
                "KAFKA_PROCESS_ROLES": "controller",
                "KAFKA_LISTENERS": f"CONTROLLER://{address}:{controller_port}",
            },
        )
        for ordinal, address in enumerate(ENSEMBLE_ADDRESSES)
    ]
    brokers = [
        _pod(
            folder,
            distribution,
            f"kafka-{ordinal}",
            address,
            service=SERVICE,
            environ={
                **shared,
                "KF_REPLICAS": "2",
                "KF_PORT": str(port),
                "KAFKA_PROCESS_ROLES": "broker",
                "KAFKA_LISTENERS": f"PLAINTEXT://{address}:{port}",
                "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "2",
            },
        )
        for ordinal, address in enumerate(ENSEMBLE_ADDRESSES[:2])
    ]
    return KRaftSet(distribution=distribution, controllers=controllers, brokers=brokers)


def base_file(distribution: Distribution) -> Path:
    """Return the file for KRaft that this release ships."""
    major, minor = distribution.release[:2]
    return BASE_FILES / ("server-4.properties" if major >= 4 else f"kraft-{major}.{minor}.properties")


@contextmanager
def running(cluster: KRaftSet, environ: Mapping[str, str] | None = None) -> Iterator[KRaftSet]:
    """Run the nodes of *cluster* until the context ends; *environ* is for the first start only."""
    try:
        for pod in cluster.pods:
            cluster.start(pod, environ)
        yield cluster
    finally:
        terminate_all(cluster.running.values())


def join_beside(pod: Pod, folder: Path, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Prepare a start of *pod* with an empty volume, in *folder*, that shall join the quorum of the others."""
    place = {
        "KAFKA_LOG_DIRS": f"{folder}/data",
        "KF_CONFIG_FILE": f"{folder}/server.properties",
        "KF_QUORUM_ENTRY": "join",
        "KF_QUORUM_WAIT": f"{START_LIMIT:g}",
    }
    return pod.run("kafkaboot", "run", "--", "true", environ={**place, **(environ or {})})


def _as_kafka_writes(directory_id: str | None) -> str:
    uuid = UUID(int=0) if directory_id is None else UUID(str(directory_id))
    return "" if uuid.int == 0 else base64.urlsafe_b64encode(uuid.bytes).decode().rstrip("=")


def _pod(
    folder: Path, distribution: Distribution, name: str, address: str, *, service: str, environ: Mapping[str, str]
) -> Pod:
    place = folder / name
    pod = Pod(name=name, address=address, folder=place)
    tool = tool_command(distribution, "kafka.tools.StorageTool", flags=jvm_flags(pod))
    write_hosts_file(place / "hosts", NAMES)
    pod.environ = {
        "KF_DOMAIN": f"{service}.{DOMAIN_SUFFIX}",
        "KF_HOME": str(home(distribution)),
        "KF_BASE_FILE": str(base_file(distribution)),
        "KF_CONFIG_FILE": f"{place}/server.properties",
        "KF_STORAGE_COMMAND": shlex.join(tool),
        "KAFKA_LOG_DIRS": f"{place}/data",
        # As the cluster's DNS would.
        "PYTHONPATH": str(_RESOLVER),
        "ZKB_TEST_HOSTS": f"{place}/hosts",
        **_CLUSTER,
        **environ,
    }
    return pod
