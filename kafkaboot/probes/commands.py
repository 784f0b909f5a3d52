"""The probes: kafkaOk, kafkaReady.

A kubelet starts each of them every few seconds on every pod, so this module and all that it imports load nothing but
built-in modules and ``_socket``, with TLS also ``_ssl``; a test holds them to it. What only a person asks for, the help
page, is imported where it is used.
"""

import posix

from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.probes.client import Session
from kafkaboot.probes.endpoint import Endpoint, find_broker_id
from kafkaboot.probes.health import in_sync, led, registered, shown
from kafkaboot.probes.wire import METADATA
from zkboot.pod.console import emit, leave
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import RefusedError, UsageError
from zkboot.pod.probing import ALWAYS, answer, check, environment, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from kafkaboot.probes.hosted import Hosted
    from kafkaboot.probes.partitions_wire import Metadata
    from kafkaboot.probes.remembered import Remembered
    from zkboot.pod.manual import Page

IN_SYNC = "--in-sync"

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
    return answer(_ok, lambda called: _page("ok", called), name, arguments)


def ready(name: str | None = None, arguments: list[str] | None = None) -> int:
    """Run the readiness probe, which prints what it found, and return its exit status; see ``ok``."""
    return answer(_ready, lambda called: _page("ready", called), name, arguments)


def _ok(name: str, arguments: list[str]) -> None:
    refuse(arguments, f"only {ALWAYS} are allowed")
    env = EnvReader(environment(PREFIXES))
    endpoint = Endpoint.from_environ(env, BrokerProperties(env), verifies=False)
    check(name, env)
    check_alive(endpoint)


def _ready(name: str, arguments: list[str]) -> None:
    from zkboot.pod.identity import Host

    refuse([option for option in arguments if option != IN_SYNC], f"{IN_SYNC}, {ALWAYS} are allowed")
    env = EnvReader(environment(PREFIXES))
    properties = BrokerProperties(env)
    endpoint = Endpoint.from_environ(env, properties, prefers_tls=True)
    broker_id, origin = find_broker_id(env, properties, Host(lambda: posix.uname().nodename, lambda: ""))
    check(name, env)
    found = find_place(endpoint, broker_id, origin, properties if IN_SYNC in arguments else None)
    emit(found.encode() + b"\n")


def check_alive(endpoint: Endpoint) -> None:
    """Check that Kafka answers at *endpoint*; raises the BootError that says why it does not."""
    try:
        with Session(endpoint) as session:
            session.greet()
    except RefusedError:
        # It speaks TLS, and does not take this pod's certificate: no restart makes that one better.
        return


def find_place(
    endpoint: Endpoint,
    broker_id: int,
    origin: str,
    synced: BrokerProperties | None = None,
    remembered: "Remembered | None" = None,
) -> str:
    """Return what the server at *endpoint* is ready as; raises the BootError that says why it is not.

    *broker_id* is its id, which comes from *origin*. With *synced*, its properties, it must be in sync, too, by
    what is *remembered* of the last question as well.
    """
    with Session(endpoint) as session:
        versions = session.ask_versions()
        if versions is not None and METADATA not in versions:
            return f"controller, leader {led(session.ask_leader(), str(endpoint))}"
        if versions is None or synced is None:
            metadata = session.ask_metadata(broker_id)
        else:
            metadata = _ask_synced(session, broker_id, synced, remembered)
        if versions is None and synced is not None:
            raise UsageError(f"{endpoint}: {IN_SYNC} needs Kafka 0.10: before, metadata did not follow the ISR")
        registered(metadata, broker_id, origin, str(endpoint), before_0_10=versions is None)
        found = f"broker {broker_id} of {len(metadata.broker_ids)}"
        if not metadata.broker_ids:
            found += ", none is listed before there is a topic"
        if synced is not None:
            # What is gone by now was deleted in between.
            shown(metadata.unseen and metadata.unseen & _hosted(synced).topics, str(endpoint))
            found += f", in sync in {in_sync(metadata, broker_id, str(endpoint))} partitions"
    return found


def _ask_synced(
    session: Session, broker_id: int, properties: BrokerProperties, remembered: "Remembered | None"
) -> "Metadata":
    """Return how the partitions are that the broker hosts.

    Those on its disks are all of them, but for those that it is still to make, or could not. A broker makes all that
    it learns of at once before it follows the leader of any. So one that is in sync with another's partition has made
    them; where none shows that, or a log directory has no partition, all topics of the cluster are asked for. What it
    could not make, on a disk that has failed, shows only there: who has *remembered* asks for all at times, and in
    between for what was found then.
    """
    hosted = _hosted(properties)
    if remembered is None:
        topics, of_some, of_all = hosted.topics, None, None
    else:
        topics, of_some, of_all = hosted.topics | remembered.unmade, remembered.of_some, remembered.of_all
    if hosted.is_whole and not (remembered is not None and remembered.must_ask_all()):
        metadata = session.ask_metadata(broker_id, topics, hosted.topics, of_some)
        if metadata.tells_what_is_made:
            return metadata
    metadata = session.ask_metadata(broker_id, None, hosted.topics, of_all)
    if remembered is not None:
        remembered.note_all(metadata)
    return metadata


def _hosted(properties: BrokerProperties) -> "Hosted":
    """Return what the broker has on its disks."""
    from kafkaboot.probes.hosted import hosted_topics

    return hosted_topics(properties)


def _page(probe: str, name: str) -> "Page":
    """Return the help page of *probe*, called *name* by the operator."""
    from kafkaboot import pages

    return {"ok": pages.ok, "ready": pages.ready}[probe](name)
