"""The variables of other images of ZooKeeper, ``ZOO_*`` and ``ZOOKEEPER_*``, and what does the same here.

Most of them spell a key of zoo.cfg with underscores in their own places: ``ZOO_SNAPCOUNT``,
``ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT``. Those are found by the letters; the table has the others.

Sources: ``docker-entrypoint.sh`` of docker-library's image, ``zookeeper-env.sh`` of bitnami's, and the templates of
Confluent's cp-zookeeper.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from zkboot.ensemble import numbered
from zkboot.keys import KNOWN_KEYS, variable_of
from zkboot.pod.environ import EnvReader
from zkboot.pod.foreign import Counterpart, asks_for_nothing, note_foreign, without_file
from zkboot.settings import OWNED_KEYS
from zkboot.settings import PREFIX as OWN_PREFIX

PREFIXES = ("ZOO_", "ZOOKEEPER_")

_OPTIONS = Counterpart("add its text to SERVER_JVMFLAGS")
_JVM = {
    # Confluent's image starts ZooKeeper by Kafka's scripts.
    "EXTRA_ARGS": _OPTIONS,
    "KAFKA_GC_LOG_OPTS": _OPTIONS,
    "KAFKA_HEAP_OPTS": Counterpart("set ZK_HEAP_SIZE"),
    "KAFKA_JMX_HOSTNAME": Counterpart("add -Djava.rmi.server.hostname=… to SERVER_JVMFLAGS"),
    "KAFKA_JMX_OPTS": _OPTIONS,
    "KAFKA_JMX_PORT": Counterpart("set JMXPORT, which zkServer.sh reads"),
    "KAFKA_JVM_PERFORMANCE_OPTS": _OPTIONS,
    "KAFKA_LOG4J_OPTS": Counterpart("set ZK_LOG_LEVEL and ZK_LOGGERS"),
    "KAFKA_OPTS": _OPTIONS,
}

OF_SCRIPTS = frozenset(
    {
        *("CLIENT_JVMFLAGS", "JVMFLAGS", "SERVER_JVMFLAGS"),
        *("JMXAUTH", "JMXDISABLE", "JMXHOSTNAME", "JMXLOCALONLY", "JMXLOG4J", "JMXPORT", "JMXSSL"),
    }
)
"""Variables without a prefix that zkEnv.sh and zkServer.sh read."""

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

_ID = "the id is the pod's ordinal + ZK_ID_OFFSET; with ZK_SERVERS or ZK_REPLICAS=1, set ZK_SERVER_ID"
_LEVEL = "set ZK_LOG_LEVEL"
_CLIENTS_TLS = "set ZK_TLS_DIR and ZK_TLS_PORT; or ZK_CFG_secureClientPort, ZK_CFG_serverCnxnFactory and ZK_CFG_ssl_*"
_QUORUM_TLS = "set ZK_TLS_DIR and ZK_TLS_QUORUM; or ZK_CFG_sslQuorum and ZK_CFG_ssl_quorum_*"
_JAAS = "and name a JAAS file by SERVER_JVMFLAGS=-Djava.security.auth.login.config=FILE"
_CLIENTS_LOGIN = f"set ZK_SASL_DIR; or ZK_CFG_authProvider_1 and ZK_CFG_enforce_auth_enabled, {_JAAS}"
_QUORUM_LOGIN = f"set ZK_SASL_DIR and ZK_SASL_USER; or ZK_CFG_quorum_auth_enableSasl and its keys, {_JAAS}"

UNREAD_GUARDS = {
    "SASL": "set ZK_SASL_DIR, and ZK_SASL_USER for logins between servers",
    "TLS": "set ZK_TLS_DIR, or ZK_CFG_ssl_*",
    "SSL": "set ZK_TLS_DIR, or ZK_CFG_ssl_*",
    "AUTH": _CLIENTS_LOGIN,
}
"""Words in a name with this tool's prefix that ask for TLS or a login, each with what to do where nobody reads it."""

_SERVERS = "SERVERS"
_COUNTERPARTS = {
    "MY_ID": _ID,
    "SERVER_ID": _ID,
    _SERVERS: "set ZK_REPLICAS; without a StatefulSet ZK_SERVERS, which takes the rows of a zoo.cfg",
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
)

_LOGINS = frozenset({"CLIENT_USER", "CLIENT_PASSWORD", "SERVER_USERS", "SERVER_PASSWORDS"})

_SWITCHES = {
    "ZOO_TLS_CLIENT_ENABLE": ("ZOO_TLS_CLIENT_", "ZOO_TLS_PORT_"),
    "ZOO_TLS_QUORUM_ENABLE": ("ZOO_TLS_QUORUM_",),
    "ZOO_ENABLE_AUTH": tuple(f"ZOO_{tail}" for tail in sorted(_LOGINS)),
    "ZOO_ENABLE_QUORUM_AUTH": ("ZOO_QUORUM_LEARNER_", "ZOO_QUORUM_SERVER_"),
}
"""bitnami's switches, and how the variables begin that go with each."""

