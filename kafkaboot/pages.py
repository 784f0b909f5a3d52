"""The help pages of kafkaboot's commands: what each of them says of itself."""

from kafkaboot.config.settings import VARIABLES
from kafkaboot.config.variables import (
    BASE_FILE,
    CLUSTER_ID,
    DNS_WAIT,
    QUORUM_WAIT,
    STORAGE_COMMAND,
    ZK_WAIT,
)
from kafkaboot.values.knobs import (
    CONFIG_FILE,
    HTTP_PORT,
    ID_OFFSET,
    PROBE_HOST,
    PROBE_PORT,
    PROBE_TIMEOUT,
    SASL_MECHANISM,
    SASL_USER,
    TLS_DIR,
)
from kafkaboot.values.knobs import VARIABLES as OF_PROBES
from zkboot.pod.identity import HOSTNAME, POD_NAME
from zkboot.pod.manual import Page

_OF_A_START = tuple(variable for variable in VARIABLES if variable not in (PROBE_HOST, PROBE_PORT, HTTP_PORT))
_ONLY_OF_A_START = (STORAGE_COMMAND, DNS_WAIT, ZK_WAIT, QUORUM_WAIT, PROBE_TIMEOUT)
_OF_THE_FILE = tuple(variable for variable in _OF_A_START if variable not in _ONLY_OF_A_START)
_OF_RENEWAL = tuple(
    variable for variable in VARIABLES if variable in {POD_NAME, HOSTNAME, ID_OFFSET, PROBE_HOST, *OF_PROBES}
)
_RENEWER = (
    "It is asked with its own certificate: where there is an authorizer, the principal of that needs AlterConfigs on"
    " the cluster, or is one of KAFKA_SUPER_USERS."
)

_PROPERTIES = (
    "KAFKA_<PROPERTY> sets any broker property. In the name ___ stands for -, __ for _ and _ for a dot, and the"
    " property is in lower case: KAFKA_LOG_DIRS=/data sets log.dirs."
)
_FILES = (
    f"{BASE_FILE.name}, {CONFIG_FILE.name} and properties that end in .file are paths themselves: they have no _FILE."
)

_NO_FILE = "the properties file cannot be read"
_NO_KAFKA = "the answer is not what the protocol allows: TLS or SASL on that port, or another program"
_VOLUME = "a variable, the pod's name or what is on the volume is wrong: stderr says which, one line a problem"

_OF_LIVENESS = (
    "The listener is that of KAFKA_LISTENERS and its like, else that of the properties file, else the one on KF_PORT."
)

_OF_READINESS = """\
The listener and the id are those of KAFKA_LISTENERS, KAFKA_NODE_ID, KAFKA_BROKER_ID and their like, else those of the
properties file. Without either, the listener is the one on KF_PORT, and the id is KF_ID_OFFSET plus the ordinal of the
pod's name.

Limits of a yes: a broker answers from what it last heard. One that is cut off from its controllers or from ZooKeeper
goes on to list itself; one that was paused does so for a second or two, with --in-sync, too. Before Kafka 3.7 a
controller that has lost all others may go on to name itself. In Kafka 0.8 a cluster without topics lists no broker at
all (KAFKA-1867), so no broker and no topic counts as ready; --in-sync is refused, because the metadata does not follow
the ISR (KAFKA-1367).

Limits of --in-sync: in a cluster that is short of brokers a broker may never be in sync, so give the update a deadline.
Topics that ACLs hide from anonymous clients are not looked at. A replica that the broker could not make, on a disk that
has failed, is not seen where others of its partitions are on the volume; kafkaboot serve sees it within a minute."""


def gen_config(name: str) -> Page:
    """Return the page of ``kafkaGenConfig``, called *name* by the operator."""
    return Page(
        about="Edits Kafka's server.properties for the broker or controller of this pod. It first checks every variable"
        " and the volume, and writes nothing where something is wrong. A second edit gives what the first would have"
        " given: the file keeps in its comments what it said before.",
        example=f"POD_NAME=kafka-0 KF_DOMAIN=kafka-svc.default.svc.cluster.local KF_REPLICAS=3 {name} --dry-run",
        variables=_OF_THE_FILE,
        notes=(_PROPERTIES, _FILES),
        statuses={0: "the file is as it should be", 2: "", 74: "", 78: _VOLUME},
    )


