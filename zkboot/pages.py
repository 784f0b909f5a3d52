"""The help pages of zkboot's commands: what each of them says of itself."""

from collections.abc import Mapping

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
from zkboot.endpoint import VARIABLES as OF_PROBES
from zkboot.pod.identity import HOSTNAME, POD_NAME
from zkboot.pod.manual import Page
from zkboot.settings import VARIABLES
from zkboot.variables import (
    DATA_DIR,
    DATA_LOG_DIR,
    DNS_WAIT,
    ELECTION_PORT,
    ID_OFFSET,
    ORDINAL_START,
    RECONFIG,
    REPLICAS,
    SASL_DIR,
    SASL_USER,
    SERVER_ID,
    SERVER_PORT,
    SERVERS,
    SUPER_PASSWORD,
    TLS_CLIENTS,
)

_ONLY_PROBES = (PROBE_HOST, PROBE_PORT, PROBE_TIMEOUT)

_OF_SERVERS = tuple(variable for variable in VARIABLES if variable not in (*_ONLY_PROBES, HTTP_PORT))
_OF_FILES = tuple(variable for variable in _OF_SERVERS if variable is not DNS_WAIT)
_OF_MEMBERS = (
    *(POD_NAME, HOSTNAME, DOMAIN, REPLICAS, ORDINAL_START, ID_OFFSET, SERVERS, SERVER_ID, CLIENT_PORT),
    *(TLS_DIR, TLS_PORT, TLS_CLIENTS, SASL_DIR, SASL_USER),
    *(DATA_DIR, DATA_LOG_DIR, CONF_DIR, RECONFIG, *_ONLY_PROBES),
)
_OF_QUORUM = (
    *(POD_NAME, HOSTNAME, DOMAIN, REPLICAS, ORDINAL_START, ID_OFFSET, SERVERS, SERVER_ID, CLIENT_PORT),
    *(TLS_DIR, TLS_PORT, TLS_CLIENTS),
)

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
        notes=(
            _OTHERS,
            f"With --servers no variable is read, and none is checked, but {TLS_DIR.name} and {TLS_CLIENTS.name}.",
        ),
        statuses={
            0: "the ensemble has a quorum",
            2: "",
            69: "no server answers within the time",
            75: "servers answer, but none opens a session within the time",
            78: "",
        },
    )


def tls(name: str) -> Page:
    """Return the page of ``zkboot tls``, called *name* by the operator."""
    return Page(
        about="Writes the server's TLS files anew where those that are mounted have changed, and waits until the server"
        " shows the new certificate. What is mounted is checked as at a start; where it would not work, the old files"
        " stay. Run it in the pod, or in a sidecar that has the server's configuration mounted.",
        example=f"kubectl exec zk-0 -- {name}",
        variables=tuple(variable for variable in VARIABLES if variable in {*_OF_QUORUM, CONF_DIR, *_ONLY_PROBES}),
        notes=(_OTHERS,),
        statuses={
            0: "the server's files are those that are mounted, and it shows them, if it runs",
            2: "",
            74: "",
            75: "the server does not take the new files: it has to be restarted",
            78: f"what is mounted would not work, {TLS_DIR.name} is not set, or another variable is wrong",
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


_SHOWN = (DATA_DIR, DATA_LOG_DIR, CONF_DIR)


def serve(name: str) -> Page:
    """Return the page of ``zkboot serve``, called *name* by the operator."""
    return Page(
        about="Answers the probes and metrics over HTTP, in a sidecar beside the server. GET /livez is zkOk, GET"
        " /readyz is zkReady, each with 200 or 503 and the line that the command prints. GET /metrics is for"
        " Prometheus. Every request is answered by a new question to the server.",
        example=f"ZK_HTTP_PORT=8081 {name}",
        variables=(POD_NAME, HOSTNAME, DOMAIN, REPLICAS, ID_OFFSET, SERVER_ID, *OF_PROBES, HTTP_PORT, *_SHOWN),
        notes=(
            "The server's id is a label of the metrics, left out where the pod's name has no ordinal.",
            (
                "The metrics tell how much is free on the volumes of its directories, and the roles on its list of"
                " members, where the sidecar has them mounted."
            ),
            (
                f"With {TLS_DIR.name} it runs `zkboot tls` where the mounted files have changed. That reads the"
                " variables of its own page, and writes where the server's configuration is: give the sidecar both."
            ),
        ),
        statuses={
            2: "",
            78: f"{HTTP_PORT.name} or {PROBE_TIMEOUT.name} is wrong, or somebody else listens there",
            143: "SIGTERM came",
        },
    )


def _probe(about: str, example: str, yes: str, options: Mapping[str, str] | None = None) -> Page:
    statuses = {0: yes, 2: "", 69: "", 75: "", 76: "", 78: "a variable is wrong"}
    note = (
        f"A server that is asked by TLS must prove the pod's own name, of {POD_NAME.name}, {HOSTNAME.name} and"
        f" {DOMAIN.name}; the probe shows the server's certificate, of {CONF_DIR.name} or {TLS_DIR.name}."
    )
    return Page(
        about=about, example=example, options=options or {}, variables=OF_PROBES, notes=(note,), statuses=statuses
    )
