"""What the broker would refuse, or take for something else without a word: found before a JVM starts.

Sources: ``KafkaConfig.validateValues`` of 0.9 to 3.9, ``KafkaConfig`` of 0.8.2.
"""

from collections.abc import Callable, Mapping, Sequence

from kafkaboot.endpoint import PORT
from kafkaboot.given import VALUE_CHECKS, note_value
from kafkaboot.layers import Config, Draft, is_true
from kafkaboot.listeners import (
    Listener,
    broker_listener_problems,
    parse_advertised,
    parse_listeners,
    port_problems,
    protocol_problems,
)
from kafkaboot.settings import Settings
from kafkaboot.version import BROKER_ID_GENERATION, LISTENERS, Version
from zkboot.pod.environ import EnvReader

DEFAULT_RESERVED_IDS = 1000
"""``reserved.broker.max.id``: a higher id is the broker's own to choose, and it refuses one that was given."""


def note_problems(env: EnvReader, settings: Settings, version: Version, config: Config) -> None:
    """Note in *env* why a broker of *version* in ZooKeeper mode would refuse *config*, or misread it."""
    is_sound = note_value_problems(env, settings, config)
    if "controller.listener.names" in config.given and not config.is_migrating:
        told = told_of(settings, config, "controller.listener.names")
        env.problem(f"{told}: a broker in ZooKeeper mode has no controller listeners, and refuses to start with them")
    _note_reserved_id(env, version, config)
    if version >= LISTENERS and is_sound:
        note_listener_problems(env, settings, version, config)


def note_value_problems(env: EnvReader, settings: Settings, config: Config) -> bool:
    """Return whether each value of *config* is one that Kafka could read; where not, note why in *env*."""
    effective = config.effective
    is_sound = True
    for key in sorted(VALUE_CHECKS.keys() & effective.keys()):
        # What KAFKA_* gives has been told in the same words when it was read, and counts once.
        told = told_of(settings, config, key)
        is_sound = note_value(env, key, effective[key], told) and is_sound
    if "log.dir" in effective and "log.dirs" in effective:
        told = " and ".join(told_of(settings, config, key) for key in ("log.dir", "log.dirs"))
        env.problem(f"{told} are both set, and Kafka takes log.dirs alone without a word: set KAFKA_LOG_DIRS only")
    return is_sound


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


def _note_reserved_id(env: EnvReader, version: Version, config: Config) -> None:
    effective = config.effective
    broker_id = effective.get("broker.id", "")
    limit = effective.get("reserved.broker.max.id", str(DEFAULT_RESERVED_IDS))
    if version < BROKER_ID_GENERATION or not is_true(effective.get("broker.id.generation.enable", "true")):
        return
    if broker_id.strip().isdecimal() and limit.strip().isdecimal() and int(broker_id) > int(limit):
        env.problem(
            f"the broker id {broker_id} is above reserved.broker.max.id={limit}, so Kafka refuses it:"
            " lower KF_ID_OFFSET, or set KAFKA_BROKER_ID_GENERATION_ENABLE=false"
        )


def note_listener_problems(env: EnvReader, settings: Settings, version: Version, config: Config) -> None:
    """Note in *env* what is wrong with where a broker listens and what it publishes; every value is sound."""
    effective = config.effective
    bound = bound_listeners(effective.get)
    published = _published(effective, bound)
    told = told_of(settings, config, "listeners")
    for problem in (*port_problems(bound, version), *protocol_problems(bound, effective, version)):
        env.problem(f"{told} {problem}")
    names = {listener.key for listener in bound}
    strangers = [listener.name for listener in published if listener.key not in names]
    if strangers:
        told = told_of(settings, config, "advertised.listeners")
        env.problem(f"{told} names {', '.join(strangers)}, which listeners does not")
    for problem in broker_listener_problems(published, effective, version):
        env.problem(problem)


def told_of(settings: Settings, config: Config, key: str) -> str:
    """Return how a message speaks of *key*, its value and where it stands."""
    if key in config.given:
        return settings.given[key].told
    if key in config.generated:
        return f"{key}={config.generated[key]}"
    return f"{key}={config.base[key]!r} in {settings.base_file}" if key in config.base else key
