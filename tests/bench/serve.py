"""What a request to `serve` costs, the server's own answer included, beside an exec probe; whether its memory grows."""

import os
import statistics
import time
from contextlib import AbstractContextManager
from pathlib import Path

from tests.bench.cost import Contender, race
from tests.bench.execs import measure_entering
from tests.bench.kafka import ALONE, create_topic
from tests.image.engine import engine, missing_tools
from tests.image.reaper import reaping
from tests.server import kafka, zookeeper
from tests.server.distributions import Product, find
from tests.server.pods import Pod
from tests.server.ports import free_ports
from tests.server.serving import PREFIXES
from tests.server.versions import fetched
from tests.serving import Serving, serving

ROUNDS = 2
"""Rounds of requests: what grows in the second one grows for ever."""

SHARE = 50
"""What reads every row or partition is asked once for so many of the others."""

COSTLY = ("/metrics", "/readyz?in-sync")


def measure(folder: Path, scripts: Path, requests: int, rounds: int) -> None:
    """Print the figures of both, after *requests* of each kind in each of two rounds; *rounds* runs of exec probes."""
    version = fetched(find(Product.ZOOKEEPER, "3.9"))
    with zookeeper.running(zookeeper.make_pods(folder / "zk", 1), version) as ensemble:
        ensemble.wait_until_ready()
        walls = _measure(ensemble.pods[0], scripts, "zkboot", ("/livez", "/readyz", "/metrics"), requests)
        _beside(ensemble.pods[0], scripts, "zkOk", rounds)
        _beside_entering(walls["/livez"], rounds)
        version = fetched(find(Product.KAFKA, "3.9"))
        pods = kafka.make_pods(folder / "kafka", version, ensemble.connect_string, ALONE)[:1]
        with kafka.running(pods, version) as cluster:
            cluster.wait_until_ready()
            create_topic(cluster, "many", 1000)
            targets = ("/livez", "/readyz", "/readyz?in-sync", "/metrics")
            _measure(pods[0], scripts, "kafkaboot", targets, requests)
            _beside(pods[0], scripts, "kafkaOk", rounds)


def _measure(pod: Pod, scripts: Path, program: str, targets: tuple[str, ...], requests: int) -> dict[str, float]:
    """Print a row for each of *targets*; return the median wall time of each, in milliseconds."""
    costly = " and ".join(COSTLY)
    print(f"`{program} serve`, {ROUNDS} rounds of {requests} requests of each kind, of {costly} a {SHARE}th:\n")
    print("| request | CPU ms | wall ms | wall p95 | other than 200 |")
    print("| --- | --- | --- | --- | --- |")
    resident = []
    walls = {}
    with _serving(pod, scripts, program) as served:
        for turn in range(ROUNDS):
            for target in targets:
                count = requests // SHARE if target in COSTLY else requests
                row, walls[target] = _row(served, target, count)
                if turn == ROUNDS - 1:
                    print(f"| `{target}` | {row}")
            resident.append(served.resident_kib)
    print(f"\nresident memory after each round: {', '.join(f'{kib / 1024:.1f} MB' for kib in resident)}\n", flush=True)
    return walls


def _row(served: Serving, target: str, count: int) -> tuple[str, float]:
    data = f"GET {target} HTTP/1.1\r\nHost: {served.port}\r\n\r\n".encode()
    walls, wrong = [], 0
    before = served.cpu_seconds
    for _ in range(count):
        started = time.perf_counter()
        wrong += not served.say(data).startswith(b"HTTP/1.1 200 ")
        walls.append((time.perf_counter() - started) * 1000)
    cpu = (served.cpu_seconds - before) * 1000 / count
    tail = statistics.quantiles(walls, n=20)[-1]
    wall = statistics.median(walls)
    return f"{cpu:.3f} | {wall:.2f} | {tail:.2f} | {wrong} of {count} |", wall


def _beside(pod: Pod, scripts: Path, command: str, rounds: int) -> None:
    environ = pod.whole_environ({"PATH": f"{scripts}:{os.environ['PATH']}"})
    probe = Contender(name=command, command=[command], environ=environ)
    race([probe], rounds)
    cpu, wall = statistics.median(probe.cpu_ms), statistics.median(probe.wall_ms)
    print(f"beside it, `{command}` as a process, outside of any container: CPU {cpu:.1f} ms, wall {wall:.1f} ms\n")


def _beside_entering(livez: float, rounds: int) -> None:
    """Print how much sooner the answer to *livez* is there than that of `zkOk` in a container, where there are any."""
    if lines := missing_tools():
        print(f"!! Not beside `runc exec zkOk`, for there are no containers here: {'; '.join(lines)}\n", flush=True)
        return
    with reaping():
        wall = measure_entering(engine(), rounds)
    print(f"beside it, `runc exec zkOk`: wall {wall:.1f} ms, {wall / livez:.0f} x `/livez` (target: at least 100 x)\n")


def _serving(pod: Pod, scripts: Path, program: str) -> AbstractContextManager[Serving]:
    (port,) = free_ports(1, [pod.address])
    environ = pod.whole_environ({f"{PREFIXES[program]}HTTP_PORT": str(port)})
    return serving([scripts / program, "serve"], environ, port, pod.folder / "serve.log")
