"""What is on the volume of a server, read once: marks, names of snapshots and logs, epochs, lists of members."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zkboot.lists import LIST_NAME, Members, is_whole
from zkboot.pod.errors import StateError
from zkboot.pod.reads import list_directory, read_file
from zkboot.settings import Settings
from zkboot.volumes.mark import NAME, Mark

VERSION_DIR = "version-2"
"""Where ZooKeeper keeps snapshots and logs, in dataDir and dataLogDir, in every version since 3.0."""

CURRENT_EPOCH, ACCEPTED_EPOCH = "currentEpoch", "acceptedEpoch"
EPOCH_FILES = (ACCEPTED_EPOCH, CURRENT_EPOCH)
"""What every quorum member writes before it serves, and a standalone server never does."""

SNAPSHOT, LOG_FILE = "snapshot.", "log."


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The folders of one server."""

    data: str
    """``dataDir``/version-2."""
    log: str
    """``dataLogDir``/version-2."""
    is_one: bool
    """Whether the two are one folder."""
    data_names: tuple[str, ...]
    log_names: tuple[str, ...]
    has_run: bool
    """Whether a server has run on it: it makes both folders before it writes anything."""
    data_mark: Mark | None
    log_mark: Mark | None
    """That of ``dataLogDir``; where the two are one, the same."""
    epochs: Mapping[str, str]
    """Name → text of those of EPOCH_FILES that are there."""
    lists: Mapping[str, Members]
    """Path → list, of those that the server wrote, the newest first; without those of a life before a static list."""
    newest_version: int
    """The highest version of any list there, 0 where there is none."""
    unreadable: tuple[str, ...]
    """Such files that hold no list."""
    has_first_list: bool
    """Whether the list is there that this tool wrote for a server that had none of its ensemble's yet."""

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Paths of the snapshots."""
        return _paths(self.data, self.data_names, SNAPSHOT)

    @property
    def logs(self) -> tuple[str, ...]:
        """Paths of the transaction logs."""
        return _paths(self.log, self.log_names, LOG_FILE)

    @property
    def is_empty(self) -> bool:
        """Whether nothing of a server's data is on it, be it new or lost."""
        misplaced = (*_paths(self.data, self.data_names, LOG_FILE), *_paths(self.log, self.log_names, SNAPSHOT))
        return not (self.snapshots or self.logs or misplaced or self.epochs)


def look_at(settings: Settings) -> Contents:
    """Return what is on the volume of *settings*.

    Raises StateError where a mark cannot be understood, FileError where something cannot be read.
    """
    data, log = f"{settings.data_dir}/{VERSION_DIR}", f"{settings.data_log_dir}/{VERSION_DIR}"
    data_names = tuple(list_directory(data))
    epochs = {name: read_file(f"{data}/{name}", "iso-8859-1") or "" for name in EPOCH_FILES if name in data_names}
    lists, unreadable = _lists(settings.conf_dir)
    data_mark, log_mark = _mark(settings.data_dir), _mark(settings.data_log_dir)
    mark = data_mark or log_mark
    floor = 0 if mark is None else mark.floor
    return Contents(
        data=data,
        log=log,
        is_one=os.path.realpath(settings.data_dir) == os.path.realpath(settings.data_log_dir),
        data_names=data_names,
        log_names=tuple(list_directory(log)),
        has_run=os.path.isdir(data) or os.path.isdir(log),
        data_mark=data_mark,
        log_mark=log_mark,
        epochs=epochs,
        lists={path: members for path, members in lists.items() if members.version > floor},
        newest_version=max((members.version for members in lists.values()), default=0),
        unreadable=tuple(unreadable),
        has_first_list=LIST_NAME in list_directory(settings.conf_dir),
    )


def _mark(directory: str) -> Mark | None:
    path = f"{directory}/{NAME}"
    text = read_file(path, follows=False)
    if text is None:
        return None
    try:
        return Mark.parse(text)
    except ValueError as error:
        raise StateError(
            f"{path} {error}: restore it from a backup; or remove it and the other one, in ZK_DATA_DIR and in"
            " ZK_DATA_LOG_DIR, where both are surely this server's"
        ) from None


def _lists(directory: str) -> tuple[dict[str, Members], list[str]]:
    """Return the lists that a server wrote into *directory*, the newest first, and the files that hold none."""
    found: list[tuple[int, str, Members]] = []
    unreadable: list[str] = []
    for name in list_directory(directory):
        prefix, dot, version = name.rpartition(".")
        if prefix != LIST_NAME or not dot or not _is_hex(version):
            continue
        path = f"{directory}/{name}"
        try:
            members = Members.parse(read_file(path, "iso-8859-1") or "")
            if not all(map(is_whole, members.rows.values())):
                members = Members(rows={})
        except ValueError:
            members = Members(rows={})
        if members.voters:
            number = int(version, 16)
            found.append((number, path, Members(rows=members.rows, version=number, others=members.others)))
        else:
            unreadable.append(path)
    return {path: members for _, path, members in sorted(found, key=lambda entry: -entry[0])}, unreadable


def _is_hex(text: str) -> bool:
    return 0 < len(text) <= 16 and all(letter in "0123456789abcdef" for letter in text)


def _paths(directory: str, names: Sequence[str], prefix: str) -> tuple[str, ...]:
    return tuple(f"{directory}/{name}" for name in names if name.startswith(prefix))
