"""zkGenConfig and zkboot as an operator meets them: started as processes, with every kind of bad input.

Bad input means one clear line for each problem, the right status, no traceback, and nothing written: the volume before
and after is the same, down to the times.
"""

import importlib.metadata
import itertools
import json
import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands import (
    LIMIT,
    UNKNOWN_PEERS,
    Outcome,
    clean_environ,
    listing,
    namespaces,
    needs_namespaces,
    python_command,
    run_command,
)
from zkboot import cli
from zkboot.plan import make_plan
from zkboot.pod.identity import Host
from zkboot.settings import VARIABLES

FILES = (
    "conf/java.env",
    "conf/java.security",
    "conf/log4j.properties",
    "conf/logback.xml",
    "conf/zoo.cfg",
    "data/myid",
    "data/zkboot.json",
    "log/zkboot.json",
)
CANARY = "c4nary"

MOUNT = 'mount -t tmpfs -o "$1" tmpfs "$2" && mkdir -p "$2/data" "$2/conf" && shift 2 && exec "$@"'

UID, GID = (54321, 54321) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
"""Who is not root: an account without a name, as OpenShift assigns them, where this process can become one."""

WAYS = (
    "set POD_NAME, or ZK_REPLICAS=1 for a single server, or ZK_SERVERS and ZK_SERVER_ID for a host that is no pod of a"
    " StatefulSet"
)
"""What is to do where the host's name has no ordinal."""

EVERY_FOLDER = "ZK_DATA_DIR, ZK_DATA_LOG_DIR, ZK_LOG_DIR, ZK_CONF_DIR"
"""What names a folder, in the order in which they are tried."""

NOT_ROOT = f"""
import argparse, difflib, gettext, ipaddress, locale, os, shutil  # what is imported later lies in folders of root's
import zkboot.plan, zkboot.report
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({GID})
    os.setuid({UID})
"""

own_namespace = pytest.mark.skipif(bool(needs_namespaces()), reason=needs_namespaces())


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Return a directory for everything that a pod keeps; nothing is in it."""
    path = tmp_path / "volume"
    path.mkdir()
    return path


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Return a directory that every uid can reach; pytest's own are for its uid alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def environ_of(volume: Path, **environ: str) -> dict[str, str]:
    """Return the environment of the pod zk-1 of three, which keeps everything in *volume*, with *environ* on top."""
    return {
        "POD_NAME": "zk-1",
        "ZK_DOMAIN": "d",
        "ZK_USER": pwd.getpwuid(os.geteuid()).pw_name,
        "ZK_DATA_DIR": f"{volume}/data",
        "ZK_DATA_LOG_DIR": f"{volume}/log",
        "ZK_LOG_DIR": f"{volume}/logs",
        "ZK_CONF_DIR": f"{volume}/conf",
        "ZK_PURGE_INTERVAL": "1",
        **environ,
    }


def generate(volume: Path, *arguments: str, prelude: str = "", **environ: str) -> Outcome:
    """Run zkGenConfig for a pod that keeps everything in *volume*, and whose peers have no address yet."""
    prelude = UNKNOWN_PEERS + prelude
    return run_command("zkboot.cli:gen_config", *arguments, environ=environ_of(volume, **environ), prelude=prelude)


def refused(volume: Path, status: int, **environ: str) -> list[str]:
    """Return the complaints of zkGenConfig, which ends with *status* and has written nothing."""
    before = listing(volume)
    outcome = generate(volume, **environ)

    assert (outcome.status, outcome.stdout) == (status, ""), outcome
    assert listing(volume) == before
    assert "Traceback" not in outcome.stderr
    assert all(line.startswith("zkGenConfig: ") for line in outcome.stderr.splitlines())
    return [line.removeprefix("zkGenConfig: ") for line in outcome.complaints]


def in_process(entry: Callable[[], int], *argv: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the status of the command line *argv*, run here."""
    monkeypatch.setattr(sys, "argv", list(argv))
    try:
        return entry()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1


# What it writes


def test_a_sound_environment_makes_its_files(volume: Path) -> None:
    """Status 0, what it did on stdout, nothing on stderr."""
    outcome = generate(volume)

    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("ZK_REPLICAS=3\nMY_ID=2\n")
    assert outcome.stdout.endswith(f"Wrote {volume}/conf/zoo.cfg\n")
    found = listing(volume)
    assert sorted(path for path, (mode, _, _) in found.items() if stat.S_ISREG(mode)) == sorted(FILES)
    assert sorted(path for path, (mode, _, _) in found.items() if stat.S_ISDIR(mode)) == ["conf", "data", "log", "logs"]


def test_a_second_start_changes_no_byte_and_no_time(volume: Path) -> None:
    """Idempotent, and says so."""
    generate(volume)
    before = listing(volume)
    outcome = generate(volume)

    assert outcome.status == 0
    assert listing(volume) == before
    assert "Wrote" not in outcome.stdout
    assert outcome.stdout.count("Unchanged ") == len(FILES)


@pytest.mark.parametrize("umask", ["0o000", "0o022", "0o077"])
def test_modes_do_not_depend_on_the_umask(umask: str, volume: Path) -> None:
    """A server of another uid can read its files; a secret is for its owner alone."""
    generate(volume, prelude=f"import os; os.umask({umask})", ZK_CFG_x_password=CANARY)
    modes = {path: stat.S_IMODE(listing(volume)[path][0]) for path in FILES}

    assert modes == dict.fromkeys(FILES, 0o644) | {"conf/zoo.cfg": 0o600}


