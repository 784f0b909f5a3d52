"""Broker properties as KAFKA_* gives them, and what the values that this tool reasons about may be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kafkaboot.values.connect import ConnectString
from kafkaboot.values.foreign import counterpart
from kafkaboot.values.keys import PREFIX, SCRIPT_VARIABLES, is_secret, property_of, variable_name
from kafkaboot.values.knobs import BROKER_ID, KAFKA_HOME, NODE_ID
from kafkaboot.values.listeners import check_advertised_host, parse_advertised, parse_listeners, parse_protocols
from kafkaboot.values.voters import parse_roles, parse_servers, parse_voters
from zkboot.pod.address import PORT
from zkboot.pod.environ import BLANKS, FILE_SUFFIX, EnvReader
from zkboot.pod.errors import Problems
from zkboot.pod.foreign import note_foreign


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One broker property that a KAFKA_* variable gives."""

    variable: str
    value: str
    is_secret: bool
    """Nobody may see the value: its name says so, or it came from a file."""
    is_from_file: bool = False
    """It may be another file's than was meant, so no message repeats it."""

    @property
    def told(self) -> str:
        """How a message speaks of the variable; what a secret or a file says stays unsaid."""
        if self.is_from_file:
            return f"{self.variable}{FILE_SUFFIX}"
        return self.variable if self.is_secret else f"{self.variable}={self.value!r}"


def parse_log_dirs(text: str) -> tuple[str, ...]:
    """Return the directories that ``log.dirs`` lists; raises ValueError with the reason."""
    if text != text.strip(BLANKS):
        raise ValueError("begins or ends in a blank, which Kafka takes for a part of the directory's name")
    directories = [entry.strip(BLANKS) for entry in text.split(",") if entry.strip(BLANKS)]
    for directory in directories:
        if not directory.startswith("/"):
            raise ValueError(f"has {directory!r}, which is not an absolute path")
    paths = tuple(directory.rstrip("/") or "/" for directory in directories)
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise ValueError(f"lists {', '.join(twice)} twice")
    if not paths:
        raise ValueError("lists no directory")
    return paths


VALUE_CHECKS: Mapping[str, Callable[[str], object]] = {
    "broker.id": BROKER_ID.parse,
    "node.id": NODE_ID.parse,
    "port": PORT.parse,
    "advertised.port": PORT.parse,
    "listeners": parse_listeners,
    "advertised.listeners": parse_advertised,
    "advertised.host.name": check_advertised_host,
    "listener.security.protocol.map": parse_protocols,
    "zookeeper.connect": ConnectString.parse,
    "log.dir": parse_log_dirs,
    "log.dirs": parse_log_dirs,
    "metadata.log.dir": parse_log_dirs,
    "process.roles": parse_roles,
    "controller.quorum.voters": parse_voters,
    "controller.quorum.bootstrap.servers": parse_servers,
}
"""The properties that this tool reasons about, each with what raises ValueError for a wrong value."""


def read_properties(env: EnvReader) -> tuple[dict[str, Given], tuple[str, ...]]:
    """Return the broker properties that KAFKA_* gives, and what to warn of; problems are noted in *env*."""
    given: dict[str, Given] = {}
    advice: list[str] = []
    names = env.names(PREFIX)
    foreign = {name: found for name in names if (found := counterpart(name)) is not None}
    advice += note_foreign(env, foreign)
    for name in sorted({variable_name(name) for name in names if name not in foreign}):
        if name in SCRIPT_VARIABLES:
            if name + FILE_SUFFIX in names and name != KAFKA_HOME.name:
                advice.append(f"{name}{FILE_SUFFIX} has no effect: Kafka's scripts read {name} themselves")
            continue
        value = env.text(name)
        try:
            key = property_of(name)
        except ValueError as error:
            env.problems.note(f"{name} {error}")
            continue
        if value is None:
            continue
        if key in given:
            env.problems.note(f"{given[key].variable} and {name} both make the property {key}: unset one")
            continue
        # What this tool reasons about, addresses and directories, is no secret wherever it came from.
        hidden = is_secret(key) or (name in env.from_file and key not in VALUE_CHECKS)
        given[key] = Given(variable=name, value=value, is_secret=hidden, is_from_file=name in env.from_file)
        note_value(env.problems, key, value, given[key].told, is_from_file=given[key].is_from_file)
    return given, tuple(advice)


def note_value(problems: Problems, key: str, value: str, told: str, *, is_from_file: bool = False) -> bool:
    """Return whether *value* may be the value of *key*; where not, note in *problems* why, with *told* in front.

    The reasons repeat pieces of the value, so that of a file, which may be the wrong one, is refused without.
    """
    check = VALUE_CHECKS.get(key)
    if check is None:
        return True
    try:
        check(value)
    except ValueError as error:
        for reason in (f"holds no value of {key}",) if is_from_file else error.args:
            problems.note(f"{told} {reason}")
        return False
    return True
