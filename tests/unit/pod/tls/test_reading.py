"""A Secret is read at one moment, however the kubelet replaces it meanwhile."""

import os
from pathlib import Path

import pytest

from zkboot.pod import reads
from zkboot.pod.errors import FileError
from zkboot.pod.tls import reading
from zkboot.pod.tls.reading import read_mounted

NAMES = ("tls.crt", "tls.key", "ca.crt")


def swap(folder: Path, moment: str) -> None:
    """Mount what is of *moment*, as the kubelet does: a new folder, ``..data`` leads there, the old one goes."""
    folder.mkdir(exist_ok=True)
    fresh, link = folder / f"..{moment}", folder / "..data"
    fresh.mkdir()
    for name in NAMES:
        (fresh / name).write_text(f"{name} of {moment}")
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    before = link.resolve() if link.is_symlink() else None
    (folder / "..data_tmp").symlink_to(fresh.name)
    os.rename(folder / "..data_tmp", link)
    if before is not None:
        for name in NAMES:
            (before / name).unlink()
        before.rmdir()


@pytest.mark.parametrize("name", NAMES)
def test_all_files_are_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Where the folder is replaced behind the read of any of them, all are read again."""
    swap(tmp_path, "yesterday")
    real = reads.read_bytes
    pending = ["today"]
    moment = name

    def read(path: str, *, name: str) -> bytes | None:
        content = real(path, name=name)
        if pending and path.endswith(moment):
            swap(tmp_path, pending.pop())
        return content

    monkeypatch.setattr(reading, "read_bytes", read)
    found = read_mounted(str(tmp_path))

    assert [found.chain, found.key, found.authorities] == [f"{name} of today".encode() for name in NAMES]


def test_a_plain_folder_will_do(tmp_path: Path) -> None:
    """Without Kubernetes there are no links; an authority's file may be missing, the others not."""
    (tmp_path / "tls.crt").write_bytes(b"chain")
    with pytest.raises(FileError, match=r"/tls.key: no such file or directory: mount the Secret there$"):
        read_mounted(str(tmp_path))
    (tmp_path / "tls.key").write_bytes(b"key")

    found = read_mounted(str(tmp_path))

    assert (found.chain, found.key, found.authorities) == (b"chain", b"key", b"")


def test_what_cannot_be_read_is_named_as_it_is_mounted(tmp_path: Path) -> None:
    """Not by the kubelet's own folder."""
    swap(tmp_path, "today")
    (tmp_path / "..today" / "tls.key").unlink()
    (tmp_path / "..today" / "tls.key").mkdir()

    with pytest.raises(FileError) as told:
        read_mounted(str(tmp_path))
    assert str(told.value) == f"{tmp_path}/tls.key: is a directory"
