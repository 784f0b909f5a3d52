"""Typed reads of an environment mapping: defaults, ``<NAME>_FILE``, Kubernetes' service links, every problem at once.

Facts this module rests on:

- Kubernetes gives each container variables for every Service of its namespace. A Service named ``zk-client`` makes
  ``ZK_CLIENT_PORT=tcp://10.0.0.1:2181``, ``ZK_CLIENT_SERVICE_HOST`` and so on: names that this tool, or Kafka, may own.
- ``<NAME>_FILE`` is the convention of the official postgres and mysql images for values that are secret.
- A newline in a value would add a line, and so a key, to the file the value is written to.

Plain classes and built-in modules only: the probes read their few variables through here.
"""

import posix
from itertools import pairwise

from zkboot.pod.errors import Problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    from zkboot.pod.variables import Variable

    T = TypeVar("T")

FILE_SUFFIX = "_FILE"
FILE_LIMIT = 65536
"""Bytes that the file of a ``<NAME>_FILE`` may hold: far more than any setting, far less than a mistake."""

READ_ONLY = posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC | posix.O_NOCTTY
"""How a file is opened that may turn out to be a FIFO or a terminal."""

_LINK_SCHEMES = ("tcp://", "udp://", "sctp://")


class EnvReader:
    """Reads variables out of *environ*, noting every problem instead of stopping at the first.

    An empty variable counts as unset. After the last read, ``problems.check()`` raises once for all. The names in
    ``service_links`` were met, and ignored, on the way.
    """

    __slots__ = ("_empty", "_environ", "from_file", "problems", "service_links")

    def __init__(self, environ: "Mapping[str, str]") -> None:
        self._environ = environ
        self._empty: set[str] = set()
        self.problems = Problems()
        """Where it notes what is wrong with the variables that it reads."""
        self.service_links: list[str] = []
        """Variables that were asked for and turned out to be Kubernetes' service links."""
        self.from_file: set[str] = set()
        """Names whose value came from their ``<NAME>_FILE``: secrets, as far as this tool can know."""

    def get(self, variable: "Variable[T]") -> "T | None":
        """Return the value of *variable*, its default where it is unset or wrong (each problem is noted)."""
        name = variable.name
        text = self.text(name, keeps_lines=variable.keeps_lines) if variable.reads_file else self._plain(name, name)
        if text is None:
            return variable.default
        try:
            return variable.parse(text)
        except ValueError as reason:
            subject = self.shown(name, text, secret=variable.secret)
            is_hidden = variable.repeats and name in self.from_file
            for each in (f"is not {variable.allowed}".replace("`", ""),) if is_hidden else reason.args:
                self.problems.note(f"{subject} {each}", name)
            return variable.default

    def read(self, variable: "Variable[T]") -> "T":
        """Return the value of *variable*, which has a default."""
        value = self.get(variable)
        if value is None:
            raise TypeError(f"{variable.name} has no default: use get()")
        return value

    def is_set(self, variable: "Variable[T]") -> bool:
        """Return whether the operator gave *variable* a value, right or wrong; that of an empty file is none."""
        name = variable.name
        if self._given(name + FILE_SUFFIX) and variable.reads_file:
            self.text(name)
            return name not in self._empty
        return self._given(name) and not is_service_link(name, self._environ[name])

    def text(self, name: str, *, keeps_lines: bool = False) -> str | None:
        """Return the text of *name* or of the file that ``<name>_FILE`` names; None where unset or unusable.

        Only where *keeps_lines* says so may the text of a file have several lines.
        """
        file_name = name + FILE_SUFFIX
        plain = self._plain(name, name, keeps_lines=keeps_lines)
        if not self._given(file_name):
            return plain
        if plain is not None:
            self.problems.note(f"{name} and {file_name} are both set: unset one", name)
            return None
        path = self._plain(file_name, name)
        if path is None:
            return None
        self.from_file.add(name)
        try:
            text = read_value_file(path)
            if not text:
                self._empty.add(name)
            return self._checked(file_name, text, name, text.replace("\n", "") if keeps_lines else text)
        except ValueError as reason:
            self.problems.note(f"{file_name}={path!r}: {reason}", name)
            return None

    def names(self, prefix: str) -> list[str]:
        """Return the names, sorted, of all variables with *prefix* that have a value and are no service links."""
        environ = self._environ
        return sorted(n for n in environ if n.startswith(prefix) and environ[n] and not is_service_link(n, environ[n]))

    def empty_names(self, prefix: str) -> list[str]:
        """Return the names, sorted, of all variables with *prefix* that are set, and empty."""
        return sorted(name for name, text in self._environ.items() if name.startswith(prefix) and not text)

    def raw(self, name: str) -> str:
        """Return the text of the variable *name* as it is, which is not read for itself; empty where it is unset."""
        return self._environ.get(name, "")

    def shown(self, name: str, text: str, *, secret: bool = False) -> str:
        """Return *name* and its value as a message shows them; a secret's value is left out."""
        if name in self.from_file:
            return f"{name}{FILE_SUFFIX}: its text"
        return f"{name}: its value" if secret else f"{name}={text!r}"

    def _given(self, name: str) -> bool:
        return bool(self._environ.get(name))

    def _plain(self, name: str, variable: str, *, keeps_lines: bool = False) -> str | None:
        """Return the text of *name*, which is *variable* or names its file.

        *keeps_lines* says that the file's text might have several lines, where this one has.
        """
        if not self._given(name):
            return None
        text = self._environ[name]
        if is_service_link(name, text):
            if name not in self.service_links:
                self.service_links.append(name)
            return None
        if keeps_lines and "\n" in text:
            self.problems.note(
                f"{name} contains a newline, which only the text of a file may hold: put it into a file, named by"
                f" {name}{FILE_SUFFIX}",
                variable,
            )
            return None
        return self._checked(name, text, variable)

    def _checked(self, name: str, text: str, variable: str, looked_at: str | None = None) -> str | None:
        """Return *text*, which stands in *name*; None, and a problem, where there is a fault in what is *looked_at*."""
        fault = fault_of(text if looked_at is None else looked_at)
        if fault is not None:
            self.problems.note(f"{name} {fault}", variable)
            return None
        return text or None


