"""Broker properties as KAFKA_* gives them."""

from dataclasses import dataclass

from kafkaboot.values.foreign import CONFLUENT_PREFIXES, counterpart
from kafkaboot.values.keys import (
    LOG_VARIABLES,
    MEANT_EMPTY,
    PREFIX,
    REPORTERS,
    SCRIPT_VARIABLES,
    has_secret,
    is_secret,
    meant_variable,
    property_of,
    variable_name,
    variable_of,
)
from kafkaboot.values.knobs import KAFKA_HOME
from kafkaboot.values.properties import CHECKED, Property, Value
from kafkaboot.values.templates import has_placeholder, has_places, place_problems
from zkboot.pod.environ import FILE_SUFFIX, EnvReader
from zkboot.pod.errors import Problems
from zkboot.pod.foreign import note_foreign


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One broker property that a KAFKA_* variable gives."""

    variable: str
    value: Value
    is_secret: bool
    """Nobody may see the value: its name says so, or it came from a file."""
    is_from_file: bool = False
    """It may be another file's than was meant, so no message repeats it."""

    @property
    def shown(self) -> str:
        """The variable as a message shows it; the value of a secret or a file is left out."""
        if self.is_from_file:
            return f"{self.variable}{FILE_SUFFIX}"
        return self.variable if self.is_secret else f"{self.variable}={self.value.text!r}"


PUBLISHED = frozenset({"advertised.listeners", "advertised.host.name", "advertised.port"})
"""The properties that may have places, which each pod fills."""

NAMES_OF_LISTENERS = ("controller.listener.names", "early.start.listeners", "inter.broker.listener.name")
"""Those that name listeners: no text of them is wrong by itself, and rules must know it."""

_MEANT_EMPTY = variable_of(MEANT_EMPTY).removeprefix(PREFIX)

LEFT_TO_KAFKA = PUBLISHED | {"zookeeper.connect"}
"""Those that a start does without where Kafka finds the value itself, by its ``config.providers``."""


def read_properties(env: EnvReader) -> tuple[dict[str, Given], tuple[str, ...]]:
    """Return the broker properties that KAFKA_* gives, and what to warn of; problems are noted in *env*."""
    given: dict[str, Given] = {}
    advice: list[str] = []
    names = env.names(PREFIX)
    meant_empty = {name for name in env.empty_names(PREFIX) if _is_meant_empty(name)}
    others = [name for prefix in CONFLUENT_PREFIXES for name in env.names(prefix)]
    foreign = {
        name: found for name in (*names, *meant_empty, *others) if (found := counterpart(name, env.raw)) is not None
    }
    advice += note_foreign(env, foreign)
    for name in sorted({variable_name(name) for name in {*names, *meant_empty} - foreign.keys()} - LOG_VARIABLES):
        if name in SCRIPT_VARIABLES:
            if name + FILE_SUFFIX in names and name != KAFKA_HOME.name:
                advice.append(f"{name}{FILE_SUFFIX} has no effect: Kafka's scripts read {name} themselves")
            continue
        text = env.text(name, keeps_lines=True)
        try:
            key = property_of(name)
        except ValueError as error:
            env.problems.note(f"{name} {error}")
            continue
        if text is None and name not in meant_empty:
            continue
        if key in given:
            env.problems.note(f"{given[key].variable} and {name} both make the property {key}: unset one")
            continue
        # What this tool reasons about, addresses and directories, is no secret wherever it came from.
        hidden = is_secret(key) or (key not in CHECKED and (name in env.from_file or has_secret(text or "")))
        # A JVM's options may hold whatever a process may know.
        hidden = hidden or meant_variable(name) in SCRIPT_VARIABLES
        value = Value(text or "")
        given[key] = Given(variable=name, value=value, is_secret=hidden, is_from_file=name in env.from_file)
        _note_given(env.problems, key, given[key])
    return given, tuple(advice)


def _is_meant_empty(name: str) -> bool:
    return name.endswith(_MEANT_EMPTY) or name == variable_of(REPORTERS)


def _note_given(problems: Problems, key: str, given: Given) -> None:
    text = given.value.text
    if key in PUBLISHED and has_places(text):
        for problem in place_problems(text):
            # The reasons repeat pieces of the value.
            hidden = "has a place that is none of {pod}, {ordinal} and {<number>+ordinal}"
            problems.note(f"{given.shown} {hidden if given.is_from_file else problem}")
    # Whether Kafka finds such a value itself, the base file may say, too.
    elif key not in LEFT_TO_KAFKA or not has_placeholder(text):
        note_value(problems, key, given.value, given.shown, is_from_file=given.is_from_file)


def note_value(problems: Problems, key: str, value: Value, subject: str, *, is_from_file: bool = False) -> bool:
    """Return whether *value* may be the value of *key*; where not, note in *problems* why, with *subject* in front.

    The reasons repeat pieces of the value, so that of a file, which may be the wrong one, is refused without.
    """
    kind = CHECKED.get(key)
    if kind is None and key not in NAMES_OF_LISTENERS:
        return True
    if has_placeholder(value.text):
        problems.note(
            f"{subject} has a place that Kafka fills only where KAFKA_CONFIG_PROVIDERS is set"
            if key in LEFT_TO_KAFKA
            else f"{subject} has a place that only Kafka can fill, but this tool must know {key}: write the"
            f" value itself, with $(NAME) for a variable of the pod, or its file by {variable_of(key)}{FILE_SUFFIX}"
        )
        return False
    if kind is None:
        return True
    try:
        value.read(kind)
    except ValueError as error:
        for reason in (_reason_of_file(kind, value.text),) if is_from_file else error.args:
            problems.note(f"{subject} {reason}")
        return False
    return True


def _reason_of_file(kind: Property[object], text: str) -> str:
    """Return that *text*, a file's, is no value of *kind*, and which entries of a list are not."""
    wrong: list[str] = []
    entries = text.split(",")
    for number, entry in enumerate(entries, start=1):
        try:
            kind.parse(entry)
        except ValueError:
            wrong.append(str(number))
    subject = f"holds no value of {kind.key}, which is {kind.form}"
    return (
        f"{subject}: of its {len(entries)} entries, {', '.join(wrong)} cannot be read"
        if len(entries) > 1 and wrong
        else subject
    )
