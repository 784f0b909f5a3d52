"""What a node of KRaft would refuse, found before a JVM starts: ``KafkaConfig.validateValues`` of 3.3 to 4.x."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from kafkaboot.config.layers import Config
from kafkaboot.config.mechanisms import MECHANISMS
from kafkaboot.config.rules import Node, Rule, bound_port_problems, mechanism_problems, note_rules, note_value_problems
from kafkaboot.config.sasl_rules import open_problems
from kafkaboot.config.settings import Settings
from kafkaboot.config.tls import BETWEEN_BROKERS, PROTOCOL
from kafkaboot.config.tls_rules import plain_text_problems, store_problems
from kafkaboot.values.keys import MIGRATING
from kafkaboot.values.listeners import (
    OWN_PROTOCOLS,
    PROTOCOLS,
    Listener,
    broker_listener_problems,
    protocol_problems,
)
from kafkaboot.values.properties import (
    ADVERTISED_LISTENERS,
    CONTROLLER_NAMES,
    IS_JOINING,
    LISTENERS,
    NODE_ID,
    PROTOCOL_MAP,
    ROLES,
    VOTERS,
)
from kafkaboot.values.version import AUTO_JOIN, DYNAMIC_QUORUM, NO_ZOOKEEPER, STRICT_LISTS, Version
from kafkaboot.values.voters import BROKER_ROLE, CONTROLLER_ROLE
from zkboot.pod.address import ANY_IPV4
from zkboot.pod.errors import Problems
from zkboot.pod.variables import BLANKS

_ROLES = ROLES.key
_VOTERS = VOTERS.key
_NAMES = CONTROLLER_NAMES.key
_LISTENERS = LISTENERS.key
_ADVERTISED = ADVERTISED_LISTENERS.key
_PROTOCOL_MAP = PROTOCOL_MAP.key
_EARLY = "early.start.listeners"
_JOINING = IS_JOINING.key
_FORMAT = "inter.broker.protocol.version"
_FORBIDDEN = ("control.plane.listener.name",)
_LISTS = (_LISTENERS, _ADVERTISED, _NAMES, _EARLY, "log.dir", "log.dirs", MECHANISMS)


def note_kraft_problems(
    problems: Problems, settings: Settings, version: Version, config: Config, made_up: Collection[str]
) -> None:
    """Note in *problems* why a node of *version* in KRaft mode would refuse *config*, or misread it.

    What is *made_up* was said of a stand-in, and no rule is asked about it.
    """
    node = Node(settings, version, config)
    unknown = {*note_value_problems(problems, node), *made_up}
    if _ROLES in unknown:
        # What the roles make is made up, too.
        unknown |= {_LISTENERS, _ADVERTISED, _VOTERS} & config.generated.keys()
    note_rules(problems, node, _RULES, unknown)


def _place_problems(node: Node) -> Iterable[str]:
    """Say where the node's id and roles do not fit the voters."""
    config = node.config
    voters, node_id = config.voters, config.read(NODE_ID)
    ids = [voter.node_id for voter in voters]
    listed = ", ".join(str(voter_id) for voter_id in ids)
    subject = node.shown(_VOTERS)
    if CONTROLLER_ROLE in config.roles and voters and node_id not in ids:
        yield (
            f"node {node_id} is a controller, and is not among the voters {listed} of {subject}:"
            f" {_given_role(node.settings, config) or _source_of_ids(node.settings, config)}"
        )
    if config.roles == (BROKER_ROLE,) and node_id in ids:
        apart = "brokers and controllers share one range of ids, so set KF_ID_OFFSET to where no controller's id is"
        yield (
            f"node {node_id} is a broker only, and is among the voters {listed} of {subject}:"
            f" {_given_role(node.settings, config) or apart}"
        )


def _voter_problems(node: Node) -> Iterable[str]:
    """Say what only a controller refuses of its voters."""
    if node.version < STRICT_LISTS or CONTROLLER_ROLE not in node.config.roles:
        return
    for voter in node.config.voters:
        if voter.host == ANY_IPV4:
            yield f"{node.shown(_VOTERS)} has {voter}, to which no controller can connect: name the pod"


def _joining_problems(node: Node) -> Iterable[str]:
    is_asked = node.version >= AUTO_JOIN and node.config.read(IS_JOINING)
    if is_asked and CONTROLLER_ROLE not in node.config.roles:
        yield f"{node.shown(_JOINING)}: this node is a broker only, and no controller to join a quorum"


