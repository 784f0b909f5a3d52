"""`python -m tests.torture`: every campaign, with a seed that reproduces a failure."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.torture.crashes import kills, pairs
from tests.torture.generators import generators


def main() -> int:
    """Run the campaigns; return 0 when none found anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Run the long campaigns.")
    parser.add_argument("--seed", type=int, default=None, help="seed of a run that is to be repeated")
    parser.add_argument("--kills", type=int, default=500, help="kills of each generator [500]")
    parser.add_argument("--pairs", type=int, default=100, help="pairs of each generator [100]")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    print(f"seed: {seed}", flush=True)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="zkb-torture-") as scratch:
        for generator in generators(Path(scratch)):
            print(kills(generator, options.kills, chance), flush=True)
            print(pairs(generator, options.pairs), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
