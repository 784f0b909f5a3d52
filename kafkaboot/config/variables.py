"""The variables of a start that messages or pages name, and the types of their values."""

import shlex

from kafkaboot.values import keys
from kafkaboot.values.cluster_id import ClusterId
from kafkaboot.values.connect import checked_chroot
from kafkaboot.values.knobs import CLUSTER, HOME
from zkboot.pod.address import Port
from zkboot.pod.heap import HeapSize
from zkboot.pod.identity import is_label
from zkboot.pod.loggers import LEVELS, Loggers
from zkboot.pod.variables import FILES, TIMING, TLS, Boolean, Choice, Number, Path, Seconds, Variable

KNOB_PREFIX = "KF_"

ZK_PREFIX = "KF_ZK_"
"""Of the variables that are read in ZooKeeper mode only."""

ZOOKEEPER = "zookeeper"
KRAFT = "kraft"

STATIC = "static"
DYNAMIC = "dynamic"

FIRST = "first"
JOIN = "join"

WITH_ZOOKEEPER, WITH_KRAFT = "With ZooKeeper", "With KRaft"
JVM = "The JVM"


class Label(Variable[str]):
    """One label of a DNS name, as Kubernetes names its objects."""

    allowed = "letters, digits and dashes"

    def parse(self, text: str) -> str:
        if not is_label(text):
            raise ValueError("is not a name in Kubernetes: letters, digits and dashes, no dash at either end")
        return text


class Words(Variable[tuple[str, ...]]):
    """A command line, split as a shell would."""

    allowed = "a command line"

    def parse(self, text: str) -> tuple[str, ...]:
        try:
            words = tuple(shlex.split(text))
        except ValueError as error:
            raise ValueError(f"is not a command line: {str(error).lower()}") from None
        if not words:
            raise ValueError("is not a command line")
        return words


class FormatOptions(Words):
    """Further options of Kafka's storage tool, none of those that this tool adds itself."""

    allowed = "options of `kafka-storage.sh format`"

    def parse(self, text: str) -> tuple[str, ...]:
        words = super().parse(text)
        own = [word for word in words if word.partition("=")[0] in _OWN_FORMAT_OPTIONS]
        if own:
            names = ", ".join(word.partition("=")[0] for word in own)
            raise ValueError(f"has {names}, which is added where it is needed")
        return words


class Chroot(Variable[str]):
    """A path in ZooKeeper."""

    allowed = "an absolute path of ZooKeeper"

    def parse(self, text: str) -> str:
        return checked_chroot(text)


_OWN_FORMAT_OPTIONS = frozenset(
    {
        *("-t", "--cluster-id", "-c", "--config", "-g", "--ignore-formatted", "-s", "--standalone"),
        *("-I", "--initial-controllers", "-N", "--no-initial-controllers"),
    }
)