def _given_role(settings: Settings, config: Config) -> str:
    """Return why a role that was given does not fit the pod's place; nothing where its place says no role."""
    if settings.first_pods is None or _ROLES not in config.given:
        return ""
    count = len(settings.first_pods)
    subject = settings.given[_ROLES].shown
    return f"unset {subject}, for KF_CONTROLLER_REPLICAS={count} says which pods are controllers"


def _source_of_ids(settings: Settings, config: Config) -> str:
    """Return which variables made the node's id and the voters', for the one that must change."""
    node = settings.given.get("node.id") or settings.given.get("broker.id")
    own = node.shown if node is not None else f"KF_ID_OFFSET={settings.id_offset}"
    if _VOTERS in config.given:
        return f"{own} makes the one; add the node to KAFKA_CONTROLLER_QUORUM_VOTERS, or unset that"
    offset = settings.controller_id_offset
    others = f"KF_ID_OFFSET={settings.id_offset}" if offset is None else f"KF_CONTROLLER_ID_OFFSET={offset}"
    return f"{own} makes the one, {others} the others"


def _migration_problems(node: Node) -> Iterable[str]:
    if node.config.is_migrating and "zookeeper.connect" not in node.effective:
        yield (f"{node.shown(MIGRATING)} needs KAFKA_ZOOKEEPER_CONNECT: the controllers copy what is in ZooKeeper")


def _directory_problems(node: Node) -> Iterable[str]:
    if "," in node.effective.get("metadata.log.dir", ""):
        yield f"{node.shown('metadata.log.dir')} lists several directories: name one"


def _key_problems(node: Node) -> Iterable[str]:
    return (
        f"{node.shown(key)}: there is no such property in KRaft mode; unset it"
        for key in _FORBIDDEN
        if key in node.effective
    )


def _list_problems(node: Node) -> Iterable[str]:
    if node.version < STRICT_LISTS:
        return
    for key in _LISTS:
        entries = [entry.strip(BLANKS) for entry in node.effective.get(key, "").split(",")]
        if len(entries) > 1 and "" in entries:
            yield f"{node.shown(key)} has an empty entry, which Kafka refuses from {STRICT_LISTS} on"


def _format_problems(node: Node) -> Iterable[str]:
    stated = node.effective.get(_FORMAT, "").strip(BLANKS)
    major = stated.partition(".")[0]
    if node.version < NO_ZOOKEEPER and ((major.isdecimal() and int(major) < 3) or stated == "3.0-IV0"):
        yield f"{node.shown(_FORMAT)} is of brokers with ZooKeeper: without it 3.0 is the lowest"


def _protocol_problems(node: Node) -> Iterable[str]:
    bound, controllers = node.config.bound, _controllers(node)
    named = (*bound, *(Listener(name, "", 1) for name in controllers if name not in _keys(bound)))
    subject = f"{node.shown(_LISTENERS)} or {node.shown(_NAMES)}"
    return (f"{subject} {problem}" for problem in protocol_problems(named, node.config.protocols, node.version))


def _name_problems(node: Node) -> Iterable[str]:
    """Say where the listeners do not fit the controllers' names and the node's roles."""
    bound, controllers, roles = node.config.bound, _controllers(node), node.config.roles
    subject, names = node.shown(_LISTENERS), node.shown(_NAMES)
    small = [name for name in node.config.controller_names if name != name.upper()]
    if small:
        capitals = ", ".join(name.upper() for name in small)
        yield f"{names} names {', '.join(small)}, but Kafka knows listeners by names in capitals: say {capitals}"
    if not controllers:
        yield f"{names} names no listener: brokers and controllers find each other by its name"
    if CONTROLLER_ROLE in roles:
        missing = [name for name in controllers if name not in _keys(bound)]
        if missing:
            yield f"{names} names {', '.join(missing)}, which {subject} does not: a controller must listen there"
    else:
        doubled = [name for name in controllers if name in _keys(bound)]
        if doubled:
            yield f"{subject} names {', '.join(doubled)}, the controllers' listener, but this node is a broker only"
    strangers = [listener.name for listener in bound if listener.key not in controllers]
    if strangers and BROKER_ROLE not in roles:
        yield f"{subject} names {', '.join(strangers)}, but this node is a controller only: it serves no clients"
    if not strangers and BROKER_ROLE in roles:
        yield f"{subject} names no listener for clients, and this node is a broker"


def _early_problems(node: Node) -> Iterable[str]:
    stated = (name.strip(BLANKS) for name in node.effective.get(_EARLY, "").split(","))
    known = [listener.key for listener in node.config.bound]
    unknown = [name for name in stated if name and name not in known]
    if unknown:
        yield f"{node.shown(_EARLY)} names {', '.join(unknown)}, and listeners only {', '.join(known)}"


