"""What is on the volume, and whether it contradicts us: read, never written."""

import os
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.commands import listing
from zkboot.lists import Members
from zkboot.member import Member, find_member
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import FileError, StateError
from zkboot.pod.identity import Host
from zkboot.settings import Settings
from zkboot.volumes.checks import check_volume, read_myid, volume_advice
from zkboot.volumes.contents import look_at
from zkboot.volumes.mark import Mark


def made(root: Path, **environ: str) -> tuple[Settings, Member]:
    """Return what *environ* makes of the pod zk-1 with its volume at *root*."""
    env = EnvReader({"ZK_DOMAIN": "d", "ZK_DATA_DIR": f"{root}/data", "ZK_DATA_LOG_DIR": f"{root}/log", **environ})
    settings = Settings.from_environ(env)
    member = find_member(env, settings, Host(name=lambda: "zk-1", domain=lambda: ""))
    env.problems.check()

    assert member is not None
    return settings, member


def volume(root: Path, *paths: str, **texts: str) -> Path:
    """Make files at *paths* below *root*, empty but for epochs, and data/<name> for each of *texts*; return *root*."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("1\n" if path.endswith("Epoch") else "")
    for name, text in texts.items():
        (root / "data").mkdir(exist_ok=True)
        (root / "data" / name).write_text(text)
    return root


def refusal(root: Path, **environ: str) -> str:
    """Return the one problem that the volume at *root* is; it is left as it was."""
    before = listing(root)
    with pytest.raises(StateError) as caught:
        check_volume(*made(root, **environ))
    (problem,) = caught.value.problems

    assert listing(root) == before
    return problem


# myid


@pytest.mark.parametrize("text", ["2", "2\n", " 2 \n", "2\r\n", "02\n", "2\n\n"])
def test_a_myid_that_agrees_passes(text: str, tmp_path: Path) -> None:
    """As ZooKeeper reads it: the first line, trimmed."""
    check_volume(*made(volume(tmp_path, myid=text)))


def test_a_myid_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    """Whoever planted it would have another file's first letters told."""
    (tmp_path / "secret").write_text("canary\n")
    (tmp_path / "myid").symlink_to("secret")

    with pytest.raises(FileError, match="myid: is a symbolic link: remove it") as caught:
        read_myid(str(tmp_path / "myid"))
    assert "canary" not in str(caught.value)


def test_a_volume_without_a_myid_passes(tmp_path: Path) -> None:
    """So does one that is not there yet."""
    check_volume(*made(tmp_path))
    check_volume(*made(volume(tmp_path, "data/lost+found/x")))


def test_a_myid_of_another_server_is_refused(tmp_path: Path) -> None:
    """With both ids, the file, and what to do."""
    assert refusal(volume(tmp_path, myid="3\n")) == (
        f"{tmp_path}/data/myid says 3, but this pod is server 2: another server's volume, or ZK_ID_OFFSET,"
        " ZK_ORDINAL_START or ZK_SERVERS changed; mount the right volume or undo the change"
    )


def test_a_myid_of_another_server_is_refused_standalone_too(tmp_path: Path) -> None:
    """A wrong volume is wrong for one server as well."""
    assert "says 3, but this pod is server 2" in refusal(
        volume(tmp_path, myid="3\n"), ZK_REPLICAS="1", ZK_ORDINAL_START="1"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        (" \n \n", "is empty"),
        ("two\n", "says 'two\\n', which is no server id"),
        ("-2\n", "says '-2\\n', which is no server id"),
        ("2 3\n", "says '2 3\\n', which is no server id"),
        ("2\n3\n", "says '2\\n3\\n', which is no server id"),
        ("\n2\n", "says '\\n2\\n', which is no server id"),
        ("\u0662\n", "says '\u0662\\n', which is no server id"),
        ("\u00b2\n", "says '\u00b2\\n', which is no server id"),
        ("9" * 20, "says '99999999999999999999', which is no server id"),
        ("9" * 5000, f"says '{'9' * 40}', which is no server id"),
        ("\ufeff2\n", "says '\\ufeff2\\n', which is no server id"),
        ("2\0\n", "says '2\\x00\\n', which is no server id"),
    ],
    ids=lambda value: ascii(value)[1:20],
)
def test_a_myid_that_says_no_id_is_refused(text: str, told: str, tmp_path: Path) -> None:
    """A torn or foreign file: a person looks at it."""
    problem = refusal(volume(tmp_path, myid=text))

    assert problem == f"{tmp_path}/data/myid {told}: write this server's id into it, or remove it"


