"""The campaigns' command line."""

import subprocess
import sys

from tests.commands import ROOT
from tests.torture.__main__ import CAMPAIGNS


def test_a_campaign_without_a_short_form_is_not_run_short_in_silence() -> None:
    """Status 0 would say that it found nothing."""
    name = next(campaign.name for campaign in CAMPAIGNS if not campaign.short)
    command = [sys.executable, "-m", "tests.torture", name, "--short"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"error: no short form: {name}\n")
