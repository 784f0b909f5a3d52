"""Every KF_* variable and every property that KAFKA_* gives, read at once, so that one run names every mistake."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from kafkaboot.config.given import Given, read_properties
from kafkaboot.config.variables import (
    BASE_FILE,
    CLUSTER_ID,
    CLUSTER_ID_ALIAS,
    CONTROLLER_ID_OFFSET,
    CONTROLLER_REPLICAS,
    CONTROLLER_SERVICE,
    CONTROLLER_STATEFULSET,
    DNS_WAIT,
    FORMAT_OPTIONS,
    HEAP_SIZE,
    JVM,
    KRAFT,
    LOG_LEVEL,
    LOG_LEVEL_ALIAS,
    LOGGERS,
    LOGGERS_ALIAS,
    MODE,
    ONLY,
    QUORUM,
    QUORUM_ENTRY,
    QUORUM_WAIT,
    REPLICAS,
    STORAGE_COMMAND,
    TLS_BROKER_PORT,
    TLS_CLIENT_AUTH,
    TLS_CLIENTS,
    TLS_PORT,
    TOOLS_LOG_LEVEL,
    WITH_KRAFT,
    WITH_ZOOKEEPER,
    ZK_TLS,
    ZK_WAIT,
    ZOOKEEPER,
    Chroot,
    Label,
)
from kafkaboot.values.knobs import (
    CLUSTER,
    CONFIG_FILE,
    CONTROLLER_PORT,
    DOMAIN,
    HOME,
    HTTP_PORT,
    ID_OFFSET,
    KAFKA_HOME,
    ORDINAL_START,
    PORT,
    PROBE_HOST,
    PROBE_PORT,
    PROBE_TIMEOUT,
    SASL_DIR,
    SASL_MECHANISM,
    SASL_USER,
    TLS_DIR,
    VERSION,
)
from kafkaboot.values.properties import ROLES
from kafkaboot.values.version import KRAFT as KRAFT_SINCE
from kafkaboot.values.version import NO_ZOOKEEPER, Version
from zkboot.pod.address import Port
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import Problems
from zkboot.pod.fields import optional, read_fields, setting, variables_of
from zkboot.pod.heap import Heap
from zkboot.pod.identity import HOSTNAME, POD_NAME, POD_NAMESPACE
from zkboot.pod.variables import FILES, LOGINS, PORTS, PROBES, TIMING, TLS, WHO, Number, Variable

T = TypeVar("T")

ZK_TLS_PORT = 2281
_ZK_CLIENT_PORT = Port(
    "KF_ZK_CLIENT_PORT",
    2181,
    "client port of the ZooKeeper servers",
    group=WITH_ZOOKEEPER,
    default_text=f"2181; with `{ZK_TLS.name}` {ZK_TLS_PORT}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the environment says about this broker, checked; field names follow the field."""

    replicas: int | None = optional(REPLICAS)
    ordinal_start: int = setting(ORDINAL_START)
    id_offset: int = setting(ID_OFFSET)
    mode: str | None = optional(MODE)
    """None where the version decides."""
    namespace: str | None = optional(POD_NAMESPACE)
    """The pod's own."""
    client_port: int = setting(PORT)
    has_client_port: bool
    """Whether KF_PORT is set."""
    controller_port: int = setting(CONTROLLER_PORT)
    home: str = setting(HOME)
    stated_version: str | None = optional(VERSION)
    version: Version | None
    """None where it must be looked for in the installation."""
    stated_base_file: str | None = optional(BASE_FILE)
    """None where the mode decides; then the next one is that of ZooKeeper mode, and of 4.0 and newer."""
    base_file: str
    config_file: str = setting(CONFIG_FILE)
    zk_statefulset: str = setting(
        Label("KF_ZK_STATEFULSET", "zk", "StatefulSet of the ZooKeeper servers", group=WITH_ZOOKEEPER)
    )
    zk_service: str = setting(
        Label("KF_ZK_SERVICE", "zk-svc", "headless service of the ZooKeeper servers", group=WITH_ZOOKEEPER)
    )
    zk_replicas: int = setting(
        Number("KF_ZK_REPLICAS", 3, "how many ZooKeeper servers there are", group=WITH_ZOOKEEPER, low=1, high=255)
    )
    zk_namespace: str | None = optional(
        Label(
            "KF_ZK_NAMESPACE",
            None,
            "namespace of the ZooKeeper servers",
            group=WITH_ZOOKEEPER,
            default_text="`POD_NAMESPACE`, else that in the pod's own domain",
        )
    )
    zk_client_port: int = setting(_ZK_CLIENT_PORT)
    zk_chroot: str = setting(
        Chroot(
            "KF_ZK_CHROOT",
            None,
            "path in ZooKeeper below which the cluster keeps its data",
            group=WITH_ZOOKEEPER,
            default_text="none",
        )
    )
    """Empty for none."""
    cluster_id: str | None = optional(CLUSTER_ID)
    quorum: str | None = optional(QUORUM)
    """None where the properties that are given decide."""
    quorum_entry: str | None = optional(QUORUM_ENTRY)
    """None where the other controllers decide."""
    controller_replicas: int | None = optional(CONTROLLER_REPLICAS)
    controller_statefulset: str | None = optional(CONTROLLER_STATEFULSET)
    """None for the pod's own; the service and the id offset go with it."""
    controller_service: str | None = optional(CONTROLLER_SERVICE)
    controller_id_offset: int | None = optional(CONTROLLER_ID_OFFSET)
    storage_command: tuple[str, ...] | None = optional(STORAGE_COMMAND)
    """None for the installation's own script."""
    format_options: tuple[str, ...] = setting(FORMAT_OPTIONS)
    heap: Heap | None = optional(HEAP_SIZE)
    """None where it is left to Kafka's own scripts."""
    log_level: str | None = optional(LOG_LEVEL)
    """None, as no loggers, where it is left to Kafka's own file."""
    loggers: tuple[tuple[str, str], ...] = setting(LOGGERS)
    """Name and level of each logger with a level of its own."""
    tools_log_level: str | None
    """The level of Kafka's storage tool; None where it is left to Kafka's own file."""
    tls_dir: str | None = optional(TLS_DIR)
    """None where nothing is generated for TLS."""
    tls_port: int = setting(TLS_PORT)
    tls_broker_port: int = setting(TLS_BROKER_PORT)
    tls_clients: str = setting(TLS_CLIENTS)
    tls_client_auth: str = setting(TLS_CLIENT_AUTH)
    zk_tls: bool = setting(ZK_TLS)
    sasl_dir: str | None = optional(SASL_DIR)
    """None where nothing is generated for logins."""
    sasl_mechanism: str = setting(SASL_MECHANISM)
    sasl_user: str | None = optional(SASL_USER)
    dns_wait: float = setting(DNS_WAIT)
    zk_wait: float = setting(ZK_WAIT)
    quorum_wait: float = setting(QUORUM_WAIT)
    probe_timeout: float = setting(PROBE_TIMEOUT)
    """Seconds for each of the other controllers to say whether they have a leader."""
    given: Mapping[str, Given]
    """Every property that KAFKA_* gives, by its name."""
    advice: tuple[str, ...]
    """What does not stop the start but should be read, one line each."""

    @classmethod
    def from_environ(cls, env: EnvReader) -> Self:
        """Return the settings that *env* holds; problems are noted there, for ``problems.check()`` to raise."""
        given, advice = read_properties(env)
        values = read_fields(cls, env)
        home = values["home"] = values["home"] or env.read(KAFKA_HOME)
        file = f"{home}/config/server.properties"
        values["config_file"] = values["config_file"] or file
        values["zk_chroot"] = values["zk_chroot"] or ""
        values["cluster_id"] = _either(env, CLUSTER_ID, values["cluster_id"], CLUSTER_ID_ALIAS)
        values["log_level"] = _either(env, LOG_LEVEL, values["log_level"], LOG_LEVEL_ALIAS)
        values["loggers"] = _either(env, LOGGERS, values["loggers"], LOGGERS_ALIAS) or ()
        if values["zk_tls"] and not env.is_set(_ZK_CLIENT_PORT):
            values["zk_client_port"] = ZK_TLS_PORT
        if values["tls_dir"] is None:
            unused: tuple[Variable[Any], ...] = (TLS_PORT, TLS_BROKER_PORT, TLS_CLIENTS, TLS_CLIENT_AUTH, ZK_TLS)
            for variable in unused:
                if env.is_set(variable):
                    env.problems.note(f"{variable.name} needs {TLS_DIR.name}: without it nothing speaks TLS")
        if values["sasl_dir"] is None:
            for variable in (SASL_MECHANISM, SASL_USER):
                if env.is_set(variable):
                    env.problems.note(f"{variable.name} needs {SASL_DIR.name}: without it nobody has to log in")
        return cls(
            **values,
            tools_log_level=env.get(TOOLS_LOG_LEVEL),
            has_client_port=env.is_set(PORT),
            base_file=values["stated_base_file"] or file,
            version=_stated_version(env, values["stated_version"]),
            given=given,
            advice=advice,
        )

    @property
    def first_pods(self) -> range | None:
        """Ordinals of the controllers where they are the first pods of this StatefulSet; later ones are brokers only.

        None where every pod of it is alike.
        """
        if self.controller_statefulset is not None or self.controller_replicas is None:
            return None
        return range(self.ordinal_start, self.ordinal_start + self.controller_replicas)

    @property
    def is_all_tls(self) -> bool:
        """Whether no client is to be served in plain text."""
        return self.tls_dir is not None and self.tls_clients == ONLY

    @property
    def plain_listener(self) -> str:
        """The name of the listener for clients that speak no TLS."""
        return "PLAINTEXT" if self.sasl_dir is None else "SASL_PLAINTEXT"

    @property
    def tls_listener(self) -> str:
        """The name of the listener for clients that speak TLS."""
        return "SSL" if self.sasl_dir is None else "SASL_SSL"

    @property
    def secret_keys(self) -> frozenset[str]:
        """The given properties whose values nobody may see."""
        return frozenset(key for key, given in self.given.items() if given.is_secret)


