"""`python -m tests.demo [kraft]`: pods on this machine, started, probed, used and stopped, all through our commands.

Three ZooKeeper servers and three brokers, or, with `kraft`, three nodes of the newest Kafka, which needs no ZooKeeper.
"""

import signal
import sys
import tempfile
import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.demo.messages import Exchange, exchange
from tests.demo.table import Row, render
from tests.server import kafka, kraft, zookeeper
from tests.server.cache import FetchError
from tests.server.distributions import KRAFT_DEMO, Product, find
from tests.server.pods import Pod
from tests.server.toolchain import MissingToolError
from tests.server.versions import fetched

_STARTED = time.monotonic()


def main() -> int:
    """Run the demo; return 0 when every pod was ready and the message came back."""
    signal.signal(signal.SIGINT, _interrupt_once)
    try:
        return _kraft_demo() if sys.argv[1:] == ["kraft"] else _demo()
    except KeyboardInterrupt:
        say("interrupted: every process is stopped")
        return 130
    except (MissingToolError, FetchError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 69
    except (TimeoutError, RuntimeError) as error:
        print(
            f"demo: {error}\ndemo: is this machine too small or too busy? It needs 2 GB and two cores.", file=sys.stderr
        )
        return 1


def _interrupt_once(_number: int, _frame: FrameType | None) -> NoReturn:
    """End the demo at the first Ctrl-C; an impatient second one must not end the stopping."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def say(line: str) -> None:
    """Print one line of progress."""
    print(f"[{time.monotonic() - _STARTED:5.1f} s] {line}", flush=True)


def _demo() -> int:
    zookeeper_version = fetched(find(Product.ZOOKEEPER, "3.9"))
    kafka_version = fetched(find(Product.KAFKA, "3.9"))
    with tempfile.TemporaryDirectory(prefix="zkb-demo-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        servers = zookeeper.make_pods(folder, 3, {"ZK_PURGE_INTERVAL": "1"})
        say(f"starting zk-0, zk-1, zk-2: {zookeeper_version}, each by `zkboot run`")
        with zookeeper.running(servers, zookeeper_version) as ensemble:
            brokers = kafka.make_pods(folder, kafka_version, ensemble.connect_string)
            say(f"starting kafka-0, kafka-1, kafka-2: {kafka_version}; `kafkaboot run` waits for the ensemble")
            with kafka.running(brokers, kafka_version) as cluster:
                ensemble.wait_until_ready()
                say("zkReady: the ensemble has its leader")
                cluster.wait_until_ready()
                say("kafkaReady: three brokers are registered")
                sent = exchange(cluster.bootstrap_servers, say)
                rows = [*(_zookeeper_row(pod) for pod in servers), *(_broker_row(pod, sent) for pod in brokers)]
                print(f"\n{render(rows)}\n", flush=True)
                say("stopping")
        say("stopped: every process got SIGTERM and ended")
    return 0 if all(row.ready for row in rows) else 1


def _kraft_demo() -> int:
    version = fetched(KRAFT_DEMO[0])
    with tempfile.TemporaryDirectory(prefix="zkb-demo-", ignore_cleanup_errors=True) as scratch:
        nodes = kraft.combined_pods(Path(scratch), version)
        say(f"starting kafka-0, kafka-1, kafka-2: {version}, each by `kafkaboot run`, which formats its empty volume")
        with kraft.running(nodes) as cluster:
            cluster.wait_until_ready()
            say("kafkaReady: three brokers are registered and unfenced")
            sent = exchange(cluster.bootstrap_servers, say)
            voters = cluster.voters()
            rows = [_node_row(pod, sent, voters) for pod in cluster.pods]
            print(f"\n{render(rows)}\n", flush=True)
            say("stopping")
        say("stopped: every process got SIGTERM and ended")
    return 0 if all(row.ready for row in rows) else 1


def _node_row(pod: Pod, sent: Exchange, voters: Collection[int]) -> Row:
    """Return the row of a node that is a broker and, where it is among the *voters*, a controller."""
    row = _broker_row(pod, sent)
    role = "broker, voter" if row.ready and int(row.server_id) in voters else "broker"
    return replace(row, role=role)


def _zookeeper_row(pod: Pod) -> Row:
    ready, latency = _timed(pod, "zkReady")
    server_id = Path(pod.environ["ZK_DATA_DIR"], "myid").read_text().strip()
    return Row(pod=pod.name, server_id=server_id, role=ready or "-", ready=bool(ready), latency_ms=latency)


def _broker_row(pod: Pod, sent: Exchange) -> Row:
    ready, latency = _timed(pod, "kafkaReady")
    broker_id = ready.split()[1] if ready else "-"
    role = "controller" if broker_id == str(sent.controller_id) else "broker"
    return Row(pod=pod.name, server_id=broker_id, role=role, ready=bool(ready), latency_ms=latency)


def _timed(pod: Pod, probe: str) -> tuple[str, float]:
    """Return what the probe printed, empty where it said no, and its milliseconds as a whole process."""
    started = time.perf_counter()
    done = pod.run(probe)
    latency = (time.perf_counter() - started) * 1000
    if done.returncode != 0:
        say(f"{pod.name}: {done.stderr.strip()}")
        return "", latency
    return done.stdout.strip(), latency


if __name__ == "__main__":
    sys.exit(main())
