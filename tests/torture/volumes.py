"""Volumes that are full, read-only, somebody else's or full of traps: refused by the path's name, old files as before.

The rule: a target that is anything but a regular file is refused; a regular file is replaced, so that another name of
it (a hard link) keeps the old content; folders on the way, and files that are only read, may be links.
"""

import errno
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.commands import listing
from tests.torture.campaign import Campaign
from tests.torture.commands import KAFKA_GEN_CONFIG, ZK_GEN_CONFIG, Outcome, fork
from tests.torture.generators import BASE_FILE
from tests.torture.inside import within
from tests.torture.values import ZK_FILES
from zkboot.lists import Members
from zkboot.volumes.mark import DATA, LOG, Mark
from zkboot.volumes.mark import NAME as MARK

CANARY = b"canary: nobody's business\n"
USER = 1000
"""Whom modes bind: root ignores them."""

PAGE = 4096

Environ = dict[str, str]


@dataclass(kw_only=True)
class Scene:
    """A volume as a start finds it, and what must come of the start."""

    root: Path
    environ: Environ
    status: int
    path: Path | None = None
    """What the refusal must name."""
    told: str = ""
    """What it must say, too."""
    uid: int | None = None
    stays: Path | None = None
    """Where the status is 0: what looks like a dead generator's and cannot be removed."""

    @property
    def command(self) -> str:
        """Which generator starts."""
        return ZK_GEN_CONFIG if self.environ["POD_NAME"].startswith("zk") else KAFKA_GEN_CONFIG


def _zk(root: Path, **others: str) -> Environ:
    folders = {f"ZK_{kind}_DIR": f"{root}/{kind.lower()}" for kind in ("DATA", "DATA_LOG", "LOG", "CONF")}
    return {"POD_NAME": "zk-1", "ZK_DOMAIN": "d", **folders, **others}


def _kafka(root: Path, **others: str) -> Environ:
    return {
        "POD_NAME": "kafka-1",
        "KF_DOMAIN": "kafka-svc.default.svc",
        "KF_VERSION": "3.9.2",
        "KF_BASE_FILE": str(BASE_FILE),
        "KF_CONFIG_FILE": f"{root}/conf/server.properties",
        "KAFKA_LOG_DIRS": f"{root}/logs",
        **others,
    }


def _start(environ: Environ, uid: int | None = None) -> Outcome:
    name = ZK_GEN_CONFIG if environ["POD_NAME"].startswith("zk") else KAFKA_GEN_CONFIG
    return fork(name, {os.fsencode(key): os.fsencode(value) for key, value in environ.items()}, uid=uid)


# Traps


def _link(to: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(to)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        # The path of a socket is short: it is bound where it is looked at from.
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        bound.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


TRAPS: Mapping[str, Callable[[Path], None]] = {
    "a link to a file": _link("../victim"),
    "a link to nothing": _link("../nothing"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to a folder": _link("../folder"),
    "a FIFO": os.mkfifo,
    "a folder": Path.mkdir,
    "a socket": _socket,
    "a device": lambda path: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3)),
}


def _targets(root: Path) -> Iterator[tuple[Environ, Path]]:
    for folder, names in ZK_FILES.items():
        for name in sorted(names):
            yield _zk(root), root / folder / name
    yield _kafka(root), root / "conf" / "server.properties"


def _set_up(root: Path) -> None:
    """Make an empty root with what traps point at."""
    if root.exists():
        for path in root.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
    shutil.rmtree(root, ignore_errors=True)
    (root / "folder").mkdir(parents=True)
    (root / "victim").write_bytes(CANARY)
    (root / "victim").chmod(0o644)
    for name in ("conf", "data", "data_log", "logs"):
        (root / name).mkdir()


def _trap_scenes(root: Path) -> Iterator[Callable[[], Scene]]:
    """Yield what makes each scene of a trap where a file shall be written."""
    for environ, target in _targets(root):
        for kind, trap in TRAPS.items():
            if kind != "a device" or os.geteuid() == 0:
                yield partial(_trapped, root, environ, target, trap)
        yield partial(_linked, root, environ, target)


def _trapped(root: Path, environ: Environ, target: Path, trap: Callable[[Path], None]) -> Scene:
    trap(target)
    return Scene(root=root, environ=environ, status=74, path=target)


def _linked(root: Path, environ: Environ, target: Path) -> Scene:
    if target.name == "myid":
        (root / "victim").write_bytes(b"2\n")
    if target.name == MARK:
        folder = DATA if target.parent.name == "data" else LOG
        mark = Mark(owner="zk-1", folder=folder, dynamic=False, members=Members(rows={}))
        (root / "victim").write_text(mark.render())
    target.hardlink_to(root / "victim")
    return Scene(root=root, environ=environ, status=0)


