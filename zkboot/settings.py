"""Every ZK_* variable, its default, unit and range; read all at once, so that one run names every mistake.

What the variables mean to manifests is fixed; the defaults of the original script are kept.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from zkboot.endpoint import CLIENT_PORT, HTTP_PORT, PROBE_HOST, PROBE_PORT, PROBE_TIMEOUT
from zkboot.ensemble import ServerSpec, parse_servers
from zkboot.heap import Heap, HeapSize
from zkboot.key_rules import advice_on_keys
from zkboot.keys import extra_keys
from zkboot.pod.address import Port
from zkboot.pod.environ import (
    BLANKS,
    FILES,
    INT32_MAX,
    PORTS,
    PROBES,
    TIMING,
    WHO,
    Boolean,
    Choice,
    EnvReader,
    Number,
    Path,
    Seconds,
    Text,
    Variable,
)
from zkboot.pod.errors import Problems
from zkboot.pod.fields import optional, owners, read_fields, setting, variables_of
from zkboot.pod.identity import HOSTNAME, POD_NAME
from zkboot.pod.loggers import LEVELS, Loggers

PREFIX = "ZK_"

_ENSEMBLE, _CLIENTS, _JVM, _MEMBERS = "The ensemble", "Clients", "JVM and logs", "Members"
_EXCEPTIONS = "Exceptions to the checks of the volume"


class Servers(Variable[tuple[ServerSpec, ...]]):
    """An explicit list of servers."""

    allowed = "`<id>=host:quorum port:election port[:observer]`, comma-separated, or the rows of a zoo.cfg"
    keeps_lines = True
    repeats = True

    def parse(self, text: str) -> tuple[ServerSpec, ...]:
        return parse_servers(text)


class User(Variable[str]):
    """The name of an account."""

    allowed = "the name of an account"

    def parse(self, text: str) -> str:
        if not text.isascii() or not text.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise ValueError("is not the name of an account")
        return text


USER = User(
    "ZK_USER",
    "zookeeper",
    "who owns what is written, if the command runs as root and has such an account",
    group=FILES,
)
LOG_LEVEL = Choice(
    "ZK_LOG_LEVEL",
    "INFO",
    "log level of the server",
    group=_JVM,
    words=LEVELS,
)
DATA_DIR = Path(
    "ZK_DATA_DIR", "/var/lib/zookeeper/data", "directory of snapshots and myid; keep it on the volume", group=FILES
)
DATA_LOG_DIR = Path(
    "ZK_DATA_LOG_DIR", "/var/lib/zookeeper/log", "directory of the transaction log; keep it on the volume", group=FILES
)
CONF_DIR = Path(
    "ZK_CONF_DIR", "/opt/zookeeper/conf", "directory where the configuration is written, all but myid", group=FILES
)
SERVER_PORT = Port("ZK_SERVER_PORT", 2888, "quorum port, where followers connect to the leader", group=PORTS)
ELECTION_PORT = Port("ZK_ELECTION_PORT", 3888, "port where servers elect the leader", group=PORTS)
INIT_LIMIT = Number(
    "ZK_INIT_LIMIT", 10, "ticks that a follower may take to connect and to copy the data", group=TIMING, low=1
)
SYNC_LIMIT = Number("ZK_SYNC_LIMIT", 5, "ticks that a follower may lag before it is dropped", group=TIMING, low=1)
HEAP_SIZE = HeapSize("ZK_HEAP_SIZE", Heap(size="2G"), "heap of the JVM, `-Xmx` and `-Xms`", group=_JVM)
REPLICAS = Number(
    "ZK_REPLICAS",
    3,
    "servers in the ensemble; 1 is a standalone server; with `ZK_RECONFIG`, the servers that it begins with",
    group=_ENSEMBLE,
    low=1,
    high=255,
)
DOMAIN = Text(
    "ZK_DOMAIN",
    None,
    "DNS domain of the StatefulSet's headless service",
    group=WHO,
    default_text="the pod name's own domain, else the host's",
)
ID_OFFSET = Number(
    "ZK_ID_OFFSET",
    1,
    "server id of the pod with ordinal 0: every id is the ordinal plus this",
    group=_ENSEMBLE,
    high=255,
)
ORDINAL_START = Number(
    "ZK_ORDINAL_START", 0, "ordinal of the first pod: the StatefulSet's `spec.ordinals.start`", group=_ENSEMBLE
)
SERVERS = Servers(
    "ZK_SERVERS",
    None,
    "list of all servers, in place of `ZK_REPLICAS` and `ZK_DOMAIN`: for names that do not follow from a StatefulSet",
    group=_ENSEMBLE,
)
SERVER_ID = Number(
    "ZK_SERVER_ID",
    None,
    "this server's id in `ZK_SERVERS`",
    group=_ENSEMBLE,
    low=1,
    high=255,
    default_text="ordinal + `ZK_ID_OFFSET`",
)
ALLOW_STANDALONE_DATA = Boolean(
    "ZK_ALLOW_STANDALONE_DATA",
    default=False,
    meaning="let a server of an ensemble start with the data of a standalone server",
    group=_EXCEPTIONS,
)
ALLOW_NEW_LIST = Boolean(
    "ZK_ALLOW_NEW_LIST",
    default=False,
    meaning="let servers start with another list of members than they last had: stop all of them first, set it for"
    " one start",
    group=_EXCEPTIONS,
)
ALLOW_INCOMPLETE_DATA = Boolean(
    "ZK_ALLOW_INCOMPLETE_DATA",
    default=False,
    meaning="let a server start where one of its two data directories is missing or is another server's: set it for"
    " one start",
    group=_EXCEPTIONS,
)
RECONFIG = Boolean(
    "ZK_RECONFIG",
    default=False,
    meaning="the ensemble keeps its own list of members (3.5.3 and newer), and `zkboot resize` changes it",
    group=_MEMBERS,
)
FIRST, JOIN = "first", "join"
QUORUM_ENTRY = Choice(
    "ZK_QUORUM_ENTRY",
    None,
    f"what a server with an empty volume does: begin a new ensemble (`{FIRST}`), or have no vote before it has copied"
    f" the data (`{JOIN}`, 3.6 and newer)",
    group=_MEMBERS,
    words=(FIRST, JOIN),
    default_text=f"`{JOIN}` where another server serves, else `{FIRST}`",
)
SUPER_PASSWORD = Text(
    "ZK_SUPER_PASSWORD",
    None,
    "password of ZooKeeper's user `super`, who may change the list of members",
    group=_MEMBERS,
    secret=True,
    default_text=f"with `{RECONFIG.name}` a new random one for each start",
)
DNS_WAIT = Seconds(
    "ZK_DNS_WAIT", 60, "seconds that `zkboot run` waits for the pod's own DNS name; 0 is no wait", group=TIMING
)

SERVER_HEAP = "ZK_SERVER_HEAP"

OF_ZOOKEEPER = (SERVER_HEAP, "ZK_CLIENT_HEAP")
"""Names that ZooKeeper's own scripts read: known, and passed on to the server."""

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

