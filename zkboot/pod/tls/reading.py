"""The folder of a Secret with a key and certificates, as the kubelet mounts it, read at one moment."""

import errno
import os
from contextlib import suppress

from zkboot.pod.errors import FileError
from zkboot.pod.moment import read_at_one_moment
from zkboot.pod.reads import read_bytes
from zkboot.pod.tls.mounted import AUTHORITIES, CHAIN, KEY, Mounted


def read_mounted(directory: str) -> Mounted:
    """Return the files in *directory*. Raises FileError where one of them cannot be read; ca.crt may be missing."""
    return read_at_one_moment(directory, lambda place: _read(directory, place))


def find_moment(directory: str) -> tuple[tuple[int, int], ...]:
    """Return what changes whenever a file in *directory* is replaced or written; shorter where one cannot be found."""
    found: list[tuple[int, int]] = []
    for name in (CHAIN, KEY, AUTHORITIES):
        with suppress(OSError):
            status = os.stat(f"{directory}/{name}")
            found.append((status.st_ino, status.st_mtime_ns))
    return tuple(found)


def _read(directory: str, place: str) -> Mounted:
    def content(name: str) -> bytes | None:
        return read_bytes(f"{place}/{name}", name=f"{directory}/{name}")

    chain, key = content(CHAIN), content(KEY)
    if chain is None or key is None:
        missing = CHAIN if chain is None else KEY
        raise FileError(f"{directory}/{missing}: {os.strerror(errno.ENOENT).lower()}: mount the Secret there")
    return Mounted(directory=directory, chain=chain, key=key, authorities=content(AUTHORITIES) or b"")
