"""``zkboot serve``: the probes and metrics over HTTP, for a sidecar beside the server."""

import os
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NoReturn

from zkboot.client import ask
from zkboot.endpoint import HTTP_PORT, PROBE_TIMEOUT, Endpoint
from zkboot.metrics import render_prometheus
from zkboot.pod.connection import Deadline
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import IdentityError
from zkboot.pod.http import Answer
from zkboot.pod.identity import Host, find_identity
from zkboot.pod.listening import listen
from zkboot.pod.prometheus import KIND, Labels, render_family
from zkboot.pod.verdicts import ALIVE, Verdicts
from zkboot.pod.web import MARGIN, Question, Server
from zkboot.probe import check_alive, find_mode
from zkboot.settings import DOMAIN, ID_OFFSET, SERVER_ID
from zkboot.words import MNTR, parse_mntr

Row = tuple[str, str]

PROBES = ("livez", "readyz", "metrics")
"""What is asked for a verdict: a target of a request without its slash."""


def serve(environ: Mapping[str, str], say: Callable[[str], None]) -> NoReturn:
    """Answer on ZK_HTTP_PORT for ever; *say* is told of each change of a verdict.

    Raises SettingsError where a variable is wrong, or the port is somebody else's.
    """
    env = EnvReader(environ)
    Endpoint.from_environ(env)
    port, timeout = env.read(HTTP_PORT), env.read(PROBE_TIMEOUT)
    labels = _labels(env)
    env.problems.check()
    listener = listen(port, HTTP_PORT.name)
    questions = Health(environ, Verdicts("zkboot", PROBES, say), labels).questions
    say(f"port {port} answers {', '.join(questions)}")
    Server(listener, questions, timeout + MARGIN).run()


class Health:
    """What is asked of the server that *environ* names; files that it names may change at any time."""

    def __init__(self, environ: Mapping[str, str], verdicts: Verdicts, labels: Labels) -> None:
        self._environ = environ
        self._verdicts = verdicts
        self._labels = labels

    @property
    def questions(self) -> dict[str, Question]:
        """The question behind each target of a request."""
        return {"/livez": self._livez, "/readyz": self._readyz, "/metrics": self._metrics}

    def _livez(self) -> Answer:
        def question() -> str:
            check_alive(self._endpoint())
            return ALIVE

        return self._verdicts.ask("livez", question)

    def _readyz(self) -> Answer:
        return self._verdicts.ask("readyz", lambda: find_mode(self._endpoint()))

    def _metrics(self) -> Answer:
        found: list[str] = []

        def question() -> str:
            endpoint = self._endpoint()
            deadline = Deadline(endpoint.timeout)
            rows = parse_mntr(ask(endpoint, MNTR, deadline), str(endpoint))
            found.append(self._info(rows) + render_prometheus(rows, lambda: deadline.check(str(endpoint))))
            return f"{len(rows)} rows of mntr"

        verdict = self._verdicts.ask("metrics", question)
        is_up = verdict.status is HTTPStatus.OK
        up = render_family(
            "zkboot_up", "gauge", "Whether the server has told its metrics (1), or not (0).", [("", (), int(is_up))]
        )
        return Answer(HTTPStatus.OK, up + self._verdicts.render() + "".join(found), KIND)

    def _info(self, rows: list[Row]) -> str:
        role = next((value for key, value in rows if key == "zk_server_state"), "none")
        labels = (*self._labels, ("role", role))
        return render_family("zkboot_server_info", "gauge", "Who the server is; always 1.", [("", labels, 1)])

    def _endpoint(self) -> Endpoint:
        env = EnvReader(self._environ)
        endpoint = Endpoint.from_environ(env)
        env.problems.check()
        return endpoint


def _labels(env: EnvReader) -> Labels:
    """Return the label of this server's id; none where *env* does not say which server this is."""
    server_id, offset = env.get(SERVER_ID), env.read(ID_OFFSET)
    if server_id is None:
        try:
            server_id = find_identity(env, DOMAIN, Host(lambda: os.uname().nodename, lambda: "")).ordinal + offset
        except IdentityError:
            return ()
    return (("id", str(server_id)),)