def test_a_dry_run_writes_nothing_and_masks_secrets(volume: Path) -> None:
    """Not even a directory; every file is shown."""
    secret = volume / "secret"
    secret.write_text(f"{CANARY}\n")
    before = listing(volume)
    outcome = generate(
        volume,
        "--dry-run",
        ZK_CFG_ssl_keyStore_location_FILE=str(secret),
        ZK_CFG_ssl_keyStore_password=CANARY,
        ZK_CFG_ssl_keyStore_type="seen",
    )

    assert (outcome.status, outcome.stderr) == (0, "")
    assert listing(volume) == before
    assert [line.split()[1] for line in outcome.stdout.splitlines() if line.startswith("==> ")] == [
        f"{volume}/{path}" for path in ("data/myid", FILES[7], FILES[6], *FILES[1:4], FILES[0], FILES[4])
    ]
    assert "ssl.keyStore.location=********\n" in outcome.stdout
    assert "ssl.keyStore.password=********\nssl.keyStore.type=seen\n" in outcome.stdout
    assert CANARY not in outcome.stdout


def test_a_dry_run_checks_everything_all_the_same(volume: Path) -> None:
    """It answers the question whether a start would succeed."""
    (volume / "data").mkdir()
    (volume / "data" / "myid").write_text("1\n")

    assert generate(volume, "--dry-run").status == 78


def test_warnings_do_not_stop_the_start(volume: Path) -> None:
    """The seed's manifest had both of these."""
    outcome = generate(volume, ZK_SYNC_LIMIT="2000", ZK_PURGE_INTERVAL="0")

    assert outcome.status == 0
    assert [line.partition("=")[0] for line in outcome.warnings] == [
        "zkGenConfig: warning: ZK_PURGE_INTERVAL",
        "zkGenConfig: warning: ZK_SYNC_LIMIT",
    ]


def test_service_links_are_ignored_and_the_defaults_hold(volume: Path) -> None:
    """With one line on stderr."""
    outcome = generate(
        volume,
        ZK_CLIENT_PORT="tcp://10.0.0.1:2181",
        ZK_CLIENT_PORT_2181_TCP_ADDR="10.0.0.1",
        ZK_SERVER_PORT="udp://10.0.0.1:1",
    )

    assert outcome.status == 0
    assert len(outcome.stderr.splitlines()) == 1
    assert "ZK_CLIENT_PORT, ZK_CLIENT_PORT_2181_TCP_ADDR, ZK_SERVER_PORT" in outcome.stderr
    assert "clientPort=2181\n" in (volume / "conf" / "zoo.cfg").read_text()


# The pod's name


@pytest.mark.parametrize(
    ("pod_name", "told"),
    [
        ("zk", f"POD_NAME 'zk' is not <statefulset>-<ordinal>, such as zk-0: {WAYS}"),
        ("zk-", f"POD_NAME 'zk-' is not <statefulset>-<ordinal>, such as zk-0: {WAYS}"),
        (
            "zk--1",
            (
                "POD_NAME 'zk--1': 'zk-' is no StatefulSet's name (letters, digits and dashes; no dash at either end):"
                " set POD_NAME"
            ),
        ),
        ("zk-08", "POD_NAME 'zk-08': the ordinal '08' has a leading zero: set POD_NAME"),
        ("zk-0\n", "POD_NAME contains a newline, which no value may hold"),
        ("zk-\u0663", f"POD_NAME 'zk-\u0663' is not <statefulset>-<ordinal>, such as zk-0: {WAYS}"),
        (os.fsdecode(b"zk-\xff1"), "POD_NAME is not valid UTF-8"),
        (
            "zk-3",
            (
                "pod zk-3 has the ordinal 3, outside 0..2 (ZK_REPLICAS=3, ZK_ORDINAL_START=0): set ZK_REPLICAS to"
                " the number of servers; on a host that is no pod of a StatefulSet, set POD_NAME to a name that ends in"
                " -0"
            ),
        ),
    ],
    ids=ascii,
)
def test_a_name_that_gives_no_place_is_refused(pod_name: str, told: str, volume: Path) -> None:
    """A server under a guessed id would be two of one, or none."""
    assert refused(volume, 78, POD_NAME=pod_name) == [told]


@own_namespace
@pytest.mark.parametrize(
    ("name", "told"),
    [
        (b"zk-\xff1", f"host name 'zk-\\udcff1' is not <statefulset>-<ordinal>, such as zk-0: {WAYS}"),
        (b"zk-1\n", f"host name 'zk-1\\n' is not <statefulset>-<ordinal>, such as zk-0: {WAYS}"),
        (b"", f"host name '' is not <statefulset>-<ordinal>, such as zk-0: {WAYS}"),
    ],
)
def test_a_host_name_that_is_no_text_is_refused(name: bytes, told: str, volume: Path) -> None:
    """A kernel takes any bytes for one."""
    outcome = run_command(
        "zkboot.cli:gen_config",
        environ=environ_of(volume, POD_NAME=""),
        prelude=f"import socket; socket.sethostname({name!r})",
        within=namespaces("uts"),
    )

    assert (outcome.status, outcome.stderr) == (78, f"zkGenConfig: {told}\n")
    assert listing(volume) == {}


@own_namespace
def test_the_host_s_own_name_and_no_domain_are_told(volume: Path) -> None:
    """Three servers could not find each other."""
    outcome = run_command(
        "zkboot.cli:gen_config",
        environ=environ_of(volume, POD_NAME="", ZK_DOMAIN=""),
        prelude='import socket; socket.sethostname("zk-2")',
        within=namespaces("uts"),
    )

    assert outcome.status == 78
    assert outcome.complaints == [
        (
            "zkGenConfig: pod zk-2 has no DNS domain, and 3 servers must find each other: set ZK_DOMAIN to the headless"
            " service's, such as zk-svc.default.svc.cluster.local; without a StatefulSet set ZK_SERVERS and"
            " ZK_SERVER_ID"
        )
    ]