MODE = Choice(
    "KF_MODE",
    None,
    "where the cluster's metadata lives",
    group=CLUSTER,
    words=(ZOOKEEPER, KRAFT),
    default_text=f"`{KRAFT}` where `KAFKA_PROCESS_ROLES` is set or from 4.0 on, else `{ZOOKEEPER}`",
)
BASE_FILE = Path(
    "KF_BASE_FILE",
    None,
    "the properties file that is read and edited",
    group=FILES,
    default_text=f"`${HOME.name}/config/server.properties`; in KRaft mode before 4.0 `config/kraft/server.properties`",
    reads_file=False,
)
REPLICAS = Number(
    "KF_REPLICAS",
    None,
    "pods in the StatefulSet: a pod with any other ordinal is refused; all are controllers where"
    " `KF_CONTROLLER_REPLICAS` is unset",
    group=CLUSTER,
    low=1,
    default_text="unknown",
)
DNS_WAIT = Seconds(
    "KF_DNS_WAIT", 60, "seconds that `kafkaboot run` waits for the pod's own DNS name; 0 is no wait", group=TIMING
)
ZK_WAIT = Seconds(
    "KF_ZK_WAIT", 120, "seconds that `kafkaboot run` waits for ZooKeeper's quorum; 0 is no wait", group=TIMING
)
QUORUM = Choice(
    "KF_QUORUM",
    None,
    f"how the controllers know each other: by a list in every properties file (`{STATIC}`), or by their own log"
    f" (`{DYNAMIC}`, 3.9 and newer)",
    group=WITH_KRAFT,
    words=(STATIC, DYNAMIC),
    default_text=f"`{STATIC}`, unless `KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS` is set",
)
QUORUM_ENTRY = Choice(
    "KF_QUORUM_ENTRY",
    None,
    f"what a controller with an empty volume becomes: a first voter of a new cluster (`{FIRST}`), or one that joins the"
    f" controllers that are there (`{JOIN}`)",
    group=WITH_KRAFT,
    words=(FIRST, JOIN),
    default_text=f"in a static quorum `{FIRST}`; in a dynamic one `{JOIN}` where another controller knows a leader,"
    " else no start",
)
QUORUM_WAIT = Seconds(
    "KF_QUORUM_WAIT",
    30,
    "seconds that a controller with an empty volume, which must join, asks the others for a leader",
    group=TIMING,
)
CONTROLLER_STATEFULSET = Label(
    "KF_CONTROLLER_STATEFULSET",
    None,
    "StatefulSet of the controllers",
    group=WITH_KRAFT,
    default_text="the pod's own",
)
CONTROLLER_SERVICE = Label(
    "KF_CONTROLLER_SERVICE",
    None,
    f"headless service of the controllers, where `{CONTROLLER_STATEFULSET.name}` is set",
    group=WITH_KRAFT,
)
CONTROLLER_REPLICAS = Number(
    "KF_CONTROLLER_REPLICAS",
    None,
    "how many controllers there are: that many first pods of the StatefulSet, which are brokers, too (later pods are"
    f" brokers only); or the pods of `{CONTROLLER_STATEFULSET.name}`, where that is set",
    group=WITH_KRAFT,
    low=1,
    default_text=f"`{REPLICAS.name}`",
)
CONTROLLER_ID_OFFSET = Number(
    "KF_CONTROLLER_ID_OFFSET",
    None,
    f"node id of the first controller, where `{CONTROLLER_STATEFULSET.name}` is set",
    group=WITH_KRAFT,
)
CLUSTER_ID_ALIAS = ClusterId("CLUSTER_ID", None, "cluster id")
CLUSTER_ID = ClusterId(
    "KF_CLUSTER_ID",
    None,
    "id of the cluster: empty volumes are formatted with it, and all others must have it",
    group=WITH_KRAFT,
    default_text=f"`{CLUSTER_ID_ALIAS.name}`",
)
STORAGE_COMMAND = Words(
    "KF_STORAGE_COMMAND",
    None,
    "command that runs Kafka's storage tool; `format` and its options are added",
    group=WITH_KRAFT,
    default_text=f"`${HOME.name}/bin/kafka-storage.sh`",
)
FORMAT_OPTIONS = FormatOptions(
    "KF_FORMAT_OPTIONS",
    (),
    "further options of the storage tool for a new volume, such as `--add-scram` or `--release-version`",
    group=WITH_KRAFT,
    default_text="none",
    secret=True,
)

BROKERS = "BROKERS"
"""Name of the listener by which brokers connect to each other where they speak TLS."""

ONLY, BOTH = "only", "both"
TLS_PORT = Port("KF_TLS_PORT", 9094, "port for clients that speak TLS", group=TLS)
TLS_BROKER_PORT = Port("KF_TLS_BROKER_PORT", 9095, "port for the other brokers, which speak TLS", group=TLS)
TLS_CLIENTS = Choice(
    "KF_TLS_CLIENTS",
    ONLY,
    f"how clients are served: `{ONLY}` by TLS; `{BOTH}`, for a migration, also in plain text at `KF_PORT`",
    group=TLS,
    words=(ONLY, BOTH),
)
TLS_CLIENT_AUTH = Choice(
    "KF_TLS_CLIENT_AUTH",
    "none",
    "whether clients show a certificate; brokers and controllers always do among themselves",
    group=TLS,
    words=("none", "requested", "required"),
)
ZK_TLS = Boolean(
    "KF_ZK_TLS",
    default=False,
    meaning="whether the broker speaks TLS with ZooKeeper, with the same files (2.5 and newer)",
    group=TLS,
)

HEAP_SIZE = HeapSize(
    "KF_HEAP_SIZE",
    None,
    "heap of the broker's JVM, `-Xmx` and `-Xms`; `KAFKA_HEAP_OPTS` wins",
    group=JVM,
    default_text="that of Kafka's start script",
)
LOG_LEVEL_ALIAS = Choice(keys.LOG_LEVEL, None, "log level of the broker", words=LEVELS)
LOG_LEVEL = Choice(
    "KF_LOG_LEVEL",
    None,
    "log level of the broker, which then logs to the console alone; `KAFKA_LOG4J_OPTS` wins",
    group=JVM,
    words=LEVELS,
    default_text=f"`{LOG_LEVEL_ALIAS.name}`, else that of Kafka's own log4j file",
)
LOGGERS_ALIAS = Loggers(keys.LOGGERS, (), "log levels of single loggers")
LOGGERS = Loggers(
    "KF_LOGGERS",
    (),
    f"log levels of single loggers, which win over `{LOG_LEVEL.name}`",
    group=JVM,
    default_text=f"`{LOGGERS_ALIAS.name}`, else those of Kafka's own log4j file",
)
TOOLS_LOG_LEVEL = Choice(keys.TOOLS_LOG_LEVEL, None, "log level of Kafka's storage tool", words=LEVELS)
