"""Environment variables: the name, the default and the meaning of each, and the forms that a value may have.

Plain classes and built-in modules only: the probes declare their few variables with these.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, TypeVar

    T = TypeVar("T")

    class _Of(Generic[T]):
        pass

else:

    class _Of:
        """Stands in for ``typing.Generic``, whose import would cost a probe more than its work."""

        def __class_getitem__(cls, _item: object) -> type:
            return cls

    T = None


INT32_MAX = 2**31 - 1
"""The largest Java ``int``."""

BLANKS = " \t\f"
"""What java.util.Properties takes for white space inside a line."""

PATH_LIMIT = 4095
"""Bytes of the longest path: PATH_MAX of Linux, less the zero at its end."""

WHO, PORTS, TIMING, FILES, PROBES = "Who this pod is", "Ports", "Timing", "Files", "Probes"
TLS, LOGINS = "TLS", "Logins"
"""Groups that the variables of both tools have."""


class Variable(_Of[T]):
    """One environment variable: its name, default and meaning; subclasses know its form.

    *group* is the heading that help pages and tables list it under, empty where none does; *default_text* is what they
    show; *secret* keeps the value out of every message; *reads_file* says whether ``<NAME>_FILE`` may stand for it.
    """

    __slots__ = ("default", "default_text", "group", "meaning", "name", "reads_file", "secret")

    allowed = "text"
    """The values that are accepted, in words for tables and help pages."""

    keeps_lines = False
    """Whether the text of a file may have several lines."""

    repeats = False
    """Whether the reasons of ``parse`` repeat pieces of the text: those of a file, perhaps the wrong one, do not."""

    def __init__(
        self,
        name: str,
        default: "T | None",
        meaning: str,
        *,
        group: str = "",
        default_text: str | None = None,
        secret: bool = False,
        reads_file: bool = True,
    ) -> None:
        self.name = name
        self.default = default
        self.meaning = meaning
        self.group = group
        self.default_text = default_text if default_text is not None else self.show(default)
        self.secret = secret
        self.reads_file = reads_file

    def parse(self, text: str) -> "T":
        """Return the value that *text* stands for; raises ValueError with one argument for each reason, "is not …"."""
        raise NotImplementedError

    def show(self, value: "T | None") -> str:
        """Return *value* as an operator would type it."""
        return "none" if value is None else str(value)


class Text(Variable[str]):
    """Any text on one line."""

    __slots__ = ()

    def parse(self, text: str) -> str:
        return text


class Path(Variable[str]):
    """An absolute path: the generator and the server seldom share a working directory."""

    __slots__ = ()
    allowed = "an absolute path"

    def parse(self, text: str) -> str:
        if not text.startswith("/"):
            raise ValueError("is not an absolute path")
        if not is_trimmed(text):
            raise ValueError("ends in a blank or a control character, which a Java server would cut off")
        path = text.rstrip("/")
        if not path:
            raise ValueError("is the root directory, where nothing of a server belongs")
        if len(path.encode("utf-8", "surrogateescape")) > PATH_LIMIT:
            raise ValueError(f"is longer than the {PATH_LIMIT} bytes of a path")
        return path


class Number(Variable[int]):
    """A decimal integer in *low*..*high*."""

    __slots__ = ("allowed", "high", "low")

    def __init__(
        self,
        name: str,
        default: "int | None",
        meaning: str,
        *,
        group: str = "",
        low: int = 0,
        high: int = INT32_MAX,
        default_text: str | None = None,
    ) -> None:
        super().__init__(name, default, meaning, group=group, default_text=default_text)
        self.low = low
        self.high = high
        self.allowed = f"an integer in {low}..{high}"

    def parse(self, text: str) -> int:
        digits = text.strip(BLANKS)
        # Ten digits hold every int32; int() itself would also take "1_000", "٣" and numbers of any length.
        if not digits.isascii() or not digits.isdigit() or len(digits) > 10 or not self.low <= int(digits) <= self.high:
            raise ValueError(f"is not {self.allowed}")
        return int(digits)


class Seconds(Variable[float]):
    """A duration in seconds, decimals allowed, in *low*..*high*."""

    __slots__ = ("allowed", "high", "low")

    def __init__(
        self, name: str, default: float, meaning: str, *, group: str = "", low: float = 0, high: float = 3600
    ) -> None:
        super().__init__(name, default, meaning, group=group)
        self.low = low
        self.high = high
        self.allowed = f"seconds in {low:g}..{high:g}"

    def parse(self, text: str) -> float:
        whole, _, fraction = text.strip(BLANKS).partition(".")
        digits = whole + fraction
        if not digits.isascii() or not digits.isdigit() or len(digits) > 16:
            raise ValueError(f"is not {self.allowed}")
        seconds = float(text)
        if not self.low <= seconds <= self.high:
            raise ValueError(f"is not {self.allowed}")
        return seconds

    def show(self, value: "float | None") -> str:
        return "none" if value is None else f"{value:g}"


class Boolean(Variable[bool]):
    """``true`` or ``false``, in any case; a typing mistake is an error, not a silent false."""

    __slots__ = ()
    allowed = "true or false"

    def parse(self, text: str) -> bool:
        if text.lower() not in ("true", "false"):
            raise ValueError("is not true or false")
        return text.lower() == "true"

    def show(self, value: "bool | None") -> str:
        return "none" if value is None else str(value).lower()


class Choice(Variable[str]):
    """One word of a list; the case as typed does not matter, the list's spelling is returned."""

    __slots__ = ("allowed", "words")

    def __init__(
        self,
        name: str,
        default: "str | None",
        meaning: str,
        *,
        words: tuple[str, ...],
        group: str = "",
        default_text: str | None = None,
    ) -> None:
        super().__init__(name, default, meaning, group=group, default_text=default_text)
        self.words = words
        self.allowed = "one of " + ", ".join(words)

    def parse(self, text: str) -> str:
        for word in self.words:
            if word.lower() == text.lower():
                return word
        raise ValueError(f"is not {self.allowed}")


def is_trimmed(text: str) -> bool:
    """Return whether Java's ``String.trim`` leaves *text* as it is: all up to U+0020 is white space to it."""
    return text[:1] > " " and text[-1:] > " "
