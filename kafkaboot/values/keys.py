"""Broker properties: how KAFKA_* names them, which of those variables are not for the broker, which are secret.

Sources: ``bin/kafka-server-start.sh`` and ``bin/kafka-run-class.sh`` of 0.8.2 to 4.x for the variables that scripts and
the JVM read; ``KafkaConfig`` and its companions of 0.8.2 to 4.x for the properties.
"""

import re
from functools import cache

from kafkaboot.values.definitions import definitions, is_password, plain_key
from zkboot.pod.environ import FILE_SUFFIX
from zkboot.pod.likeness import nearest
from zkboot.pod.secret import PARTS, WORDS

PREFIX = "KAFKA_"

SCRIPT_VARIABLES = frozenset(
    {
        # kafka-server-start.sh and kafka-run-class.sh
        "KAFKA_DEBUG",
        "KAFKA_GC_LOG_OPTS",
        "KAFKA_HEAP_OPTS",
        "KAFKA_JMX_OPTS",
        "KAFKA_JVM_PERFORMANCE_OPTS",
        "KAFKA_LOG4J_CMD_OPTS",
        "KAFKA_LOG4J_OPTS",
        "KAFKA_MODE",
        "KAFKA_OPTS",
        # what an image says of itself
        "KAFKA_HOME",
        "KAFKA_URL",
        "KAFKA_USER",
        "KAFKA_VERSION",
    }
)
"""Variables with the broker's prefix that are no properties: scripts, the JVM and images read them."""

OF_THE_JVM = frozenset({"EXTRA_ARGS", "JMX_PORT"})
"""Variables without the prefix that Kafka's scripts read for the JVM."""

_OF_IMAGES = frozenset({"KAFKA_HOME", "KAFKA_MODE", "KAFKA_URL", "KAFKA_USER", "KAFKA_VERSION"})
_HABITS = {
    "KAFKA_ADVERTISED_HOST": "KAFKA_ADVERTISED_LISTENERS",
    **dict.fromkeys(("KAFKA_JAVA_OPTS", "KAFKA_JVM_FLAGS", "KAFKA_JVM_OPTS"), "KAFKA_OPTS"),
    "KAFKA_ZK_CONNECT": "KAFKA_ZOOKEEPER_CONNECT",
}
"""What some call a variable whose own name has other letters."""

LOG_LEVEL, LOGGERS = "KAFKA_LOG4J_ROOT_LOGLEVEL", "KAFKA_LOG4J_LOGGERS"
TOOLS_LOG_LEVEL = "KAFKA_TOOLS_LOG4J_LOGLEVEL"
LOG_VARIABLES = frozenset({LOG_LEVEL, LOGGERS, TOOLS_LOG_LEVEL})
"""How Apache's and Confluent's images call what this tool knows by names of its own: they are no properties."""

HOST_AND_PORT_KEYS = ("port", "host.name", "advertised.host.name", "advertised.port")
"""Where a broker listens and what it publishes, up to 2.8; the only way before 0.9."""

LISTENER_KEYS = ("listeners", "advertised.listeners")
"""The same, from 0.9 on."""

KRAFT_KEYS = (
    "process.roles",
    "node.id",
    "controller.quorum.voters",
    "controller.quorum.bootstrap.servers",
    "controller.listener.names",
    "controller.quorum.auto.join.enable",
)
"""What this tool, or a base file for KRaft, says of a broker without ZooKeeper."""

MIGRATING = "zookeeper.metadata.migration.enable"
"""Whether a node is on its way from ZooKeeper to KRaft."""

ZOOKEEPER_KEYS = (
    "zookeeper.connect",
    "zookeeper.clientCnxnSocket",
    "zookeeper.connection.timeout.ms",
    "zookeeper.max.in.flight.requests",
    MIGRATING,
    "zookeeper.session.timeout.ms",
    "zookeeper.set.acl",
    "zookeeper.sync.time.ms",
    "broker.id.generation.enable",
    "reserved.broker.max.id",
)
"""What the stock files, and this tool, say of a broker with ZooKeeper, and others may."""

MIGRATION_KEYS = ("controller.quorum.voters", "controller.quorum.bootstrap.servers", "controller.listener.names")
"""Those of them that a broker in ZooKeeper mode needs, too, while ``zookeeper.metadata.migration.enable`` is true."""

MEANT_EMPTY = "ssl.endpoint.identification.algorithm"
"""How the properties end in which no text means something: that host names are not verified."""

