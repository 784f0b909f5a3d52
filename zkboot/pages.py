"""The help pages of zkboot's commands: what each of them says of itself."""

from collections.abc import Mapping

from zkboot.endpoint import CLIENT_PORT, HTTP_PORT, PROBE_HOST, PROBE_PORT, PROBE_TIMEOUT
from zkboot.endpoint import VARIABLES as OF_PROBES
from zkboot.pod.identity import HOSTNAME, POD_NAME
from zkboot.pod.manual import Page
from zkboot.settings import (
    CONF_DIR,
    DATA_DIR,
    DATA_LOG_DIR,
    DNS_WAIT,
    DOMAIN,
    ELECTION_PORT,
    ID_OFFSET,
    ORDINAL_START,
    RECONFIG,
    REPLICAS,
    SERVER_ID,
    SERVER_PORT,
    SERVERS,
    SUPER_PASSWORD,
    VARIABLES,
)

_ONLY_PROBES = (PROBE_HOST, PROBE_PORT, PROBE_TIMEOUT)

_OF_SERVERS = tuple(variable for variable in VARIABLES if variable not in (*_ONLY_PROBES, HTTP_PORT))
_OF_FILES = tuple(variable for variable in _OF_SERVERS if variable is not DNS_WAIT)
_OF_MEMBERS = (
    *(POD_NAME, HOSTNAME, DOMAIN, REPLICAS, ORDINAL_START, ID_OFFSET, SERVERS, SERVER_ID, CLIENT_PORT),
    *(DATA_DIR, DATA_LOG_DIR, CONF_DIR, RECONFIG, *_ONLY_PROBES),
)
_OF_QUORUM = (POD_NAME, HOSTNAME, DOMAIN, REPLICAS, ORDINAL_START, ID_OFFSET, SERVERS, SERVER_ID, CLIENT_PORT)

_KEYS = (
    "ZK_CFG_<key> sets any other key of zoo.cfg. In the name ___ stands for -, __ for _ and _ for a dot; capital and"
    " small letters count: ZK_CFG_metricsProvider_httpPort=7000 sets metricsProvider.httpPort."
)
_OTHERS = "The other ZK_* variables (zkboot gen-config --help) are checked here, too, but change nothing."

_VOLUME = "a variable, the pod's name or what is on the volume is wrong: stderr says which, one line a problem"


def gen_config(name: str) -> Page:
    """Return the page of ``zkGenConfig``, called *name* by the operator."""
    return Page(
        about="Writes the files that a ZooKeeper server starts with: zoo.cfg, myid, java.env, java.security,"
        " log4j.properties and logback.xml. It first checks every variable and the volume, and writes nothing where"
        " something is wrong.",
        example=f"POD_NAME=zk-1 ZK_DOMAIN=zk-svc.default.svc.cluster.local {name} --dry-run",
        variables=_OF_FILES,
        notes=(_KEYS,),
        statuses={0: "the files are as they should be", 2: "", 74: "", 78: _VOLUME},
    )


def run(name: str) -> Page:
    """Return the page of ``zkboot run``, called *name* by the operator."""
    return Page(
        about="Writes the server's files as zkGenConfig does, waits for this pod's own DNS name, and becomes the"
        " server: zkServer.sh start-foreground, or the command after --. From then on the exit status is the server's.",
        example=f"POD_NAME=zk-0 ZK_REPLICAS=1 ZK_HEAP_SIZE=512m {name}",
        variables=_OF_SERVERS,
        notes=(_KEYS,),
        statuses={
            2: "",
            74: "a file or directory cannot be read or written, or the server's command cannot be run",
            78: _VOLUME,
        },
    )


def wait(name: str) -> Page:
    """Return the page of ``zkboot wait``, called *name* by the operator."""
    return Page(
        about="Waits until the ensemble has a quorum, that is, until one of its servers opens a session. Where none"
        " does, it says of each server why.",
        example=f"{name} --servers zk-0.zk-svc:2181,zk-1.zk-svc:2181,zk-2.zk-svc:2181 --timeout 30",
        variables=_OF_QUORUM,
        notes=(_OTHERS, "With --servers no variable is read, and none is checked."),
        statuses={
            0: "the ensemble has a quorum",
            2: "",
            69: "no server answers within the time",
            75: "servers answer, but none opens a session within the time",
            78: "",
        },
    )


