"""What Kafka's own definitions say of a configuration: values that it would refuse, and names that it does not know.

Kafka takes no notice of a property that it does not define, for a class that it is told to load may read it. So such
names are told, and passed on.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from kafkaboot.config.given import Given
from kafkaboot.config.layers import Config
from kafkaboot.values.definitions import LISTENER_PREFIX, OF_A_MECHANISM, definitions, plain_key
from kafkaboot.values.keys import variable_of
from kafkaboot.values.properties import CHECKED
from kafkaboot.values.version import Version
from zkboot.pod.environ import BLANKS

_PROVIDERS = "config.providers"
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")

_CHECKED_ELSEWHERE = frozenset(CHECKED) | {"security.inter.broker.protocol"}
"""What has rules of its own, which say more."""

_OF_CLASSES = (f"{_PROVIDERS}.", "rsm.config.", "rlmm.config.")
"""How settings begin that Kafka passes on to classes by their first words."""

_REPLACED: Mapping[str, str] = {
    "advertised.host.name": "advertised.listeners",
    "advertised.port": "advertised.listeners",
    "auto.include.jmx.reporter": "metric.reporters",
    "delegation.token.master.key": "delegation.token.secret.key",
    "host.name": "listeners",
    "inter.broker.protocol.version": "metadata.version, which kafka-features.sh sets",
    "log.message.timestamp.difference.max.ms": "log.message.timestamp.before.max.ms and .after.max.ms",
    "port": "listeners",
    "quota.consumer.default": "quotas that kafka-configs.sh sets",
    "quota.producer.default": "quotas that kafka-configs.sh sets",
}
"""What does the work of a property that newer versions do not have; where there is anything."""


def value_problems(effective: Mapping[str, str], version: Version, told: Callable[[str], str]) -> Iterable[str]:
    """Yield why Kafka would refuse values of *effective*, all that it will read, *told* as the operator knows them.

    Nothing of a version that is newer than all that are known: what it takes may be more.
    """
    known = definitions()
    if not known.is_between(version.numbers):
        return
    for key in sorted(effective):
        if key in _CHECKED_ELSEWHERE or is_resolved_later(effective, key):
            continue
        rows = known.at(plain_key(key, OF_A_MECHANISM), version.numbers)
        if rows and not any(row.takes(effective[key]) for row in rows):
            yield f"{told(key)} is not {rows[-1].allowed}"


def is_resolved_later(effective: Mapping[str, str], key: str) -> bool:
    """Return whether the value of *key* is Kafka's own to find, by the ``config.providers`` that are set."""
    return _PROVIDERS in effective and _PLACEHOLDER.search(effective[key]) is not None


def name_advice(config: Config, given: Mapping[str, Given], version: Version) -> Iterable[str]:
    """Yield what to say of the names in *config* that *version* does not know, of all that are *given* by KAFKA_*."""
    known = definitions()
    listeners = _listener_names(config.effective)
    strangers: list[str] = []
    for key in sorted(config.given):
        plain, variable = plain_key(key, OF_A_MECHANISM), given[key].variable
        if plain not in known.names and plain_key(key) in known.names:
            # A class's own behind a listener's name, or a listener's name of two words.
            yield from _listener_advice(key, variable, listeners)
        elif plain in known.names:
            if plain != key:
                yield from _listener_advice(key, variable, listeners)
            if not known.at(plain, version.numbers) and known.is_between(version.numbers):
                yield f"{variable} has no effect: {_why_not(plain, version)}"
        elif not key.startswith(_OF_CLASSES):
            nearest = _nearest(key, version)
            if nearest is None:
                strangers.append(variable)
            else:
                yield f"{variable}: Kafka {version} has no property {key}; did you mean {variable_of(nearest)}?"
    if strangers:
        yield f"{', '.join(strangers)}: Kafka {version} itself has no such property; passed on, for a plugin may have"


def _why_not(key: str, version: Version) -> str:
    """Return why *version* has no *key*, which others have."""
    rows = definitions().all(key)
    older = [row for row in rows if row.last < version.numbers]
    if not older:
        return f"Kafka {version} has no property {key} yet, {_shown(rows[0].first)} has it"
    instead = f"; see {_REPLACED[key]}" if key in _REPLACED else ""
    return f"Kafka {version} has no property {key} any more, {_shown(older[-1].last)} was the last with it{instead}"


def _shown(version: Sequence[int]) -> str:
    """Return the release line of *version*, one of those that were read."""
    return ".".join(map(str, version[: 2 if version[0] else 3]))


def _nearest(key: str, version: Version) -> str | None:
    """Return the property of *version* that was probably meant by *key*, behind the same listener's name."""
    known = definitions()
    names = [name for name in known.names if known.at(name, version.numbers)]
    found = difflib.get_close_matches(key, names, n=1, cutoff=0.85)
    return found[0] if found else None


def _listener_advice(key: str, variable: str, listeners: Sequence[str]) -> Iterable[str]:
    """Yield what to say of *key*, which is for one listener, where it is for none of *listeners*."""
    rest = key.removeprefix(LISTENER_PREFIX)
    if rest.startswith(tuple(f"{name}." for name in listeners)):
        return
    for name in listeners:
        dotted = re.sub("[_-]", ".", name)
        if rest.startswith(f"{dotted}."):
            meant = f"{LISTENER_PREFIX}{name}{rest[len(dotted) :]}"
            yield f"{variable} is for no listener: {key} says {dotted}; did you mean {variable_of(meant)}?"
            return
    yield f"{variable} is for no listener: {key} names none of {', '.join(listeners)}"


def _listener_names(effective: Mapping[str, str]) -> Sequence[str]:
    """Return the names of all listeners that *effective* mentions, in lower case, as properties have them."""
    entries = [
        *effective.get("listeners", "PLAINTEXT").split(","),
        *effective.get("advertised.listeners", "").split(","),
        *effective.get("listener.security.protocol.map", "").split(","),
        *effective.get("controller.listener.names", "").split(","),
    ]
    names = (entry.partition(":")[0].strip(BLANKS).lower() for entry in entries)
    return sorted({name for name in names if name})
