"""Every ZK_* variable, its default, unit and range; read all at once, so that one run names every mistake.

What the variables mean to manifests is fixed; the defaults of the original script are kept.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from zkboot.endpoint import (
    CLIENT_PORT,
    CONF_DIR,
    DOMAIN,
    HTTP_PORT,
    PROBE_HOST,
    PROBE_PORT,
    PROBE_TIMEOUT,
    TLS_DIR,
    TLS_PORT,
)
from zkboot.ensemble import ServerSpec
from zkboot.keys import extra_keys
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import Problems
from zkboot.pod.fields import optional, owners, read_fields, setting, variables_of
from zkboot.pod.heap import Heap
from zkboot.pod.identity import HOSTNAME, POD_NAME
from zkboot.pod.loggers import Loggers
from zkboot.pod.variables import (
    BLANKS,
    FILES,
    INT32_MAX,
    LOGINS,
    PORTS,
    PROBES,
    TIMING,
    TLS,
    WHO,
    Number,
    Path,
)
from zkboot.variables import (
    ALLOW_INCOMPLETE_DATA,
    ALLOW_NEW_LIST,
    ALLOW_STANDALONE_DATA,
    CLIENTS,
    DATA_DIR,
    DATA_LOG_DIR,
    DNS_WAIT,
    ELECTION_PORT,
    ENSEMBLE,
    EXCEPTIONS,
    HEAP_SIZE,
    ID_OFFSET,
    INIT_LIMIT,
    JVM,
    LOG_LEVEL,
    MEMBERS,
    ONLY,
    ORDINAL_START,
    QUORUM_ENTRY,
    RECONFIG,
    REPLICAS,
    SASL_CLIENTS,
    SASL_DIR,
    SASL_QUORUM,
    SASL_USER,
    SERVER_ID,
    SERVER_PORT,
    SERVERS,
    SUPER_PASSWORD,
    SYNC_LIMIT,
    TLS_CLIENT_AUTH,
    TLS_CLIENTS,
    TLS_QUORUM,
    USER,
)

PREFIX = "ZK_"

LOOPBACK = "127.0.0.1"

SERVER_HEAP = "ZK_SERVER_HEAP"

OF_ZOOKEEPER = (SERVER_HEAP, "ZK_CLIENT_HEAP")
"""Names that ZooKeeper's own scripts read: known, and passed on to the server."""

_SECURE_PORT = "secureClientPort"
_SUPER_DIGEST = "DigestAuthenticationProvider.superDigest"
_AUTOCREATE = "db.autocreate"

