"""Users and passwords from a folder: who is taken, what is refused without saying a password, how JAAS says it."""

from pathlib import Path

import pytest

from tests.unit.pod.tls.test_reading import swap
from zkboot.pod.errors import FileError, Problems
from zkboot.pod.login_files import read_logins
from zkboot.pod.logins import Logins, jaas_quoted

CANARY = "canary-6c1f"


def read(folder: Path) -> tuple[Logins | None, list[str]]:
    """Return the users in *folder*, and what was noted."""
    problems = Problems()
    return read_logins(str(folder), "ZK_SASL_DIR", problems), [str(one) for one in problems]


def test_each_file_is_a_user(tmp_path: Path) -> None:
    """One newline at the end is none of the password; blanks, quotes and letters of any script are."""
    texts = {"alice": "a\n", "Bob-2_x.y": ' "\\ \n', "0": "\u00e9\U0001f511", "two": "x\t"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    found, noted = read(tmp_path)

    assert found is not None
    assert noted == []
    assert found.passwords == {"0": "\u00e9\U0001f511", "Bob-2_x.y": ' "\\ ', "alice": "a", "two": "x\t"}


def test_a_mounted_secret_is_followed(tmp_path: Path) -> None:
    """The kubelet's own folders and links are no users, before and after a change."""
    folder = tmp_path / "sasl"
    for moment in ("yesterday", "today"):
        swap(folder, moment)

        found, noted = read(folder)

        assert noted == []
        assert found is not None
        assert found.passwords == {name: f"{name} of {moment}" for name in ("ca.crt", "tls.crt", "tls.key")}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("alice", b"", "/alice is empty, and a user needs a password"),
        ("alice", b"\n", "/alice is empty, and a user needs a password"),
        ("alice", f"{CANARY}\nx".encode(), "/alice contains a newline, which no value may hold"),
        ("alice", f"{CANARY}\r\n".encode(), "/alice contains a carriage return, which no value may hold"),
        ("alice", f"{CANARY}\0".encode(), "/alice contains a NUL, which no value may hold"),
        ("alice", f"{CANARY}\xff".encode("latin-1"), "/alice is not valid UTF-8"),
        (".hidden", CANARY.encode(), "/.hidden' is no file of a user: a name has A-Z a-z 0-9 - _ . only"),
        ('a"b', CANARY.encode(), "/a\"b' is no file of a user:"),
        ("a@b", CANARY.encode(), "/a@b' is no file of a user:"),
        ("a,b", CANARY.encode(), "/a,b' is no file of a user:"),
        ("\u00e9", CANARY.encode(), "/\u00e9' is no file of a user:"),
    ],
)
def test_what_is_no_login_is_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    """By its file, and without its text."""
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good").write_text(CANARY)
    found, noted = read(tmp_path)

    assert found is None
    assert len(noted) == 1
    assert noted[0].startswith("ZK_SASL_DIR: ")
    assert reason in noted[0]
    assert CANARY not in noted[0]


def test_a_folder_without_users_is_refused(tmp_path: Path) -> None:
    """Empty, or missing; a folder in it is no user, and no password."""
    for folder in (tmp_path, tmp_path / "missing"):
        assert [line.partition(":")[::2] for line in read(folder)[1]] == [
            ("ZK_SASL_DIR", f" {folder} holds no user: mount a Secret there, with one file a user")
        ]
    (tmp_path / "alice").mkdir()
    with pytest.raises(FileError, match=r"/alice: is a directory$"):
        read(tmp_path)


def test_nothing_shows_a_password(tmp_path: Path) -> None:
    """Neither what is printed of the users, nor their masked form."""
    (tmp_path / "alice").write_text(CANARY)
    found, _ = read(tmp_path)

    assert found is not None
    assert repr(found) == f"<Logins {tmp_path}: alice>"
    assert found.masked().passwords == {"alice": "********"}


def test_quotes_of_jaas() -> None:
    """What would end the text, and what would change the letter behind it."""
    assert jaas_quoted('a"b\\n c') == '"a\\"b\\\\n c"'
