"""DER, the encoding of keys and certificates: values, each with a tag and a length (ITU-T X.690)."""

from collections.abc import Iterator
from dataclasses import dataclass

INTEGER, BIT_STRING, OCTETS, NULL, OBJECT, SEQUENCE = 0x02, 0x03, 0x04, 0x05, 0x06, 0x30

_CONSTRUCTED = 0xA0

_LONG = 0x80
"""From here on the first byte of a length says how many bytes of it follow."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value."""

    tag: int
    content: bytes
    encoded: bytes
    """All of it: tag, length and content."""

    def parts(self) -> "list[Value]":
        """Return the values that its content is made of; raises ValueError where it is made of none."""
        return list(values(self.content))


def context(number: int) -> int:
    """Return the tag of what a structure numbers by itself, and which holds other values."""
    return _CONSTRUCTED + number


def values(data: bytes) -> Iterator[Value]:
    """Yield the values in *data*, one behind the other; raises ValueError where it is cut off."""
    at = 0
    while at < len(data):
        value = _first(data[at:])
        yield value
        at += len(value.encoded)


def value(data: bytes, tag: int) -> Value:
    """Return the one value that *data* is; raises ValueError where it is none of *tag*, or more than one."""
    found = list(values(data))
    if [one.tag for one in found] != [tag]:
        raise ValueError("is damaged")
    return found[0]


def encode(tag: int, *contents: bytes) -> bytes:
    """Return a value of *tag* that holds *contents*."""
    content = b"".join(contents)
    length = len(content)
    if length < _LONG:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, _LONG | size)) + length.to_bytes(size) + content


def _first(data: bytes) -> Value:
    if len(data) < 2:
        raise ValueError("is damaged")
    start, length = 2, data[1]
    if length >= _LONG:
        start += length - _LONG
        length = int.from_bytes(data[2:start])
    end = start + length
    if len(data) < end:
        raise ValueError("is damaged")
    return Value(data[0], data[start:end], data[:end])
