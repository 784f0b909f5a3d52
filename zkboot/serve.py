"""``zkboot serve``: the probes and metrics over HTTP, for a sidecar beside the server."""

import os
from collections.abc import Callable, Mapping
from http import HTTPStatus
from threading import Lock, Thread
from typing import TYPE_CHECKING, NoReturn

from zkboot.client import ask, find_own_server
from zkboot.endpoint import CONF_DIR, DOMAIN, HTTP_PORT, PROBE_TIMEOUT, TLS_DIR, Endpoint
from zkboot.metrics import render_prometheus
from zkboot.pod.deadline import Deadline, Turn
from zkboot.pod.environ import FILE_SUFFIX, EnvReader
from zkboot.pod.errors import IdentityError
from zkboot.pod.host import this_host
from zkboot.pod.http import Answer
from zkboot.pod.identity import Host, find_identity
from zkboot.pod.listening import listen
from zkboot.pod.prometheus import KIND, Labels, render_family
from zkboot.pod.verdicts import ALIVE, Verdicts
from zkboot.pod.waiting import Question
from zkboot.pod.web import MARGIN, Server
from zkboot.probe import check_alive, find_mode
from zkboot.variables import DATA_DIR, DATA_LOG_DIR, ID_OFFSET, REPLICAS, SERVER_ID
from zkboot.volume_metrics import render_members, render_space
from zkboot.words import MNTR, parse_mntr

if TYPE_CHECKING:
    from zkboot.pod.tls.keeper import Keeper

Row = tuple[str, str]

PROBES = ("livez", "readyz", "metrics")
"""What is asked for a verdict: a target of a request without its slash."""


def serve(environ: Mapping[str, str], say: Callable[[str], None]) -> NoReturn:
    """Answer on ZK_HTTP_PORT for ever; *say* is called with each change of a verdict.

    Raises SettingsError where that port or ZK_PROBE_TIMEOUT is wrong, or the port is somebody else's. Whatever else is
    wrong is reported, and is the answer to each question: a sidecar that ended would keep the server from starting.
    """
    env = EnvReader(environ)
    port, timeout = env.read(HTTP_PORT), env.read(PROBE_TIMEOUT)
    is_lost = bool(env.problems)
    Endpoint.from_environ(env)
    volume = _volume(env)
    labels = _labels(env)
    if is_lost:
        env.problems.check()
    for problem in env.problems:
        say(problem.text)
    listener = listen(port, HTTP_PORT.name)
    keeper = _keeper(environ, say)
    if keeper is not None:
        Thread(target=keeper.run, daemon=True).start()
    questions = Health(environ, Verdicts("zkboot", PROBES, say), labels, keeper, volume).questions
    say(f"port {port} answers {', '.join(questions)}")
    Server(listener, questions, timeout + MARGIN).run()


class Health:
    """What is asked of the server that *environ* names; files that it names may change at any time."""

    def __init__(
        self,
        environ: Mapping[str, str],
        verdicts: Verdicts,
        labels: Labels,
        keeper: "Keeper | None",
        volume: Callable[[], str],
    ) -> None:
        self._environ = environ
        self._has_files = any(name.endswith(FILE_SUFFIX) for name in environ)
        self._kept: dict[tuple[bool, bool], Endpoint] = {}
        self._verdicts = verdicts
        self._keeper = keeper
        self._labels = labels
        self._volume = volume
        self._turn = Lock()
        """Held while an answer to mntr is read through: see ``Turn``."""

    @property
    def questions(self) -> dict[str, Question]:
        """The question behind each target of a request."""
        return {"/livez": self._livez, "/readyz": self._readyz, "/metrics": self._metrics}

    def _livez(self) -> Answer:
        def question() -> str:
            check_alive(self._endpoint(verifies=False))
            return ALIVE

        return self._verdicts.ask("livez", question)

    def _readyz(self) -> Answer:
        return self._verdicts.ask("readyz", lambda: find_mode(self._endpoint(prefers_tls=True)))

    def _metrics(self) -> Answer:
        found: list[str] = []

        def question() -> str:
            endpoint = self._endpoint()
            deadline = Deadline(endpoint.timeout)
            reply = ask(endpoint, MNTR, deadline)
            with Turn(self._turn, deadline, str(endpoint)):
                rows = parse_mntr(reply, str(endpoint))
                found.extend((self._info(rows), render_prometheus(rows, lambda: deadline.check(str(endpoint)))))
                return f"{len(rows)} rows of mntr"

        verdict = self._verdicts.ask("metrics", question)
        is_up = verdict.status is HTTPStatus.OK
        up = render_family(
            "zkboot_up", "gauge", "Whether the server gave its metrics (1), or not (0).", [("", (), int(is_up))]
        )
        tls = self._keeper.render() if self._keeper is not None else ""
        return Answer(HTTPStatus.OK, "".join((up, tls, self._volume(), self._verdicts.render(), *found)), KIND)

    def _info(self, rows: list[Row]) -> str:
        role = next((value for key, value in rows if key == "zk_server_state"), "none")
        labels = (*self._labels, ("role", role))
        return render_family("zkboot_server_info", "gauge", "Who the server is; always 1.", [("", labels, 1)])

    def _endpoint(self, *, prefers_tls: bool = False, verifies: bool = True) -> Endpoint:
        """Return where to ask, found anew where a variable may stand in a file. Raises SettingsError."""
        kept = self._kept.get((prefers_tls, verifies))
        if kept is not None and not self._has_files:
            return kept
        env = EnvReader(self._environ)
        endpoint = find_own_server(env, prefers_tls=prefers_tls, verifies=verifies)
        env.problems.check()
        # Which files hold the certificate may change at any time.
        if endpoint.tls is None:
            self._kept[prefers_tls, verifies] = endpoint
        return endpoint


def _volume(env: EnvReader) -> Callable[[], str]:
    """Return what renders the metrics of the server's directories."""
    data_dirs, conf_dir = (env.read(DATA_DIR), env.read(DATA_LOG_DIR)), env.read(CONF_DIR)
    return lambda: render_space(data_dirs) + render_members(conf_dir)


def _keeper(environ: Mapping[str, str], say: Callable[[str], None]) -> "Keeper | None":
    """Return who renews the server's TLS files, None without TLS."""
    env = EnvReader(environ)
    mounted, folder = env.get(TLS_DIR), env.read(CONF_DIR)
    if mounted is None:
        return None
    from zkboot.pod.tls.keeper import Keeper
    from zkboot.renewal import renew

    host, uid = this_host(), os.geteuid()
    store = f"{folder}/tls/server.pem"
    return Keeper("zkboot", lambda: renew(environ, host, uid), mounted=mounted, store=store, say=say)


def _labels(env: EnvReader) -> Labels:
    """Return the label of this server's id; none where *env* does not say, or not rightly, which server this is."""
    server_id, offset = env.get(SERVER_ID), env.read(ID_OFFSET)
    if server_id is None:
        try:
            host = Host(lambda: os.uname().nodename, lambda: "")
            server_id = find_identity(env, DOMAIN, host, needs_ordinal=env.read(REPLICAS) > 1).ordinal + offset
        except IdentityError:
            return ()
    return () if env.problems else (("id", str(server_id)),)
