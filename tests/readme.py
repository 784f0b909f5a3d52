"""The parts of README.md that come from the code: `python -m tests.readme` rewrites them, a test compares them."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from kafkaboot.settings import VARIABLES as KAFKA_VARIABLES
from tests.parity.differences import table as differences_table
from zkboot.config import SHARED_KEYS
from zkboot.pod.manual import table
from zkboot.settings import VARIABLES as ZOOKEEPER_VARIABLES

README = Path(__file__).resolve().parents[1] / "README.md"

SHARED_KEY_REASONS = {
    "4lw.commands.whitelist": "the probes' own words; from 3.5.3 on a server allows only `srvr` by itself",
    "admin.enableServer": "it would listen on port 8080 of every pod",
    "electionPortBindRetry": "for ever: the admin guide's advice for Kubernetes, where a pod's own name resolves late",
    "cnxTimeout": "milliseconds: a moved pod's old address swallows packets, and 5 s, the default, is the whole rejoin",
    "fastleader.maxNotificationInterval": "milliseconds: what a missed notification costs at most, instead of 60 s",
}


def shared_keys() -> str:
    """Return the keys that every zoo.cfg gets, with their reasons."""
    rows = [f"| `{key}` | `{value}` | {SHARED_KEY_REASONS[key]} |" for key, value in SHARED_KEYS.items()]
    return "\n".join(("| key | value | why |", "| --- | --- | --- |", *rows)) + "\n"


PARTS: dict[str, Callable[[], str]] = {
    "variables: zookeeper": lambda: table(ZOOKEEPER_VARIABLES),
    "variables: kafka": lambda: table(KAFKA_VARIABLES),
    "shared keys": shared_keys,
    "differences": differences_table,
}
"""Marker in the README → what stands between it and the next `<!-- end -->`."""


def rewritten(text: str) -> str:
    """Return the README's *text* with every part as the code has it now."""
    for name, render in PARTS.items():
        marker = f"<!-- {name} -->\n"
        pattern = re.compile(re.escape(marker) + r".*?(?=<!-- end -->)", re.DOTALL)
        # A backslash of the part is its own, not the substitution's.
        part = (marker + render()).replace("\\", r"\\")
        text, count = pattern.subn(part, text)
        if count != 1:
            raise LookupError(f"{README}: {count} places are marked {marker.strip()}, not one")
    return text


def main() -> int:
    """Rewrite README.md."""
    README.write_text(rewritten(README.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
