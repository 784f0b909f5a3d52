"""How long an ensemble takes to serve: from cold, and after the restart of one server, each pod in its own namespace.

To compare two states of the code, run this with the interpreters of both: `PYTHONPATH=. OTHER/.venv/bin/python -m
tests.bench members` measures the commands that are installed beside that interpreter.
"""

import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from tests.members.network import Network, why_not
from tests.members.statefulset import StatefulSet
from tests.server.cache import fetch
from tests.server.distributions import Product, find

PODS = 3
LIMIT = 60.0
SPEC = {"ZK_REPLICAS": str(PODS)}


def measure(rounds: int) -> bool:
    """Print the figures of *rounds* cold starts and as many rejoins; return whether this machine could measure them."""
    if reason := why_not():
        print(f"members: not measured: {reason}", flush=True)
        return False
    distribution = find(Product.ZOOKEEPER, "3.9")
    fetch([distribution])
    cold: list[float] = []
    rejoin: list[float] = []
    with tempfile.TemporaryDirectory(prefix="zkb-bench-") as scratch, Network(Path(scratch, "net"), PODS) as network:
        for number in range(rounds):
            with StatefulSet(network, Path(scratch, str(number)), distribution) as pods:
                began = time.monotonic()
                pods.create(range(PODS), SPEC)
                cold.append(_until_ready(pods, range(PODS), began))
                pods.delete([1])
                began = time.monotonic()
                pods.create([1], SPEC)
                rejoin.append(_until_ready(pods, [1], began))
    print(f"Starts of ZooKeeper {distribution.version}, {rounds} rounds:\n")
    print("| | median | least | most |\n| --- | --- | --- | --- |")
    for name, found in (("three servers from cold to ready", cold), ("one of them, restarted, to ready", rejoin)):
        print(f"| {name} | {statistics.median(found):.2f} s | {min(found):.2f} s | {max(found):.2f} s |")
    print(flush=True)
    return True


def _until_ready(pods: StatefulSet, ordinals: Iterable[int], began: float) -> float:
    """Return the seconds since *began* at which all of these pods are ready."""
    for ordinal in ordinals:
        while not pods.pods[ordinal].role():
            if time.monotonic() - began > LIMIT:
                raise TimeoutError(f"zk-{ordinal} is not ready: {pods.pods[ordinal].told()}")
    return time.monotonic() - began
