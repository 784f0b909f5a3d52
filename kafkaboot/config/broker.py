"""Which broker this pod is: its id, and the name under which clients and other brokers reach it."""

from dataclasses import dataclass

from kafkaboot.config.settings import Settings
from kafkaboot.values.knobs import DOMAIN, id_of_pod
from kafkaboot.values.properties import (
    ADVERTISED_HOST,
    ADVERTISED_LISTENERS,
    BROKER_ID,
    NODE_ID,
    ROLES,
    SERVERS,
    VOTERS,
    ZOOKEEPER_CONNECT,
)
from kafkaboot.values.templates import has_places
from kafkaboot.values.voters import CONTROLLER_ROLE
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import IdentityError, Problems
from zkboot.pod.identity import Host, PodIdentity, find_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """One broker and the pod it runs in."""

    broker_id: int
    """The final id: what volumes and probes are checked against."""
    pod: PodIdentity

    @property
    def fqdn(self) -> str:
        """The pod's own DNS name; its bare name where no domain is known."""
        return self.pod.fqdn


ANYBODY = Broker(broker_id=0, pod=PodIdentity("kafka", 0, "kafka-svc.default.svc"))
"""Stands in for a broker that could not be found, so that the other mistakes are found all the same."""


def find_broker(env: EnvReader, settings: Settings, host: Host) -> Broker | None:
    """Return which broker this pod is; notes every problem in *env* and returns None where there is one."""
    problems = env.problems
    scope = problems.scope()
    try:
        pod = find_identity(env, DOMAIN, host, needs_ordinal=not _states_everything(settings))
    except IdentityError as error:
        problems.note_all(error)
        return None
    _note_place_problems(problems, settings, pod)
    broker_id = _final_id(problems, settings, pod)
    if broker_id is None or scope:
        return None
    return Broker(broker_id=broker_id, pod=pod)


def _states_everything(settings: Settings) -> bool:
    """Return whether id, published names and peers are all stated, so that nothing is made of the pod's ordinal."""
    texts = {key: given.value.text for key, given in settings.given.items()}
    published = [texts[key] for key in (ADVERTISED_LISTENERS.key, ADVERTISED_HOST.key) if key in texts]
    counted = (settings.replicas, settings.controller_replicas, settings.controller_statefulset)
    return (
        bool({BROKER_ID.key, NODE_ID.key} & texts.keys())
        and bool({ZOOKEEPER_CONNECT.key, VOTERS.key, SERVERS.key} & texts.keys())
        and (texts.get(ROLES.key) == CONTROLLER_ROLE or bool(published))
        and not any(map(has_places, published))
        and all(number is None for number in counted)
    )


def _note_place_problems(problems: Problems, settings: Settings, pod: PodIdentity) -> None:
    if settings.replicas is None:
        return
    first, last = settings.ordinal_start, settings.ordinal_start + settings.replicas - 1
    if not first <= pod.ordinal <= last:
        problems.note(
            f"pod {pod.pod_name} has the ordinal {pod.ordinal}, outside {first}..{last}:"
            f" KF_REPLICAS={settings.replicas}, KF_ORDINAL_START={settings.ordinal_start}"
        )
    if settings.replicas > 1 and pod.domain is None:
        problems.note(
            f"pod {pod.pod_name} has no DNS domain, and {settings.replicas} brokers must find each other:"
            " set KF_DOMAIN to the headless service's, such as kafka-svc.default.svc.cluster.local"
        )


def _final_id(problems: Problems, settings: Settings, pod: PodIdentity) -> int | None:
    stated = {kind: settings.given[kind.key] for kind in (BROKER_ID, NODE_ID) if kind.key in settings.given}
    try:
        numbers = {given.value.read(kind) for kind, given in stated.items()}
    except ValueError:
        # Noted when it was read.
        return None
    if len(numbers) > 1:
        told = " and ".join(given.told for given in stated.values())
        problems.note(f"{told} contradict each other: they are two names of one id")
        return None
    if numbers:
        return numbers.pop()
    return id_of_pod(problems, pod, settings.id_offset)
