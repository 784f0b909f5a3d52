"""Reads of files that state needs, each bounded; every failure in an operator's words.

Nothing here waits for a file that is no regular one.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from zkboot.pod.environ import READ_ONLY, read_open
from zkboot.pod.errors import FileError

READ_LIMIT = 4 * 1024 * 1024
"""Bytes of the largest file this tool reads whole: a properties file of this size is a mistake."""


def read_file(path: str, encoding: str = "utf-8", *, follows: bool = True) -> str | None:
    """Return the text of the regular file *path*, None where there is none.

    Raises FileError as ``read_bytes``, and where it is not text in *encoding*.
    """
    content = read_bytes(path, follows=follows)
    try:
        return None if content is None else content.decode(encoding)
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not text in {encoding}") from None


def read_bytes(path: str, *, follows: bool = True, name: str = "") -> bytes | None:
    """Return the content of the regular file *path*, None where there is none; messages say *name*, if that is given.

    Raises FileError where it cannot be read, is no regular file (a FIFO would block), or is larger than any file of its
    kind; where it is a symbolic link, unless it *follows*.
    """
    name = name or path
    with translated(name):
        try:
            descriptor = os.open(path, READ_ONLY if follows else READ_ONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            if os.path.islink(path):
                raise FileError(f"{name}: is a symbolic link to nothing") from None
            return None
        except OSError as error:
            if error.errno == errno.ELOOP and not follows:
                refuse_irregular(name, stat.S_IFLNK)
            raise
        try:
            return read_open(descriptor, READ_LIMIT)
        except ValueError as reason:
            raise FileError(f"{name}: {reason}") from None


def read_part(path: str, start: int, count: int) -> bytes:
    """Return at most *count* bytes of the file *path* from *start* on, from its end where that is negative.

    Raises FileError where it cannot be read, or is no regular file.
    """
    with translated(path), os.fdopen(os.open(path, READ_ONLY | os.O_NOFOLLOW), "rb") as stream:
        found = os.fstat(stream.fileno())
        refuse_irregular(path, found.st_mode)
        stream.seek(start if start >= 0 else max(0, found.st_size + start))
        return stream.read(count)


def file_mode(path: str) -> int:
    """Return the permission bits of *path*. Raises FileError."""
    with translated(path):
        return stat.S_IMODE(os.stat(path).st_mode)


def find_space(path: str) -> tuple[int, int] | None:
    """Return the size of the volume that *path* is on, and what is free there, in bytes; None where it is not seen."""
    try:
        seen = os.statvfs(path)
    except (OSError, ValueError):
        # A path with a NUL is no path, and no OSError either.
        return None
    return seen.f_blocks * seen.f_frsize, seen.f_bavail * seen.f_frsize


def list_directory(path: str) -> list[str]:
    """Return the sorted names in the directory *path*; none where it does not exist. Raises FileError."""
    with translated(path):
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return []


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Translate OSError to FileError, once, with *path* in front and what the operator can do behind."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FileError(f"{path}: {reason}{_advice(path, error.errno)}") from error


def _advice(path: str, number: int | None) -> str:
    if number in (errno.EACCES, errno.EPERM):
        return f" for uid {os.geteuid()}, gid {os.getegid()}{_ownership(path)}"
    if number == errno.EROFS:
        return ": mount a writable volume there, or choose another directory"
    if number == errno.EBUSY:
        return ": it is a mount point, which no rename can replace: mount its directory, or choose another path"
    return ""


def _ownership(path: str) -> str:
    directory = path if os.path.isdir(path) else os.path.dirname(path)
    try:
        found = os.stat(directory)
    except OSError:
        return ""
    return f" ({directory} belongs to {found.st_uid}:{found.st_gid}, mode {stat.S_IMODE(found.st_mode):o})"


def refuse_irregular(path: str, mode: int) -> None:
    """Raise FileError where *mode* is not that of a regular file, a symbolic link's among them."""
    if stat.S_ISLNK(mode):
        raise FileError(f"{path}: is a symbolic link: remove it, or choose another path")
    if not stat.S_ISREG(mode):
        raise FileError(f"{path}: {'is a directory' if stat.S_ISDIR(mode) else 'is no regular file'}")
