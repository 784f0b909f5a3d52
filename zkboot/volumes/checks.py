"""Whether the volume contradicts what was computed, and whether a server could start on it. Found before a JVM starts.

State on the volume wins: a contradiction stops the start, and a person decides.

Facts (``FileTxnSnapLog``, ``QuorumPeer.loadDataBase`` of 3.4 to 3.9, tried on each):

- A snapshot without any log is legal, for a follower that has just synced: only the mark tells a lost log folder.
- 3.5 and newer end where snapshots lie in the folder of logs or the reverse; 3.4 starts without them.
- The epochs are numbers in text files. A server ends where one is empty, where the current one is behind the log, or
  the accepted one behind the current.
- 3.5 and newer end where there are logs and no snapshot, which 3.4 may leave, unless ``snapshot.trust.empty`` is true.
"""

from collections.abc import Iterable

from zkboot.member import Member
from zkboot.pod.errors import StateError
from zkboot.pod.reads import read_file
from zkboot.settings import Settings
from zkboot.variables import ALLOW_INCOMPLETE_DATA, ALLOW_STANDALONE_DATA, DATA_LOG_DIR
from zkboot.volumes.contents import ACCEPTED_EPOCH, CURRENT_EPOCH, EPOCH_FILES, LOG_FILE, SNAPSHOT, Contents, look_at
from zkboot.volumes.evidence import newest_epoch, zxid_in_name
from zkboot.volumes.mark import BOTH, DATA, LOG, NAME

TRUST_EMPTY = "snapshot.trust.empty"

_COPY = (
    "while the other servers serve, move both version-2 folders aside and set ZK_QUORUM_ENTRY=join (3.6 and newer):"
    " this server copies everything from them, and has no vote until then"
)


def check_volume(settings: Settings, member: Member) -> Contents:
    """Return what is on the volume; raises StateError with everything that contradicts *member* or stops a server.

    Raises FileError where something cannot be read.
    """
    contents = look_at(settings)
    problems = [
        *_myid_problems(settings, member),
        *_folder_problems(settings, contents),
        *_pair_problems(settings, contents),
        *_standalone_problems(settings, member, contents),
        *_epoch_problems(contents),
        *_trust_problems(settings, contents),
    ]
    if problems:
        raise StateError(*problems)
    return contents


def volume_advice(settings: Settings, contents: Contents) -> Iterable[str]:
    """Yield what does not stop the start but should be read."""
    for path in contents.unreadable:
        yield f"{path} lists no server, as after a power cut: the one before it counts"
    if settings.allow_incomplete_data and (contents.data_mark is None) == (contents.log_mark is None):
        yield f"{ALLOW_INCOMPLETE_DATA.name}=true has no effect, for nothing is missing: unset it"
    if _lacks_a_beginning(contents):
        yield _lost(contents)
    elif contents.logs and not contents.snapshots and not _is_trusted(settings):
        yield (
            f"{contents.data} has no snapshot, which ZooKeeper 3.5 and newer refuse (3.4 goes on). The log begins with"
            " the first write, so nothing is lost: where 3.4 wrote this volume, set ZK_CFG_snapshot_trust_empty=true"
            " for one start"
        )
    if _is_trusted(settings) and contents.snapshots:
        yield (
            f"{TRUST_EMPTY}=true: a snapshot is there, so unset ZK_CFG_snapshot_trust_empty; left set, a server that"
            " loses its snapshots would start with a part of its data"
        )


def read_myid(path: str) -> int | None:
    """Return the id in the file *path*, None where there is none.

    Raises StateError where the file says no number: ZooKeeper reads its first line and takes it for one. A symbolic
    link is refused: a message would show the text of a file that may be secret.
    """
    text = read_file(path, follows=False)
    if text is None:
        return None
    first, *rest = text.split("\n")
    digits = first.strip()
    # Nineteen digits hold every Java long; int() would take only 4300 of them.
    if not digits.isascii() or not digits.isdigit() or len(digits) > 19 or any(line.strip() for line in rest):
        subject = "is empty" if not text.strip() else f"says {text[:40]!r}, which is no server id"
        raise StateError(f"{path} {subject}: write this server's id into it, or remove it")
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


def _folder_problems(settings: Settings, contents: Contents) -> Iterable[str]:
    """Say where snapshots lie in the folder of logs, or logs in that of snapshots: the two were swapped, or one."""
    if contents.is_one:
        return
    logs = [name for name in contents.data_names if name.startswith(LOG_FILE)]
    snapshots = [name for name in contents.log_names if name.startswith(SNAPSHOT)]
    if logs and snapshots:
        yield (
            f"{contents.data} holds {logs[0]} and {contents.log} holds {snapshots[0]}: ZK_DATA_DIR and"
            f" {DATA_LOG_DIR.name} are swapped; swap the variables, or the volumes"
        )
    elif logs:
        yield (
            f"{contents.data} holds {logs[0]}: the transaction log was in ZK_DATA_DIR until now. Set"
            f" {DATA_LOG_DIR.name}={settings.data_dir}, or, while the server is stopped, move {contents.data}/log.* to"
            f" {contents.log}"
        )
    elif snapshots:
        yield (
            f"{contents.log} holds {snapshots[0]}: that is a folder of snapshots. Set ZK_DATA_DIR to the folder that"
            f" holds the snapshots and {DATA_LOG_DIR.name} to that of the transaction log"
        )


