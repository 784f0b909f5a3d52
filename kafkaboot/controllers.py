"""Which pods are the controllers of this node: what the replicas make, where no property says it."""

from collections.abc import Sequence

from kafkaboot.broker import Broker
from kafkaboot.settings import (
    CONTROLLER_ID_OFFSET,
    CONTROLLER_REPLICAS,
    CONTROLLER_SERVICE,
    CONTROLLER_STATEFULSET,
    REPLICAS,
    Settings,
)
from kafkaboot.voters import CONTROLLER_ROLE, Voter
from zkboot.pod.environ import EnvReader


def find_voters(env: EnvReader, settings: Settings, broker: Broker, roles: Sequence[str]) -> tuple[Voter, ...]:
    """Return the controllers that the replicas make; none, and a problem in *env*, where nothing says them.

    They are the pods of this StatefulSet, or of the one that KF_CONTROLLER_STATEFULSET names, which lives under a
    service of its own in the same namespace.
    """
    if settings.controller_statefulset is not None:
        return _voters_of_their_own(env, settings, broker)
    if CONTROLLER_ROLE not in roles:
        env.problem(
            f"this node is a broker only, and nothing says who the controllers are: set {CONTROLLER_STATEFULSET.name}"
            " (and its service, replicas and id offset), or KAFKA_CONTROLLER_QUORUM_VOTERS"
        )
        return ()
    if settings.replicas is None:
        env.problem(
            f"nothing says how many controllers vote: set {REPLICAS.name}, {CONTROLLER_STATEFULSET.name} where they"
            " are a StatefulSet of their own, or KAFKA_CONTROLLER_QUORUM_VOTERS"
        )
        return ()
    ordinals = range(settings.ordinal_start, settings.ordinal_start + settings.replicas)
    return tuple(
        Voter(ordinal + settings.id_offset, broker.pod.peer(ordinal), settings.controller_port) for ordinal in ordinals
    )


def _voters_of_their_own(env: EnvReader, settings: Settings, broker: Broker) -> tuple[Voter, ...]:
    needed = {
        CONTROLLER_SERVICE.name: settings.controller_service,
        CONTROLLER_REPLICAS.name: settings.controller_replicas,
        CONTROLLER_ID_OFFSET.name: settings.controller_id_offset,
    }
    missing = [name for name, value in needed.items() if value is None and name not in "".join(env.problems)]
    if missing:
        told = f"{CONTROLLER_STATEFULSET.name}={settings.controller_statefulset}"
        env.problem(f"{told} needs {', '.join(missing)}, too")
    domain = (broker.pod.domain or "").partition(".")[2]
    if not domain:
        env.problem(
            f"{CONTROLLER_STATEFULSET.name}={settings.controller_statefulset}: the controllers' domain is unknown, for"
            f" pod {broker.pod.pod_name} has none of its own: set KF_DOMAIN"
        )
    if settings.controller_replicas is None or settings.controller_id_offset is None or not domain:
        return ()
    # A service of their own has a name in the pod's own domain, which is its service and the rest.
    own = settings.controller_statefulset == broker.pod.statefulset
    start = settings.ordinal_start if own else 0
    return tuple(
        Voter(
            ordinal + settings.controller_id_offset,
            f"{settings.controller_statefulset}-{ordinal}.{settings.controller_service}.{domain}",
            settings.controller_port,
        )
        for ordinal in range(start, start + settings.controller_replicas)
    )
