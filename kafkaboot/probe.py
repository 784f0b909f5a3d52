"""The probes: kafkaOk, kafkaReady.

A kubelet starts each of them every few seconds on every pod, so this module and all that it imports load nothing but
built-in modules and ``_socket``; a test holds them to it. What only a person asks for, the help page, is imported where
it is used.
"""

import posix

from kafkaboot.client import Session
from kafkaboot.endpoint import BrokerProperties, Endpoint, find_broker_id
from kafkaboot.health import in_sync, led, registered
from kafkaboot.wire import METADATA
from zkboot.pod.console import emit, leave
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import UsageError
from zkboot.pod.probing import HELP, answer, check, environment, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

IN_SYNC = "--in-sync"

_ABOUT = {
    "ok": """\
Liveness: exits 0 where the broker or controller answers ApiVersions; on Kafka 0.8 and 0.9, Metadata. Prints nothing.

A broker that waits for its quorum, or recovers its logs, does not answer yet: give it a startupProbe.""",
    "ready": """\
Readiness: exits 0 where the broker lists itself among the brokers of its cluster: it is registered and, in KRaft, not
fenced. Prints "broker <id> of <number of brokers>". On a controller's listener: exits 0 where the controller knows a
leader of its quorum; prints "controller, leader <id>".

--in-sync: the broker must also be in the ISR of every partition that it hosts, so that a rolling update waits until
the last pod has caught up. In a cluster that is short of brokers it may never be: give the update a deadline. Topics
that ACLs hide from anonymous clients are not looked at.

Limits: a broker answers from what it last heard. One that is cut off from its controllers or from ZooKeeper goes on to
list itself; one that was paused does so for a second or two, with --in-sync, too. In Kafka 0.8 a cluster without
topics lists no broker at all (KAFKA-1867): no broker and no topic counts as ready; --in-sync is refused, for the
metadata does not follow the ISR (KAFKA-1367). Before Kafka 3.7 a controller that has lost all others may go on to name
itself.""",
}

_SOURCES = """\
Listener and id are those of KAFKA_LISTENERS, KAFKA_NODE_ID, KAFKA_BROKER_ID and their like, else those of the generated
file; without either, KF_PORT, and KF_ID_OFFSET plus the ordinal of the pod's name (POD_NAME, else HOSTNAME).
"""

_EXIT_STATUS = """\
exit status: 0 yes, 2 wrong usage, 69 unreachable or no answer in time, 74 the generated file cannot be read,
75 answers but is not ready, 76 TLS, SASL or another answer that the protocol does not allow, 78 a variable is wrong"""

PREFIXES = (b"KF_", b"KAFKA_", b"POD_", b"HOSTNAME")
"""Beginnings of the variables that the probes read."""


def kafka_ok() -> "NoReturn":
    """Be the command ``kafkaOk``."""
    leave(ok())


def kafka_ready() -> "NoReturn":
    """Be the command ``kafkaReady``."""
    leave(ready())


def ok(name: str | None = None, arguments: list[str] | None = None) -> int:
    """Run the liveness probe and return its exit status.

    *name* is the command as the operator typed it, *arguments* what follows it; by default this process's own.
    """
    return answer(_ok, lambda called: _help("ok", called), name, arguments)


def ready(name: str | None = None, arguments: list[str] | None = None) -> int:
    """Run the readiness probe, which prints what it found, and return its exit status; see ``ok``."""
    return answer(_ready, lambda called: _help("ready", called), name, arguments)


def _ok(name: str, arguments: list[str]) -> None:
    refuse(arguments, f"only {HELP} is allowed")
    env = EnvReader(environment(PREFIXES))
    endpoint = Endpoint.from_environ(env, BrokerProperties(env))
    check(name, env)
    with Session(endpoint) as session:
        session.greet()


def _ready(name: str, arguments: list[str]) -> None:
    from zkboot.pod.identity import Host

    refuse([option for option in arguments if option != IN_SYNC], f"{IN_SYNC} and {HELP} are allowed")
    env = EnvReader(environment(PREFIXES))
    properties = BrokerProperties(env)
    endpoint = Endpoint.from_environ(env, properties)
    broker_id, origin = find_broker_id(env, properties, Host(lambda: posix.uname().nodename, lambda: ""))
    check(name, env)
    with Session(endpoint) as session:
        versions = session.ask_versions()
        if versions is not None and METADATA not in versions:
            found = f"controller, leader {led(session.ask_leader(), str(endpoint))}"
        else:
            metadata = session.ask_metadata(broker_id, topics=versions is not None and IN_SYNC in arguments)
            if versions is None and IN_SYNC in arguments:
                raise UsageError(f"{endpoint}: {IN_SYNC} needs Kafka 0.10: before, metadata did not follow the ISR")
            registered(metadata, broker_id, origin, str(endpoint), before_0_10=versions is None)
            found = f"broker {broker_id} of {len(metadata.broker_ids)}"
            if not metadata.broker_ids:
                found += ", none is listed before there is a topic"
            if IN_SYNC in arguments:
                found += f", in sync in {in_sync(metadata, broker_id, str(endpoint))} partitions"
    emit(found.encode() + b"\n")


def _help(probe: str, name: str) -> str:
    """Return the help page of *probe*, called *name* by the operator."""
    from kafkaboot.endpoint import VARIABLES
    from zkboot.pod.manual import help_page

    options = f"[{HELP}]" if probe == "ok" else f"[{IN_SYNC}] [{HELP}]"
    parts = (f"usage: {name} {options}", _ABOUT[probe], help_page(VARIABLES, (_SOURCES,)), _EXIT_STATUS)
    return "\n\n".join(parts) + "\n"
