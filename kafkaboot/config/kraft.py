"""Makes the properties of a KRaft node: a broker, a controller, or both in one process.

Facts (``KafkaConfig`` of 3.3 to 4.x):

- ``process.roles`` makes a node one of KRaft. A broker that is no controller names the controllers' listener, but does
  not bind it.
- A static quorum needs no published address of a controller, for the voters' list has them all; before 3.9 it may not
  be published. A dynamic quorum learns where a voter listens from what that voter publishes.
- What is only for the other mode, the other version or the other kind of quorum is disabled.

One template makes all pods of a StatefulSet, so where its first pods are the controllers, a later one gets their
listeners as well. It is a broker only, and that part is left out there.
"""

from collections.abc import Collection, Mapping, Sequence

from kafkaboot.config.broker import ANYBODY, Broker
from kafkaboot.config.controllers import find_roles, find_voters, place_problems, voter_host_problem
from kafkaboot.config.draft import Draft
from kafkaboot.config.kraft_rules import note_kraft_problems
from kafkaboot.config.layers import Config
from kafkaboot.config.sasl import draft_sasl
from kafkaboot.config.settings import VARIABLES, Settings
from kafkaboot.config.tls import draft_tls, render_protocols
from kafkaboot.config.variables import (
    BROKERS,
    CONTROLLER_ID_OFFSET,
    CONTROLLER_REPLICAS,
    CONTROLLER_SERVICE,
    CONTROLLER_STATEFULSET,
    DYNAMIC,
    FIRST,
    QUORUM,
    STATIC,
    ZK_PREFIX,
    ZOOKEEPER,
)
from kafkaboot.values.keys import HOST_AND_PORT_KEYS, LISTENER_KEYS, ZOOKEEPER_KEYS
from kafkaboot.values.knobs import CONTROLLER_PORT
from kafkaboot.values.listeners import OWN_PROTOCOLS, Listener, advertised, render_listeners
from kafkaboot.values.properties import (
    CONTROLLER_NAMES,
    IS_JOINING,
    NODE_ID,
    PROTOCOL_MAP,
    ROLES,
    SERVERS,
    VOTERS,
)
from kafkaboot.values.version import AUTO_JOIN, DYNAMIC_QUORUM, NO_HOST_AND_PORT, SEVERAL_LOG_DIRS, Version
from kafkaboot.values.voters import (
    BOTH_ROLES,
    BROKER_ROLE,
    CONTROLLER_ROLE,
    Voter,
    render_servers,
    render_voters,
)
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import Problems
from zkboot.pod.logins import Logins
from zkboot.pod.tls.stores import Stores

CONTROLLER_NAME = "CONTROLLER"
"""Name of the controllers' listener, unless the file or a variable says another."""

_STOCK_VALUES = {
    ROLES.key: ("broker,controller", "broker", "controller"),
    "node.id": ("1", "2"),
    "broker.id": ("0",),
    "listeners": ("PLAINTEXT://:9092,CONTROLLER://:9093", "PLAINTEXT://localhost:9092", "CONTROLLER://:9093"),
    "advertised.listeners": (
        "PLAINTEXT://localhost:9092",
        "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
        "CONTROLLER://localhost:9093",
    ),
    VOTERS.key: ("1@localhost:9093",),
    SERVERS.key: ("localhost:9093",),
    "zookeeper.connect": ("localhost:2181",),
    "inter.broker.listener.name": ("PLAINTEXT",),
    PROTOCOL_MAP.key: (
        "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
    ),
}
"""What the distribution's own files say, and nobody misses when it is replaced."""


