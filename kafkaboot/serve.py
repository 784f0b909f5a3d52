"""``kafkaboot serve``: the probes and metrics over HTTP, for a sidecar beside the broker or controller."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from threading import Thread
from typing import TYPE_CHECKING, NoReturn

from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.probes.commands import check_alive, find_place
from kafkaboot.probes.endpoint import Endpoint, find_broker_id
from kafkaboot.probes.metrics import Collector
from kafkaboot.probes.remembered import Remembered
from kafkaboot.values.knobs import CONFIG_FILE, HTTP_PORT, PROBE_TIMEOUT, TLS_DIR
from zkboot.pod.environ import FILE_SUFFIX, EnvReader
from zkboot.pod.errors import FileError, IdentityError
from zkboot.pod.host import this_host
from zkboot.pod.http import Answer
from zkboot.pod.identity import Host
from zkboot.pod.listening import listen
from zkboot.pod.prometheus import KIND, render_family
from zkboot.pod.verdicts import ALIVE, Verdicts
from zkboot.pod.waiting import Question
from zkboot.pod.web import MARGIN, Server

if TYPE_CHECKING:
    from zkboot.pod.tls.keeper import Keeper

Stamp = tuple[int, ...] | None
Broker = tuple[Endpoint, int, str]
"""Where a broker is asked, its id, and where that comes from."""

_PATHS = (CONFIG_FILE.name, "KF_BASE_FILE")
"""Names that end as those of values in files do, and are paths themselves."""

_HOST = Host(name=lambda: os.uname().nodename, domain=lambda: "")
"""The domain is no part of an id, and to ask for it might take long."""

PROBES = ("livez", "readyz", "readyz?in-sync", "metrics")
"""What is asked for a verdict: a target of a request without its slash."""


def serve(environ: Mapping[str, str], say: Callable[[str], None]) -> NoReturn:
    """Answer on KF_HTTP_PORT for ever; *say* is called with each change of a verdict.

    Raises SettingsError where that port or KF_PROBE_TIMEOUT is wrong, or the port is somebody else's. Whatever else is
    wrong is reported, and is the answer to each question: a sidecar that ended would keep the broker from starting.
    """
    env = EnvReader(environ)
    port, timeout = env.read(HTTP_PORT), env.read(PROBE_TIMEOUT)
    is_lost = bool(env.problems)
    properties = BrokerProperties(env)
    with suppress(FileError, IdentityError):
        # The properties file may say the id, and may come later.
        Endpoint.from_environ(env, properties)
        find_broker_id(env, properties, _HOST)
    if is_lost:
        env.problems.check()
    for problem in env.problems:
        say(problem.text)
    listener = listen(port, HTTP_PORT.name)
    keeper = _keeper(environ, say)
    if keeper is not None:
        Thread(target=keeper.run, daemon=True).start()
    questions = Health(environ, Verdicts("kafkaboot", PROBES, say), keeper).questions
    say(f"port {port} answers {', '.join(questions)}")
    Server(listener, questions, timeout + MARGIN).run()


class Health:
    """What is asked of the server that *environ* and its properties file name; the file may change at any time."""

    def __init__(self, environ: Mapping[str, str], verdicts: Verdicts, keeper: "Keeper | None" = None) -> None:
        self._environ = environ
        self._keeper = keeper
        self._has_files = any(name.endswith(FILE_SUFFIX) for name in environ if name not in _PATHS)
        self._path = BrokerProperties(EnvReader(environ)).path
        self._seen: Subject | None = None
        self._verdicts = verdicts
        self._collector = Collector()
        self._remembered = Remembered()

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
            check_alive(self._subject().listener())
            return ALIVE

        return self._verdicts.ask("livez", question)

    def _readyz(self, probe: str, *, wants_sync: bool) -> Answer:
        def question() -> str:
            subject = self._subject()
            synced = subject.properties if wants_sync else None
            return find_place(*subject.broker(prefers_tls=True), synced, self._remembered)

        return self._verdicts.ask(probe, question)

    def _metrics(self) -> Answer:
        found: list[str] = []

        def question() -> str:
            subject = self._subject()
            endpoint, broker_id, _ = subject.broker()
            self._collector.collect(endpoint, broker_id, subject.properties, found)
            return "answered"

        verdict = self._verdicts.ask("metrics", question)
        is_up = verdict.status is HTTPStatus.OK
        up = render_family(
            "kafkaboot_up", "gauge", "Whether the server gave its metrics (1), or not (0).", [("", (), int(is_up))]
        )
        tls = self._keeper.render() if self._keeper is not None else ""
        return Answer(HTTPStatus.OK, up + tls + self._verdicts.render() + "".join(found), KIND)

    def _subject(self) -> "Subject":
        """Return what is asked, found anew where the properties file has changed. Raises SettingsError, FileError."""
        stamp = _stamp(self._path)
        # Read once: another thread may find it out of date in between.
        seen = self._seen
        if seen is not None and seen.stamp == stamp and not self._has_files:
            return seen
        self._seen = None
        subject = Subject(self._environ, stamp)
        self._seen = subject
        return subject


class Subject:
    """What is asked, as *environ* and a properties file with that *stamp* name it. Raises FileError.

    All that is wrong with a question is told, and nothing else, as by its command.
    """

    def __init__(self, environ: Mapping[str, str], stamp: Stamp) -> None:
        self._environ = environ
        self.stamp = stamp
        self.properties = BrokerProperties(EnvReader(environ))
        self._listener: Endpoint | None = None
        self._brokers: dict[bool, Broker] = {}

    def listener(self) -> Endpoint:
        """Return where to ask, and how, whoever it is that answers there. Raises SettingsError, FileError."""
        if self._listener is not None:
            return self._listener
        env = EnvReader(self._environ)
        endpoint = Endpoint.from_environ(env, BrokerProperties(env), verifies=False)
        env.problems.check()
        # Which files hold the certificate may change at any time.
        if endpoint.tls is None:
            self._listener = endpoint
        return endpoint

    def broker(self, *, prefers_tls: bool = False) -> Broker:
        """Return whom to ask, and how. Raises SettingsError, FileError, IdentityError."""
        kept = self._brokers.get(prefers_tls)
        if kept is not None:
            return kept
        env = EnvReader(self._environ)
        properties = BrokerProperties(env)
        endpoint = Endpoint.from_environ(env, properties, prefers_tls=prefers_tls)
        found = (endpoint, *find_broker_id(env, properties, _HOST))
        env.problems.check()
        # So may the file that holds the password.
        if endpoint.tls is None and endpoint.login is None:
            self._brokers[prefers_tls] = found
        return found


def _keeper(environ: Mapping[str, str], say: Callable[[str], None]) -> "Keeper | None":
    """Return who renews the broker's TLS files, None without TLS."""
    env = EnvReader(environ)
    mounted = env.get(TLS_DIR)
    if mounted is None:
        return None
    from kafkaboot.start.renewal import renew
    from zkboot.pod.tls.keeper import Keeper

    host, uid = this_host(), os.geteuid()
    store = f"{os.path.dirname(BrokerProperties(env).path)}/tls/server.pem"
    return Keeper("kafkaboot", lambda: renew(environ, host, uid), mounted=mounted, store=store, say=say)


def _stamp(path: str) -> Stamp:
    """Return what changes with the file at *path*; None where there is none."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns
