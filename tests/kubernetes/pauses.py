"""`python -m tests.kubernetes.pauses`: how long clients of ZooKeeper stand still in a rolling update.

Clients by kazoo and by ZooKeeper's own library, eight of each by each way to the servers, write one after the other
while zookeeper.yaml is rolled. Told is each client's longest time without an acknowledgement in each roll.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.server.cache import class_path, fetch
from tests.server.distributions import Product, find

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "docker" / "zookeeper" / "zookeeper.yaml"
CLIENTS = Path(__file__).with_name("clients")
IMAGE = "zk-kafka-boot/zookeeper:3.9.4"
LIMIT = 1.5
"""Seconds that no client should stand still for."""

_START = 300.0
_ROLL = 600.0

WAYS = {
    "names": ",".join(f"zk-{ordinal}.zk-svc:2181" for ordinal in range(3)),
    "service": "zookeeper:2181",
}
"""By which addresses a client finds the servers."""

LIBRARIES = {
    "kazoo": ["python3", "/clients/pauses.py"],
    "java": ["java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", "/clients/pauses.jar:/opt/zookeeper/lib/*", "Pauses"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The clients of one library that go one way, which are one container of the library's pod."""

    library: str
    way: str
    servers: str
    number: int

    @property
    def name(self) -> str:
        """What its clients and its container are called."""
        return f"{self.library}-{self.way}"

    @property
    def clients(self) -> list[str]:
        """The names of its clients."""
        return [f"{self.name}-{number}" for number in range(self.number)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the clients of a group have told so far."""

    gaps: Mapping[str, list[tuple[float, float]]]
    heard: Mapping[str, float]
    """When each wrote last, to a few seconds."""

    @classmethod
    def parse(cls, log: str) -> "Told":
        """Return what is in a container's log."""
        gaps: dict[str, list[tuple[float, float]]] = {}
        heard: dict[str, float] = {}
        for line in log.splitlines():
            if not line.startswith('{"client"'):
                continue
            said = json.loads(line)
            if "at" in said:
                heard[said["client"]] = said["at"]
            else:
                gaps.setdefault(said["client"], []).append((said["since"], said["until"]))
        return cls(gaps=gaps, heard=heard)

    def longest(self, client: str, began: float, ended: float) -> float:
        """Return the client's longest gap of which some lies in the period; 0 where it told of none."""
        gaps = self.gaps.get(client, [])
        return max((until - since for since, until in gaps if until > began and since < ended), default=0.0)


class Cluster:
    """One namespace of the cluster that KUBECONFIG names."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def call(self, *command: str, text: str = "", limit: float = 60.0) -> str:
        """Run kubectl in the namespace and return what it prints."""
        whole = ["kubectl", f"--namespace={self._namespace}", *command]
        done = subprocess.run(whole, input=text, capture_output=True, text=True, timeout=limit, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(whole)}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, *things: object) -> None:
        """Apply objects."""
        self.call("apply", "--filename=-", text="\n---\n".join(json.dumps(thing) for thing in things))

    def roll(self) -> tuple[float, float]:
        """Restart the servers one after another; return when that began and when all had served for long enough."""
        began = time.time()
        self.call("rollout", "restart", "statefulset/zk")
        self.settle()
        return began, time.time()

    def settle(self) -> None:
        """Wait until all servers are those of the newest template and have served for minReadySeconds."""
        self.call("rollout", "status", "statefulset/zk", f"--timeout={_ROLL}s", limit=_ROLL)
        self.call(
            "wait", "statefulset/zk", "--for=jsonpath={.status.availableReplicas}=3", f"--timeout={_ROLL}s", limit=_ROLL
        )

    def told(self, group: Group) -> Told:
        """Return what the group's clients have told."""
        return Told.parse(self.call("logs", f"pauses-{group.library}", f"--container={group.name}"))

    def wait_for(self, groups: Iterable[Group], after: float) -> dict[str, Told]:
        """Return what all clients have told when each of them has written after that time."""
        deadline = time.time() + _START
        while True:
            told = {group.name: self.told(group) for group in groups}
            late = [
                client
                for group in groups
                for client in group.clients
                if told[group.name].heard.get(client, 0.0) <= after
            ]
            if not late:
                return told
            if time.time() > deadline:
                sys.exit(f"not heard since {after:.0f}: {', '.join(late)}")
            time.sleep(1)


def client_pod(library: str, groups: Iterable[Group]) -> dict[str, object]:
    """Return a pod with the library's clients, one container for each way."""
    containers = [
        {
            "name": group.name,
            "image": IMAGE,
            "command": [*LIBRARIES[library], group.name, str(group.number), group.servers],
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [
                {"name": "clients", "mountPath": "/clients"},
                {"name": "tmp", "mountPath": "/tmp"},
            ],
        }
        for group in groups
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pauses-{library}", "labels": {"zookeeper-client": "true"}},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": containers,
            "volumes": [
                {"name": "clients", "configMap": {"name": "pauses"}},
                {"name": "tmp", "emptyDir": {}},
            ],
        },
    }


