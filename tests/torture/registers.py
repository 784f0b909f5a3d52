"""One register in ZooKeeper, three clients, a network that breaks: one order must explain all answers.

ZooKeeper itself numbers the values of a node. So the order is known, and what is left to check is that each number was
given once, and that nobody who began after another had ended was put before it.
"""

import random
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.image.engine import EngineError, own_name
from tests.image.trio import Trio
from tests.torture.campaign import Campaign
from tests.torture.containers import PARTITION, ZOOKEEPER, part

_SCRIPT = Path(__file__).parents[1] / "image" / "clients" / "register.py"
_CLIENTS = 3
_FIRST_VALUE = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one client asked of the register, and was told."""

    began: float
    ended: float
    kind: str
    """read or swap."""
    value: str
    """Read, or to be written."""
    version: int
    """Which of the register's values it is, by ZooKeeper's own count; -1 where that is not known."""
    outcome: str
    """done, refused or unknown."""

    @classmethod
    def parse(cls, row: str) -> "Operation":
        """Return what one line of a client's log says."""
        began, ended, kind, value, version, outcome = row.split()
        return cls(
            began=float(began), ended=float(ended), kind=kind, value=value, version=int(version), outcome=outcome
        )


def faults(history: Iterable[Operation]) -> list[str]:
    """Return what no order of the swaps can explain; nothing where there is one that explains all."""
    known = list(history)
    done = sorted((one for one in known if one.kind == "swap" and one.outcome == "done"), key=lambda one: one.version)
    found = []
    values = {0: _FIRST_VALUE}
    latest = 0.0
    for swap in done:
        if swap.version in values:
            found.append(f"version {swap.version} is both {values[swap.version]} and {swap.value}")
        values[swap.version] = swap.value
        if swap.ended < latest:
            found.append(f"{swap.value} ended before the swap of a lower version began")
        latest = max(latest, swap.began)
    maybe = {one.value for one in known if one.kind == "swap" and one.outcome == "unknown"}
    for read in known:
        if read.kind == "read" and read.outcome == "done":
            there = values.setdefault(read.version, read.value)
            if there != read.value:
                found.append(f"version {read.version} was read as {read.value}, and is {there}")
            elif read.version not in {swap.version for swap in done} | {0} and read.value not in maybe:
                found.append(f"{read.value} was read, and nobody wrote it")
    return found


def stale_reads(history: Iterable[Operation]) -> int:
    """Return how many reads missed a swap that had ended before they began.

    ZooKeeper does not promise that there are none: its sync asks a leader that may have been deposed.
    """
    known = [one for one in history if one.outcome == "done"]
    swaps = [one for one in known if one.kind == "swap"]
    return sum(
        any(swap.version > read.version and swap.ended < read.began for swap in swaps)
        for read in known
        if read.kind == "read"
    )


def registers(count: int, chance: random.Random) -> str:
    """Cut one server off from the others *count* times under three clients, and return the campaign's line."""
    with ZOOKEEPER.running() as trio:
        engine = trio.lab.engine
        folder = trio.lab.folder / own_name("register")
        folder.mkdir()
        folder.chmod(0o777)
        names = [own_name("register") for _ in range(_CLIENTS)]
        try:
            for number, name in enumerate(names):
                _start(trio, folder / name, number)
            time.sleep(PARTITION)
            part(trio, count, chance)
            time.sleep(PARTITION)
            (folder / "stop").touch()
            for name in names:
                engine.ask("wait", name)
            history = [Operation.parse(row) for name in names for row in (folder / name).read_text().splitlines()]
        finally:
            engine.remove_containers(names)
            shutil.rmtree(folder, ignore_errors=True)
    for fault in faults(history):
        raise AssertionError(fault)
    outcomes = {told: sum(one.outcome == told for one in history) for told in ("done", "refused", "unknown")}
    if not all(any(one.kind == kind and one.outcome == "done" for one in history) for kind in ("read", "swap")):
        raise AssertionError(f"the clients got nothing done: {outcomes}")
    return (
        f"registers: {_CLIENTS} clients, {count} partitions of {PARTITION:g} s: {outcomes['done']} done,"
        f" {outcomes['refused']} refused, {outcomes['unknown']} unknown, 0 out of order,"
        f" {stale_reads(history)} stale reads"
    )


def _start(trio: Trio, log: Path, first: int) -> None:
    """Start the client that is called what its log is called; it begins with one server and goes on in turn."""
    done = trio.lab.engine.call(
        "run",
        "--detach",
        f"--name={log.name}",
        *trio.lab.client_options(),
        "--entrypoint=/usr/bin/python3",
        f"--volume={log.parent}:/load",
        f"--volume={_SCRIPT}:/client/register.py:ro",
        trio.image,
        "/client/register.py",
        log.name,
        ",".join(trio.endpoints[first:] + trio.endpoints[:first]),
    )
    if done.returncode != 0:
        raise EngineError(f"register.py: {done.stderr[-2000:]}")


CAMPAIGNS = (
    Campaign(
        name="registers-zookeeper",
        short=0,
        long=6,
        run=lambda count, chance, _scratch: registers(count, chance),
    ),
)
