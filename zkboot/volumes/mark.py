"""The mark ``zkboot.json`` in ``dataDir`` and ``dataLogDir``: that the two belong together, and the last list.

Nothing that ZooKeeper writes tells either. Without its transaction log a server starts from its last snapshot, is ready
at once, and has forgotten what it acknowledged. With another list two halves of an ensemble may both be majorities.
"""

import json
from dataclasses import dataclass
from typing import Self

from zkboot.lists import Members
from zkboot.pod.variables import Number

NAME = "zkboot.json"

DATA, LOG, BOTH = "data", "log", "both"
"""What a folder is: of snapshots, of the transaction log, of both."""

_SERVER_ID = Number("server id", None, "", low=1, high=255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One of the two marks."""

    owner: str
    """Name of the server that made the pair: the same in both folders, and kept when the server gets another name."""
    folder: str
    """DATA, LOG or BOTH."""
    dynamic: bool
    """Whether the ensemble keeps its own list; then ``members`` is what the environment said, and nothing more."""
    members: Members
    """The list of the server's last start."""
    floor: int = 0
    """Lists of a dynamic ensemble up to this version are of a life before the server ran with a static one."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the mark that *text* is; raises ValueError with the reason where it is none."""
        try:
            read = json.loads(text)
            rows = {_SERVER_ID.parse(server_id): str(row) for server_id, row in read["servers"].items()}
            return cls(
                owner=str(read["owner"]),
                folder=(DATA, LOG, BOTH)[(DATA, LOG, BOTH).index(read["folder"])],
                dynamic=read["dynamic"] is True,
                members=Members(rows=dict(sorted(rows.items()))),
                floor=int(read.get("floor", 0)),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError(f"is no mark of zkboot: it begins {text[:40]!r}") from None

    def render(self) -> str:
        """Return the mark as its file's text."""
        servers = {str(server_id): row for server_id, row in self.members.rows.items()}
        content = {
            "about": "Written by zkGenConfig: pairs dataDir and dataLogDir, and holds the list of the last start.",
            "owner": self.owner,
            "folder": self.folder,
            "dynamic": self.dynamic,
            "servers": servers,
            **({"floor": self.floor} if self.floor else {}),
        }
        return json.dumps(content, indent=2) + "\n"
