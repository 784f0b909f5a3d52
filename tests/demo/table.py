"""The demo's table: one row a pod."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one pod's probe found."""

    pod: str
    server_id: str
    """Its myid or its broker id."""
    role: str
    ready: bool
    latency_ms: float
    """Milliseconds of its readiness probe, the start of the interpreter included."""
    http: str
    """Where its sidecar says the same."""


def render(rows: Sequence[Row]) -> str:
    """Return *rows* as aligned columns under their titles."""
    cells = [("pod", "id", "role", "ready", "latency", "over HTTP")]
    cells += [
        (row.pod, row.server_id, row.role, "yes" if row.ready else "NO", f"{row.latency_ms:.0f} ms", row.http)
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
