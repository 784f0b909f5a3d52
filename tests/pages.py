"""The pages of documentation: their parts that come from the code, and the blocks that a reader is told to run.

`python -m tests.pages` rewrites the parts. A block stands below a mark, `<!-- block: NAME -->`, by which a test takes
it from its page.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from kafkaboot.config.settings import VARIABLES as KAFKA_VARIABLES
from kafkaboot.values.foreign import counterpart as kafka_counterpart
from tests.commands import ROOT
from tests.other_images import KAFKA_IMAGES, ZOOKEEPER_IMAGES, data_table, variables_table
from tests.parity.differences import table as differences_table
from zkboot.config import SHARED_KEYS
from zkboot.foreign import counterpart as zookeeper_counterpart
from zkboot.pod.manual import table
from zkboot.settings import VARIABLES as ZOOKEEPER_VARIABLES

PAGES = (
    "README.md",
    "zkboot/README.md",
    "kafkaboot/README.md",
    "docker/README.md",
    "docker/TROUBLESHOOTING.md",
    "tests/README.md",
    "CONTRIBUTING.md",
)

SHARED_KEY_REASONS = {
    "4lw.commands.whitelist": "the probes' own words; from 3.5.3 on a server allows only `srvr` by itself",
    "admin.enableServer": "it would listen on port 8080 of every pod",
    "electionPortBindRetry": "for ever: the admin guide's advice for Kubernetes, where a pod's own name resolves late",
    "cnxTimeout": "milliseconds: a moved pod's old address swallows packets, and 5 s, the default, is the whole rejoin",
    "fastleader.maxNotificationInterval": "milliseconds: what a missed notification costs at most, instead of 60 s",
    "leaderConnectDelayDuringRetryMs": "milliseconds, 3.6 and newer: a follower asks a new leader five times, so long"
    " apart, and gives up; after half a second, ZooKeeper's own, a leader on a busy host may not be there yet",
    "leader.maxTimeToWaitForEpoch": "milliseconds, 3.6 and newer: how long a leader waits for followers that have given"
    " up, instead of initLimit, 20 s, while nobody serves",
}

_FENCE = re.compile(
    r"(?:^<!-- block: (?P<name>[a-z0-9. -]+) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_SHELLS = ("sh", "console")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block of a page."""

    page: str
    name: str
    """By its mark; empty where it has none."""
    language: str
    text: str

    @property
    def is_run(self) -> bool:
        """Whether a reader is told to type it."""
        return self.language in _SHELLS

    @property
    def commands(self) -> str:
        """What a reader types: all of it, or what follows the prompts of a `console` block."""
        if self.language != "console":
            return self.text
        return "".join(f"{command}\n" for command, _ in self.exchanges)

    @property
    def exchanges(self) -> list[tuple[str, str]]:
        """Each command of a `console` block, with the lines that the page shows as its output."""
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        found = []
        for part in parts:
            command = re.match(r"(?:.*\\\n)*.*\n", part)
            if command is None:
                raise LookupError(f"{self.page}: a prompt without a command in {self.name}")
            found.append((command[0].rstrip("\n"), part[command.end() :]))
        return found


def blocks() -> list[Block]:
    """Return every fenced block of every page, in order."""
    return [
        Block(page=page, name=each["name"] or "", language=each["language"], text=each["text"])
        for page in PAGES
        for each in _FENCE.finditer((ROOT / page).read_text("utf-8"))
    ]


def block(name: str) -> Block:
    """Return the one block that is marked *name*.

    Raises LookupError where there is none, or more than one.
    """
    found = [each for each in blocks() if each.name == name]
    if len(found) != 1:
        raise LookupError(f"{len(found)} blocks are marked <!-- block: {name} -->, not one")
    return found[0]


def shared_keys() -> str:
    """Return the keys that every zoo.cfg gets, with their reasons."""
    rows = [f"| `{key}` | `{value}` | {SHARED_KEY_REASONS[key]} |" for key, value in SHARED_KEYS.items()]
    return "\n".join(("| key | value | why |", "| --- | --- | --- |", *rows)) + "\n"


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "variables: zookeeper": ("zkboot/README.md", lambda: table(ZOOKEEPER_VARIABLES)),
    "shared keys": ("zkboot/README.md", shared_keys),
    "variables: kafka": ("kafkaboot/README.md", lambda: table(KAFKA_VARIABLES)),
    "others' data": ("docker/README.md", data_table),
    "others' variables: zookeeper": (
        "docker/README.md",
        lambda: variables_table(ZOOKEEPER_IMAGES, zookeeper_counterpart),
    ),
    "others' variables: kafka": ("docker/README.md", lambda: variables_table(KAFKA_IMAGES, kafka_counterpart)),
    "differences": ("docker/README.md", differences_table),
}
"""Marker → its page, and what stands between it and the next `<!-- end -->`."""


def rewritten(page: str, text: str) -> str:
    """Return the *text* of *page* with every part as the code has it now.

    Raises LookupError where a part's marker does not stand there once.
    """
    for name, (home, render) in PARTS.items():
        if home != page:
            continue
        marker = f"<!-- {name} -->\n"
        pattern = re.compile(re.escape(marker) + r".*?(?=<!-- end -->)", re.DOTALL)
        # A backslash of the part is its own, not the substitution's.
        part = (marker + render()).replace("\\", r"\\")
        text, count = pattern.subn(part, text)
        if count != 1:
            raise LookupError(f"{page}: {count} places are marked {marker.strip()}, not one")
    return text


def main() -> int:
    """Rewrite the parts of every page."""
    for page in PAGES:
        path = ROOT / page
        path.write_text(rewritten(page, path.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
