"""What the broker would refuse, or take for something else without a word: found before a JVM starts.

Sources: ``KafkaConfig.validateValues`` of 0.9 to 3.9, ``KafkaConfig`` of 0.8.2.
"""

from collections.abc import Iterable, Mapping, Sequence

from kafkaboot.config.layers import Config
from kafkaboot.config.rules import Node, Rule, bound_port_problems, mechanism_problems, note_rules, note_value_problems
from kafkaboot.config.sasl_rules import open_problems
from kafkaboot.config.settings import Settings
from kafkaboot.config.tls import BETWEEN_BROKERS
from kafkaboot.config.tls_rules import plain_text_problems, store_problems
from kafkaboot.values.keys import MIGRATING, variable_of
from kafkaboot.values.listeners import Listener, broker_listener_problems, protocol_problems
from kafkaboot.values.properties import (
    ADVERTISED_HOST,
    ADVERTISED_LISTENERS,
    ADVERTISED_PORT,
    SERVERS,
    VOTERS,
    is_true,
)
from kafkaboot.values.version import BROKER_ID_GENERATION, DYNAMIC_QUORUM, LISTENERS, Version
from zkboot.pod.errors import Problems

DEFAULT_RESERVED_IDS = 1000
"""``reserved.broker.max.id``: a higher id is the broker's own to choose, and it refuses one that was given."""


def note_problems(problems: Problems, settings: Settings, version: Version, config: Config) -> None:
    """Note in *problems* why a broker of *version* in ZooKeeper mode would refuse *config*, or misread it."""
    node = Node(settings, version, config)
    unreadable = note_value_problems(problems, node)
    if "controller.listener.names" in config.given and not config.is_migrating:
        subject = node.shown("controller.listener.names")
        problems.note(
            f"{subject}: a broker in ZooKeeper mode has no controller listeners, and refuses to start with them"
        )
    ways = (VOTERS.key,) if version < DYNAMIC_QUORUM else (VOTERS.key, SERVERS.key)
    if config.is_migrating and not {*ways} & config.effective.keys():
        variables = " or ".join(map(variable_of, ways))
        problems.note(f"{node.shown(MIGRATING)} needs {variables}, too: the broker must find the new controllers")
    _note_reserved_id(problems, version, config)
    if version >= LISTENERS:
        note_rules(problems, node, _LISTENER_RULES, unreadable)


def _published(node: Node) -> tuple[Listener, ...]:
    """Return what the broker will publish."""
    config = node.config
    host = config.text(ADVERTISED_HOST.key)
    if ADVERTISED_LISTENERS.key in config.effective or host is None:
        return config.published
    return (Listener("PLAINTEXT", host, config.read(ADVERTISED_PORT) or config.bound[0].port),)


def _note_reserved_id(problems: Problems, version: Version, config: Config) -> None:
    effective = config.effective
    broker_id = effective.get("broker.id", "")
    limit = effective.get("reserved.broker.max.id", str(DEFAULT_RESERVED_IDS))
    if version < BROKER_ID_GENERATION or not is_true(effective.get("broker.id.generation.enable", "true")):
        return
    if broker_id.strip().isdecimal() and limit.strip().isdecimal() and int(broker_id) > int(limit):
        problems.note(
            f"the broker id {broker_id} is above reserved.broker.max.id={limit}, so Kafka refuses it:"
            " lower KF_ID_OFFSET, or set KAFKA_BROKER_ID_GENERATION_ENABLE=false"
        )


def _protocol_problems(node: Node) -> Iterable[str]:
    problems = protocol_problems(node.config.bound, node.config.protocols, node.version)
    return (f"{node.shown('listeners')} {problem}" for problem in problems)


def _published_problems(node: Node) -> Iterable[str]:
    names = {listener.key for listener in node.config.bound}
    published = _published(node)
    strangers = [listener.name for listener in published if listener.key not in names]
    if strangers:
        yield f"{node.shown('advertised.listeners')} names {', '.join(strangers)}, which listeners does not"
    yield from broker_listener_problems(published, node.effective, node.version, node.shown)


_BOUND = ("listeners", "port")
_LISTENER_RULES: Mapping[Rule, Sequence[str]] = {
    bound_port_problems: _BOUND,
    _protocol_problems: (*_BOUND, "listener.security.protocol.map"),
    plain_text_problems: (*_BOUND, "listener.security.protocol.map"),
    store_problems: (),
    open_problems: (*_BOUND, "listener.security.protocol.map"),
    mechanism_problems: ("listener.security.protocol.map", BETWEEN_BROKERS),
    _published_problems: (*_BOUND, "advertised.listeners", "advertised.port", "advertised.host.name", BETWEEN_BROKERS),
}
"""Each with the properties that it reads."""