def kraft_config(
    env: EnvReader,
    settings: Settings,
    broker: Broker,
    version: Version,
    base: Mapping[str, str],
    *,
    stores: Stores | None = None,
    logins: Logins | None = None,
) -> tuple[Config, tuple[Voter, ...]]:
    """Return the properties of a node of KRaft, and the controllers that the replicas make, where that was asked.

    Problems are noted in *env*; the result is valid where there is none. *base* is what the base file says,
    *stores* what TLS has to show, *logins* who may log in.
    """
    problems = env.problems
    draft = Draft(settings, broker.pod, base, _STOCK_VALUES)
    roles = _draft_roles(draft, broker)
    draft.generate("node.id", str(broker.broker_id))
    voters = _draft_quorum(problems, draft, broker, version, roles)
    bound = _draft_listeners(draft, broker, version, roles)
    draft_tls(draft, version, stores, _controller_names(draft))
    draft_sasl(draft, version, logins, _controller_names(draft))
    if broker is not ANYBODY:
        _check_place(problems, draft, broker, roles)
    _check_ports(problems, draft, broker, voters, bound)
    if BROKER_ROLE in roles:
        draft.advise_on_port(bound)
    if not draft.ignore_migration(version):
        draft.ignore(ZOOKEEPER_KEYS, "a node of KRaft has no ZooKeeper")
    knobs = [knob.name for knob in VARIABLES if knob.name.startswith(ZK_PREFIX) and env.is_set(knob)]
    if knobs:
        draft.warn(f"{', '.join(knobs)}: no effect where KF_MODE is not {ZOOKEEPER}; unset them")
    draft.disable(["broker.id"])
    draft.ignore_unknown(HOST_AND_PORT_KEYS, f"from {NO_HOST_AND_PORT} on there are {' and '.join(LISTENER_KEYS)} only")
    draft.settle(broker.pod)
    if version < SEVERAL_LOG_DIRS and BROKER_ROLE in roles and "," in (draft.text("log.dirs") or ""):
        draft.warn(
            f"log.dirs={draft.text('log.dirs')}: Kafka supports several without ZooKeeper from {SEVERAL_LOG_DIRS} on;"
            " name one directory"
        )
    config = draft.config()
    note_kraft_problems(problems, settings, version, config, _made_up(draft) if broker is ANYBODY else ())
    return config, voters


def _made_up(draft: Draft) -> Collection[str]:
    """Return which properties were made from placeholder values: no rule may read them."""
    keys = {NODE_ID.key, VOTERS.key}
    if find_roles(draft.settings, ANYBODY.pod) is not None:
        keys.add(ROLES.key)
    return keys & draft.generated.keys()


def quorum_kind(draft: Draft) -> str:
    """Return which kind of quorum is asked for: by KF_QUORUM, else by the properties that are given."""
    if draft.settings.quorum is not None:
        return draft.settings.quorum
    return DYNAMIC if draft.is_given(SERVERS.key) and not draft.is_given(VOTERS.key) else STATIC


def _draft_roles(draft: Draft, broker: Broker) -> Sequence[str]:
    placed = find_roles(draft.settings, broker.pod)
    if placed is not None:
        draft.generate(ROLES.key, ",".join(placed))
    elif draft.text(ROLES.key) is None:
        draft.generate(ROLES.key, ",".join(BOTH_ROLES))
    try:
        return draft.read(ROLES) or BOTH_ROLES
    except ValueError:
        # It will be noted with all other values.
        return BOTH_ROLES


def _draft_quorum(
    problems: Problems, draft: Draft, broker: Broker, version: Version, roles: Sequence[str]
) -> tuple[Voter, ...]:
    kind = quorum_kind(draft)
    key, other = (SERVERS.key, VOTERS.key) if kind == DYNAMIC else (VOTERS.key, SERVERS.key)
    if kind == DYNAMIC and version < DYNAMIC_QUORUM:
        problems.note(f"{QUORUM.name}={kind}: Kafka {version} has static quorums only, {DYNAMIC_QUORUM} is the first")
    if draft.is_given(other):
        problems.note(
            f"{draft.settings.given[other].shown}: the quorum is {kind}, so {key} tells who is in it; unset the one, or"
            f" set {QUORUM.name}"
        )
    draft.disable([other, IS_JOINING.key])
    voters: tuple[Voter, ...] = ()
    settings = draft.settings
    stated = (settings.controller_statefulset, settings.controller_replicas, settings.replicas)
    if not draft.is_given(key) or any(one is not None for one in stated):
        scope = problems.scope()
        voters = find_voters(problems, settings, broker, roles)
        if draft.is_given(key):
            # What is given counts; the replicas may still say who the first voters are.
            scope.drop()
        elif voters:
            render = render_servers if kind == DYNAMIC else render_voters
            draft.generate(key, render(voters), [voter.host for voter in voters])
    if kind == DYNAMIC and version >= AUTO_JOIN and CONTROLLER_ROLE in roles:
        draft.generate(IS_JOINING.key, "true")
    return voters