def compiled(folder: Path) -> Path:
    """Return the Java clients as a jar."""
    distribution = find(Product.ZOOKEEPER, "3.9")
    fetch([distribution])
    options = ["--release", "17", "-nowarn", "-cp", class_path(distribution), "-d", str(folder / "classes")]
    subprocess.run(["javac", *options, CLIENTS / "Pauses.java"], capture_output=True, check=True)
    return Path(shutil.make_archive(str(folder / "pauses"), "zip", folder / "classes")).rename(folder / "pauses.jar")


def start_clients(cluster: Cluster, groups: list[Group]) -> None:
    """Start the pods of the clients and wait until each has written."""
    with tempfile.TemporaryDirectory(prefix="pauses-") as scratch:
        files = [f"--from-file={path}" for path in (CLIENTS / "pauses.py", compiled(Path(scratch)))]
        config = cluster.call("create", "configmap", "pauses", "--dry-run=client", "--output=json", *files)
    libraries = {group.library: [other for other in groups if other.library == group.library] for group in groups}
    cluster.apply(json.loads(config), *(client_pod(library, some) for library, some in libraries.items()))
    cluster.call("wait", "--for=condition=Ready", "--timeout=120s", "pod", "--all", limit=150)
    cluster.wait_for(groups, time.time())


def main() -> int:
    """Measure and print; the exit status says whether each client went on in time."""
    parser = argparse.ArgumentParser(prog="python -m tests.kubernetes.pauses", description=__doc__)
    parser.add_argument("--rolls", type=int, default=10, help="rolling updates [10]")
    parser.add_argument("--clients", type=int, default=8, help="clients of each library and way [8]")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="instead of the project's own")
    parser.add_argument("--namespace", default="pauses", help="made, and deleted at the end [pauses]")
    parser.add_argument("--keep", action="store_true", help="leave the namespace, and take one that is there")
    parser.add_argument(
        "--way", action="append", default=[], metavar="NAME=SERVERS", help="one more way to the servers"
    )
    options = parser.parse_args()
    ways = WAYS | dict(way.split("=", 1) for way in options.way)
    groups = [
        Group(library=library, way=way, servers=servers, number=options.clients)
        for library in LIBRARIES
        for way, servers in ways.items()
    ]
    cluster = Cluster(options.namespace)
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": options.namespace, "labels": restricted}}
    )
    try:
        cluster.call("apply", f"--filename={options.manifest}")
        cluster.settle()
        start_clients(cluster, groups)
        return measure(cluster, groups, options.rolls)
    finally:
        if not options.keep:
            cluster.call("delete", "namespace", options.namespace, limit=_START)


def measure(cluster: Cluster, groups: list[Group], rolls: int) -> int:
    """Roll, and print each client's longest gap."""
    found: dict[str, list[float]] = {group.name: [] for group in groups}
    for roll in range(rolls):
        began, ended = cluster.roll()
        told = cluster.wait_for(groups, ended)
        load = f"{os.getloadavg()[0]:.1f} processes want {os.cpu_count()} cores"
        print(f"roll {roll + 1}: {ended - began:.0f} s, {load}; seconds of each client's longest gap", flush=True)
        for group in groups:
            longest = sorted(told[group.name].longest(client, began, ended) for client in group.clients)
            found[group.name] += longest
            print(f"  {group.name:16}", *(f"{gap:5.2f}" for gap in longest), flush=True)
    print(f"\n{'':16} median  longest  over {LIMIT} s")
    for name, gaps in found.items():
        over = sum(gap > LIMIT for gap in gaps)
        print(f"{name:16} {median(gaps):6.2f} {max(gaps):8.2f}  {over} of {len(gaps)}")
    return int(any(gap > LIMIT for gaps in found.values() for gap in gaps))


if __name__ == "__main__":
    sys.exit(main())
