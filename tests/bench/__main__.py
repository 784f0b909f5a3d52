"""`python -m tests.bench [SECTION...]`: every figure of tests/README.md in one run, beside what it is compared with."""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.bench import containers, generators, in_sync, kafka, members, serve, verdicts, zookeeper
from tests.bench.install import clean_install

COMMANDS = ("zookeeper", "kafka", "serve", "in-sync", "verdicts", "generators")
"""The sections that run without containers."""


def main() -> int:
    """Measure and print; the exit status says only whether the measuring itself worked."""
    sections = (*COMMANDS, "members", *containers.SECTIONS)
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure the figures of tests/README.md."
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help=f"{', '.join(sections)}; containers stands for the last {len(containers.SECTIONS)} [all]",
    )
    parser.add_argument("--rounds", type=int, default=100, help="runs of each command [100]")
    parser.add_argument("--probes", type=int, default=2000, help="probes in the count of false negatives [2000]")
    parser.add_argument("--requests", type=int, default=10000, help="HTTP requests of each kind [10000]")
    parser.add_argument("--verdicts", type=int, default=500, help="kafkaReady runs for each state [500]")
    parser.add_argument("--starts", type=int, default=5, help="starts from cold [5]")
    parser.add_argument("--restarts", type=int, default=20, help="restarts of each kind [20]")
    options = parser.parse_args()
    wanted = {name for given in options.sections for name in containers.GROUP.get(given, (given,))} or {*sections}
    if unknown := sorted(wanted - {*sections}):
        parser.error(f"no such section: {', '.join(unknown)}")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n", flush=True)
    if wanted & {*COMMANDS}:
        with tempfile.TemporaryDirectory(prefix="zkb-bench-") as scratch:
            _measure_commands(Path(scratch), wanted, options)
    if "members" in wanted and not members.measure(options.starts) and options.sections:
        return 69
    if wanted & {*containers.SECTIONS}:
        counts = containers.Counts(rounds=options.rounds, starts=options.starts, restarts=options.restarts)
        if not containers.measure(wanted, counts) and options.sections:
            return 69
    return 0


def _measure_commands(folder: Path, wanted: set[str], options: argparse.Namespace) -> None:
    scripts = clean_install(folder / "venv")
    if "zookeeper" in wanted:
        zookeeper.measure(folder, scripts, options.rounds, options.probes)
    if "kafka" in wanted:
        kafka.measure(folder, scripts, options.rounds)
    if "serve" in wanted:
        serve.measure(folder / "serve", scripts, options.requests, options.rounds)
    if "in-sync" in wanted:
        in_sync.measure(folder / "in-sync", scripts, options.rounds)
    if "verdicts" in wanted:
        verdicts.measure(folder / "verdicts", options.verdicts)
    if "generators" in wanted:
        generators.measure(folder, scripts, options.rounds)


if __name__ == "__main__":
    sys.exit(main())
