"""What a node of KRaft would refuse, found before a JVM starts: ``KafkaConfig.validateValues`` of 3.3 to 4.x."""

from collections.abc import Iterable, Sequence

from kafkaboot.layers import Config
from kafkaboot.listeners import (
    Listener,
    broker_listener_problems,
    parse_advertised,
    parse_listeners,
    port_problems,
    protocol_problems,
)
from kafkaboot.rules import note_value_problems, told_of
from kafkaboot.settings import Settings
from kafkaboot.version import DYNAMIC_QUORUM, Version
from kafkaboot.voters import BROKER_ROLE, CONTROLLER_ROLE, parse_voters
from zkboot.pod.environ import BLANKS, EnvReader

_VOTERS = "controller.quorum.voters"
_NAMES = "controller.listener.names"
_FORBIDDEN = ("control.plane.listener.name",)


def note_kraft_problems(env: EnvReader, settings: Settings, version: Version, config: Config) -> None:
    """Note in *env* why a node of *version* in KRaft mode would refuse *config*, or misread it."""
    if not note_value_problems(env, settings, config):
        return
    problems = (
        *_place_problems(settings, config),
        *_directory_problems(settings, config),
        *_listener_problems(settings, version, config),
    )
    for problem in problems:
        env.problem(problem)


def _place_problems(settings: Settings, config: Config) -> Iterable[str]:
    """Say where the node's id and roles do not fit the voters."""
    effective = config.effective
    voters = parse_voters(effective[_VOTERS]) if _VOTERS in effective else ()
    node_id = int(effective["node.id"])
    ids = [voter.node_id for voter in voters]
    listed = ", ".join(str(voter_id) for voter_id in ids)
    told = told_of(settings, config, _VOTERS)
    if CONTROLLER_ROLE in config.roles and voters and node_id not in ids:
        yield (
            f"node {node_id} is a controller, and is not among the voters {listed} of {told}:"
            f" {_source_of_ids(settings, config)}"
        )
    if config.is_migrating and "zookeeper.connect" not in effective:
        yield (
            f"{told_of(settings, config, 'zookeeper.metadata.migration.enable')} needs KAFKA_ZOOKEEPER_CONNECT: the"
            " controllers copy what is in ZooKeeper"
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


def _directory_problems(settings: Settings, config: Config) -> Iterable[str]:
    metadata = config.effective.get("metadata.log.dir", "")
    if "," in metadata:
        yield f"{told_of(settings, config, 'metadata.log.dir')} lists several directories: there is one"


def _listener_problems(settings: Settings, version: Version, config: Config) -> Iterable[str]:
    effective = config.effective
    bound = parse_listeners(effective["listeners"])
    controllers = [name.strip(BLANKS).upper() for name in effective[_NAMES].split(",") if name.strip(BLANKS)]
    told = told_of(settings, config, "listeners")
    told_names = told_of(settings, config, _NAMES)
    yield from (
        f"{told_of(settings, config, key)}: there is no such thing in KRaft mode"
        for key in _FORBIDDEN
        if key in effective
    )
    yield from (f"{told} {problem}" for problem in port_problems(bound, version))
    named = (*bound, *(Listener(name, "", 1) for name in controllers if name not in _keys(bound)))
    yield from (f"{told} or {told_names} {problem}" for problem in protocol_problems(named, effective, version))
    if not controllers:
        yield f"{told_names} names no listener: brokers and controllers find each other by its name"
    if CONTROLLER_ROLE in config.roles:
        missing = [name for name in controllers if name not in _keys(bound)]
        if missing:
            yield f"{told_names} names {', '.join(missing)}, which {told} does not: a controller must listen there"
    else:
        doubled = [name for name in controllers if name in _keys(bound)]
        if doubled:
            yield f"{told} names {', '.join(doubled)}, the controllers' listener, but this node is a broker only"
    strangers = [listener.name for listener in bound if listener.key not in controllers]
    if strangers and BROKER_ROLE not in config.roles:
        yield f"{told} names {', '.join(strangers)}, but this node is a controller only: it serves no clients"
    yield from _published_problems(settings, version, config, bound, controllers)


def _published_problems(
    settings: Settings, version: Version, config: Config, bound: Sequence[Listener], controllers: Sequence[str]
) -> Iterable[str]:
    effective = config.effective
    told = told_of(settings, config, "advertised.listeners")
    listed = effective.get("advertised.listeners")
    published = parse_advertised(listed) if listed is not None else ()
    strangers = [listener.name for listener in published if listener.key not in _keys(bound)]
    if strangers:
        yield f"{told} names {', '.join(strangers)}, which listeners does not"
    if version < DYNAMIC_QUORUM:
        early = [listener.name for listener in published if listener.key in controllers]
        if early:
            yield f"{told} names {', '.join(early)}, the controllers', which Kafka publishes from {DYNAMIC_QUORUM} on"
    if BROKER_ROLE not in config.roles:
        if published and version < DYNAMIC_QUORUM and not strangers:
            yield f"{told}: a node that is a controller only publishes nothing before Kafka {DYNAMIC_QUORUM}"
        return
    clients = [listener for listener in published if listener.key not in controllers]
    if clients:
        yield from broker_listener_problems(clients, effective, version)
    else:
        yield f"{told} publishes no listener for clients, and this node is a broker"


def _keys(listeners: Iterable[Listener]) -> set[str]:
    return {listener.key for listener in listeners}
