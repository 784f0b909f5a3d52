"""`python -m tests.server fetch NAME...`: fetch servers before they are needed, with progress on stderr.

NAME is a set (demo, core, matrix, all), a release line (kafka-3.9) or a distribution (kafka-3.9.2). `check` instead of
`fetch` only tells whether Java is there, Maven where something is to be fetched, and with `--tls` openssl; it needs
nothing but Python.
`list` shows what there is, where, and what is fetched. Exit status 69 when a program is missing or a fetch failed.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence

from tests.server.cache import FetchError, cache_folder, fetch, is_fetched
from tests.server.distributions import SETS, Distribution, named, pinned
from tests.server.toolchain import MissingToolError, check

_UNAVAILABLE = 69


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.server", description="Fetch real servers.")
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="fetch distributions into the cache")
    checking = commands.add_parser("check", help="tell whether Java and Maven are there that distributions need")
    for command in (fetching, checking):
        command.add_argument("names", nargs="+", metavar="NAME", help=f"{', '.join(SETS)}, kafka-3.9, zookeeper-3.4.6")
    checking.add_argument("--tls", action="store_true", help="openssl, too, which makes certificates")
    commands.add_parser("list", help="show the distributions and whether they are fetched")
    arguments = parser.parse_args()

    if arguments.command == "list":
        print(f"cache: {cache_folder()}")
        for distribution in pinned():
            sets = " ".join(name for name, members in SETS.items() if distribution in members)
            print(f"{distribution.name:18} {'fetched' if is_fetched(distribution) else '-':8} {sets}")
        return 0
    try:
        wanted = [distribution for name in arguments.names for distribution in named(name)]
    except (LookupError, ValueError) as error:
        parser.error(str(error))
    return _check(wanted, signs=arguments.tls) if arguments.command == "check" else _fetch(wanted)


def _check(wanted: Sequence[Distribution], *, signs: bool) -> int:
    try:
        check(fetches=not all(map(is_fetched, wanted)), signs=signs)
    except MissingToolError as error:
        print(f"install first: {error}", file=sys.stderr)
        return _UNAVAILABLE
    return 0


def _fetch(wanted: Sequence[Distribution]) -> int:
    started = time.monotonic()

    def show(line: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {line}", file=sys.stderr, flush=True)

    try:
        fetch(dict.fromkeys(wanted), show)
    except (MissingToolError, FetchError) as error:
        print(f"tests.server: {error}", file=sys.stderr)
        return _UNAVAILABLE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main())
