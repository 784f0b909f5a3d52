"""Listeners: where a broker listens, what it publishes, and the rules that it enforces on both.

Sources: ``EndPoint``, ``CoreUtils.listenerListToEndPoints`` and ``KafkaConfig.validateValues`` of 0.9 to 3.9. The
probes have a parser of their own in ``kafkaboot.probes.endpoint``, which loads less and forgives more.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from kafkaboot.values.keys import variable_of
from kafkaboot.values.version import LISTENER_NAMES, SHARED_PORTS, Version
from zkboot.pod.address import ANY_ADDRESS, PORT, bare_host, host_port, is_ipv6, split_port
from zkboot.pod.variables import BLANKS

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
"""The security protocols."""

OWN_PROTOCOLS: Mapping[str, str] = {protocol: protocol for protocol in PROTOCOLS}
"""The protocol of each name of a listener where nothing maps them."""

_HOST_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-%._:")
"""Kafka's own pattern of a host; the colons are those of an IPv6 address."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One entry of ``listeners`` or ``advertised.listeners``."""

    name: str
    """Its name, as typed; Kafka compares names in capitals."""
    host: str
    """Name or address, IPv6 without brackets; empty stands for every address."""
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the listener that ``<name>://<host>:<port>`` states; raises ValueError with the reason."""
        name, slashes, address = text.strip(BLANKS).partition("://")
        typed, port = split_port(address)
        if not slashes or port is None:
            raise ValueError("is not <name>://<host>:<port>")
        if not name or not name.isascii() or not all(letter.isalnum() or letter in "-_." for letter in name):
            raise ValueError(f"has the name {name!r}: letters, digits, '-', '_' and '.' are allowed")
        host = bare_host(typed)
        if host != typed and not is_ipv6(host):
            raise ValueError(f"has no IPv6 address in its brackets: {host!r}")
        if ":" in host and not is_ipv6(host):
            raise ValueError(f"has the host {host!r}, which is neither a name nor an IPv6 address")
        if not _HOST_LETTERS.issuperset(host):
            raise ValueError(f"has the host {host!r}: letters, digits, '-', '_' and '.' are allowed")
        try:
            return cls(name, host, PORT.parse(port))
        except ValueError as error:
            raise ValueError(f"has the port {port!r}, which {error}") from None

    @property
    def key(self) -> str:
        """The name as Kafka compares it."""
        return self.name.upper()

    def __str__(self) -> str:
        """Return the listener as it stands in a property."""
        return f"{self.name}://{host_port(self.host, self.port)}"


