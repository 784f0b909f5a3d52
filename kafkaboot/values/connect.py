"""``zookeeper.connect``: the ensemble as a broker names it, and the chroot its znodes live under.

Facts (``ConnectStringParser`` and ``PathUtils.validatePath`` of ZooKeeper's client): everything from the first slash on
is the chroot, so it stands once, behind the last server; a server without a port means 2181.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from zkboot.pod.address import Address, host_port, parse_address
from zkboot.pod.variables import BLANKS

DEFAULT_PORT = 2181


@dataclass(frozen=True, slots=True)
class ConnectString:
    """An ensemble's servers and the chroot."""

    servers: tuple[Address, ...]
    """Host, IPv6 without brackets, and client port of each."""
    chroot: str = ""
    """An absolute path; empty where the whole tree is the broker's."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what *text* states; raises ValueError with the reason."""
        listed, slash, path = text.strip(BLANKS).partition("/")
        if "," in path and ":" in path.partition(",")[2]:
            raise ValueError("has a chroot in its middle: it stands once, behind the last server")
        servers = tuple(_server(entry.strip(BLANKS)) for entry in listed.split(",") if entry.strip(BLANKS))
        if not servers:
            raise ValueError("names no server")
        return cls(servers, checked_chroot(slash + path) if path else "")

    def __str__(self) -> str:
        """Return the value of ``zookeeper.connect``."""
        return ",".join(host_port(host, port) for host, port in self.servers) + self.chroot


def ensemble_of(pods: Iterable[str], domain: str, port: int, chroot: str) -> ConnectString:
    """Return the connect string of an ensemble whose *pods* have DNS names in *domain*."""
    return ConnectString(tuple((f"{pod}.{domain}", port) for pod in pods), chroot)


def checked_chroot(path: str) -> str:
    """Return *path* as a chroot, empty for the root itself; raises ValueError with the reason."""
    if path == "/":
        return ""
    if not path.startswith("/"):
        raise ValueError("is not an absolute path of ZooKeeper, such as /kafka")
    for node in path[1:].split("/"):
        if not node:
            raise ValueError("has an empty node name: no '//', and no '/' at the end")
        if node in (".", ".."):
            raise ValueError(f"has the node name {node!r}: a path of ZooKeeper cannot be relative")
    if any(letter in BLANKS or not letter.isprintable() or letter == "," for letter in path):
        raise ValueError("has a blank, a comma or a letter that is not printable")
    return path


def _server(text: str) -> Address:
    try:
        return parse_address(text, DEFAULT_PORT)
    except ValueError as error:
        raise ValueError(f"has the server {text!r}: its host or port {error}") from None
