"""The cluster's DNS: A records of pods and services on the bridge's address, answered from the cluster's table."""

import socket
import struct
import threading
from collections.abc import Callable
from enum import Enum

_A, _AAAA = 1, 28
_NOERROR, _NXDOMAIN = 0, 3
_TTL = 5
_HEADER = struct.Struct(">6H")

Lookup = Callable[[str], list[str] | None]
"""Returns the addresses of a name, nothing where it has none, None where there is no such name."""


class Mode(Enum):
    """How the server behaves."""

    UP = "answers"
    SILENT = "takes every question and answers none"
    EMPTY = "knows no name"


class DnsServer:
    """A DNS server on one address, until it is closed."""

    def __init__(self, address: str, lookup: Lookup) -> None:
        """Take the address to listen on and what to answer."""
        self.mode = Mode.UP
        self._lookup = lookup
        self._closing = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._thread = threading.Thread(target=self._serve, name="dns", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._closing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._closing:
            question, client = self._socket.recvfrom(4096)
            if len(question) > _HEADER.size and self.mode is not Mode.SILENT:
                self._socket.sendto(self._answer(question), client)

    def _answer(self, question: bytes) -> bytes:
        number, flags, *_ = _HEADER.unpack_from(question)
        name, end = _name(question)
        (kind,) = struct.unpack_from(">H", question, end)
        found = self._lookup(name) if self.mode is Mode.UP else None
        addresses = (found or []) if kind == _A else []
        code = _NXDOMAIN if found is None else _NOERROR
        header = _HEADER.pack(number, 0x8480 | (flags & 0x0100) | code, 1, len(addresses), 0, 0)
        record = struct.pack(">3HIH", 0xC00C, _A, 1, _TTL, 4)
        rows = b"".join(record + socket.inet_aton(address) for address in addresses)
        return header + question[_HEADER.size : end + 4] + rows


def _name(question: bytes) -> tuple[str, int]:
    """Return the name that is asked for, in lower case, and where it ends."""
    labels = []
    at = _HEADER.size
    while length := question[at]:
        labels.append(question[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    return ".".join(labels), at + 1