# The environment


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"ZK_ID_OFFSET": "254"},
            "the ensemble's server ids 254..256 are not all in 1..255: set ZK_ID_OFFSET (now 254)",
        ),
        ({"ZK_CLIENT_PORT": "65536"}, "ZK_CLIENT_PORT='65536' is not an integer in 1..65535"),
        ({"ZK_ELECTION_PORT": "2888"}, "ZK_ELECTION_PORT=2888 is the port of ZK_SERVER_PORT, too"),
        ({"ZK_TICK_TIME": "-1"}, "ZK_TICK_TIME='-1' is not an integer in 1..3600000"),
        ({"ZK_REPLICAS": "9" * 5000}, f"ZK_REPLICAS='{'9' * 5000}' is not an integer in 1..255"),
        (
            {"ZK_MIN_SESSION_TIMEOUT": "50000"},
            "ZK_MIN_SESSION_TIMEOUT=50000 is more than ZK_MAX_SESSION_TIMEOUT=40000",
        ),
        ({"ZK_DATA_DIR": "/d\nclientPort=1"}, "ZK_DATA_DIR contains a newline, which no value may hold"),
        ({"ZK_CFG_a": "1\rclientPort=1"}, "ZK_CFG_a contains a carriage return, which no value may hold"),
        ({"ZK_DOMAIN": os.fsdecode(b"\xff")}, "ZK_DOMAIN is not valid UTF-8"),
        ({"ZK_LOG_DIR": "logs"}, "ZK_LOG_DIR='logs' is not an absolute path"),
        (
            {"ZK_CFG_clientPort": "1"},
            "ZK_CFG_clientPort: zoo.cfg's clientPort has a variable of its own: set ZK_CLIENT_PORT",
        ),
        ({"ZK_CFG_FILE": "/etc/hostname"}, "ZK_CFG and ZK_CFG_FILE name no key of zoo.cfg"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_bad_variable_is_refused(environ: dict[str, str], told: str, volume: Path) -> None:
    """One line names it."""
    assert refused(volume, 78, **environ) in ([told], [told, _NO_DOMAIN])


_NO_DOMAIN = (
    "pod zk-1 has no DNS domain, and 3 servers must find each other: set ZK_DOMAIN to the headless service's, such as"
    " zk-svc.default.svc.cluster.local; without a StatefulSet set ZK_SERVERS and ZK_SERVER_ID"
)


def test_all_bad_variables_are_reported_together(volume: Path) -> None:
    """The name's, each value's, the keys', the list's, all in one run."""
    complaints = refused(
        volume,
        78,
        POD_NAME="zk",
        ZK_CLIENT_PORT="http",
        ZK_REPLICAS="0",
        ZK_LOG_LEVEL="LOUD",
        ZK_CFG_server_1="x",
        ZK_HEAP_SIZE="lots",
        ZK_TICK_TIME="1\n2",
        ZK_USER_FILE="/nowhere",
        ZK_USER="",
    )

    assert sorted(line.split()[0].partition("=")[0].rstrip(":") for line in complaints) == [
        "POD_NAME",
        "ZK_CFG_server_1",
        "ZK_CLIENT_PORT",
        "ZK_HEAP_SIZE",
        "ZK_LOG_LEVEL",
        "ZK_REPLICAS",
        "ZK_TICK_TIME",
        "ZK_USER_FILE",
    ]


@pytest.mark.parametrize(
    ("content", "environ", "told"),
    [
        (b"a\nb\n", {}, "ZK_CFG_x_FILE contains a newline, which no value may hold"),
        (b"a\r\n", {}, "ZK_CFG_x_FILE contains a carriage return, which no value may hold"),
        (b"a\0b", {}, "ZK_CFG_x_FILE contains a NUL, which no value may hold"),
        (b"\xff" + CANARY.encode(), {}, "ZK_CFG_x_FILE='{path}': not valid UTF-8"),
        (
            b" " + CANARY.encode(),
            {},
            "ZK_CFG_x_FILE: its text begins or ends in a blank or a control character, which ZooKeeper would cut off",
        ),
        (b"a", {"ZK_CFG_x": CANARY}, "ZK_CFG_x and ZK_CFG_x_FILE are both set: unset one"),
        (None, {}, "ZK_CFG_x_FILE='{path}': is no regular file"),
    ],
    ids=["newline", "carriage return", "NUL", "no UTF-8", "blank", "both", "FIFO"],
)
def test_a_bad_file_of_a_variable_is_refused(
    content: bytes | None, environ: dict[str, str], told: str, volume: Path, tmp_path: Path
) -> None:
    """Its text is never repeated; a FIFO does not block."""
    path = tmp_path / "value"
    if content is None:
        os.mkfifo(path)
    else:
        path.write_bytes(content)
    complaints = refused(volume, 78, ZK_CFG_x_FILE=str(path), **environ)

    assert complaints == [told.format(path=path)]


# The volume


def test_another_server_s_volume_is_refused(volume: Path) -> None:
    """And its myid stays."""
    (volume / "data").mkdir()
    (volume / "data" / "myid").write_text("3\n")
    (complaint,) = refused(volume, 78)

    assert complaint.startswith(f"{volume}/data/myid says 3, but this pod is server 2: ")


def test_a_standalone_server_s_data_is_refused_until_allowed(volume: Path) -> None:
    """Going from one server to several can lose it all."""
    (volume / "data" / "version-2").mkdir(parents=True)
    (volume / "data" / "version-2" / "snapshot.0").touch()
    (complaint,) = refused(volume, 78)

    assert "snapshot.0 is a standalone server's" in complaint
    assert generate(volume, ZK_ALLOW_STANDALONE_DATA="true").status == 0


def make_link(path: Path) -> None:
    """Make a symbolic link to a file beside it."""
    (path.parent / "elsewhere").write_text("old\n")
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("target", "make", "told"),
    [
        ("conf/zoo.cfg", os.mkdir, "is a directory"),
        ("conf/java.env", os.mkfifo, "is no regular file"),
        ("conf/zoo.cfg", make_link, "is a symbolic link: remove it, or choose another path"),
        ("conf/logback.xml", lambda path: path.symlink_to("/nowhere"), "is a symbolic link: remove it, or choose"),
        ("data/myid", os.mkdir, "is a directory"),
        ("data/myid", lambda path: path.symlink_to("/nowhere"), "is a symbolic link: remove it, or choose"),
        ("log", Path.touch, "not a directory"),
        ("conf", lambda path: path.symlink_to("/nowhere"), "not a directory"),
    ],
    ids=[
        "directory",
        "FIFO",
        "link",
        "link to nothing",
        "myid a directory",
        "myid a link to nothing",
        "file as directory",
        "directory a link to nothing",
    ],
)
def test_what_is_no_file_is_not_written_over(
    target: str, make: Callable[[Path], None], told: str, volume: Path
) -> None:
    """Nor through: what the link points to stays."""
    (volume / target).parent.mkdir(exist_ok=True)
    make(volume / target)
    (complaint,) = refused(volume, 74)

    assert re.fullmatch(r"ZK_[A-Z_, ]+", complaint.partition(": ")[0])
    assert complaint.partition(": ")[2].startswith(f"{volume}/{target}: {told}")


