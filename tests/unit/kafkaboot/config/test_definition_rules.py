"""What Kafka defines of its properties: which values are refused, which names are told."""

import pytest

from kafkaboot.config.definition_rules import name_advice
from kafkaboot.config.settings import Settings
from kafkaboot.values.version import Version
from tests.unit.kafkaboot.config import test_kraft as kraft
from tests.unit.kafkaboot.config import test_zookeeper as zookeeper
from zkboot.pod.environ import EnvReader


def problems(version: str, environ: dict[str, str], base: dict[str, str] | None = None) -> set[str]:
    """Return what is wrong with *environ*: a broker's with ZooKeeper where *version* has that mode."""
    drafted = kraft.drafted if version.startswith("4") else zookeeper.drafted
    return set(drafted(version, environ, base)[1])


def advice(version: str, **environ: str) -> list[str]:
    """Return what is said of the names in *environ*."""
    drafted = kraft.drafted if version.startswith("4") else zookeeper.drafted
    given = Settings.from_environ(EnvReader(environ)).given
    return list(name_advice(drafted(version, environ)[0], given, Version.parse(version)))


@pytest.mark.parametrize(
    ("version", "variable", "value", "reason"),
    [
        ("3.9.1", "KAFKA_NUM_IO_THREADS", "0", "is not an integer in 1..2147483647"),
        ("0.8.2.1", "KAFKA_NUM_IO_THREADS", "0", "is not an integer in 1..2147483647"),
        ("3.9.1", "KAFKA_DELETE_TOPIC_ENABLE", "yes", "is not true or false"),
        ("3.9.1", "KAFKA_LOG_CLEANUP_POLICY", "compact,remove", "is not a list of compact, delete"),
        ("4.4.0", "KAFKA_LOG_SEGMENT_BYTES", "1024", "is not an integer in 1048576..2147483647"),
        ("4.4.0", "KAFKA_COMPRESSION_GZIP_LEVEL", "10", "is not -1 or an integer in 1..9"),
        ("4.4.0", "KAFKA_LISTENER_NAME_PLAINTEXT_SSL_CLIENT_AUTH", "need", "is not one of none, requested, required"),
        ("2.8.2", "KAFKA_COMPRESSION_TYPE", "zstdx", "is not one of uncompressed, gzip, snappy, lz4, zstd, producer"),
        ("3.9.1", "KAFKA_LOG_RETENTION_MS", "0", "may not be 0: -1 is for ever"),
        ("3.9.1", "KAFKA_LOG_ROLL_MS", "0", "may be no less than 1"),
        ("3.9.1", "KAFKA_NUM_IO_THREADS", "1" * 5000, "is not an integer in 1..2147483647"),
        ("3.9.1", "KAFKA_LOG_CLEANER_THREADS", "0", "may be no less than 1, also where log.cleaner.enable is false"),
        (
            "3.9.1",
            "KAFKA_LOG_CLEANER_DEDUPE_BUFFER_SIZE",
            "1048576",
            "must be more than 1 MiB for each of log.cleaner.threads=1 (the default)",
        ),
        ("3.9.1", "KAFKA_OFFSETS_TOPIC_COMPRESSION_CODEC", "5", "is no number of a codec, 0..4"),
        (
            "3.9.1",
            "KAFKA_MAX_CONNECTIONS_PER_IP",
            "0",
            "lets nobody connect: max.connections.per.ip.overrides must say who may",
        ),
        ("3.9.1", "KAFKA_MAX_CONNECTIONS_PER_IP_OVERRIDES", "host", "is not of the form host:number, comma-separated"),
        (
            "3.9.1",
            "KAFKA_QUEUED_MAX_REQUEST_BYTES",
            "1",
            "may be no less than socket.request.max.bytes=104857600 (the default), or -1",
        ),
        ("4.4.0", "KAFKA_GROUP_COORDINATOR_REBALANCE_PROTOCOLS", "consumer", "must have classic, too"),
        ("4.4.0", "KAFKA_CORDONED_LOG_DIRS", "/x", "has a directory that log.dirs has not"),
    ],
)
def test_a_value_that_kafka_would_refuse_is_refused(version: str, variable: str, value: str, reason: str) -> None:
    """With what it takes; what is wrong beside it is told in the same run."""
    assert problems(version, {variable: value, "KAFKA_NUM_PARTITIONS": "many"}) == {
        f"{variable}={value!r} {reason}",
        "KAFKA_NUM_PARTITIONS='many' is not an integer in 1..2147483647",
    }


