"""The lines of a page for a backup and its restore, with a kubectl that notes its calls: what must reach no pod."""

import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pages import block

KUBECTL = """\
#!/bin/sh
echo "$@" >>calls
case "$*" in
  "get pods "*) printf 'pod/zk-0\\npod/zk-1\\n' ;;
  "exec pod/zk-1 -- zkReady") cat role ;;
  "exec pod/zk-1 -- sh -c "*) cat copy ;;
  *) exit 1 ;;
esac
"""
FOLDERS = ("data", "log", "conf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where somebody types."""

    path: Path

    def copy(self, name: str, *folders: str) -> bytes:
        """Write and return a copy with these folders in it; an empty file without any."""
        with tarfile.open(self.path / name, "w") as archive:
            for folder in folders:
                member = tarfile.TarInfo(f"{folder}/")
                member.type = tarfile.DIRTYPE
                archive.addfile(member)
        if not folders:
            (self.path / name).write_bytes(b"")
        return (self.path / name).read_bytes()

    def type(self, name: str) -> subprocess.CompletedProcess[str]:
        """Type a block of the page."""
        environ = os.environ | {"PATH": f"{self.path}{os.pathsep}{os.environ['PATH']}"}
        words = ["bash", "-uc", block(name).commands]
        return subprocess.run(words, cwd=self.path, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with a kubectl, in which nobody leads."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL, encoding="utf-8")
    kubectl.chmod(0o755)
    (tmp_path / "role").write_text("follower\n", encoding="utf-8")
    return Folder(path=tmp_path)


def test_without_a_leader_an_older_copy_stays(folder: Folder) -> None:
    """And it is not shown as if it were the new one."""
    older = folder.copy("zk.tar", *FOLDERS)
    typed = folder.type("backup")

    assert (folder.path / "zk.tar").read_bytes() == older
    assert (typed.stdout, typed.stderr) == ("", "no leader: nothing to copy from\n")


@pytest.mark.parametrize("folders", [FOLDERS, FOLDERS[:2], ()])
def test_a_copy_is_shown_where_it_is_whole(folder: Folder, folders: tuple[str, ...]) -> None:
    """It is the leader's."""
    (folder.path / "role").write_text("leader\n", encoding="utf-8")
    made = folder.copy("copy", *folders)
    typed = folder.type("backup")

    assert (folder.path / "zk.tar").read_bytes() == made
    assert (typed.returncode == 0, "zk.tar" in typed.stdout) == (folders == FOLDERS, folders == FOLDERS), typed


@pytest.mark.parametrize("folders", [FOLDERS[:2], ()])
def test_what_is_no_whole_copy_is_not_restored(folder: Folder, folders: tuple[str, ...]) -> None:
    """No server is stopped for it."""
    folder.copy("zk.tar", *folders)

    assert folder.type("restore").returncode != 0
    assert not (folder.path / "calls").exists()
