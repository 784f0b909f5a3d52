"""The figures of Kafka's probes, against a real broker, beside the JVM tool that peers use."""

import os
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from tests.bench.cost import Contender, bare_python, race, report
from tests.server import kraft, zookeeper
from tests.server.commands import tool_command
from tests.server.distributions import Product, find
from tests.server.hosts import resolving
from tests.server.kafka import NAMES, KafkaSet, jvm_flags, make_pods, running
from tests.server.versions import fetched

JVM_ROUNDS = 5
"""The JVM tool takes a second or two: enough rounds for a ratio that is far from its bound."""

ALONE = {
    "KF_REPLICAS": "1",
    "KAFKA_DEFAULT_REPLICATION_FACTOR": "1",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
}


def measure(folder: Path, scripts: Path, rounds: int) -> None:
    """Print what the probes cost on a broker with one partition, and with a thousand more."""
    servers = zookeeper.make_pods(folder, 1, {"ZK_PURGE_INTERVAL": "1"})
    version = fetched(find(Product.KAFKA, "3.9"))
    with zookeeper.running(servers, fetched(find(Product.ZOOKEEPER, "3.9"))) as ensemble:
        pods = make_pods(folder, version, ensemble.connect_string, ALONE)[:1]
        with running(pods, version) as cluster:
            cluster.wait_until_ready()
            create_topic(cluster, "one", 1)
            _race(cluster, scripts, rounds, "1 partition")
            create_topic(cluster, "many", 1000)
            _race(cluster, scripts, rounds, "1,001 partitions")
    for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        _cost_of_a_login(folder / mechanism, scripts, rounds, mechanism)


def create_topic(cluster: KafkaSet, topic: str, partitions: int) -> None:
    """Create a *topic* on a cluster of one broker."""
    with resolving(NAMES):
        admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers[:1])
        try:
            admin.create_topics([NewTopic(topic, num_partitions=partitions, replication_factor=1)])
        finally:
            admin.close()


def _race(cluster: KafkaSet, scripts: Path, rounds: int, told: str) -> None:
    pod = cluster.pods[0]
    environ = pod.whole_environ({"PATH": f"{scripts}:{os.environ['PATH']}"})
    contenders = [
        bare_python(environ),
        Contender(name="`kafkaOk`", command=["kafkaOk"], environ=environ),
        Contender(name="`kafkaReady`", command=["kafkaReady"], environ=environ),
        Contender(name="`kafkaReady --in-sync`", command=["kafkaReady", "--in-sync"], environ=environ),
    ]
    race(contenders, rounds)
    tool = tool_command(
        cluster.distribution,
        "kafka.admin.BrokerApiVersionsCommand",
        "--bootstrap-server",
        f"{pod.address}:{pod.environ['KF_PORT']}",
        flags=jvm_flags(pod),
    )
    beside = [
        Contender(name="`kafkaOk`", command=["kafkaOk"], environ=environ),
        Contender(name="`kafka-broker-api-versions` (JVM)", command=tool, environ=environ),
    ]
    race(beside, JVM_ROUNDS, warm_up=1)
    print(f"Kafka 3.9, {told}, {rounds} runs each in turn (targets: kafkaOk at most 1.5 x):\n")
    print(report(contenders), end="\n\n")
    print(f"Beside the JVM tool, {JVM_ROUNDS} runs each in turn (target: at least 50 x):\n")
    print(report(beside), end="\n\n")


def _cost_of_a_login(folder: Path, scripts: Path, rounds: int, mechanism: str) -> None:
    """Print what the probes cost where every listener asks for a login, in plain text."""
    users = folder / "users"
    users.mkdir(parents=True)
    (users / "broker").write_text("a password")
    login = {"KF_SASL_DIR": str(users), "KF_SASL_USER": "broker", "KF_SASL_MECHANISM": mechanism}
    version = fetched(find(Product.KAFKA, "4.4"))
    pod = kraft.combined_pods(folder, version, {**ALONE, **login}).pods[0]
    pod.environ["KAFKA_LISTENERS"] = pod.environ["KAFKA_LISTENERS"].replace("PLAINTEXT:", "SASL_PLAINTEXT:")
    alone = kraft.KRaftSet(distribution=version, controllers=[pod], brokers=[pod])
    with kraft.running(alone) as cluster:
        cluster.wait_until_ready()
        environ = pod.whole_environ({"PATH": f"{scripts}:{os.environ['PATH']}"})
        contenders = [
            bare_python(environ),
            Contender(name="`kafkaOk`", command=["kafkaOk"], environ=environ),
            Contender(name="`kafkaReady`, logged in", command=["kafkaReady"], environ=environ),
        ]
        race(contenders, rounds)
    print(f"Kafka 4.4, a login by {mechanism}, {rounds} runs each in turn:\n")
    print(report(contenders), end="\n\n")
