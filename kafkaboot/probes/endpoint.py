"""Where a probe asks, how long it waits, and which broker it looks for.

What decides, in this order: ``KF_PROBE_HOST`` and ``KF_PROBE_PORT``; the broker properties that ``KAFKA_*`` variables
give, for nothing overrides them; the generated file, which an entrypoint may have made with variables of its own; the
defaults. So a broker that binds one address only is asked there, and a broker whose file says another id than its
ordinal gives is looked for by that id.

Plain classes and built-in modules only: the probes load this module every few seconds on every pod.
"""

import errno
import posix

from kafkaboot.values.knobs import (
    CONFIG_FILE,
    CONTROLLER_PORT,
    HOME,
    ID_OFFSET,
    KAFKA_HOME,
    NODE_ID,
    PORT,
    PROBE_HOST,
    PROBE_PORT,
    PROBE_TIMEOUT,
    VERSION,
    id_of_pod,
)
from zkboot.pod.address import ANY_ADDRESS, host_port, split_port
from zkboot.pod.environ import BLANKS, READ_ONLY, Number, read_open
from zkboot.pod.errors import FileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zkboot.pod import identity
    from zkboot.pod.address import Address
    from zkboot.pod.environ import EnvReader
    from zkboot.pod.errors import Problems

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

PLAINTEXT = "PLAINTEXT"
CONTROLLER = "controller"
SEPARATORS = "=:" + BLANKS
"""What may end a key."""

_OLD_VERSIONS = ("0.8", "0.9")


class Found:
    """The value of a broker property and where it was found."""

    __slots__ = ("source", "told", "value")

    def __init__(self, value: str, source: str, told: str) -> None:
        self.value = value
        self.source = source
        """The variable, or the property and its file."""
        self.told = told
        """How a message speaks of it, its value included unless that came from a file for secrets."""


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
        return Found(text.strip(BLANKS), name, self._env.told(name, text)) if text else None

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


class Endpoint:
    """A broker or controller that can be asked: ``str()`` of it is ``host:port``."""

    __slots__ = ("host", "is_old", "port", "timeout")

    def __init__(self, host: str, port: int, timeout: float, *, is_old: bool = False) -> None:
        self.host = host
        """A name or an address, IPv6 without brackets."""
        self.port = port
        """The port that is asked in plain text."""
        self.timeout = timeout
        """Seconds for one whole exchange."""
        self.is_old = is_old
        """Whether the broker is known to be older than 0.10: it would log an error for every ApiVersions."""

    @classmethod
    def from_environ(cls, env: "EnvReader", properties: BrokerProperties) -> "Endpoint":
        """Return the endpoint that variables and *properties* describe; what is wrong with them is noted in *env*."""
        host = env.get(PROBE_HOST) if env.is_set(PROBE_HOST) else None
        port = env.get(PROBE_PORT)
        if host is None or port is None:
            bound, listening = find_address(env, properties, port)
            port = listening if port is None else port
            if host is None and bound not in ("", *ANY_ADDRESS):
                host = bound
        return cls(host or env.read(PROBE_HOST), port, env.read(PROBE_TIMEOUT), is_old=_is_old(env))

    def __str__(self) -> str:
        return host_port(self.host, self.port)


def find_address(env: "EnvReader", properties: BrokerProperties, port: int | None = None) -> "Address":
    """Return where the listener to ask is bound: the one on *port*, else the first in plain text.

    One for clients comes before one for controllers; an empty host is every address. What is wrong with the properties
    is noted in *env*.
    """
    roles = [role.strip() for role in properties.value("process.roles").split(",")]
    found = properties.get("listeners")
    if found is None:
        return _unlisted(env, properties, is_controller=roles == [CONTROLLER])
    try:
        listeners = parse_listeners(found.value)
    except ValueError as reason:
        env.problems.note(f"{found.told} {reason}")
        return "", env.read(PORT)
    named = properties.value("controller.listener.names") or (CONTROLLER if CONTROLLER in roles else "")
    controllers = [name.strip() for name in named.upper().split(",")]
    protocols = parse_protocols(properties.value("listener.security.protocol.map"))
    for _, address in listeners:
        if address[1] == port:
            return address
    candidates = [(name, address) for name, address in listeners if name not in controllers] or listeners
    for name, address in candidates:
        # Kafka takes a controller's listener that the map leaves out for one in plain text.
        unmapped = PLAINTEXT if name in controllers else name
        if protocols.get(name, unmapped) == PLAINTEXT:
            return address
    return candidates[0][1]


