"""Clients that count, in pods beside the servers: what was acknowledged meanwhile, and what of it is still there.

They are the scripts of `tests/image/clients`, run by the Python of our images. kafka-python comes from the
environment of the tests.
"""

import importlib.util
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.kubernetes.kubectl import READY_LIMIT, Json, Kubectl, KubectlError
from tests.kubernetes.servers import Product, Servers
from tests.tally import Tally, acknowledged, numbers_found, tally_of, whole_rows

_SCRIPTS = Path(__file__).parents[1] / "image" / "clients"
_READ_LIMIT = 900.0

IDLE = ("sh", "-c", "exec sleep infinity")
"""The command of a pod in which commands are run."""


def client_pod(
    name: str,
    image: str,
    labels: dict[str, str],
    *,
    apart_from: str = "",
    command: Sequence[str] = IDLE,
    script: str = "",
) -> Json:
    """Return a pod of the restricted standard, away from the servers of a StatefulSet where there is a node left.

    A *script* is one of `tests/image/clients`; it finds its folder, /load, and its library;
    `ready_scripts` has made what the pod mounts.
    """
    apart = {
        "weight": 100,
        "podAffinityTerm": {
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": {"app": apart_from}},
        },
    }
    mounts = [{"name": "load", "mountPath": "/load"}]
    volumes: list[Json] = [{"name": "load", "emptyDir": {}}]
    if script:
        mounts.append({"name": "client", "mountPath": "/client"})
        volumes.append({"name": "client", "configMap": {"name": f"client-{script}"}})
    if script == "kafka":
        mounts.append({"name": "libraries", "mountPath": "/libraries"})
        volumes.append({"name": "libraries", "configMap": {"name": "libraries"}})
    container = {
        "name": "client",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": mounts,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [apart]}},
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "runAsGroup": 1000,
                "fsGroup": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": volumes,
        },
    }


def start_pod(kubectl: Kubectl, pod: Json) -> None:
    """Make a pod and return once it is ready."""
    kubectl.create(json.dumps(pod))
    name = pod["metadata"]["name"]
    kubectl.run("wait", f"pod/{name}", "--for=condition=Ready", f"--timeout={READY_LIMIT:g}s", timeout=READY_LIMIT + 60)


def ready_scripts(kubectl: Kubectl, script: str) -> None:
    """Make the ConfigMaps that a pod with this script mounts, where they are missing."""
    there = {one["metadata"]["name"] for one in kubectl.items("configmaps")}
    if f"client-{script}" not in there:
        kubectl.run("create", "configmap", f"client-{script}", f"--from-file={_SCRIPTS / script}.py")
    if script == "kafka" and "libraries" not in there:
        with TemporaryDirectory() as folder:
            archive = Path(folder, "kafka.zip")
            archive.write_bytes(_zipped("kafka"))
            kubectl.run("create", "configmap", "libraries", f"--from-file={archive}")


class Writer:
    """A client in a pod of its own that writes until it is stopped."""

    def __init__(self, servers: Servers, name: str = "client", hosts: Sequence[str] = ()) -> None:
        """Start writing, to *hosts* or to each server by its name; return once something was acknowledged."""
        self._servers, self._kubectl, self._product = servers, servers.kubectl, servers.product
        self.name, self._lapped = name, 0
        ready_scripts(self._kubectl, self._product.name)
        asked = ",".join(hosts or servers.endpoints())
        # The pod stays when the script has ended: its files are read from outside.
        line = f"echo {name} >/load/name; {self._line('write', asked)}; echo $? >/load/ended; exec sleep infinity"
        pod = client_pod(
            name,
            client_image(self._kubectl, self._product),
            {self._product.client_label: "true"},
            apart_from=self._product.statefulset,
            command=("sh", "-c", line),
            script=self._product.name,
        )
        start_pod(self._kubectl, pod)
        self.wait_for(1)

    def acknowledged(self) -> int:
        """Return how many writes were acknowledged up to now; KubectlError where the script has ended."""
        shown = self._shell("cat /load/ended; grep -c acked /load/log; true").split()
        if len(shown) > 1:
            raise KubectlError(f"{self.name} has ended: {self._kubectl.logs(self.name, '--tail=20')}")
        return int(shown[0]) if shown else 0

    def wait_for(self, writes: int, timeout: float = READY_LIMIT) -> None:
        """Return once this many writes more were acknowledged."""
        wanted = self.acknowledged() + writes
        self._kubectl.wait_until(lambda: self.acknowledged() >= wanted, f"{writes} writes by {self.name}", timeout)

    def lap(self) -> str:
        """Return the figures of what was written since the last lap, whatever is there."""
        rows = whole_rows(self._shell("cat /load/log"))
        # The last row of the lap before: the gap behind it is this one's.
        since, self._lapped = max(0, self._lapped - 1), len(rows)
        tally = tally_of(rows[since:], [])
        return f"{tally.acknowledged} acknowledged in {tally.seconds:.0f} s, longest gap {tally.longest_gap:.1f} s"

    def stop(self) -> None:
        """Stop writing after one more acknowledged write."""
        self.wait_for(1)
        self._shell("touch /load/stop")
        self._kubectl.wait_until(lambda: self._shell("cat /load/ended; true"), f"{self.name} has ended")

    def finish(self) -> Tally:
        """Stop, and look for all that was acknowledged on every server that there is."""
        self.stop()
        return self._compared()

    def lost(self, first: int | None = None) -> int:
        """Return how many of the acknowledged writes some server lacks: of all up to now, or of the *first* so many."""
        return self._compared(first).lost

    def _compared(self, first: int | None = None) -> Tally:
        endpoints = self._servers.endpoints()
        # What one ZooKeeper server has, each must have; a broker has only its partitions.
        asked = endpoints if self._product.name == "zookeeper" else [",".join(endpoints)]
        rows = whole_rows(self._shell("cat /load/log"))
        if first is not None:
            kept = set(acknowledged(rows)[:first])
            rows = [row for row in rows if row[1] in kept]
        return tally_of(rows, [self._found(servers) for servers in asked])

    def close(self) -> None:
        """End it at once."""
        self._kubectl.call("delete", "pod", self.name, "--ignore-not-found", "--force", "--grace-period=0")

    def _found(self, servers: str) -> set[str]:
        self._shell(f"rm -f /load/found; {self._line('read', servers)}", _READ_LIMIT)
        return numbers_found(self._shell("cat /load/found"))

    def _line(self, what: str, hosts: str) -> str:
        return f"python3 /client/{self._product.name}.py {what} {hosts}"

    def _shell(self, line: str, timeout: float = 120.0) -> str:
        done = self._kubectl.exec(self.name, "sh", "-c", line, timeout=timeout)
        if done.status != 0:
            raise KubectlError(f"{self.name}: {line}: {done.stderr[-2000:]}")
        return done.stdout


@contextmanager
def writing(servers: Servers, name: str = "client", hosts: Sequence[str] = ()) -> Iterator[Writer]:
    """Have a client write for as long as the context lasts."""
    writer = Writer(servers, name, hosts)
    try:
        yield writer
    finally:
        writer.close()


def client_image(kubectl: Kubectl, product: Product) -> str:
    """Return the image of the servers that run: it is on the nodes, and has a Python."""
    template = kubectl.get("statefulset", product.statefulset)["spec"]["template"]
    return str(template["spec"]["containers"][0]["image"])


def _zipped(name: str) -> bytes:
    """Return a package of the tests' own environment as an archive that Python imports from."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                file.write(path, path.relative_to(folder.parent))
    return archive.getvalue()
