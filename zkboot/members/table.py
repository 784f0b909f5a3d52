"""The members of an ensemble as a table: who is in the list, and what each server says of itself. Text only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEAD = ("id", "server", "vote", "state")


@dataclass(frozen=True, slots=True)
class Row:
    """One server."""

    server_id: int
    host: str
    vote: str
    """yes; no, for an observer; or - for a server that is not in the list, and has none either."""
    state: str
    """Its mode, or why it does not serve."""


def rows_of(hosts: Mapping[int, str], roles: Mapping[int, bool], states: Mapping[int, str]) -> Sequence[Row]:
    """Return a row for each of *hosts*; *roles* are the list's, ``True`` for an observer, *states* what each says."""
    votes = {True: "no", False: "yes", None: "-"}
    return [
        Row(server_id, host, votes[roles.get(server_id)], states.get(server_id, "unknown"))
        for server_id, host in sorted(hosts.items())
    ]


def render_table(rows: Sequence[Row]) -> str:
    """Return *rows* in columns under their heads."""
    cells = [HEAD, *((str(row.server_id), row.host, row.vote, row.state) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD) - 1)]
    return "".join(
        "  ".join((*(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=False)), line[-1])) + "\n"
        for line in cells
    )