def _published_problems(node: Node) -> Iterable[str]:
    """Say what may not be published; from the first dynamic quorum on a broker may publish the controllers' name."""
    bound, controllers, published = node.config.bound, _controllers(node), node.config.published
    is_broker = BROKER_ROLE in node.config.roles
    subject = node.shown(_ADVERTISED)
    strangers = [listener.name for listener in published if listener.key not in {*_keys(bound), *controllers}]
    if strangers:
        yield f"{subject} names {', '.join(strangers)}, which listeners does not"
    if node.version < DYNAMIC_QUORUM and is_broker:
        early = [listener.name for listener in published if listener.key in controllers]
        if early:
            names = ", ".join(early)
            yield f"{subject} names {names}, the controllers', which Kafka publishes from {DYNAMIC_QUORUM} on"
    elif node.version < DYNAMIC_QUORUM and published and not strangers:
        yield f"{subject}: a node that is a controller only publishes nothing before Kafka {DYNAMIC_QUORUM}"


def _broker_listener_problems(node: Node) -> Iterable[str]:
    """Say why brokers would not reach this one, where it listens for clients at all."""
    controllers = _controllers(node)
    is_client_bound = _keys(node.config.bound) - {*controllers}
    if BROKER_ROLE not in node.config.roles or not is_client_bound or not _is_protocol(node):
        return
    clients = [listener for listener in node.config.published if listener.key not in controllers]
    if clients:
        yield from broker_listener_problems(clients, node.effective, node.version, node.shown)
    else:
        yield f"{node.shown(_ADVERTISED)} publishes no listener for clients, and this node is a broker"


def _is_protocol(node: Node) -> bool:
    return node.effective.get(PROTOCOL, "PLAINTEXT").strip(BLANKS) in PROTOCOLS


def _between_brokers_problems(node: Node) -> Iterable[str]:
    """Say what is wrong between brokers that Kafka minds on a controller, too."""
    effective, is_controller_only = node.effective, BROKER_ROLE not in node.config.roles
    if not _is_protocol(node):
        # Said already, by Kafka's own definition.
        return
    name = effective.get(BETWEEN_BROKERS, "").strip(BLANKS).upper()
    subject = node.shown(BETWEEN_BROKERS)
    if name and is_controller_only and PROTOCOL in effective:
        yield f"{subject} and {node.shown(PROTOCOL)} are both set, and Kafka takes only one"
    elif name and is_controller_only and name not in _protocols(node):
        yield f"{subject} is not in listener.security.protocol.map, and this node is a controller only: unset it"
    elif name and is_controller_only and node.version >= NO_ZOOKEEPER and name in _controllers(node):
        yield f"{subject} is the controllers' listener, and none between brokers"
    yield from mechanism_problems(node)


def _protocols(node: Node) -> Mapping[str, str]:
    mapped = node.config.protocols
    return OWN_PROTOCOLS if mapped is None else mapped


def _controllers(node: Node) -> Sequence[str]:
    """Return the names of the controllers' listeners, in capitals."""
    return [name.upper() for name in node.config.controller_names]


def _keys(listeners: Iterable[Listener]) -> set[str]:
    return {listener.key for listener in listeners}


_RULES: Mapping[Rule, Sequence[str]] = {
    _place_problems: (_ROLES, "node.id", _VOTERS),
    _voter_problems: (_ROLES, _VOTERS),
    _joining_problems: (_ROLES,),
    _migration_problems: (),
    _directory_problems: (),
    _key_problems: (),
    _list_problems: (),
    _format_problems: (),
    bound_port_problems: (_LISTENERS,),
    _protocol_problems: (_LISTENERS, _NAMES, _PROTOCOL_MAP),
    plain_text_problems: (_ROLES, _LISTENERS, _NAMES, _PROTOCOL_MAP),
    store_problems: (),
    open_problems: (_ROLES, _LISTENERS, _NAMES, _PROTOCOL_MAP),
    _name_problems: (_ROLES, _LISTENERS, _NAMES),
    _early_problems: (_LISTENERS, _EARLY),
    _between_brokers_problems: (_ROLES, _PROTOCOL_MAP, _NAMES, BETWEEN_BROKERS),
    _published_problems: (_ROLES, _LISTENERS, _ADVERTISED, _NAMES),
    _broker_listener_problems: (_ROLES, _LISTENERS, _ADVERTISED, _NAMES, BETWEEN_BROKERS),
}
"""Each with the properties that it reads and that may be unreadable."""