# What looks like a dead generator's


def _stray_scenes(root: Path) -> Iterator[Callable[[], Scene]]:
    """Yield what makes each scene of a stray name beside a file that shall be written."""
    for environ, target in _targets(root):
        yield partial(_strayed, root, environ, target.with_name(f".{target.name}.abc.zkboot-tmp"))
        if os.geteuid() == 0:
            stray = target.with_name(f".{target.name}.0123456789abcdef.zkboot-tmp")
            yield partial(_strangers, root, environ, stray)


def _strayed(root: Path, environ: Environ, stray: Path) -> Scene:
    """Return a scene with a folder of that name."""
    stray.mkdir()
    return Scene(root=root, environ=environ, status=0, stays=stray)


def _strangers(root: Path, environ: Environ, stray: Path) -> Scene:
    """Return a scene with a file of root's in a sticky folder, which nobody else can remove."""
    _give(root, USER)
    os.chown(stray.parent, 0, 0)
    stray.parent.chmod(0o1777)
    stray.write_bytes(CANARY)
    return Scene(root=root, environ=environ, status=0, stays=stray, uid=USER)


# Folders


def _folder_scenes(root: Path) -> Iterator[Callable[[], Scene]]:
    for name in ("data", "data_log", "log", "conf"):
        for kind in ("link", "nothing", "file", "below", "parents", "mode", "search"):
            yield partial(
                _foldered, root, _zk(root, **{f"ZK_{name.upper()}_DIR": f"{root}/{name}/x"}), root / name, kind
            )
    for kind in ("link", "nothing", "file", "below", "parents", "mode", "search"):
        environ = _kafka(root, KF_CONFIG_FILE=f"{root}/conf/x/server.properties")
        yield partial(_foldered, root, environ, root / "conf", kind)


def _foldered(root: Path, environ: Environ, parent: Path, kind: str) -> Scene:
    """Return a scene with a folder of one kind, `x` in *parent*, where the tool writes."""
    parent.mkdir(exist_ok=True)
    folder, uid = parent / "x", USER if os.geteuid() == 0 else None
    match kind:
        case "link":
            folder.symlink_to(root / "folder")
            return Scene(root=root, environ=environ, status=0)
        case "parents":
            parent.rmdir()
            return Scene(root=root, environ=environ, status=0)
        case "nothing":
            folder.symlink_to(root / "nothing")
        case "file":
            folder.write_bytes(CANARY)
        case "below":
            parent.rmdir()
            parent.write_bytes(CANARY)
            return Scene(root=root, environ=environ, status=74, path=parent)
        case _:
            folder.mkdir()
            _give(root, USER)
            os.chown(folder, 0 if uid else -1, -1)
            folder.chmod(0o555 if kind == "mode" else 0o600)
            return Scene(root=root, environ=environ, status=74, path=folder, told="permission denied", uid=uid)
    return Scene(root=root, environ=environ, status=74, path=folder)


def _give(root: Path, uid: int) -> None:
    """Give all that is in *root* to *uid*, where this process can."""
    if os.geteuid() == 0:
        for path in (root, *root.rglob("*")):
            os.chown(path, uid, uid, follow_symlinks=False)


# What is only read


def _input_scenes(root: Path) -> Iterator[Callable[[], Scene]]:
    yield partial(_mounted, root)
    for kind, trap in TRAPS.items():
        if kind != "a link to a file" and (kind != "a device" or os.geteuid() == 0):
            yield partial(_input, root, trap, _kafka(root, KF_BASE_FILE=f"{root}/conf/in"), 74)
            yield partial(_input, root, trap, _zk(root, ZK_CFG_a_FILE=f"{root}/conf/in"), 78)
            yield partial(_input, root, trap, _kafka(root, KAFKA_A_FILE=f"{root}/conf/in"), 78)


def _mounted(root: Path) -> Scene:
    """Return a scene with the links of a ConfigMap: legal for what is only read."""
    volume = root / "folder"
    (volume / "..2026_11_23").mkdir()
    (volume / "..data").symlink_to("..2026_11_23")
    shutil.copyfile(BASE_FILE, volume / "..data" / "server.properties")
    (volume / "..data" / "password").write_bytes(b"hunter2\n")
    for name in ("server.properties", "password"):
        (volume / name).symlink_to(f"..data/{name}")
    inputs = {"KF_BASE_FILE": f"{volume}/server.properties", "KAFKA_A_FILE": f"{volume}/password"}
    return Scene(root=root, environ=_kafka(root, **inputs), status=0)


