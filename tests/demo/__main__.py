"""`python -m tests.demo [kraft] [tls] [keep]`: pods on this machine, started, probed, used and stopped.

All by our commands: three ZooKeeper servers and three brokers, or, with `kraft`, three nodes of the newest Kafka, which
needs no ZooKeeper. Beside each server runs the `serve` of its sidecar. With `tls` all speak TLS alone, by certificates
that openssl makes. With `keep` they stay until Ctrl-C.
"""

import signal
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.demo.messages import Exchange, exchange
from tests.demo.secure import Certificates, ask_by_kafkas_tool, ask_kafka, ask_zookeeper, make_certificates
from tests.demo.sidecars import Sidecar, Sidecars, beside
from tests.demo.table import Row, render
from tests.server import kafka, kraft, zookeeper
from tests.server.cache import FetchError
from tests.server.distributions import KRAFT_DEMO, Product, find
from tests.server.kafka_tls import mount
from tests.server.pods import Pod
from tests.server.toolchain import MissingToolError
from tests.server.versions import fetched
from tests.server.zookeeper_tls import make_tls_pods, secure_connect_string

_STARTED = time.monotonic()


def main() -> int:
    """Run the demo; return 0 when every pod was ready and the message came back."""
    signal.signal(signal.SIGINT, _interrupt_once)
    try:
        return _kraft_demo() if "kraft" in sys.argv[1:] else _demo()
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
        tls = _certificates(folder, ["zookeeper", "kafka", "client"])
        servers = _servers(folder, tls)
        say(f"starting zk-0, zk-1, zk-2: {zookeeper_version}, each by `zkboot run`")
        with zookeeper.running(servers, zookeeper_version) as ensemble:
            connect_string = secure_connect_string(servers) if tls else ensemble.connect_string
            brokers = kafka.make_pods(folder, kafka_version, connect_string, {"KF_ZK_TLS": "true"} if tls else {})
            _secure(brokers, tls)
            say(f"starting kafka-0, kafka-1, kafka-2: {kafka_version}; `kafkaboot run` waits for the ensemble")
            with (
                kafka.running(brokers, kafka_version) as cluster,
                beside(servers, "zkboot") as zookeepers,
                beside(brokers, "kafkaboot") as kafkas,
            ):
                ensemble.wait_until_ready()
                say("zkReady: the ensemble has its leader")
                cluster.wait_until_ready()
                say("kafkaReady: three brokers are registered")
                sent = exchange(cluster.bootstrap_servers, say, tls.security if tls else None)
                if tls:
                    ask_zookeeper(tls, servers[0], say)
                    ask_kafka(tls, brokers[0], say)
                    ask_by_kafkas_tool(tls, cluster)
                rows = [_zookeeper_row(pod, zookeepers) for pod in servers]
                rows += [_broker_row(pod, sent, kafkas) for pod in brokers]
                _show(rows)
        say("stopped: every process got SIGTERM and ended")
    return 0 if all(row.ready for row in rows) else 1


def _kraft_demo() -> int:
    version = fetched(KRAFT_DEMO[0])
    with tempfile.TemporaryDirectory(prefix="zkb-demo-", ignore_cleanup_errors=True) as scratch:
        tls = _certificates(Path(scratch), ["kafka"])
        nodes = kraft.combined_pods(Path(scratch), version)
        _secure(nodes.pods, tls)
        say(f"starting kafka-0, kafka-1, kafka-2: {version}, each by `kafkaboot run`, which formats its empty volume")
        with kraft.running(nodes) as cluster, beside(cluster.pods, "kafkaboot") as sidecars:
            cluster.wait_until_ready()
            say("kafkaReady: three brokers are registered and unfenced")
            security = tls.security if tls else None
            sent = exchange(cluster.bootstrap_servers, say, security)
            if tls:
                ask_kafka(tls, cluster.pods[0], say)
            voters = cluster.voters(security)
            rows = [_node_row(pod, sent, voters, sidecars) for pod in cluster.pods]
            _show(rows)
        say("stopped: every process got SIGTERM and ended")
    return 0 if all(row.ready for row in rows) else 1


def _certificates(folder: Path, sides: Sequence[str]) -> Certificates | None:
    """Return certificates for *sides*, where TLS was asked for."""
    if "tls" not in sys.argv[1:]:
        return None
    say(f"making certificates for {', '.join(sides)}, in {folder / 'tls'}")
    return make_certificates(folder / "tls", sides)


def _servers(folder: Path, tls: Certificates | None) -> list[Pod]:
    """Return the pods of three ZooKeeper servers."""
    environ = {"ZK_PURGE_INTERVAL": "1"}
    if tls is None:
        return zookeeper.make_pods(folder, 3, environ)
    secret = tls.secret("zookeeper")
    say(f"for ZooKeeper: ZK_TLS_DIR={secret}")
    return make_tls_pods(folder, [secret] * 3, environ)


def _secure(brokers: Sequence[Pod], tls: Certificates | None) -> None:
    """Mount the certificate of Kafka in each of *brokers*, where there is one."""
    if tls is not None:
        secret = tls.secret("kafka")
        more = "; to reach ZooKeeper by it, too, KF_ZK_TLS=true" if "KF_ZK_TLS" in brokers[0].environ else ""
        say(f"for Kafka: KF_TLS_DIR={secret}{more}")
        mount(brokers, [secret] * len(brokers))


def _show(rows: Sequence[Row]) -> None:
    """Print what was found; where it was asked for, wait for Ctrl-C."""
    print(f"\n{render(rows)}\n", flush=True)
    if "keep" in sys.argv[1:]:
        say(f"all stay until Ctrl-C; try: curl {rows[0].http}")
        signal.pause()
    say("stopping")


def _node_row(pod: Pod, sent: Exchange, voters: Collection[int], sidecars: Sidecars) -> Row:
    """Return the row of a node that is a broker and, where it is among the *voters*, a controller."""
    row = _broker_row(pod, sent, sidecars)
    role = "broker, voter" if row.ready and int(row.server_id) in voters else "broker"
    return replace(row, role=role)


def _zookeeper_row(pod: Pod, sidecars: Sidecars) -> Row:
    server_id = Path(pod.environ["ZK_DATA_DIR"], "myid").read_text().strip()
    row = _row(pod, "zkReady", sidecars[pod.name])
    return replace(row, server_id=server_id)


def _broker_row(pod: Pod, sent: Exchange, sidecars: Sidecars) -> Row:
    row = _row(pod, "kafkaReady", sidecars[pod.name])
    broker_id = row.role.split()[1] if row.ready else "-"
    return replace(row, server_id=broker_id, role="controller" if broker_id == str(sent.controller_id) else "broker")


def _row(pod: Pod, probe: str, sidecar: Sidecar) -> Row:
    """Return the row of a pod, whose role is what the probe printed; it is ready where its sidecar says the same."""
    found, latency = _timed(pod, probe)
    status, text = sidecar.ask()
    ready = bool(found) and (status, text) == (200, f"{found}\n")
    if found and not ready:
        say(f"{pod.name}: {sidecar.address}: {status} {text.strip()}")
    return Row(pod=pod.name, server_id="-", role=found or "-", ready=ready, latency_ms=latency, http=sidecar.address)


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
