"""The figures of the images and manifests: `python -m tests.bench containers`, or one of its sections by name."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.bench import execs, rejoin, sizes, stale
from tests.image import engine as engines
from tests.image.engine import Engine
from tests.image.reaper import reaping


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often everything is done."""

    rounds: int
    """Runs of each probe."""
    starts: int
    """Starts from cold."""
    restarts: int
    """Restarts of each kind."""


_MEASURES: Mapping[str, Callable[[Engine, Counts], None]] = {
    "exec": lambda engine, counts: execs.measure(engine, counts.rounds),
    "size": lambda engine, _: sizes.measure(engine),
    "cold": lambda engine, counts: rejoin.measure_cold(engine, counts.starts),
    "rejoin": lambda engine, counts: rejoin.measure(engine, counts.restarts),
    "kafka-dns": lambda engine, counts: stale.measure(engine, counts.restarts),
}

SECTIONS = tuple(_MEASURES)
"""Their names, in the order in which they are measured."""

GROUP = {"containers": SECTIONS}
"""The name that stands for all of them."""


def measure(wanted: set[str], counts: Counts) -> bool:
    """Print the figures of the sections that are *wanted*; return whether there are containers to measure."""
    if lines := engines.missing_tools():
        print(f"!! Not measured, for there are no containers here: {'; '.join(lines)}", flush=True)
        return False
    with reaping():
        for name, run in _MEASURES.items():
            if name in wanted:
                started = time.monotonic()
                print(f"## {name}\n", flush=True)
                run(engines.engine(), counts)
                print(f"\n({name}: {time.monotonic() - started:.0f} s)\n", flush=True)
    return True