def _pair_problems(settings: Settings, contents: Contents) -> Iterable[str]:
    """Say where one of the two folders is missing, or belongs to another."""
    data, log = contents.data_mark, contents.log_mark
    if not contents.has_run or settings.allow_incomplete_data:
        return
    if contents.is_one:
        if data is not None and data.folder != BOTH:
            other = DATA_LOG_DIR.name if data.folder == DATA else "ZK_DATA_DIR"
            yield (
                f"{settings.data_dir}/{NAME} is that of a folder of {_FOLDERS[data.folder]} alone, and now ZK_DATA_DIR"
                f" and {DATA_LOG_DIR.name} both name it: set {other} to the other folder again, as it was"
            )
        return
    if data is not None and data.folder == BOTH:
        yield (
            f"{settings.data_dir}/{NAME} is that of a folder of both snapshots and transaction log, but"
            f" {DATA_LOG_DIR.name} is {settings.data_log_dir}: set it to {settings.data_dir}, or, while the server is"
            f" stopped, move {contents.data}/log.* to {contents.log} and set {ALLOW_INCOMPLETE_DATA.name}=true for one"
            " start"
        )
    elif data is not None and log is None:
        yield (
            f"{settings.data_log_dir} has no {NAME}, but {settings.data_dir} has: the transaction log is missing, and"
            " with it the writes since the last snapshot, acknowledged ones among them. Mount the missing volume; or,"
            f" {_COPY}; or set {ALLOW_INCOMPLETE_DATA.name}=true to start with what is left"
        )
    elif log is not None and data is None and not (contents.snapshots or contents.epochs):
        yield (
            f"{settings.data_log_dir} has a {NAME} and {settings.data_dir} has none, nor any data: the volume of the"
            f" snapshots is missing. Mount it; or, {_COPY}; or set {ALLOW_INCOMPLETE_DATA.name}=true to start with"
            " what is left"
        )
    elif log is not None and data is not None and (log.owner != data.owner or (data.folder, log.folder) != (DATA, LOG)):
        yield (
            f"{settings.data_dir}/{NAME} and {settings.data_log_dir}/{NAME} do not belong together"
            f" ({data.owner}, {_FOLDERS[data.folder]}; {log.owner}, {_FOLDERS[log.folder]}): one of the volumes is"
            f" another server's, or they are swapped; mount the right ones, or set {ALLOW_INCOMPLETE_DATA.name}=true to"
            " start with what is there"
        )


_UPDATING = {f"{CURRENT_EPOCH}.tmp", "updatingEpoch"}
"""Tell a server that it was ended while it wrote the epoch: it repairs that itself (3.5 and newer, 3.4)."""

_FOLDERS = {DATA: "snapshots", LOG: "the transaction log", BOTH: "both"}


def _standalone_problems(settings: Settings, member: Member, contents: Contents) -> list[str]:
    mark = contents.data_mark or contents.log_mark
    is_members = bool(contents.epochs) or (mark is not None and len(mark.members.rows) != 1)
    if member.is_alone or settings.allow_standalone_data or is_members:
        return []
    written = (*contents.snapshots, *contents.logs)
    if not written:
        return []
    return [
        (
            f"{written[0]} is a standalone server's, or a member's that lost {contents.data} (no"
            f" {' or '.join(EPOCH_FILES)} there), but this ensemble has {len(member.ensemble.servers)} servers: empty"
            " ones can outvote it, and its data would be lost. Mount the missing volume, or set ZK_REPLICAS=1 to serve"
            f" a standalone server's, or set {ALLOW_STANDALONE_DATA.name}=true once a backup exists"
        )
    ]


def _epoch_problems(contents: Contents) -> Iterable[str]:
    """Say where the epochs are torn, or contradict each other or the log, as a power cut leaves them."""
    found: dict[str, int] = {}
    for name, text in contents.epochs.items():
        digits = text.split("\n")[0].strip()
        if digits.isascii() and digits.isdigit() and len(digits) < 19:
            found[name] = int(digits)
            continue
        subject = "is empty" if not digits else f"says {digits[:20]!r}, which is no epoch"
        yield f"{contents.data}/{name} {subject}, as after a power cut, and the server would end: {_COPY}"
    current, accepted = found.get(CURRENT_EPOCH), found.get(ACCEPTED_EPOCH)
    if current is None:
        return
    newest = newest_epoch(contents.snapshots, contents.logs)
    if newest > current and not _UPDATING & set(contents.data_names):
        yield (
            f"{contents.data}/{CURRENT_EPOCH} says {current}, but there is data of the epoch {newest}, as where a"
            f" server was killed while it copied, and the server would end: {_COPY}"
        )
    if accepted is not None and accepted < current:
        yield (
            f"{contents.data}/{ACCEPTED_EPOCH} says {accepted}, less than the {current} of {CURRENT_EPOCH}, as after a"
            f" power cut, and the server would end: {_COPY}"
        )


def _trust_problems(settings: Settings, contents: Contents) -> Iterable[str]:
    """Refuse to trust logs without a snapshot where they do not go back to the first write."""
    if _is_trusted(settings) and _lacks_a_beginning(contents):
        yield f"{TRUST_EMPTY}=true: {_lost(contents)}"


def _is_trusted(settings: Settings) -> bool:
    return settings.extra.get(TRUST_EMPTY, "").lower() == "true"


def _lacks_a_beginning(contents: Contents) -> bool:
    return bool(contents.logs) and not contents.snapshots and not _begins_at_the_first(contents)


def _lost(contents: Contents) -> str:
    return (
        f"{contents.data} has no snapshot, and {contents.logs[0]} does not begin with the first write: what came before"
        f" it is lost. Restore the snapshots; or, {_COPY}"
    )


def _begins_at_the_first(contents: Contents) -> bool:
    """Return whether the first log begins with the first write of its epoch."""
    zxids = sorted(zxid_in_name(path) for path in contents.logs)
    # Without a snapshot nothing was purged; the epochs before may have had no write.
    return bool(zxids) and zxids[0] & 0xFFFFFFFF == 1
