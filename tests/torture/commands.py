"""Runs a console command many times a second: its real entry point in a forked child, or the installed script itself.

The fork is a process of its own: its environment, arguments, streams, user and exit status are what a container's would
be, and an exception that reaches its top is a traceback on stderr and status 1. Only Python's start is saved.
"""

import importlib
import os
import pkgutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import kafkaboot.cli
import zkboot.cli

SCRIPTS = Path(sys.executable).parent

ZK_GEN_CONFIG = "zkGenConfig"
KAFKA_GEN_CONFIG = "kafkaGenConfig"

ENTRY_POINTS: Mapping[str, Callable[[], int]] = {
    ZK_GEN_CONFIG: zkboot.cli.gen_config,
    KAFKA_GEN_CONFIG: kafkaboot.cli.gen_config,
}

LIMIT = 300
"""Seconds after which a command hangs: none of these takes one, but the machine may be busy."""

Environ = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run of a command showed the world."""

    status: int
    """Negative for the signal that ended it; -14, SIGALRM, for one that hung."""
    stdout: bytes
    stderr: bytes

    @property
    def complaints(self) -> list[str]:
        """The lines on stderr that are no warnings."""
        lines = self.stderr.decode(errors="surrogateescape").splitlines()
        return [line for line in lines if ": warning: " not in line]

    @property
    def has_traceback(self) -> bool:
        """Whether an exception reached the top."""
        return b"Traceback (most recent call last)" in self.stderr or self.status == 1


def fork(
    name: str,
    environ: Environ,
    *arguments: str,
    uid: int | None = None,
    prelude: Callable[[], None] | None = None,
) -> Outcome:
    """Run the command *name* in a forked child with exactly *environ*; as *uid*, where that is not this process's own.

    *prelude* runs in the child before.
    """
    preload()
    streams = [os.memfd_create(stream) for stream in ("stdout", "stderr")]
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            _become(name, environ, arguments, streams, uid=uid, prelude=prelude)
        _, status = os.waitpid(child, 0)
        stdout, stderr = (os.pread(stream, os.fstat(stream).st_size, 0) for stream in streams)
    finally:
        for stream in streams:
            os.close(stream)
    return Outcome(status=os.waitstatus_to_exitcode(status), stdout=stdout, stderr=stderr)


def execute(name: str, environ: Environ, *arguments: str) -> Outcome:
    """Run the installed console script *name* with *environ* and what it needs to be found."""
    # A name of the environment can hold what Python's own dictionaries of text cannot.
    whole = {b"PATH": os.fsencode(os.environ.get("PATH", os.defpath)), **environ}
    done = subprocess.run(
        [SCRIPTS / name, *arguments],
        env=whole,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )
    return Outcome(status=done.returncode, stdout=done.stdout, stderr=done.stderr)


LOADED_LATE = ("concurrent.futures", "datetime", "difflib", "ipaddress", "json", "shutil", "socket", "textwrap")
"""Modules of Python that the commands load only where they use them."""


def preload() -> None:
    """Import every module of the project: a child that gives up its privileges may not be allowed to read them."""
    if not {"zkboot.words", "kafkaboot.probes.wire", *LOADED_LATE} <= sys.modules.keys():
        for package in (zkboot, kafkaboot):
            for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
                importlib.import_module(module.name)
        for name in LOADED_LATE:
            importlib.import_module(name)


def _become(
    name: str,
    environ: Environ,
    arguments: Sequence[str],
    streams: Sequence[int],
    *,
    uid: int | None,
    prelude: Callable[[], None] | None,
) -> None:
    """Be the command, and end as it ends."""
    status = 1
    try:
        signal.alarm(LIMIT)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, stream in enumerate(streams, start=1):
            os.dup2(stream, number)
        if uid is not None:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        os.environb.clear()
        os.environb.update(environ)
        sys.argv = [f"/usr/local/bin/{name}", *arguments]
        if prelude is not None:
            prelude()
        status = ENTRY_POINTS[name]()
        sys.stdout.flush()
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001 - what the interpreter would do with it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)