def members(name: str) -> Page:
    """Return the page of ``zkboot members``, called *name* by the operator."""
    return Page(
        about="Prints the servers of the ensemble as the ensemble itself lists them: who votes, and what each of them"
        " does. Without a quorum it prints the list that this pod has.",
        example=f"kubectl exec zk-0 -- {name}",
        variables=_OF_MEMBERS,
        notes=(_OTHERS,),
        statuses={0: "the ensemble has a quorum", 2: "", 74: "", 75: "the ensemble has no quorum", 78: ""},
    )


def resize(name: str) -> Page:
    """Return the page of ``zkboot resize``, called *name* by the operator."""
    return Page(
        about="Gives votes to the first N servers of the StatefulSet and takes them from all others, by ZooKeeper's own"
        " reconfiguration. Run it in any pod of the ensemble. It can be run again, also after it was killed.\n\n"
        "To grow, first kubectl scale, then resize. To shrink, first resize, then kubectl scale.",
        example=f"kubectl scale statefulset zk --replicas=5\nkubectl exec zk-0 -- {name} 5",
        variables=tuple(
            variable
            for variable in VARIABLES
            if variable in {*_OF_MEMBERS, SERVER_PORT, ELECTION_PORT, SUPER_PASSWORD} - {SERVERS, SERVER_ID}
        ),
        notes=(_OTHERS,),
        statuses={
            0: "the first N servers vote, and no others",
            2: "",
            69: "no server answers",
            74: "",
            75: "not now: a new server does not follow yet, the quorum would be lost, or somebody else has changed the"
            " list",
            78: f"the list is static ({RECONFIG.name} is not true), the password is wrong, or another variable is",
        },
    )


def ok(name: str) -> Page:
    """Return the page of ``zkOk``, called *name* by the operator."""
    return _probe(
        about="Liveness: asks the ZooKeeper server ruok. The exit status is 0 where it answers imok. Prints nothing. A"
        " server without a quorum answers, too: a lost quorum is no reason to kill it.",
        example=f"ZK_PROBE_HOST=127.0.0.1 {name}",
        yes="the server answers imok",
    )


def ready(name: str) -> Page:
    """Return the page of ``zkReady``, called *name* by the operator."""
    return _probe(
        about="Readiness: asks the ZooKeeper server srvr. The exit status is 0 where it serves requests. Prints its"
        " mode: leader, follower, observer or standalone.",
        example=f"ZK_PROBE_HOST=127.0.0.1 {name}",
        yes="the server serves requests",
    )


def metrics(name: str) -> Page:
    """Return the page of ``zkMetrics``, called *name* by the operator."""
    return _probe(
        about="Prints the metrics of the ZooKeeper server, which are its answer to mntr.",
        example=f"ZK_PROBE_HOST=127.0.0.1 {name} --format prometheus",
        yes="the metrics are printed",
        options={
            "--format raw|json|prometheus": "raw, the default: as the server sent it; json: one flat object;"
            " prometheus: the text that Prometheus reads"
        },
    )


def serve(name: str) -> Page:
    """Return the page of ``zkboot serve``, called *name* by the operator."""
    return Page(
        about="Answers the probes and metrics over HTTP, in a sidecar beside the server. GET /livez is zkOk, GET"
        " /readyz is zkReady, each with 200 or 503 and the line that the command prints. GET /metrics is for"
        " Prometheus. Every request is answered by a new question to the server.",
        example=f"ZK_HTTP_PORT=8081 {name}",
        variables=(POD_NAME, HOSTNAME, DOMAIN, ID_OFFSET, SERVER_ID, *OF_PROBES, HTTP_PORT),
        notes=("The server's id is a label of the metrics, left out where the pod's name has no ordinal.",),
        statuses={2: "", 78: f"a variable is wrong, or somebody else listens on {HTTP_PORT.name}", 143: "SIGTERM came"},
    )


def _probe(about: str, example: str, yes: str, options: Mapping[str, str] | None = None) -> Page:
    statuses = {0: yes, 2: "", 69: "", 75: "", 76: "", 78: "a variable is wrong"}
    return Page(about=about, example=example, options=options or {}, variables=OF_PROBES, statuses=statuses)