def test_an_id_that_is_no_server_s_is_still_compared(tmp_path: Path) -> None:
    """Nineteen digits are a Java long."""
    assert read_myid(str(volume(tmp_path, myid="9223372036854775807") / "data" / "myid")) == 2**63 - 1


def test_a_myid_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """As trouble with the file, not as another server's."""
    volume(tmp_path, "data/myid/x")

    with pytest.raises(FileError, match="myid: is a directory"):
        check_volume(*made(tmp_path))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "myid").write_bytes(b"\xff")
    with pytest.raises(FileError, match="myid: is not text in utf-8"):
        check_volume(*made(tmp_path, ZK_DATA_DIR=f"{tmp_path}/raw"))


# Data of a standalone server


@pytest.mark.parametrize("path", ["data/version-2/snapshot.0", "log/version-2/log.1"])
def test_standalone_data_is_refused_under_an_ensemble(path: str, tmp_path: Path) -> None:
    """Empty servers can outvote it: bitnami/charts #32542 lost all data that way."""
    assert refusal(volume(tmp_path, path)) == (
        f"{tmp_path}/{path} is a standalone server's, or a member's that lost {tmp_path}/data/version-2 (no"
        " acceptedEpoch or currentEpoch there), but this ensemble has 3 servers: empty ones can outvote it, and its"
        " data would be lost. Mount the missing volume, or set ZK_REPLICAS=1 to serve a standalone server's, or set"
        " ZK_ALLOW_STANDALONE_DATA=true once a backup exists"
    )


@pytest.mark.parametrize(
    ("paths", "environ"),
    [
        (["data/version-2/snapshot.0"], {"ZK_ALLOW_STANDALONE_DATA": "true"}),
        (["data/version-2/snapshot.0"], {"ZK_REPLICAS": "1", "ZK_ORDINAL_START": "1"}),
        (["data/version-2/snapshot.0", "data/version-2/acceptedEpoch"], {}),
        (["data/version-2/snapshot.0", "data/version-2/currentEpoch"], {}),
        (["data/version-2/acceptedEpoch"], {}),
        (["data/version-2/lost+found"], {}),
        (["data/version-2/snapshot"], {}),
        (["data/snapshot.0", "data/log.1"], {}),
    ],
    ids=[
        "allowed",
        "still standalone",
        "a member's, before its first vote",
        "a member's",
        "a member's without data",
        "nothing of ZooKeeper's",
        "no snapshot's name",
        "not where ZooKeeper keeps them",
    ],
)
def test_other_data_passes(paths: list[str], environ: dict[str, str], tmp_path: Path) -> None:
    """Whoever never was a member wrote no epoch."""
    check_volume(*made(volume(tmp_path, *paths), **environ))


def test_everything_that_contradicts_is_told_at_once(tmp_path: Path) -> None:
    """Both may come of one wrong volume."""
    volume(tmp_path, "data/version-2/snapshot.0", myid="7\n")

    with pytest.raises(StateError) as caught:
        check_volume(*made(tmp_path))
    assert len(caught.value.problems) == 2


def test_a_version_directory_that_is_none_is_told(tmp_path: Path) -> None:
    """Rather than taken for an empty one."""
    volume(tmp_path, "data/version-2")

    with pytest.raises(FileError, match="version-2: not a directory"):
        check_volume(*made(tmp_path))


def test_names_that_are_no_text_are_told_as_they_are(tmp_path: Path) -> None:
    """A raw byte in a file's name breaks nothing."""
    volume(tmp_path, os.fsdecode(b"data/version-2/snapshot.\xff"))

    assert "/snapshot.\udcff is" in refusal(tmp_path)


# Two folders that belong together


