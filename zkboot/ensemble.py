"""The ensemble: every configured server, as rows of zoo.cfg; and the addresses of a connect string.

A row is ``server.<id>=<host>:<quorum port>:<election port>[:observer]`` (ZooKeeper admin guide, "Cluster Options"); 3.6
and newer may have several addresses of one server, with ``|`` between them. The ``;<client port>`` that 3.5 allows
behind it is read, and never written: 3.4 cannot parse it, and ``clientPort`` says the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from zkboot.pod.address import ANY_ADDRESS, Address, Port, bare_host, host_port, is_ipv6, split_ports
from zkboot.pod.identity import is_domain
from zkboot.pod.variables import Number

SERVER_ID = Number("server id", None, "", low=1, high=255)
"""ZooKeeper admin guide, "myid": the id must be between 1 and 255."""

_OBSERVER = "observer"
_NO_ROW = "is not <id>=host:quorum port:election port"

_CLIENT_PORT = Port("client port", None, "")
_QUORUM_PORT = Port("quorum port", None, "")
_ELECTION_PORT = Port("election port", None, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpec:
    """One row ``server.N``."""

    server_id: int
    """The N: what the server's myid says, 1..255."""
    host: str
    """Name or address; an IPv6 address stands here without brackets."""
    quorum_port: int
    """Where followers connect to the leader."""
    election_port: int
    """Where leaders are elected."""
    observer: bool = False
    """The server follows without a vote."""
    further: tuple[tuple[str, int, int], ...] = ()
    """More addresses of the same server: host, quorum port, election port."""
    client_port: int | None = None
    """Where its row says that it serves clients; None where it says nothing of it."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the spec that ``<id>=host:quorum:election[:observer]`` states; raises ValueError with the reason.

        As in a zoo.cfg, it may begin with ``server.`` and end in ``;[address:]<client port>``.
        """
        server_id, equals, row = text.strip().removeprefix("server.").partition("=")
        if not equals:
            raise ValueError(_NO_ROW)
        addresses, semicolon, client = row.partition(";")
        parsed = [_parse_server_address(address) for address in addresses.split("|")]
        roles = {role for _, role in parsed if role}
        if len(roles) > 1:
            raise ValueError("has two roles")
        (host, quorum_port, election_port), *further = (address for address, _ in parsed)
        return cls(
            server_id=_number(SERVER_ID, server_id),
            host=host,
            quorum_port=quorum_port,
            election_port=election_port,
            observer=roles == {_OBSERVER},
            further=tuple(further),
            client_port=_parse_client_port(client) if semicolon else None,
        )

    def __str__(self) -> str:
        """Return what stands behind the ``=`` of its row."""
        addresses = ((self.host, self.quorum_port, self.election_port), *self.further)
        written = "|".join(f"{host_port(host, quorum)}:{election}" for host, quorum, election in addresses)
        return f"{written}:{_OBSERVER}" if self.observer else written


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """All configured servers, by id, and the port on which each of them serves clients."""

    servers: tuple[ServerSpec, ...]
    """Every server, in the order of zoo.cfg."""
    client_port: int
    """The same on every server: ``clientPort``."""

    @property
    def participants(self) -> tuple[ServerSpec, ...]:
        """The servers that vote."""
        return tuple(server for server in self.servers if not server.observer)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Host and client port of every server."""
        return tuple((server.host, self.client_port) for server in self.servers)

    def server(self, server_id: int) -> ServerSpec | None:
        """Return the server with *server_id*, None where the ensemble has none."""
        return next((server for server in self.servers if server.server_id == server_id), None)


def parse_servers(text: str) -> tuple[ServerSpec, ...]:
    """Return the servers of a list, with commas or blanks between them; raises ValueError, one argument a reason."""
    rows = numbered(text)
    if rows:
        raise ValueError(f"has no ids: number the servers, alike in the list of each: {','.join(rows)}")
    problems: list[str] = []
    servers: list[ServerSpec] = []
    for entry in filter(None, re.split(r"[,\s]+", text)):
        try:
            servers.append(ServerSpec.parse(entry))
        except ValueError as error:
            problems.append(f"has {entry!r}, which {error}")
    problems += _contradictions(servers)
    if not servers and not problems:
        problems.append("lists no server")
    if problems:
        raise ValueError(*problems)
    return tuple(servers)


def numbered(text: str) -> list[str]:
    """Return the servers of a list without ids, as Confluent's and bitnami's images take it, each with one.

    Empty for any other list. bitnami's has the id behind ``::``; elsewhere it is the place in the list.
    """
    found: list[str] = []
    for number, entry in enumerate(filter(None, re.split(r"[,;\s]+", text)), start=1):
        address, _, server_id = entry.removesuffix("::").rpartition("::")
        is_stated = bool(address) and server_id.isascii() and server_id.isdigit()
        row = f"{server_id}={address}" if is_stated else f"{number}={entry}"
        try:
            ServerSpec.parse(row)
        except ValueError:
            return []
        found.append(row)
    return found


def parse_addresses(text: str) -> tuple[Address, ...]:
    """Return host and client port of each entry of a connect string; raises ValueError with the reason."""
    addresses: list[Address] = []
    for entry in text.split(","):
        try:
            addresses.append(_parse_address(entry.strip()))
        except ValueError as error:
            raise ValueError(f"{entry.strip()!r} {error}") from None
    return tuple(addresses)


def _parse_server_address(text: str) -> tuple[tuple[str, int, int], str]:
    """Return host, quorum port and election port of one address of a server, and its role, empty where it has none."""
    host, ports = _split_host(text)
    match ports:
        case [quorum, election]:
            role = ""
        case [quorum, election, stated] if stated.lower() in (_OBSERVER, "participant"):
            role = stated.lower()
        case [_, _, stated]:
            raise ValueError(f"has the role {stated!r}: only observer or participant")
        case _:
            raise ValueError(_NO_ROW)
    address = host, _number(_QUORUM_PORT, quorum), _number(_ELECTION_PORT, election)
    if address[1] == address[2]:
        raise ValueError(f"has the quorum port {quorum} for the election, too")
    return address, role


def _parse_client_port(text: str) -> int:
    host, colon, port = text.rpartition(":")
    if colon and bare_host(host) not in ANY_ADDRESS:
        raise ValueError(f"has the clients' address {host!r}: set ZK_CFG_clientPortAddress on that server instead")
    return _number(_CLIENT_PORT, port)


def _parse_address(text: str) -> Address:
    host, ports = _split_host(text)
    if len(ports) != 1:
        raise ValueError("is not host:port")
    return host, _number(_CLIENT_PORT, ports[0])


def _contradictions(servers: Sequence[ServerSpec]) -> list[str]:
    problems: list[str] = []
    ids = [server.server_id for server in servers]
    problems += [f"lists the server id {server_id} twice" for server_id in sorted({i for i in ids if ids.count(i) > 1})]
    addresses = [
        address
        for server in servers
        for address in ((server.host, server.quorum_port, server.election_port), *server.further)
    ]
    ends = [host_port(host, port) for host, *ports in addresses for port in ports]
    problems += [f"gives {end} to two servers" for end in sorted({e for e in ends if ends.count(e) > 1})]
    if servers and all(server.observer for server in servers):
        problems.append("lists observers only: nobody could vote")
    return problems


def _number(kind: Number, text: str) -> int:
    try:
        return kind.parse(text)
    except ValueError as error:
        raise ValueError(f"has the {kind.name} {text!r}, which {error}") from None


def _split_host(address: str) -> tuple[str, list[str]]:
    """Return the host of ``host:a:b`` or ``[address]:a:b``, and what follows it; raises ValueError with the reason."""
    host, ports = split_ports(address)
    if host.startswith("["):
        if not ports or not is_ipv6(bare_host(host)):
            raise ValueError("has no IPv6 address in its brackets")
        return bare_host(host), ports
    if len(ports) > 3:
        raise ValueError("has too many colons: an IPv6 address stands in brackets")
    # An underscore is no letter of a host name (RFC 952), but Docker Compose makes such names, and they resolve.
    if not is_domain(host.removesuffix(".").replace("_", "-")):
        raise ValueError(f"has the host {host!r}, which is no DNS name")
    return host, ports
