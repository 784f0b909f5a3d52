"""A dynamic ensemble behind TLS, each pod with its own network: it grows and shrinks, and no plain port is open."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.members.network import LARGEST, SERVICE, Network, client_address, server_address, why_not
from tests.members.statefulset import StatefulSet
from tests.server.distributions import MATRIX, SECURED_CORE, Distribution, Product
from tests.server.hosts import DOMAIN_SUFFIX
from tests.server.versions import fetched, marks_of

pytestmark = pytest.mark.server

PATIENCE = 120.0
ROOT = Authority("root")
NAMES = [f"*.{SERVICE}.{DOMAIN_SUFFIX}", *(of(at) for at in range(LARGEST) for of in (server_address, client_address))]
SECURED = [
    pytest.param(version, id=str(version), marks=marks_of(version, SECURED_CORE))
    for version in MATRIX
    if version.product is Product.ZOOKEEPER and version.release >= (3, 5)
]


@pytest.mark.parametrize("distribution", SECURED)
def test_a_dynamic_ensemble_changes_its_size(distribution: Distribution, tmp_path: Path) -> None:
    """`members` and `resize` ask over TLS; the list binds each plain port to loopback."""
    if reason := why_not():
        pytest.skip(reason)
    secret = ROOT.issue(*NAMES, kind="rsa").write(tmp_path / "secret", ROOT.ca_crt, "PKCS#1, SEC1")
    spec = {"ZK_RECONFIG": "true", "ZK_REPLICAS": "3", "ZK_TLS_DIR": str(secret)}
    with (
        Network(tmp_path / "network", 5) as network,
        StatefulSet(network, tmp_path / "pods", fetched(distribution)) as pods,
    ):
        pods.create(range(3), spec)
        pods.await_ready(range(3), PATIENCE)
        pods.create(range(3, 5), spec)
        pods.await_ready(range(5), PATIENCE)
        first = pods.pods[0]
        for size in ("5", "3"):
            done = first.run("zkboot", "resize", size, "--timeout", "120")
            assert done.returncode == 0, done.stderr
        shown = first.run("zkboot", "members")
        rows = (first.conf / "zoo.cfg.dynamic").read_text().splitlines()
        listening = subprocess.run(
            first._sandbox.inside(*shlex.split("ss -Hltn")), capture_output=True, text=True, check=True
        ).stdout.split()

    assert (shown.returncode, shown.stdout.count(" yes ")) == (0, 3), shown.stdout + shown.stderr
    assert all(row.endswith(";127.0.0.1:2181") for row in rows if row.startswith("server."))
    assert [address for address in listening if address.endswith(":2181")] == ["[::ffff:127.0.0.1]:2181"]
