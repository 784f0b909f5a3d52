"""What every probe shares: its arguments, its part of the environment, and what it says of variables that are ignored.

Plain functions and built-in modules only: the probes load this module every few seconds on every pod.
"""

import posix
import sys

from zkboot import __version__
from zkboot.pod.console import emit, page_width, run, warn
from zkboot.pod.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zkboot.pod.environ import EnvReader
    from zkboot.pod.manual import Page

HELP = "--help"
VERSION = "--version"
ALWAYS = f"{HELP} and {VERSION}"
"""What every probe takes, for its messages."""


def answer(
    probe: "Callable[[str, list[str]], None]",
    page: "Callable[[str], Page]",
    name: str | None,
    arguments: list[str] | None,
) -> int:
    """Run *probe*, or print its help *page* or the version where that is asked for, and return the exit status.

    *name* is the command as the operator typed it, *arguments* what follows it; by default this process's own.
    """
    called = name or sys.argv[0].rpartition("/")[2]
    given = sys.argv[1:] if arguments is None else arguments

    def command(words: list[str]) -> None:
        if HELP in words or "-h" in words:
            emit(_help(called, page(called)).encode())
        elif VERSION in words:
            emit(version().encode())
        else:
            probe(called, words)

    return run(called, command, given)


def version() -> str:
    """Return what ``--version`` prints."""
    return f"zk-kafka-boot {__version__}\n"


def environment(prefixes: tuple[bytes, ...]) -> "Mapping[str, str]":
    """Return the environment; without ``os``, which a bare interpreter does not load, only what has *prefixes*."""
    os = sys.modules.get("os")
    if os is not None:
        return os.environ  # type: ignore[no-any-return]
    return {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for name, value in posix.environ.items()
        if name.startswith(prefixes)
    }


def check(name: str, env: "EnvReader") -> None:
    """Warn of the service links that were met; raise SettingsError that names every variable that is wrong."""
    if env.service_links:
        links = ", ".join(env.service_links)
        warn(name, f"ignored, Kubernetes' service links: {links} (enableServiceLinks: false avoids them)")
    env.problems.check()


def refuse(arguments: list[str], allowed: str) -> None:
    """Raise UsageError for the first of *arguments*, if there is any; *allowed* says what could stand there."""
    if arguments:
        raise UsageError(f"{arguments[0]!r} is not understood: {allowed}")


def _help(name: str, page: "Page") -> str:
    """Return the help *page* of the probe *name*, which looks as those of other commands do."""
    from zkboot.pod.manual import columns

    width = page_width()
    usage = " ".join((f"usage: {name}", f"[{HELP}]", f"[{VERSION}]", *(f"[{option}]" for option in page.options)))
    every = [
        (f"-h, {HELP}", "show this help message and exit"),
        (VERSION, "show the version and exit"),
        *page.options.items(),
    ]
    parts = (usage, page.opening(width), f"options:\n{columns(every, width)}", page.closing(width))
    return "\n\n".join(parts) + "\n"