def mark(root: Path, folder: str, *, kind: str | None = None, owner: str = "zk-1.d") -> None:
    """Mark *folder* below *root*, by default as what its name says."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    text = Mark(owner=owner, folder=kind or folder, dynamic=False, members=Members(rows={})).render()
    (root / folder / "zkboot.json").write_text(text)


EPOCHS = ("data/version-2/currentEpoch", "data/version-2/acceptedEpoch")
RUN = (*EPOCHS, "data/version-2/snapshot.0")


def test_a_pair_passes_and_so_does_a_volume_from_before_the_mark(tmp_path: Path) -> None:
    """A follower that has just synced has a snapshot and no log."""
    check_volume(*made(volume(tmp_path, *RUN)))
    mark(tmp_path, "log")
    # Where a start was cut off between the two marks, the first is there and the data, too.
    check_volume(*made(tmp_path))
    mark(tmp_path, "data")
    check_volume(*made(tmp_path))


def test_marks_without_data_say_nothing(tmp_path: Path) -> None:
    """The server has not run: nothing can be lost."""
    mark(tmp_path, "data")

    check_volume(*made(tmp_path))


def test_a_lost_log_is_refused(tmp_path: Path) -> None:
    """kill -9 and a start without it: 20 acknowledged znodes were gone, ready at once."""
    volume(tmp_path, *RUN)
    mark(tmp_path, "data")

    told = refusal(tmp_path)
    assert told.startswith(
        f"{tmp_path}/log has no zkboot.json, but {tmp_path}/data has: the transaction log is missing"
    )
    assert "ZK_QUORUM_ENTRY=join" in told
    check_volume(*made(tmp_path, ZK_ALLOW_INCOMPLETE_DATA="true"))


def test_lost_snapshots_are_refused(tmp_path: Path) -> None:
    """The log alone does not go back to the beginning."""
    volume(tmp_path, "log/version-2/log.500000001")
    mark(tmp_path, "log")

    assert "the volume of the snapshots is missing" in refusal(tmp_path)
    check_volume(*made(tmp_path, ZK_ALLOW_INCOMPLETE_DATA="true"))


def test_a_lost_folder_is_refused_where_the_other_one_has_nothing_yet(tmp_path: Path) -> None:
    """An ensemble that nobody wrote to has no log; its server made the folder all the same."""
    (tmp_path / "log" / "version-2").mkdir(parents=True)
    mark(tmp_path, "log")

    assert "the volume of the snapshots is missing" in refusal(tmp_path)


def test_another_server_s_log_is_refused(tmp_path: Path) -> None:
    """Both names are told."""
    volume(tmp_path, *RUN)
    mark(tmp_path, "data")
    mark(tmp_path, "log", owner="zk-2.d")

    told = refusal(tmp_path)
    assert "do not belong together (zk-1.d, snapshots; zk-2.d, the transaction log)" in told


def test_folders_that_were_swapped_are_refused(tmp_path: Path) -> None:
    """3.4 starts without its data, newer ones end."""
    volume(tmp_path, *EPOCHS, "data/version-2/log.1", "log/version-2/snapshot.0")

    assert "ZK_DATA_DIR and ZK_DATA_LOG_DIR are swapped" in refusal(tmp_path)


def test_one_folder_after_two_is_refused(tmp_path: Path) -> None:
    """The log is elsewhere."""
    volume(tmp_path, *RUN)
    mark(tmp_path, "data")

    told = refusal(tmp_path, ZK_DATA_LOG_DIR=f"{tmp_path}/data")
    assert "is that of a folder of snapshots alone" in told
    assert "set ZK_DATA_LOG_DIR to the other folder again" in told


@pytest.mark.parametrize("is_marked", [True, False])
def test_two_folders_after_one_are_refused(tmp_path: Path, *, is_marked: bool) -> None:
    """Say where the log goes, or how to keep it."""
    volume(tmp_path, *RUN, *(() if is_marked else ("data/version-2/log.1",)))
    if is_marked:
        mark(tmp_path, "data", kind="both")

    told = refusal(tmp_path)
    assert f"{tmp_path}/data/version-2/log.* to {tmp_path}/log/version-2" in told


def test_a_mark_that_is_none_is_refused(tmp_path: Path) -> None:
    """It is nobody's to overwrite."""
    volume(tmp_path, *RUN)
    (tmp_path / "data" / "zkboot.json").write_text('{"owner": 1}')

    assert "zkboot.json is no mark of zkboot" in refusal(tmp_path)


# Lists that a server wrote


