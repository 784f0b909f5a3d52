"""`python -m tests.bench`: every figure of the README in one run, beside what it is compared with."""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.bench import generators, kafka, verdicts, zookeeper
from tests.bench.install import clean_install


def main() -> int:
    """Measure and print; the exit status says only whether the measuring itself worked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the README's figures.")
    parser.add_argument("--rounds", type=int, default=100, help="runs of each command [100]")
    parser.add_argument("--probes", type=int, default=2000, help="probes in the count of false negatives [2000]")
    parser.add_argument("--verdicts", type=int, default=500, help="kafkaReady runs for each state [500]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zkb-bench-") as scratch:
        folder = Path(scratch)
        scripts = clean_install(folder / "venv")
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n", flush=True)
        zookeeper.measure(folder, scripts, options.rounds, options.probes)
        kafka.measure(folder, scripts, options.rounds)
        verdicts.measure(folder / "verdicts", options.verdicts)
        generators.measure(folder, scripts, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
