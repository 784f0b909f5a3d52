"""Runs one server and outlives it, so that none is left behind however the tests end; a script, never imported.

    supervisor.py <control fd> <command>...

The test process holds the other end of the control socket (Unix, SOCK_SEQPACKET: one message, one packet):

    to the tests    `pid <n>` or `error <errno>` once · `done` after each signal · `exit <status>` at the end
    from the tests  `signal <n>`

When the socket closes (the tests ended, were interrupted, or were killed by SIGKILL), everything that the command
started is killed. Also when the command itself ends, as the kernel does when PID 1 of a container ends: the supervisor
is a child subreaper, so a server that outlived the shell it was started from becomes its child. If the supervisor is
killed, the command gets SIGKILL from the kernel (PR_SET_PDEATHSIG); this process has one thread, so that fires at its
end only.

It runs with `-I -S` and imports little: two dozen of them may start on two cores.
"""

import ctypes
import os
import select
import signal
import socket
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

GROUP_SIGNALS = frozenset({signal.SIGSTOP, signal.SIGCONT, signal.SIGKILL})
"""Sent to the command's whole process group; any other goes to the command alone, as a container runtime does."""

LIBC = ctypes.CDLL(None, use_errno=True)


def set_process_attribute(option: int, value: int) -> None:
    """Set an attribute of this process, see prctl(2); OSError when that fails."""
    if LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def spawn(command: list[str]) -> int:
    """Start *command* as the leader of a session of its own and return its pid; OSError when it cannot be run."""
    supervisor = os.getpid()
    error_reader, error_writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            set_process_attribute(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(1)
            for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], command)
        except OSError as error:
            os.write(error_writer, str(error.errno).encode())
        finally:
            os._exit(127)
    os.close(error_writer)
    with open(error_reader, encoding="ascii") as report:
        failure = report.read()
    if failure:
        os.waitpid(pid, 0)
        raise OSError(int(failure), os.strerror(int(failure)), command[0])
    return pid


def children() -> list[int]:
    """Return the pids of this process's children, adopted ones included."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    parent = file.read().rpartition(b")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == os.getpid():
                found.append(int(entry))
    return found


def kill_everything() -> None:
    """Kill the command and whatever descends from it, and return when all of it is gone.

    The children of a killed child become ours, so all is gone when no child is left.
    """
    while alive := children():
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
        for pid in alive:
            os.waitpid(pid, 0)


def deliver(server: int, number: int) -> None:
    """Send a signal to the command, or to its group; return after SIGSTOP only when it stands still."""
    try:
        if number in GROUP_SIGNALS:
            os.killpg(server, number)
            if number == signal.SIGSTOP:
                wait_for_standstill(server)
        else:
            os.kill(server, number)
    except ProcessLookupError:
        pass


def wait_for_standstill(server: int) -> None:
    """Return when the command is stopped or has ended.

    A command that is just waiting for its vfork child, when that child is stopped before it executes, is never reported
    as stopped; it does not run either. The kernel shows it in disk sleep, for longer than a disk takes.
    """
    asleep_since = None
    while not os.waitid(os.P_PID, server, os.WSTOPPED | os.WEXITED | os.WNOWAIT | os.WNOHANG):
        now = time.monotonic()
        asleep_since = (asleep_since or now) if state_of(server) == "D" else None
        if asleep_since is not None and now - asleep_since > 0.25:
            return
        time.sleep(0.002)


def state_of(pid: int) -> str:
    """Return the letter that the kernel shows for a process."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[0].decode()


def reap(server: int) -> int | None:
    """Reap the children that ended; return the command's exit status (-n after signal n) if it was among them."""
    status = None
    while True:
        try:
            pid, wait_status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == server:
            status = os.waitstatus_to_exitcode(wait_status)


def supervise(control: socket.socket, server: int, child_ended: int) -> None:
    """Pass signals on until the command ends or the tests do."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(child_ended, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _event in poll.poll()}
        if child_ended in ready:
            os.read(child_ended, 4096)
            status = reap(server)
            if status is not None:
                kill_everything()
                control.send(b"exit %d" % status)
                return
        if control.fileno() in ready:
            message = control.recv(64)
            if not message:
                kill_everything()
                return
            deliver(server, int(message.removeprefix(b"signal ")))
            control.send(b"done")


def main() -> None:
    """Run the command line in the module's docstring."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    child_ended, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    set_process_attribute(PR_SET_CHILD_SUBREAPER, 1)
    try:
        server = spawn(sys.argv[2:])
    except OSError as error:
        control.send(b"error %d" % (error.errno or 0))
        return
    try:
        control.send(b"pid %d" % server)
        supervise(control, server, child_ended)
    except (BrokenPipeError, ConnectionResetError):
        kill_everything()


if __name__ == "__main__":
    main()
