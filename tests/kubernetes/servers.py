"""The servers of one StatefulSet: who they are, who leads, how many were away at once."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.kubernetes.kubectl import READY_LIMIT, Json, Kubectl, Watch

DOCKER = Path(__file__).parents[2] / "docker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What a manifest of this project runs."""

    name: str
    """Also that of the client's script."""
    manifest: Path
    statefulset: str
    service: str
    port: int
    leads: Sequence[str] = ()
    """The command that prints in a pod which id leads, and since when; nothing where `zkReady` tells."""

    @property
    def selector(self) -> str:
        """The label of all pods."""
        return f"app={self.statefulset}"

    @property
    def client_label(self) -> str:
        """The label that the network policy asks of clients."""
        return f"{self.name}-client"

    def documents(self) -> list[Json]:
        """Return the objects of the manifest."""
        return list(yaml.safe_load_all(self.manifest.read_text(encoding="utf-8")))

    def image(self) -> str:
        """Return the image that the manifest names."""
        found = re.search(r"image: (\S+)", self.manifest.read_text(encoding="utf-8"))
        assert found is not None
        return found[1]


_ACTIVE_CONTROLLER = """
import sys
sys.path.insert(0, "/opt/zk-kafka-boot")
from kazoo.client import KazooClient
client = KazooClient(hosts="zookeeper:2181")
client.start(timeout=60)
print(client.get("/controller")[0].decode())
"""

ZOOKEEPER = Product(
    name="zookeeper",
    manifest=DOCKER / "zookeeper" / "zookeeper.yaml",
    statefulset="zk",
    service="zk-svc",
    port=2181,
)
KAFKA = Product(
    name="kafka",
    manifest=DOCKER / "kafka" / "kafka.yaml",
    statefulset="kafka",
    service="kafka-svc",
    port=9092,
    leads=("python3", "-c", _ACTIVE_CONTROLLER),
)
KRAFT = Product(
    name="kafka",
    manifest=DOCKER / "kafka-kraft" / "kafka-kraft.yaml",
    statefulset="kafka",
    service="kafka-svc",
    port=9092,
    leads=("cat", "/var/lib/kafka/data/__cluster_metadata-0/quorum-state"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod as the API shows it."""

    name: str
    uid: str
    node: str
    address: str
    is_ready: bool
    is_leaving: bool
    is_running: bool
    """Whether all its containers run, as far as is known of its node."""
    restarts: int
    labels: dict[str, str]

    @property
    def ordinal(self) -> int:
        """The number of the pod in its StatefulSet."""
        return int(self.name.rpartition("-")[2])

    @property
    def run(self) -> tuple[str, int]:
        """What tells its containers from earlier ones: those of another pod, or of this one before they ended."""
        return self.uid, self.restarts

    @classmethod
    def of(cls, shown: Json) -> "Pod":
        """Return what an object of the API says."""
        meta, status = shown["metadata"], shown.get("status", {})
        conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
        containers = status.get("containerStatuses", [])
        is_ready = conditions.get("Ready") == "True"
        # The kubelet changes both at once; on a node that is lost only the first is changed, by the control plane.
        is_lost = not is_ready and conditions.get("ContainersReady") == "True"
        return cls(
            name=meta["name"],
            uid=meta["uid"],
            node=shown["spec"].get("nodeName", ""),
            address=status.get("podIP", ""),
            is_ready=is_ready,
            is_leaving="deletionTimestamp" in meta,
            is_running=bool(containers) and all("running" in one["state"] for one in containers) and not is_lost,
            restarts=sum(one["restartCount"] for one in containers),
            labels=meta.get("labels", {}),
        )


class Servers:
    """The pods of a product's StatefulSet in one namespace."""

    def __init__(self, kubectl: Kubectl, product: Product) -> None:
        self.kubectl, self.product = kubectl, product

    def pods(self) -> list[Pod]:
        """Return those that there are, by their ordinals."""
        found = [Pod.of(shown) for shown in self.kubectl.items("pods", self.product.selector)]
        return sorted(found, key=lambda pod: pod.ordinal)

    def pod(self, name: str) -> Pod | None:
        """Return the pod of this name, where there is one."""
        return next((pod for pod in self.pods() if pod.name == name), None)

    def wait_until_ready(self, replicas: int, without: Sequence[Pod] = (), timeout: float = READY_LIMIT) -> float:
        """Return after how many seconds there are so many, all of them ready and none of *without* among them."""
        past = {pod.uid for pod in without}

        def are_ready() -> bool:
            pods = self.pods()
            return len(pods) == replicas and all(
                pod.is_ready and not pod.is_leaving and pod.uid not in past for pod in pods
            )

        return self.kubectl.wait_until(are_ready, f"{replicas} ready pods of {self.product.statefulset}", timeout)

    def rollout(self, *verb: str) -> float:
        """Do it, wait as `kubectl rollout status` does, and until all are ready; return how many seconds it took."""
        began = time.monotonic()
        target = f"statefulset/{self.product.statefulset}"
        if verb:
            self.kubectl.run("rollout", *verb, target)
        self.kubectl.run("rollout", "status", target, f"--timeout={READY_LIMIT:g}s", timeout=READY_LIMIT + 60)
        self.wait_until_ready(self.replicas())
        return time.monotonic() - began

    def replicas(self) -> int:
        """Return how many there shall be."""
        return int(self.kubectl.get("statefulset", self.product.statefulset)["spec"]["replicas"])

    def scale(self, replicas: int) -> None:
        """Have the StatefulSet scaled; nobody waits."""
        self.kubectl.run("scale", "statefulset", self.product.statefulset, f"--replicas={replicas}")

    def leader(self) -> Pod:
        """Return the pod that leads the ensemble, or is the active controller; waits until there is one."""
        found: list[Pod] = []

        def is_found() -> bool:
            found[:] = [pod for pod in self.pods() if pod.is_ready and self._leads(pod)]
            return len(found) == 1

        self.kubectl.wait_until(is_found, f"one leader of {self.product.statefulset}")
        return found[0]

    def _leads(self, pod: Pod) -> bool:
        if not self.product.leads:
            return self.kubectl.exec(pod.name, "zkReady").output == "leader"
        where = "zk-0" if self.product is KAFKA else pod.name
        said = self.kubectl.exec(where, *self.product.leads)
        shown: dict[str, Any] = json.loads(said.stdout) if said.status == 0 else {}
        return shown.get("leaderId", shown.get("brokerid")) == pod.ordinal + 1

    def endpoints(self) -> list[str]:
        """Return the name and port of each server."""
        return [f"{pod.name}.{self.product.service}:{self.product.port}" for pod in self.pods()]


def most_away(watch: Watch, names: Sequence[str]) -> int:
    """Return how many of these servers were away at one time, after all had been there.

    Away is one that is missing, is leaving, has ended, is on a lost node, or has not been ready since it was started.
    One that has been ready since then, and runs, is not away while it is unready: without a leader all are.
    """
    there: dict[str, tuple[str, int]] = {}
    most, all_were_there = 0, False
    for kind, shown in watch.events():
        pod = Pod.of(shown)
        if kind == "DELETED" or pod.is_leaving or not pod.is_running:
            there.pop(pod.name, None)
        elif pod.is_ready:
            there[pod.name] = pod.run
        elif there.get(pod.name) != pod.run:
            there.pop(pod.name, None)
        away = len(set(names).difference(there))
        all_were_there = all_were_there or away == 0
        if all_were_there:
            most = max(most, away)
    return most
