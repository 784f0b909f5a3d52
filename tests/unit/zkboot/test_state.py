"""What is on the volume, and whether it contradicts us: read, never written."""

import os
from pathlib import Path

import pytest

from tests.commands import listing
from zkboot.member import Member, find_member
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import FileError, StateError
from zkboot.pod.identity import Host
from zkboot.settings import Settings
from zkboot.state import check_volume, read_myid


def made(root: Path, **environ: str) -> tuple[Settings, Member]:
    """Return what *environ* makes of the pod zk-1 with its volume at *root*."""
    env = EnvReader({"ZK_DOMAIN": "d", "ZK_DATA_DIR": f"{root}/data", "ZK_DATA_LOG_DIR": f"{root}/log", **environ})
    settings = Settings.from_environ(env)
    member = find_member(env, settings, Host(name=lambda: "zk-1", domain=lambda: ""))
    env.check()

    assert member is not None
    return settings, member


def volume(root: Path, *paths: str, **texts: str) -> Path:
    """Make empty files at *paths* below *root*, and data/<name> for each of *texts*; return *root*."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
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


@pytest.mark.parametrize("path", ["data/version-2/snapshot.0", "data/version-2/log.1", "log/version-2/log.1"])
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