def parse_listeners(text: str) -> tuple[Listener, ...]:
    """Return the listeners of a comma-separated list; raises ValueError, one argument a reason."""
    problems: list[str] = []
    listeners: list[Listener] = []
    for entry in (part.strip(BLANKS) for part in text.split(",")):
        if not entry:
            continue
        try:
            listeners.append(Listener.parse(entry))
        except ValueError as error:
            problems.append(f"has the entry {entry!r}, which {error}")
    names = [listener.key for listener in listeners]
    problems += [f"names the listener {name} twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if not listeners and not problems:
        problems.append("lists no listener")
    if problems:
        raise ValueError(*problems)
    return tuple(listeners)


def parse_advertised(text: str) -> tuple[Listener, ...]:
    """Return the listeners of ``advertised.listeners``; raises ValueError with the reasons.

    An empty host stands for the machine's own name; the address that means every address is refused.
    """
    listeners = parse_listeners(text)
    for listener in listeners:
        check_advertised_host(listener.host)
    return listeners


def check_advertised_host(host: str) -> str:
    """Return *host*; raises ValueError where a socket binds it for every address: clients cannot connect to it."""
    if host.strip(BLANKS) in ANY_ADDRESS:
        raise ValueError(f"publishes {host}, to which no client can connect: name the pod")
    return host


def parse_protocols(text: str) -> dict[str, str]:
    """Return the protocol of each listener that a ``listener.security.protocol.map`` names, names in capitals.

    Raises ValueError with the reason.
    """
    protocols: dict[str, str] = {}
    for entry in (part.strip(BLANKS) for part in text.split(",")):
        if not entry:
            continue
        name, colon, protocol = (part.strip(BLANKS).upper() for part in entry.partition(":"))
        if not name or not colon or protocol not in PROTOCOLS:
            raise ValueError(f"has {entry!r}, which is not <name>:<protocol> with one of {', '.join(PROTOCOLS)}")
        protocols[name] = protocol
    return protocols


def render_listeners(listeners: Iterable[Listener]) -> str:
    """Return *listeners* as a property's value."""
    return ",".join(str(listener) for listener in listeners)


def advertised(bound: Iterable[Listener], host: str, *, without: Collection[str] = ()) -> tuple[Listener, ...]:
    """Return what to publish for the *bound* listeners: each under *host* with its own port.

    The names *without*, in capitals, are the controllers', which brokers do not publish.
    """
    return tuple(Listener(listener.name, host, listener.port) for listener in bound if listener.key not in without)


def port_problems(bound: Sequence[Listener], version: Version) -> list[str]:
    """Return why the broker would refuse the ports of the *bound* listeners, one reason each."""
    problems: list[str] = []
    for port in sorted({listener.port for listener in bound}):
        sharing = [listener for listener in bound if listener.port == port]
        if len(sharing) > 1 and not (version >= SHARED_PORTS and _are_two_families(sharing)):
            problems.append(f"gives the port {port} to {' and '.join(listener.name for listener in sharing)}")
    return problems


def protocol_problems(bound: Iterable[Listener], mapped: Mapping[str, str] | None, version: Version) -> list[str]:
    """Return why the broker would not know the protocol of one of the *bound* listeners, one reason each.

    *mapped* is the protocol of each name; where it is None, or *version* is too old for it, names are protocols.
    """
    protocols = mapped if mapped is not None and version >= LISTENER_NAMES else OWN_PROTOCOLS
    unknown = [listener.name for listener in bound if listener.key not in protocols]
    if not unknown:
        return []
    if version < LISTENER_NAMES:
        return [f"names {', '.join(unknown)}, but before Kafka {LISTENER_NAMES} a listener's name is its protocol"]
    return [
        (
            f"names {', '.join(unknown)}, which listener.security.protocol.map does not: set"
            f" {variable_of('listener.security.protocol.map')} to <name>:<protocol> of every listener"
        )
    ]


def broker_listener_problems(
    published: Iterable[Listener], effective: Mapping[str, str], version: Version, shown: Callable[[str], str]
) -> list[str]:
    """Return why the brokers would not reach each other through the *published* listeners, one reason each.

    *shown* returns a property that is set as a message shows it.
    """
    names = [listener.key for listener in published]
    named = effective.get("inter.broker.listener.name") if version >= LISTENER_NAMES else None
    protocol = effective.get("security.inter.broker.protocol")
    if named and protocol:
        both = f"{shown('inter.broker.listener.name')} and {shown('security.inter.broker.protocol')}"
        return [f"{both} are both set, and Kafka takes only one"]
    wanted = (named or protocol or "PLAINTEXT").strip(BLANKS).upper()
    if wanted in names:
        return []
    by_name = version >= LISTENER_NAMES and not protocol
    source = "inter.broker.listener.name" if named else "security.inter.broker.protocol"
    stated = shown(source) if named or protocol else f"the default of {source}, {wanted},"
    hint = variable_of("inter.broker.listener.name" if by_name else "security.inter.broker.protocol")
    return [
        (
            f"{stated} is none of the advertised listeners {', '.join(names)}: brokers could not reach each other; set"
            f" {hint} to one"
        )
    ]


def _are_two_families(listeners: Sequence[Listener]) -> bool:
    """Return whether these are two, one on an IPv4 address and the other on an IPv6 address."""
    import ipaddress

    versions = set()
    for listener in listeners:
        try:
            versions.add(ipaddress.ip_address(listener.host).version)
        except ValueError:
            return False
    return len(listeners) == 2 and versions == {4, 6}
