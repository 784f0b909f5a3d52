"""Runs one command for a person or a kubelet: errors become lines on stderr and an exit status.

stdout is data, stderr is talk. Only this module catches BootError.
"""

import posix
import sys

from zkboot.pod.errors import BootError, FileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

INTERRUPTED = 130
"""What a shell reports for a command that Ctrl-C ended: 128 + SIGINT."""

BROKEN_PIPE = 141
"""What a shell reports for a command whose reader went away: 128 + SIGPIPE."""


def run(name: str, command: "Callable[[list[str]], None]", arguments: list[str]) -> int:
    """Run *command* with its *arguments* and return the exit status, 0 where nothing was raised.

    *name* is the command as the operator typed it: it opens every line on stderr. An exception that is no BootError
    passes through: a traceback is the right report of our own bug.
    """
    try:
        command(arguments)
    except BootError as error:
        # What else there is to change comes first: one reading is enough.
        for line in error.advice:
            warn(name, line)
        for problem in error.problems:
            say(name, problem)
        return error.exit_status
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def leave(status: int) -> "NoReturn":
    """End this process with *status*, at once.

    For the probes, which have flushed what they said: to take the interpreter apart first would cost a fifth of all
    their time.
    """
    posix._exit(status)  # noqa: SLF001 - a public function under a private-looking name


def say(name: str, message: str) -> None:
    """Print one line on stderr; control characters cannot break it in two or move the cursor."""
    if sys.stderr is None:
        return
    try:
        print(f"{name}: {one_line(message)}", file=sys.stderr, flush=True)
    except OSError:
        # Nobody can read stderr any more. The exit status still tells, so it must not become a traceback's.
        sys.stderr = None


def warn(name: str, message: str) -> None:
    """Print one line on stderr about something that does not stop the command."""
    say(name, f"warning: {message}")


def emit(data: bytes) -> None:
    """Write *data* whole to stdout.

    Raises FileError where stdout is closed or its disk is full, BrokenPipeError where its reader went away.
    """
    if sys.stdout is None:
        raise FileError("stdout is closed")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The interpreter flushes stdout once more when it ends, and would report the same failure again.
        sys.stdout = None
        raise
    except OSError as error:
        sys.stdout = None
        raise FileError(f"stdout: {str(error.strerror).lower()}") from error


def page_width() -> int:
    """Return the columns that a help page may have: the terminal's, or 80 where there is none."""
    import shutil

    from zkboot.pod.manual import WIDEST

    return min(shutil.get_terminal_size().columns, WIDEST)


def one_line(message: str) -> str:
    """Return *message* with its control characters escaped as Python would show them."""
    if message.isprintable():
        return message
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in message)
