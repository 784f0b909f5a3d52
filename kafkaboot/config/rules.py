"""What rules are about, and how they are asked: what Kafka would refuse is found before a JVM starts."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kafkaboot.config.comparison_rules import comparison_problems
from kafkaboot.config.definition_rules import is_resolved_later, value_problems
from kafkaboot.config.given import LEFT_TO_KAFKA, note_value
from kafkaboot.config.layers import Config
from kafkaboot.config.settings import Settings
from kafkaboot.values.listeners import port_problems
from kafkaboot.values.properties import CHECKED, LISTENERS
from kafkaboot.values.version import Version
from zkboot.pod.errors import Problems


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

    def told(self, key: str) -> str:
        """Return how a message speaks of *key*, its value and where it stands."""
        config = self.config
        if key in config.given:
            return self.settings.given[key].told
        if key in config.generated:
            return f"{key}={config.generated[key].text}"
        counts = key in config.base and key not in config.disabled
        return f"{key}={config.base[key].text!r} in {self.settings.base_file}" if counts else key


Rule = Callable[[Node], Iterable[str]]
"""Returns why a node would be refused, one reason each."""


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
    unreadable: set[str] = set()
    effective = node.effective
    for problem in value_problems(effective, node.version, node.told):
        problems.note(problem)
    stated = {key: text for key, text in effective.items() if not is_resolved_later(effective, key)}
    for problem in comparison_problems(stated, node.version, node.told):
        problems.note(problem)
    for key in sorted(CHECKED):
        value = node.config.find(key)
        if key in LEFT_TO_KAFKA and key in effective and is_resolved_later(effective, key):
            unreadable.add(key)
            continue
        # What KAFKA_* gives has been told in the same words when it was read, and counts once.
        if value is not None and not note_value(
            problems, key, value, node.told(key), is_from_file=node.is_from_file(key)
        ):
            unreadable.add(key)
    if "log.dir" in effective and "log.dirs" in effective:
        told = " and ".join(node.told(key) for key in ("log.dir", "log.dirs"))
        problems.note(f"{told} are both set, and Kafka takes log.dirs alone without a word: set KAFKA_LOG_DIRS only")
    return frozenset(unreadable)


def bound_port_problems(node: Node) -> Iterable[str]:
    """Say which ports listeners cannot share."""
    return (f"{node.told(LISTENERS.key)} {problem}" for problem in port_problems(node.config.bound, node.version))