def run(name: str) -> Page:
    """Return the page of ``kafkaboot run``, called *name* by the operator."""
    return Page(
        about="Edits server.properties as kafkaGenConfig does, waits for this pod's own DNS name, and becomes the"
        " server: kafka-server-start.sh with that file, or the command after --. With ZooKeeper it first waits for its"
        " quorum; with KRaft it first formats empty volumes. From then on the exit status is the server's.",
        example=f"POD_NAME=kafka-0 KF_DOMAIN=kafka-svc.default.svc.cluster.local KF_REPLICAS=3 {name}",
        variables=_OF_A_START,
        notes=(
            _PROPERTIES,
            _FILES,
            f"{PROBE_TIMEOUT.name} also bounds each question to another controller.",
        ),
        statuses={
            2: "",
            69: "ZooKeeper, or every other controller, does not answer in time",
            74: "a file or directory cannot be read or written, or the server's command cannot be run",
            75: "ZooKeeper answers but has no quorum, or no other controller knows a leader",
            78: _VOLUME,
        },
    )


def random_cluster_id(name: str) -> Page:
    """Return the page of ``kafkaboot random-cluster-id``, called *name* by the operator."""
    return Page(
        about=f"Prints a new cluster id for KRaft, 22 characters of base64url. Give all nodes the same one, as"
        f" {CLUSTER_ID.name}.",
        example=name,
    )


def tls(name: str) -> Page:
    """Return the page of ``kafkaboot tls``, called *name* by the operator."""
    return Page(
        about="Writes the broker's TLS files anew where those that are mounted have changed, has the broker read them,"
        " and waits until it shows the new certificate. What is mounted is checked as at a start; where it would not"
        " work, the old files stay. Run it in the pod, or in a sidecar that has the broker's configuration mounted.",
        example=f"kubectl exec kafka-0 -- {name}",
        variables=_OF_RENEWAL,
        notes=(
            "The broker must be 2.3 or newer.",
            _RENEWER,
        ),
        statuses={
            0: "the broker's files are those that are mounted, and it shows them, if it runs",
            2: "",
            69: "the broker does not answer, and has to be asked",
            74: "",
            75: "the broker does not take the new files: it has to be restarted, or lets nobody ask",
            76: _NO_KAFKA,
            78: f"what is mounted would not work, {TLS_DIR.name} is not set, or another variable is wrong",
        },
    )


def ok(name: str) -> Page:
    """Return the page of ``kafkaOk``, called *name* by the operator."""
    return Page(
        about="Liveness: the exit status is 0 where the broker or controller answers ApiVersions; on Kafka 0.8 and 0.9,"
        " Metadata. Prints nothing.\n\n"
        "A broker that waits for its quorum, or recovers its logs, does not answer yet: give it a startupProbe.",
        example=f"KF_PROBE_HOST=127.0.0.1 {name}",
        variables=tuple(one for one in OF_PROBES if one not in {SASL_MECHANISM, SASL_USER}),
        notes=(_OF_LIVENESS,),
        statuses={0: "the server answers", 2: "", 69: "", 74: _NO_FILE, 76: _NO_KAFKA, 78: "a variable is wrong"},
    )


def ready(name: str) -> Page:
    """Return the page of ``kafkaReady``, called *name* by the operator."""
    return Page(
        about="Readiness: the exit status is 0 where the broker lists itself among the brokers of its cluster: it is"
        ' registered and, with KRaft, not fenced. Prints "broker <id> of <number of brokers>". On a controller\'s'
        ' listener, the controller must know a leader of its quorum. Prints "controller, leader <id>".',
        example=f"POD_NAME=kafka-0 KF_PROBE_HOST=127.0.0.1 {name}",
        options={
            "--in-sync": "the broker must also be in the ISR of every partition that it hosts: a rolling update then"
            " waits until the last pod has caught up (Kafka 0.10 and newer)"
        },
        variables=(POD_NAME, HOSTNAME, ID_OFFSET, *OF_PROBES),
        notes=_OF_READINESS.split("\n\n"),
        statuses={0: "the server is ready", 2: "", 69: "", 74: _NO_FILE, 75: "", 76: _NO_KAFKA, 78: ""},
    )


def serve(name: str) -> Page:
    """Return the page of ``kafkaboot serve``, called *name* by the operator."""
    return Page(
        about="Answers the probes and metrics over HTTP, in a sidecar beside the server. GET /livez is kafkaOk, GET"
        " /readyz is kafkaReady and GET /readyz?in-sync is kafkaReady --in-sync, each with 200 or 503 and the line that"
        " the command prints. GET /metrics is for Prometheus. Every request is answered by a new question to the"
        " server.",
        example=f"POD_NAME=kafka-0 KF_HTTP_PORT=8081 {name}",
        variables=(POD_NAME, HOSTNAME, ID_OFFSET, *OF_PROBES, HTTP_PORT),
        notes=_OF_READINESS.split("\n\n"),
        statuses={
            2: "",
            78: f"{HTTP_PORT.name} or {PROBE_TIMEOUT.name} is wrong, or somebody else listens there",
            143: "SIGTERM came",
        },
    )