@own_namespace
def test_a_read_only_file_system_is_told(volume: Path) -> None:
    """Before anything is tried."""
    outcome = run_command(
        "zkboot.cli:gen_config",
        environ=environ_of(volume, ZK_CONF_DIR=f"{volume}/conf/deep/down"),
        within=(*namespaces("mount"), "sh", "-c", MOUNT.replace("mkdir -p", "true"), "sh", "ro", str(volume)),
    )

    assert (outcome.status, outcome.stdout) == (74, "")
    assert outcome.complaints == [
        (
            f"zkGenConfig: {EVERY_FOLDER}: {volume}: read-only file system: mount a writable volume there, or choose"
            " another directory"
        )
    ]


@own_namespace
def test_a_file_that_is_a_mount_is_told_before_any_other_is_replaced(volume: Path, tmp_path: Path) -> None:
    """A single file of a ConfigMap, mounted by ``subPath``: no rename can replace it."""
    mounted = tmp_path / "mounted"
    mounted.write_text("the operator's own\n")
    conf = volume / "cön f"
    conf.mkdir()
    for name in ("zoo.cfg", "java.env"):
        (conf / name).write_text("old\n")
    outcome = run_command(
        "zkboot.cli:gen_config",
        environ=environ_of(volume, ZK_DATA_DIR=str(conf), ZK_CONF_DIR=f"{volume}/link"),
        prelude=f"import os; os.symlink('cön f', '{volume}/link')",
        within=(
            *namespaces("mount"),
            "sh",
            "-c",
            'mount --bind "$1" "$2" && shift 2 && exec "$@"',
            "sh",
            str(mounted),
            f"{conf}/zoo.cfg",
        ),
    )

    assert (outcome.status, outcome.stdout) == (74, "")
    assert outcome.complaints == [
        (
            f"zkGenConfig: {volume}/link/zoo.cfg: device or resource busy: it is a mount point, which no rename can"
            " replace: mount its directory, or choose another path"
        )
    ]
    assert sorted(os.listdir(conf)) == ["java.env", "zoo.cfg"]
    assert {(conf / name).read_text() for name in ("zoo.cfg", "java.env")} == {"old\n"}
    assert mounted.read_text() == "the operator's own\n"


@own_namespace
@pytest.mark.parametrize("old", ["", "old"], ids=["fresh", "with an old file"])
def test_a_full_disk_leaves_the_old_files_and_nothing_else(old: str, volume: Path, tmp_path: Path) -> None:
    """One page is all it has: the first new file, or the old one, fills it."""
    seen = tmp_path / "seen"
    # What the mount holds can be seen in its namespace alone.
    prelude = f"""
import atexit, json, pathlib
volume = pathlib.Path({str(volume)!r})
(volume / "conf" / "zoo.cfg").write_text({old!r}) if {old!r} else None
files = lambda: {{str(p.relative_to(volume)): p.read_text() for p in volume.rglob("*") if p.is_file()}}
atexit.register(lambda: pathlib.Path({str(seen)!r}).write_text(json.dumps(files())))
"""
    outcome = run_command(
        "zkboot.cli:gen_config",
        environ=environ_of(volume),
        prelude=prelude,
        within=(*namespaces("mount"), "sh", "-c", MOUNT, "sh", "size=4k", str(volume)),
    )

    assert (outcome.status, outcome.stdout) == (74, "")
    (complaint,) = outcome.complaints
    assert f"{volume}/" in complaint
    assert ": no space left on device" in complaint
    assert json.loads(seen.read_text()) == ({"conf/zoo.cfg": old} if old else {})


def test_all_that_may_not_be_written_is_told_at_once(public_folder: Path) -> None:
    """Each by its variable; a dry run shows the files, says the same and ends with the same status."""
    for name in ("data", "log", "conf"):
        (public_folder / name).mkdir(mode=0o777 if name == "conf" else 0o555)
    public_folder.chmod(0o555)
    (public_folder / "conf").chmod(0o777)
    real, dry = (generate(public_folder, *words, prelude=NOT_ROOT) for words in ((), ("--dry-run",)))

    assert [line.split(": ")[1:3] for line in real.complaints] == [
        ["ZK_DATA_DIR", f"{public_folder}/data"],
        ["ZK_DATA_LOG_DIR", f"{public_folder}/log"],
        ["ZK_LOG_DIR", str(public_folder)],
    ]
    assert (real.status, dry.status, dry.complaints) == (74, 74, real.complaints)
    assert "==> " in dry.stdout


