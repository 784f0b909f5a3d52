"""The users of SCRAM that a cluster has, by the metadata on a node's volume.

Facts (``UserScramCredentialRecord`` and ``MetadataRecordSerde`` of 3.5 to 4.4, tried on 3.9 and 4.4): every node's log
and snapshots have a record of each user, uncompressed: a 1, 11 and 0 for its kind, the name behind its length, and a
byte for the mechanism. They are stored when the first controllers are formatted, and by clients later; nothing else
brings a user there. What ``bootstrap.checkpoint`` has counts on one controller only, the cluster's first leader.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from kafkaboot.values.knobs import SASL_DIR
from kafkaboot.volumes.meta import METADATA_LOG
from zkboot.pod.reads import list_directory, read_part

_LOG = ".log"
_KIND = b"\x01\x0b\x00"
_MECHANISMS = {"SCRAM-SHA-256": b"\x01", "SCRAM-SHA-512": b"\x02"}

_PART = 1024 * 1024
"""Bytes of a file that are held at once."""

_LIMIT = 256 * _PART
"""Bytes that are read, in some 0.2 s: with longer metadata there is no advice."""


def user_advice(directory: str, mechanism: str, users: Iterable[str]) -> Sequence[str]:
    """Return which of the *users* cannot log in, for the metadata in *directory* have never had them for *mechanism*.

    Nothing where a node has no log of them yet, or one that is too long to look through. Raises FileError where they
    cannot be read, or where a broker that runs removes some meanwhile.
    """
    missing = {name: _KIND + _compact(name) + _MECHANISMS[mechanism] for name in users}
    overlap = max(map(len, missing.values()), default=0)
    has_log, looked_through = False, 0
    for name, part in _parts(f"{directory}/{METADATA_LOG}", overlap):
        # A snapshot alone may be the format's, with the users elsewhere.
        has_log |= name.endswith(_LOG)
        looked_through += len(part)
        if _KIND in part:
            missing = {user: record for user, record in missing.items() if record not in part}
        if not missing or looked_through > _LIMIT:
            return ()
    return (_advice(directory, mechanism, missing),) if has_log and missing else ()


def _advice(directory: str, mechanism: str, missing: Collection[str]) -> str:
    return (
        f"{SASL_DIR.name}: {', '.join(missing)} cannot log in by {mechanism}: the cluster's metadata in {directory}"
        " have no such user, for only the format of a new cluster takes users from the folder; add each by"
        f" kafka-configs.sh --alter --add-config '{mechanism}=[password=…]' --entity-type users --entity-name <user>"
    )


def _parts(log: str, overlap: int) -> Iterator[tuple[str, bytes]]:
    """Yield the snapshots and segments of *log* by name, newest snapshot first, in parts that share *overlap*."""
    names = list_directory(log)
    kinds = [[name for name in names if name.endswith(suffix)] for suffix in (_LOG, ".checkpoint")]
    for name in reversed([name for kind in kinds for name in kind]):
        start = 0
        while part := read_part(f"{log}/{name}", start, _PART):
            yield name, part
            if len(part) < _PART:
                break
            start += _PART - overlap


def _compact(name: str) -> bytes:
    """Return *name* behind its length and 1, in groups of 7 bits, the lowest first."""
    length = len(name) + 1
    head = bytes([length]) if length < 0x80 else bytes([length & 0x7F | 0x80, length >> 7])
    return head + name.encode()
