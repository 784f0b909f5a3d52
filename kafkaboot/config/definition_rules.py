"""What Kafka's own definitions say of a configuration: values that it would refuse, and names that it does not know.

Kafka takes no notice of a property that it does not define, for a class that it loads may read it. So such names
are reported, and passed on.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from kafkaboot.config.given import Given
from kafkaboot.config.layers import Config
from kafkaboot.config.settings import VARIABLES
from kafkaboot.config.variables import KNOB_PREFIX
from kafkaboot.values.definitions import LISTENER_PREFIX, OF_A_MECHANISM, definitions, plain_key
from kafkaboot.values.keys import PREFIX, meant_variable, variable_of
from kafkaboot.values.properties import CHECKED
from kafkaboot.values.templates import has_placeholder
from kafkaboot.values.version import Version
from zkboot.pod.likeness import nearest
from zkboot.pod.variables import BLANKS

_PROVIDERS = "config.providers"

_AUTHORIZER = "authorizer.class.name"
_SIMPLE_AUTHORIZER = "kafka.security.auth.SimpleAclAuthorizer"
_LAST_SIMPLE = Version((2, 8, 2))
"""Of both: the last Kafka with it. It keeps its rules in ZooKeeper."""
_ACL_AUTHORIZER = "kafka.security.authorizer.AclAuthorizer"
"""Up to 3.9; it keeps them in ZooKeeper, too."""
_STANDARD_AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"

_CHECKED_ELSEWHERE = frozenset(CHECKED)
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


def value_problems(effective: Mapping[str, str], version: Version, shown: Callable[[str], str]) -> Iterable[str]:
    """Yield why Kafka would refuse values of *effective*, all that it will read, *shown* as the operator knows them.

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
            yield f"{shown(key)} is not {rows[-1].allowed}"


def authorizer_problems(
    effective: Mapping[str, str], version: Version, shown: Callable[[str], str], *, is_kraft: bool
) -> Iterable[str]:
    """Yield why *version* cannot have the authorizer that *effective* names: its class is gone, or needs ZooKeeper."""
    stated = effective.get(_AUTHORIZER, "").strip(BLANKS)
    if stated not in (_SIMPLE_AUTHORIZER, _ACL_AUTHORIZER):
        return
    instead = _STANDARD_AUTHORIZER if is_kraft else _ACL_AUTHORIZER
    if is_kraft or (stated == _SIMPLE_AUTHORIZER and version > _LAST_SIMPLE):
        kafka = f"Kafka {version} (KRaft)" if is_kraft else f"Kafka {version}"
        yield f"{shown(_AUTHORIZER)} is no authorizer of {kafka}: set {variable_of(_AUTHORIZER)}={instead}"


def is_resolved_later(effective: Mapping[str, str], key: str) -> bool:
    """Return whether the value of *key* is Kafka's own to find, by the ``config.providers`` that are set."""
    return _PROVIDERS in effective and has_placeholder(effective[key])


def name_advice(config: Config, given: Mapping[str, Given], version: Version) -> Iterable[str]:
    """Yield warnings about the names in *config* that *version* does not know, of all that are *given* by KAFKA_*.

    One that is no property may be meant for Kafka's scripts, or for this tool.
    """
    known = definitions()
    listeners = _listener_names(config.effective)
    strangers: list[str] = []
    for key in sorted(config.given):
        plain, variable = plain_key(key, OF_A_MECHANISM), given[key].variable
        if plain not in known.names and plain_key(key) in known.names:
            # A class's own behind a listener's name, or a listener's name of two words.
            yield from _listener_advice(key, variable, listeners)
        elif plain in known.names:
            if not known.at(plain, version.numbers) and known.is_between(version.numbers):
                yield f"{variable} has no effect: {_why_not(plain, version)}"
            elif plain != key:
                yield from _listener_advice(key, variable, listeners)
        elif not key.startswith(_OF_CLASSES):
            meant = meant_variable(variable) or _nearest(key, version) or _nearest_knob(variable)
            if meant is None:
                strangers.append(variable)
            else:
                yield f"{variable}: Kafka {version} has no property {key}; did you mean {meant}?"
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
    """Return the variable of the property of *version* that was probably meant by *key*."""
    known = definitions()
    names = [name for name in known.names if known.at(name, version.numbers)]
    found = nearest(key, names, 0.85)
    return None if found is None else variable_of(found)


def _nearest_knob(variable: str) -> str | None:
    """Return the variable of this tool that *variable* is but for its prefix, mistyped or not."""
    own = KNOB_PREFIX + variable.removeprefix(PREFIX)
    return nearest(own, [knob.name for knob in VARIABLES], 0.9)


def _listener_advice(key: str, variable: str, listeners: Sequence[str]) -> Iterable[str]:
    """Yield warnings about *key*, which is for one listener, where it is for none of *listeners*."""
    rest = key.removeprefix(LISTENER_PREFIX)
    dashed = re.sub(r"\.scram\.sha\.(256|512)\.", r".scram-sha-\1.", rest)
    if rest.startswith(tuple(f"{name}." for name in listeners)):
        if dashed != rest:
            meant = f"{LISTENER_PREFIX}{dashed}"
            yield f"{variable} is for no mechanism: Kafka looks for {meant}; did you mean {variable_of(meant)}?"
        return
    for name in listeners:
        dotted = re.sub("[_-]", ".", name)
        if rest.startswith(f"{dotted}."):
            meant = f"{LISTENER_PREFIX}{name}{dashed[len(dotted) :]}"
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
