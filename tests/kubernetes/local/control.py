"""The control plane, the DNS, the volumes and cert-manager, in the namespaces around the nodes.

`python -m …control FOLDER` prints `ready` when every node is, and goes on until it is ended.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.kubernetes.local.cluster import CONTROL, DOMAIN, SERVICES, Cluster
from tests.kubernetes.local.commands import CommandError, output_of
from tests.kubernetes.local.node import start_node

READY_LIMIT = 600.0
"""Seconds for each step on a busy machine; no figure."""

VOLUMES = 200
"""More than all tests of a run claim."""

_CAPACITY = "100Gi"
_PAUSE = 0.2

_COREFILE = """\
.:53 {{
    errors
    kubernetes {domain} in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
        ttl 30
    }}
    cache 30 {{
        disable success {domain}
        disable denial {domain}
    }}
}}
"""
"""As kubeadm writes it since 1.31."""


class Control:
    """The processes beside the nodes."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the cluster whose namespaces this process is in."""
        self._cluster = cluster
        self._folder = cluster.path("control")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start everything, and return when every node is ready; SystemExit where one is not."""
        self._folder.mkdir()
        _make_network()
        self._start_api_server()
        self._start("kube-controller-manager", *self._of_controller_manager())
        self._start("kube-scheduler", *_of_client(self._cluster.kubeconfig("scheduler")))
        (self._folder / "Corefile").write_text(
            _COREFILE.format(domain=DOMAIN, kubeconfig=self._cluster.kubeconfig("admin"))
        )
        self._start("coredns", "-conf", str(self._folder / "Corefile"))
        self._kubectl(
            "apply", "--filename=-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": self._storage()})
        )
        self._start_cert_manager()
        for node in self._cluster.node_names:
            start_node(self._cluster, node)
        self._until("every node is ready", self._are_nodes_ready)

    def watch(self) -> None:
        """Return with a sentence when one of the processes has ended, which none should."""
        while True:
            self._check()
            time.sleep(1)

    def _start(self, name: str, *words: str) -> None:
        with (self._folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [name, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._cluster.environ
            )

    def _start_api_server(self) -> None:
        pki = self._cluster.path("pki")
        self._start(
            "etcd",
            f"--data-dir={self._folder / 'etcd'}",
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )
        self._start(
            "kube-apiserver",
            "--etcd-servers=http://127.0.0.1:2379",
            f"--advertise-address={CONTROL}",
            f"--service-cluster-ip-range={SERVICES}",
            f"--client-ca-file={pki / 'ca.crt'}",
            f"--tls-cert-file={pki / 'apiserver.crt'}",
            f"--tls-private-key-file={pki / 'apiserver.key'}",
            f"--kubelet-client-certificate={pki / 'admin.crt'}",
            f"--kubelet-client-key={pki / 'admin.key'}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-issuer=https://kubernetes.default.svc.{DOMAIN}",
            f"--service-account-key-file={pki / 'service-accounts.key'}",
            f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--profiling=false",
        )
        # Controllers that start before the API server's roles exist end at once.
        self._until("the API server is ready", lambda: self._kubectl("get", "--raw=/readyz") == "ok")

    def _start_cert_manager(self) -> None:
        program = shutil.which("cert-manager", path=self._cluster.programs)
        assert program is not None
        definitions = f"--filename={Path(program).with_name('crds')}"
        # They are larger than the annotation that another apply would keep them in.
        self._kubectl("apply", "--server-side", definitions)
        self._kubectl("wait", "--for=condition=Established", "--timeout=60s", definitions)
        self._start("cert-manager")

    def _of_controller_manager(self) -> list[str]:
        pki = self._cluster.path("pki")
        return [
            *_of_client(self._cluster.kubeconfig("controller-manager")),
            f"--service-account-private-key-file={pki / 'service-accounts.key'}",
            f"--root-ca-file={pki / 'ca.crt'}",
            "--use-service-account-credentials=true",
        ]

    def _storage(self) -> list[dict[str, object]]:
        """Return a class whose volumes every node can mount, like a network's; each belongs to root, as new ones do."""
        storage_class: dict[str, object] = {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        }
        return [storage_class, *(self._volume(number) for number in range(VOLUMES))]

    def _volume(self, number: int) -> dict[str, object]:
        path = self._cluster.path("volumes", f"{number:03}")
        path.mkdir(parents=True)
        (path / "lost+found").mkdir(mode=0o700)
        everywhere = [{"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]}]
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"volume-{number:03}"},
            "spec": {
                "capacity": {"storage": _CAPACITY},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": "standard",
                "local": {"path": str(path)},
                "nodeAffinity": {"required": {"nodeSelectorTerms": everywhere}},
            },
        }

    def _are_nodes_ready(self) -> bool:
        nodes = json.loads(self._kubectl("get", "nodes", "--output=json"))["items"]
        conditions = [condition for node in nodes for condition in node["status"].get("conditions", [])]
        ready = sum(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
        return bool(ready == self._cluster.nodes)

    def _kubectl(self, *words: str, given: str | None = None) -> str:
        return output_of("kubectl", *words, environ=self._cluster.environ, given=given)

    def _until(self, what: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_LIMIT
        while time.monotonic() < deadline:
            self._check()
            with suppress(CommandError):
                if is_so():
                    return
            time.sleep(_PAUSE)
        sys.exit(f"{what}: not after {READY_LIMIT:g} s{self._last_words_of_nodes()}")

    def _last_words_of_nodes(self) -> str:
        logs = sorted(self._cluster.path("nodes").glob("*/*.log"))
        return "".join(f"\n--- {log}\n{log.read_text(errors='replace')[-500:]}" for log in logs)

    def _check(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                words = (self._folder / f"{name}.log").read_text(errors="replace")[-2000:]
                sys.exit(f"{name} ended with {process.returncode}: {words}")


def _make_network() -> None:
    """Make the bridge that the nodes are connected by."""
    for words in (
        ("link", "set", "lo", "up"),
        ("link", "add", "br0", "type", "bridge"),
        ("addr", "add", f"{CONTROL}/24", "dev", "br0"),
        ("link", "set", "br0", "up"),
    ):
        output_of("ip", *words)
    output_of("sysctl", "--quiet", "--write", "net.ipv4.ip_forward=1")


def _of_client(kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--leader-elect=false",
    ]


def main() -> None:
    """Run until it is ended."""
    control = Control(Cluster.load(sys.argv[1]))
    control.start()
    print("ready", flush=True)
    control.watch()


if __name__ == "__main__":
    main()
