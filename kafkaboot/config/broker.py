"""Which broker this pod is: its id, and the name under which clients and other brokers reach it."""

from collections.abc import Sequence
from dataclasses import dataclass

from kafkaboot.config.settings import Settings
from kafkaboot.config.variables import KRAFT
from kafkaboot.values.foreign import CFG_PREFIX, ENABLE_KRAFT
from kafkaboot.values.keys import PREFIX, variable_of
from kafkaboot.values.knobs import DOMAIN, POD_EXAMPLE, id_of_pod
from kafkaboot.values.properties import (
    ADVERTISED_HOST,
    ADVERTISED_LISTENERS,
    BROKER_ID,
    CHECKED,
    NODE_ID,
    ROLES,
    SERVERS,
    VOTERS,
    ZOOKEEPER_CONNECT,
)
from kafkaboot.values.templates import needs_ordinal
from kafkaboot.values.version import NO_ZOOKEEPER, OLDEST, Version
from kafkaboot.values.voters import CONTROLLER_ROLE
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import IdentityError, Problems
from zkboot.pod.foreign import asks_for_nothing
from zkboot.pod.identity import Host, PodIdentity, find_identity

_PUBLISHED = {ADVERTISED_LISTENERS.key, ADVERTISED_HOST.key}


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


def find_broker(env: EnvReader, settings: Settings, host: Host, installed: Version | None = None) -> Broker | None:
    """Return which broker this pod is; notes every problem in *env* and returns None where there is one.

    *installed* is the version of Kafka where the settings state none: it decides how an id and peers are called.
    """
    problems = env.problems
    scope = problems.scope()
    unstated = _unstated(env, settings, settings.version or installed)
    try:
        pod = find_identity(
            env,
            DOMAIN,
            host,
            needs_ordinal=not _states_everything(settings, unstated),
            example=POD_EXAMPLE,
            otherwise=_otherwise(settings, unstated),
        )
    except IdentityError as error:
        problems.note_all(error)
        return None
    _note_place_problems(problems, settings, pod)
    broker_id = _final_id(problems, settings, pod)
    if broker_id is None or scope:
        return None
    return Broker(broker_id=broker_id, pod=pod)


def _states_everything(settings: Settings, unstated: Sequence[str]) -> bool:
    """Return whether nothing is made of the pod's ordinal: nothing is *unstated*, no pods are counted or named."""
    texts = [given.value.text for key, given in settings.given.items() if key in _PUBLISHED]
    return not unstated and not _counts_pods(settings) and not any(map(needs_ordinal, texts))


def _otherwise(settings: Settings, unstated: Sequence[str]) -> str:
    """Return what else would do where the pod's name has no ordinal, as the end of a sentence; empty for nothing."""
    if _counts_pods(settings) or not unstated:
        return ""
    return f", or {', '.join(unstated)} for a host that is no pod of a StatefulSet"


def _unstated(env: EnvReader, settings: Settings, version: Version | None) -> Sequence[str]:
    """Return the variables that would say what is else made of the ordinal.

    What is said by bitnami's KAFKA_CFG_* is refused, each with what to set, and need not be asked for again.
    """
    given = {key: one.value.text for key, one in settings.given.items()}
    given |= {key: text for key in CHECKED if (text := env.raw(variable_of(key).replace(PREFIX, CFG_PREFIX)))}
    is_switched = bool(env.raw(ENABLE_KRAFT)) and not asks_for_nothing(env.raw(ENABLE_KRAFT))
    is_stated = ROLES.key in given or is_switched
    is_kraft = is_stated or settings.mode == KRAFT or (version or OLDEST) >= NO_ZOOKEEPER
    is_controller = given.get(ROLES.key) == CONTROLLER_ROLE
    ways = {
        (NODE_ID if is_kraft else BROKER_ID).key: {BROKER_ID.key, NODE_ID.key},
        (VOTERS if is_kraft else ZOOKEEPER_CONNECT).key: {ZOOKEEPER_CONNECT.key, VOTERS.key, SERVERS.key},
        ADVERTISED_LISTENERS.key: {ROLES.key} if is_controller else _PUBLISHED,
    }
    return [variable_of(key) for key, same in ways.items() if not same & given.keys()]


def _counts_pods(settings: Settings) -> bool:
    counted = (settings.replicas, settings.controller_replicas, settings.controller_statefulset)
    return any(number is not None for number in counted)


def _note_place_problems(problems: Problems, settings: Settings, pod: PodIdentity) -> None:
    if settings.replicas is None:
        return
    first, last = settings.ordinal_start, settings.ordinal_start + settings.replicas - 1
    if not first <= pod.ordinal <= last:
        problems.note(
            f"pod {pod.pod_name} has the ordinal {pod.ordinal}, outside {first}..{last}"
            f" (KF_REPLICAS={settings.replicas}, KF_ORDINAL_START={first}): set KF_REPLICAS to the number of pods"
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
        subject = " and ".join(given.shown for given in stated.values())
        problems.note(f"{subject} contradict each other: they are two names of one id")
        return None
    if numbers:
        return numbers.pop()
    return id_of_pod(problems, pod, settings.id_offset)
