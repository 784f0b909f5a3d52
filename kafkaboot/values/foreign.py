"""The variables of other images of Kafka that are no broker properties here, and what does the same.

Sources: ``configure`` and ``KafkaDockerWrapper`` of Apache's image, ``configure`` and the templates of Confluent's
cp-kafka, ``kafka-env.sh`` and ``libkafka.sh`` of bitnami's, ``start-kafka.sh`` of wurstmeister's.
"""

from zkboot.pod.foreign import Counterpart, without_file

CFG_PREFIX = "KAFKA_CFG_"
"""With which bitnami's image marks the properties; the rest of the name is the same as here."""

_SECRETS = "/etc/kafka/secrets"
_TLS_PREFIX, _CLIENT_AUTH = "KAFKA_TLS_", "_CLIENT_AUTH"
_TO_ZOOKEEPER = ("KAFKA_ZOOKEEPER_TLS_", "KAFKA_ZOOKEEPER_CLIENT_")

_JAAS = "set KAFKA_LISTENER_NAME_<LISTENER>_<MECHANISM>_SASL_JAAS_CONFIG_FILE to a file with the login module's line"
_ZOOKEEPER_LOGIN = (
    "name a JAAS file with a section Client by KAFKA_OPTS=-Djava.security.auth.login.config=FILE, and set"
    " KAFKA_ZOOKEEPER_SET_ACL"
)
_ZOOKEEPER_TLS = "set KAFKA_ZOOKEEPER_SSL_CLIENT_ENABLE, KAFKA_ZOOKEEPER_CLIENTCNXNSOCKET and KAFKA_ZOOKEEPER_SSL_*"
_LEVELS = "set KAFKA_LOG4J_OPTS=-Dlog4j.configuration=file:FILE (from 4.0 on -Dlog4j2.configurationFile=FILE)"
_CLUSTER_ID = Counterpart("set KF_CLUSTER_ID")