_GROUPS = (WHO, CLUSTER, PORTS, TLS, LOGINS, FILES, WITH_ZOOKEEPER, WITH_KRAFT, JVM, TIMING, PROBES)

VARIABLES = variables_of(Settings, _GROUPS, (POD_NAME, HOSTNAME, PROBE_HOST, PROBE_PORT), (DOMAIN, HTTP_PORT))
"""Every variable with a name of its own, group by group, in the order of help pages and tables."""


def find_mode(problems: Problems, settings: Settings, version: Version) -> str:
    """Return the mode that *settings* and *version* make; a contradiction is noted in *problems*."""
    roles = settings.given.get(ROLES.key)
    if settings.mode is None:
        mode = KRAFT if roles is not None or version >= NO_ZOOKEEPER else ZOOKEEPER
    else:
        mode = settings.mode
    subject = f"{MODE.name}={mode}" if settings.mode else roles.shown if roles else ""
    if mode == ZOOKEEPER and version >= NO_ZOOKEEPER:
        problems.note(f"{subject}: Kafka {version} has no ZooKeeper mode, {NO_ZOOKEEPER} and newer know {KRAFT} only")
    if mode == ZOOKEEPER and roles is not None:
        problems.note(f"{subject} and {roles.shown} contradict each other: roles exist in {KRAFT} mode only")
    if mode == KRAFT and version < KRAFT_SINCE:
        problems.note(f"{subject}: Kafka {version} is too old for {KRAFT}, which needs {KRAFT_SINCE} or newer")
    return mode


def _either(env: EnvReader, variable: Variable[T], own: T | None, alias: Variable[T]) -> T | None:
    """Return what *variable* or its *alias* of another image says; two that differ are noted in *env*."""
    other = env.get(alias)
    if own and other and own != other:
        both = (env.shown(one.name, one.show(value)) for one, value in ((variable, own), (alias, other)))
        env.problems.note(f"{' and '.join(both)} differ: unset one", variable.name)
    return own or other


def _stated_version(env: EnvReader, text: str | None) -> Version | None:
    if text is None:
        return None
    try:
        return Version.parse(text)
    except ValueError as error:
        env.problems.note(f"{env.shown(VERSION.name, text)} {error}")
        return None
