"""Fields of a settings class, each with its variable."""

from dataclasses import dataclass

from zkboot.pod.environ import EnvReader
from zkboot.pod.fields import declared, optional, own_keys, owners, read_fields, setting, variables_of
from zkboot.pod.variables import Boolean, Number, Text

FIRST = Text("A_FIRST", None, "read elsewhere", group="one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Three variables and something else."""

    limit: int = setting(Number("A_LIMIT", 10, "a limit", group="two"), key="theLimit")
    is_open: bool = setting(Boolean("A_OPEN", default=False, meaning="whether it is open", group="one"), key="open")
    name: str | None = optional(Text("A_NAME", None, "a name", group="two"), key="name", is_shown=True)
    other: int


def made(**environ: str) -> Settings:
    """Return the settings that *environ* makes."""
    return Settings(**read_fields(Settings, EnvReader(environ)), other=7)


def test_each_field_is_read_from_its_variable() -> None:
    """Or has its default."""
    assert made(A_LIMIT="3", A_OPEN="TRUE") == Settings(limit=3, is_open=True, name=None, other=7)


def test_keys_follow_from_the_fields() -> None:
    """As an operator would type them, in the order of the fields, and none that is unset."""
    assert owners(Settings) == {"theLimit": "A_LIMIT", "open": "A_OPEN", "name": "A_NAME"}
    assert list(own_keys(made(A_OPEN="true")).items()) == [("theLimit", "10"), ("open", "true")]


def test_variables_come_group_by_group() -> None:
    """Those that are read elsewhere at the ends of their groups."""
    last = Text("A_LAST", None, "read elsewhere", group="one")

    names = [variable.name for variable in variables_of(Settings, ("one", "two"), (FIRST,), (last,))]

    assert names == ["A_FIRST", "A_OPEN", "A_LAST", "A_LIMIT", "A_NAME"]


def test_what_becomes_a_key_is_shown() -> None:
    """And what says so."""
    assert [one.is_shown for one in declared(made()).values()] == [True, True, True]
    assert not declared(Unshown)["limit"].is_shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Unshown:
    """A variable that nobody is told."""

    limit: int = setting(Number("A_LIMIT", 10, "a limit"))
