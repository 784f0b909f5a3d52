"""Where a probe asks, how long it waits, and which broker it looks for.

What decides, in this order: ``KF_PROBE_HOST`` and ``KF_PROBE_PORT``; the broker properties that ``KAFKA_*`` variables
give, for nothing overrides them; the generated file, which an entrypoint may have made with variables of its own; the
defaults. So a broker that binds one address only is asked there, and a broker whose file says another id than its
ordinal gives is looked for by that id.

Plain classes and built-in modules only: the probes load this module every few seconds on every pod.
"""

import posix

from kafkaboot.probes.broker_properties import BrokerProperties, Found
from kafkaboot.values.knobs import (
    CONTROLLER_PORT,
    DOMAIN,
    HOME,
    ID_OFFSET,
    KAFKA_HOME,
    NODE_ID,
    POD_EXAMPLE,
    PORT,
    PROBE_HOST,
    PROBE_PORT,
    PROBE_TIMEOUT,
    SASL_DIR,
    SASL_MECHANISM,
    SASL_USER,
    TLS_DIR,
    VERSION,
    id_of_pod,
)
from zkboot.pod.address import ANY_ADDRESS, host_port, split_port
from zkboot.pod.variables import BLANKS, Number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kafkaboot.probes.login import Login
    from zkboot.pod import identity
    from zkboot.pod.address import Address
    from zkboot.pod.environ import EnvReader
    from zkboot.pod.errors import Problems
    from zkboot.pod.tls_transport import Tls

PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL = "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"
CONTROLLER = "controller"
_WANTED = (PLAINTEXT, SASL_PLAINTEXT)
"""The protocols of listeners that may be asked where there is no TLS: without a login rather than with one."""

_WITH_TLS = ((PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL), (SSL, PLAINTEXT, SASL_SSL, SASL_PLAINTEXT))
"""The same where there is TLS: where plain text is as good, and where it is not."""

_OLD_VERSIONS = ("0.8", "0.9")


class Endpoint:
    """A broker or controller that can be asked: ``str()`` of it is ``host:port``."""

    __slots__ = ("host", "is_old", "login", "port", "timeout", "tls")

    def __init__(
        self,
        host: str,
        port: int,
        timeout: float,
        *,
        is_old: bool = False,
        tls: "Tls | None" = None,
        login: "Login | None" = None,
    ) -> None:
        self.host = host
        """A name or an address, IPv6 without brackets."""
        self.port = port
        """The port that is asked."""
        self.timeout = timeout
        """Seconds for one whole exchange."""
        self.is_old = is_old
        """Whether the broker is known to be older than 0.10: it would log an error for every ApiVersions."""
        self.tls = tls
        """How it is asked over TLS; None for plain text."""
        self.login = login
        """As whom it is asked what it tells nobody else; None where it asks for no login."""

    @classmethod
    def from_environ(
        cls, env: "EnvReader", properties: BrokerProperties, *, prefers_tls: bool = False, verifies: bool = True
    ) -> "Endpoint":
        """Return the endpoint that variables and *properties* describe; what is wrong with them is noted in *env*.

        With KF_TLS_DIR a listener for TLS may be asked: before one in plain text where the caller *prefers_tls*, else
        where there is no other; with KF_SASL_DIR one that asks for a login, where there is no other. It must prove its
        name to a caller who *verifies* it, and who logs in there.
        """
        host = env.get(PROBE_HOST) if env.is_set(PROBE_HOST) else None
        port, mounted = env.get(PROBE_PORT), env.get(TLS_DIR)
        has_logins = env.get(SASL_DIR) is not None
        protocol, is_controller = PLAINTEXT, False
        if host is None or port is None or mounted is not None or has_logins:
            wanted = _WANTED if mounted is None else _WITH_TLS[prefers_tls]
            (bound, listening), protocol, is_controller = find_listener(env, properties, wanted, port)
            port = listening if port is None else port
            if host is None and bound not in ("", *ANY_ADDRESS):
                host = bound
        host = host or env.read(PROBE_HOST)
        login = None
        if verifies:
            # What is wrong with them is said before they are needed.
            env.get(SASL_USER)
            env.get(SASL_MECHANISM)
        if has_logins and verifies and protocol in (SASL_PLAINTEXT, SASL_SSL):
            from kafkaboot.probes.login import find_login

            login = find_login(env, is_controller=is_controller)
        tls = None
        if mounted is not None and protocol in (SSL, SASL_SSL):
            from kafkaboot.probes.wire import encode_api_versions
            from zkboot.pod.own_tls import find_own_tls

            folder = f"{properties.path.rpartition('/')[0]}/tls"
            plain = encode_api_versions(0)
            tls = find_own_tls(env, folder, mounted, host, DOMAIN, plain=plain, verifies=verifies)
        return cls(host, port, env.read(PROBE_TIMEOUT), is_old=_is_old(env), tls=tls, login=login)

    def beside(self, host: str, port: int) -> "Endpoint":
        """Return another one, asked as this one is, which must prove its own name where this one must."""
        tls = self.tls.under(host) if self.tls is not None and self.tls.name else self.tls
        return Endpoint(host, port, self.timeout, tls=tls, login=self.login)

    def __str__(self) -> str:
        return host_port(self.host, self.port)


