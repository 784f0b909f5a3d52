"""Becoming the server: the right program, environment and signals; waiting for a name within a limit."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import LIMIT, clean_environ
from zkboot.pod.errors import FileError
from zkboot.pod.launch import address_elsewhere, exec_server, find_program, server_environ, wait_for_name


def make_program(path: Path, text: str = "#!/bin/sh\nexit 0\n") -> str:
    """Make a program at *path* and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def same_signals() -> Iterator[None]:
    """Give this process the handlers back that exec_server took before it failed."""
    numbers = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT)
    before = [(number, signal.getsignal(number)) for number in numbers]
    yield
    for number, handler in before:
        signal.signal(number, handler)


def child(code: str, **environ: str) -> subprocess.Popen[str]:
    """Start *code* in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=clean_environ(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# Which program


def test_a_bare_name_is_looked_for_on_the_path(tmp_path: Path) -> None:
    """Of the environment that was given, not of this process."""
    program = make_program(tmp_path / "bin" / "zkServer.sh")

    assert find_program(["zkServer.sh"], {"PATH": f"/nowhere:{tmp_path}/bin"}, "") == program


def test_the_first_candidate_that_can_be_run_wins(tmp_path: Path) -> None:
    """A file that nobody may run is none, a directory neither."""
    (tmp_path / "no-mode").write_text("")
    (tmp_path / "folder").mkdir()
    candidates = ["zkServer.sh", f"{tmp_path}/no-mode", f"{tmp_path}/folder", make_program(tmp_path / "third")]

    assert find_program(candidates, {"PATH": "/nowhere"}, "") == f"{tmp_path}/third"


def test_no_program_is_told_with_what_to_do() -> None:
    """The first candidate is the one that people know."""
    with pytest.raises(FileError) as caught:
        find_program(["zkServer.sh", "/nowhere/zkServer.sh"], {}, "put it on PATH")
    assert str(caught.value) == "zkServer.sh: not found: put it on PATH"


# The environment


def test_the_server_gets_the_environment_less_what_only_this_tool_reads() -> None:
    """Everybody with the server's uid can read it in /proc."""
    environ = {
        "ZK_CFG_ssl_keyStore_password": "canary",
        "ZK_REPLICAS": "3",
        "ZK_SERVER_HEAP": "512",
        "ZK_SERVER_HEAP_FILE": "/run/secrets/heap",
        "JVMFLAGS": "-Dx=y",
        "PATH": "/bin",
    }

    assert server_environ(environ, ("ZK_",), ("ZK_SERVER_HEAP",)) == {
        "ZK_SERVER_HEAP": "512",
        "JVMFLAGS": "-Dx=y",
        "PATH": "/bin",
    }


# Becoming it


def test_the_server_takes_this_process_s_place() -> None:
    """Same process id, the environment that was given, its arguments untouched."""
    started = child(
        "import os, sys\nfrom zkboot.pod.launch import exec_server\n"
        "exec_server(['sh', '-c', 'echo $$ \"$0\" \"$1\"; env', 'a b', '*'], {'PATH': os.environ['PATH'], 'A': '1'})"
    )
    lines = started.communicate(timeout=LIMIT)[0].splitlines()

    assert lines[0] == f"{started.pid} a b *"
    assert "A=1" in lines
    assert not any(line.startswith("PYTHONPATH") for line in lines)


def test_the_server_gets_default_signals() -> None:
    """Python ignores SIGPIPE, and an ignored signal stays ignored across exec."""
    started = child(
        "import os, signal\nfrom zkboot.pod.launch import end_on_sigterm, exec_server\n"
        "end_on_sigterm()\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "exec_server(['cat', '/proc/self/status'], os.environ)"
    )
    status = dict(line.split(":\t") for line in started.communicate(timeout=LIMIT)[0].splitlines() if ":\t" in line)

    for mask in ("SigIgn", "SigCgt", "SigBlk"):
        bits = int(status[mask], 16)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT):
            assert not bits >> (number - 1) & 1, (mask, number)


@pytest.mark.usefixtures("same_signals")
def test_a_program_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    """A script without its first line, for one: the original's zkMetrics.sh was such."""
    program = make_program(tmp_path / "broken", "opyright 2016\n")

    with pytest.raises(FileError, match="broken: exec format error"):
        exec_server([program], {})
    with pytest.raises(FileError, match=r"/nowhere/zkServer.sh: not found"):
        exec_server(["/nowhere/zkServer.sh"], {})


def test_sigterm_ends_a_blocked_process_at_once() -> None:
    """With the status that a shell reports, even where nothing returns to Python code of ours."""
    started = child(
        "import socket, threading\nfrom zkboot.pod.launch import end_on_sigterm\n"
        "end_on_sigterm()\nprint('ready', flush=True)\nthreading.Event().wait()"
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    started.terminate()
    started.communicate(timeout=LIMIT)

    assert started.returncode == 143


# Waiting for a name


def test_a_name_that_resolves_is_not_waited_for() -> None:
    """An address is its own answer."""
    started = time.monotonic()

    assert wait_for_name("127.0.0.1", 600)
    assert wait_for_name("::1", 600)
    assert time.monotonic() - started < 60


def test_zero_seconds_ask_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator switched the wait off."""

    def asked(*_: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(socket, "getaddrinfo", asked)

    assert wait_for_name("zk-0.zk-svc", 0)


def test_a_name_may_appear_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The headless service needs a moment to know a new pod."""
    monkeypatch.setattr("zkboot.pod.launch._LOOKUP_PAUSE", 0.01)
    asked: list[str] = []

    def resolve(name: str, _port: None) -> list[Any]:
        asked.append(name)
        if len(asked) < 3:
            raise socket.gaierror(-2, "Name or service not known")
        return [(None, None, None, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    assert wait_for_name("zk-0.zk-svc", 60)
    assert asked == ["zk-0.zk-svc"] * 3


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_name_that_never_appears_ends_the_wait(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server starts all the same: this only says so."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    assert not wait_for_name("zk-0.zk-svc", 0.05)


def test_a_silent_name_server_does_not_outlast_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver would block for ten seconds and more."""
    forever = threading.Event()

    def block(*_: object) -> list[Any]:
        forever.wait(LIMIT)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", block)
    started = time.monotonic()
    try:
        assert not wait_for_name("zk-0.zk-svc", 0.1)
    finally:
        forever.set()
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("addresses", "elsewhere"),
    [
        (["127.0.0.1"], None),
        (["198.51.100.7", "127.0.0.1"], None),
        (["198.51.100.7", "198.51.100.8"], "198.51.100.7"),
        (["2001:db8::7"], "2001:db8::7"),
        ([], None),
    ],
)
def test_a_name_that_leads_to_another_host_is_found_out(
    addresses: list[str], elsewhere: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By trying to listen there; one address of this host is enough. The documentation's addresses are nobody's."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [(None, None, None, "", (one, 0)) for one in addresses])

    assert address_elsewhere("zk-0.zk-svc", LIMIT) == elsewhere
