"""The variables of other images of Kafka that are no broker properties here, and what does the same.

Sources: ``configure`` and ``KafkaDockerWrapper`` of Apache's image, ``configure`` and the templates of Confluent's
cp-kafka, ``kafka-env.sh`` and ``libkafka.sh`` of bitnami's, ``start-kafka.sh`` of wurstmeister's.
"""

import re
from collections.abc import Callable

from zkboot.pod.foreign import Counterpart, without_file

CFG_PREFIX = "KAFKA_CFG_"
"""The prefix of properties in bitnami's image; the rest of the name is the same as here."""

CONFLUENT_PREFIXES = ("CONFLUENT_METRICS_", "CONFLUENT_SUPPORT_")
"""With which Confluent's image marks some properties of its own, ``confluent.metrics.*``."""

ENABLE_KRAFT = "KAFKA_ENABLE_KRAFT"
"""bitnami's switch."""

_SECRETS = "/etc/kafka/secrets"
_TLS_PREFIX, _CLIENT_AUTH = "KAFKA_TLS_", "_CLIENT_AUTH"
_TO_ZOOKEEPER = ("KAFKA_ZOOKEEPER_TLS_", "KAFKA_ZOOKEEPER_CLIENT_")

_JAAS = "set KAFKA_LISTENER_NAME_<LISTENER>_<MECHANISM>_SASL_JAAS_CONFIG_FILE to a file with the login module's line"
_LOGINS = Counterpart(f"set KF_SASL_DIR; or {_JAAS}", is_guard=True)
_OWN_LOGIN = Counterpart(f"set KF_SASL_DIR and KF_SASL_USER; or {_JAAS}", is_guard=True)
_ZOOKEEPER_LOGIN = (
    "name a JAAS file with a section Client by KAFKA_OPTS=-Djava.security.auth.login.config=FILE, and set"
    " KAFKA_ZOOKEEPER_SET_ACL"
)
_ZOOKEEPER_TLS = "set KAFKA_ZOOKEEPER_SSL_CLIENT_ENABLE, KAFKA_ZOOKEEPER_CLIENTCNXNSOCKET and KAFKA_ZOOKEEPER_SSL_*"
UNREAD_GUARDS = {
    "SASL": f"set KF_SASL_DIR; or map a listener to SASL_SSL by KAFKA_LISTENER_SECURITY_PROTOCOL_MAP, {_JAAS}",
    "TLS": "set KF_TLS_DIR, or KAFKA_SSL_*",
    "SSL": "set KF_TLS_DIR, or KAFKA_SSL_*",
    "AUTH": "set KAFKA_AUTHORIZER_CLASS_NAME, or a listener's protocol by KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
}
"""Words in a name with this tool's prefix that ask for TLS or a login, each with what to do where nobody reads it."""

_CLUSTER_ID = Counterpart("set KF_CLUSTER_ID")

_LOG_DIRS = Counterpart("set KAFKA_LOG_DIRS")
_CONFIG_FILE = Counterpart("set KF_CONFIG_FILE, the file that is written; KF_BASE_FILE is the one that it begins with")

_FILES_OF_TLS = {
    "SSL_KEYSTORE_FILENAME": "SSL_KEYSTORE_LOCATION",
    "SSL_KEYSTORE_CREDENTIALS": "SSL_KEYSTORE_PASSWORD_FILE",
    "SSL_KEY_CREDENTIALS": "SSL_KEY_PASSWORD_FILE",
    "SSL_TRUSTSTORE_FILENAME": "SSL_TRUSTSTORE_LOCATION",
    "SSL_TRUSTSTORE_CREDENTIALS": "SSL_TRUSTSTORE_PASSWORD_FILE",
}
"""How the variables of Apache's and Confluent's images end that name a file in their folder → what takes its path."""

_FILE_OF_TLS = re.compile(r"(KAFKA_(?:LISTENER_NAME_.+?_)?)(SSL_\w+)")