def test_lists_of_a_life_before_a_static_one_are_history(tmp_path: Path) -> None:
    """The newest of them would be older than what the ensemble has agreed on since."""
    row = "zk-1.d:2888:3888:participant;2181"
    (tmp_path / "conf").mkdir()
    for version in ("5", "100000000", "20000000f"):
        (tmp_path / "conf" / f"zoo.cfg.dynamic.{version}").write_text(f"server.2={row}\n")
    # A power cut may leave half of a file.
    (tmp_path / "conf" / "zoo.cfg.dynamic.300000000").write_text(f"server.2={row[:-14]}")
    (tmp_path / "data").mkdir()
    mark = Mark(owner="zk-1.d", folder="data", dynamic=False, members=Members(rows={}))
    found = []
    for floor in (0, 0x100000000):
        (tmp_path / "data" / "zkboot.json").write_text(replace(mark, floor=floor).render())
        settings, _ = made(tmp_path, ZK_CONF_DIR=f"{tmp_path}/conf")
        contents = look_at(settings)
        assert contents.newest_version == 0x20000000F
        assert [path.rpartition(".")[2] for path in contents.unreadable] == ["300000000"]
        found.append([path.rpartition(".")[2] for path in contents.lists])

    assert found == [["20000000f", "100000000", "5"], ["20000000f"]]


# What a power cut leaves


@pytest.mark.parametrize(
    ("current", "accepted", "told"),
    [
        ("", "1\n", "currentEpoch is empty"),
        ("1\n", "\0\0\0", "acceptedEpoch says '\\x00\\x00\\x00', which is no epoch"),
        ("3\n", "2\n", "acceptedEpoch says 2, less than the 3 of currentEpoch"),
    ],
)
def test_epochs_that_end_a_server_are_told(current: str, accepted: str, told: str, tmp_path: Path) -> None:
    """The server's own line gives no advice."""
    volume(tmp_path, *RUN)
    for path, text in zip(EPOCHS, (current, accepted), strict=True):
        (tmp_path / path).write_text(text)

    assert told in refusal(tmp_path)


TRANSACTION = struct.pack(">qiqqi", 1, 2, 0x200000001, 0, -10) + b"session"
LOG_OF_2 = b"ZKLG" + struct.pack(">iq", 2, 0) + struct.pack(">qi", zlib.adler32(TRANSACTION), len(TRANSACTION))
WHOLE = {
    "log/version-2/log.200000001": LOG_OF_2 + TRANSACTION + b"B" + bytes(64),
    "data/version-2/snapshot.200000000": b"ZKSN" + bytes(20) + b"\0\0\0\1/",
}


@pytest.mark.parametrize("path", WHOLE)
def test_data_of_a_newer_epoch_is_told_where_it_is_whole(path: str, tmp_path: Path) -> None:
    """A server passes over a torn file, whatever its name, and ends for a whole one."""
    volume(tmp_path, *RUN)
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    for length in range(len(WHOLE[path].rstrip(b"\0")) - 1):
        file.write_bytes(WHOLE[path][:length])
        check_volume(*made(tmp_path))
    file.write_bytes(WHOLE[path])

    assert "currentEpoch says 1, but there is data of the epoch 2" in refusal(tmp_path)
    for name in ("currentEpoch.tmp", "updatingEpoch"):
        # The server was just writing it, and mends that itself.
        (tmp_path / "data" / "version-2" / name).touch()
        check_volume(*made(tmp_path))
        (tmp_path / "data" / "version-2" / name).unlink()


# A log without a snapshot


@pytest.mark.parametrize(("log", "is_whole"), [("log.1", True), ("log.200000001", True), ("log.100000007", False)])
def test_a_log_without_a_snapshot_is_told(log: str, tmp_path: Path, *, is_whole: bool) -> None:
    """3.4 leaves it; trusted only where the log goes back to the first write."""
    volume(tmp_path, *EPOCHS, f"log/version-2/{log}")
    settings, member = made(tmp_path)
    (line,) = volume_advice(settings, check_volume(settings, member))
    trust = {"ZK_CFG_snapshot_trust_empty": "true"}

    if is_whole:
        assert "set ZK_CFG_snapshot_trust_empty=true for one start" in line
        check_volume(*made(tmp_path, **trust))
    else:
        assert "what came before it is lost" in line
        assert "what came before it is lost" in refusal(tmp_path, **trust)
