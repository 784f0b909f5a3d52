"""The probes: zkOk, zkReady, zkMetrics.

A kubelet starts each of them every few seconds on every pod, so this module and all that it imports load nothing but
built-in modules and ``_socket``, with TLS also ``_ssl``; a test holds them to it. What only a person asks for, help and
the other formats, is imported where it is used.
"""

from zkboot.client import ask, find_own_server
from zkboot.endpoint import Endpoint
from zkboot.health import alive, serving
from zkboot.pod.console import emit, leave
from zkboot.pod.deadline import Deadline
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import RefusedError, UsageError
from zkboot.pod.probing import ALWAYS, answer, check, environment, refuse
from zkboot.words import MNTR, RUOK, SRVR, parse_mntr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from zkboot.pod.manual import Page

FORMATS = ("raw", "json", "prometheus")
"""What ``zkMetrics --format`` takes; the first is the default."""

FORMAT = "--format"

PREFIXES = (b"ZK_", b"POD_", b"HOSTNAME")
"""Beginnings of the variables that the probes read."""


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
    return answer(_ok, lambda called: _page("ok", called), name, arguments)


def ready(name: str | None = None, arguments: list[str] | None = None) -> int:
    """Run the readiness probe, which prints the server's mode, and return its exit status; see ``ok``."""
    return answer(_ready, lambda called: _page("ready", called), name, arguments)


def metrics(name: str | None = None, arguments: list[str] | None = None) -> int:
    """Print the server's metrics and return the exit status; see ``ok``."""
    return answer(_metrics, lambda called: _page("metrics", called), name, arguments)


def check_alive(endpoint: Endpoint) -> None:
    """Check that the server at *endpoint* is alive; raises the BootError that says why it is not."""
    try:
        reply = ask(endpoint, RUOK)
    except RefusedError:
        # It speaks TLS, and does not take this pod's certificate: no restart makes that one better.
        return
    alive(reply, str(endpoint))


def find_mode(endpoint: Endpoint) -> str:
    """Return the mode in which the server at *endpoint* serves; raises the BootError that says why it does not."""
    return serving(ask(endpoint, SRVR), str(endpoint))


def _ok(name: str, arguments: list[str]) -> None:
    refuse(arguments, f"only {ALWAYS} are allowed")
    check_alive(_endpoint(name, verifies=False))


def _ready(name: str, arguments: list[str]) -> None:
    refuse(arguments, f"only {ALWAYS} are allowed")
    emit(find_mode(_endpoint(name, prefers_tls=True)).encode() + b"\n")


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


def _endpoint(name: str, *, prefers_tls: bool = False, verifies: bool = True) -> Endpoint:
    """Return where to ask, and how; raises SettingsError that names every variable that is wrong."""
    env = EnvReader(environment(PREFIXES))
    endpoint = find_own_server(env, prefers_tls=prefers_tls, verifies=verifies)
    check(name, env)
    return endpoint


def _format(arguments: list[str]) -> str:
    """Return the format that *arguments* ask for, the last where there are several; raises UsageError."""
    form = FORMATS[0]
    rest = list(arguments)
    while rest:
        option, given, value = rest.pop(0).partition("=")
        allowed = f"{FORMAT} {'|'.join(FORMATS)}, {ALWAYS} are allowed"
        if option != FORMAT:
            refuse([option + given + value], allowed)
        if not given and not rest:
            raise UsageError(f"{FORMAT} needs a value: {'|'.join(FORMATS)}")
        form = value if given else rest.pop(0)
        if form not in FORMATS:
            raise UsageError(f"{FORMAT} {form!r} is none of {'|'.join(FORMATS)}")
    return form


def _page(probe: str, name: str) -> "Page":
    """Return the help page of *probe*, called *name* by the operator."""
    from zkboot import pages

    return {"ok": pages.ok, "ready": pages.ready, "metrics": pages.metrics}[probe](name)