_COUNTERPARTS = {
    # Apache's and Confluent's images: names of files in a folder of their own.
    "KAFKA_SSL_KEYSTORE_FILENAME": Counterpart(
        f"set KAFKA_SSL_KEYSTORE_LOCATION={_SECRETS}/<its value>", is_guard=True
    ),
    "KAFKA_SSL_KEYSTORE_CREDENTIALS": Counterpart(
        f"set KAFKA_SSL_KEYSTORE_PASSWORD_FILE={_SECRETS}/<its value>", is_guard=True
    ),
    "KAFKA_SSL_KEY_CREDENTIALS": Counterpart(f"set KAFKA_SSL_KEY_PASSWORD_FILE={_SECRETS}/<its value>", is_guard=True),
    "KAFKA_SSL_TRUSTSTORE_FILENAME": Counterpart(
        f"set KAFKA_SSL_TRUSTSTORE_LOCATION={_SECRETS}/<its value>", is_guard=True
    ),
    "KAFKA_SSL_TRUSTSTORE_CREDENTIALS": Counterpart(
        f"set KAFKA_SSL_TRUSTSTORE_PASSWORD_FILE={_SECRETS}/<its value>", is_guard=True
    ),
    "KAFKA_ZOOKEEPER_CLIENT_CNXN_SOCKET": Counterpart("set KAFKA_ZOOKEEPER_CLIENTCNXNSOCKET", is_guard=True),
    "KAFKA_LOG4J_ROOT_LOGLEVEL": Counterpart(_LEVELS),
    "KAFKA_LOG4J_LOGGERS": Counterpart(_LEVELS),
    "KAFKA_TOOLS_LOG4J_LOGLEVEL": Counterpart("nothing does the same for the tools; unset it"),
    "KAFKA_JMX_PORT": Counterpart("set JMX_PORT, which Kafka's scripts read"),
    "KAFKA_JMX_HOSTNAME": Counterpart("set KAFKA_JMX_OPTS=-Djava.rmi.server.hostname=… and its other options"),
    # bitnami's
    "KAFKA_CLUSTER_ID": _CLUSTER_ID,
    "KAFKA_KRAFT_CLUSTER_ID": _CLUSTER_ID,
    "KAFKA_INITIAL_CONTROLLERS": Counterpart("set KF_QUORUM=dynamic and KF_CONTROLLER_REPLICAS"),
    "KAFKA_SKIP_KRAFT_STORAGE_INIT": Counterpart("unset it: a volume with data is never formatted"),
    "KAFKA_KRAFT_BOOTSTRAP_SCRAM_USERS": Counterpart(
        "set KF_FORMAT_OPTIONS=--add-scram …, once for each user", is_guard=True
    ),
    "KAFKA_MOUNTED_CONF_DIR": Counterpart("set KF_BASE_FILE to the file in it"),
    "KAFKA_DATA_DIR": Counterpart("set KAFKA_LOG_DIRS"),
    "KAFKA_CLIENT_LISTENER_NAME": Counterpart("set KAFKA_LISTENERS; the probes find the clients' listener in it"),
    "KAFKA_TLS_TYPE": Counterpart("set KAFKA_SSL_KEYSTORE_TYPE and KAFKA_SSL_TRUSTSTORE_TYPE", is_guard=True),
    "KAFKA_TLS_CLIENT_AUTH": Counterpart("set KAFKA_SSL_CLIENT_AUTH", is_guard=True),
    "KAFKA_TLS_TRUSTSTORE_FILE": Counterpart("set KAFKA_SSL_TRUSTSTORE_LOCATION", is_guard=True),
    "KAFKA_CERTIFICATE_PASSWORD": Counterpart(
        "set KAFKA_SSL_KEYSTORE_PASSWORD, KAFKA_SSL_KEY_PASSWORD and KAFKA_SSL_TRUSTSTORE_PASSWORD", is_guard=True
    ),
    "KAFKA_CLIENT_USERS": Counterpart(_JAAS, is_guard=True),
    "KAFKA_CLIENT_PASSWORDS": Counterpart(_JAAS, is_guard=True),
    "KAFKA_INTER_BROKER_USER": Counterpart(_JAAS, is_guard=True),
    "KAFKA_INTER_BROKER_PASSWORD": Counterpart(_JAAS, is_guard=True),
    "KAFKA_CONTROLLER_USER": Counterpart(_JAAS, is_guard=True),
    "KAFKA_CONTROLLER_PASSWORD": Counterpart(_JAAS, is_guard=True),
    "KAFKA_INTER_BROKER_CLIENT_ID": Counterpart(_JAAS, is_guard=True),
    "KAFKA_INTER_BROKER_CLIENT_SECRET": Counterpart(_JAAS, is_guard=True),
    "KAFKA_CONTROLLER_CLIENT_ID": Counterpart(_JAAS, is_guard=True),
    "KAFKA_CONTROLLER_CLIENT_SECRET": Counterpart(_JAAS, is_guard=True),
    "KAFKA_ZOOKEEPER_BOOTSTRAP_SCRAM_USERS": Counterpart(
        "make the users by kafka-configs.sh --zookeeper", is_guard=True
    ),
    "KAFKA_ZOOKEEPER_PROTOCOL": Counterpart(f"{_ZOOKEEPER_TLS}; for SASL {_ZOOKEEPER_LOGIN}", is_guard=True),
    "KAFKA_ZOOKEEPER_USER": Counterpart(_ZOOKEEPER_LOGIN, is_guard=True),
    "KAFKA_ZOOKEEPER_PASSWORD": Counterpart(_ZOOKEEPER_LOGIN, is_guard=True),
    # wurstmeister's
    "KAFKA_CREATE_TOPICS": Counterpart("make topics by kafka-topics.sh --create once the cluster serves"),
}


def counterpart(name: str) -> Counterpart | None:
    """Return what to do here in place of *name*, a variable of another image; None where it is no such variable."""
    return _counterpart(name) or _counterpart(without_file(name))


def _counterpart(name: str) -> Counterpart | None:
    if name.startswith(CFG_PREFIX):
        plain = f"KAFKA_{name.removeprefix(CFG_PREFIX)}"
        found = _counterpart(plain)
        return Counterpart(found.instead if found else f"set {plain}", is_guard=True, whatever_value=True)
    if name in _COUNTERPARTS:
        return _COUNTERPARTS[name]
    if name.startswith(_TO_ZOOKEEPER):
        return Counterpart(_ZOOKEEPER_TLS, is_guard=True)
    if name.startswith(_TLS_PREFIX) and name.endswith(_CLIENT_AUTH):
        listener = name.removeprefix(_TLS_PREFIX).removesuffix(_CLIENT_AUTH)
        return Counterpart(f"set KAFKA_LISTENER_NAME_{listener}_SSL_CLIENT_AUTH", is_guard=True)
    return Counterpart("set KAFKA_SSL_*", is_guard=True) if name.startswith(_TLS_PREFIX) else None
