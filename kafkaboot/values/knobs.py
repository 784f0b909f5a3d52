"""The variables that the probes read, which a start reads, too, and the rule by which a pod's ordinal makes its id.

Plain classes and built-in modules only: the probes load this module every few seconds on every pod.
"""

from zkboot.pod.address import Host, Port
from zkboot.pod.variables import FILES, INT32_MAX, LOGINS, PORTS, PROBES, TLS, WHO, Choice, Number, Path, Seconds, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from zkboot.pod import identity
    from zkboot.pod.errors import Problems
    from zkboot.pod.variables import Variable

CLUSTER = "The cluster"

POD_EXAMPLE = "kafka-0"
"""The name of a pod, for messages."""

PORT = Port("KF_PORT", 9092, "port for clients", group=PORTS)
CONTROLLER_PORT = Port("KF_CONTROLLER_PORT", 9093, "port for the controllers of KRaft", group=PORTS)
TLS_DIR = Path(
    "KF_TLS_DIR",
    None,
    "directory with `tls.crt`, `tls.key` and `ca.crt`, as cert-manager's Secret is mounted: turns on TLS (from 0.9)",
    group=TLS,
)
PLAIN = "PLAIN"
SASL_DIR = Path(
    "KF_SASL_DIR",
    None,
    "directory with one file a user, whose text is the password, as a Secret is mounted: clients must log in, by SASL"
    " (1.1 and newer)",
    group=LOGINS,
)
SASL_MECHANISM = Choice(
    "KF_SASL_MECHANISM",
    "SCRAM-SHA-512",
    "how clients log in: SCRAM for KRaft from 3.5 on, with `--add-scram` at the format; `PLAIN` for all",
    group=LOGINS,
    words=("SCRAM-SHA-512", "SCRAM-SHA-256", PLAIN),
)
SASL_USER = Text(
    "KF_SASL_USER",
    None,
    "the user as whom brokers and controllers log in to each other where they speak no TLS, and the probes where every"
    " listener asks for a login",
    group=LOGINS,
)
PROBE_HOST = Host(
    "KF_PROBE_HOST",
    "localhost",
    "name or address of the broker that the probes ask; each address of a name is tried",
    group=PROBES,
    default_text="the one that the listener binds, else `localhost`",
)
PROBE_PORT = Port(
    "KF_PROBE_PORT",
    None,
    "port that all probes ask: that of a listener without SASL unless `KF_SASL_DIR` is set, without TLS unless"
    " `KF_TLS_DIR` is",
    group=PROBES,
    default_text=f"the first plain-text listener, else `{PORT.name}`, on a controller `{CONTROLLER_PORT.name}`",
)
PROBE_TIMEOUT = Seconds(
    "KF_PROBE_TIMEOUT",
    3.0,
    "seconds until a probe gives up, from the look-up of the name to the end of the answer",
    group=PROBES,
    low=0.05,
    high=3600,
)
HTTP_PORT = Port("KF_HTTP_PORT", 8081, "port where `kafkaboot serve` answers HTTP", group=PROBES)
ID_OFFSET = Number("KF_ID_OFFSET", 1, "broker or node id of the pod with ordinal 0", group=CLUSTER)
ORDINAL_START = Number(
    "KF_ORDINAL_START", 0, "ordinal of the first pod: the StatefulSet's `spec.ordinals.start`", group=CLUSTER
)
DOMAIN = Text(
    "KF_DOMAIN",
    None,
    "DNS domain of the StatefulSet's headless service",
    group=WHO,
    default_text="what follows the pod's name",
)
HOME = Path("KF_HOME", None, "where Kafka is installed", group=FILES, default_text="`KAFKA_HOME`, else /opt/kafka")
KAFKA_HOME = Path("KAFKA_HOME", "/opt/kafka", "where Kafka is installed")
CONFIG_FILE = Path(
    "KF_CONFIG_FILE",
    None,
    "the properties file that is written, and that Kafka starts with",
    group=FILES,
    default_text=f"`${HOME.name}/config/server.properties`",
    reads_file=False,
)
VERSION = Text(
    "KF_VERSION",
    None,
    "version of Kafka; one of Confluent Platform, `7.5.0`, is taken for that of its Kafka",
    group=FILES,
    default_text=f"that of `${HOME.name}/libs/kafka_<scala>-<version>.jar`",
)
NODE_ID = Number("KAFKA_NODE_ID", None, "node.id")
BROKER_ID = Number("KAFKA_BROKER_ID", None, "broker.id")

VARIABLES: "tuple[Variable[Any], ...]" = (
    PORT,
    CONTROLLER_PORT,
    HOME,
    VERSION,
    CONFIG_FILE,
    TLS_DIR,
    SASL_DIR,
    SASL_MECHANISM,
    SASL_USER,
    PROBE_HOST,
    PROBE_PORT,
    PROBE_TIMEOUT,
)
"""What every probe reads, in the order of its help page; broker properties come beside."""


def id_of(ordinal: int, offset: int) -> int:
    """Return the id of the node with *ordinal*: the original's rule is ordinal + 1, so the *offset* is 1 unless set."""
    return ordinal + offset


def id_of_pod(problems: "Problems", pod: "identity.PodIdentity", offset: int) -> int | None:
    """Return the id of the broker in *pod*; None, and why in *problems*, where it would be larger than any id."""
    broker_id = id_of(pod.ordinal, offset)
    if broker_id <= INT32_MAX:
        return broker_id
    problems.note(f"pod {pod.pod_name} and {ID_OFFSET.name}={offset} make the id {broker_id}: {INT32_MAX} is the last")
    return None
