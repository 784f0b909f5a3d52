"""The list of an ensemble's servers as servers keep it: the znode ``/zookeeper/config``, files ``zoo.cfg.dynamic.*``.

A row is ``server.<id>=<addresses>[:role][;[<client address>:]<client port>]``, where 3.6 and newer may have several
addresses with ``|`` between them; beside the rows there may be ``group.*`` and ``weight.*``, and ``version=<hex>``, the
zxid of the change that made the list (ZooKeeper guide, "Dynamic Reconfiguration"). What stands behind the ``=`` is kept
as it is: the list is the servers', and only ids and roles decide who makes a majority.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from zkboot.ensemble import SERVER_ID, ServerSpec
from zkboot.pod.address import ANY_ADDRESS, Address, bare_host, split_ports

LIST_NAME = "zoo.cfg.dynamic"
"""The file of the list that a server starts from; for each change it writes ``zoo.cfg.dynamic.<version>`` itself."""

_ADDRESS = re.compile(r"(\[[^\]]+\]|[^:\s]+):[0-9]+:[0-9]+(:participant|:observer)?")

_SERVER = "server."
_KEPT = ("group.", "weight.")
_OBSERVER = ":observer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The servers of an ensemble, by id, each with its row."""

    rows: Mapping[int, str]
    """Server id → what stands behind the ``=``, in the order of the ids."""
    version: int = 0
    """The zxid of the change that made the list; 0 for one that no ensemble has agreed on yet."""
    others: tuple[str, ...] = ()
    """Lines of groups and weights, as they were."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the members that *text* lists, none where it is empty; raises ValueError with the reason."""
        rows: dict[int, str] = {}
        version, others = 0, []
        for line in filter(None, map(str.strip, text.split("\n"))):
            key, equals, value = line.partition("=")
            if equals and key == "version":
                version = int(value, 16)
            elif equals and key.startswith(_SERVER):
                server_id = SERVER_ID.parse(key.removeprefix(_SERVER))
                if server_id in rows:
                    raise ValueError(f"lists the server id {server_id} twice")
                rows[server_id] = value
            elif equals and key.startswith(_KEPT):
                others.append(line)
            elif not line.startswith("#"):
                raise ValueError(f"has the line {line[:80]!r}, which is no server's")
        return cls(rows=dict(sorted(rows.items())), version=version, others=tuple(others))

    @classmethod
    def of(cls, servers: Iterable[ServerSpec], client: str | None = None) -> Self:
        """Return *servers* as a list; with roles spelled out, and the place for clients, where *client* says that.

        3.4 understands neither, and needs neither.
        """
        ordered = sorted(servers, key=lambda server: server.server_id)
        if client is None:
            return cls(rows={server.server_id: str(server) for server in ordered})
        return cls(rows={server.server_id: dynamic_row(server, client) for server in ordered})

    @property
    def voters(self) -> frozenset[int]:
        """The ids of the servers that vote."""
        return frozenset(server_id for server_id, row in self.rows.items() if not is_observer(row))

    @property
    def roles(self) -> Mapping[int, bool]:
        """Server id → whether it is an observer: all that decides about majorities."""
        return {server_id: is_observer(row) for server_id, row in self.rows.items()}

    def with_observer(self, server: ServerSpec, client: str) -> Self:
        """Return the list with *server* as an observer, of no version: the ensemble has not agreed on it."""
        row = dynamic_row(server, client, role=_OBSERVER)
        return type(self)(rows=dict(sorted({**self.rows, server.server_id: row}.items())), others=self.others)

    def render(self) -> str:
        """Return the list as a file for ``dynamicConfigFile``, in which no version may stand."""
        lines = [f"{_SERVER}{server_id}={row}" for server_id, row in self.rows.items()]
        return "".join(f"{line}\n" for line in (*lines, *self.others))

    def __str__(self) -> str:
        """Return ids and roles, as a message tells them: ``1, 2, 3, 4 (observer)``."""
        return ", ".join(
            f"{server_id} (observer)" if observes else str(server_id) for server_id, observes in self.roles.items()
        )


def dynamic_row(server: ServerSpec, client: str, role: str | None = None) -> str:
    """Return the row of *server* in a dynamic list: with its role, its own unless *role* says another, and its port."""
    own = str(server).removesuffix(_OBSERVER)
    return f"{own}{role or (_OBSERVER if server.observer else ':participant')};{client}"


def is_whole(row: str) -> bool:
    """Return whether *row* has names, ports and a role that exists: a torn file may end in the middle of one."""
    return all(_ADDRESS.fullmatch(address) for address in row.partition(";")[0].lower().split("|"))


def is_observer(row: str) -> bool:
    """Return whether *row* is that of a server without a vote."""
    addresses = row.partition(";")[0].lower().split("|")
    return any(address.endswith(_OBSERVER) for address in addresses)


def client_address(row: str, default_port: int) -> Address:
    """Return the name of the server in *row* and the port at which it serves clients, by default *default_port*.

    The first of several addresses; that of clients is of no use to others, for most servers bind every address.
    """
    servers, _, client = row.partition(";")
    host, _ = split_ports(servers.split("|")[0])
    port = client.rpartition(":")[2]
    return bare_host(host), int(port) if port.isdecimal() else default_port


def client_host(row: str) -> str:
    """Return the address on which the server in *row* takes clients; empty where it is every one."""
    host = bare_host(row.partition(";")[2].rpartition(":")[0])
    return "" if host in ANY_ADDRESS else host