def _input(root: Path, trap: Callable[[Path], None], environ: Environ, status: int) -> Scene:
    trap(root / "conf" / "in")
    return Scene(root=root, environ=environ, status=status, path=root / "conf" / "in")


# What myid may say


MYIDS: Mapping[bytes, int] = {
    b"2": 0,
    b"2\n": 0,
    b"2\n\n": 0,
    b"3\n": 78,
    b"3\n\n": 78,
    b"": 78,
    b"2\n3\n": 78,
    b"2x": 78,
    b"\0": 78,
    b"\xff\xfe": 74,
    b"9" * 5000: 78,
}


def _myid(root: Path, content: bytes, status: int) -> Scene:
    (root / "data" / "myid").write_bytes(content)
    return Scene(root=root, environ=_zk(root), status=status, path=root / "data" / "myid")


def planted(count: int, chance: random.Random, scratch: Path) -> str:
    """Try *count* traps, all where there are no more; return the campaign's line."""
    scratch.chmod(0o755)
    root = scratch / "root"
    makers = [*_trap_scenes(root), *_stray_scenes(root), *_folder_scenes(root), *_input_scenes(root)]
    makers += [partial(_myid, root, content, status) for content, status in MYIDS.items()]
    wanted = makers if count >= len(makers) else chance.sample(makers, count)
    for make in wanted:
        _set_up(root)
        scene = make()
        try:
            _judge(scene)
        except AssertionError as error:
            raise AssertionError(f"{make}: {error}") from error
    missing = "" if os.geteuid() == 0 else " (no devices: they need root)"
    return f"planted: {len(wanted)} of {len(makers)} traps{missing}, 0 followed, 0 changed where refused, 0 tracebacks"


def _judge(scene: Scene) -> None:
    before = listing(scene.root)
    outcome = _start(scene.environ, scene.uid)
    after = listing(scene.root)
    assert not outcome.has_traceback, outcome
    assert outcome.status == scene.status, outcome
    assert b"canary" not in outcome.stdout + outcome.stderr, outcome
    if scene.status == 0:
        assert (after["victim"][0], after["victim"][2]) == (before["victim"][0], before["victim"][2]), "victim changed"
        stays = {str(scene.stays.relative_to(scene.root))} if scene.stays is not None else set()
        assert {name for name in after if name.endswith(".zkboot-tmp")} == stays, sorted(after)
        return
    assert after == before, sorted(name for name in after.keys() | before.keys() if after.get(name) != before.get(name))
    assert any(str(scene.path) in line and scene.told in line for line in outcome.complaints), outcome


# A full disk, and one that cannot be written to


def disks(count: int, chance: random.Random, scratch: Path) -> str:
    """Start on *count* disks that are too small or read-only; return the campaign's line."""
    return within(("mount",), "tests.torture.volumes:mounted_disks", count, chance, scratch)


def mounted_disks(count: int, chance: random.Random, scratch: Path) -> str:
    """Do it, in a mount namespace of its own."""
    disk = scratch / "disk"
    disk.mkdir()
    full = read_only = 0
    for at in range(count):
        # In a user namespace root cannot give files to an account that is not mapped.
        environ = _kafka(disk) if at % 2 else _zk(disk, ZK_USER="root")
        # One page, 4 KB, and a little more, so that the disk is full at each of the files.
        pages = 1 if at % 4 < 2 else chance.randrange(2, 14)
        with _mounted_at(disk, f"size={pages * PAGE}"):
            _fill(disk, environ)
            if at % 8 > 5:
                subprocess.run(["mount", "-o", "remount,bind,ro", str(disk)], check=True)
            is_read_only = at % 8 > 5
            before = _files(disk)
            outcome = _start(environ)
            after = _files(disk)
            told = f"disk {at}, {pages} pages{', read-only' if is_read_only else ''}: {outcome}"
            assert not outcome.has_traceback, told
            assert outcome.status in ((74,) if is_read_only or pages == 1 else (0, 74)), told
            if outcome.status == 74:
                reason = os.strerror(errno.EROFS if is_read_only else errno.ENOSPC).lower()
                assert after == before, f"{told}: {sorted(after)}, before {sorted(before)}"
                assert any(f"{disk}/" in line and reason in line for line in outcome.complaints), told
            else:
                assert _is_whole(after), f"{told}: {sorted(after)}"
            full += outcome.status == 74 and not is_read_only
            read_only += is_read_only
    return f"disks: {count} too small or read-only ({full} full, {read_only} read-only), every old file as before"