def test_a_value_is_compared_with_the_default_of_another() -> None:
    """Both are told, for either may be changed."""
    assert problems("3.9.1", {"KAFKA_REPLICA_LAG_TIME_MAX_MS": "499"}) == {
        "replica.fetch.wait.max.ms=500 (the default) may be no more than KAFKA_REPLICA_LAG_TIME_MAX_MS='499'"
    }


@pytest.mark.parametrize(
    ("version", "variable", "value"),
    [
        ("3.9.1", "KAFKA_LOG_SEGMENT_BYTES", "1024"),
        ("4.9.0", "KAFKA_LOG_SEGMENT_BYTES", "1024"),
        ("3.0.0", "KAFKA_COMPRESSION_TYPE", "ZSTD"),
        ("3.9.1", "KAFKA_MY_OWN_NUMBER", "many"),
        ("3.9.1", "KAFKA_LOG_RETENTION_MS", "-1"),
        ("3.9.1", "KAFKA_NUM_IO_THREADS", " 5 "),
        ("3.9.1", "KAFKA_LISTENER_NAME_PLAINTEXT_PLAIN_LDAP_NUM_IO_THREADS", "many"),
        ("4.9.0", "KAFKA_GROUP_COORDINATOR_REBALANCE_PROTOCOLS", "consumer"),
        ("3.7.1", "KAFKA_GROUP_SHARE_SESSION_TIMEOUT_MS", "90000"),
    ],
)
def test_a_value_that_kafka_may_take_is_not_refused(version: str, variable: str, value: str) -> None:
    """Nor one of a version that is newer than all that are known, or that either neighbour takes."""
    assert problems(version, {variable: value}) == set()


def test_a_value_that_kafka_finds_itself_is_passed_on() -> None:
    """Where config.providers is set, in the base file, too; without it the text is the value."""
    environ = {"KAFKA_NUM_IO_THREADS": "${file:/x:n}", "KAFKA_ADVERTISED_LISTENERS": "A://${env:IP}:1"}
    ensemble = {"KAFKA_ZOOKEEPER_CONNECT": "${file:/x:zk}/kafka"}
    overrides = {"KAFKA_MAX_CONNECTIONS_PER_IP_OVERRIDES": "${file:/x:o}"}

    assert problems("3.9.1", {**overrides, "KAFKA_CONFIG_PROVIDERS": "file"}) == set()
    assert problems("3.9.1", {**environ, **ensemble, "KAFKA_CONFIG_PROVIDERS": "file"}) == set()
    assert problems("4.4.0", environ, {**kraft.STOCK, "config.providers": "file"}) == set()
    assert problems("3.9.1", environ) == {
        "KAFKA_NUM_IO_THREADS='${file:/x:n}' is not an integer in 1..2147483647",
        (
            "KAFKA_ADVERTISED_LISTENERS='A://${env:IP}:1' has a place that Kafka fills only where"
            " KAFKA_CONFIG_PROVIDERS is set"
        ),
    }


