"""A manifest and what our commands make of it: each mistake is noticed by the check that is for it."""

from pathlib import Path

from tests.unit.docker import commands as checks
from tests.unit.docker.commands import CHECKS, CLUSTER_ID
from tests.unit.docker.manifests import (
    KRAFT_YAML,
    Check,
    Documents,
    container,
    of_kind,
    statefulset,
    variable,
    without_variable,
)
from tests.unit.docker.mistakes import Change, Mistakes, after, made


def config(documents: Documents) -> dict[str, str]:
    """Return the data of the ConfigMap."""
    found: dict[str, str] = of_kind(documents, "ConfigMap")[0]["data"]
    return found


def tell(documents: Documents, name: str, value: str) -> None:
    """Add a variable."""
    container(documents)["env"].append({"name": name, "value": value})


def limit(documents: Documents, memory: str) -> None:
    """Limit the container's memory."""
    container(documents)["resources"]["limits"].update(memory=memory)


def swap_mounts(documents: Documents) -> None:
    """Let the data go where the logs should, and the other way round."""
    data, *_, logs, _ = container(documents)["volumeMounts"]
    data["mountPath"], logs["mountPath"] = logs["mountPath"], data["mountPath"]


def refer(documents: Documents, key: str) -> None:
    """Let the last variable but one be read from a key of ZooKeeper's ConfigMap."""
    container(documents)["env"][-2] = {"name": "X", "valueFrom": {"configMapKeyRef": {"name": "zk-cm", "key": key}}}