def _files(disk: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return everything on *disk*; a folder's time of change is left out, for temporary files came and went."""
    return {
        name: (mode, 0 if stat.S_ISDIR(mode) else changed, content)
        for name, (mode, changed, content) in listing(disk).items()
    }


@contextmanager
def _mounted_at(disk: Path, options: str) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"{options},mode=0755", "zkb", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _fill(disk: Path, environ: Environ) -> None:
    """Write older files as far as they fit, the one that matters first, and make the folders."""
    for folder in ("conf", "data", "data_log", "log"):
        (disk / folder).mkdir()
    names = [disk / "conf" / "server.properties"]
    if environ["POD_NAME"].startswith("zk"):
        names = [disk / folder / name for folder, files in ZK_FILES.items() for name in sorted(files, reverse=True)]
    for path in names:
        with suppress(OSError):
            path.write_bytes(b"2\n" if path.name == "myid" else b"# an older file\n")
        if path.exists() and path.stat().st_size == 0:
            path.unlink()


def _is_whole(found: dict[str, tuple[int, int, bytes]]) -> bool:
    """Return whether every file is one that the start wrote."""
    contents = {Path(name).name: content for name, (mode, _, content) in found.items() if stat.S_ISREG(mode)}
    expected = {"server.properties"} if "server.properties" in contents else set().union(*ZK_FILES.values())
    return contents.keys() == expected and b"# an older file\n" not in contents.values()


# A race


def races(count: int, chance: random.Random, scratch: Path) -> str:
    """Start *count* times while another process changes the targets; return the campaign's line."""
    root, outside = scratch / "root", scratch / "outside"
    statuses: dict[int, int] = {}
    for environ, names in (
        (_zk(root), ("conf/zoo.cfg", "conf/java.env", "data/myid")),
        (_kafka(root), ("conf/server.properties",)),
    ):
        shutil.rmtree(root, ignore_errors=True)
        for folder in ("conf", "data", "log", "data_log"):
            (root / folder).mkdir(parents=True)
        outside.mkdir(exist_ok=True)
        (outside / "victim").write_bytes(CANARY)
        before = listing(outside)
        with _swapping([root / name for name in names], outside, chance.getrandbits(32)):
            for at in range(count // 2):
                outcome = _start(environ)
                statuses[outcome.status] = statuses.get(outcome.status, 0) + 1
                told = f"start {at}: {outcome}"
                assert outcome.status in (0, 74), told
                assert not outcome.has_traceback, told
                assert b"canary" not in outcome.stdout + outcome.stderr, told
                assert listing(outside) == before, f"{told}: {listing(outside)}"
        assert _start_alone(environ, root, names), f"{environ}: something was left over"
    return (
        f"races: {count} starts, links swapped in meanwhile, 0 followed ({statuses[0]} written, {statuses[74]} refused)"
    )


@contextmanager
def _swapping(targets: list[Path], outside: Path, seed: int) -> Iterator[None]:
    """Let another process make links to the victim of *targets*, and files, and nothing, as fast as it can."""
    child = os.fork()
    if child == 0:
        chance = random.Random(seed)
        spare = outside.parent / "spare"
        while os.getppid() != 1:
            target = chance.choice(targets)
            with suppress(FileNotFoundError):
                # What could not be renamed may be a link, through which nothing shall be written.
                os.unlink(spare)
            with suppress(OSError):
                match chance.randrange(4):
                    case 0:
                        os.symlink(outside / "victim", spare)
                        os.rename(spare, target)
                    case 1:
                        spare.write_bytes(b"2\n")
                        os.rename(spare, target)
                    case 2:
                        os.unlink(target)
                    case _:
                        os.symlink(outside / "victim", target)
        os._exit(0)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _start_alone(environ: Environ, root: Path, names: tuple[str, ...]) -> bool:
    """Return whether an undisturbed start leaves its files and no other."""
    for name in names:
        (root / name).unlink(missing_ok=True)
    assert _start(environ).status == 0
    found = {path.name for path in root.rglob("*") if not path.is_dir()}
    return found == {"server.properties"} or found == set().union(*ZK_FILES.values())


CAMPAIGNS = (
    Campaign(name="planted", short=60, long=10_000, run=planted),
    Campaign(name="disks", short=16, long=200, run=disks),
    Campaign(name="races", short=40, long=500, run=races),
)
