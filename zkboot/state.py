"""What is already on the volume, and whether it contradicts what was computed. Reads, never writes.

State on the volume wins: a contradiction stops the start, and a person decides.
"""

from zkboot.member import Member
from zkboot.pod.errors import StateError
from zkboot.pod.files import list_directory, read_file
from zkboot.settings import Settings

VERSION_DIR = "version-2"
"""Where ZooKeeper keeps snapshots and logs, in dataDir and dataLogDir, in every version since 3.0."""

EPOCH_FILES = ("acceptedEpoch", "currentEpoch")
"""What every quorum member writes before it serves, and a standalone server never does."""


def check_volume(settings: Settings, member: Member) -> None:
    """Raise StateError with everything on the volume that contradicts *member*; FileError where it cannot be read."""
    problems = [*_myid_problems(settings, member), *_standalone_problems(settings, member)]
    if problems:
        raise StateError(*problems)


def read_myid(path: str) -> int | None:
    """Return the id in the file *path*, None where there is none.

    Raises StateError where the file says no number: ZooKeeper reads its first line and takes it for one. A symbolic
    link is refused: what it points to might be nobody's business, and would be told.
    """
    text = read_file(path, follows=False)
    if text is None:
        return None
    first, *rest = text.split("\n")
    digits = first.strip()
    # Nineteen digits hold every Java long; int() would take only 4300 of them.
    if not digits.isascii() or not digits.isdigit() or len(digits) > 19 or any(line.strip() for line in rest):
        told = "is empty" if not text.strip() else f"says {text[:40]!r}, which is no server id"
        raise StateError(f"{path} {told}: write this server's id into it, or remove it")
    return int(digits)


def _myid_problems(settings: Settings, member: Member) -> list[str]:
    path = f"{settings.data_dir}/myid"
    try:
        found = read_myid(path)
    except StateError as error:
        return list(error.problems)
    if found in (None, member.server_id):
        return []
    return [
        (
            f"{path} says {found}, but this pod is server {member.server_id}: another server's volume, or ZK_ID_OFFSET,"
            " ZK_ORDINAL_START or ZK_SERVERS changed; mount the right volume or undo the change"
        )
    ]


def _standalone_problems(settings: Settings, member: Member) -> list[str]:
    if member.is_alone or settings.allow_standalone_data:
        return []
    data = f"{settings.data_dir}/{VERSION_DIR}"
    names = list_directory(data)
    if any(name in names for name in EPOCH_FILES):
        return []
    logs = list_directory(f"{settings.data_log_dir}/{VERSION_DIR}")
    places = [f"{data}/{name}" for name in names] + [f"{settings.data_log_dir}/{VERSION_DIR}/{name}" for name in logs]
    written = [place for place in places if place.rpartition("/")[2].startswith(("snapshot.", "log."))]
    if not written:
        return []
    return [
        (
            f"{written[0]} is a standalone server's, or a member's that lost {data} (no {' or '.join(EPOCH_FILES)}"
            f" there), but this ensemble has {len(member.ensemble.servers)} servers: empty ones can outvote it, and its"
            " data would be lost. Mount the missing volume, or set ZK_REPLICAS=1 to serve a standalone server's, or set"
            " ZK_ALLOW_STANDALONE_DATA=true once a backup exists"
        )
    ]
