"""What the broker would refuse, or take for something else without a word: found before a JVM starts.

Sources: ``KafkaConfig.validateValues`` of 0.9 to 3.9, ``KafkaConfig`` of 0.8.2.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kafkaboot.config.given import VALUE_CHECKS, note_value
from kafkaboot.config.layers import Config, Draft, is_true
from kafkaboot.config.settings import Settings
from kafkaboot.values.knobs import PORT
from kafkaboot.values.listeners import (
    Listener,
    broker_listener_problems,
    parse_advertised,
    parse_listeners,
    port_problems,
    protocol_problems,
)
from kafkaboot.values.version import BROKER_ID_GENERATION, LISTENERS, Version
from zkboot.pod.errors import Problems

DEFAULT_RESERVED_IDS = 1000
"""``reserved.broker.max.id``: a higher id is the broker's own to choose, and it refuses one that was given."""


@dataclass(frozen=True, slots=True)
class Node:
    """What the rules are about."""

    settings: Settings
    version: Version
    config: Config

    @property
    def effective(self) -> Mapping[str, str]:
        """All that the node will read."""
        return self.config.effective

    @property
    def bound(self) -> tuple[Listener, ...]:
        """Where it will listen."""
        return bound_listeners(self.effective.get)

    def is_from_file(self, key: str) -> bool:
        """Return whether a file gives the value of *key*, perhaps another than was meant."""
        return key in self.config.given and self.settings.given[key].is_from_file

    def told(self, key: str) -> str:
        """Return how a message speaks of *key*, its value and where it stands."""
        config = self.config
        if key in config.given:
            return self.settings.given[key].told
        if key in config.generated:
            return f"{key}={config.generated[key]}"
        counts = key in config.base and key not in config.disabled
        return f"{key}={config.base[key]!r} in {self.settings.base_file}" if counts else key


Rule = Callable[[Node], Iterable[str]]
"""Returns why a node would be refused, one reason each."""


def note_problems(problems: Problems, settings: Settings, version: Version, config: Config) -> None:
    """Note in *problems* why a broker of *version* in ZooKeeper mode would refuse *config*, or misread it."""
    node = Node(settings, version, config)
    unreadable = note_value_problems(problems, node)
    if "controller.listener.names" in config.given and not config.is_migrating:
        told = node.told("controller.listener.names")
        problems.note(f"{told}: a broker in ZooKeeper mode has no controller listeners, and refuses to start with them")
    _note_reserved_id(problems, version, config)
    if version >= LISTENERS:
        note_rules(problems, node, _LISTENER_RULES, unreadable)


def note_rules(
    problems: Problems, node: Node, rules: Mapping[Rule, Sequence[str]], unreadable: Collection[str]
) -> None:
    """Note in *problems* what the *rules* say of *node*, but for those that read one of the *unreadable* properties."""
    for rule, keys in rules.items():
        if not set(keys) & set(unreadable):
            for problem in rule(node):
                problems.note(problem)


def note_value_problems(problems: Problems, node: Node) -> frozenset[str]:
    """Return the properties of *node* whose values Kafka could not read, or this tool; note why in *problems*."""
    effective = node.effective
    unreadable: set[str] = set()
    for key in sorted(VALUE_CHECKS.keys() & effective.keys()):
        # What KAFKA_* gives has been told in the same words when it was read, and counts once.
        if not note_value(problems, key, effective[key], node.told(key), is_from_file=node.is_from_file(key)):
            unreadable.add(key)
    if "log.dir" in effective and "log.dirs" in effective:
        told = " and ".join(node.told(key) for key in ("log.dir", "log.dirs"))
        problems.note(f"{told} are both set, and Kafka takes log.dirs alone without a word: set KAFKA_LOG_DIRS only")
    return frozenset(unreadable)


def bound_listeners(value: Callable[[str], str | None]) -> tuple[Listener, ...]:
    """Return where the broker will listen by what *value* says of a key; raises ValueError where that is wrong."""
    listed = value("listeners")
    if listed is not None:
        return parse_listeners(listed)
    return (Listener("PLAINTEXT", value("host.name") or "", PORT.parse(value("port") or str(PORT.default))),)


def advise_on_port(draft: Draft, bound: Sequence[Listener]) -> None:
    """Warn where KF_PORT is none of the ports that KAFKA_LISTENERS binds, which alone counts."""
    port = draft.settings.client_port
    if draft.is_given("listeners") and bound and port not in {PORT.default, *(listener.port for listener in bound)}:
        draft.warn(
            f"{PORT.name}={port} has no effect: {draft.settings.given['listeners'].told} says where Kafka listens"
        )


def _published(effective: Mapping[str, str], bound: tuple[Listener, ...]) -> tuple[Listener, ...]:
    """Return what the *bound* broker will publish."""
    listed = effective.get("advertised.listeners")
    if listed is not None:
        return parse_advertised(listed)
    port = effective.get("advertised.port")
    return (Listener("PLAINTEXT", effective["advertised.host.name"], PORT.parse(port) if port else bound[0].port),)


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


def _port_problems(node: Node) -> Iterable[str]:
    return (f"{node.told('listeners')} {problem}" for problem in port_problems(node.bound, node.version))


def _protocol_problems(node: Node) -> Iterable[str]:
    problems = protocol_problems(node.bound, node.effective, node.version)
    return (f"{node.told('listeners')} {problem}" for problem in problems)


def _published_problems(node: Node) -> Iterable[str]:
    names = {listener.key for listener in node.bound}
    published = _published(node.effective, node.bound)
    strangers = [listener.name for listener in published if listener.key not in names]
    if strangers:
        yield f"{node.told('advertised.listeners')} names {', '.join(strangers)}, which listeners does not"
    yield from broker_listener_problems(published, node.effective, node.version, node.told)


_BOUND = ("listeners", "port")
_LISTENER_RULES: Mapping[Rule, Sequence[str]] = {
    _port_problems: _BOUND,
    _protocol_problems: (*_BOUND, "listener.security.protocol.map"),
    _published_problems: (*_BOUND, "advertised.listeners", "advertised.port", "advertised.host.name"),
}
"""Each with the properties that it reads."""