def find_broker_id(env: "EnvReader", properties: BrokerProperties, host: "identity.Host") -> "tuple[int, str]":
    """Return the broker's final id and where it comes from.

    Raises IdentityError where it comes from the pod's name and that has no ordinal; other mistakes are noted in *env*.
    """
    for place in (properties.given, properties.filed):
        for key in ("node.id", "broker.id"):
            found = place(key)
            if found is not None:
                return _number(env.problems, found, NODE_ID) or 0, found.source
    from zkboot.pod.identity import PodIdentity, stated_name

    name, source = stated_name(env, host)
    pod = PodIdentity.parse(name, source=source)
    offset = env.read(ID_OFFSET)
    return id_of_pod(env.problems, pod, offset) or 0, f"{ID_OFFSET.name}={offset} and the ordinal of {pod.pod_name}"


def parse_listeners(text: str) -> "list[tuple[str, Address]]":
    """Return the names, in capitals, in a ``listeners`` property, each with the address that it binds.

    Raises ValueError with the reason, as "is not …".
    """
    listeners = []
    for entry in text.split(","):
        name, separator, address = entry.strip(BLANKS).partition("://")
        host, port = split_port(address)
        if not name or not separator or port is None:
            raise ValueError("is not a list of <name>://<host>:<port>")
        try:
            listeners.append((name.upper(), (PROBE_HOST.parse(host) if host else "", PORT.parse(port))))
        except ValueError:
            raise ValueError("is not a list of <name>://<host>:<port>") from None
    return listeners


def parse_protocols(text: str) -> "dict[str, str]":
    """Return the protocol of each listener that a ``listener.security.protocol.map`` names, all in capitals."""
    entries = [entry.partition(":") for entry in text.upper().split(",")]
    return {name.strip(): protocol.strip() for name, colon, protocol in entries if colon}


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


def _unlisted(env: "EnvReader", properties: BrokerProperties, *, is_controller: bool) -> "Address":
    """Return where a node without the property ``listeners`` listens."""
    if is_controller:
        return "", env.read(CONTROLLER_PORT)
    stated_host, stated_port = properties.get("host.name"), properties.get("port")
    host, port = "", env.read(PORT)
    if stated_port is not None:
        port = _number(env.problems, stated_port, PORT) or port
    if stated_host is not None:
        try:
            host = PROBE_HOST.parse(stated_host.value)
        except ValueError as reason:
            env.problems.note(f"{stated_host.told} {reason}")
    return host, port


def _number(problems: "Problems", found: Found, kind: Number) -> int | None:
    """Return the number of that *kind* that *found* is; None for one that is wrong, which is noted as a problem."""
    try:
        return kind.parse(found.value)
    except ValueError as reason:
        problems.note(f"{found.told} {reason}")
        return None


def _is_old(env: "EnvReader") -> bool:
    """Return whether the version that is stated or installed is known to be older than 0.10."""
    version = env.get(VERSION)
    if version is not None:
        return version.startswith(_OLD_VERSIONS)
    home = env.get(HOME) or env.read(KAFKA_HOME)
    try:
        names = posix.listdir(f"{home}/libs")
    except OSError:
        return False
    for name in names:
        scala, dash, rest = name.removeprefix("kafka_").partition("-")
        if name.startswith("kafka_") and dash and rest.startswith(_OLD_VERSIONS) and scala.replace(".", "").isdigit():
            return True
    return False
