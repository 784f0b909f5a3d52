"""The few broker properties that a probe reads, from the environment and from the generated file.

Plain classes and built-in modules only: the probes load this module every few seconds on every pod.
"""

import errno
import posix

from kafkaboot.values.knobs import CONFIG_FILE, HOME, KAFKA_HOME
from zkboot.pod.environ import READ_ONLY, read_open
from zkboot.pod.errors import FileError
from zkboot.pod.variables import BLANKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zkboot.pod.environ import EnvReader

PROPERTIES = (
    "broker.id",
    "controller.listener.names",
    "host.name",
    "listener.security.protocol.map",
    "listeners",
    "log.dir",
    "log.dirs",
    "node.id",
    "port",
    "process.roles",
)
"""Broker properties that a probe reads."""

FILE_LIMIT = 1 << 20
"""Bytes of the generated file: the stock ones have 7 KiB."""

SEPARATORS = "=:" + BLANKS
"""What may end a key."""


class Found:
    """The value of a broker property and where it was found."""

    __slots__ = ("shown", "source", "value")

    def __init__(self, value: str, source: str, subject: str) -> None:
        self.value = value
        self.source = source
        """The variable, or the property and its file."""
        self.shown = subject
        """The property as a message shows it, with its value unless that came from a file for secrets."""


class BrokerProperties:
    """The few broker properties that a probe needs: those of the environment over those of the generated file."""

    __slots__ = ("_env", "_file", "path")

    def __init__(self, env: "EnvReader") -> None:
        self._env = env
        home = env.get(HOME) or env.read(KAFKA_HOME)
        self.path = env.get(CONFIG_FILE) or f"{home}/config/server.properties"
        """The generated file, which need not exist."""
        self._file: Mapping[str, str] | None = None

    @property
    def file(self) -> "Mapping[str, str]":
        """What the generated file says; empty where there is none. Raises FileError where it cannot be read."""
        if self._file is None:
            text = read_file(self.path)
            try:
                self._file = parse_properties(text)
            except ValueError as error:
                raise FileError(f"{self.path}: {error}") from None
        return self._file

    def given(self, key: str) -> Found | None:
        """Return what the environment gives *key*, None where it gives nothing."""
        name = variable_of(key)
        text = self._env.text(name)
        return Found(text.strip(BLANKS), name, self._env.shown(name, text)) if text else None

    def filed(self, key: str) -> Found | None:
        """Return what the generated file gives *key*, None where it gives nothing."""
        text = self.file.get(key, "").strip(BLANKS)
        return Found(text, f"{key} in {self.path}", f"{self.path}: {key}={text!r}") if text else None

    def get(self, key: str) -> Found | None:
        """Return the value of *key*, None where it has none."""
        return self.given(key) or self.filed(key)

    def value(self, key: str) -> str:
        """Return the value of *key*, empty where it has none."""
        found = self.get(key)
        return found.value if found else ""


def variable_of(key: str) -> str:
    """Return the name of the variable that gives the broker property *key*."""
    return "KAFKA_" + key.upper().replace(".", "_")


def read_file(path: str) -> str:
    """Return the text of the properties file at *path*, empty where there is none; raises FileError."""
    try:
        return read_open(posix.open(path, READ_ONLY), FILE_LIMIT).decode("iso-8859-1")
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return ""
        raise FileError(f"{path}: {str(error.strerror).lower()}") from error
    except ValueError as reason:
        raise FileError(f"{path}: {reason}") from None


def parse_properties(text: str) -> "Mapping[str, str]":
    r"""Return the keys and values of *text*, at least those of PROPERTIES, as java.util.Properties would load them.

    Raises ValueError for a malformed ``\uXXXX``. Only a text with a backslash needs the whole parser: it costs a probe
    more than its work, and neither the stock files nor, as a rule, a generated one has any.
    """
    lines = [line.lstrip(BLANKS) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    entries = [line for line in lines if line and line[0] not in "#!"]
    if any("\\" in entry for entry in entries):
        from zkboot.pod.properties import parse

        return parse(text)
    found = {}
    for entry in entries:
        for key in PROPERTIES:
            if entry.startswith(key) and entry[len(key) :][:1] in ("", *SEPARATORS):
                value = entry[len(key) :].lstrip(BLANKS)
                found[key] = value[1:].lstrip(BLANKS) if value[:1] in ("=", ":") else value
    return found