MISTAKES: Mistakes = {
    "a variable twice": (checks.variables, lambda d: tell(d, "POD_NAME", "zk-0")),
    "a key for two variables, as the seed's syncLimit": (checks.config_map, lambda d: refer(d, "tick")),
    "a key that is not there": (checks.config_map, lambda d: refer(d, "ticks")),
    "ZooKeeper on another port": (checks.zookeeper_ports, lambda d: variable(d, "ZK_CLIENT_PORT").update(value="2182")),
    "elections on another port": (
        checks.zookeeper_ports,
        lambda d: container(d)["ports"][2].update(containerPort=3889),
    ),
    "another port is probed": (checks.zookeeper_ports, lambda d: tell(d, "ZK_PROBE_PORT", "2888")),
    "five in the ensemble, three pods": (
        checks.zookeeper_ensemble,
        lambda d: variable(d, "ZK_REPLICAS").update(value="5"),
    ),
    "three in the ensemble, five pods": (checks.zookeeper_ensemble, lambda d: statefulset(d).update(replicas=5)),
    "the seed's purge": (checks.zookeeper_settings, lambda d: config(d).update({"purge.interval": "0"})),
    "purged once a day": (checks.zookeeper_settings, lambda d: config(d).update({"purge.interval": "24"})),
    "a misspelt variable": (checks.zookeeper_settings, lambda d: variable(d, "ZK_REPLICAS").update(name="ZK_REPLICA")),
    "a heap larger than the memory": (checks.zookeeper_settings, lambda d: config(d).update({"jvm.heap": "2G"})),
    "ticks of 200 ms": (checks.zookeeper_defaults, lambda d: config(d).update(tick="200")),
    "a syncLimit of 2000": (checks.zookeeper_defaults, lambda d: config(d).update(sync="2000")),
    "one connection for each client": (checks.zookeeper_defaults, lambda d: config(d).update({"client.cnxns": "1"})),
    "a key of zoo.cfg": (checks.zookeeper_defaults, lambda d: tell(d, "ZK_CFG_forceSync", "no")),
    "data of a standalone server is let in": (
        checks.zookeeper_defaults,
        lambda d: tell(d, "ZK_ALLOW_STANDALONE_DATA", "true"),
    ),
    "a heap of all memory": (checks.zookeeper_memory, lambda d: config(d).update({"jvm.heap": "95%"})),
    "a heap of nearly all memory": (checks.zookeeper_memory, lambda d: config(d).update({"jvm.heap": "1000m"})),
    "half of ZooKeeper's memory": (checks.zookeeper_memory, lambda d: limit(d, "512Mi")),
    "ZooKeeper without a volume": (checks.zookeeper_volumes, lambda d: statefulset(d).pop("volumeClaimTemplates")),
    "ZooKeeper's /tmp on the root": (checks.zookeeper_volumes, lambda d: container(d)["volumeMounts"].pop()),
    "ZooKeeper's data on scratch": (checks.zookeeper_volumes, swap_mounts),
    "ZooKeeper's data beside the volume": (checks.zookeeper_volumes, lambda d: tell(d, "ZK_DATA_DIR", "/data")),
    "Kafka on another port": (checks.kafka_ports, lambda d: tell(d, "KF_PORT", "9094")),
    "another port of the container": (
        checks.kafka_ports,
        lambda d: container(d)["ports"][0].update(containerPort=9094),
    ),
    "a port of another name": (checks.kafka_ports, lambda d: container(d)["ports"][0].update(name="clients")),
    "a misspelt variable of Kafka's": (checks.kafka_settings, lambda d: tell(d, "KF_REPLICA", "3")),
    "offsets once": (
        checks.kafka_topics,
        lambda d: variable(d, "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR").update(value="1"),
    ),
    "topics once, by default": (
        checks.kafka_topics,
        lambda d: without_variable(d, "KAFKA_DEFAULT_REPLICATION_FACTOR"),
    ),
    "transactions once": (
        checks.kafka_topics,
        lambda d: without_variable(d, "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR"),
    ),
    "one replica acknowledges": (
        checks.kafka_topics,
        lambda d: variable(d, "KAFKA_MIN_INSYNC_REPLICAS").update(value="1"),
    ),
    "every replica must acknowledge": (
        checks.kafka_topics,
        lambda d: variable(d, "KAFKA_MIN_INSYNC_REPLICAS").update(value="3"),
    ),
    "leaders that lack what was acknowledged": (
        checks.kafka_properties,
        lambda d: tell(d, "KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE", "true"),
    ),
    "a misspelt property": (
        checks.kafka_properties,
        lambda d: variable(d, "KAFKA_MIN_INSYNC_REPLICAS").update(name="KAFKA_MIN_INSYNC_REPLICA"),
    ),
    "names of another domain": (checks.kafka_names, lambda d: tell(d, "KF_DOMAIN", "kafka.default.svc")),
    "a name that every broker has": (
        checks.kafka_names,
        lambda d: tell(d, "KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://kafka-svc.default.svc.cluster.local:9092"),
    ),
    "the heap of the start script": (checks.kafka_memory, lambda d: without_variable(d, "KAFKA_HEAP_OPTS")),
    "no page cache": (
        checks.kafka_memory,
        lambda d: variable(d, "KAFKA_HEAP_OPTS").update(value="-Xms1024m -Xmx1024m"),
    ),
    "a heap that grows": (
        checks.kafka_memory,
        lambda d: variable(d, "KAFKA_HEAP_OPTS").update(value="-Xms64m -Xmx512m"),
    ),
    "half of Kafka's memory": (checks.kafka_memory, lambda d: limit(d, "512Mi")),
    "logs beside the volume": (
        checks.kafka_volumes,
        lambda d: variable(d, "KAFKA_LOG_DIRS").update(value="/var/lib/data"),
    ),
    "logs in another directory of the volume": (
        checks.kafka_volumes,
        lambda d: variable(d, "KAFKA_LOG_DIRS").update(value="/var/lib/kafka/logs"),
    ),
    "logs in the volume's root": (
        checks.kafka_volumes,
        lambda d: variable(d, "KAFKA_LOG_DIRS").update(value="/var/lib/kafka"),
    ),
    "the configuration on the root": (
        checks.kafka_volumes,
        lambda d: variable(d, "KF_CONFIG_FILE").update(value="/opt/kafka/config/x"),
    ),
    "Kafka's data on scratch": (checks.kafka_volumes, swap_mounts),
    "the mode by default": (checks.kraft_roles, lambda d: without_variable(d, "KF_MODE")),
    "two of three vote": (checks.kraft_roles, lambda d: variable(d, "KF_CONTROLLER_REPLICAS").update(value="2")),
    "every pod votes": (
        checks.kraft_scale,
        lambda d: variable(d, "KF_CONTROLLER_REPLICAS").update(name="KF_REPLICAS"),
    ),
    "the pods are counted, too": (
        checks.kraft_scale,
        lambda d: tell(d, "KF_REPLICAS", "3"),
    ),
    "ten vote": (checks.kraft_scale, lambda d: variable(d, "KF_CONTROLLER_REPLICAS").update(value="10")),
    "every pod is both": (
        checks.kraft_scale,
        lambda d: tell(d, "KAFKA_PROCESS_ROLES", "broker,controller"),
    ),
    "no cluster id": (checks.kraft_cluster_id, lambda d: without_variable(d, "KF_CLUSTER_ID")),
    "everybody's cluster id": (
        checks.kraft_cluster_id,
        lambda d: container(d)["env"].__setitem__(
            container(d)["env"].index(variable(d, "KF_CLUSTER_ID")),
            {"name": "KF_CLUSTER_ID", "value": "Yx3Fh0oBTuqWm5c8R1nZvA"},
        ),
    ),
    "brokers ask other servers": (checks.brokers_find_zookeeper, lambda d: tell(d, "KF_ZK_SERVICE", "zookeeper")),
    "brokers ask five servers": (checks.brokers_find_zookeeper, lambda d: tell(d, "KF_ZK_REPLICAS", "5")),
    "ZooKeeper has another name": (
        checks.brokers_find_these,
        lambda d: of_kind(d, "StatefulSet")[0]["metadata"].update(name="zookeeper"),
    ),
    "ZooKeeper has another domain": (
        checks.brokers_find_these,
        lambda d: statefulset(d).update(serviceName="zookeeper"),
    ),
}


@made(MISTAKES, CHECKS)
def test_each_mistake_is_noticed(path: Path, check: Check, change: Change) -> None:
    """By the check that is for it."""
    assert list(check(after(path, change)))


def test_every_check_has_a_mutant() -> None:
    """None is there for show."""
    assert {check for check, _ in MISTAKES.values()} == set(CHECKS)


def test_the_head_makes_the_config_map_that_the_pods_wait_for() -> None:
    """Under that name, with that key."""
    text = KRAFT_YAML.read_text(encoding="utf-8")

    assert f"create configmap {CLUSTER_ID['name']} --from-literal={CLUSTER_ID['key']}=" in text
