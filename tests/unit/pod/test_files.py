"""Files that appear whole or not at all, and reads that neither block nor guess."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands import another_owner
from zkboot.pod import files
from zkboot.pod.errors import FileError, StateError
from zkboot.pod.files import check_directory, check_target, make_directory, write_files
from zkboot.pod.reads import READ_LIMIT, list_directory, read_file
from zkboot.pod.rendered import PRIVATE, PUBLIC, RenderedFile

STALE = ".zoo.cfg.0123456789abcdef.zkboot-tmp"


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids="umask-{:03o}".format)
def any_umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Run the test under each of several umasks; its directory was made before."""
    assert tmp_path.is_dir()
    before = os.umask(request.param)
    yield
    os.umask(before)


def rendered(path: Path, text: str = "new\n", *, mode: int = PUBLIC, once: bool = False) -> RenderedFile:
    """Return a file to be written."""
    return RenderedFile(path=str(path), text=text, mode=mode, once=once)


def names(folder: Path) -> list[str]:
    """Return what is in *folder*, hidden files as well."""
    return sorted(os.listdir(folder))


def make_fifo(path: Path) -> None:
    """Make a FIFO, which a careless reader would wait for."""
    os.mkfifo(path)


def make_link(path: Path) -> None:
    """Make a symbolic link to a file beside it."""
    (path.parent / "elsewhere").write_text("old\n")
    path.symlink_to("elsewhere")


def make_loop(path: Path) -> None:
    """Make a symbolic link to itself."""
    path.symlink_to(path.name)


def make_dangling(path: Path) -> None:
    """Make a symbolic link to nothing."""
    path.symlink_to("nowhere")


# Writing


@pytest.mark.usefixtures("any_umask")
@pytest.mark.parametrize("mode", [PUBLIC, PRIVATE])
def test_a_file_has_its_text_and_mode_whatever_the_umask(mode: int, tmp_path: Path) -> None:
    """A mode that depended on the umask would leak a secret, or lock the server out."""
    path = tmp_path / "zoo.cfg"

    assert write_files([rendered(path, "ü\n", mode=mode)]) == [str(path)]
    assert stat.S_IMODE(path.stat().st_mode) == mode
    os.chmod(path, 0o600)
    assert path.read_bytes() == "ü\n".encode()
    assert names(tmp_path) == ["zoo.cfg"]


def test_an_old_file_is_replaced_whole(tmp_path: Path) -> None:
    """By another inode: who has the old one open reads on in the old one."""
    path = tmp_path / "zoo.cfg"
    path.write_text("old and longer\n")
    with path.open() as reader:
        write_files([rendered(path)])

        assert reader.read() == "old and longer\n"
    assert path.read_text() == "new\n"


def test_what_is_already_right_is_left_alone(tmp_path: Path) -> None:
    """Same inode, same time: nothing that watches the file wakes up."""
    path = tmp_path / "zoo.cfg"
    write_files([rendered(path)])
    before = path.stat()

    assert write_files([rendered(path)]) == []
    after = path.stat()

    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


