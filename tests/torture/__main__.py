"""`python -m tests.torture`: every campaign, with a seed that reproduces a failure."""

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.torture import (
    containers,
    crashes,
    cuts,
    file_cases,
    formats,
    identity,
    members,
    probes,
    registers,
    secrets,
    values,
    verdicts,
    volumes,
    wheels,
)
from tests.torture.campaign import Campaign, CannotRunError

IN_CI = os.environ.get("CI") == "true"

CAMPAIGNS: tuple[Campaign, ...] = (
    *identity.CAMPAIGNS,
    *values.CAMPAIGNS,
    *verdicts.CAMPAIGNS,
    *crashes.CAMPAIGNS,
    *cuts.CAMPAIGNS,
    *volumes.CAMPAIGNS,
    *formats.CAMPAIGNS,
    *probes.CAMPAIGNS,
    *secrets.CAMPAIGNS,
    *file_cases.CAMPAIGNS,
    *wheels.CAMPAIGNS,
    *containers.CAMPAIGNS,
    *registers.CAMPAIGNS,
    *members.CAMPAIGNS,
)


def main() -> int:
    """Run the campaigns; return 0 when none found anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Run the campaigns.")
    parser.add_argument("names", nargs="*", metavar="CAMPAIGN", help="these only [all]")
    parser.add_argument(
        "--seed", type=int, default=None, help="seed of a run to repeat [0 with --short, else a new one]"
    )
    parser.add_argument("--short", action="store_true", help="the form that every `make test` runs")
    parser.add_argument("--count", type=int, default=None, help="attempts of each campaign [its own]")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - {campaign.name for campaign in CAMPAIGNS})
    if unknown:
        parser.error(f"no such campaign: {', '.join(unknown)}; there are {', '.join(c.name for c in CAMPAIGNS)}")
    formless = [c.name for c in CAMPAIGNS if c.name in options.names and not c.short]
    if formless and options.short and not options.count:
        parser.error(f"no short form: {', '.join(formless)}")
    # The short form judges a change, by the same cases each time; the long one looks for new ones.
    new = 0 if options.short else random.SystemRandom().randrange(2**32)
    seed = new if options.seed is None else options.seed
    print(f"seed: {seed}", flush=True)
    failed = 0
    for campaign in CAMPAIGNS:
        if options.names and campaign.name not in options.names:
            continue
        count = options.count or (campaign.short if options.short else campaign.long)
        if count:
            failed += not _passes(campaign, count, seed)
    return 1 if failed else 0


def _passes(campaign: Campaign, count: int, seed: int) -> bool:
    """Run one campaign with a chance of its own, so that it is the same alone; print its line or how to repeat it."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zkb-torture-", ignore_cleanup_errors=True) as scratch:
        try:
            line = campaign.run(count, random.Random(f"{seed} {campaign.name}"), Path(scratch))
        except CannotRunError as reason:
            print(f"!! {campaign.name}: SKIPPED: {reason}", flush=True)
            return not IN_CI
        except Exception:  # noqa: BLE001 - the other campaigns still have something to say
            traceback.print_exc()
            again = f"python -m tests.torture {campaign.name} --seed {seed} --count {count}"
            print(f"{campaign.name}: FAILED; again with: {again}", flush=True)
            return False
    print(f"{line} ({time.monotonic() - started:.0f} s)", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