def find_listener(
    env: "EnvReader", properties: BrokerProperties, wanted: tuple[str, ...], port: int | None = None
) -> "tuple[Address, str, bool]":
    """Return where the listener to ask is bound, its protocol, and whether it is the controllers'.

    It is the one on *port*, else the first that is *wanted*.

    Of these protocols an earlier one is better, and a listener for clients is better than one for controllers; an empty
    host is every address. What is wrong with the properties is noted in *env*.
    """
    roles = [role.strip() for role in properties.value("process.roles").split(",")]
    found = properties.get("listeners")
    if found is None:
        return _unlisted(env, properties, is_controller=roles == [CONTROLLER]), PLAINTEXT, False
    try:
        parsed = parse_listeners(found.value)
    except ValueError as reason:
        env.problems.note(f"{found.shown} {reason}")
        return ("", env.read(PORT)), PLAINTEXT, False
    named = properties.value("controller.listener.names") or (CONTROLLER if CONTROLLER in roles else "")
    controllers = [name.strip() for name in named.upper().split(",")]
    protocols = parse_protocols(properties.value("listener.security.protocol.map"))
    # Kafka takes a controller's listener that the map leaves out for one in plain text.
    listeners = [
        (name, address, protocols.get(name, PLAINTEXT if name in controllers else name)) for name, address in parsed
    ]
    for name, address, protocol in listeners:
        if address[1] == port:
            return address, protocol, name in controllers
    candidates = [listener for listener in listeners if listener[0] not in controllers] or listeners
    for one in wanted:
        for name, address, protocol in candidates:
            if protocol == one:
                return address, protocol, name in controllers
    name, address, protocol = candidates[0]
    return address, protocol, name in controllers


def find_broker_id(env: "EnvReader", properties: BrokerProperties, host: "identity.Host") -> "tuple[int, str]":
    """Return the broker's final id and where it comes from.

    Raises IdentityError where it comes from the pod's name and that has no ordinal; other mistakes are noted in *env*.
    """
    for place in (properties.given, properties.filed):
        for key in ("node.id", "broker.id"):
            found = place(key)
            if found is not None:
                return _number(env.problems, found, NODE_ID) or 0, found.source
    from zkboot.pod.identity import parse_stated, stated_name

    name, source = stated_name(env, host)
    pod = parse_stated(env, name, source, example=POD_EXAMPLE)
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
            env.problems.note(f"{stated_host.shown} {reason}")
    return host, port


def _number(problems: "Problems", found: Found, kind: Number) -> int | None:
    """Return the number of that *kind* that *found* is; None for one that is wrong, which is noted as a problem."""
    try:
        return kind.parse(found.value)
    except ValueError as reason:
        problems.note(f"{found.shown} {reason}")
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