_COUNTERPARTS = {
    # Apache's and Confluent's
    "KAFKA_ZOOKEEPER_CLIENT_CNXN_SOCKET": Counterpart("set KAFKA_ZOOKEEPER_CLIENTCNXNSOCKET", is_guard=True),
    "KAFKA_JMX_PORT": Counterpart("set JMX_PORT, which Kafka's scripts read"),
    "KAFKA_JMX_HOSTNAME": Counterpart("set KAFKA_JMX_OPTS=-Djava.rmi.server.hostname=… and its other options"),
    "KAFKA_ZOOKEEPER_SASL_ENABLED": Counterpart("add -Dzookeeper.sasl.client=… with its value to KAFKA_OPTS"),
    "KAFKA_HOST": Counterpart("set KAFKA_LISTENERS"),
    "KAFKA_SECURITY_PROTOCOL": Counterpart(
        "unset it, for it is a client's: a listener's protocol is in KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"
    ),
    # bitnami's
    ENABLE_KRAFT: Counterpart("set KF_MODE"),
    "KAFKA_CLUSTER_ID": _CLUSTER_ID,
    "KAFKA_KRAFT_CLUSTER_ID": _CLUSTER_ID,
    "KAFKA_INITIAL_CONTROLLERS": Counterpart("set KF_QUORUM=dynamic and KF_CONTROLLER_REPLICAS"),
    "KAFKA_SKIP_KRAFT_STORAGE_INIT": Counterpart("unset it: a volume with data is never formatted"),
    "KAFKA_KRAFT_BOOTSTRAP_SCRAM_USERS": Counterpart(
        "set KF_FORMAT_OPTIONS=--add-scram …, once for each user", is_guard=True
    ),
    "KAFKA_MOUNTED_CONF_DIR": Counterpart("set KF_BASE_FILE to the file in it"),
    "KAFKA_DATA_DIR": _LOG_DIRS,
    "KAFKA_VOLUME_DIR": _LOG_DIRS,
    "KAFKA_BASE_DIR": Counterpart("set KF_HOME"),
    "KAFKA_CONF_DIR": _CONFIG_FILE,
    "KAFKA_CONF_FILE": _CONFIG_FILE,
    "KAFKA_EXTRA_FLAGS": Counterpart("give the whole command behind `kafkaboot run --`, these words with it"),
    "KAFKA_MIN_ID": Counterpart("set KF_ID_OFFSET"),
    "KAFKA_PORT_NUMBER": Counterpart("set KF_PORT"),
    "KAFKA_BROKER_USER": _OWN_LOGIN,
    "KAFKA_BROKER_PASSWORD": _OWN_LOGIN,
    "KAFKA_CLIENT_LISTENER_NAME": Counterpart("set KAFKA_LISTENERS; the probes find the clients' listener in it"),
    "KAFKA_TLS_TYPE": Counterpart("set KAFKA_SSL_KEYSTORE_TYPE and KAFKA_SSL_TRUSTSTORE_TYPE", is_guard=True),
    "KAFKA_TLS_CLIENT_AUTH": Counterpart("set KAFKA_SSL_CLIENT_AUTH", is_guard=True),
    "KAFKA_TLS_TRUSTSTORE_FILE": Counterpart("set KAFKA_SSL_TRUSTSTORE_LOCATION", is_guard=True),
    "KAFKA_CERTIFICATE_PASSWORD": Counterpart(
        "set KAFKA_SSL_KEYSTORE_PASSWORD, KAFKA_SSL_KEY_PASSWORD and KAFKA_SSL_TRUSTSTORE_PASSWORD", is_guard=True
    ),
    "KAFKA_CLIENT_USERS": _LOGINS,
    "KAFKA_CLIENT_PASSWORDS": _LOGINS,
    "KAFKA_INTER_BROKER_USER": _OWN_LOGIN,
    "KAFKA_INTER_BROKER_PASSWORD": _OWN_LOGIN,
    "KAFKA_CONTROLLER_USER": _OWN_LOGIN,
    "KAFKA_CONTROLLER_PASSWORD": _OWN_LOGIN,
    "KAFKA_INTER_BROKER_CLIENT_ID": _OWN_LOGIN,
    "KAFKA_INTER_BROKER_CLIENT_SECRET": _OWN_LOGIN,
    "KAFKA_CONTROLLER_CLIENT_ID": _OWN_LOGIN,
    "KAFKA_CONTROLLER_CLIENT_SECRET": _OWN_LOGIN,
    "KAFKA_ZOOKEEPER_BOOTSTRAP_SCRAM_USERS": Counterpart(
        "make the users by kafka-configs.sh --zookeeper", is_guard=True
    ),
    "KAFKA_ZOOKEEPER_PROTOCOL": Counterpart(f"{_ZOOKEEPER_TLS}; for SASL {_ZOOKEEPER_LOGIN}", is_guard=True),
    "KAFKA_ZOOKEEPER_USER": Counterpart(_ZOOKEEPER_LOGIN, is_guard=True),
    "KAFKA_ZOOKEEPER_PASSWORD": Counterpart(_ZOOKEEPER_LOGIN, is_guard=True),
    # wurstmeister's
    "KAFKA_CREATE_TOPICS": Counterpart("make topics by kafka-topics.sh --create once the cluster serves"),
    "KAFKA_PROTOCOL_NAME": Counterpart("set KAFKA_LISTENERS"),
    "KAFKA_ADVERTISED_PROTOCOL_NAME": Counterpart("set KAFKA_ADVERTISED_LISTENERS"),
}


def counterpart(name: str, is_set: Callable[[str], object] = lambda _: None) -> Counterpart | None:
    """Return what to do here in place of *name*, a variable of another image; None where it is no such variable.

    *is_set* tells whether a variable has a value: what is said here already need not be said again.
    """
    own = _path_variable(name)
    if own is not None and (is_set(own) or is_set(without_file(own))):
        return Counterpart(f"unset it, for {without_file(own)} says it")
    if name.startswith(CONFLUENT_PREFIXES):
        return Counterpart(f"set KAFKA_{name}")
    return _counterpart(name) or _counterpart(without_file(name))


def _counterpart(name: str) -> Counterpart | None:
    if name in _COUNTERPARTS:
        return _COUNTERPARTS[name]
    if name.startswith(CFG_PREFIX):
        plain = f"KAFKA_{name.removeprefix(CFG_PREFIX)}"
        found = _counterpart(plain)
        return Counterpart(found.instead if found else f"set {plain}", is_guard=True, whatever_value=True)
    own = _path_variable(name)
    if own is not None:
        return Counterpart(f"set {own}={_SECRETS}/<its value>", is_guard=True)
    if name.startswith(_TO_ZOOKEEPER):
        return Counterpart(_ZOOKEEPER_TLS, is_guard=True)
    if name.startswith(_TLS_PREFIX) and name.endswith(_CLIENT_AUTH):
        listener = name.removeprefix(_TLS_PREFIX).removesuffix(_CLIENT_AUTH)
        return Counterpart(f"set KAFKA_LISTENER_NAME_{listener}_SSL_CLIENT_AUTH", is_guard=True)
    return Counterpart("set KF_TLS_DIR, or KAFKA_SSL_*", is_guard=True) if name.startswith(_TLS_PREFIX) else None


def _path_variable(name: str) -> str | None:
    """Return the variable that takes the path of the file that *name* names by its name alone; None for others."""
    found = _FILE_OF_TLS.fullmatch(name)
    return f"{found[1]}{_FILES_OF_TLS[found[2]]}" if found and found[2] in _FILES_OF_TLS else None
