"""Runs a console command in a process of its own, with nothing but the environment that it is given."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent

NOBODY = 65534
"""A uid that owns nothing."""

LIMIT = 300
"""Seconds after which a command hangs: none of these takes one, but the machine may be busy."""

UNKNOWN_PEERS = """
import _socket
ask_resolver = _socket.getaddrinfo
def look_up(host, *hints):
    # The start asks for the names of others as bytes.
    if isinstance(host, bytes) and not host[:1].isdigit():
        raise _socket.gaierror(_socket.EAI_NONAME, "Name or service not known")
    return ask_resolver(host, *hints)
_socket.getaddrinfo = look_up
"""
"""A prelude: nobody has the names of the other pods, and no DNS is asked for them, which may be away or slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run of a command showed the world."""

    status: int
    stdout: str
    stderr: str

    @property
    def complaints(self) -> list[str]:
        """The lines on stderr that are no warnings."""
        return [line for line in self.stderr.splitlines() if ": warning: " not in line]

    @property
    def warnings(self) -> list[str]:
        """The lines on stderr that are warnings."""
        return [line for line in self.stderr.splitlines() if ": warning: " in line]


def run_command(
    entry_point: str,
    *arguments: str,
    name: str = "zkGenConfig",
    environ: Mapping[str, str] | None = None,
    prelude: str = "",
    within: Sequence[str] = (),
) -> Outcome:
    """Run *entry_point*, ``module:function``, as the console script *name* and return what it showed.

    *prelude* is Python that runs before, in the same process; *within* is a command that runs another, such as
    ``unshare``. A value of *environ* may hold any bytes, decoded by ``os.fsdecode``.
    """
    done = subprocess.run(
        [*within, *python_command(entry_point, *arguments, name=name, prelude=prelude)],
        env=clean_environ(environ),
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )
    return Outcome(
        status=done.returncode,
        stdout=done.stdout.decode(errors="surrogateescape"),
        stderr=done.stderr.decode(errors="surrogateescape"),
    )


def python_command(entry_point: str, *arguments: str, name: str = "zkGenConfig", prelude: str = "") -> tuple[str, ...]:
    """Return the command line that runs *entry_point* as an installed console script would."""
    module, _, function = entry_point.partition(":")
    argv = json.dumps([f"/usr/local/bin/{name}", *arguments])
    code = f"import sys\nfrom {module} import {function}\nsys.argv = {argv}\n{prelude}\nsys.exit({function}())"
    return sys.executable, "-c", code


def clean_environ(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return *environ* with what Python needs to find this project, and nothing else of this process's own."""
    return {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **(environ or {})}


def another_owner() -> tuple[int, int]:
    """Return a uid and gid that this process can give its files to: another's where it is root, else its own."""
    return (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def namespaces(*kinds: str) -> tuple[str, ...]:
    """Return a command that runs another in namespaces of its own, such as ``mount`` and ``uts``, as root there."""
    mapped = () if os.geteuid() == 0 else ("--map-root-user",)
    return ("unshare", *mapped, *(f"--{kind}" for kind in kinds))


@cache
def needs_namespaces() -> str:
    """Return why a test that needs a mount or a host name of its own cannot run here, nothing where it can."""
    try:
        tried = subprocess.run([*namespaces("mount", "uts"), "true"], capture_output=True, timeout=LIMIT, check=False)
    except FileNotFoundError:
        return "needs unshare, for example: apt-get install util-linux"
    return "needs root, or user namespaces, for a mount or a host name of its own" if tried.returncode else ""


def needs_root() -> str:
    """Return why a test that needs to be root cannot run here, nothing where it can."""
    return "" if os.geteuid() == 0 else "needs root: another uid, a mount or a host name of its own"


def listing(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return everything below *root*: for each path its mode, time of change and content."""
    found = {}
    for path in sorted(root.rglob("*")):
        seen = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(root))] = (seen.st_mode, seen.st_mtime_ns, content)
    return found