_CLOSED_TO_DYNAMIC: Mapping[str, str] = {
    "standaloneEnabled": "it is false there; unset it",
    "skipACL": "anybody could change the list of members; unset it",
    "clientPortAddress": "the list says where all servers listen for clients, on every address; unset it",
    "peerType": "the list says who is an observer; unset it",
    _SUPER_DIGEST: f"set {SUPER_PASSWORD.name} instead, which `zkboot resize` needs, too",
}
"""Keys that no server of a dynamic ensemble may have, each with what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the environment says about this server, checked; field names follow the field."""

    data_dir: str = setting(DATA_DIR, key="dataDir")
    data_log_dir: str = setting(DATA_LOG_DIR, key="dataLogDir")
    log_dir: str = setting(
        Path("ZK_LOG_DIR", "/var/log/zookeeper", "directory of the server's own log files", group=FILES), is_shown=True
    )
    conf_dir: str = setting(CONF_DIR)
    user: str = setting(USER)
    client_port: int = setting(CLIENT_PORT, key="clientPort")
    quorum_port: int = setting(SERVER_PORT, is_shown=True)
    election_port: int = setting(ELECTION_PORT, is_shown=True)
    tick_time_ms: int = setting(
        Number("ZK_TICK_TIME", 2000, "one tick, in milliseconds", group=TIMING, low=1, high=3_600_000), key="tickTime"
    )
    init_limit: int = setting(INIT_LIMIT, key="initLimit")
    sync_limit: int = setting(SYNC_LIMIT, key="syncLimit")
    max_client_cnxns: int = setting(
        Number("ZK_MAX_CLIENT_CNXNS", 60, "connections that one client address may hold; 0 is no limit", group=CLIENTS),
        key="maxClientCnxns",
    )
    min_session_timeout_ms: int = setting(
        Number(
            "ZK_MIN_SESSION_TIMEOUT",
            None,
            "shortest session time-out, in milliseconds",
            group=CLIENTS,
            low=1,
            default_text="2 ticks",
        ),
        key="minSessionTimeout",
    )
    max_session_timeout_ms: int = setting(
        Number(
            "ZK_MAX_SESSION_TIMEOUT",
            None,
            "longest session time-out, in milliseconds",
            group=CLIENTS,
            low=1,
            default_text="20 ticks",
        ),
        key="maxSessionTimeout",
    )
    heap: Heap | None = optional(HEAP_SIZE, is_shown=True)
    """None where it is left to ZK_SERVER_HEAP, which ZooKeeper's own scripts read."""
    has_server_heap: bool
    """Whether ZK_SERVER_HEAP is set."""
    snap_retain_count: int = setting(
        Number(
            "ZK_SNAP_RETAIN_COUNT",
            3,
            "snapshots that a purge keeps (the server raises 1 and 2 to 3)",
            group=FILES,
            low=1,
        ),
        key="autopurge.snapRetainCount",
    )
    purge_interval_hours: int = setting(
        Number(
            "ZK_PURGE_INTERVAL", 0, "hours between purges of old snapshots and logs; 0 is never", group=FILES, high=8760
        ),
        key="autopurge.purgeInterval",
    )
    log_level: str = setting(LOG_LEVEL)
    loggers: tuple[tuple[str, str], ...] = setting(
        Loggers("ZK_LOGGERS", (), "log levels of single loggers, which win over `ZK_LOG_LEVEL`", group=JVM)
    )
    """Name and level of each logger with a level of its own."""
    replicas: int = setting(REPLICAS)
    ordinal_start: int = setting(ORDINAL_START)
    id_offset: int = setting(ID_OFFSET)
    servers: tuple[ServerSpec, ...] | None = optional(SERVERS)
    server_id: int | None = optional(SERVER_ID)
    reconfig: bool = setting(RECONFIG)
    """Whether the ensemble keeps its own list."""
    quorum_entry: str | None = optional(QUORUM_ENTRY)
    """FIRST or JOIN; None where the other servers decide."""
    super_password: str | None = optional(SUPER_PASSWORD)
    allow_new_list: bool = setting(ALLOW_NEW_LIST)
    allow_incomplete_data: bool = setting(ALLOW_INCOMPLETE_DATA)
    allow_standalone_data: bool = setting(ALLOW_STANDALONE_DATA)
    dns_wait: float = setting(DNS_WAIT)
    tls_dir: str | None = optional(TLS_DIR, is_shown=True)
    """None where everything is plain text, as far as no ZK_CFG_* says otherwise."""
    tls_port: int = setting(TLS_PORT)
    tls_clients: str = setting(TLS_CLIENTS)
    tls_quorum: str = setting(TLS_QUORUM)
    tls_client_auth: str = setting(TLS_CLIENT_AUTH)
    sasl_dir: str | None = optional(SASL_DIR, is_shown=True)
    """None where nobody logs in, as far as no ZK_CFG_* says otherwise."""
    sasl_user: str | None = optional(SASL_USER, is_shown=True)
    sasl_clients: str = setting(SASL_CLIENTS)
    sasl_quorum: str | None = optional(SASL_QUORUM)
    """None where it follows from the others: ``quorum_phase``."""
    extra: Mapping[str, str]
    """zoo.cfg keys that have no variable of their own, from ZK_CFG_*."""
    secret_keys: frozenset[str]
    """Those of ``extra`` whose values nobody may see."""

    @classmethod
    def from_environ(cls, env: EnvReader) -> Self:
        """Return the settings that *env* holds; problems are noted there, for ``problems.check()`` to raise."""
        values = read_fields(cls, env)
        for name, ticks in (("min_session_timeout_ms", 2), ("max_session_timeout_ms", 20)):
            if values[name] is None:
                values[name] = ticks * values["tick_time_ms"]
        has_server_heap = env.text(SERVER_HEAP) is not None
        if has_server_heap and not env.is_set(HEAP_SIZE):
            values["heap"] = None
        extra, secret_keys = extra_keys(env, owners(cls))
        settings = cls(**values, has_server_heap=has_server_heap, extra=extra, secret_keys=secret_keys)
        settings._note_problems(env)
        settings._note_problems_of_members(env)
        return settings

    @property
    def client_place(self) -> str:
        """Where a row of a dynamic list says that each server takes clients in plain text: ``[address:]port``."""
        return f"{LOOPBACK}:{self.client_port}" if self.is_plain_port_own else str(self.client_port)

    @property
    def is_plain_port_own(self) -> bool:
        """Whether the port for plain text is left to the pod itself."""
        return self.tls_dir is not None and self.tls_clients == ONLY

    @property
    def is_single(self) -> bool:
        """Whether there is one server only, which no other has to find: it may be a host with any name."""
        return self.servers is None and self.replicas == 1 and self.ordinal_start == 0 and not self.reconfig

    @property
    def has_several_addresses(self) -> bool:
        """Whether a server of the list has more than one address."""
        return any(server.further for server in self.servers or ())

    def _note_problems(self, env: EnvReader) -> None:
        self._note_port_collisions(env.problems)
        if env.raw(CLIENT_PORT.name) == "0" and _SECURE_PORT in self.extra:
            env.problems.note(
                f"{CLIENT_PORT.name}=0 does not close the port beside {_SECURE_PORT}: with {TLS_DIR.name} it is left to"
                " the pod itself"
            )
        if self.min_session_timeout_ms > self.max_session_timeout_ms:
            env.problems.note(
                f"ZK_MIN_SESSION_TIMEOUT={self.min_session_timeout_ms} is more than"
                f" ZK_MAX_SESSION_TIMEOUT={self.max_session_timeout_ms}"
            )
        for variable, ticks in ((INIT_LIMIT, self.init_limit), (SYNC_LIMIT, self.sync_limit)):
            if ticks * self.tick_time_ms > INT32_MAX:
                env.problems.note(
                    f"{variable.name}={ticks} ticks of ZK_TICK_TIME={self.tick_time_ms} ms are more milliseconds"
                    f" than a server can count ({INT32_MAX})"
                )
        if any(blank in self.conf_dir for blank in BLANKS):
            env.problems.note(
                f"{env.shown(CONF_DIR.name, self.conf_dir)} contains a blank, which ZooKeeper's scripts cannot pass on:"
                " choose a path without one"
            )
        if self.server_id is not None and not env.is_set(SERVERS) and not self.is_single:
            env.problems.note(
                f"ZK_SERVER_ID={self.server_id} needs ZK_SERVERS, or {REPLICAS.name}=1: without these, unset it and set"
                " ZK_ID_OFFSET, from which the ids of all servers follow"
            )
        for server in self.servers or ():
            if server.client_port not in (None, self.client_port):
                env.problems.note(
                    f"{SERVERS.name}: server {server.server_id} serves clients at {server.client_port}, but"
                    f" {CLIENT_PORT.name}={self.client_port}; set that, one for all servers"
                )

    def _note_problems_of_members(self, env: EnvReader) -> None:
        if self.reconfig and env.is_set(SERVERS):
            env.problems.note(
                f"{RECONFIG.name}=true and {SERVERS.name} contradict each other: the founders are the pods that"
                f" {REPLICAS.name} and {DOMAIN.name} name; unset {SERVERS.name}"
            )
        for key, instead in _CLOSED_TO_DYNAMIC.items() if self.reconfig else ():
            if key in self.extra:
                env.problems.note(f"zoo.cfg's {key} and {RECONFIG.name}=true contradict each other: {instead}")
        if self.super_password is not None and _SUPER_DIGEST in self.extra:
            env.problems.note(f"{SUPER_PASSWORD.name} and zoo.cfg's {_SUPER_DIGEST} are both set: unset one")
        if self.quorum_entry is not None and _AUTOCREATE in self.extra:
            env.problems.note(
                f"{QUORUM_ENTRY.name}={self.quorum_entry} and zoo.cfg's {_AUTOCREATE} are both set: unset one"
            )

    def _note_port_collisions(self, problems: Problems) -> None:
        ports = {"ZK_CLIENT_PORT": self.client_port}
        if self.servers is None:
            ports |= {"ZK_SERVER_PORT": self.quorum_port, "ZK_ELECTION_PORT": self.election_port}
        if self.tls_dir is not None:
            ports[TLS_PORT.name] = self.tls_port
        for key in (_SECURE_PORT, "admin.serverPort", "metricsProvider.httpPort", "observerMasterPort"):
            # What is no port is the server's to refuse: each of these keys has rules of its own.
            with suppress(ValueError):
                ports[f"zoo.cfg's {key}"] = CLIENT_PORT.parse(self.extra.get(key, ""))
        taken: dict[int, str] = {}
        for name, port in ports.items():
            if port in taken:
                problems.note(f"{name}={port} is the port of {taken[port]}, too")
            taken.setdefault(port, name)

    @property
    def listens_everywhere(self) -> bool:
        """Whether the server listens for the other servers on all addresses, and not on that of its own name."""
        return self.extra.get("quorumListenOnAllIPs", "").lower() == "true"


OWNED_KEYS = owners(Settings)
"""Keys of zoo.cfg that only their own variable may set, with its name."""

_GROUPS = (WHO, ENSEMBLE, PORTS, TIMING, CLIENTS, TLS, LOGINS, FILES, JVM, MEMBERS, EXCEPTIONS, PROBES)

VARIABLES = variables_of(
    Settings, _GROUPS, (POD_NAME, HOSTNAME, DOMAIN, PROBE_HOST, PROBE_PORT, PROBE_TIMEOUT, HTTP_PORT)
)
"""Every variable with a name of its own, group by group, in the order of help pages and tables."""
