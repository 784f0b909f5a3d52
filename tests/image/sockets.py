"""What a server has open, in words that stay the same while it does: no inode, no port that was drawn by lot."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

CLOSED = "closed socket"
"""The peer has gone, and the kernel knows no connection any more: a selector lets go of it when it next wakes."""

_LISTENING = "0A"
"""A state of /proc/net/tcp."""


def open_files(pid: int) -> Counter[str]:
    """Return the open files of a process, without the jars, which a JVM opens when it needs their first class."""
    proc = Path("/proc", str(pid))
    targets = []
    for descriptor in (proc / "fd").iterdir():
        # Those that are closed meanwhile are none.
        with suppress(FileNotFoundError):
            targets.append(str(descriptor.readlink()))
    sockets = _sockets(proc)
    return Counter(_named(target, sockets) for target in targets if not target.endswith(".jar"))


def _named(target: str, sockets: Mapping[str, str]) -> str:
    if target.startswith("socket:"):
        return sockets.get(target, CLOSED)
    return "pipe" if target.startswith("pipe:") else target


def _sockets(proc: Path) -> dict[str, str]:
    """Return what each socket of the process's network is for, by the name that a descriptor has for it."""
    rows = [row.split() for name in ("tcp", "tcp6") for row in _rows(proc, name)]
    ends = [(_port(row[1]), _port(row[2]), row[3], f"socket:[{row[9]}]") for row in rows]
    served = {local for local, _, state, _ in ends if state == _LISTENING}
    return {f"socket:[{row.split()[6]}]": "unix socket" for row in _rows(proc, "unix")} | {
        name: f"listening at {local}"
        if state == _LISTENING
        else f"connection to {local} here"
        if local in served
        else f"connection to {remote} there"
        for local, remote, state, name in ends
    }


def _rows(proc: Path, name: str) -> list[str]:
    return (proc / "net" / name).read_text("utf-8").splitlines()[1:]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
