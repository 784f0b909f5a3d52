"""What a node of KRaft would refuse, found before a JVM starts: ``KafkaConfig.validateValues`` of 3.3 to 4.x."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from kafkaboot.layers import Config
from kafkaboot.listeners import (
    Listener,
    broker_listener_problems,
    parse_advertised,
    port_problems,
    protocol_problems,
)
from kafkaboot.rules import Node, Rule, note_rules, note_value_problems
from kafkaboot.settings import Settings
from kafkaboot.version import DYNAMIC_QUORUM, Version
from kafkaboot.voters import BROKER_ROLE, CONTROLLER_ROLE, parse_voters
from zkboot.pod.environ import BLANKS, EnvReader

_ROLES = "process.roles"
_VOTERS = "controller.quorum.voters"
_NAMES = "controller.listener.names"
_LISTENERS = "listeners"
_ADVERTISED = "advertised.listeners"
_PROTOCOL_MAP = "listener.security.protocol.map"
_FORBIDDEN = ("control.plane.listener.name",)


def note_kraft_problems(
    env: EnvReader, settings: Settings, version: Version, config: Config, made_up: Collection[str]
) -> None:
    """Note in *env* why a node of *version* in KRaft mode would refuse *config*, or misread it.

    What is *made_up* was said of a stand-in, and no rule is asked about it.
    """
    node = Node(settings, version, config)
    note_rules(env, node, _RULES, {*note_value_problems(env, node), *made_up})


def _place_problems(node: Node) -> Iterable[str]:
    """Say where the node's id and roles do not fit the voters."""
    config, effective = node.config, node.effective
    voters = parse_voters(effective[_VOTERS]) if _VOTERS in effective else ()
    node_id = int(effective["node.id"])
    ids = [voter.node_id for voter in voters]
    listed = ", ".join(str(voter_id) for voter_id in ids)
    told = node.told(_VOTERS)
    if CONTROLLER_ROLE in config.roles and voters and node_id not in ids:
        yield (
            f"node {node_id} is a controller, and is not among the voters {listed} of {told}:"
            f" {_source_of_ids(node.settings, config)}"
        )
    if config.roles == (BROKER_ROLE,) and node_id in ids:
        yield (
            f"node {node_id} is a broker only, and is among the voters {listed} of {told}: brokers and controllers"
            " share one range of ids, so set KF_ID_OFFSET to where no controller's id is"
        )


def _source_of_ids(settings: Settings, config: Config) -> str:
    """Return which variables made the node's id and the voters', for the one that must change."""
    node = settings.given.get("node.id") or settings.given.get("broker.id")
    own = node.told if node is not None else f"KF_ID_OFFSET={settings.id_offset}"
    if _VOTERS in config.given:
        return f"{own} makes the one; add the node to KAFKA_CONTROLLER_QUORUM_VOTERS, or unset that"
    offset = settings.controller_id_offset
    others = f"KF_ID_OFFSET={settings.id_offset}" if offset is None else f"KF_CONTROLLER_ID_OFFSET={offset}"
    return f"{own} makes the one, {others} the others"


def _migration_problems(node: Node) -> Iterable[str]:
    if node.config.is_migrating and "zookeeper.connect" not in node.effective:
        yield (
            f"{node.told('zookeeper.metadata.migration.enable')} needs KAFKA_ZOOKEEPER_CONNECT: the controllers copy"
            " what is in ZooKeeper"
        )


def _directory_problems(node: Node) -> Iterable[str]:
    if "," in node.effective.get("metadata.log.dir", ""):
        yield f"{node.told('metadata.log.dir')} lists several directories: there is one"


def _key_problems(node: Node) -> Iterable[str]:
    return (f"{node.told(key)}: there is no such thing in KRaft mode" for key in _FORBIDDEN if key in node.effective)


def _port_problems(node: Node) -> Iterable[str]:
    return (f"{node.told(_LISTENERS)} {problem}" for problem in port_problems(node.bound, node.version))


