"""What rules are about, and how they are asked: what Kafka would refuse is found before a JVM starts."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kafkaboot.config.comparison_rules import comparison_problems
from kafkaboot.config.definition_rules import authorizer_problems, is_resolved_later, value_problems
from kafkaboot.config.given import LEFT_TO_KAFKA, NAMES_OF_LISTENERS, note_value
from kafkaboot.config.layers import Config
from kafkaboot.config.mechanisms import DEFAULT_MECHANISM, MECHANISM, enabled_mechanisms
from kafkaboot.config.settings import Settings
from kafkaboot.config.tls import BETWEEN_BROKERS, PROTOCOL
from kafkaboot.values.listeners import OWN_PROTOCOLS, PROTOCOLS, port_problems
from kafkaboot.values.properties import ADVERTISED_LISTENERS, CHECKED, LISTENERS, PROTOCOL_MAP, ROLES
from kafkaboot.values.version import Version
from kafkaboot.values.voters import BOTH_ROLES
from zkboot.pod.errors import Problems
from zkboot.pod.secret import MASK
from zkboot.pod.variables import BLANKS


@dataclass(frozen=True, slots=True)
class Node:
    """What the rules are about."""

    settings: Settings
    version: Version
    config: Config

    @property
    def effective(self) -> Mapping[str, str]:
        """The texts of all that the node will read."""
        return self.config.effective

    def is_from_file(self, key: str) -> bool:
        """Return whether a file gives the value of *key*, perhaps another than was meant."""
        return key in self.config.given and self.settings.given[key].is_from_file

    def shown(self, key: str) -> str:
        """Return *key*, its value and where it is set, as a message shows them."""
        config = self.config
        if key in config.given:
            return self.settings.given[key].shown
        if key in config.secrets and key not in config.given:
            return key
        if key in config.generated:
            return f"{key}={config.generated[key].text}"
        counts = key in config.base and key not in config.disabled
        return f"{key}={config.base[key].text!r} in {self.settings.base_file}" if counts else key


_PIECE = re.compile(r"[^\s,:/@;=]*[^\W\d][^\s,:/@;=]*")
"""A name in a list of listeners, voters or roles; what is a number only says nothing."""
_PUBLIC = frozenset({*PROTOCOLS, *BOTH_ROLES})

Rule = Callable[[Node], Iterable[str]]
"""Returns why a node would be refused, one reason each."""


def note_rules(
    problems: Problems, node: Node, rules: Mapping[Rule, Sequence[str]], unreadable: Collection[str]
) -> None:
    """Note in *problems* what the *rules* say of *node*, but for those that read one of the *unreadable* properties."""
    for rule, keys in rules.items():
        if not set(keys) & set(unreadable):
            for problem in rule(node):
                problems.note(_without_files(node, problem))


def _without_files(node: Node, problem: str) -> str:
    """Return *problem* with each piece masked that only a file gives, for that may be the wrong one.

    It is done here, on the text, so that no rule can forget it: a rule may name a part of any value.
    """
    texts = [given.value.text for given in node.settings.given.values() if given.is_from_file]
    for piece in {piece for text in texts for piece in _PIECE.findall(text)} - _PUBLIC:
        problem = re.sub(rf"(?i)(?<![\w.-]){re.escape(piece)}(?![\w-])", MASK, problem)
    return problem


def note_value_problems(problems: Problems, node: Node) -> frozenset[str]:
    """Return the properties of *node* whose values Kafka could not read, or this tool; note why in *problems*."""
    unreadable: set[str] = set()
    effective = node.effective
    for problem in value_problems(effective, node.version, node.shown):
        problems.note(problem)
    is_kraft = ROLES.key in effective
    for problem in authorizer_problems(effective, node.version, node.shown, is_kraft=is_kraft):
        problems.note(problem)
    stated = {key: text for key, text in effective.items() if not is_resolved_later(effective, key)}
    for problem in comparison_problems(stated, node.version, node.shown):
        problems.note(problem)
    for key in sorted({*CHECKED, *NAMES_OF_LISTENERS}):
        value = node.config.find(key)
        if key in LEFT_TO_KAFKA and key in effective and is_resolved_later(effective, key):
            unreadable.add(key)
            continue
        # What KAFKA_* gives was reported in the same words when it was read, and counts once.
        if value is not None and not note_value(
            problems, key, value, node.shown(key), is_from_file=node.is_from_file(key)
        ):
            unreadable.add(key)
    if "log.dir" in effective and "log.dirs" in effective:
        subject = " and ".join(node.shown(key) for key in ("log.dir", "log.dirs"))
        problems.note(f"{subject} are both set, and Kafka takes log.dirs alone without a word: set KAFKA_LOG_DIRS only")
    return frozenset(unreadable)


def bound_port_problems(node: Node) -> Iterable[str]:
    """Say which ports listeners cannot share."""
    return (f"{node.shown(LISTENERS.key)} {problem}" for problem in port_problems(node.config.bound, node.version))


DECIDING = (LISTENERS.key, "port", "host.name", ADVERTISED_LISTENERS.key, PROTOCOL_MAP.key)
"""What can leave a node without a listener that speaks TLS, or asks for a login."""


def unguarded(node: Node, is_guarded: Callable[[str], bool]) -> tuple[str, str] | None:
    """Return what decides on the listeners for clients and brokers, and their names; None where one *is_guarded*."""
    config = node.config
    controllers = {name.upper() for name in config.controller_names}
    clients = [listener.key for listener in config.bound if listener.key not in controllers]
    if not clients or any(map(is_guarded, clients)):
        return None
    return ", ".join(node.shown(key) for key in DECIDING if key in config.given), ", ".join(clients)


def mechanism_problems(node: Node) -> Iterable[str]:
    """Say where brokers would log in at each other by a mechanism that their listener does not have."""
    effective, config = node.effective, node.config
    stated = effective.get(PROTOCOL, "PLAINTEXT").strip(BLANKS)
    name = effective.get(BETWEEN_BROKERS, stated).strip(BLANKS)
    protocols = OWN_PROTOCOLS if config.protocols is None else config.protocols
    protocol = protocols.get(name.upper(), "") if BETWEEN_BROKERS in effective else stated
    key, enabled = enabled_mechanisms(effective, name)
    mechanism = effective.get(MECHANISM, DEFAULT_MECHANISM).strip(BLANKS)
    if any(is_resolved_later(effective, one) for one in (MECHANISM, key) if one in effective):
        return
    if protocol.startswith("SASL_") and mechanism not in enabled:
        subject = node.shown(MECHANISM) if MECHANISM in effective else f"the default of {MECHANISM}, {mechanism},"
        enabled_by = node.shown(key) if key in effective else f"the default of {key}, {DEFAULT_MECHANISM}"
        yield f"{subject} is not in {enabled_by}: brokers could not log in at each other"
