"""Which epochs the data is of, as a server will find: by what is whole in the files, for their names prove nothing.

A server that is killed leaves torn files under final names, and passes over them at the next start. Facts
(``FileSnap``, ``FileTxnLog`` of 3.4 to 3.9): a snapshot that was written whole ends in the four bytes of the number 1
and a slash; a log begins with ``ZKLG``, a version and a number, 16 bytes, then come records of a checksum (Adler-32), a
length and a transaction, whose header has the zxid at its byte 12. The first 32 bits of a zxid are the epoch.
"""

import struct
import zlib
from collections.abc import Iterable

from zkboot.pod.reads import read_part

_LOG_MAGIC = b"ZKLG"
_LOG_HEADER = 16
_RECORD_HEADER = 12
_RECORD_LIMIT = 1 << 20
_SEAL = b"\x00\x00\x00\x01/"


def newest_epoch(snapshots: Iterable[str], logs: Iterable[str]) -> int:
    """Return the newest epoch that data of the files is surely of, 0 where nothing is sure. Raises FileError."""
    newest = 0
    for path in sorted(snapshots, key=zxid_in_name, reverse=True):
        # Compressed ones, snapshot.100000000.gz, are not looked into.
        if path.count(".", path.rfind("/")) == 1 and read_part(path, -len(_SEAL), len(_SEAL)) == _SEAL:
            newest = zxid_in_name(path) >> 32
            break
    for path in sorted(logs, key=zxid_in_name, reverse=True):
        zxid = _first_zxid(path)
        if zxid is not None:
            return max(newest, zxid >> 32)
    return newest


def zxid_in_name(path: str) -> int:
    """Return the zxid in the name of a snapshot or a log, 0 where there is none."""
    text = path.rpartition("/")[2].split(".")[1]
    try:
        return int(text, 16)
    except ValueError:
        return 0


def _first_zxid(path: str) -> int | None:
    """Return the zxid of the first transaction in the log at *path*, None where none is whole."""
    head = read_part(path, 0, _LOG_HEADER + _RECORD_HEADER)
    if len(head) < _LOG_HEADER + _RECORD_HEADER or not head.startswith(_LOG_MAGIC):
        return None
    checksum, length = struct.unpack_from(">qi", head, _LOG_HEADER)
    if not 20 <= length <= _RECORD_LIMIT:
        return None
    record = read_part(path, _LOG_HEADER + _RECORD_HEADER, length)
    if len(record) < length or zlib.adler32(record) != checksum:
        return None
    (zxid,) = struct.unpack_from(">q", record, 12)
    return int(zxid)
