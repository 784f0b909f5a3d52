"""`kafkaboot tls` beside real brokers with ZooKeeper: from 2.3 on they read the new files, before they must restart."""

from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.server import zookeeper
from tests.server.distributions import CORE, MATRIX, Distribution, Product, find
from tests.server.kafka import make_pods, running
from tests.server.kafka_tls import NAMES, mount
from tests.server.test_kafka import ZOOKEEPER_OF
from tests.server.versions import fetched, marks_of
from tests.server.zookeeper_tls import Client

pytestmark = pytest.mark.server

ROOT = Authority("root")
ASKED_SINCE = (2, 3)
CASES = [
    pytest.param(version, id=str(version), marks=marks_of(version, CORE))
    for version in MATRIX
    if version.product is Product.KAFKA and version.release >= (1, 1)
]


@pytest.mark.parametrize("distribution", CASES)
def test_a_new_certificate_is_shown_without_a_restart(distribution: Distribution, tmp_path: Path) -> None:
    """To clients and to brokers; where that cannot be, the old files stay."""
    line = ZOOKEEPER_OF[".".join(map(str, distribution.release[:2]))]
    servers = zookeeper.make_pods(tmp_path / "zk", 1)
    secret = ROOT.issue(*NAMES).write(tmp_path / "secret", ROOT.ca_crt)
    peer = Client(tmp_path / "peer", ROOT, ROOT.issue(*NAMES))
    with zookeeper.running(servers, fetched(find(Product.ZOOKEEPER, line))) as ensemble:
        ensemble.wait_until_ready()
        pod, *_ = make_pods(tmp_path / "kafka", fetched(distribution), ensemble.connect_string, {"KF_REPLICAS": "1"})
        clients, brokers = mount([pod], [secret])
        with running([pod], distribution) as started:
            started.wait_until_ready()
            before = peer.serial_at((pod.address, brokers))
            issued = ROOT.issue(*NAMES)
            issued.write(secret, ROOT.ca_crt)
            done = pod.run("kafkaboot", "tls")
            found = [peer.serial_at((pod.address, port)) for port in (clients, brokers)]

        if distribution.release >= ASKED_SINCE:
            assert (done.returncode, done.stdout.startswith("renewed")) == (0, True), done.stderr
            assert found == [issued.serial] * 2
        else:
            assert (done.returncode, "before Kafka 2.3" in done.stderr) == (75, True), done.stderr
            assert found == [before] * 2
