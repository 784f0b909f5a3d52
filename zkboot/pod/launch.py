"""Replaces this process with the server, so that the server gets SIGTERM itself; and waits for its name first.

Facts:

- A shell in between (``sh -c "generate && serve"`` under dash) stays process 1 and passes no signal on: the server is
  killed after the grace period. ``exec`` leaves nothing in between.
- The kernel ignores a signal for process 1 unless it installed a handler, so waiting needs one of its own.
- Python ignores SIGPIPE, and an ignored signal stays ignored across exec: the server must get the default back.
"""

import errno
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from zkboot.pod.environ import FILE_SUFFIX
from zkboot.pod.errors import FileError
from zkboot.pod.programs import which
from zkboot.pod.threads import in_parallel

_LOOKUP_PAUSE = 0.5


def find_program(candidates: Sequence[str], environ: Mapping[str, str], hint: str) -> str:
    """Return the path of the first of *candidates* that can be run; a bare name is looked for on PATH.

    Raises FileError, with *hint* for what to do, where there is none.
    """
    found = which(candidates, environ)
    if found is not None:
        return found
    raise FileError(f"{candidates[0]}: not found: {hint}")


def exec_server(command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Become *command* with *environ*. Raises FileError where it cannot be run."""
    program = find_program([command[0]], environ, "the command must name a program that can be run")
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(program, list(command), dict(environ))
    except OSError as error:
        raise FileError(f"{program}: {(error.strerror or str(error)).lower()}") from error


def server_environ(environ: Mapping[str, str], prefixes: tuple[str, ...], kept: Sequence[str]) -> dict[str, str]:
    """Return *environ* without the variables that only this tool reads: those with *prefixes* that are not *kept*.

    A server's environment can be read in /proc by everybody with its uid, and secrets came through these variables.
    """
    own = {"LC_CTYPE"} if _locale_is_pythons() else set()
    return {
        name: value
        for name, value in environ.items()
        if name not in own and (not name.startswith(prefixes) or (name in kept and not name.endswith(FILE_SUFFIX)))
    }


def _locale_is_pythons() -> bool:
    """Return whether LC_CTYPE is the interpreter's own, which it sets where no locale is (PEP 538)."""
    try:
        with open("/proc/self/environ", "rb") as given:
            return not any(entry.startswith(b"LC_CTYPE=") for entry in given.read().split(b"\0"))
    except OSError:
        return False


def end_on_sigterm() -> None:
    """Let SIGTERM end this process with status 143 at once, as process 1, too, even inside a blocking wait."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, end)


def wait_for_name(name: str, timeout: float) -> bool:
    """Return whether *name* resolved within *timeout* seconds; 0 asks nothing and returns True.

    Each look-up runs in a thread of its own: a silent DNS server blocks the system's resolver far beyond any deadline.
    """
    if timeout <= 0:
        return True
    deadline = time.monotonic() + timeout
    while True:
        started = time.monotonic()
        if _resolves(name, deadline - started):
            return True
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return False
        time.sleep(min(remaining, _LOOKUP_PAUSE))


def wait_for_own_name(name: str, timeout: float, variable: str) -> str | None:
    """Return what to warn of where the pod's own *name* did not resolve within *timeout* seconds, else None.

    *variable* is what the operator sets the time-out with.
    """
    if wait_for_name(name, timeout):
        return None
    return (
        f"{name} did not resolve within {variable}={timeout:g} s, starting all the same:"
        " the headless service needs publishNotReadyAddresses: true"
    )


def address_elsewhere(name: str, timeout: float) -> str | None:
    """Return an address of *name* where none of them is this host's, so that no server can listen there; else None.

    None, too, where the name does not resolve within *timeout* seconds.
    """
    found = _addresses(name, timeout)
    return None if not found or any(map(_is_own, found)) else found[0]


def _is_own(address: str) -> bool:
    import socket

    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as tried:
            tried.bind((address, 0))
    except OSError as error:
        # Any other failure says nothing of the address.
        return error.errno != errno.EADDRNOTAVAIL
    return True


def _resolves(name: str, timeout: float) -> bool:
    return bool(_addresses(name, timeout))


def _addresses(name: str, timeout: float) -> list[str]:
    import socket

    found: list[str] = []

    def look_up(subject: str) -> None:
        with suppress(OSError, UnicodeError):
            found.extend(str(info[4][0]) for info in socket.getaddrinfo(subject, None))

    in_parallel(look_up, [name], timeout)
    return found