@pytest.mark.parametrize(
    ("version", "variable", "value"),
    [
        ("3.9.1", "KAFKA_BROKER_ID", "${env:ID}"),
        ("3.9.1", "KAFKA_LISTENERS", "PLAINTEXT://${env:IP}:9092"),
        ("3.9.1", "KAFKA_LOG_DIRS", "/data,${file:/x:d}"),
        ("4.4.0", "KAFKA_PROCESS_ROLES", "${file:/x:r}"),
        ("4.4.0", "KAFKA_CONTROLLER_QUORUM_VOTERS", "${file:/x:v}"),
        ("4.4.0", "KAFKA_CONTROLLER_LISTENER_NAMES", "${file:/x:n}"),
        ("4.4.0", "KAFKA_EARLY_START_LISTENERS", "${file:/x:n}"),
        ("4.4.0", "KAFKA_INTER_BROKER_LISTENER_NAME", "${file:/x:n}"),
        ("3.9.1", "KAFKA_INTER_BROKER_LISTENER_NAME", "${file:/x:n}"),
    ],
)
def test_what_this_tool_must_know_is_refused_with_another_way(version: str, variable: str, value: str) -> None:
    """Ids, directories, listeners and roles: this tool checks the volume and waits for others by them."""
    environ = {variable: value, "KAFKA_CONFIG_PROVIDERS": "file,env"}
    (found,) = problems(version, environ)

    assert found.startswith(f"{variable}={value!r} has a place that only Kafka can fill")
    assert found.endswith(f"by {variable}_FILE")


def test_a_shells_word_is_no_place_of_kafkas() -> None:
    """It has no colon, so Kafka would take it as it is."""
    assert problems("3.9.1", {"KAFKA_NUM_IO_THREADS": "${N}", "KAFKA_CONFIG_PROVIDERS": "env"}) == {
        "KAFKA_NUM_IO_THREADS='${N}' is not an integer in 1..2147483647"
    }


def test_a_value_in_a_file_is_not_repeated() -> None:
    """It may be another file than was meant."""
    base = {"num.io.threads": "none"}

    assert problems("3.9.1", {}, base) == {
        "num.io.threads='none' in /opt/kafka/config/server.properties is not an integer in 1..2147483647"
    }


@pytest.mark.parametrize(
    ("version", "variable", "line"),
    [
        (
            "3.9.1",
            "KAFKA_LOG_RETENTION_HOUR",
            (
                "KAFKA_LOG_RETENTION_HOUR: Kafka 3.9.1 has no property log.retention.hour;"
                " did you mean KAFKA_LOG_RETENTION_HOURS?"
            ),
        ),
        (
            "4.4.0",
            "KAFKA_LOG_MESSAGE_TIMESTAMP_DIFFERENCE_MAX_MS",
            (
                "KAFKA_LOG_MESSAGE_TIMESTAMP_DIFFERENCE_MAX_MS has no effect: Kafka 4.4.0 has no property"
                " log.message.timestamp.difference.max.ms any more, 3.9 was the last with it; see"
                " log.message.timestamp.before.max.ms and .after.max.ms"
            ),
        ),
        (
            "2.8.2",
            "KAFKA_GROUP_CONSUMER_MAX_SIZE",
            (
                "KAFKA_GROUP_CONSUMER_MAX_SIZE has no effect: Kafka 2.8.2 has no property group.consumer.max.size yet,"
                " 3.9 has it"
            ),
        ),
        (
            "3.9.1",
            "KAFKA_LISTENER_NAME_OTHER_SSL_KEYSTORE_LOCATION",
            (
                "KAFKA_LISTENER_NAME_OTHER_SSL_KEYSTORE_LOCATION is for no listener:"
                " listener.name.other.ssl.keystore.location names none of plaintext"
            ),
        ),
    ],
)
def test_a_name_that_the_version_does_not_know_is_told(version: str, variable: str, line: str) -> None:
    """Each with what was probably meant, or what does its work."""
    assert advice(version, **{variable: "1"}) == [line]


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("KAFKA_OPT", "KAFKA_OPTS"),
        ("KAFKA_HEAP_OPT", "KAFKA_HEAP_OPTS"),
        ("KAFKA_JMX_OPT", "KAFKA_JMX_OPTS"),
        ("KAFKA_LOG4J_OPT", "KAFKA_LOG4J_OPTS"),
        ("KAFKA_JVM_OPTS", "KAFKA_OPTS"),
        ("KAFKA_LOG4J_ROOT_LOGLEVL", "KAFKA_LOG4J_ROOT_LOGLEVEL"),
        ("KAFKA_LOG_LEVEL", "KF_LOG_LEVEL"),
        ("KAFKA_HEAP_SIZE", "KF_HEAP_SIZE"),
        ("KAFKA_CLUSTERID", "KF_CLUSTER_ID"),
        ("KAFKA_ZK_CONNECT", "KAFKA_ZOOKEEPER_CONNECT"),
        ("KAFKA_ADVERTISED_HOST", "KAFKA_ADVERTISED_LISTENERS"),
    ],
)
def test_a_name_that_is_meant_for_scripts_or_this_tool_is_told(variable: str, meant: str) -> None:
    """A plugin would hardly have such a property; what a JVM was to get is shown to nobody."""
    environ = {variable: "hush"}
    (line,) = advice("3.9.1", **environ)
    (given,) = Settings.from_environ(EnvReader(environ)).given.values()

    assert line.endswith(f"; did you mean {meant}?")
    assert "hush" not in line
    assert given.is_secret == meant.endswith("OPTS")


