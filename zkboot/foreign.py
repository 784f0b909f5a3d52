"""The variables of other images of ZooKeeper, ``ZOO_*`` and ``ZOOKEEPER_*``, and what does the same here.

Most of them spell a key of zoo.cfg with underscores in their own places: ``ZOO_SNAPCOUNT``,
``ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT``. Those are found by the letters; the table has the others.

Sources: ``docker-entrypoint.sh`` of docker-library's image, ``zookeeper-env.sh`` of bitnami's, and the templates of
Confluent's cp-zookeeper.
"""

from zkboot.keys import KNOWN_KEYS, variable_of
from zkboot.pod.environ import EnvReader
from zkboot.pod.foreign import Counterpart, note_foreign, without_file
from zkboot.settings import OWNED_KEYS

PREFIXES = ("ZOO_", "ZOOKEEPER_")

_JVM = {
    # Confluent's image starts ZooKeeper by Kafka's scripts.
    "KAFKA_OPTS": Counterpart("add its text to SERVER_JVMFLAGS", is_guard=True),
    "KAFKA_HEAP_OPTS": Counterpart("set ZK_HEAP_SIZE"),
}

_OF_ZOOKEEPER = frozenset(
    {
        # zkEnv.sh, zkServer.sh
        "ZOO_DATADIR_AUTOCREATE_DISABLE",
        "ZOO_LOG_FILE",
        "ZOO_NOEXEC",
        "ZOOKEEPER_PREFIX",
        # An image's own, which say what is in it.
        "ZOOKEEPER_HOME",
        "ZOOKEEPER_VERSION",
    }
)
"""Names with these prefixes that ZooKeeper's own scripts read, or that ask for nothing."""

_ID = "the id is the pod's ordinal + ZK_ID_OFFSET; with ZK_SERVERS, set ZK_SERVER_ID"
_LEVEL = "set ZK_LOG_LEVEL"
_CLIENTS_TLS = "set ZK_CFG_secureClientPort, ZK_CFG_serverCnxnFactory and ZK_CFG_ssl_*"
_QUORUM_TLS = "set ZK_CFG_sslQuorum and ZK_CFG_ssl_quorum_*"
_CLIENTS_LOGIN = (
    "set ZK_CFG_authProvider_1 and ZK_CFG_enforce_auth_enabled, and name a JAAS file by"
    " SERVER_JVMFLAGS=-Djava.security.auth.login.config=FILE"
)
_QUORUM_LOGIN = (
    "set ZK_CFG_quorum_auth_enableSasl and its keys, and name a JAAS file by"
    " SERVER_JVMFLAGS=-Djava.security.auth.login.config=FILE"
)

_COUNTERPARTS = {
    "MY_ID": _ID,
    "SERVER_ID": _ID,
    "SERVERS": "set ZK_REPLICAS; where names do not follow from a StatefulSet, ZK_SERVERS",
    "PORT": "set ZK_CLIENT_PORT",
    "PORT_NUMBER": "set ZK_CLIENT_PORT",
    "HEAP_SIZE": "set ZK_HEAP_SIZE, with a unit: 1024 there is 1024m here",
    "USER": "set ZK_USER",
    "CONF_DIR": "set ZK_CONF_DIR",
    "LOG_DIR": "set ZK_LOG_DIR",
    "LOG_LEVEL": _LEVEL,
    "LOG4J_PROP": _LEVEL,
    "LOG4J_ROOT_LOGLEVEL": _LEVEL,
    "LOG4J_LOGGERS": "set ZK_LOGGERS",
    "TOOLS_LOG4J_LOGLEVEL": "nothing does the same for the tools; unset it",
    "CFG_EXTRA": "set ZK_CFG_<key> for each key in it",
    "AUTOPURGE_INTERVAL": "set ZK_PURGE_INTERVAL",
    "AUTOPURGE_RETAIN_COUNT": "set ZK_SNAP_RETAIN_COUNT",
    "RECONFIG_ENABLED": "set ZK_RECONFIG",
    "ADMINSERVER_ENABLED": "set ZK_CFG_admin_enableServer",
    "ENABLE_ADMIN_SERVER": "set ZK_CFG_admin_enableServer",
    "ADMIN_SERVER_PORT_NUMBER": "set ZK_CFG_admin_serverPort",
    "LISTEN_ALLIPS_ENABLED": "set ZK_CFG_quorumListenOnAllIPs",
    "ENABLE_PROMETHEUS_METRICS": "set ZK_CFG_metricsProvider_className, or use `zkMetrics --format prometheus`",
    "PROMETHEUS_METRICS_PORT_NUMBER": "set ZK_CFG_metricsProvider_httpPort",
    "HC_TIMEOUT": "set ZK_PROBE_TIMEOUT",
    "JUTE_MAX_BUFFER": "add -Djute.maxbuffer=… to SERVER_JVMFLAGS",
}
"""What is left of the name without its prefix → what to do."""

_GUARDS = (
    # How what is left of the name begins.
    ("TLS_QUORUM_", _QUORUM_TLS),
    ("TLS_", _CLIENTS_TLS),
    ("ENABLE_QUORUM_AUTH", _QUORUM_LOGIN),
    ("QUORUM_LEARNER_", _QUORUM_LOGIN),
    ("QUORUM_SERVER_", _QUORUM_LOGIN),
    ("ENABLE_AUTH", _CLIENTS_LOGIN),
    ("AUTH_PROVIDER_", "set ZK_CFG_authProvider_<name>"),
    ("CLIENT_USER", _CLIENTS_LOGIN),
    ("CLIENT_PASSWORD", _CLIENTS_LOGIN),
    ("SERVER_USERS", _CLIENTS_LOGIN),
    ("SERVER_PASSWORDS", _CLIENTS_LOGIN),
)

# A key with one of these lets somebody in or keeps him out.
_GUARDED_WORDS = ("ssl", "tls", "secure", "auth", "sasl", "password")

# Keys of zoo.cfg by their letters alone: what they are called where underscores stand elsewhere.
_LETTERS = {"".join(filter(str.isalnum, key.lower())): key for key in KNOWN_KEYS}


def counterpart(name: str) -> Counterpart:
    """Return what to do here in place of the variable *name*."""
    if name in _JVM:
        return _JVM[name]
    tail = next(name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix))
    found = _counterpart(tail) or _counterpart(without_file(tail))
    return found or Counterpart("if it is a key of zoo.cfg, set ZK_CFG_<key>", is_guard=_is_guarded(tail))


def _counterpart(tail: str) -> Counterpart | None:
    if tail in _COUNTERPARTS:
        return Counterpart(_COUNTERPARTS[tail])
    key = _LETTERS.get(tail.replace("_", "").lower())
    if key is not None:
        return Counterpart(f"set {OWNED_KEYS.get(key) or variable_of(key)}", is_guard=_is_guarded(key))
    for beginning, instead in _GUARDS:
        if tail.startswith(beginning):
            return Counterpart(instead, is_guard=True)
    return None


def _is_guarded(name: str) -> bool:
    return any(word in name.lower() for word in _GUARDED_WORDS)


def note_others_variables(env: EnvReader) -> list[str]:
    """Return a line for each variable of another image; one without which the server would be open is a problem."""
    names = [name for prefix in PREFIXES for name in env.names(prefix) if name not in _OF_ZOOKEEPER]
    names += [name for name in _JVM if env.text(name)]
    return note_foreign(env, {name: counterpart(name) for name in names})
