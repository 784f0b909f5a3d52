"""Times one command beside a control that does nothing but start and sleep; a script, never imported.

    stopwatch.py <report fd> <time-out> <allowance> <status> <command>...

Both are started at the same moment by a process that does nothing else, so neither a busy caller nor its size is in the
figures. The control is what a perfect probe is to a silent peer: an interpreter that starts, and sleeps for the
time-out. It is ended early where the command ends with *status* within time-out and allowance; where not, it tells
whether the machine had the time. Where the command does not end within a minute, it is killed.

Written to *report fd*: exit status (-n after signal n), seconds of the command, those of them for which it, or this
process, was ready to run and had no CPU (proc(5), /proc/pid/schedstat), seconds of the control or `-`, and the KiB that
the command had resident at the most. It runs with `-I -S` and imports little.
"""

import os
import signal
import sys
import time

LIMIT = 60


def start(command: list[str], *, is_silent: bool = False) -> int:
    """Return the pid of a new process that runs *command*."""
    pid = os.fork()
    if pid == 0:
        try:
            if is_silent:
                null = os.open(os.devnull, os.O_RDWR)
                for descriptor in (0, 1, 2):
                    os.dup2(null, descriptor)
            os.execv(command[0], command)
        finally:
            os._exit(127)
    return pid


def starved(process: int | str) -> float:
    """Return the seconds for which *process*, ended or not, was ready to run and had no CPU."""
    with open(f"/proc/{process}/schedstat", "rb") as statistics:
        return int(statistics.read().split()[1]) / 1e9


def main() -> None:
    """Run the command line in the module's docstring."""
    report, timeout, allowance, expected = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    os.set_inheritable(report, False)  # noqa: FBT003 - it takes no keyword
    waited = -starved("self")
    began = time.monotonic()
    command = start(sys.argv[5:])
    control = start([sys.executable, "-c", f"import time; time.sleep({timeout})"], is_silent=True)
    signal.signal(signal.SIGALRM, lambda _number, _frame: os.kill(command, signal.SIGKILL))
    signal.alarm(LIMIT)
    took: dict[int, float] = {}
    status = resident = 0
    while len(took) < 2:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        pid = ended.si_pid if ended else command
        took[pid] = time.monotonic() - began
        if pid == command:
            waited += starved("self") + starved(pid)
            signal.alarm(0)
        _, wait_status, usage = os.wait4(pid, 0)
        if pid == command:
            status, resident = os.waitstatus_to_exitcode(wait_status), usage.ru_maxrss
            if status == expected and took[pid] <= timeout + allowance and control not in took:
                os.kill(control, signal.SIGKILL)
                os.waitpid(control, 0)
                break
    slept = f"{took[control]:.4f}" if control in took else "-"
    os.write(report, f"{status} {took[command]:.4f} {waited:.4f} {slept} {resident}".encode())


if __name__ == "__main__":
    main()
