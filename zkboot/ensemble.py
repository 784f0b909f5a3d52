"""The ensemble: every configured server, as rows of zoo.cfg; and the addresses of a connect string.

A row is ``server.<id>=<host>:<quorum port>:<election port>[:observer]`` (ZooKeeper admin guide, "Cluster Options"). The
``;<client port>`` that 3.5 allows behind it is never written: 3.4 cannot parse it, and ``clientPort`` says the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from zkboot.pod.address import Address, Port, bare_host, host_port, is_ipv6, split_ports
from zkboot.pod.environ import Number
from zkboot.pod.identity import is_domain

SERVER_ID = Number("server id", None, "", low=1, high=255)
"""ZooKeeper admin guide, "myid": the id must be between 1 and 255."""

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

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the spec that ``<id>=host:quorum:election[:observer]`` states; raises ValueError with the reason."""
        server_id, equals, address = text.strip().partition("=")
        if not equals:
            raise ValueError("is not <id>=host:quorum port:election port")
        host, ports = _split_host(address)
        observer = False
        match ports:
            case [quorum, election]:
                pass
            case [quorum, election, "observer" | "participant" as role]:
                observer = role == "observer"
            case [_, _, role]:
                raise ValueError(f"has the role {role!r}: only observer or participant")
            case _:
                raise ValueError("is not <id>=host:quorum port:election port")
        spec = cls(
            server_id=_number(SERVER_ID, server_id),
            host=host,
            quorum_port=_number(_QUORUM_PORT, quorum),
            election_port=_number(_ELECTION_PORT, election),
            observer=observer,
        )
        if spec.quorum_port == spec.election_port:
            raise ValueError(f"has the quorum port {quorum} for the election, too")
        return spec

    def __str__(self) -> str:
        """Return what stands behind the ``=`` of its row."""
        role = ":observer" if self.observer else ""
        return f"{host_port(self.host, self.quorum_port)}:{self.election_port}{role}"


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
    """Return the servers of a comma-separated list; raises ValueError, one argument a reason."""
    problems: list[str] = []
    servers: list[ServerSpec] = []
    for entry in text.split(","):
        if not entry.strip():
            continue
        try:
            servers.append(ServerSpec.parse(entry))
        except ValueError as error:
            problems.append(f"{entry.strip()!r} {error}")
    problems += _contradictions(servers)
    if not servers and not problems:
        problems.append("lists no server")
    if problems:
        raise ValueError(*problems)
    return tuple(servers)


def parse_addresses(text: str) -> tuple[Address, ...]:
    """Return host and client port of each entry of a connect string; raises ValueError with the reason."""
    addresses: list[Address] = []
    for entry in text.split(","):
        try:
            addresses.append(_parse_address(entry.strip()))
        except ValueError as error:
            raise ValueError(f"{entry.strip()!r} {error}") from None
    return tuple(addresses)


def _parse_address(text: str) -> Address:
    host, ports = _split_host(text)
    if len(ports) != 1:
        raise ValueError("is not host:port")
    return host, _number(_CLIENT_PORT, ports[0])


def _contradictions(servers: Sequence[ServerSpec]) -> list[str]:
    problems: list[str] = []
    ids = [server.server_id for server in servers]
    problems += [f"lists the server id {server_id} twice" for server_id in sorted({i for i in ids if ids.count(i) > 1})]
    ends = [host_port(s.host, port) for s in servers for port in (s.quorum_port, s.election_port)]
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