def fault_of(text: str) -> str | None:
    """Return why *text* can be no value in any file of ours, None where it can; the text itself is not repeated."""
    for letter, meaning in (("\n", "a newline"), ("\r", "a carriage return"), ("\0", "a NUL")):
        if letter in text:
            return f"contains {meaning}, which no value may hold"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    return None


def is_service_link(name: str, value: str) -> bool:
    """Return whether Kubernetes, not the operator, made this variable: the forms of its service links.

    ``*_SERVICE_HOST``, ``*_SERVICE_PORT``, ``*_SERVICE_PORT_<name>``, ``*_PORT_<number>_<protocol>…`` and a ``*_PORT``
    that holds a URL (Kubernetes documentation, "Accessing the Service", environment variables).
    """
    if name.endswith(("_SERVICE_HOST", "_SERVICE_PORT")) or "_SERVICE_PORT_" in name:
        return True
    # Every pair of words, for the Service's own name may hold the word, too: KAFKA_PORT_FORWARD_PORT_9092_TCP.
    words = name.split("_")
    if any(word == "PORT" and number.isdigit() for word, number in pairwise(words[1:-1])):
        return True
    return name.endswith("_PORT") and value.lower().startswith(_LINK_SCHEMES)


def read_value_file(path: str) -> str:
    """Return the text of the file at *path*, less one newline at its end.

    Raises ValueError with the reason: no file, no regular file, too long, no UTF-8.
    """
    try:
        content = read_open(posix.open(path, READ_ONLY), FILE_LIMIT)
    except OSError as error:
        raise ValueError(str(error.strerror).lower()) from error
    try:
        return content.decode().removesuffix("\n")
    except UnicodeDecodeError:
        raise ValueError("not valid UTF-8") from None


def read_open(descriptor: int, limit: int) -> bytes:
    """Return the bytes of an open file, and close it.

    Raises ValueError with the reason where it is no regular file (a FIFO would block) or has more than *limit* bytes,
    OSError where it cannot be read.
    """
    try:
        kind = posix.fstat(descriptor).st_mode & 0o170000
        if kind != 0o100000:
            raise ValueError("is a directory" if kind == 0o040000 else "is no regular file")
        content = b""
        while len(content) <= limit:
            chunk = posix.read(descriptor, limit + 1)
            if not chunk:
                return content
            content += chunk
    finally:
        posix.close(descriptor)
    raise ValueError(f"is longer than {limit} bytes")
