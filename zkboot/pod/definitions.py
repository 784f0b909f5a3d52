"""What the servers define of their keys and properties, version by version: names, types, what they take, defaults.

The text is made from the servers' own jars. Its first line lists the versions that were read. Each further one is a
name, its type, its check, its default, and the first and the last version in which that holds, parted by tabs; a name
that stands empty is that of the line above. A check is intervals (``1..9``, ``-1..-1,1..``), words (``{a,b}``, in any
case ``{i:a,b}``), ``+`` for what may not be empty, or empty.
"""

import re
from collections.abc import KeysView, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

Numbers = tuple[int, ...]
"""A version, ``(3, 9, 2)``."""

FILE_NAME = "definitions.tsv"
"""What a package calls the file with the definitions of its servers."""

PASSWORD = "password"  # noqa: S105 - a type
"""The type of what nobody may see."""

_INTEGERS: Mapping[str, int] = {"short": 2**15, "int": 2**31, "long": 2**63}
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?|[+-]?(NaN|Infinity)", re.ASCII)
_COMMA = re.compile(r"\s*,\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a range of versions defines of one key."""

    name: str
    type: str
    """``boolean``, ``int``, ``long``, ``short``, ``double``, ``list``, ``class``, ``password`` or ``string``."""
    check: str
    default: str
    """Empty where there is none."""
    first: Numbers
    last: Numbers

    @property
    def allowed(self) -> str:
        """What a value must be, for a message; empty where it may be anything."""
        check = self.check
        if self.type == "boolean":
            return "true or false"
        if check == "+":
            return "a text of at least one letter"
        if check.startswith("{"):
            words = ", ".join(self._words)
            return f"a list of {words}" if self.type == "list" else f"one of {words}"
        if self.type in _INTEGERS:
            limit = _INTEGERS[self.type]
            parts = [part.split("..") for part in (check or "..").split(",")]
            return " or ".join(
                low if low and low == high else f"an integer in {low or -limit}..{high or limit - 1}"
                for low, high in parts
            )
        if self.type == "double":
            low, _, high = check.partition("..")
            return (
                f"a number in {low}..{high}" if low and high else f"a number of at least {low}" if low else "a number"
            )
        return ""

    def takes(self, value: str) -> bool:
        """Return whether a server takes *value*, as far as the definition says."""
        value = value.strip("".join(map(chr, range(33))))
        if self.type == "boolean":
            return value.lower() in ("true", "false")
        if self.type in _INTEGERS:
            limit, number = _INTEGERS[self.type], _integer(value)
            return number is not None and -limit <= number < limit and self._is_within(number)
        if self.type == "double":
            return bool(_FLOAT.fullmatch(value)) and self._is_within(float(value.rstrip("fFdD")))
        if self.check == "+":
            return value != ""
        if not self.check:
            return True
        is_any_case = self.check.startswith("{i:")
        words = [word.lower() for word in self._words] if is_any_case else self._words
        entries = (_COMMA.split(value) if value else []) if self.type == "list" else [value]
        return all((entry.lower() if is_any_case else entry) in words for entry in entries)

    @property
    def _words(self) -> Sequence[str]:
        return self.check[1:-1].removeprefix("i:").split(",")

    def _is_within(self, number: float) -> bool:
        if not self.check:
            return True
        # Nothing is below or above what is no number, and Java compares in the same way.
        return any(
            not (low and number < float(low)) and not (high and number > float(high))
            for low, _, high in (part.partition("..") for part in self.check.split(","))
        )


class Definitions:
    """The definitions of one product, in every version that was read."""

    def __init__(self, text: str) -> None:
        heading, *lines = text.splitlines()
        self._by_text = {version: _numbers(version) for version in heading.split("\t")}
        self.versions: Sequence[Numbers] = tuple(self._by_text.values())
        """Those that were read, oldest first."""
        self._rows: dict[str, list[str]] = {}
        name = ""
        for line in lines:
            own, _, row = line.partition("\t")
            if own:
                name, self._rows[own] = own, []
            self._rows[name].append(row)

    @classmethod
    def of_package(cls, package: str) -> Self:
        """Return the definitions that lie in *package*, in the file ``FILE_NAME``."""
        import pkgutil

        return cls((pkgutil.get_data(package, FILE_NAME) or b"").decode())

    @property
    def names(self) -> KeysView[str]:
        """Every name of any version."""
        return self._rows.keys()

    def all(self, name: str) -> Sequence[Definition]:
        """Return what the versions define of *name*, oldest first; nothing where none has it."""
        return [self._definition(name, row) for row in self._rows.get(name, ())]

    def at(self, name: str, version: Numbers) -> Sequence[Definition]:
        """Return what *version* may define of *name*: what it defines, or what its neighbours do where it was not read.

        Nothing where it has no such name.
        """
        near = self._near(version)
        return [row for row in self.all(name) if any(row.first <= one <= row.last for one in near)]

    def default(self, name: str, version: Numbers) -> str:
        """Return what *version* takes for *name* by itself; empty where that is nothing, or its neighbours differ."""
        rows = self.all(name)
        found = {next((row.default for row in rows if row.first <= one <= row.last), "") for one in self._near(version)}
        return found.pop() if len(found) == 1 else ""

    def is_between(self, version: Numbers) -> bool:
        """Return whether *version* is one that was read, of the release line of one, or between two of them."""
        return self.versions[0] <= version < self.versions[-1] or _line(version) == _line(self.versions[-1])

    def _near(self, version: Numbers) -> Sequence[Numbers]:
        """Return *version* if it was read, else those next to it: of its own release line, where there are any."""
        if version in self.versions:
            return [version]
        below = [known for known in self.versions if known < version][-1:]
        above = [known for known in self.versions if known > version][:1]
        return [known for known in (*below, *above) if _line(known) == _line(version)] or [*below, *above]

    def _definition(self, name: str, row: str) -> Definition:
        kind, check, default, first, last = row.split("\t")
        return Definition(name, kind, check, default, self._by_text[first], self._by_text[last])


def _integer(text: str) -> int | None:
    """Return the number that *text* is to Java; None where it is none, or more than a long has."""
    digits = text.lstrip("+-").lstrip("0") or "0"
    if not _INTEGER.fullmatch(text) or len(digits) > 19:
        return None
    return -int(digits) if text[0] == "-" else int(digits)


def _numbers(version: str) -> Numbers:
    return tuple(int(number) for number in version.split("."))


def _line(version: Numbers) -> Numbers:
    """Return the release line of *version*: two numbers, and three before 1.0."""
    return version[: 2 if version >= (1,) else 3]
