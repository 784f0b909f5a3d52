"""Kafka as pods run it: our generator's file over the distribution's own, our `kafkaboot run`, three brokers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.server.cache import home
from tests.server.commands import server_command
from tests.server.distributions import Distribution
from tests.server.hosts import DOMAIN_SUFFIX, pod_names, write_hosts_file
from tests.server.pods import Pod
from tests.server.ports import ENSEMBLE_ADDRESSES, SCALED_ADDRESSES, free_port
from tests.server.processes import ServerProcess, terminate_all, wait_until
from tests.server.zookeeper import SERVICE as ZOOKEEPER_SERVICE

SERVICE = "kafka-svc"
START_LIMIT = 300.0
"""Seconds in which three brokers must register on a busy machine."""

BASE_FILES = Path(__file__).parents[1] / "data" / "kafka" / "base"
"""The `config/server.properties` of each release, as its active lines: Maven Central does not have them."""

CONTROLLER_SERVICE = "controller-svc"

NAMES = (
    pod_names("kafka", SERVICE, SCALED_ADDRESSES)
    | pod_names("controller", CONTROLLER_SERVICE, ENSEMBLE_ADDRESSES)
    | pod_names("zk", ZOOKEEPER_SERVICE, ENSEMBLE_ADDRESSES)
)
"""The cluster's names, for every JVM and for clients in this process."""

CLUSTER_OF_THREE = {
    "KAFKA_DEFAULT_REPLICATION_FACTOR": "3",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "3",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "3",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "2",
    # The brokers of a test stop all at once: the last ones have nobody to hand their partitions to.
    "KAFKA_CONTROLLED_SHUTDOWN_MAX_RETRIES": "1",
}
"""What a test's cluster of three says, and the distribution's file, meant for one broker, does not."""


@dataclass(slots=True, kw_only=True)
class KafkaSet:
    """The StatefulSet `kafka`: its pods, and those of their brokers that run."""

    distribution: Distribution
    pods: list[Pod]
    brokers: list[ServerProcess]
    """The same order as the pods."""

    @property
    def bootstrap_servers(self) -> list[str]:
        """What a client is given: the names that the brokers advertise."""
        return [f"{pod.name}.{SERVICE}.{DOMAIN_SUFFIX}:{pod.environ['KF_PORT']}" for pod in self.pods]

    def wait_until_ready(self) -> None:
        """Return once every pod's kafkaReady agrees."""
        wait_until(
            lambda: all(pod.run("kafkaReady").returncode == 0 for pod in self.pods),
            f"{self.distribution} is ready on {len(self.pods)} pods",
            timeout=START_LIMIT,
            processes=self.brokers,
        )


def has_listeners(distribution: Distribution) -> bool:
    """Return whether this Kafka knows `listeners`; 0.8 has `port` and `host.name` instead."""
    return distribution.release >= (0, 9)


def make_pods(
    folder: Path, distribution: Distribution, zookeeper_connect: str, environ: Mapping[str, str] | None = None
) -> list[Pod]:
    """Return three pods on free ports; *environ* is what a manifest would add."""
    port = free_port(ENSEMBLE_ADDRESSES)
    pods = []
    for ordinal, address in enumerate(ENSEMBLE_ADDRESSES):
        place = folder / f"kafka-{ordinal}"
        binding = (
            {"KAFKA_LISTENERS": f"PLAINTEXT://{address}:{port}"}
            if has_listeners(distribution)
            else {"KAFKA_HOST_NAME": address}
        )
        pods.append(
            Pod(
                name=f"kafka-{ordinal}",
                address=address,
                folder=place,
                environ={
                    "KF_REPLICAS": "3",
                    "KF_DOMAIN": f"{SERVICE}.{DOMAIN_SUFFIX}",
                    "KF_HOME": str(home(distribution)),
                    "KF_BASE_FILE": str(base_file(distribution)),
                    "KF_CONFIG_FILE": f"{place}/server.properties",
                    "KF_PORT": str(port),
                    # The names of the cluster exist for the JVM only.
                    "KF_DNS_WAIT": "0",
                    "KF_PROBE_HOST": address,
                    "KAFKA_ZOOKEEPER_CONNECT": zookeeper_connect,
                    "KAFKA_LOG_DIRS": f"{place}/data",
                    **binding,
                    **CLUSTER_OF_THREE,
                    **(environ or {}),
                },
            )
        )
    return pods


def base_file(distribution: Distribution) -> Path:
    """Return the `config/server.properties` that this release ships."""
    release = ".".join(map(str, distribution.release[: 3 if distribution.release[0] == 0 else 2]))
    return BASE_FILES / f"server-{release}.properties"


def broker_command(pod: Pod, distribution: Distribution) -> list[str]:
    """Return the command that runs the pod's broker with the file that our generator writes."""
    return server_command(distribution, Path(pod.environ["KF_CONFIG_FILE"]), flags=jvm_flags(pod))


def jvm_flags(pod: Pod) -> list[str]:
    """Return what a JVM in the pod is given: the cluster's names, and a log on its console."""
    pod.folder.mkdir(parents=True, exist_ok=True)
    log4j = pod.folder / "log4j.properties"
    log4j.write_text(_LOG4J)
    log4j2 = pod.folder / "log4j2.properties"
    log4j2.write_text(_LOG4J2)
    return [
        write_hosts_file(pod.folder / "hosts", NAMES),
        f"-Dlog4j.configuration=file:{log4j}",
        f"-Dlog4j2.configurationFile=file:{log4j2}",
    ]


def start_broker(pod: Pod, distribution: Distribution, environ: Mapping[str, str] | None = None) -> ServerProcess:
    """Start the pod's broker through `kafkaboot run`."""
    return pod.start("kafkaboot", "run", "--", *broker_command(pod, distribution), environ=environ)


@contextmanager
def running(pods: Sequence[Pod], distribution: Distribution) -> Iterator[KafkaSet]:
    """Run the brokers of *pods* until the context ends."""
    with ExitStack() as stack:
        brokers: list[ServerProcess] = []
        stack.callback(terminate_all, brokers)
        brokers.extend(start_broker(pod, distribution) for pod in pods)
        yield KafkaSet(distribution=distribution, pods=list(pods), brokers=brokers)


_LOG4J = """\
log4j.rootLogger=INFO, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=[%d] %p %m (%c)%n
"""

_LOG4J2 = """\
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=INFO
rootLogger.appenderRef.stdout.ref=STDOUT
"""
"""The same for 4.0 and newer."""