_EXTRA = "CFG_EXTRA"
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)

# Flags of a JVM with one of these, in small letters, log somebody in or keep him out.
_GUARDED_FLAGS = ("login.config", "authprovider", "ssl")

# A key with one of these lets somebody in or keeps him out.
_GUARDED_WORDS = ("ssl", "tls", "secure", "auth", "sasl", "password")

# Keys of zoo.cfg by their letters alone: what they are called where underscores stand elsewhere.
_LETTERS = {"".join(filter(str.isalnum, key.lower())): key for key in KNOWN_KEYS}


_MEANT = {
    "PORT": "ZK_CLIENT_PORT",
    "QUORUM_PORT": "ZK_SERVER_PORT",
    "PEER_PORT": "ZK_SERVER_PORT",
    "LEADER_PORT": "ZK_ELECTION_PORT",
    **dict.fromkeys(("ID", "MYID", "MY_ID"), "ZK_SERVER_ID"),
}
"""What some call a variable of this tool, whose own name has other letters."""


def meant_variable(name: str) -> str | None:
    """Return which variable *name*, with this tool's prefix, surely stands for: by habit, or by a key of zoo.cfg."""
    tail = name.removeprefix(OWN_PREFIX)
    key = _LETTERS.get(tail.replace("_", "").lower())
    return _MEANT.get(tail) or (key and (OWNED_KEYS.get(key) or variable_of(key)))


def counterpart(name: str, text: str = "") -> Counterpart:
    """Return what to do here in place of the variable *name*, which has the value *text*."""
    if name in _JVM:
        # What is about JMX alone guards what is not open here.
        flags = " ".join(flag for flag in text.lower().split() if "jmxremote" not in flag)
        return replace(_JVM[name], is_guard=any(word in flags for word in _GUARDED_FLAGS))
    tail = next(name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix))
    if tail == _EXTRA:
        return _counterpart_of_keys(text)
    rows = numbered(text) if tail == _SERVERS else ()
    if rows:
        return Counterpart(f"set ZK_REPLICAS; without a StatefulSet ZK_SERVERS={','.join(rows)}")
    found = _counterpart(tail) or _counterpart(without_file(tail))
    guarded = any(word in tail.lower().split("_") for word in _GUARDED_WORDS)
    return found or Counterpart("if it is a key of zoo.cfg, set ZK_CFG_<key>", is_guard=guarded)


def _counterpart(tail: str) -> Counterpart | None:
    if tail in _COUNTERPARTS:
        return Counterpart(_COUNTERPARTS[tail])
    if tail in _LOGINS:
        return Counterpart(_CLIENTS_LOGIN, is_guard=True)
    key = _LETTERS.get(tail.replace("_", "").lower())
    if key is not None:
        return _counterpart_of_key(key)
    for beginning, instead in _GUARDS:
        if tail.startswith(beginning):
            return Counterpart(instead, is_guard=True)
    return None


def _counterpart_of_key(key: str) -> Counterpart:
    is_guard = any(word in key.lower() for word in _GUARDED_WORDS)
    return Counterpart(f"set {OWNED_KEYS.get(key) or variable_of(key)}", is_guard=is_guard)


def _counterpart_of_keys(text: str) -> Counterpart:
    """Return what to do in place of lines of zoo.cfg, with blanks between them; their values are not repeated."""
    keys = [key for entry in text.split() if (key := entry.partition("=")[0]) and _KEY.fullmatch(key)]
    found = [_counterpart_of_key(key) for key in keys]
    names = dict.fromkeys(one.instead.removeprefix("set ") for one in found)
    return Counterpart(
        f"set {', '.join(names)}" if names else "set ZK_CFG_<key> for each key in it",
        is_guard=any(one.is_guard for one in found),
    )


def note_others_variables(env: EnvReader, own: Mapping[str, str]) -> list[str]:
    """Return a line for each variable of another image; one without which the server would be open is a problem.

    *own* are those that java.env sets, with their values: they come back from a shell that has sourced it.
    """
    names = [name for prefix in PREFIXES for name in env.names(prefix) if name not in _OF_ZOOKEEPER]
    names = [name for name in names if env.raw(name) != own.get(name)]
    names += [name for name in _JVM if env.raw(name)]
    found = {name: counterpart(name, env.raw(name)) for name in names}
    for switch, beginning in _SWITCHES.items():
        if asks_for_nothing(env.raw(switch)):
            # What goes with a switch that is off asks for nothing either.
            found |= {name: replace(one, is_guard=False) for name, one in found.items() if name.startswith(beginning)}
    return note_foreign(env, found)
