"""Certificates renewed again and again, while clients write and others connect anew: nobody notices."""

from functools import partial
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.server import kafka_tls, zookeeper, zookeeper_tls
from tests.server.distributions import KRAFT_CORE, Distribution, Product, find
from tests.server.kafka import START_LIMIT
from tests.server.kraft import combined_pods
from tests.server.kraft import running as running_kraft
from tests.server.load import writing
from tests.server.pods import Pod
from tests.server.processes import wait_until
from tests.server.reconnecting import ask_kafka, ask_zookeeper, ports_of, reconnecting
from tests.server.versions import fetched
from tests.server.zookeeper_load import Writer
from tests.server.zookeeper_tls import Client

pytestmark = pytest.mark.server

ROOT = Authority("root")

RENEWALS = [pytest.param(3, id="3 renewals"), pytest.param(20, id="20 renewals", marks=pytest.mark.matrix)]


def renew(program: str, pods: list[Pod], secrets: list[Path], names: tuple[str, ...]) -> None:
    """Mount a new certificate in each of *pods*, one after the other, and have its server take it.

    As `serve` does, ask again where a busy server has not taken it in time: each listener must show the new one.
    """
    for pod, secret in zip(pods, secrets, strict=True):
        ROOT.issue(*names).write(secret, ROOT.ca_crt)
        said: list[str] = []

        def is_taken(pod: Pod = pod, said: list[str] = said) -> bool:
            done = pod.run(program, "tls")
            said.append(done.stdout or done.stderr)
            return done.returncode == 0

        wait_until(is_taken, f"{pod.name} shows its new certificate", timeout=START_LIMIT)
        assert len(said) > 1 or said[0].startswith("renewed"), said


@pytest.mark.parametrize("count", RENEWALS)
def test_clients_of_zookeeper_do_not_notice(count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither those who write nor those who connect."""
    names = zookeeper_tls.NAMES
    secrets = [ROOT.issue(*names).write(tmp_path / f"secret-{at}", ROOT.ca_crt) for at in range(3)]
    client = Client(tmp_path / "client", ROOT, ROOT.issue("client"))
    pods = zookeeper_tls.make_tls_pods(tmp_path, secrets)
    with zookeeper.running(pods, fetched(find(Product.ZOOKEEPER, "3.9"))) as ensemble:
        ensemble.wait_until_ready()
        ask = partial(ask_zookeeper, context=client.context())
        with client.session(pods) as session:
            writer = Writer(session)
            with writer.writing(), reconnecting(ports_of(pods, "ZK_TLS_PORT"), ask) as connections:
                for _ in range(count):
                    renew("zkboot", pods, secrets, names)
            tally = writer.tally([client.session([pod]) for pod in pods])
    with capsys.disabled():
        print(f"\n{count} renewals of three servers: {tally}; {connections}")

    assert (connections.failed, connections.answered > count) == ([], True)
    assert (tally.lost, tally.unknown, tally.acknowledged > 0) == (0, 0, True), str(tally)


@pytest.mark.parametrize("count", RENEWALS)
@pytest.mark.parametrize("distribution", KRAFT_CORE[-1:], ids=str)
def test_clients_of_kafka_do_not_notice(
    distribution: Distribution, count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor those of Kafka, where they must show a certificate."""
    names = kafka_tls.NAMES
    secrets = [ROOT.issue(*names).write(tmp_path / f"secret-{at}", ROOT.ca_crt) for at in range(3)]
    client = Client(tmp_path / "client", ROOT, ROOT.issue("client"))
    cluster = combined_pods(tmp_path, fetched(distribution), {"KF_TLS_CLIENT_AUTH": "required"})
    kafka_tls.mount(cluster.pods, secrets)
    with running_kraft(cluster) as started:
        started.wait_until_ready()
        name = started.bootstrap_servers[0].partition(":")[0]
        ask = partial(ask_kafka, context=client.context(), name=name)
        with writing(started.bootstrap_servers, client.security) as load:
            with reconnecting(ports_of(started.pods, "KF_PORT"), ask) as connections:
                for _ in range(count):
                    renew("kafkaboot", started.pods, secrets, names)
            acknowledged = set(load.acknowledged)
            lost = acknowledged - load.found()
    with capsys.disabled():
        print(
            f"\n{count} renewals of three brokers: {len(acknowledged)} acknowledged, {len(lost)} lost, "
            f"{load.refused} refused; {connections}"
        )

    assert (connections.failed, connections.answered > count) == ([], True)
    assert (lost, load.refused, bool(acknowledged)) == (set(), 0, True)
