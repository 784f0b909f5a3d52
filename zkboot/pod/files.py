"""Files that appear whole or not at all, whatever happens in between; and the few reads of files that state needs.

How: every file is first written beside its target under a temporary name, synced, and only when all of them are on
the disk are they renamed, one after the other. The directory itself is locked meanwhile (no lock file is left), so
two generators take turns and a temporary file found under the lock is a dead generator's: it is removed.

A target that is a symbolic link is refused: a rename would replace the link, a write would follow it, and neither is
what the person who made it can have meant. Directories on the way may be links.
"""

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress

from zkboot.pod.errors import FileError, StateError
from zkboot.pod.reads import read_file, refuse_irregular, translated
from zkboot.pod.rendered import PRIVATE, RenderedFile
from zkboot.pod.variables import PATH_LIMIT

SPACE_NEEDED = 1024 * 1024
"""Bytes that a data folder must have left: less is no disk that a server can start on."""

_TEMPORARY_SUFFIX = ".zkboot-tmp"
_NO_LOCKS = {errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
"""What a file system answers that cannot lock a directory, NFS among them."""

_NO_LINKS = {errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP}
"""What a file system answers that has no hard links."""

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}

_NAME_LIMIT = 255
"""Bytes of one name in a path: NAME_MAX of Linux."""

_LOCK_TRIES = 200
_LOCK_PAUSE = 0.05

Owner = tuple[int, int]
"""uid and gid."""


def write_files(files: Sequence[RenderedFile], owner: Owner | None = None) -> list[str]:
    """Write all *files*, each whole, and return the paths of those that changed.

    *owner* (uid, gid) gets the files, which only root can ask for. Nothing changes on the disk where any file cannot be
    written; where the machine stops between two renames, each target is the old file or the new one. Raises FileError,
    and StateError where a file that is never overwritten holds something else by now.
    """
    with ExitStack() as stack:
        directories = _locked_directories(files, stack)
        pending: list[tuple[RenderedFile, int, str]] = []
        try:
            for file in files:
                descriptor = directories[os.path.dirname(file.path)]
                with translated(file.path):
                    if not _is_current(file, descriptor, owner):
                        _refuse_mount_point(file.path)
                        _refuse_strangers_file(file.path, descriptor)
                        pending.append((file, descriptor, _write_temporary(file, descriptor, owner)))
            for file, descriptor, temporary in pending:
                with translated(file.path):
                    _publish(file, descriptor, temporary)
        except BaseException:
            for _, descriptor, temporary in pending:
                _discard(temporary, descriptor)
            raise
        for path, descriptor in directories.items():
            with translated(path):
                _sync_directory(descriptor)
    return [file.path for file, _, _ in pending]


def remove_file(path: str) -> None:
    """Remove the file *path*, if it is there. Raises FileError."""
    with translated(path), suppress(FileNotFoundError):
        os.unlink(path)


def make_directory(path: str, owner: Owner | None = None) -> bool:
    """Make the directory *path* and its missing parents; return whether it was missing. Raises FileError.

    Only the directories made here get *owner*: what an operator mounted keeps its own.
    """
    _refuse_long_names(path)
    missing: list[str] = []
    while not os.path.isdir(path):
        missing.append(path)
        if os.path.dirname(path) == path:
            break
        path = os.path.dirname(path)
    is_made = False
    for directory in reversed(missing):
        is_made = _make_one(directory, owner)
    return is_made


def _make_one(path: str, owner: Owner | None) -> bool:
    """Make the directory *path*, whose parent exists; return whether it was missing."""
    with translated(path):
        try:
            os.mkdir(path, 0o755)
        except FileExistsError:
            if os.path.isdir(path):
                return False
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path) from None
        if owner is not None:
            os.chown(path, *owner)
    return True


def check_directory(path: str) -> None:
    """Raise FileError where *path*, if it exists, is no directory that this process can write to.

    Where it does not exist, its nearest existing parent is what must be writable, and the rest must be names that a
    directory may have: else it would be found out only when others had been made.
    """
    _refuse_long_names(path)
    while not os.path.lexists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    with translated(path):
        if not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        if os.statvfs(path).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def check_target(path: str) -> None:
    """Raise FileError where *path* exists and is no file to replace, or its name is too long for ``write_files``."""
    _refuse_long_names(path)
    if len(os.fsencode(_temporary_name(os.path.basename(path)))) > _NAME_LIMIT:
        raise FileError(
            f"{path}: {os.strerror(errno.ENAMETOOLONG).lower()}: the temporary file beside it needs a longer one"
        )
    with translated(path):
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            return
    refuse_irregular(path, found.st_mode)


def check_readable(path: str) -> None:
    """Raise FileError where this process may not read *path*."""
    with translated(path):
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def check_space(directory: str, advice: str) -> None:
    """Raise FileError, with *advice* for what to do, where *directory* has no room for another megabyte.

    It is tried, for a quota tells nobody how much of it is left; nothing stays behind. A directory that does not exist
    is not looked at.
    """
    if not os.path.isdir(directory):
        return
    try:
        # Without a name: whatever happens, the space is free again.
        descriptor = os.open(directory, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, PRIVATE)
        try:
            os.posix_fallocate(descriptor, 0, SPACE_NEEDED)
        finally:
            os.close(descriptor)
    except OSError as error:
        # Anything else, such as a file system without files of this kind, says nothing of the space.
        if error.errno in _NO_SPACE:
            raise FileError(f"{directory}: {os.strerror(error.errno).lower()}: {advice}") from error


