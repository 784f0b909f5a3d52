"""Secrets on real servers: what all the machine may see while a volume is formatted and a server starts and runs."""

import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.server.distributions import CORE, KRAFT, KRAFT_CORE, Distribution, Product
from tests.server.kraft import KRaftSet, combined_pods
from tests.server.kraft import running as running_kafka
from tests.server.pods import Pod
from tests.server.processes import ServerProcess
from tests.server.versions import fetched, marks_of
from tests.server.zookeeper import make_pods
from tests.server.zookeeper import running as running_zookeeper

pytestmark = pytest.mark.server

CANARY = "Canary5f0c3e1ab7"
_PAUSE = 0.005

ZOOKEEPER = {
    "ZK_CFG_ssl_keyStore_password": CANARY,
    "ZK_CFG_ssl_quorum_trustStore_password": CANARY,
    "ZK_CFG_DigestAuthenticationProvider_superDigest": f"super:{CANARY}",
}

_JAAS = f'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="{CANARY}";'

KAFKA = {
    "KAFKA_SSL_KEYSTORE_PASSWORD": CANARY,
    "KAFKA_SSL_KEY_PASSWORD": CANARY,
    "KAFKA_SASL_JAAS_CONFIG": _JAAS,
    "KAFKA_LISTENER_NAME_INTERNAL_PLAIN_SASL_JAAS_CONFIG": _JAAS,
    "KF_REPLICAS": "1",
}


class Watch:
    """Reads the command line of every process of this machine again and again while the ``with`` block runs."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        """All that was read."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.is_set():
            for process in Path("/proc").iterdir():
                if process.name.isdigit():
                    try:
                        self.seen.add((process / "cmdline").read_bytes())
                    except OSError:
                        continue
            time.sleep(_PAUSE)


def leaks(pod: Pod, server: ServerProcess, watch: Watch) -> Iterator[str]:
    """Yield where the secret is and should not be."""
    secret = CANARY.encode()
    yield from (f"command line {line!r}" for line in watch.seen if secret in line)
    yield from exposures(pod, server, CANARY)


def exposures(pod: Pod, server: ServerProcess, secret: str) -> Iterator[str]:
    """Yield where others than the server may see *secret* while it runs: its process, and files that are shared."""
    wanted = secret.encode()
    for told in ("cmdline", "environ"):
        if wanted in Path(f"/proc/{server.pid}/{told}").read_bytes():
            yield f"the server's {told}"
    for path in pod.folder.rglob("*"):
        if path.is_file() and wanted in path.read_bytes() and stat.S_IMODE(path.stat().st_mode) != 0o600:
            yield f"{path} of mode {stat.S_IMODE(path.stat().st_mode):o}"


def key_line(stores: Path) -> str:
    """Return a line of the key that stands in a server's *stores* as PEM, whatever form the mounted one has."""
    text = (stores / "server.pem").read_text().partition("PRIVATE KEY-----\n")[2].partition("-----END")[0]
    lines = text.splitlines()
    return lines[len(lines) // 2]


NODES = [
    pytest.param(version, id=str(version), marks=marks_of(version, KRAFT_CORE))
    for version in KRAFT
    if version.release >= (3, 9)
]


@pytest.mark.parametrize("distribution", NODES)
def test_kafka_is_formatted_and_started_in_secret(distribution: Distribution, tmp_path: Path) -> None:
    """By its own tool and with its own log, which hides what it knows for a password."""
    (tmp_path / "given").write_text(CANARY)
    environ = {**KAFKA, "KAFKA_SSL_TRUSTSTORE_PASSWORD_FILE": f"{tmp_path}/given"}
    pod = combined_pods(tmp_path, fetched(distribution), environ).pods[0]
    alone = KRaftSet(distribution=distribution, controllers=[pod], brokers=[pod])
    with Watch() as watch, running_kafka(alone) as cluster:
        cluster.wait_until_ready()
        found = list(leaks(pod, cluster.running[pod.name], watch))

    assert found == []
    assert any(b"kafka.tools.StorageTool" in line for line in watch.seen)
    assert CANARY in Path(pod.environ["KF_CONFIG_FILE"]).read_text()


def test_zookeeper_is_started_in_secret(tmp_path: Path) -> None:
    """Its file has them, and nothing else."""
    newest = max((one for one in CORE if one.product is Product.ZOOKEEPER), key=lambda one: one.release)
    (pod,) = make_pods(tmp_path, 1, ZOOKEEPER)
    with Watch() as watch, running_zookeeper([pod], fetched(newest)) as alone:
        alone.wait_until_ready()
        found = list(leaks(pod, alone.servers[0], watch))

    assert found == []
    assert any(b"QuorumPeerMain" in line for line in watch.seen)
    assert CANARY in Path(pod.environ["ZK_CONF_DIR"], "zoo.cfg").read_text()