def _draft_listeners(draft: Draft, broker: Broker, version: Version, roles: Sequence[str]) -> Sequence[Listener]:
    """Draft where the node listens and what it publishes; return the former, nothing where its value is wrong."""
    if not draft.text(CONTROLLER_NAMES.key):
        draft.generate(CONTROLLER_NAMES.key, CONTROLLER_NAME)
    names = _controller_names(draft)
    settings = draft.settings
    clients = draft.clients_listeners({name.upper() for name in names}) if BROKER_ROLE in roles else ()
    own = (Listener(names[0], "", settings.controller_port),) if CONTROLLER_ROLE in roles else ()
    draft.generate("listeners", render_listeners((*clients, *own)))
    if CONTROLLER_ROLE not in roles and ROLES.key in draft.generated:
        _leave_out_controllers(draft, {name.upper() for name in names})
    if draft.is_given("security.inter.broker.protocol") or BROKER_ROLE not in roles:
        draft.disable(["inter.broker.listener.name"])
    try:
        bound = draft.bound
    except ValueError:
        # It will be noted with all other values.
        return ()
    _draft_protocols(draft, names)
    controllers = {name.upper() for name in names}
    published = advertised(bound, broker.fqdn, without=controllers)
    if CONTROLLER_ROLE in roles and version >= DYNAMIC_QUORUM:
        published += _published_controllers(draft, broker, [one for one in bound if one.key in controllers])
    if published:
        draft.generate("advertised.listeners", render_listeners(published), [one.host for one in published])
    else:
        draft.disable(["advertised.listeners"])
    return bound


def _leave_out_controllers(draft: Draft, names: Collection[str]) -> None:
    """Take a controller's part, its listeners' *names*, out of what is given to a pod that is a broker by its place."""
    if draft.settings.first_pods is None:
        return
    reason = "this pod is none of the controllers, which are the first pods"
    draft.ignore([IS_JOINING.key], reason)
    if not draft.is_given("listeners"):
        return
    try:
        given = draft.bound
    except ValueError:
        # It will be noted with all other values.
        return
    kept = [listener for listener in given if listener.key not in names]
    if kept and len(kept) < len(given):
        draft.given.pop("listeners")
        draft.generate("listeners", render_listeners(kept))
        left_out = ", ".join(listener.name for listener in given if listener.key in names)
        draft.warn(f"{draft.settings.given['listeners'].variable}: {left_out} is left out: {reason}")


def _published_controllers(draft: Draft, broker: Broker, bound: Sequence[Listener]) -> tuple[Listener, ...]:
    """Return what to publish for the *bound* listeners of a controller.

    In a static quorum Kafka does it by itself where a listener is bound to every address, under the host's own name.
    One that is bound to an address it would publish under that, and the other nodes follow: to 0.0.0.0, or to what no
    certificate names. So it gets the name that the voters have.
    """
    if quorum_kind(draft) == DYNAMIC:
        return advertised(bound, broker.fqdn)
    try:
        voters, node_id = draft.read(VOTERS) or (), draft.read(NODE_ID)
    except ValueError:
        # It will be noted with all other values.
        return ()
    host = next((voter.host for voter in voters if voter.node_id == node_id), None)
    return advertised([one for one in bound if one.host], host) if host is not None else ()


