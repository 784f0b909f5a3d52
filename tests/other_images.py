"""The images that people come from: their variables, their data and their users, and the page's tables of them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from zkboot.pod.foreign import Counterpart

_VARIABLE = re.compile(r"(?:(?:ZK|KF|KAFKA|SERVER|JMX)_|JMXP)(?:<[^>]*>|[^\s,;)<])+|-D[^\s)]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that people come from."""

    name: str
    variables: tuple[str, ...]
    """Its own variables, those that it passes to the server's properties by a rule left out."""
    data: str
    """Where its data lies, and what to set here."""
    user: str
    """Who owns that."""


def _names(prefix: str, tails: str) -> tuple[str, ...]:
    return tuple(prefix + tail for tail in tails.split())


ZOOKEEPER_IMAGES = (
    Image(
        name="docker-library",
        variables=_names(
            "ZOO_",
            "MY_ID SERVERS TICK_TIME INIT_LIMIT SYNC_LIMIT MAX_CLIENT_CNXNS STANDALONE_ENABLED ADMINSERVER_ENABLED"
            " AUTOPURGE_PURGEINTERVAL AUTOPURGE_SNAPRETAINCOUNT 4LW_COMMANDS_WHITELIST CFG_EXTRA LOG4J_PROP"
            " DATA_DIR DATA_LOG_DIR CONF_DIR LOG_DIR",
        ),
        data="`/data` and `/datalog`: set `ZK_DATA_DIR` and `ZK_DATA_LOG_DIR`",
        user="1000",
    ),
    Image(
        name="bitnami",
        variables=_names(
            "ZOO_",
            "SERVER_ID SERVERS PORT_NUMBER PEER_TYPE TICK_TIME INIT_LIMIT SYNC_LIMIT MAX_CNXNS MAX_CLIENT_CNXNS"
            " MAX_SESSION_TIMEOUT AUTOPURGE_INTERVAL AUTOPURGE_RETAIN_COUNT LOG_LEVEL 4LW_COMMANDS_WHITELIST"
            " RECONFIG_ENABLED LISTEN_ALLIPS_ENABLED ENABLE_ADMIN_SERVER ADMIN_SERVER_ADDRESS ADMIN_SERVER_PORT_NUMBER"
            " ENABLE_PROMETHEUS_METRICS PROMETHEUS_METRICS_PORT_NUMBER PRE_ALLOC_SIZE SNAPCOUNT HEAP_SIZE HC_TIMEOUT"
            " FIPS_MODE DATA_LOG_DIR TLS_PORT_NUMBER TLS_CLIENT_* TLS_QUORUM_* ENABLE_AUTH CLIENT_USER CLIENT_PASSWORD"
            " SERVER_USERS SERVER_PASSWORDS ENABLE_QUORUM_AUTH QUORUM_LEARNER_* QUORUM_SERVER_*",
        ),
        data="`/bitnami/zookeeper/data`: set both `ZK_DATA_DIR` and `ZK_DATA_LOG_DIR` to it",
        user="1001: set `runAsUser` and `fsGroup`",
    ),
    Image(
        name="Confluent",
        variables=(
            *("KAFKA_OPTS", "KAFKA_JMX_OPTS", "KAFKA_GC_LOG_OPTS", "KAFKA_JVM_PERFORMANCE_OPTS", "EXTRA_ARGS"),
            *("KAFKA_HEAP_OPTS", "KAFKA_LOG4J_OPTS", "KAFKA_JMX_PORT", "KAFKA_JMX_HOSTNAME"),
            *_names(
                "ZOOKEEPER_",
                "SERVER_ID SERVERS CLIENT_PORT TICK_TIME INIT_LIMIT SYNC_LIMIT MAX_CLIENT_CNXNS SNAP_COUNT"
                " AUTOPURGE_PURGE_INTERVAL AUTOPURGE_SNAP_RETAIN_COUNT SECURE_CLIENT_PORT SERVER_CNXN_FACTORY"
                " AUTH_PROVIDER_X509 SSL_KEYSTORE_LOCATION SSL_KEYSTORE_PASSWORD SSL_TRUSTSTORE_LOCATION"
                " SSL_TRUSTSTORE_PASSWORD SSL_CLIENT_AUTH LOG4J_ROOT_LOGLEVEL LOG4J_LOGGERS TOOLS_LOG4J_LOGLEVEL"
                " JUTE_MAX_BUFFER",
            ),
        ),
        data="`/var/lib/zookeeper/data` and `/var/lib/zookeeper/log`, as here",
        user="1000",
    ),
)