REPORTERS = "metric.reporters"
"""Who gets the metrics: nobody, where it is empty; by default, from 4.0 on, JMX does."""

# Kafka 4.1, KIP-1139; each may also stand behind listener.name.<name>.<mechanism>.
_FILE_PROPERTIES = (
    "sasl.oauthbearer.assertion.file",
    "sasl.oauthbearer.assertion.private.key.file",
    "sasl.oauthbearer.assertion.template.file",
)

# The only property of any version with a capital letter.
_CAPITALS = {"zookeeper.clientcnxnsocket": "zookeeper.clientCnxnSocket"}

_SECRET_PARTS = (*PARTS, "keystore.key", "access.key", "user.info", "jaas", "basic.auth")
_SECRET_IN_VALUE = re.compile(rf"(?i)({'|'.join(WORDS)})\s*=|://[^\s/@:]*:[^\s/@]+@")
_LICENSE = "license"
"""How the key of a product's license ends; what its topic is like, ``confluent.license.topic.*``, is no secret."""

_SECRET_WORDS = ("password", "passphrase", "secret", "credential", "pwd", "bindpw")
"""Words that may be mistyped."""

# What stands beside a secret but is none: where it lies, how it is coded, who issues it.
_PUBLIC_ENDS = (".location", ".path", ".file", ".class", ".url", ".ms", ".iterations", ".algorithm", ".length")


def property_of(name: str) -> str:
    """Return the property that the variable *name* stands for: ``___`` → ``-``, ``__`` → ``_``, ``_`` → ``.``.

    Raises ValueError with the reason for a name that stands for none. Four underscores and more are refused: tools that
    share this rule disagree on what they mean.
    """
    tail = name.removeprefix(PREFIX)
    if "____" in tail:
        raise ValueError("has more than three underscores in a row, which no rule covers")
    key = tail.lower().replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")
    if not key.isascii() or any(not part.replace("-", "").replace("_", "").isalnum() for part in key.split(".")):
        raise ValueError("names no broker property")
    return _CAPITALS.get(key, key)


def variable_of(key: str) -> str:
    """Return the name of the variable that stands for the property *key*."""
    return PREFIX + key.upper().replace("_", "__").replace("-", "___").replace(".", "_")


def variable_name(name: str) -> str:
    """Return *name* without the ``_FILE`` that makes it name a file; a property may end in it itself."""
    if not name.endswith(FILE_SUFFIX):
        return name
    try:
        if property_of(name).endswith(_FILE_PROPERTIES):
            return name
    except ValueError:
        pass
    return name.removesuffix(FILE_SUFFIX)


def is_secret(key: str) -> bool:
    """Return whether the value of *key* is a secret: Kafka's own word for it, or its name, mistyped or not.

    Where a secret lies is none.
    """
    lowered = key.lower()
    if is_password(key):
        return True
    if lowered.endswith(_PUBLIC_ENDS):
        return False
    if lowered.endswith(_LICENSE):
        return True
    words = lowered.split(".")
    return (
        any(part in lowered for part in _SECRET_PARTS)
        or "pass" in words
        or any(map(_is_nearly_secret, words))
        or _is_nearly_password(lowered)
    )


def meant_variable(name: str) -> str | None:
    """Return which variable of Kafka's scripts, or of an image's logs, *name* nearly is, or stands for by habit.

    None for a property's name: what a broker may read is none of the JVM's. Raises ValueError as ``property_of``.
    """
    if name in SCRIPT_VARIABLES | LOG_VARIABLES or property_of(name) in definitions().names:
        return None
    return _HABITS.get(name) or nearest(name, sorted((SCRIPT_VARIABLES | LOG_VARIABLES) - _OF_IMAGES), 0.85)


def has_secret(value: str) -> bool:
    """Return whether *value*, of whatever key, holds a secret: behind a secret's name, or in a URL's user and password.

    An option of a JVM, or the rest of an entry whose first line somebody made a comment.
    """
    return _SECRET_IN_VALUE.search(value) is not None


def _is_nearly_password(key: str) -> bool:
    """Return whether no version has *key*, and what it is nearest to is a password."""
    known = definitions().names
    if plain_key(key) in known:
        return False
    found = nearest(key, known, 0.8)
    return found is not None and is_password(found)


@cache
def _is_nearly_secret(word: str) -> bool:
    return nearest(word, _SECRET_WORDS, 0.85) is not None
