"""Which pods are the controllers of this node: what the replicas make, where no property says it.

They are the first pods of this StatefulSet, as many as KF_CONTROLLER_REPLICAS says, and later pods are brokers only:
brokers come and go, and the voters stay. Or all pods of this StatefulSet, of which KF_REPLICAS says how many. Or those
of the StatefulSet that KF_CONTROLLER_STATEFULSET names, under a service of its own in the same namespace.
"""

from collections.abc import Iterable, Sequence

from kafkaboot.config.broker import Broker
from kafkaboot.config.settings import Settings
from kafkaboot.config.variables import (
    CONTROLLER_ID_OFFSET,
    CONTROLLER_REPLICAS,
    CONTROLLER_SERVICE,
    CONTROLLER_STATEFULSET,
    REPLICAS,
)
from kafkaboot.values.knobs import ORDINAL_START, id_of
from kafkaboot.values.voters import BOTH_ROLES, BROKER_ROLE, CONTROLLER_ROLE, Voter
from zkboot.pod.errors import IdentityError, Problems
from zkboot.pod.identity import PodIdentity


def find_roles(settings: Settings, pod: PodIdentity) -> Sequence[str] | None:
    """Return what *pod* is by its place; None where its place says nothing."""
    if settings.controller_statefulset is not None:
        return (CONTROLLER_ROLE if settings.controller_statefulset == pod.statefulset else BROKER_ROLE,)
    if settings.first_pods is None:
        return None
    return BOTH_ROLES if pod.ordinal in settings.first_pods else (BROKER_ROLE,)


def place_problems(settings: Settings, pod: PodIdentity) -> Iterable[str]:
    """Yield why *pod* has no place beside the controllers that are the first pods of its StatefulSet."""
    first = settings.first_pods
    if first is None:
        return
    if settings.replicas is not None and len(first) > settings.replicas:
        yield (
            f"{CONTROLLER_REPLICAS.name}={len(first)} is more than {REPLICAS.name}={settings.replicas}, all pods of the"
            f" StatefulSet: lower the one, or unset {REPLICAS.name}, which is not needed beside it"
        )
    if settings.replicas is None and pod.ordinal < first.start:
        yield (
            f"pod {pod.pod_name} has the ordinal {pod.ordinal}, below {ORDINAL_START.name}={first.start}: set that to"
            " the StatefulSet's spec.ordinals.start"
        )


def find_voters(problems: Problems, settings: Settings, broker: Broker, roles: Sequence[str]) -> tuple[Voter, ...]:
    """Return the controllers that the replicas make; none, and a problem in *problems*, where nothing says them."""
    if settings.controller_statefulset is not None:
        return _voters_of_their_own(problems, settings, broker)
    if settings.first_pods is not None:
        return _first_pods(problems, settings, broker, settings.first_pods)
    if CONTROLLER_ROLE not in roles:
        problems.note(
            "this node is a broker only, and nothing says who the controllers are: set"
            f" {CONTROLLER_REPLICAS.name} where they are the first pods of this StatefulSet,"
            f" {CONTROLLER_STATEFULSET.name} (and its service, replicas and id offset) where they are those of another,"
            " or KAFKA_CONTROLLER_QUORUM_VOTERS"
        )
        return ()
    if settings.replicas is None:
        problems.note(
            f"nothing says how many controllers vote: set {REPLICAS.name} where they are all pods of this StatefulSet,"
            f" {CONTROLLER_REPLICAS.name} where they are the first ones, {CONTROLLER_STATEFULSET.name} where they are a"
            " StatefulSet of their own, or KAFKA_CONTROLLER_QUORUM_VOTERS"
        )
        return ()
    return _own_pods(settings, broker, range(settings.ordinal_start, settings.ordinal_start + settings.replicas))


def voter_host_problem(voters: Iterable[Voter], broker: Broker) -> str | None:
    """Return why the entry of *broker* among the *voters* would send the others to another pod, if it surely would.

    A name may lead anywhere: an address, a service for one pod, a load balancer. But the names of pods are Kubernetes'
    own, and two pods with one id are a voter that votes twice.
    """
    host = next((voter.host for voter in voters if voter.node_id == broker.broker_id), None)
    if host is None or not _is_another_pod(host, broker.pod):
        return None
    return (
        f"node {broker.broker_id} is pod {broker.fqdn}, but the voters have it at {host}, which is another pod:"
        " two pods would be one voter; correct KAFKA_CONTROLLER_QUORUM_VOTERS, or set KF_ID_OFFSET or KAFKA_NODE_ID to"
        " what gives this pod its own id"
    )


def _is_another_pod(host: str, own: PodIdentity) -> bool:
    label, _, domain = host.lower().removesuffix(".").partition(".")
    try:
        found = PodIdentity.parse(label)
    except IdentityError:
        return False
    if found.pod_name == own.pod_name.lower():
        return False
    is_sibling = found.statefulset == own.statefulset.lower()
    labels, own_labels = (domain.split(".") if domain else []), (own.domain or "").lower().split(".")
    if not labels:
        return is_sibling
    # A short name and a whole one: kafka-svc and kafka-svc.default.svc.cluster.local. Such a domain has only pods.
    is_same_domain = all(one == other for one, other in zip(labels, own_labels, strict=False))
    return is_same_domain or (is_sibling and "svc" in labels)


def _first_pods(problems: Problems, settings: Settings, broker: Broker, ordinals: range) -> tuple[Voter, ...]:
    pod = broker.pod
    # Where KF_REPLICAS is set, that is reported with it.
    if pod.domain is None and settings.replicas is None and any(ordinal != pod.ordinal for ordinal in ordinals):
        problems.note(
            f"pod {pod.pod_name} has no DNS domain, and must find the {len(ordinals)} controllers that"
            f" {CONTROLLER_REPLICAS.name} says: set KF_DOMAIN to the headless service's, such as"
            " kafka-svc.default.svc.cluster.local"
        )
        return ()
    return _own_pods(settings, broker, ordinals)


def _own_pods(settings: Settings, broker: Broker, ordinals: range) -> tuple[Voter, ...]:
    return tuple(
        Voter(id_of(ordinal, settings.id_offset), broker.pod.peer(ordinal), settings.controller_port)
        for ordinal in ordinals
    )


def _voters_of_their_own(problems: Problems, settings: Settings, broker: Broker) -> tuple[Voter, ...]:
    needed = {
        CONTROLLER_SERVICE.name: settings.controller_service,
        CONTROLLER_REPLICAS.name: settings.controller_replicas,
        CONTROLLER_ID_OFFSET.name: settings.controller_id_offset,
    }
    missing = [name for name, value in needed.items() if value is None and not problems.about(name)]
    if missing:
        problems.note(f"{CONTROLLER_STATEFULSET.name} needs {', '.join(missing)}, too")
    domain = (broker.pod.domain or "").partition(".")[2]
    if not domain:
        problems.note(
            f"{CONTROLLER_STATEFULSET.name} is set, and the controllers' domain is unknown, for"
            f" pod {broker.pod.pod_name} has none of its own: set KF_DOMAIN"
        )
    if settings.controller_replicas is None or settings.controller_id_offset is None or not domain:
        return ()
    # A service of their own has a name in the pod's own domain, which is its service and the rest.
    own = settings.controller_statefulset == broker.pod.statefulset
    start = settings.ordinal_start if own else 0
    return tuple(
        Voter(
            id_of(ordinal, settings.controller_id_offset),
            f"{settings.controller_statefulset}-{ordinal}.{settings.controller_service}.{domain}",
            settings.controller_port,
        )
        for ordinal in range(start, start + settings.controller_replicas)
    )