def test_a_volume_that_may_not_be_read_hides_nothing_else(public_folder: Path) -> None:
    """A dry run cannot show the files then, and says all that a start would say."""
    for name, mode in {"data": 0o555, "log": 0, "conf": 0o777}.items():
        (public_folder / name).mkdir()
        (public_folder / name).chmod(mode)
    public_folder.chmod(0o555)
    real, dry = (generate(public_folder, *words, prelude=NOT_ROOT) for words in ((), ("--dry-run",)))

    assert [line.split(": ")[1] for line in real.complaints] == ["ZK_DATA_DIR", "ZK_DATA_LOG_DIR", "ZK_LOG_DIR"]
    assert (real.status, dry.status, dry.complaints) == (74, 74, real.complaints)


def test_a_secret_that_cannot_be_read_hides_nothing_else(public_folder: Path) -> None:
    """Folders by their variables beside it; beside a mistake in the environment the status is that of mistakes."""
    for name in ("log", "users"):
        (public_folder / name).touch()
    secrets = {"ZK_TLS_DIR": f"{public_folder}/tls", "ZK_SASL_DIR": f"{public_folder}/users"}
    real, dry = (generate(public_folder, *words, **secrets) for words in ((), ("--dry-run",)))
    mistaken = refused(public_folder, 78, ZK_CLIENT_PORT="x", **secrets)

    assert [line.split(": ")[1:3] for line in real.complaints] == [
        ["ZK_SASL_DIR", f"{public_folder}/users"],
        ["ZK_TLS_DIR", f"{public_folder}/tls/tls.crt"],
        ["ZK_DATA_LOG_DIR", f"{public_folder}/log"],
    ]
    assert (real.status, dry.status, dry.complaints) == (74, 74, real.complaints)
    assert [line.partition("=")[0].partition(":")[0] for line in mistaken] == [
        "ZK_CLIENT_PORT",
        "ZK_SASL_DIR",
        "ZK_TLS_DIR",
    ]


def test_a_volume_that_contradicts_hides_no_folder_that_cannot_be_used(public_folder: Path) -> None:
    """A dry run looks at the volume first, a real one at the folders: both say the same."""
    (public_folder / "data").mkdir()
    (public_folder / "data" / "myid").write_text("9\n")
    (public_folder / "conf").touch()
    real, dry = (generate(public_folder, *words) for words in ((), ("--dry-run",)))

    assert {line.split(": ")[1] for line in real.complaints} == {"ZK_CONF_DIR"}
    assert (real.status, dry.status, dry.complaints) == (74, 74, real.complaints)


def test_a_directory_that_may_not_be_written_is_told(public_folder: Path) -> None:
    """With what must be compared: our uid and gid, the directory's owner and mode."""
    public_folder.chmod(0o555)
    outcome = generate(public_folder, prelude=NOT_ROOT)

    assert (outcome.status, outcome.stdout) == (74, "")
    assert outcome.complaints == [
        (
            f"zkGenConfig: {EVERY_FOLDER}: {public_folder}: permission denied for uid {UID}, gid {GID}"
            f" ({public_folder} belongs to {os.geteuid()}:{os.getegid()}, mode 555)"
        )
    ]
    assert listing(public_folder) == {}


def test_a_secret_that_may_not_be_read_is_told(public_folder: Path) -> None:
    """A mounted secret whose mode forgot the server."""
    secret = public_folder / "secret"
    secret.write_text(CANARY)
    secret.chmod(0)
    public_folder.chmod(0o777)
    outcome = generate(public_folder, prelude=NOT_ROOT, ZK_CFG_x_FILE=str(secret))

    assert (outcome.status, outcome.stderr) == (78, f"zkGenConfig: ZK_CFG_x_FILE='{secret}': permission denied\n")


def test_a_uid_without_a_name_is_enough(public_folder: Path) -> None:
    """The files are its own."""
    public_folder.chmod(0o777)
    outcome = generate(public_folder, prelude=NOT_ROOT)

    assert (outcome.status, outcome.stderr) == (0, "")
    assert {(public_folder / path).stat().st_uid for path in FILES} == {UID}


def test_data_that_the_server_may_not_touch_is_told(public_folder: Path) -> None:
    """Before a JVM starts, which would end with status 3: a folder that it cannot write, a file that it cannot read."""
    version = public_folder / "data" / "version-2"
    version.mkdir(parents=True)
    for folder in (public_folder, version.parent):
        folder.chmod(0o777)
    version.chmod(0o555)
    outcome = generate(public_folder, prelude=NOT_ROOT)

    assert (outcome.status, outcome.stdout) == (74, "")
    assert f"{version}: permission denied for uid {UID}" in outcome.stderr
    version.chmod(0o777)
    (version / "snapshot.0").touch(mode=0o000)
    outcome = generate(public_folder, prelude=NOT_ROOT)

    assert (outcome.status, outcome.stdout) == (74, "")
    assert f"{version}/snapshot.0: permission denied for uid {UID}" in outcome.stderr


# Killed, and at the same time

LEVELS = ("INFO", "DEBUG")

KILLED = """
import random
source = random.Random(20160901)
def start(level):
    child = os.fork()
    if not child:
        os.environ["ZK_LOG_LEVEL"] = level
        os._exit(gen_config())
    return child
began = time.monotonic()
os.waitpid(start("INFO"), 0)
took = time.monotonic() - began
for number in range(60):
    child = start(levels[number % 2])
    time.sleep(source.uniform(0, 1.1 * took))
    os.kill(child, signal.SIGKILL)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    report.append((ended, contents()))
"""

