"""Many exec probes at once, and what is left of them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.image.kubelet import Pod

SETTLE_LIMIT = 30.0
"""Seconds in which a moment without a probe must come."""


def ask_many_times(pod: Pod, commands: Sequence[Sequence[str]], count: int) -> None:
    """Run the probes *commands* in turn, *count* in all and two at once; each must say yes."""
    with ThreadPoolExecutor(2) as workers:
        asked = [workers.submit(pod.exec, *commands[number % len(commands)]) for number in range(count)]
    assert {result.result().status for result in asked} == {0}


def states_in(pod: Pod) -> list[str]:
    """Return the state of every process in the pod's container, zombies included."""
    namespace = Path("/proc", str(pod.pid), "ns", "pid").readlink()
    states = []
    for other in Path("/proc").iterdir():
        if other.name.isdigit():
            try:
                if (other / "ns" / "pid").readlink() == namespace:
                    states.append((other / "stat").read_text().rpartition(")")[2].split()[0])
            except OSError:
                continue
    return states
