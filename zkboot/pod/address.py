"""Addresses: hosts and ports, as variables, properties, rows of servers and messages write them.

Facts this module rests on:

- Where a port follows it, an IPv6 address stands in brackets (RFC 3986, section 3.2.2). Kafka's listeners may do
  without, for a listener always has a port: what stands behind the last colon.
- An IPv6 address may carry a zone, ``fe80::1%eth0``. RFC 4007 leaves the zone's form open.

A host is kept without brackets everywhere inside this tool, and gets them where it is written.

Plain classes and built-in modules only: the probes load this module every few seconds on every pod.
"""

from zkboot.pod.variables import Number, Variable

Address = tuple[str, int]
"""A host, IPv6 without brackets, and a port."""

ANY_IPV4 = "0.0.0.0"  # noqa: S104 - recognised, never bound
"""What a server binds for every IPv4 address of its host."""

ANY_ADDRESS = (ANY_IPV4, "::", "0:0:0:0:0:0:0:0")
"""What a server binds for every address of its host: no client can connect to it."""


class Host(Variable[str]):
    """A host name or an address; an IPv6 address may stand in brackets."""

    __slots__ = ()
    allowed = "a host name or an address"

    def parse(self, text: str) -> str:
        host = bare_host(text)
        if not host or not all(letter.isalnum() or letter in "-._:%" for letter in host) or not host.isascii():
            raise ValueError("is not a host name or an address")
        return host


class Port(Number):
    """A TCP port."""

    __slots__ = ()

    def __init__(
        self, name: str, default: "int | None", meaning: str, *, group: str = "", default_text: str | None = None
    ) -> None:
        super().__init__(name, default, meaning, group=group, low=1, high=65535, default_text=default_text)


HOST = Host("host", None, "")
PORT = Port("port", None, "")
"""Hosts and ports that stand in longer texts, with no variable of their own."""


def host_port(host: str, port: int) -> str:
    """Return ``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def bare_host(host: str) -> str:
    """Return *host* without the brackets of an IPv6 address, where it has them."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def split_port(text: str) -> "tuple[str, str | None]":
    """Return the host in *text*, as it is typed, and what stands behind its last colon; None where no port does."""
    host, colon, port = text.rpartition(":")
    return (text, None) if not colon or (text.startswith("[") and text.endswith("]")) else (host, port)


def split_ports(text: str) -> "tuple[str, list[str]]":
    """Return the host in *text*, as it is typed, and every part that follows it, colon by colon."""
    end = text.find("]") + 1 if text.startswith("[") else 0
    rest, *parts = text[end:].split(":")
    return text[:end] + rest, parts


def parse_address(text: str, default_port: int | None = None) -> Address:
    """Return the host and the port of *text*, which may do without a port only where there is a *default_port*.

    An IPv6 address must stand in brackets. Raises ValueError with the reason, as "is not …".
    """
    host, port = split_port(text)
    if ":" in host and bare_host(host) == host:
        raise ValueError("is not in brackets, as an IPv6 address must be")
    return HOST.parse(host), default_port if port is None and default_port is not None else PORT.parse(port or "")


def is_ipv6(text: str) -> bool:
    """Return whether *text* is an IPv6 address, without brackets; its zone may only have what an interface's name has.

    The servers take the list of addresses apart at signs such as ``;|,``.
    """
    import ipaddress

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    _, percent, zone = text.partition("%")
    return not percent or (zone.isascii() and all(letter.isalnum() or letter in "._-" for letter in zone))