def is_one_file_system(*paths: str) -> bool:
    """Return whether *paths*, or their nearest parents that exist, are on one file system. Raises FileError."""
    devices: set[int] = set()
    for path in paths:
        while not os.path.exists(path) and os.path.dirname(path) != path:
            path = os.path.dirname(path)  # noqa: PLW2901 - the nearest that exists
        with translated(path):
            devices.add(os.stat(path).st_dev)
    return len(devices) == 1


def _refuse_long_names(path: str) -> None:
    """Raise FileError where *path* is longer than any, or has a name that is."""
    encoded = os.fsencode(path)
    if len(encoded) > PATH_LIMIT or any(len(name) > _NAME_LIMIT for name in encoded.split(b"/")):
        raise FileError(f"{path}: {os.strerror(errno.ENAMETOOLONG).lower()}")


def _locked_directories(files: Sequence[RenderedFile], stack: ExitStack) -> dict[str, int]:
    """Hold the directories of *files* open, by path, and locked against other generators where that can be done.

    Two paths may lead to one directory: it is opened, and locked, once. Temporary files of the dead are removed.
    """
    directories: dict[str, int] = {}
    places: dict[tuple[int, int], str] = {}
    for path in {os.path.dirname(file.path) for file in files}:
        with translated(path):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, descriptor)
        found = os.fstat(descriptor)
        first = places.setdefault((found.st_dev, found.st_ino), path)
        directories[path] = directories.get(first, descriptor)
    # In an order that every generator shares, so that no two wait for each other crosswise.
    for _, path in sorted(places.items()):
        with translated(path):
            if _lock(path, directories[path]):
                # Only under the lock is a temporary file surely nobody's.
                _remove_stale(directories[path], [os.path.basename(file.path) for file in files])
    return directories


def _lock(path: str, descriptor: int) -> bool:
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return False
            raise
        else:
            return True
    raise FileError(f"{path}: another process has held this directory's lock for {_LOCK_TRIES * _LOCK_PAUSE:g} s")


def _remove_stale(directory: int, targets: Iterable[str]) -> None:
    prefixes = tuple(f".{target}." for target in targets)
    for name in os.listdir(directory):
        if name.startswith(prefixes) and name.endswith(_TEMPORARY_SUFFIX):
            # What cannot be removed, a directory or a stranger's, is in nobody's way: the new name is a random one.
            _discard(name, directory)


def _is_current(file: RenderedFile, directory: int, owner: Owner | None) -> bool:
    """Return whether the target already has the right content; raises FileError where it is no file to replace."""
    name = os.path.basename(file.path)
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    refuse_irregular(file.path, found.st_mode)
    if file.once:
        return _is_stated(file)
    if stat.S_IMODE(found.st_mode) != file.mode or (owner is not None and (found.st_uid, found.st_gid) != owner):
        return False
    if found.st_size != len(file.content):
        return False
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    except PermissionError:
        return False
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read() == file.content


def _is_stated(file: RenderedFile) -> bool:
    """Return whether the file that is written once is there; somebody may remove it meanwhile.

    Raises StateError where it says something else: another start was faster.
    """
    found = read_file(file.path, file.encoding, follows=False)
    if found is None:
        return False
    if found.split() != file.text.split():
        text = f"{found.strip()[:40]!r}, and this start would write {file.text.strip()!r}"
        raise StateError(f"{file.path} says {text}: two pods start on one volume")
    return True


def _refuse_strangers_file(path: str, directory: int) -> None:
    """Raise OSError where *path* is somebody else's in a sticky directory: there, only its owner can replace it."""
    folder = os.fstat(directory)
    with suppress(FileNotFoundError):
        owner = os.stat(os.path.basename(path), dir_fd=directory, follow_symlinks=False).st_uid
        if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (0, folder.st_uid, owner):
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), path)


def _refuse_mount_point(path: str) -> None:
    """Raise OSError where *path* is one: a rename would fail, but only after those before it had succeeded."""
    # Paths are bytes: any of them is text in Latin-1.
    mounts = read_file("/proc/self/mountinfo", "iso-8859-1") or ""
    directory, name = os.path.split(path)
    place = os.fsencode(os.path.join(os.path.realpath(directory), name)).decode("iso-8859-1")
    # The fifth field, in which blanks and backslashes are octal (proc(5), /proc/pid/mountinfo).
    escaped = re.sub(r"[ \t\n\\]", lambda found: f"\\{ord(found[0]):03o}", place)
    if any(mount.split(" ")[4:5] == [escaped] for mount in mounts.split("\n")):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)


def _temporary_name(name: str) -> str:
    return f".{name}.{os.urandom(8).hex()}{_TEMPORARY_SUFFIX}"


def _write_temporary(file: RenderedFile, directory: int, owner: Owner | None) -> str:
    temporary = _temporary_name(os.path.basename(file.path))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, PRIVATE, dir_fd=directory)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(file.content)
            stream.flush()
            if owner is not None:
                os.fchown(stream.fileno(), *owner)
            os.fchmod(stream.fileno(), file.mode)
            os.fsync(stream.fileno())
    except BaseException:
        _discard(temporary, directory)
        raise
    return temporary


def _publish(file: RenderedFile, directory: int, temporary: str) -> None:
    name = os.path.basename(file.path)
    if file.once:
        # A link, unlike a rename, fails where somebody else was faster: state is never replaced.
        try:
            os.link(temporary, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        else:
            os.unlink(temporary, dir_fd=directory)
            return
    os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)


def _discard(name: str, directory: int) -> None:
    """Unlink a temporary file if it is there and can be: the error that came before, if any, is the one to report."""
    with suppress(OSError):
        os.unlink(name, dir_fd=directory)


def _sync_directory(directory: int) -> None:
    try:
        os.fsync(directory)
    except OSError as error:
        # Some network file systems cannot sync a directory; the files themselves are on the disk.
        if error.errno != errno.EINVAL:
            raise
