"""The supervised processes that real servers run in: shells and sleeps stand in for servers here."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.processes import ServerProcess, start, terminate_all, wait_until
from tests.server.supervisor import state_of

LIMIT = 300.0
"""Seconds after which what takes none hangs."""

Start = Callable[..., ServerProcess]


@pytest.fixture
def run(tmp_path: Path) -> Start:
    """Start a shell script in this test's folder."""

    def start_script(script: str, **options: object) -> ServerProcess:
        environ = {"PATH": os.defpath, "TAG": str(tmp_path)}
        return start("shell", ["sh", "-c", script], environ=environ, log=tmp_path / "log", **options)  # type: ignore[arg-type]

    return start_script


def tagged(folder: Path) -> list[int]:
    """Return the pids of the processes whose environment names *folder*: whatever a test there left behind."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            environ = (entry / "environ").read_bytes()
        except OSError:
            continue
        if f"TAG={folder}\0".encode() in environ:
            found.append(int(entry.name))
    return found


def prints(process: ServerProcess, word: str) -> None:
    """Wait until it has written *word*."""
    wait_until(lambda: word in process.log_text(), f"{word!r} in the log", timeout=LIMIT, processes=[process])


def test_the_environment_is_exactly_the_one_given(run: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod sees nothing of the machine it is tested on."""
    monkeypatch.setenv("ZK_LEAKED", "1")
    process = run("env")

    process.wait(LIMIT)

    assert {row.partition("=")[0] for row in process.log_text().splitlines()} <= {"PATH", "TAG", "PWD", "_", "LC_CTYPE"}


def test_a_command_that_ignores_sigterm_is_killed(run: Start) -> None:
    """After the bound."""
    process = run("trap '' TERM; echo up; while :; do sleep 0.05; done")
    prints(process, "up")

    assert process.terminate(timeout=0.2) == -signal.SIGKILL


def test_a_paused_command_stands_still_until_it_is_resumed(run: Start) -> None:
    """On return from `pause`, not some time after."""
    with run("while :; do :; done") as process:
        for _ in range(20):
            process.pause()
            assert state_of(process.pid) == "T"
            process.resume()
            assert state_of(process.pid) != "T"
        process.pause()
    assert process.poll() == -signal.SIGTERM


def test_a_command_is_paused_at_whatever_moment(run: Start, tmp_path: Path) -> None:
    """Also between the vfork and the exec of its child, where the kernel never reports it as stopped."""
    for _ in range(10):
        with run("sleep 600; true") as process:
            process.pause()
    assert tagged(tmp_path) == []


def test_what_a_command_started_ends_with_it(run: Start, tmp_path: Path) -> None:
    """In its group, or in a session of its own."""
    process = run("sleep 600 & setsid sleep 600 & echo up; exit 5")

    assert process.wait(LIMIT) == 5
    assert tagged(tmp_path) == []


def test_a_server_behind_a_shell_does_not_outlive_it(run: Start, tmp_path: Path) -> None:
    """`sh -c "zkGenConfig.sh && zkServer.sh start-foreground"`: the shell gets the SIGTERM, the server nothing."""
    with run("true && sh -c 'echo up; sleep 600; true'; true") as process:
        prints(process, "up")
        assert len(tagged(tmp_path)) > 2
    assert tagged(tmp_path) == []


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "raise KeyboardInterrupt", "os._exit(0)"])
def test_nothing_is_left_when_the_tests_end(end: str, tmp_path: Path) -> None:
    """However they end: killed, interrupted, or without a word."""
    script = f"""
import os, signal
from pathlib import Path
from tests.server.processes import start, wait_until
environ = {{"PATH": os.defpath, "TAG": {str(tmp_path)!r}}}
shell = ["sh", "-c", "sleep 600 & setsid sleep 600 & echo up; sleep 600; true"]
servers = [start("server", shell, environ=environ, log=Path({str(tmp_path)!r}, f"log{{n}}")) for n in range(3)]
wait_until(lambda: all("up" in server.log_text() for server in servers), "up", timeout=300)
{end}
"""
    subprocess.run([sys.executable, "-c", script], stderr=subprocess.DEVNULL, check=False)

    wait_until(lambda: not tagged(tmp_path), "the servers are gone", timeout=LIMIT)


def test_a_killed_supervisor_takes_its_command_along(run: Start, tmp_path: Path) -> None:
    """By the kernel's hand."""
    process = run("exec sleep 600")

    process._supervisor.kill()

    assert process.wait(LIMIT) == -signal.SIGKILL
    wait_until(lambda: not tagged(tmp_path), "the command is gone", timeout=LIMIT)


def test_many_are_stopped_together(run: Start, tmp_path: Path) -> None:
    """Also those that are paused, that end by themselves, and that will not listen."""
    stubborn = run("trap '' TERM; echo up; while :; do sleep 0.05; done")
    prints(stubborn, "up")
    paused = run("exec sleep 600")
    paused.pause()

    terminate_all([stubborn, paused, run("exit 0")], timeout=5)

    assert tagged(tmp_path) == []
    assert (stubborn.poll(), paused.poll()) == (-signal.SIGKILL, -signal.SIGTERM)


def test_a_signal_after_the_end_is_nothing(run: Start) -> None:
    """A pid that another process may have by now is never signalled."""
    process = run("exit 0")
    process.wait(LIMIT)

    process.signal(signal.SIGTERM)

    assert process.terminate() == 0


def test_waiting_is_bounded_and_quotes_the_log(run: Start) -> None:
    """The reason is mostly there."""
    with run("echo why; sleep 600") as process:
        prints(process, "why")
        with pytest.raises(TimeoutError, match=r"(?s)still runs after 0.1 s.*why"):
            process.wait(0.1)
        with pytest.raises(TimeoutError, match=r"(?s)the moon is blue: not after 0.1 s.*why"):
            wait_until(lambda: False, "the moon is blue", timeout=0.1, processes=[process])


def test_waiting_ends_when_the_server_does(run: Start) -> None:
    """Long before the time is up."""
    with pytest.raises(RuntimeError, match=r"(?s)ready: shell ended with 4.*why"):
        wait_until(lambda: False, "ready", timeout=600, processes=[run("echo why; exit 4")])
