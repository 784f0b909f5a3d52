"""`python -m tests.dashboards`: draws both dashboards, docker/monitoring/dashboards.svg, from a run of real servers.

Grafana is not needed: the panels' own expressions are asked of the Prometheus that watched the run.
"""

import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from kafka import KafkaProducer
from kafka.errors import KafkaError
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

from tests.dashboards.drawing import Board, Chart, Event, Line, render
from tests.dashboards.panels import FOLDER, JOBS, panels
from tests.server import zookeeper
from tests.server.clients import PATIENT
from tests.server.hosts import resolving
from tests.server.kafka import NAMES
from tests.server.pods import roles
from tests.server.prometheus import Prometheus
from tests.server.watched import Watched, watching

QUIET = 20.0
"""Seconds between two things that are done."""

STEP = 5
"""Seconds between two samples of the picture."""

PICTURE = FOLDER / "dashboards.svg"

TITLES = {"zookeeper": "ZooKeeper", "kafka": "Kafka"}


def main() -> int:
    """Run the servers under a load, break some of them, and draw what Prometheus saw."""
    with tempfile.TemporaryDirectory(prefix="zkb-dashboards-") as scratch, watching(Path(scratch)) as watched:
        watched.prometheus.wait_until_up(6)
        with _load(watched):
            time.sleep(QUIET)
            began = time.time()
            events = _break(watched, began)
            time.sleep(QUIET)
            ended = time.time()
        boards = [_board(watched.prometheus, name, events[name], began, ended) for name in JOBS]
    PICTURE.write_text(render(boards, ended - began, STEP), "utf-8")
    print(f"{PICTURE}: {PICTURE.stat().st_size} bytes")
    return 0


def _break(watched: Watched, began: float) -> dict[str, list[Event]]:
    """Kill servers and start them again; return what was done, by dashboard."""
    events: dict[str, list[Event]] = {name: [] for name in JOBS}

    def do(dashboard: str, what: str, act: Callable[[], object]) -> None:
        time.sleep(QUIET)
        events[dashboard].append(Event(at=time.time() - began, what=what))
        act()

    pods, servers = watched.ensemble.pods, watched.ensemble.servers
    roles_now = roles(pods)
    first, second = roles_now.index("follower"), roles_now.index("leader")
    node = watched.cluster.pods[1]

    def start(at: int) -> None:
        servers[at].wait(zookeeper.START_LIMIT)
        servers[at] = zookeeper.start_server(pods[at], watched.ensemble.distribution)

    do("zookeeper", f"{pods[first].name}, a follower, is killed", lambda: servers[first].signal(signal.SIGKILL))
    do("kafka", f"{node.name} is killed", lambda: watched.cluster.running[node.name].signal(signal.SIGKILL))
    do("zookeeper", f"{pods[second].name}, the leader, too", lambda: servers[second].signal(signal.SIGKILL))
    do("kafka", f"{node.name} is started", lambda: watched.cluster.start(node))
    do("zookeeper", f"{pods[first].name} is started", lambda: start(first))
    do("zookeeper", f"{pods[second].name}, too", lambda: start(second))
    return events


def _board(prometheus: Prometheus, name: str, events: Sequence[Event], began: float, ended: float) -> Board:
    charts = []
    for panel in panels(name):
        lines = []
        for query in panel.queries:
            found = prometheus.ask("query_range", query=query.expression, start=began, end=ended, step=STEP)["result"]
            lines += [
                Line(
                    name=query.name(each["metric"]), points=[(at - began, float(value)) for at, value in each["values"]]
                )
                for each in found
            ]
        charts.append(Chart(panel=panel, lines=lines))
    return Board(title=TITLES[name], charts=charts, events=events)


@contextmanager
def _load(watched: Watched) -> Iterator[None]:
    """Write to both clusters until the context ends."""
    over = threading.Event()
    writers = [threading.Thread(target=write, args=(watched, over)) for write in (_write_znodes, _write_records)]
    with resolving(NAMES):
        for writer in writers:
            writer.start()
        try:
            yield
        finally:
            over.set()
            for writer in writers:
                writer.join()


def _write_znodes(watched: Watched, over: threading.Event) -> None:
    client = KazooClient(hosts=watched.ensemble.connect_string, timeout=4.0)
    client.start(timeout=zookeeper.START_LIMIT)
    while not over.wait(0.02):
        with suppress(KazooException, KazooTimeoutError):
            client.create_async("/load/znode-", bytes(500), makepath=True, sequence=True).get(timeout=1.0)
    client.stop()


def _write_records(watched: Watched, over: threading.Event) -> None:
    producer = KafkaProducer(bootstrap_servers=watched.cluster.bootstrap_servers, acks=1, **PATIENT)
    while not over.wait(0.02):
        with suppress(KafkaError):
            producer.send("strict", bytes(1000))
    producer.close(timeout=5)


if __name__ == "__main__":
    sys.exit(main())