def _protocol_problems(node: Node) -> Iterable[str]:
    bound = node.bound
    named = (*bound, *(Listener(name, "", 1) for name in _controllers(node) if name not in _keys(bound)))
    told = f"{node.told(_LISTENERS)} or {node.told(_NAMES)}"
    return (f"{told} {problem}" for problem in protocol_problems(named, node.effective, node.version))


def _name_problems(node: Node) -> Iterable[str]:
    """Say where the listeners do not fit the controllers' names and the node's roles."""
    bound, controllers, roles = node.bound, _controllers(node), node.config.roles
    told, told_names = node.told(_LISTENERS), node.told(_NAMES)
    if not controllers:
        yield f"{told_names} names no listener: brokers and controllers find each other by its name"
    if CONTROLLER_ROLE in roles:
        missing = [name for name in controllers if name not in _keys(bound)]
        if missing:
            yield f"{told_names} names {', '.join(missing)}, which {told} does not: a controller must listen there"
    else:
        doubled = [name for name in controllers if name in _keys(bound)]
        if doubled:
            yield f"{told} names {', '.join(doubled)}, the controllers' listener, but this node is a broker only"
    strangers = [listener.name for listener in bound if listener.key not in controllers]
    if strangers and BROKER_ROLE not in roles:
        yield f"{told} names {', '.join(strangers)}, but this node is a controller only: it serves no clients"
    if not strangers and BROKER_ROLE in roles:
        yield f"{told} names no listener for clients, and this node is a broker"


def _published_problems(node: Node) -> Iterable[str]:
    """Say what may not be published; from the first dynamic quorum on a broker may publish the controllers' name."""
    bound, controllers, published = node.bound, _controllers(node), _published(node)
    is_broker = BROKER_ROLE in node.config.roles
    told = node.told(_ADVERTISED)
    strangers = [listener.name for listener in published if listener.key not in {*_keys(bound), *controllers}]
    if strangers:
        yield f"{told} names {', '.join(strangers)}, which listeners does not"
    if node.version < DYNAMIC_QUORUM and is_broker:
        early = [listener.name for listener in published if listener.key in controllers]
        if early:
            yield f"{told} names {', '.join(early)}, the controllers', which Kafka publishes from {DYNAMIC_QUORUM} on"
    elif node.version < DYNAMIC_QUORUM and published and not strangers:
        yield f"{told}: a node that is a controller only publishes nothing before Kafka {DYNAMIC_QUORUM}"


def _broker_listener_problems(node: Node) -> Iterable[str]:
    """Say why brokers would not reach this one, where it listens for clients at all."""
    controllers = _controllers(node)
    if BROKER_ROLE not in node.config.roles or not _keys(node.bound) - {*controllers}:
        return
    clients = [listener for listener in _published(node) if listener.key not in controllers]
    if clients:
        yield from broker_listener_problems(clients, node.effective, node.version, node.told)
    else:
        yield f"{node.told(_ADVERTISED)} publishes no listener for clients, and this node is a broker"


def _controllers(node: Node) -> Sequence[str]:
    """Return the names of the controllers' listeners, in capitals."""
    return [name.strip(BLANKS).upper() for name in node.effective[_NAMES].split(",") if name.strip(BLANKS)]


def _published(node: Node) -> Sequence[Listener]:
    listed = node.effective.get(_ADVERTISED)
    return parse_advertised(listed) if listed is not None else ()


def _keys(listeners: Iterable[Listener]) -> set[str]:
    return {listener.key for listener in listeners}


_RULES: Mapping[Rule, Sequence[str]] = {
    _place_problems: (_ROLES, "node.id", _VOTERS),
    _migration_problems: (),
    _directory_problems: (),
    _key_problems: (),
    _port_problems: (_LISTENERS,),
    _protocol_problems: (_LISTENERS, _PROTOCOL_MAP),
    _name_problems: (_ROLES, _LISTENERS),
    _published_problems: (_ROLES, _LISTENERS, _ADVERTISED),
    _broker_listener_problems: (_ROLES, _LISTENERS, _ADVERTISED),
}
"""Each with the properties that it reads and that may be unreadable."""
