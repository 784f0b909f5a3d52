"""Variables of a start that more than one place names: in messages, on help pages, in rules.

Those that only the settings read are declared where their field is.
"""

from zkboot.endpoint import CLIENT_PORT
from zkboot.ensemble import ServerSpec, parse_servers
from zkboot.pod.address import Port
from zkboot.pod.heap import Heap, HeapSize
from zkboot.pod.loggers import LEVELS
from zkboot.pod.variables import (
    FILES,
    LOGINS,
    PORTS,
    TIMING,
    TLS,
    Boolean,
    Choice,
    Number,
    Path,
    Seconds,
    Text,
    Variable,
)

ENSEMBLE, CLIENTS, JVM, MEMBERS = "The ensemble", "Clients", "JVM and logs", "Members"
EXCEPTIONS = "Exceptions to the checks of the volume"


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
    group=JVM,
    words=LEVELS,
)

DATA_DIR = Path(
    "ZK_DATA_DIR", "/var/lib/zookeeper/data", "directory of snapshots and myid; keep it on the volume", group=FILES
)

DATA_LOG_DIR = Path(
    "ZK_DATA_LOG_DIR", "/var/lib/zookeeper/log", "directory of the transaction log; keep it on the volume", group=FILES
)

SERVER_PORT = Port("ZK_SERVER_PORT", 2888, "quorum port, where followers connect to the leader", group=PORTS)

ELECTION_PORT = Port("ZK_ELECTION_PORT", 3888, "port where servers elect the leader", group=PORTS)

INIT_LIMIT = Number(
    "ZK_INIT_LIMIT", 10, "ticks that a follower may take to connect and to copy the data", group=TIMING, low=1
)

SYNC_LIMIT = Number("ZK_SYNC_LIMIT", 5, "ticks that a follower may lag before it is dropped", group=TIMING, low=1)

HEAP_SIZE = HeapSize("ZK_HEAP_SIZE", Heap(size="2G"), "heap of the JVM, `-Xmx` and `-Xms`", group=JVM)

REPLICAS = Number(
    "ZK_REPLICAS",
    3,
    "servers in the ensemble; 1 is a standalone server, on a host with any name; with `ZK_RECONFIG`, the servers that"
    " it begins with",
    group=ENSEMBLE,
    low=1,
    high=255,
)

ID_OFFSET = Number(
    "ZK_ID_OFFSET",
    1,
    "server id of the pod with ordinal 0: every id is the ordinal plus this",
    group=ENSEMBLE,
    high=255,
)

ORDINAL_START = Number(
    "ZK_ORDINAL_START", 0, "ordinal of the first pod: the StatefulSet's `spec.ordinals.start`", group=ENSEMBLE
)

SERVERS = Servers(
    "ZK_SERVERS",
    None,
    "list of all servers, in place of `ZK_REPLICAS` and `ZK_DOMAIN`: for names that do not follow from a StatefulSet",
    group=ENSEMBLE,
)

SERVER_ID = Number(
    "ZK_SERVER_ID",
    None,
    "this server's id in `ZK_SERVERS`, or that of a single server, `ZK_REPLICAS=1`",
    group=ENSEMBLE,
    low=1,
    high=255,
    default_text="ordinal + `ZK_ID_OFFSET`",
)

ALLOW_STANDALONE_DATA = Boolean(
    "ZK_ALLOW_STANDALONE_DATA",
    default=False,
    meaning="let a server of an ensemble start with the data of a standalone server",
    group=EXCEPTIONS,
)

ALLOW_NEW_LIST = Boolean(
    "ZK_ALLOW_NEW_LIST",
    default=False,
    meaning="let servers start with another list of members than they last had: stop all of them first, set it for"
    " one start",
    group=EXCEPTIONS,
)

ALLOW_INCOMPLETE_DATA = Boolean(
    "ZK_ALLOW_INCOMPLETE_DATA",
    default=False,
    meaning="let a server start where one of its two data directories is missing or is another server's: set it for"
    " one start",
    group=EXCEPTIONS,
)

RECONFIG = Boolean(
    "ZK_RECONFIG",
    default=False,
    meaning="the ensemble keeps its own list of members (3.5.3 and newer), and `zkboot resize` changes it",
    group=MEMBERS,
)

FIRST, JOIN = "first", "join"

QUORUM_ENTRY = Choice(
    "ZK_QUORUM_ENTRY",
    None,
    f"what a server with an empty volume does: begin a new ensemble (`{FIRST}`), or have no vote before it has copied"
    f" the data (`{JOIN}`, 3.6 and newer)",
    group=MEMBERS,
    words=(FIRST, JOIN),
    default_text=f"`{JOIN}` where another server serves, else `{FIRST}`",
)

SUPER_PASSWORD = Text(
    "ZK_SUPER_PASSWORD",
    None,
    "password of ZooKeeper's user `super`, who may change the list of members",
    group=MEMBERS,
    secret=True,
    default_text=f"with `{RECONFIG.name}` a new random one for each start",
)

DNS_WAIT = Seconds(
    "ZK_DNS_WAIT", 60, "seconds that `zkboot run` waits for the pod's own DNS name; 0 is no wait", group=TIMING
)

ONLY, BOTH, PREFER, ACCEPT, OFF = "only", "both", "prefer", "accept", "off"

TLS_CLIENTS = Choice(
    "ZK_TLS_CLIENTS",
    ONLY,
    f"how clients are served: `{ONLY}` by TLS, while `{CLIENT_PORT.name}` is left to the pod itself; `{BOTH}`, for a"
    " migration",
    group=TLS,
    words=(ONLY, BOTH),
)

TLS_QUORUM = Choice(
    "ZK_TLS_QUORUM",
    ONLY,
    f"how servers speak with each other; an ensemble that runs goes `{ACCEPT}`, `{PREFER}`, `{ONLY}`, by one rolling"
    " update each",
    group=TLS,
    words=(ONLY, PREFER, ACCEPT, OFF),
)

TLS_CLIENT_AUTH = Choice(
    "ZK_TLS_CLIENT_AUTH",
    "need",
    "whether clients show a certificate; `want` refuses a wrong one, and takes none",
    group=TLS,
    words=("need", "want", "none"),
)

SASL_DIR = Path(
    "ZK_SASL_DIR",
    None,
    "directory with one file a user, whose text is the password, as a Secret is mounted: clients must log in, by SASL"
    " with DIGEST-MD5",
    group=LOGINS,
)

SASL_USER = User(
    "ZK_SASL_USER",
    None,
    f"the user of `{SASL_DIR.name}` as whom servers log in to each other (3.4.10 and newer; 3.5.4 and newer)",
    group=LOGINS,
)

SASL_CLIENTS = Choice(
    "ZK_SASL_CLIENTS",
    ONLY,
    f"who is served: `{ONLY}` clients that have logged in (3.5.9 and newer); `{BOTH}`, for a migration, all",
    group=LOGINS,
    words=(ONLY, BOTH),
)

SASL_QUORUM = Choice(
    "ZK_SASL_QUORUM",
    None,
    f"how servers log in to each other; an ensemble that runs goes `{ACCEPT}`, `{PREFER}`, `{ONLY}`, by one rolling"
    " update each",
    group=LOGINS,
    words=(ONLY, PREFER, ACCEPT, OFF),
    default_text=f"`{ONLY}` with `{SASL_USER.name}`, unless they speak TLS",
)
