"""The fields of a settings class, each with the variable that it is read from: a variable is declared once.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        tick_time_ms: int = setting(Number("ZK_TICK_TIME", 2000, "one tick, in milliseconds"), key="tickTime")

What is read, what help pages and tables list, and which key of the server's file it becomes follow from the field.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, cast

from zkboot.pod.environ import EnvReader
from zkboot.pod.variables import Variable

T = TypeVar("T")

_DECLARED = "declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one field says of its variable."""

    variable: Variable[Any]
    key: str
    """The key of the server's file that it becomes; empty where there is none."""
    is_shown: bool
    """Whether a start says its value."""


def setting(variable: Variable[T], *, key: str = "", is_shown: bool = False) -> T:
    """Return a field that is read from *variable*; where that is unset and has no default, the class says its value."""
    return cast("T", _field(variable, key, is_shown=is_shown))


def optional(variable: Variable[T], *, key: str = "", is_shown: bool = False) -> T | None:
    """Return a field that is read from *variable*, and None where it is unset."""
    return cast("T", _field(variable, key, is_shown=is_shown))


def declared(settings: type | object) -> Mapping[str, Declared]:
    """Return what each field of *settings*, a class or one of its objects, that has a variable says of it, in order."""
    found = {one.name: one.metadata.get(_DECLARED) for one in fields(cast("Any", settings))}
    return {name: one for name, one in found.items() if one is not None}


def read_fields(settings: type, env: EnvReader) -> dict[str, Any]:
    """Return the value of each field of *settings* that has a variable; what is wrong is noted in *env*."""
    return {name: env.get(one.variable) for name, one in declared(settings).items()}


def owners(settings: type) -> dict[str, str]:
    """Return which variable each key of the server's file is set by, for those that a field of *settings* becomes."""
    return {one.key: one.variable.name for one in declared(settings).values() if one.key}


def own_keys(settings: object) -> dict[str, str]:
    """Return the keys of the server's file, with their values, that the fields of *settings* become, in order."""
    found = {one.key: (one.variable, getattr(settings, name)) for name, one in declared(settings).items() if one.key}
    return {key: variable.show(value) for key, (variable, value) in found.items() if value is not None}


def variables_of(
    settings: type, groups: Sequence[str], before: Iterable[Variable[Any]], behind: Iterable[Variable[Any]] = ()
) -> tuple[Variable[Any], ...]:
    """Return the variables of *settings*, group by group in the order of *groups*, each where its class has it.

    Those *before* and *behind*, which are read elsewhere, stand at either end of their groups.
    """
    listed = (*before, *(one.variable for one in declared(settings).values()), *behind)
    return tuple(sorted(listed, key=lambda variable: groups.index(variable.group)))


def _field(variable: Variable[Any], key: str, *, is_shown: bool) -> object:
    return field(metadata={_DECLARED: Declared(variable=variable, key=key, is_shown=is_shown or bool(key))})