def _controller_names(draft: Draft) -> Sequence[str]:
    # A list of nothing will be noted with all other values.
    return draft.controller_names or (CONTROLLER_NAME,)


def _check_place(problems: Problems, draft: Draft, broker: Broker, roles: Sequence[str]) -> None:
    """Say where this pod is none that its StatefulSet can have, and where the voters have another pod for it."""
    settings = draft.settings
    for problem in place_problems(settings, broker.pod):
        problems.note(problem)
    alone = {
        CONTROLLER_SERVICE.name: settings.controller_service,
        CONTROLLER_ID_OFFSET.name: settings.controller_id_offset,
    }
    unused = [name for name, value in alone.items() if value is not None]
    if settings.controller_statefulset is None and unused:
        draft.warn(
            f"{', '.join(unused)}: no effect where {CONTROLLER_STATEFULSET.name} is not set, for then"
            f" {CONTROLLER_REPLICAS.name} counts the first pods of this StatefulSet; set that, or unset them"
        )
    if CONTROLLER_ROLE not in roles:
        return
    try:
        voters = draft.read(VOTERS) or ()
    except ValueError:
        # It will be noted with all other values.
        return
    misplaced = voter_host_problem(voters, broker)
    if misplaced is not None:
        problems.note(misplaced)
    _advise_on_voters_port(draft, broker, voters)


def _advise_on_voters_port(draft: Draft, broker: Broker, voters: Sequence[Voter]) -> None:
    """Warn where the voters that are given have this controller at a port at which it does not listen."""
    names = {name.upper() for name in _controller_names(draft)}
    try:
        ports = [listener.port for listener in draft.bound if listener.key in names]
    except ValueError:
        # It will be noted with all other values.
        return
    sought = next((voter.port for voter in voters if voter.node_id == broker.broker_id), None)
    if draft.is_given(VOTERS.key) and ports and sought is not None and sought not in ports:
        draft.warn(
            f"{draft.settings.given[VOTERS.key].shown}: the others look for this controller at port {sought}, and it"
            f" listens at {ports[0]}: right only where something passes the one on to the other"
        )


def _check_ports(
    problems: Problems, draft: Draft, broker: Broker, voters: Sequence[Voter], bound: Sequence[Listener]
) -> None:
    """Say where this controller listens on another port than the one by which the others look for it."""
    is_first = quorum_kind(draft) == DYNAMIC and draft.settings.quorum_entry == FIRST
    are_used = {VOTERS.key, SERVERS.key} & draft.generated.keys() or is_first
    if not draft.is_given("listeners") or not are_used:
        return
    name = _controller_names(draft)[0].upper()
    listening = next((listener.port for listener in bound if listener.key == name), None)
    sought = next((voter.port for voter in voters if voter.node_id == broker.broker_id), None)
    if None not in (listening, sought) and listening != sought:
        problems.note(
            f"{draft.settings.given['listeners'].shown} has the controllers' listener at port {listening}, but the"
            f" others look for this controller at {sought}: set {CONTROLLER_PORT.name}={listening} on every node"
        )


def _draft_protocols(draft: Draft, names: Sequence[str]) -> None:
    """Say which protocol the controllers speak, where the file does not: in the end it is plain text."""
    try:
        mapped = draft.protocols or {}
    except ValueError:
        # It will be noted with all other values.
        return
    protocols = mapped or OWN_PROTOCOLS
    missing = {name.upper(): protocols.get(name.upper(), "PLAINTEXT") for name in names if name.upper() not in mapped}
    if draft.settings.tls_dir is not None:
        # What the base file says of them is plain text, as a rule.
        missing = dict.fromkeys((*(name.upper() for name in names), BROKERS), "SSL")
    elif draft.settings.sasl_dir is not None:
        missing = dict.fromkeys((name.upper() for name in names), "SASL_PLAINTEXT")
    if missing:
        draft.generate(PROTOCOL_MAP.key, render_protocols({**missing, **protocols, **missing}))
