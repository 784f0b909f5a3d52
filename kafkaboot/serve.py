"""``kafkaboot serve``: the probes and metrics over HTTP, for a sidecar beside the broker or controller."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import NoReturn

from kafkaboot.probes.commands import check_alive, find_place
from kafkaboot.probes.endpoint import BrokerProperties, Endpoint, find_broker_id
from kafkaboot.probes.metrics import Collector
from kafkaboot.values.knobs import CONFIG_FILE, HTTP_PORT, PROBE_TIMEOUT
from zkboot.pod.environ import FILE_SUFFIX, EnvReader
from zkboot.pod.errors import IdentityError
from zkboot.pod.http import Answer
from zkboot.pod.identity import Host
from zkboot.pod.listening import listen
from zkboot.pod.prometheus import KIND, render_family
from zkboot.pod.verdicts import ALIVE, Verdicts
from zkboot.pod.web import MARGIN, Question, Server

Stamp = tuple[int, ...] | None

_PATHS = (CONFIG_FILE.name, "KF_BASE_FILE")
"""Names that end as those of values in files do, and are paths themselves."""

_HOST = Host(name=lambda: os.uname().nodename, domain=lambda: "")
"""The domain is no part of an id, and to ask for it might take long."""

PROBES = ("livez", "readyz", "readyz?in-sync", "metrics")
"""What is asked for a verdict: a target of a request without its slash."""


def serve(environ: Mapping[str, str], say: Callable[[str], None]) -> NoReturn:
    """Answer on KF_HTTP_PORT for ever; *say* is told of each change of a verdict.

    Raises SettingsError where a variable is wrong, or the port is somebody else's. The properties file may come later.
    """
    env = EnvReader(environ)
    port, timeout = env.read(HTTP_PORT), env.read(PROBE_TIMEOUT)
    properties = BrokerProperties(env)
    Endpoint.from_environ(env, properties)
    with suppress(IdentityError):
        # The properties file may say the id, and may come later.
        find_broker_id(env, properties, _HOST)
    env.problems.check()
    listener = listen(port, HTTP_PORT.name)
    questions = Health(environ, Verdicts("kafkaboot", PROBES, say)).questions
    say(f"port {port} answers {', '.join(questions)}")
    Server(listener, questions, timeout + MARGIN).run()


class Health:
    """What is asked of the server that *environ* and its properties file name; the file may change at any time."""

    def __init__(self, environ: Mapping[str, str], verdicts: Verdicts) -> None:
        self._environ = environ
        self._has_files = any(name.endswith(FILE_SUFFIX) for name in environ if name not in _PATHS)
        self._seen: tuple[Stamp, Endpoint] | None = None
        self._verdicts = verdicts
        self._collector = Collector()

    @property
    def questions(self) -> dict[str, Question]:
        """The question behind each target of a request."""
        return {
            "/livez": self._livez,
            "/readyz": lambda: self._readyz("readyz", wants_sync=False),
            "/readyz?in-sync": lambda: self._readyz("readyz?in-sync", wants_sync=True),
            "/metrics": self._metrics,
        }

    def _livez(self) -> Answer:
        def question() -> str:
            check_alive(self._endpoint())
            return ALIVE

        return self._verdicts.ask("livez", question)

    def _readyz(self, probe: str, *, wants_sync: bool) -> Answer:
        def question() -> str:
            endpoint, properties, broker_id, origin = self._subject()
            return find_place(endpoint, broker_id, origin, properties if wants_sync else None)

        return self._verdicts.ask(probe, question)

    def _metrics(self) -> Answer:
        found: list[str] = []

        def question() -> str:
            endpoint, properties, broker_id, _ = self._subject()
            found.append(self._collector.collect(endpoint, broker_id, properties))
            return "told"

        verdict = self._verdicts.ask("metrics", question)
        is_up = verdict.status is HTTPStatus.OK
        up = render_family(
            "kafkaboot_up", "gauge", "Whether the server has told its metrics (1), or not (0).", [("", (), int(is_up))]
        )
        return Answer(HTTPStatus.OK, up + self._verdicts.render() + "".join(found), KIND)

    def _endpoint(self) -> Endpoint:
        """Return where to ask, found anew where the properties file has changed. Raises SettingsError, FileError."""
        env = EnvReader(self._environ)
        properties = BrokerProperties(env)
        stamp = _stamp(properties.path)
        if self._seen is not None and self._seen[0] == stamp and not self._has_files:
            return self._seen[1]
        endpoint = Endpoint.from_environ(env, properties)
        env.problems.check()
        self._seen = stamp, endpoint
        return endpoint

    def _subject(self) -> tuple[Endpoint, BrokerProperties, int, str]:
        """Return where to ask, what of, for which broker, and where its id comes from; raises BootError."""
        env = EnvReader(self._environ)
        properties = BrokerProperties(env)
        endpoint = Endpoint.from_environ(env, properties)
        broker_id, origin = find_broker_id(env, properties, _HOST)
        env.problems.check()
        return endpoint, properties, broker_id, origin


def _stamp(path: str) -> Stamp:
    """Return what changes with the file at *path*; None where there is none."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns
