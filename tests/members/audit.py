"""What the servers have in the end, against what they acknowledged.

    python -m tests.members.audit <endpoint> ...

Run in the hub: prints, as JSON, the names below the writer's root on each server, after a sync.
"""

import json
import logging
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kazoo.client import KazooClient

from tests.members.writer import ROOT, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What came of all writes."""

    acknowledged: int
    lost: Mapping[int, int]
    """For each server that serves, by its ordinal, how many acknowledged writes it lacks."""
    lost_anywhere: int
    """How many acknowledged writes some server that serves lacks."""
    is_divergent: bool
    """Whether two servers differ, in acknowledged writes or in others."""
    same_zxid: int
    """How many transactions were given to two writes."""

    @property
    def faults(self) -> list[str]:
        """One line for each thing that must not be."""
        lines = []
        if self.lost_anywhere:
            share = 100 * self.lost_anywhere / self.acknowledged
            where = ", ".join(f"zk-{server} {count}" for server, count in self.lost.items() if count)
            lines.append(f"{self.lost_anywhere} of {self.acknowledged} acknowledged lost ({share:.0f} %): {where}")
        if self.is_divergent:
            lines.append("servers differ")
        if self.same_zxid:
            lines.append(f"{self.same_zxid} transactions were given twice")
        return lines


def compare(writes: Sequence[Write], found: Mapping[int, set[str]]) -> Audit:
    """Return what came of *writes*, where *found* are the names that each serving server has."""
    names = {write.name for write in writes}
    missing = {server: names - there for server, there in found.items()}
    given = Counter(write.zxid for write in writes)
    return Audit(
        acknowledged=len(writes),
        lost={server: len(lacks) for server, lacks in missing.items()},
        lost_anywhere=len(set().union(*missing.values())),
        is_divergent=len({frozenset(there) for there in found.values()}) > 1,
        same_zxid=sum(times > 1 for times in given.values()),
    )


def _names(endpoint: str) -> list[str]:
    client = KazooClient(hosts=endpoint, timeout=10)
    client.start(timeout=20)
    try:
        client.sync(ROOT)
        names: list[str] = client.get_children(ROOT) if client.exists(ROOT) else []
        return names
    finally:
        client.stop()
        client.close()


def main() -> None:
    """Run the command line in the module's docstring."""
    logging.disable(logging.CRITICAL)
    json.dump([_names(endpoint) for endpoint in sys.argv[1:]], sys.stdout)


if __name__ == "__main__":
    main()
