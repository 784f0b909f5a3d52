"""Running servers: started under a supervisor, signalled, paused, waited for, and never left behind.

Any command line will do; `tests.server.commands` builds those of bare servers. Each server has a session of its own, so
a Ctrl-C at the terminal reaches the tests alone, which then stop the servers in their own order. See `supervisor.py`
for what happens when the tests cannot.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

STOP_TIMEOUT = 20.0
"""Seconds from SIGTERM to SIGKILL."""

GONE_LIMIT = 300.0
"""Seconds in which a killed command is gone, on a busy machine too; no figure."""

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_POLL_INTERVAL = 0.05


class ServerProcess:
    """One running command with the log file it writes to; as a context manager it is terminated at the end.

    For one thread at a time.
    """

    def __init__(
        self, name: str, supervisor: subprocess.Popen[bytes], control: socket.socket, pid: int, log: Path
    ) -> None:
        """Take over what `start` made."""
        self.name = name
        """How messages call it: the pod's name, mostly."""
        self.pid = pid
        """The pid of the command itself, not of its supervisor; another process may get it once this one ended."""
        self.log = log
        """The file that holds its stdout and stderr, those of an earlier run included."""
        self._supervisor = supervisor
        self._control = control
        self._status: int | None = None

    def __repr__(self) -> str:
        """Return its name, pid and state."""
        state = "running" if self._status is None else f"exit {self._status}"
        return f"<ServerProcess {self.name} pid {self.pid} {state}>"

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Terminate it."""
        self.terminate()

    def poll(self) -> int | None:
        """Return its exit status, -n after signal n, or None while it runs."""
        while self._status is None and self._receive(0) is not None:
            pass
        return self._status

    def wait(self, timeout: float) -> int:
        """Return its exit status once it and all that it started are gone.

        TimeoutError when they are not after *timeout* seconds.
        """
        deadline = time.monotonic() + timeout
        while self._status is None:
            if self._receive(max(0.0, deadline - time.monotonic())) is None:
                raise TimeoutError(f"{self.name} (pid {self.pid}) still runs after {timeout:g} s{self._last_words()}")
        return self._status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, which is delivered on return; nothing happens where the command has ended.

        SIGSTOP, SIGCONT and SIGKILL go to its whole process group, others to the command alone.
        """
        if self.poll() is not None:
            return
        with suppress(BrokenPipeError, ConnectionResetError):
            self._control.send(b"signal %d" % number)
        while self._status is None and self._receive(None) != b"done":
            pass

    def pause(self) -> None:
        """Stop it without its noticing (SIGSTOP): its sockets stay open and silent."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self.signal(signal.SIGCONT)

    def kill(self) -> int:
        """End it as a power cut would (SIGKILL), and return its exit status."""
        self.signal(signal.SIGKILL)
        return self.wait(GONE_LIMIT)

    def terminate(self, timeout: float = STOP_TIMEOUT) -> int:
        """End it as the kubelet does: SIGTERM, after *timeout* seconds SIGKILL. Return its exit status."""
        self.signal(signal.SIGTERM)
        self.resume()
        try:
            return self.wait(timeout)
        except TimeoutError:
            return self.kill()

    def log_text(self) -> str:
        """Return all that it wrote so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def log_tail(self, lines: int = 25) -> str:
        """Return the last lines of its log."""
        return "\n".join(self.log_text().splitlines()[-lines:])

    def _last_words(self) -> str:
        return f"; its log {self.log} ends:\n{self.log_tail()}"

    def _receive(self, timeout: float | None) -> bytes | None:
        """Take one message from the supervisor within *timeout* seconds, None where none came; note the exit status."""
        if not select.select([self._control], [], [], timeout)[0]:
            return None
        try:
            message = self._control.recv(64)
        except ConnectionResetError:
            message = b""
        if message == b"":
            self._close(-signal.SIGKILL)
        elif message.startswith(b"exit "):
            self._close(int(message.removeprefix(b"exit ")))
        return message

    def _close(self, status: int) -> None:
        self._control.close()
        self._supervisor.wait()
        self._status = status


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    environ: Mapping[str, str],
    log: Path,
    folder: Path | None = None,
) -> ServerProcess:
    """Start *command* with exactly *environ*, its output appended to *log*, and return it as soon as it is executed.

    *folder* is its working directory. FileNotFoundError, PermissionError and their kin where it cannot be executed.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with theirs, log.open("ab") as output:
            supervisor = subprocess.Popen(
                [sys.executable, "-I", "-S", _SUPERVISOR, str(theirs.fileno()), *command],
                env=dict(environ),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        kind, _, value = ours.recv(64).partition(b" ")
    except BaseException:
        ours.close()
        raise
    if kind == b"pid":
        return ServerProcess(name, supervisor, ours, int(value), log)
    ours.close()
    supervisor.wait()
    if kind == b"error":
        raise OSError(int(value), os.strerror(int(value)), str(command[0]))
    raise RuntimeError(f"the supervisor of {name} ended at once: see {log}")


def terminate_all(processes: Iterable[ServerProcess], timeout: float = STOP_TIMEOUT) -> None:
    """Terminate them together: SIGTERM to each, then wait for all of them, then SIGKILL for those that are left."""
    stopping = list(processes)
    deadline = time.monotonic() + timeout
    for process in stopping:
        process.signal(signal.SIGTERM)
        process.resume()
    for process in stopping:
        with suppress(TimeoutError):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in stopping:
        process.kill()


def wait_for(ask: Callable[[], object], wanted: object, *, timeout: float) -> None:
    """Return once *ask* returns what is *wanted*: servers come to say it a moment after they are ready.

    AssertionError with the last answer where they do not in *timeout* seconds.
    """
    deadline = time.monotonic() + timeout
    while (answer := ask()) != wanted:
        assert time.monotonic() < deadline, f"{answer!r} is still not {wanted!r} after {timeout:g} s"
        time.sleep(_POLL_INTERVAL)


def wait_until(
    condition: Callable[[], bool], what: str, *, timeout: float, processes: Iterable[ServerProcess] = ()
) -> None:
    """Return once *condition* holds, asked again and again; *what* names it in the message when it does not.

    Raises TimeoutError after *timeout* seconds, or RuntimeError as soon as one of *processes* has ended; both messages
    hold the ends of the logs.
    """
    watched = list(processes)
    deadline = time.monotonic() + timeout
    while not condition():
        for process in watched:
            if process.poll() is not None:
                raise RuntimeError(f"{what}: {process.name} ended with {process.poll()}{process._last_words()}")
        if time.monotonic() > deadline:
            logs = "".join(f"\n{process.name}{process._last_words()}" for process in watched)
            raise TimeoutError(f"{what}: not after {timeout:g} s{logs}")
        time.sleep(_POLL_INTERVAL)
