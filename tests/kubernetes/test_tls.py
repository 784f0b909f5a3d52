"""The overlays with TLS: what comes up, who is let in, and a certificate that is renewed under the running servers.

cert-manager makes the Secrets, and makes them anew when it is asked to, as `cmctl renew` does.
"""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.kubernetes.kubectl import Kubectl
from tests.kubernetes.servers import KAFKA, KRAFT, ZOOKEEPER, Product, Servers
from tests.kubernetes.stands import prepare

DOCKER = ZOOKEEPER.manifest.parents[1]

RENEWAL_LIMIT = 300.0
"""Seconds for the kubelet to mount a Secret that has changed, and for the sidecar to see it: 2 minutes as a rule."""

_WRITE = """
import sys
sys.path.insert(0, "/opt/zk-kafka-boot")
from kazoo.client import KazooClient
client = KazooClient(
    hosts="zookeeper:2281", use_ssl=True, ca="/tls/ca.crt", certfile="/tls/tls.crt", keyfile="/tls/tls.key"
)
client.start(timeout=60)
client.create("/tls", b"written")
client.sync("/tls")
print(client.get("/tls")[0].decode())
"""

_PLAIN = """
import socket
with socket.create_connection(("zk-1.zk-svc", 2181), 5):
    pass
"""


@pytest.fixture(autouse=True)
def _cert_manager(cluster: str) -> None:
    """Have a cluster with cert-manager."""
    if Kubectl().call("get", "crd", "certificates.cert-manager.io").status:
        pytest.skip(f"this cluster ({cluster}) has no cert-manager")


def test_zookeeper(namespace: Kubectl, tmp_path: Path) -> None:
    """A client writes by TLS, plain text is refused, and a renewed certificate is shown without a restart."""
    servers = Servers(namespace, ZOOKEEPER)
    namespace.apply(_built(ZOOKEEPER, namespace.namespace, tmp_path))
    servers.rollout()

    assert namespace.exec("zk-0", "python3", "-c", _WRITE).output == "written"
    # In the pod itself, which no policy keeps from its own ports.
    assert "ConnectionRefusedError" in namespace.exec("zk-1", "python3", "-c", _PLAIN).stderr
    _is_renewed(servers, "zk-tls", 2281)


def test_kafka_without_zookeeper(namespace: Kubectl, tmp_path: Path) -> None:
    """All three are ready, which their sidecars ask by TLS; they have no plain port; and certificates are renewed."""
    servers = Servers(namespace, KRAFT)
    prepare(namespace, KRAFT)
    namespace.apply(_built(KRAFT, namespace.namespace, tmp_path))
    servers.rollout()

    for pod in servers.pods():
        assert "9092" not in namespace.exec(pod.name, "grep", "^listeners=", "/etc/kafka/server.properties").output
    _is_renewed(servers, "kafka-tls", 9093, 9094, 9095)


def test_kafka(namespace: Kubectl, tmp_path: Path) -> None:
    """Beside the overlay of ZooKeeper, whose authority it shares: all are ready, in no plain text, and are renewed."""
    namespace.apply(_built(ZOOKEEPER, namespace.namespace, tmp_path / "zookeeper"))
    Servers(namespace, ZOOKEEPER).rollout()
    servers = Servers(namespace, KAFKA)
    namespace.apply(_built(KAFKA, namespace.namespace, tmp_path / "kafka"))
    servers.rollout()

    for pod in servers.pods():
        shown = namespace.exec(
            pod.name, "grep", "-E", "^(listeners|zookeeper.connect)=", "/etc/kafka/server.properties"
        )
        assert [plain for plain in (":9092", ":2181") if plain in shown.output] == []
    _is_renewed(servers, "kafka-tls", 9094, 9095)


def _is_renewed(servers: Servers, certificate: str, *ports: int) -> None:
    """Check that all show one certificate, and another one after a renewal, and that none was restarted for it."""
    kubectl = servers.kubectl
    before = {pod.name: pod.run for pod in servers.pods()}

    def shown() -> set[int | None]:
        return {_serial(kubectl, pod, port) for pod in before for port in ports}

    (first,) = shown()
    assert first is not None
    # What `cmctl renew` does.
    asked = {"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "asked for by a test"}
    patch = json.dumps({"status": {"conditions": [asked]}})
    kubectl.run("patch", "certificate", certificate, "--subresource=status", "--type=merge", f"--patch={patch}")

    def show_another() -> bool:
        serials = shown()
        return len(serials) == 1 and serials.isdisjoint({first, None})

    kubectl.wait_until(show_another, "all show the new one", RENEWAL_LIMIT)
    assert {pod.name: pod.run for pod in servers.pods()} == before


def _built(product: Product, namespace: str, folder: Path) -> str:
    """Return what the overlay of *product* makes, with *namespace* in the line that says so."""
    name = product.manifest.stem
    for source in (product.manifest.parent, DOCKER / "tls" / name):
        shutil.copytree(source, folder / source.relative_to(DOCKER))
    overlay = folder / "tls" / name / "kustomization.yaml"
    text = overlay.read_text("utf-8")
    assert "\nnamespace: default\n" in text
    overlay.write_text(text.replace("\nnamespace: default\n", f"\nnamespace: {namespace}\n"), encoding="utf-8")
    return Kubectl().run("kustomize", overlay.parent)


_SHOW = """
import socket, ssl, sys
context = ssl.create_default_context(cafile="/tls/ca.crt")
context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # which asks for key identifiers, and Java does not
context.load_cert_chain("/tls/tls.crt", "/tls/tls.key")
name = socket.getfqdn()
with socket.create_connection((name, int(sys.argv[1])), 5) as connection:
    with context.wrap_socket(connection, server_hostname=name) as shown:
        print("serial", shown.getpeercert()["serialNumber"])
"""


def _serial(kubectl: Kubectl, pod: str, port: int) -> int | None:
    """Return the number of the certificate that *pod* shows at *port*, to somebody who verifies it."""
    found = re.search(r"serial (\w+)", kubectl.exec(pod, "python3", "-c", _SHOW, str(port)).output)
    return int(found[1], 16) if found is not None else None
