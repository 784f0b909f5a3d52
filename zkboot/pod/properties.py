r"""Java's ``.properties`` text: parse and render, line by line, so that comments and order can survive an edit.

Facts (java.util.Properties, ``load(InputStream)``):

- The file is ISO-8859-1; every other character is written ``\uXXXX``, those beyond the first plane as two surrogates.
- A line ends at LF, CR or CR LF. A line that ends in an odd number of backslashes continues on the next, whose leading
  white space is dropped. A comment line (first character ``#`` or ``!``) never continues.
- The key ends at the first unescaped ``=``, ``:`` or white space; one ``=`` or ``:`` and white space around it are cut.
- Unescaped leading white space of a value is cut, trailing white space is kept (though ZooKeeper trims it).
- A key that stands twice: the last one wins.
"""

from dataclasses import dataclass
from typing import Self

from zkboot.pod.variables import BLANKS

ENCODING = "iso-8859-1"
"""What java.util.Properties reads."""

_LETTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f"}


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line: an entry, a comment or a blank line, with the exact text it was read from."""

    text: str
    """The line as it stands in the file, with its line ends; several natural lines where it continues."""
    key: str | None = None
    """The key, unescaped; None for a comment or a blank line."""
    value: str = ""
    """The value, unescaped."""

    @classmethod
    def entry(cls, key: str, value: str) -> Self:
        """Return the line that gives *key* its *value*."""
        return cls(f"{escape_key(key)}={escape_value(value)}\n", key, value)


def parse_lines(text: str) -> list[Line]:
    r"""Return the logical lines of *text*; their texts joined are *text* again.

    Raises ValueError for a malformed ``\uXXXX``, as Java does, with the number of the line.
    """
    lines: list[Line] = []
    natural = natural_lines(text)
    at = 0
    while at < len(natural):
        start = at
        body = natural[at].rstrip("\r\n")
        at += 1
        content = body.lstrip(BLANKS)
        # A lone backslash continues nothing: java.util.Properties starts afresh after it, comments included.
        if not content or content[0] in "#!" or (content == "\\" and at < len(natural)):
            lines.append(Line(natural[start]))
            continue
        # An even number of backslashes stays of each piece, so that the last piece alone says whether it continues.
        pieces = [content]
        while _continues(pieces[-1]):
            pieces[-1] = pieces[-1][:-1]
            if at == len(natural):
                break
            pieces.append(natural[at].rstrip("\r\n").lstrip(BLANKS))
            at += 1
        try:
            key, value = _split("".join(pieces))
        except ValueError as error:
            raise ValueError(f"line {start + 1}: {error}") from None
        lines.append(Line("".join(natural[start:at]), key, value))
    return lines


def parse(text: str) -> dict[str, str]:
    """Return the keys and values of *text* as Java would load them; raises ValueError as ``parse_lines``."""
    return {line.key: line.value for line in parse_lines(text) if line.key is not None}


def render(entries: dict[str, str]) -> str:
    """Return the text that ``parse`` reads back as *entries*."""
    return "".join(Line.entry(key, value).text for key, value in entries.items())


def escape_key(key: str) -> str:
    """Return *key* as it must stand before the ``=``."""
    escaped = "".join("\\" + letter if letter in " =:" else _escape(letter) for letter in key)
    return "\\" + escaped if escaped[:1] in ("#", "!") else escaped


def escape_value(value: str) -> str:
    """Return *value* as it must stand after the ``=``: as plain as possible, since people grep these files."""
    escaped = "".join(_escape(letter) for letter in value)
    return "\\" + escaped if escaped[:1] == " " else escaped


def _escape(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if " " <= letter <= "~":
        return letter
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def natural_lines(text: str) -> list[str]:
    """Split *text* after each CR LF, CR or LF; ``str.splitlines`` would split at eight other characters as well."""
    lines: list[str] = []
    start = at = 0
    while at < len(text):
        if text[at] in "\r\n":
            at += 2 if text.startswith("\r\n", at) else 1
            lines.append(text[start:at])
            start = at
        else:
            at += 1
    if start < len(text):
        lines.append(text[start:])
    return lines


def _continues(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _split(line: str) -> tuple[str, str]:
    """Split a logical line into its unescaped key and value."""
    at = 0
    while at < len(line) and line[at] not in "=:" + BLANKS:
        at += 2 if line[at] == "\\" else 1
    value = line[at:].lstrip(BLANKS)
    if value[:1] in ("=", ":"):
        value = value[1:].lstrip(BLANKS)
    return _unescape(line[:at]), _unescape(value)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    letters: list[str] = []
    at = 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter != "\\":
            letters.append(letter)
            continue
        letter = text[at]
        at += 1
        if letter == "u":
            digits = text[at : at + 4]
            if len(digits) != 4 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                # What stands there is not repeated: it may be a piece of a secret.
                raise ValueError("malformed \\uXXXX")
            letters.append(chr(int(digits, 16)))
            at += 4
        else:
            letters.append(_LETTERS.get(letter, letter))
    joined = "".join(letters)
    # Two surrogates that Java keeps as one character are one character in Python, too.
    return joined.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
