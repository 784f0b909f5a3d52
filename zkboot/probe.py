"""The probes: zkOk, zkReady, zkMetrics.

A kubelet starts each of them every few seconds on every pod, so this module and all that it imports load nothing but
built-in modules and ``_socket``; a test holds them to it. What only a person asks for, help and the other formats, is
imported where it is used.
"""

from zkboot.client import ask
from zkboot.endpoint import Endpoint
from zkboot.health import alive, serving
from zkboot.pod.connection import Deadline
from zkboot.pod.console import emit, leave
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import UsageError
from zkboot.pod.probing import HELP, answer, check, environment, refuse
from zkboot.words import MNTR, RUOK, SRVR, parse_mntr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

FORMATS = ("raw", "json", "prometheus")
"""What ``zkMetrics --format`` takes; the first is the default."""

FORMAT = "--format"

_ABOUT = {
    "ok": "Liveness: exits 0 where the ZooKeeper server answers ruok with exactly imok. Prints nothing.",
    "ready": "Readiness: exits 0 where srvr shows that the ZooKeeper server serves requests, and prints its mode:\n"
    "leader, follower, observer or standalone.",
    "metrics": "Prints the ZooKeeper server's reply to mntr: raw, as one flat JSON object, or as Prometheus text.",
}

_EXIT_STATUS = (
    "exit status: 0 yes, 2 wrong usage, 69 unreachable or no answer in time, 75 answers but does not serve requests,\n"
    "76 TLS or another answer that the protocol does not allow, 78 a variable is wrong"
)


def zk_ok() -> "NoReturn":
    """Be the command ``zkOk``."""
    leave(ok())


def zk_ready() -> "NoReturn":
    """Be the command ``zkReady``."""
    leave(ready())


def zk_metrics() -> "NoReturn":
    """Be the command ``zkMetrics``."""
    leave(metrics())


def ok(name: str | None = None, arguments: list[str] | None = None) -> int:
    """Run the liveness probe and return its exit status.

    *name* is the command as the operator typed it, *arguments* what follows it; by default this process's own.
    """
    return answer(_ok, lambda called: _help("ok", called), name, arguments)


def ready(name: str | None = None, arguments: list[str] | None = None) -> int:
    """Run the readiness probe, which prints the server's mode, and return its exit status; see ``ok``."""
    return answer(_ready, lambda called: _help("ready", called), name, arguments)


def metrics(name: str | None = None, arguments: list[str] | None = None) -> int:
    """Print the server's metrics and return the exit status; see ``ok``."""
    return answer(_metrics, lambda called: _help("metrics", called), name, arguments)


def _ok(name: str, arguments: list[str]) -> None:
    refuse(arguments, f"only {HELP} is allowed")
    endpoint = _endpoint(name)
    alive(ask(endpoint, RUOK), str(endpoint))


def _ready(name: str, arguments: list[str]) -> None:
    refuse(arguments, f"only {HELP} is allowed")
    endpoint = _endpoint(name)
    emit(serving(ask(endpoint, SRVR), str(endpoint)).encode() + b"\n")


def _metrics(name: str, arguments: list[str]) -> None:
    form = _format(arguments)
    endpoint = _endpoint(name)
    deadline = Deadline(endpoint.timeout)
    reply = ask(endpoint, MNTR, deadline)
    rows = parse_mntr(reply, str(endpoint))
    if form == "raw":
        emit(reply)
        return
    from zkboot.metrics import render_json, render_prometheus

    render = render_json if form == "json" else render_prometheus
    emit(render(rows, lambda: deadline.check(str(endpoint))).encode())


def _endpoint(name: str) -> Endpoint:
    """Return where to ask; raises SettingsError that names every variable that is wrong."""
    env = EnvReader(environment((b"ZK_",)))
    endpoint = Endpoint.from_environ(env)
    check(name, env)
    return endpoint


def _format(arguments: list[str]) -> str:
    """Return the format that *arguments* ask for, the last where there are several; raises UsageError."""
    form = FORMATS[0]
    rest = list(arguments)
    while rest:
        option, given, value = rest.pop(0).partition("=")
        allowed = f"{FORMAT} {'|'.join(FORMATS)} and {HELP} are allowed"
        if option != FORMAT:
            refuse([option + given + value], allowed)
        if not given and not rest:
            raise UsageError(f"{FORMAT} needs a value: {'|'.join(FORMATS)}")
        form = value if given else rest.pop(0)
        if form not in FORMATS:
            raise UsageError(f"{FORMAT} {form!r} is none of {'|'.join(FORMATS)}")
    return form


def _help(probe: str, name: str) -> str:
    """Return the help page of *probe*, called *name* by the operator."""
    from zkboot.endpoint import VARIABLES
    from zkboot.pod.manual import help_page

    options = f" [{FORMAT} {'|'.join(FORMATS)}]" if probe == "metrics" else ""
    parts = (f"usage: {name} [{HELP}]{options}", _ABOUT[probe], help_page(VARIABLES), _EXIT_STATUS)
    return "\n\n".join(parts) + "\n"