MOST_VOTERS = 7
"""With more of them a write is slower and no safer: two may fail while a third is replaced."""

SYNC_WARNING_MS = 60_000
"""A follower that may lag longer than this is not what anybody wants: the seed's manifest said 2000 ticks."""


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
        Number(
            "ZK_MAX_CLIENT_CNXNS", 60, "connections that one client address may hold; 0 is no limit", group=_CLIENTS
        ),
        key="maxClientCnxns",
    )
    min_session_timeout_ms: int = setting(
        Number(
            "ZK_MIN_SESSION_TIMEOUT",
            None,
            "shortest session time-out, in milliseconds",
            group=_CLIENTS,
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
            group=_CLIENTS,
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
        Loggers("ZK_LOGGERS", (), "log levels of single loggers, which win over `ZK_LOG_LEVEL`", group=_JVM)
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
    def has_several_addresses(self) -> bool:
        """Whether a server of the list has more than one address."""
        return any(server.further for server in self.servers or ())

    def _note_problems(self, env: EnvReader) -> None:
        self._note_port_collisions(env.problems)
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
                f"ZK_CONF_DIR={self.conf_dir!r} contains a blank, which ZooKeeper's scripts cannot pass on"
            )
        if self.server_id is not None and not env.is_set(SERVERS):
            env.problems.note(f"ZK_SERVER_ID={self.server_id} needs ZK_SERVERS, or set ZK_ID_OFFSET instead")
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
        for key in ("secureClientPort", "admin.serverPort", "metricsProvider.httpPort", "observerMasterPort"):
            # What is no port is the server's to refuse: each of these keys has rules of its own.
            with suppress(ValueError):
                ports[f"zoo.cfg's {key}"] = CLIENT_PORT.parse(self.extra.get(key, ""))
        taken: dict[int, str] = {}
        for name, port in ports.items():
            if port in taken:
                problems.note(f"{name}={port} is the port of {taken[port]}, too")
            taken.setdefault(port, name)

    @property
    def advice(self) -> tuple[str, ...]:
        """What does not stop the start but should be read, one line each."""
        lines: list[str] = []
        if self.heap is not None and self.has_server_heap:
            lines.append(f"ZK_HEAP_SIZE={self.heap} wins over {SERVER_HEAP}, which is set, too: unset one")
        if self.purge_interval_hours == 0:
            lines.append("ZK_PURGE_INTERVAL=0: snapshots and logs are never purged, the volume fills up; 1 is one hour")
        lines += self._advice_on_size()
        lag_ms = self.sync_limit * self.tick_time_ms
        if lag_ms > SYNC_WARNING_MS:
            lines.append(
                f"ZK_SYNC_LIMIT={self.sync_limit} ticks of ZK_TICK_TIME={self.tick_time_ms} ms:"
                f" a dead follower is dropped only after {lag_ms / 1000:g} s"
            )
        if self.snap_retain_count < 3:
            lines.append(f"ZK_SNAP_RETAIN_COUNT={self.snap_retain_count}: the server keeps 3 all the same")
        lines += advice_on_keys(self.extra, OWNED_KEYS)
        return tuple(lines)

    def _advice_on_size(self) -> list[str]:
        voters = self.replicas if self.servers is None else sum(not server.observer for server in self.servers)
        name = REPLICAS.name if self.servers is None else SERVERS.name
        if voters % 2 == 0:
            away = voters // 2 - 1
            return [f"{name}: {voters} voters serve with {away} of them away, as {voters - 1} do: add or take one"]
        if voters > MOST_VOTERS:
            return [f"{name}: each write waits for {voters // 2 + 1} of {voters} voters: let some be observers"]
        return []


OWNED_KEYS = owners(Settings)
"""Keys of zoo.cfg that only their own variable may set, with its name."""

_GROUPS = (WHO, _ENSEMBLE, PORTS, TIMING, _CLIENTS, FILES, _JVM, _MEMBERS, _EXCEPTIONS, PROBES)

VARIABLES = variables_of(
    Settings, _GROUPS, (POD_NAME, HOSTNAME, DOMAIN, PROBE_HOST, PROBE_PORT, PROBE_TIMEOUT, HTTP_PORT)
)
"""Every variable with a name of its own, group by group, in the order of help pages and tables."""