AT_ONCE = """
for number in range(20):
    if number % 4 == 0:
        shutil.rmtree(volume)
        os.mkdir(volume)
    children = []
    for level in levels:
        children.append(os.fork())
        if not children[-1]:
            os.environ["ZK_LOG_LEVEL"] = level
            os._exit(gen_config())
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    report.append((ended, contents()))
"""

# One process that has imported everything forks the generators: so many interpreters would take a minute to start.
CAMPAIGN = """
import json, os, pathlib, shutil, signal, sys, time
import zkboot.plan, zkboot.report
from zkboot.cli import gen_config
levels, volume = ("INFO", "DEBUG"), os.environ["VOLUME"]
report = []
def contents():
    found = pathlib.Path(volume).rglob("*")
    return {str(path.relative_to(volume)): path.read_text() for path in found if path.is_file()}
sys.argv = ["zkGenConfig"]
out = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
"""


def campaign(volume: Path, code: str) -> list[tuple[list[int] | int, dict[str, str]]]:
    """Run *code*, in which ``gen_config`` is at hand, and return what it reported of each generator."""
    done = subprocess.run(
        [sys.executable, "-c", f"{UNKNOWN_PEERS}{CAMPAIGN}{code}\nos.write(out, json.dumps(report).encode())"],
        env=clean_environ(environ_of(volume, VOLUME=str(volume))),
        capture_output=True,
        timeout=LIMIT,
        check=True,
    )
    assert done.stderr == b""
    return [(ended, texts) for ended, texts in json.loads(done.stdout)]


def texts_of(volume: Path, level: str) -> dict[str, str]:
    """Return the text of each file, by its path in *volume*, as a pod with the log level *level* has them."""
    host = Host(name=lambda: "", domain=lambda: "")
    plan = make_plan(environ_of(volume, ZK_LOG_LEVEL=level), host, lambda: None, is_dry=True)
    return {os.path.relpath(file.path, volume): file.text for file in plan.files}


def test_a_generator_killed_at_any_moment_tears_no_file(volume: Path) -> None:
    """Each file is the old one or the new one; the next start leaves nothing of the dead."""
    report = campaign(volume, KILLED)
    whole = [texts_of(volume, level) for level in LEVELS]

    assert {ended for ended, _ in report} <= {0, -signal.SIGKILL}
    # How many were killed before their end depends on the machine; the long campaign counts them.
    assert any(ended == -signal.SIGKILL for ended, _ in report)
    for _, texts in report:
        left = {path for path in texts if path.endswith(".zkboot-tmp")}
        assert texts.keys() - left == set(FILES)
        for path in FILES:
            assert texts[path] in [texts[path] for texts in whole], path
    assert generate(volume, ZK_LOG_LEVEL="DEBUG").status == 0
    assert {path: (volume / path).read_text() for path in FILES} == whole[1]
    assert len([path for path in volume.rglob("*") if path.is_file()]) == len(FILES)


def test_two_generators_at_once_take_turns(volume: Path) -> None:
    """Both succeed, and all files are of one of them: the last."""
    for ended, texts in campaign(volume, AT_ONCE):
        assert ended == [0, 0]
        assert texts in [texts_of(volume, level) for level in LEVELS]


# Command lines


def test_the_original_s_name_opens_every_line(volume: Path) -> None:
    """As the operator typed it."""
    outcome = run_command(
        "zkboot.cli:gen_config", name="zkGenConfig.sh", environ=environ_of(volume, ZK_PURGE_INTERVAL="x")
    )

    assert outcome.stderr == "zkGenConfig.sh: ZK_PURGE_INTERVAL='x' is not an integer in 0..8760\n"


