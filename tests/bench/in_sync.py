"""What `--in-sync` costs as a cluster grows: made-up ones, of which a peer tells as a broker would, and a real one."""

import os
import statistics
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from kafkaboot.probes.remembered import ALL_TIME
from tests.bench.cost import Contender, race
from tests.commands import clean_environ
from tests.made_up_cluster import Cluster, make_up
from tests.server import kafka, zookeeper
from tests.server.distributions import Product, find
from tests.server.hosts import resolving
from tests.server.ports import free_ports
from tests.server.processes import wait_until
from tests.server.versions import fetched
from tests.serving import Serving, serving
from tests.unit.kafkaboot.probes.recorded_broker import frame, read_request, recorded, request_name, with_id
from tests.unit.scripted_server import Caller, ScriptedServer

SIZES = (100, 1000, 10_000, 50_000, 100_000, 200_000)
"""Partitions of the clusters, ten a topic, each on three of a hundred brokers."""

REAL_TOPICS = 100
A_TOPIC = 30
"""Topics of the real cluster, and partitions of each."""

_READY_LIMIT = 600.0

OWN = 1

A_MINUTE = 12
"""Requests of a kubelet that asks every five seconds."""

VERSIONS = recorded("4.4.0-broker.api-versions0")


def measure(folder: Path, scripts: Path, rounds: int) -> None:
    """Print the curve, *rounds* runs of the exec probe for each size."""
    print(
        f"`--in-sync`, {rounds} runs, and {A_MINUTE} requests in each of two minutes (targets with 100,000: at most 60"
        " and 10 ms):\n"
    )
    print(
        "| partitions of the cluster | hosted here | `kafkaReady --in-sync`, CPU ms | `/readyz?in-sync`, CPU ms: first"
        " minute | second |"
    )
    print("| --- | --- | --- | --- | --- |")
    for size in SIZES:
        cluster = make_up(size)
        volume = folder / str(size)
        for topic in cluster.topics_of(OWN):
            (volume / f"{topic}-0").mkdir(parents=True)
        hosted = sum(OWN in row.replicas for rows in cluster.topics.values() for row in rows)
        with ScriptedServer(_Broker(cluster)) as peer:
            environ = {
                "POD_NAME": "kafka-0",
                "KF_HOME": "/nonexistent",
                "KF_PROBE_HOST": "127.0.0.1",
                "KF_PROBE_PORT": str(peer.port),
                "KAFKA_LOG_DIRS": str(volume),
                # To make up an answer on all topics takes the peer seconds, once.
                "KF_PROBE_TIMEOUT": "30",
            }
            costs = _measure(scripts, environ, rounds, volume.with_suffix(".log"))
        print(f"| {size:,} | {hosted:,} | {costs}", flush=True)
    _measure_real(folder, scripts, rounds)
    print()


def _measure_real(folder: Path, scripts: Path, rounds: int) -> None:
    """Print the row of a real broker, one of three that have all partitions."""
    servers = zookeeper.make_pods(folder / "zk", 1, {"ZK_PURGE_INTERVAL": "1"})
    version = fetched(find(Product.KAFKA, "3.9"))
    with zookeeper.running(servers, fetched(find(Product.ZOOKEEPER, "3.9"))) as ensemble:
        pods = kafka.make_pods(folder / "kafka", version, ensemble.connect_string)
        with kafka.running(pods, version) as cluster:
            cluster.wait_until_ready()
            with (
                resolving(kafka.NAMES),
                closing(KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)) as admin,
            ):
                for number in range(REAL_TOPICS):
                    admin.create_topics([NewTopic(f"team-{number}", num_partitions=A_TOPIC, replication_factor=3)])
            wait_until(
                lambda: (
                    pods[0].run("kafkaReady", "--in-sync").stdout.endswith(f" {REAL_TOPICS * A_TOPIC} partitions\n")
                ),
                "all partitions are in sync",
                timeout=_READY_LIMIT,
            )
            costs = _measure(scripts, pods[0].whole_environ(), rounds, folder / "real.log")
    print(f"| {REAL_TOPICS * A_TOPIC:,}, of {version} | all | {costs}", flush=True)


class _Broker:
    """Answers as a broker of *cluster*; an answer to the same question is made once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._answers: dict[bytes, bytes] = {}

    def __call__(self, caller: Caller) -> None:
        while request := read_request(caller):
            if request_name(request) == "api-versions0":
                caller.send(with_id(VERSIONS, request))
                continue
            if request not in self._answers:
                self._answers[request] = frame(self._cluster.reply(request))
            caller.send(self._answers[request])


def _measure(scripts: Path, given: Mapping[str, str], rounds: int, log: Path) -> str:
    """Return the median of the exec probe's CPU time and the means of a request's, in milliseconds, as cells."""
    (own,) = free_ports(1, ["127.0.0.1"])
    environ = clean_environ({**given, "PATH": f"{scripts}:{os.environ['PATH']}", "KF_HTTP_PORT": str(own)})
    probe = Contender(name="in-sync", command=["kafkaReady", "--in-sync"], environ=environ)
    race([probe], rounds)
    if probe.failures:
        raise RuntimeError(f"{probe.failures} of {rounds} probes failed")
    with serving([scripts / "kafkaboot", "serve"], environ, own, log) as served:
        first = _mean_of_a_minute(served)
        time.sleep(ALL_TIME)
        second = _mean_of_a_minute(served)
    return f"{statistics.median(probe.cpu_ms):.1f} | {first:.1f} | {second:.1f} |"


def _mean_of_a_minute(served: Serving) -> float:
    """Return the milliseconds of CPU of a request, of as many as a minute has: one of them asks for all topics."""
    before = served.cpu_seconds
    replies = [served.ask("/readyz?in-sync") for _ in range(A_MINUTE)]
    if any(reply.status != 200 for reply in replies):
        raise RuntimeError(replies[0].text)
    return (served.cpu_seconds - before) * 1000 / A_MINUTE