def test_an_underscore_too_few_in_a_listeners_name_is_told() -> None:
    """One is a dot, and no listener's name has any."""
    environ = {
        "KAFKA_LISTENERS": "SASL_PLAINTEXT://:9092",
        "KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "SASL_PLAINTEXT",
        "KAFKA_LISTENER_NAME_SASL_PLAINTEXT_SCRAM___SHA___512_SASL_JAAS_CONFIG": "x",
    }

    assert advice("3.9.1", **environ) == [
        (
            "KAFKA_LISTENER_NAME_SASL_PLAINTEXT_SCRAM___SHA___512_SASL_JAAS_CONFIG is for no listener:"
            " listener.name.sasl.plaintext.scram-sha-512.sasl.jaas.config says sasl.plaintext; did you mean"
            " KAFKA_LISTENER_NAME_SASL__PLAINTEXT_SCRAM___SHA___512_SASL_JAAS_CONFIG?"
        )
    ]


@pytest.mark.parametrize("tail", ["SASL_PLAINTEXT_SCRAM_SHA_512", "SASL__PLAINTEXT_SCRAM_SHA_512"])
def test_a_mechanism_without_its_dashes_is_told_with_the_name_that_counts(tail: str) -> None:
    """Kafka looks for a login under the mechanism's own name, and ends without one."""
    meant = "KAFKA_LISTENER_NAME_SASL__PLAINTEXT_SCRAM___SHA___512_SASL_JAAS_CONFIG"
    environ = {
        "KAFKA_LISTENERS": "SASL_PLAINTEXT://:9092",
        "KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "SASL_PLAINTEXT",
    }

    (line,) = advice("3.9.1", **environ, **{f"KAFKA_LISTENER_NAME_{tail}_SASL_JAAS_CONFIG": "x"})
    assert line.endswith(f"; did you mean {meant}?")
    assert advice("3.9.1", **environ, **{meant: "x"}) == []


def test_plugins_have_one_line_at_most() -> None:
    """What Kafka hands on to classes by its first words has none."""
    environ = {
        "KAFKA_CONFLUENT_LICENSE_TOPIC": "x",
        "KAFKA_MY_OWN": "x",
        "KAFKA_CONFIG_PROVIDERS": "file",
        "KAFKA_CONFIG_PROVIDERS_FILE_CLASS": "x",
        "KAFKA_SUPER_USERS": "User:a",
        "KAFKA_LISTENER_NAME_PLAINTEXT_PLAIN_SASL_JAAS_CONFIG": "x",
    }

    assert advice("3.9.1", **environ) == [
        (
            "KAFKA_CONFLUENT_LICENSE_TOPIC, KAFKA_MY_OWN: Kafka 3.9.1 itself has no such property; passed on, for a"
            " plugin may have"
        )
    ]
    assert advice("4.9.0", KAFKA_PORT="1") == []
