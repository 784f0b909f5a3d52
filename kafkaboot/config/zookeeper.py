"""Makes the properties of a broker in ZooKeeper mode, for any version.

Each version has its own way to say where a broker listens and what it publishes (``KafkaConfig`` of the branches):

- before 0.9 only ``port``, ``host.name``, ``advertised.host.name`` and ``advertised.port``;
- from 0.9 to 2.8 these and ``listeners``, ``advertised.listeners``, which win over them without a word;
- from 3.0 on only the latter.

What would be ignored, or would win over what was given, is disabled.
"""

from collections.abc import Mapping

from kafkaboot.config.broker import Broker
from kafkaboot.config.draft import Draft
from kafkaboot.config.layers import Config
from kafkaboot.config.sasl import draft_sasl
from kafkaboot.config.settings import Settings
from kafkaboot.config.tls import draft_tls, draft_zookeeper_tls
from kafkaboot.config.zookeeper_rules import note_problems
from kafkaboot.values.connect import ensemble_of
from kafkaboot.values.keys import HOST_AND_PORT_KEYS, KRAFT_KEYS, LISTENER_KEYS, MIGRATION_KEYS
from kafkaboot.values.listeners import advertised, render_listeners
from kafkaboot.values.properties import ROLES
from kafkaboot.values.version import LISTENER_NAMES, LISTENERS, NO_HOST_AND_PORT, Version
from zkboot.pod.errors import Problems
from zkboot.pod.identity import is_label
from zkboot.pod.logins import Logins
from zkboot.pod.tls.stores import Stores


def zookeeper_config(
    problems: Problems,
    settings: Settings,
    broker: Broker,
    version: Version,
    base: Mapping[str, str],
    *,
    stores: Stores | None = None,
    logins: Logins | None = None,
) -> Config:
    """Return the properties for ZooKeeper mode, valid where no problem is noted in *problems*.

    *base* is what the base file says, *stores* what TLS has to show, *logins* who may log in.
    """
    draft = Draft(settings, broker.pod, base)
    draft.has_names = version >= LISTENER_NAMES
    if version < LISTENERS:
        draft.ignore_unknown(LISTENER_KEYS, f"before {LISTENERS} there are {', '.join(HOST_AND_PORT_KEYS)} only")
    if version >= NO_HOST_AND_PORT:
        draft.ignore_unknown(
            HOST_AND_PORT_KEYS, f"from {NO_HOST_AND_PORT} on there are {' and '.join(LISTENER_KEYS)} only"
        )
    draft.generate("broker.id", str(broker.broker_id))
    _draft_connect(problems, draft, settings, broker)
    if version < LISTENERS:
        _draft_host_and_port(draft, broker)
    else:
        _draft_listeners(draft, broker)
    draft_tls(draft, version, stores)
    draft_sasl(draft, version, logins)
    draft_zookeeper_tls(draft, stores)
    migrating = draft.ignore_migration(version)
    draft.disable(key for key in KRAFT_KEYS if not (migrating and key in MIGRATION_KEYS))
    if ROLES.key in base:
        draft.warn(
            f"{settings.base_file} is for a broker without ZooKeeper ({ROLES.key}={base[ROLES.key]}), but KF_MODE is"
            " zookeeper: its keys for KRaft are disabled"
        )
    draft.settle(broker.pod)
    config = draft.config()
    note_problems(problems, settings, version, config)
    return config


def _draft_connect(problems: Problems, draft: Draft, settings: Settings, broker: Broker) -> None:
    if draft.is_given("zookeeper.connect"):
        return
    domain = _ensemble_domain(problems, settings, broker)
    if domain is not None:
        pods = (f"{settings.zk_statefulset}-{ordinal}" for ordinal in range(settings.zk_replicas))
        connect = ensemble_of(pods, domain, settings.zk_client_port, settings.zk_chroot)
        draft.generate("zookeeper.connect", str(connect))


def _ensemble_domain(problems: Problems, settings: Settings, broker: Broker) -> str | None:
    """Return the domain of the ensemble's headless service; None, and a problem, where its namespace is unknown.

    It ends as the pod's own does, ``svc.cluster.local`` as a rule; where that is unknown the pod's DNS search list
    completes the ``svc``, as it did for the original.
    """
    own_namespace: str | None = None
    cluster = "svc"
    match (broker.pod.domain or "").split("."):
        case [_, own, "svc", *rest]:
            own_namespace, cluster = own, ".".join(("svc", *rest))
        case [_, own]:
            own_namespace = own
    namespace = settings.zk_namespace or settings.namespace or own_namespace
    if namespace is None:
        problems.note(
            "no namespace for zookeeper.connect: set POD_NAMESPACE (downward API) or KF_ZK_NAMESPACE,"
            " or give KAFKA_ZOOKEEPER_CONNECT"
        )
        return None
    if not is_label(namespace):
        problems.note("POD_NAMESPACE is no name of a namespace: set it by the downward API, or set KF_ZK_NAMESPACE")
        return None
    return f"{settings.zk_service}.{namespace}.{cluster}"


def _draft_host_and_port(draft: Draft, broker: Broker) -> None:
    draft.generate("port", str(draft.settings.client_port))
    draft.generate("advertised.host.name", broker.fqdn, [broker.fqdn])
    if not draft.is_given("advertised.host.name"):
        draft.shadow(["advertised.port"], f"{broker.fqdn} is published with the port itself")


def _draft_listeners(draft: Draft, broker: Broker) -> None:
    if draft.is_given("listeners"):
        draft.shadow(("port", "host.name"), "listeners says it")
    elif draft.is_given("port", "host.name"):
        # They count only where listeners says nothing.
        draft.shadow(["listeners"], "port and host.name are given")
        draft.generate("port", str(draft.settings.client_port))
    else:
        draft.generate("listeners", render_listeners(draft.clients_listeners()))
        draft.shadow(("port", "host.name"), "listeners says it; set KAFKA_LISTENERS")
    if draft.is_given("advertised.listeners"):
        draft.shadow(("advertised.host.name", "advertised.port"), "advertised.listeners says it")
    elif draft.is_given("advertised.host.name", "advertised.port"):
        draft.shadow(["advertised.listeners"], "advertised.host.name and advertised.port are given")
        draft.generate("advertised.host.name", broker.fqdn, [broker.fqdn])
    else:
        draft.shadow(
            ("advertised.host.name", "advertised.port"), "advertised.listeners says it; set KAFKA_ADVERTISED_LISTENERS"
        )
    try:
        bound = draft.bound
    except ValueError:
        # It will be noted with all other values.
        return
    if not draft.is_given("advertised.listeners", "advertised.host.name", "advertised.port"):
        draft.generate("advertised.listeners", render_listeners(advertised(bound, broker.fqdn)), [broker.fqdn])
    draft.advise_on_port(bound)