def test_help_lists_every_variable_that_is_read_with_its_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stdout, status 0."""
    monkeypatch.setenv("COLUMNS", "1000")
    assert in_process(cli.gen_config, "zkGenConfig", "--help", monkeypatch=monkeypatch) == 0
    page = " ".join(capsys.readouterr().out.split())

    for variable in VARIABLES:
        is_read = not variable.name.startswith(("ZK_PROBE_", "ZK_DNS_", "ZK_HTTP_"))
        told = f" {variable.name} {variable.meaning} [{variable.default_text}]".replace("`", "")
        assert (told in page) == is_read
    assert "ZK_CFG_<key>" in page


COMMANDS = ["gen-config", "ok", "ready", "metrics", "tls", "wait", "run", "members", "resize"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_zkboot_has_help(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And zkboot's own lists it."""
    assert in_process(cli.main, "zkboot", command, "--help", monkeypatch=monkeypatch) == 0
    assert f"zkboot {command}" in capsys.readouterr().out.partition("\nexample:\n")[2].partition("\n\n")[0]
    assert in_process(cli.main, "zkboot", "--help", monkeypatch=monkeypatch) == 0
    assert f"\n  {command} " in capsys.readouterr().out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_a_version(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That of the package, which is the wheel's."""
    assert in_process(cli.main, "zkboot", *command.split(), "--version", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr() == (f"zk-kafka-boot {importlib.metadata.version('zk-kafka-boot')}\n", "")


@pytest.mark.parametrize(
    "argv",
    [
        ("gen-config", "--dry-runn"),
        ("gen-config", "now"),
        ("run", "--fast"),
        ("wait", "--timeout", "soon"),
        ("wait", "--timeout", "0"),
        ("wait", "--timeout", "nan"),
        ("wait", "--servers", "zk-0"),
        ("wait", "--servers", "zk-0:2181/chroot"),
        ("start",),
        ("--verbose",),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_a_usage_error(
    argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, one line, nothing on stdout."""
    assert in_process(cli.main, "zkboot", *argv, monkeypatch=monkeypatch) == 2
    out, err = capsys.readouterr()
    name = f"zkboot {argv[0]}" if len(argv) > 1 else "zkboot"
    assert out == ""
    assert re.fullmatch(rf"{name}: .* \({name} --help says more\)\n", err)


@pytest.mark.parametrize("command", ["ok", "ready", "metrics"])
def test_zkboot_runs_the_probes(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under its own name."""
    monkeypatch.setenv("ZK_PROBE_PORT", "x")

    assert in_process(cli.main, "zkboot", command, monkeypatch=monkeypatch) == 78
    assert capsys.readouterr().err.startswith(f"zkboot {command}: ZK_PROBE_PORT='x' is not ")


def test_output_that_nobody_takes_is_told(volume: Path) -> None:
    """Status 74, in one line; the files are there all the same."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            python_command("zkboot.cli:gen_config"),
            env=clean_environ(environ_of(volume)),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=LIMIT,
            check=False,
        )

    assert (done.returncode, done.stderr) == (74, b"zkGenConfig: stdout: no space left on device\n")
    assert (volume / "conf" / "zoo.cfg").exists()


# zkboot run


def run_server(volume: Path, *command: str, **environ: str) -> Outcome:
    """Run ``zkboot run`` with *command* in the server's place."""
    arguments = ("run", *command)
    environ = environ_of(volume, **environ)
    return run_command("zkboot.cli:main", *arguments, name="zkboot", environ=environ, prelude=UNKNOWN_PEERS)


def test_run_becomes_the_command_with_an_environment_for_the_server(volume: Path) -> None:
    """Configuration written, own variables gone, ZooKeeper's kept, its status ours."""
    outcome = run_server(
        volume,
        "--",
        "sh",
        "-c",
        'env; ls "$ZOOCFGDIR"; exit 7',
        ZK_DNS_WAIT="0",
        ZK_CFG_ssl_keyStore_password=CANARY,
        ZK_SERVER_HEAP="512",
        JVMFLAGS="-Dx=y",
    )

    assert (outcome.status, outcome.stderr) == (7, "")
    shown = outcome.stdout.splitlines()
    assert "zoo.cfg" in shown
    assert {f"ZOOCFGDIR={volume}/conf", "ZK_SERVER_HEAP=512", "JVMFLAGS=-Dx=y", "POD_NAME=zk-1"} <= set(shown)
    assert CANARY not in outcome.stdout
    assert not [line for line in shown[shown.index(f"Wrote {volume}/conf/zoo.cfg") :] if line.startswith("ZK_D")]


def test_run_finds_zookeeper_s_own_script(volume: Path, tmp_path: Path) -> None:
    """On PATH, and starts it in the foreground with our zoo.cfg."""
    script = tmp_path / "bin" / "zkServer.sh"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\necho "started $*"\n')
    script.chmod(0o755)
    path = f"{script.parent}:{os.environ['PATH']}"
    outcome = run_server(volume, PATH=path, ZK_DNS_WAIT="0")

    assert outcome.status == 0
    assert outcome.stdout.endswith(f"started start-foreground {volume}/conf/zoo.cfg\n")


def test_a_dry_run_shows_the_files_and_the_command(volume: Path) -> None:
    """And writes nothing, secrets masked."""
    before = listing(volume)
    outcome = run_command(
        "zkboot.cli:main",
        *("run", "--dry-run", "--", "sh", "-c", "exit 7"),
        name="zkboot",
        environ=environ_of(volume, ZK_CFG_ssl_keyStore_password=CANARY),
    )

    assert (outcome.status, outcome.stderr) == (0, "")
    assert f"==> {volume}/conf/zoo.cfg" in outcome.stdout
    assert outcome.stdout.endswith("would run: sh -c 'exit 7'\n")
    assert CANARY not in outcome.stdout
    assert listing(volume) == before


def test_a_dry_run_shows_bytes_that_are_no_text_as_they_are(volume: Path) -> None:
    """In the command line and in a folder of PATH: what is shown could be run."""
    command = ("run", "--dry-run", "--", "/bin/echo", "\udcff")
    outcome = run_command("zkboot.cli:main", *command, name="zkboot", environ=environ_of(volume))

    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.endswith("would run: /bin/echo '\udcff'\n")
    program = volume / "x\udcff" / "zkServer.sh"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environ = environ_of(volume, PATH=str(program.parent))
    outcome = run_command("zkboot.cli:main", *command[:2], name="zkboot", environ=environ)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.endswith(f"would run: '{program}' start-foreground {volume}/conf/zoo.cfg\n")


def test_run_without_a_server_writes_nothing(volume: Path) -> None:
    """Looked for before the first byte."""
    outcome = run_command(
        "zkboot.cli:main",
        "run",
        name="zkboot",
        environ=environ_of(volume, PATH="/nowhere"),
        prelude="from zkboot import cli; cli.SERVER_PROGRAMS = cli.SERVER_PROGRAMS[:1]",
    )

    assert (outcome.status, outcome.stdout) == (74, "")
    assert outcome.stderr == (
        "zkboot run: zkServer.sh: not found: put ZooKeeper's bin directory on PATH, or give the command after --\n"
    )
    assert listing(volume) == {}


def test_run_starts_without_its_name_after_a_while(volume: Path) -> None:
    """Without publishNotReadyAddresses the name appears only once the server is ready."""
    outcome = run_server(volume, "--", "true", ZK_DOMAIN="zk-svc.invalid", ZK_DNS_WAIT="0.1")

    assert outcome.status == 0
    assert outcome.stderr == (
        "zkboot run: warning: zk-1.zk-svc.invalid did not resolve within ZK_DNS_WAIT=0.1 s, starting all the same:"
        " the headless service needs publishNotReadyAddresses: true\n"
    )


def test_run_waits_for_no_name_where_there_is_one_server(volume: Path) -> None:
    """It has nobody to be found by."""
    outcome = run_server(volume, "--", "true", POD_NAME="zk-0", ZK_REPLICAS="1", ZK_DOMAIN="zk-svc.invalid")

    assert (outcome.status, outcome.stderr) == (0, "")


def test_sigterm_ends_the_wait_for_a_name_at_once(volume: Path) -> None:
    """With 143, long before ZK_DNS_WAIT is over, and as process 1, too."""
    with subprocess.Popen(
        python_command("zkboot.cli:main", "run", "--", "true", name="zkboot"),
        env=clean_environ(environ_of(volume, ZK_DOMAIN="zk-svc.invalid", ZK_DNS_WAIT="600")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        assert any("conf/zoo.cfg" in line for line in itertools.takewhile(bool, started.stdout))
        started.terminate()
        _, err = started.communicate(timeout=LIMIT)

    assert (started.returncode, err) == (143, "")


# Members

RESIZE = {"ZK_RECONFIG": "true", "ZK_SUPER_PASSWORD": CANARY, "ZK_PROBE_PORT": "1", "ZK_PROBE_TIMEOUT": "0.5"}


def zkboot(volume: Path, *arguments: str, **environ: str) -> Outcome:
    """Run ``zkboot`` in the pod of *volume*."""
    return run_command("zkboot.cli:main", *arguments, environ=environ_of(volume, **environ))


@pytest.mark.parametrize("size", ["0", "-1", "256", "three", "", "3.0"])
def test_a_size_that_is_none_is_wrong_usage(size: str, volume: Path) -> None:
    """With what is allowed."""
    outcome = zkboot(volume, "resize", size, **RESIZE)

    assert outcome.status == 2
    assert "1..255" in outcome.stderr or "expected" in outcome.stderr or "unrecognized" in outcome.stderr


def test_a_static_ensemble_is_not_resized(volume: Path) -> None:
    """Before anybody is asked."""
    outcome = zkboot(volume, "resize", "5")

    assert (outcome.status, outcome.stdout) == (78, "")
    assert "ZK_RECONFIG is not true: the list of this ensemble is static" in outcome.stderr


def test_a_resize_without_a_server_says_who_is_missing(volume: Path) -> None:
    """And warns of an even size first."""
    outcome = zkboot(volume, "resize", "4", "--timeout", "0.5", **RESIZE)

    assert (outcome.status, outcome.stdout) == (69, "")
    assert "4 servers survive no more failures than 3" in outcome.stderr
    assert "this pod's server does not serve" in outcome.stderr
    assert "the voters are 1, 2, 3, as far as this pod knows, and 2 of them must run" in outcome.stderr
    assert "zk-2.d:2181: " in outcome.stderr
    assert CANARY not in outcome.stderr


def test_a_resize_needs_the_password_that_the_start_has_made(volume: Path) -> None:
    """It lies beside zoo.cfg, for this pod alone."""
    outcome = zkboot(volume, "resize", "3", **(RESIZE | {"ZK_SUPER_PASSWORD": ""}))

    assert outcome.status == 78
    assert f"{volume}/conf/super.password: no such file" in outcome.stderr


def test_a_dynamic_start_keeps_its_secrets(volume: Path) -> None:
    """The digest and the password are for this pod alone, and no two starts have the same."""
    found = []
    for _ in range(2):
        outcome = generate(volume, ZK_RECONFIG="true")
        assert outcome.status == 0, outcome
        assert "zoo.cfg DigestAuthenticationProvider.superDigest=********" in outcome.stdout
        found.append((volume / "conf" / "super.password").read_text())
    assert found[0] != found[1]
    for name in ("zoo.cfg", "super.password", "zoo.cfg.dynamic"):
        assert stat.S_IMODE((volume / "conf" / name).stat().st_mode) == 0o600, name
    shown = generate(volume, "--dry-run", ZK_RECONFIG="true").stdout
    assert "superDigest=********" in shown
    assert f"==> {volume}/conf/super.password (mode 0600)\n********" in shown


@own_namespace
def test_a_dynamic_start_needs_its_configuration_on_the_volume(volume: Path) -> None:
    """A list that is lost with its container makes a second ensemble."""
    (volume / "conf").mkdir()
    outcome = run_command(
        "zkboot.cli:gen_config",
        environ=environ_of(volume, ZK_RECONFIG="true"),
        within=(*namespaces("mount"), "sh", "-c", MOUNT, "sh", "size=4m", str(volume / "conf")),
    )

    assert outcome.status == 78
    assert f"ZK_CONF_DIR={volume}/conf is not on the volume of ZK_DATA_DIR" in outcome.stderr


@pytest.mark.parametrize(
    ("jar", "environ", "told"),
    [
        (
            "zookeeper-3.4.14.jar",
            {"ZK_RECONFIG": "true"},
            "3.4.14 cannot change its list of members, 3.5.3 is the first",
        ),
        (
            "lib/zookeeper-3.5.10.jar",
            {"ZK_QUORUM_ENTRY": "join"},
            "3.5.10 lets an empty volume vote, 3.6.0 is the first",
        ),
    ],
)
def test_a_server_that_is_too_old_is_told(jar: str, environ: dict[str, str], told: str, volume: Path) -> None:
    """Where its jar is beside its scripts."""
    home = volume / "opt"
    for path in (home / "bin" / "zkServer.sh", home / jar):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
    outcome = generate(volume, PATH=f"{home}/bin:{os.environ['PATH']}", **environ)

    assert outcome.status == 78
    assert told in outcome.stderr
    assert not (volume / "conf").exists()