KAFKA_IMAGES = (
    Image(
        name="bitnami",
        variables=(
            *(
                "KAFKA_CFG_*",
                "KAFKA_ENABLE_KRAFT",
                "KAFKA_KRAFT_CLUSTER_ID",
                "KAFKA_CLUSTER_ID",
                "KAFKA_INITIAL_CONTROLLERS",
            ),
            *("KAFKA_SKIP_KRAFT_STORAGE_INIT", "KAFKA_KRAFT_BOOTSTRAP_SCRAM_USERS", "KAFKA_MOUNTED_CONF_DIR"),
            *("KAFKA_CLIENT_LISTENER_NAME", "KAFKA_CLIENT_USERS", "KAFKA_CLIENT_PASSWORDS", "KAFKA_INTER_BROKER_USER"),
            *("KAFKA_INTER_BROKER_PASSWORD", "KAFKA_CONTROLLER_USER", "KAFKA_CONTROLLER_PASSWORD", "KAFKA_TLS_TYPE"),
            *("KAFKA_TLS_CLIENT_AUTH", "KAFKA_TLS_<LISTENER>_CLIENT_AUTH", "KAFKA_TLS_TRUSTSTORE_FILE"),
            *("KAFKA_CERTIFICATE_PASSWORD", "KAFKA_ZOOKEEPER_PROTOCOL", "KAFKA_ZOOKEEPER_USER"),
            *("KAFKA_ZOOKEEPER_PASSWORD", "KAFKA_ZOOKEEPER_TLS_*", "KAFKA_DATA_DIR", "KAFKA_VOLUME_DIR"),
            *("KAFKA_BASE_DIR", "KAFKA_CONF_DIR", "KAFKA_CONF_FILE", "KAFKA_EXTRA_FLAGS", "KAFKA_MIN_ID"),
            *("KAFKA_BROKER_USER", "KAFKA_BROKER_PASSWORD", "KAFKA_PORT_NUMBER"),
        ),
        data="`/bitnami/kafka/data`: set `KAFKA_LOG_DIRS`",
        user="1001: set `runAsUser` and `fsGroup`",
    ),
    Image(
        name="Confluent",
        variables=(
            *("KAFKA_SSL_KEYSTORE_FILENAME", "KAFKA_SSL_KEYSTORE_CREDENTIALS", "KAFKA_SSL_KEY_CREDENTIALS"),
            *("KAFKA_SSL_TRUSTSTORE_FILENAME", "KAFKA_SSL_TRUSTSTORE_CREDENTIALS"),
            *("KAFKA_ZOOKEEPER_CLIENT_CNXN_SOCKET", "KAFKA_JMX_PORT", "KAFKA_JMX_HOSTNAME"),
            *("KAFKA_LISTENER_NAME_<LISTENER>_SSL_KEYSTORE_FILENAME", "KAFKA_ZOOKEEPER_SASL_ENABLED", "KAFKA_HOST"),
            *("CONFLUENT_METRICS_*", "CONFLUENT_SUPPORT_*"),
        ),
        data="`/var/lib/kafka/data`: set `KAFKA_LOG_DIRS`",
        user="1000",
    ),
    Image(
        name="Apache",
        variables=(
            *("KAFKA_SSL_KEYSTORE_FILENAME", "KAFKA_SSL_KEYSTORE_CREDENTIALS", "KAFKA_SSL_KEY_CREDENTIALS"),
            *("KAFKA_SSL_TRUSTSTORE_FILENAME", "KAFKA_SSL_TRUSTSTORE_CREDENTIALS", "KAFKA_SECURITY_PROTOCOL"),
        ),
        data="where `KAFKA_LOG_DIRS` was mounted; without it `/tmp/kraft-combined-logs`, which nothing keeps",
        user="1000",
    ),
    Image(
        name="wurstmeister",
        variables=("KAFKA_CREATE_TOPICS", "KAFKA_PROTOCOL_NAME", "KAFKA_ADVERTISED_PROTOCOL_NAME"),
        data="`/kafka/kafka-logs-<name>`",
        user="0",
    ),
)


def variables_table(images: Iterable[Image], counterpart: Callable[[str], Counterpart | None]) -> str:
    """Return a table of Markdown: the variables of *images*, whose they are, and what to do here.

    Raises LookupError for one without a counterpart.
    """
    rows: dict[Counterpart, tuple[dict[str, None], dict[str, None]]] = {}
    for image in images:
        for name in image.variables:
            found = counterpart(name)
            if found is None:
                raise LookupError(name)
            names, owners = rows.setdefault(found, ({}, {}))
            names[f"`{name}`"] = owners[image.name] = None
    lines = []
    for found, (names, owners) in rows.items():
        instead = _VARIABLE.sub(r"`\g<0>`", found.instead)
        lines.append(
            f"| {', '.join(names)} | {', '.join(owners)} | {'**refused**: ' if found.is_guard else ''}{instead} |"
        )
    return "\n".join(("| variable | of | here |", "| --- | --- | --- |", *lines)) + "\n"


def data_table() -> str:
    """Return a table of Markdown: where the images keep their data, and as which user."""
    rows = [
        f"| {image.name}, {product} | {image.data} | {image.user} |"
        for product, images in (("ZooKeeper", ZOOKEEPER_IMAGES), ("Kafka", KAFKA_IMAGES))
        for image in images
    ]
    return "\n".join(("| image | its data | its user |", "| --- | --- | --- |", *rows)) + "\n"