@pytest.mark.parametrize("spoil", [lambda p: p.write_text("old\n"), lambda p: p.chmod(0o666), lambda p: p.unlink()])
def test_what_is_not_right_is_written_again(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    """Another text of the same length, another mode, no file."""
    path = tmp_path / "zoo.cfg"
    write_files([rendered(path)])
    spoil(path)

    assert write_files([rendered(path)]) == [str(path)]
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new\n", PUBLIC)


def test_an_encoding_is_the_files_own(tmp_path: Path) -> None:
    """Java reads properties as ISO-8859-1."""
    path = tmp_path / "server.properties"
    write_files([RenderedFile(path=str(path), text="é", encoding="iso-8859-1")])

    assert path.read_bytes() == b"\xe9"


def test_state_is_made_once_and_never_replaced(tmp_path: Path) -> None:
    """A myid that says the same stays as it is, its mode and its line ends, too."""
    path = tmp_path / "myid"

    assert write_files([rendered(path, "1\n", once=True)]) == [str(path)]
    path.chmod(0o600)
    assert write_files([rendered(path, "1\n\n", once=True)]) == []
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("1\n", 0o600)


def test_state_that_another_start_made_meanwhile_stops_this_one(tmp_path: Path) -> None:
    """Two pods on one volume: the second must not go on as somebody else, nor write anything."""
    path, other = tmp_path / "myid", tmp_path / "zoo.cfg"
    path.write_text("1\n")

    with pytest.raises(
        StateError, match=r"myid says '1', and this start would write '2': two pods start on one volume"
    ):
        write_files([rendered(other, "x"), rendered(path, "2\n", once=True)])
    assert (path.read_text(), other.exists()) == ("1\n", False)


def test_state_is_made_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems of volumes have none."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)

    assert write_files([rendered(tmp_path / "myid", "1\n", once=True)])
    assert (tmp_path / "myid").read_text() == "1\n"
    assert names(tmp_path) == ["myid"]


def test_state_that_somebody_else_makes_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that knows nothing of our lock may be faster."""
    link = os.link

    def late(source: str, name: str, **where: int) -> None:
        (tmp_path / "myid").write_text("9\n")
        link(source, name, **where)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", late)

    with pytest.raises(FileError, match="myid: file exists"):
        write_files([rendered(tmp_path / "myid", "1\n", once=True), rendered(tmp_path / "zoo.cfg")])
    assert (tmp_path / "myid").read_text() == "9\n"
    assert names(tmp_path) == ["myid"]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (os.mkdir, "is a directory"),
        (make_fifo, "is no regular file"),
        (make_link, "is a symbolic link: remove it, or choose another path"),
        (make_loop, "is a symbolic link"),
        (make_dangling, "is a symbolic link"),
    ],
)
@pytest.mark.parametrize("once", [False, True])
def test_what_is_no_file_is_not_replaced_and_nothing_is_written(
    make: Callable[[Path], None], told: str, tmp_path: Path, *, once: bool
) -> None:
    """A link is neither followed nor replaced; a FIFO does not block; the other files stay as they were."""
    make(tmp_path / "zoo.cfg")
    (tmp_path / "java.env").write_text("old\n")
    before = names(tmp_path)

    with pytest.raises(FileError, match=told):
        write_files([rendered(tmp_path / "java.env"), rendered(tmp_path / "zoo.cfg", once=once)])
    with pytest.raises(FileError, match=told):
        check_target(str(tmp_path / "zoo.cfg"))
    assert names(tmp_path) == before
    assert (tmp_path / "java.env").read_text() == "old\n"


def test_a_target_that_is_missing_or_a_file_can_be_written(tmp_path: Path) -> None:
    """These are what ``write_files`` replaces."""
    (tmp_path / "old").write_text("")

    check_target(str(tmp_path / "old"))
    check_target(str(tmp_path / "missing"))


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    """Making it is ``make_directory``'s."""
    with pytest.raises(FileError, match=f"{tmp_path}/conf: no such file or directory"):
        write_files([rendered(tmp_path / "conf" / "zoo.cfg")])


def test_links_on_the_way_to_a_directory_are_followed(tmp_path: Path) -> None:
    """Images link their configuration directory to a volume."""
    (tmp_path / "real").mkdir()
    (tmp_path / "conf").symlink_to("real")

    write_files([rendered(tmp_path / "conf" / "zoo.cfg")])

    assert names(tmp_path / "real") == ["zoo.cfg"]


def test_two_paths_to_one_directory_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """A lock held twice by one process would be a deadlock."""
    (tmp_path / "link").symlink_to(".")
    paths = [tmp_path / "a", tmp_path / "link" / "b", Path(f"{tmp_path}/./c"), Path(f"{tmp_path}//d")]

    write_files([RenderedFile(path=str(path), text="x") for path in paths])
    write_files([RenderedFile(path=f"{tmp_path}/./{name}", text="y") for name in "ab"])

    assert names(tmp_path) == ["a", "b", "c", "d", "link"]


def test_what_a_killed_generator_left_is_removed(tmp_path: Path) -> None:
    """Only temporary files of our own targets; a neighbour's stay."""
    (tmp_path / STALE).write_text("half a fi")
    for name in ("zoo.cfg.orig", ".zoo.cfg.swp", ".other.0123456789abcdef.zkboot-tmp"):
        (tmp_path / name).touch()

    write_files([rendered(tmp_path / "zoo.cfg")])

    assert names(tmp_path) == [".other.0123456789abcdef.zkboot-tmp", ".zoo.cfg.swp", "zoo.cfg", "zoo.cfg.orig"]


def test_a_folder_with_the_name_of_a_temporary_file_is_no_obstacle(tmp_path: Path) -> None:
    """No generator left it, and none will want its name again: it stays, and so does what is in it."""
    (tmp_path / STALE).mkdir()
    (tmp_path / STALE / "kept").touch()

    assert write_files([rendered(tmp_path / "zoo.cfg")]) == [f"{tmp_path}/zoo.cfg"]
    assert names(tmp_path) == [STALE, "zoo.cfg"]
    assert names(tmp_path / STALE) == ["kept"]


def test_a_temporary_file_that_cannot_be_removed_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sticky folder only its owner can; a start that stopped for it would stop for ever."""

    def refuse(_name: str, *, dir_fd: int) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), dir_fd)

    monkeypatch.setattr(os, "unlink", refuse)
    (tmp_path / STALE).touch()

    assert write_files([rendered(tmp_path / "zoo.cfg")]) == [f"{tmp_path}/zoo.cfg"]
    assert names(tmp_path) == [STALE, "zoo.cfg"]


def test_a_directory_in_use_by_another_generator_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But not for ever, and its temporary files are its own."""
    monkeypatch.setattr(files, "_LOCK_TRIES", 3)
    monkeypatch.setattr(files, "_LOCK_PAUSE", 0.001)
    (tmp_path / STALE).touch()
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

        with pytest.raises(FileError, match=r"another process has held this directory's lock for 0.003 s"):
            write_files([rendered(tmp_path / "zoo.cfg")])
        assert names(tmp_path) == [STALE]
    finally:
        os.close(descriptor)
    write_files([rendered(tmp_path / "zoo.cfg")])
    assert names(tmp_path) == ["zoo.cfg"]


@pytest.mark.parametrize(("number", "works"), [(errno.EOPNOTSUPP, True), (errno.ENOLCK, True), (errno.EIO, False)])
def test_a_file_system_without_locks_is_no_obstacle(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, works: bool
) -> None:
    """Then temporary files that are there may be alive: they stay."""

    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    (tmp_path / STALE).touch()
    if not works:
        with pytest.raises(FileError, match="input/output error"):
            write_files([rendered(tmp_path / "zoo.cfg")])
        return

    write_files([rendered(tmp_path / "zoo.cfg")])

    assert names(tmp_path) == [STALE, "zoo.cfg"]


@pytest.mark.parametrize(("number", "works"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_a_directory_that_cannot_be_synced_is_no_obstacle(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, works: bool
) -> None:
    """Some network file systems cannot; a disk that fails is another matter."""
    fsync = os.fsync

    def refuse(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    if works:
        write_files([rendered(tmp_path / "zoo.cfg")])
    else:
        with pytest.raises(FileError, match="input/output error"):
            write_files([rendered(tmp_path / "zoo.cfg")])


@pytest.mark.parametrize("call", ["fsync", "fchmod", "rename"])
def test_a_failure_on_the_way_leaves_the_old_files_and_nothing_else(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the disk gives up: the error is told, the temporary files are gone."""
    for name in ("java.env", "zoo.cfg"):
        (tmp_path / name).write_text("old\n")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, refuse)

    with pytest.raises(FileError, match=r"java.env: no space left on device"):
        write_files([rendered(tmp_path / "java.env"), rendered(tmp_path / "zoo.cfg")])
    assert {name: (tmp_path / name).read_text() for name in names(tmp_path)} == {
        "java.env": "old\n",
        "zoo.cfg": "old\n",
    }


def test_an_error_while_cleaning_up_does_not_hide_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went wrong first is what can be mended."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fchmod", full)
    monkeypatch.setattr(os, "unlink", refuse)

    with pytest.raises(FileError, match=r"zoo.cfg: no space left on device"):
        write_files([rendered(tmp_path / "zoo.cfg")])


def test_a_mount_point_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single file mounted by ``subPath`` cannot be renamed over."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(os, "rename", refuse)

    with pytest.raises(FileError, match="device or resource busy: it is a mount point, which no rename can replace"):
        write_files([rendered(tmp_path / "zoo.cfg")])


def test_root_gives_what_it_makes_to_the_server_s_account(tmp_path: Path) -> None:
    """Files and new directories; what was there before keeps its owner."""
    os.chmod(tmp_path, 0o755)
    folder = tmp_path / "a" / "conf"
    owner = another_owner()

    assert make_directory(str(folder), owner)
    write_files([rendered(folder / "zoo.cfg"), rendered(tmp_path / "myid", once=True)], owner)

    for path in (folder.parent, folder, folder / "zoo.cfg", tmp_path / "myid"):
        assert (path.stat().st_uid, path.stat().st_gid) == owner
    assert tmp_path.stat().st_uid == os.geteuid()
    assert write_files([rendered(folder / "zoo.cfg")], owner) == []
    os.chown(folder / "zoo.cfg", os.geteuid(), os.getegid())
    assert bool(write_files([rendered(folder / "zoo.cfg")], owner)) is (owner[0] != os.geteuid())


def test_state_that_vanishes_meanwhile_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at it and its reading somebody removed it: it is no other pod's."""
    path = tmp_path / "myid"
    path.write_text("2\n")

    def read_late(name: str, encoding: str = "utf-8", *, follows: bool = True) -> str | None:
        if name == str(path):
            path.unlink(missing_ok=True)
        return read_file(name, encoding, follows=follows)

    monkeypatch.setattr(files, "read_file", read_late)

    assert write_files([RenderedFile(path=str(path), text="2\n", once=True)]) == [str(path)]
    assert path.read_text() == "2\n"


# Directories


def test_a_directory_is_made_with_its_parents(tmp_path: Path) -> None:
    """And not twice."""
    path = f"{tmp_path}/a/./b//c"

    assert make_directory(path)
    assert not make_directory(path)
    assert (tmp_path / "a" / "b" / "c").is_dir()


@pytest.mark.parametrize("make", [Path.touch, make_fifo, make_dangling, make_loop])
@pytest.mark.parametrize("below", ["", "/below"])
def test_a_directory_cannot_be_made_where_something_else_is(
    make: Callable[[Path], None], below: str, tmp_path: Path
) -> None:
    """Said before anything is written, and said with the path that is in the way."""
    make(tmp_path / "data")

    with pytest.raises(FileError, match=f"{tmp_path}/data: not a directory"):
        check_directory(f"{tmp_path}/data{below}")
    with pytest.raises(FileError, match=f"{tmp_path}/data"):
        make_directory(f"{tmp_path}/data{below}")


def test_a_name_that_no_directory_can_have_is_told_before_any_is_made(tmp_path: Path) -> None:
    """Neither its parents are made, nor those of other directories that the same start would need."""
    path = f"{tmp_path}/parent/{'n' * 256}/below"

    with pytest.raises(FileError, match=f"{path}: file name too long"):
        check_directory(path)
    with pytest.raises(FileError, match=f"{path}: file name too long"):
        make_directory(path)
    assert names(tmp_path) == []


def test_a_directory_may_have_more_parents_than_python_has_frames(tmp_path: Path) -> None:
    """All that PATH_MAX lets a path have."""
    path = f"{tmp_path}/{'a/' * 1900}a"

    check_directory(path)
    assert make_directory(path)
    assert os.path.isdir(path)
    assert not make_directory(path)
    # Nor could pytest remove so many.
    (tmp_path / "kept").touch()
    os.removedirs(path)
    assert names(tmp_path) == ["kept"]


def test_a_path_longer_than_any_is_told_before_any_is_made(tmp_path: Path) -> None:
    """The kernel would say so only when most of its parents had been made."""
    path = f"{tmp_path}/" + "ab/" * 2000

    for look in (check_directory, make_directory, check_target):
        with pytest.raises(FileError, match=f"^{path}: file name too long"):
            look(path)
    assert names(tmp_path) == []


def test_a_file_name_that_leaves_no_room_for_the_temporary_one_is_told(tmp_path: Path) -> None:
    """The temporary file's name is 29 bytes longer."""
    fits = tmp_path / ("é" * 113)
    check_target(str(fits))
    assert write_files([rendered(fits)]) == [str(fits)]

    with pytest.raises(FileError, match="file name too long: the temporary file beside it needs a longer one"):
        check_target(f"{fits}x")


def test_a_directory_that_another_process_made_meanwhile_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two generators start at once."""
    mkdir = os.mkdir

    def late(path: str, mode: int) -> None:
        mkdir(path, mode)
        mkdir(path, mode)

    monkeypatch.setattr(os, "mkdir", late)

    assert not make_directory(f"{tmp_path}/conf")


def test_a_writable_directory_passes(tmp_path: Path) -> None:
    """So does one that can be made below a writable one."""
    check_directory(str(tmp_path))
    check_directory(f"{tmp_path}/a/b/c")


def test_a_directory_of_somebody_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With uid, gid and mode: what an operator has to compare."""
    tmp_path.chmod(0o555)
    # Root may write everywhere: the generator's own tests meet a real refusal, under another uid.
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)

    with pytest.raises(FileError, match=r"permission denied for uid \d+, gid \d+ \(.* mode 555\)"):
        check_directory(f"{tmp_path}/conf")


def test_a_directory_is_listed_sorted_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    """Whatever the file system's order."""
    for name in ("b", "a"):
        (tmp_path / name).touch()

    assert list_directory(str(tmp_path)) == ["a", "b"]
    assert list_directory(f"{tmp_path}/missing") == []
    with pytest.raises(FileError, match="not a directory"):
        list_directory(f"{tmp_path}/a")


# Reading


def test_a_file_is_read_whole_and_a_missing_one_is_none(tmp_path: Path) -> None:
    """A directory that is missing makes its files missing."""
    (tmp_path / "myid").write_text("1\r\n")

    assert read_file(f"{tmp_path}/myid") == "1\r\n"
    assert read_file(f"{tmp_path}/missing/myid") is None


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (os.mkdir, "is a directory"),
        (make_fifo, "is no regular file"),
        (make_dangling, "is a symbolic link to nothing"),
        (make_loop, "too many levels of symbolic links"),
        (lambda path: path.write_bytes(b"\xff"), "is not text in utf-8"),
        (
            lambda path: os.truncate(os.open(path, os.O_WRONLY | os.O_CREAT), READ_LIMIT + 1),
            "is longer than 4194304 bytes",
        ),
    ],
    ids=["directory", "FIFO", "dangling link", "loop", "no UTF-8", "huge"],
)
def test_what_cannot_be_read_is_told(make: Callable[[Path], None], told: str, tmp_path: Path) -> None:
    """At once, with the path in front."""
    path = tmp_path / "myid"
    make(path)

    with pytest.raises(FileError) as caught:
        read_file(str(path))
    assert str(caught.value) == f"{path}: {told}"


def test_links_to_a_file_are_read(tmp_path: Path) -> None:
    """The kubelet mounts everything behind links."""
    make_link(tmp_path / "value")

    assert read_file(f"{tmp_path}/value") == "old\n"


def test_any_byte_is_text_in_latin_1(tmp_path: Path) -> None:
    """A properties file is never refused for its bytes."""
    (tmp_path / "p").write_bytes(bytes(range(256)))

    assert read_file(f"{tmp_path}/p", "iso-8859-1") == bytes(range(256)).decode("iso-8859-1")
