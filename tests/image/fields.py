"""A mapping of a manifest, of which every field must be taken: what nobody asked for is an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Document = dict[str, Any]

_Value = TypeVar("_Value", str, int, bool)
_Default = TypeVar("_Default")


class UnsupportedError(Exception):
    """The manifest says something that the stand-in does not do."""


class Fields:
    """A mapping of which every field must be taken, and every field of the mappings in it.

    Values are taken by their type, mappings as further `Fields`. A mapping is taken whole only where any key may be in
    it (`strings`) and where nothing is made of it (`leave`).
    """

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise UnsupportedError(f"{where} is no mapping")
        self.where = where
        """Its path in the manifest, for messages."""
        self._left: Document = dict(value)
        self._inner: list[Fields] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def need(self, name: str, kind: type[_Value]) -> _Value:
        """Return a value that must be there."""
        value: _Value = self._pop(name)
        if type(value) is not kind:
            raise UnsupportedError(f"{self.where}.{name} is {value!r}")
        return value

    def take(self, name: str, kind: type[_Value], *, default: _Default) -> _Value | _Default:
        """Return a value, or the default."""
        return self.need(name, kind) if name in self else default

    def name_or_number(self, name: str) -> str | int:
        """Return a value that must be there and may be either."""
        value: str | int = self._pop(name)
        if type(value) not in (str, int):
            raise UnsupportedError(f"{self.where}.{name} is {value!r}")
        return value

    def choose(self, name: str, *values: str) -> str:
        """Return one of *values*, the first where the manifest says nothing."""
        value = self.take(name, str, default=values[0])
        if value not in values:
            raise UnsupportedError(f"{self.where}.{name} is {value!r}")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; none where it is not there."""
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            raise UnsupportedError(f"{self.where}.{name} is {values}")
        return tuple(values)

    def strings(self, name: str) -> dict[str, str]:
        """Return a mapping of texts under any keys, which must be there."""
        values = self._pop(name)
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise UnsupportedError(f"{self.where}.{name} is {values}")
        return dict(values)

    def section(self, name: str) -> "Fields":
        """Return a mapping that must be there."""
        return self._within(self._pop(name), name)

    def within(self, name: str) -> "Fields":
        """Return a mapping; an empty one where it is not there."""
        return self._within(self._left.pop(name, {}), name)

    def each(self, name: str) -> list["Fields"]:
        """Return a list's mappings; none where it is not there."""
        return [self._within(value, f"{name}[{number}]") for number, value in enumerate(self._list(name))]

    def leave(self, *names: str) -> None:
        """Pass over fields that are of no consequence here, with all that is in them."""
        for name in names:
            self._left.pop(name, None)

    def end(self) -> None:
        """Raise UnsupportedError where a field was not taken, here or in any mapping within."""
        if left := list(self._untaken()):
            raise UnsupportedError(", ".join(left))

    def _pop(self, name: str) -> Any:
        if name not in self._left:
            others = f", with {', '.join(map(str, self._left))}" if self._left else ""
            raise UnsupportedError(f"{self.where} without {name}{others}")
        return self._left.pop(name)

    def _list(self, name: str) -> list[Any]:
        values = self._left.pop(name, [])
        if not isinstance(values, list):
            raise UnsupportedError(f"{self.where}.{name} is no list")
        return values

    def _within(self, value: Any, name: str) -> "Fields":
        inner = Fields(value, f"{self.where}.{name}")
        self._inner.append(inner)
        return inner

    def _untaken(self) -> Iterator[str]:
        yield from (f"{self.where}.{name}" for name in self._left)
        for inner in self._inner:
            yield from inner._untaken()


@contextmanager
def reading(document: Any, where: str) -> Iterator[Fields]:
    """Have the fields of *document*, all of which must be taken before the context ends."""
    fields = Fields(document, where)
    yield fields
    fields.end()
