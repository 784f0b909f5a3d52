"""`python -m tests.kubernetes.pauses`: how long clients of ZooKeeper stand still in a rolling update.

Clients by kazoo and by ZooKeeper's own library, eight of each by each way to the servers, write one after the other
while zookeeper.yaml is rolled. Told is each client's longest time without an acknowledgement in each roll. Its cluster
is the one that KUBECONFIG names.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from tests.kubernetes.kubectl import READY_LIMIT, Json, Kubectl, KubectlError, server_version
from tests.kubernetes.load import client_image, client_pod, start_pod
from tests.kubernetes.namespaces import own_namespace
from tests.kubernetes.servers import ZOOKEEPER, Servers
from tests.server.cache import class_path, fetch
from tests.server.distributions import Product, find

CLIENTS = Path(__file__).with_name("clients")
LIMIT = 1.5
"""Seconds that no client should stand still for."""

_SERVICE = "zookeeper:2181"
WAYS = {
    "pods": ",".join(f"zk-{ordinal}.zk-svc:2181" for ordinal in range(3)),
    "servers": ",".join(f"zk-{ordinal}:2181" for ordinal in range(3)),
    "service": _SERVICE,
    "repeated": ",".join([_SERVICE] * 6),
}
"""By which addresses a client finds the servers: the pods' own, the service of each, that of all, and that again and
again, which keeps ZooKeeper's own client from the second that it waits after each round of its list."""

LIBRARIES: Mapping[str, Sequence[str]] = {
    "kazoo": ("python3", "/pauses/pauses.py"),
    "kazoo-capped": ("python3", "/pauses/pauses.py", "--max-delay=0.2"),
    "java": ("java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", "/pauses/pauses.jar:/opt/zookeeper/lib/*", "Pauses"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The clients of one library that go one way; they share a pod."""

    library: str
    way: str
    number: int

    @property
    def name(self) -> str:
        """The name of its pod, and the start of its clients'."""
        return f"{self.library}-{self.way}"

    @property
    def clients(self) -> list[str]:
        """The names of its clients."""
        return [f"{self.name}-{number}" for number in range(self.number)]

    def pod(self, image: str) -> Json:
        """Return its pod."""
        command = [*LIBRARIES[self.library], self.name, str(self.number), WAYS[self.way]]
        labels = {ZOOKEEPER.client_label: "true"}
        pod = client_pod(self.name, image, labels, apart_from=ZOOKEEPER.statefulset, command=command)
        pod["spec"]["volumes"].append({"name": "pauses", "configMap": {"name": "pauses"}})
        pod["spec"]["containers"][0]["volumeMounts"].append({"name": "pauses", "mountPath": "/pauses"})
        return pod


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the clients of a group have told so far."""

    gaps: Mapping[str, Sequence[tuple[float, float]]]
    heard: Mapping[str, float]
    """When each wrote last, to a few seconds."""

    @classmethod
    def parse(cls, log: str) -> "Told":
        """Return what is in a pod's log."""
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


def compiled(folder: Path) -> Path:
    """Return the Java clients as a jar."""
    distribution = find(Product.ZOOKEEPER, "3.9")
    fetch([distribution])
    options = ["--release", "17", "-nowarn", "-cp", class_path(distribution), "-d", str(folder / "classes")]
    subprocess.run(["javac", *options, CLIENTS / "Pauses.java"], capture_output=True, check=True)
    return Path(shutil.make_archive(str(folder / "pauses"), "zip", folder / "classes")).rename(folder / "pauses.jar")


def start(kubectl: Kubectl, image: str, groups: Iterable[Group]) -> None:
    """Start the clients and wait until each has written."""
    with tempfile.TemporaryDirectory(prefix="pauses-") as scratch:
        files = [f"--from-file={path}" for path in (CLIENTS / "pauses.py", compiled(Path(scratch)))]
        kubectl.run("create", "configmap", "pauses", *files)
    for group in groups:
        start_pod(kubectl, group.pod(image))


def told_after(kubectl: Kubectl, groups: Sequence[Group], moment: float) -> Mapping[str, Told]:
    """Return what all clients have told once each of them has written after the moment."""
    told: dict[str, Told] = {}

    def have_written() -> bool:
        told.update({group.name: Told.parse(kubectl.run("logs", group.name)) for group in groups})
        return all(told[group.name].heard.get(client, 0.0) > moment for group in groups for client in group.clients)

    kubectl.wait_until(have_written, "writes of all clients")
    return told


def roll(servers: Servers) -> tuple[float, float]:
    """Restart the servers one after another; return when that began, and when all were available again."""
    began = time.time()
    servers.rollout("restart")
    settle(servers)
    return began, time.time()


def settle(servers: Servers) -> None:
    """Wait until all servers are available: where a manifest has minReadySeconds, `rollout status` does not."""
    target = f"statefulset/{servers.product.statefulset}"
    condition = f"--for=jsonpath={{.status.availableReplicas}}={servers.replicas()}"
    servers.kubectl.run("wait", target, condition, f"--timeout={READY_LIMIT:g}s", timeout=READY_LIMIT + 60)


def measure(servers: Servers, groups: Sequence[Group], rolls: int) -> bool:
    """Roll, print each client's longest gap, and return whether all went on in time."""
    found: dict[str, list[float]] = {group.name: [] for group in groups}
    told_after(servers.kubectl, groups, time.time())
    for number in range(rolls):
        began, ended = roll(servers)
        told = told_after(servers.kubectl, groups, ended)
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        print(f"roll {number + 1}, {ended - began:.0f} s, {load}: each client's longest gap in seconds", flush=True)
        for group in groups:
            longest = sorted(told[group.name].longest(client, began, ended) for client in group.clients)
            found[group.name] += longest
            print(f"  {group.name:16}", *(f"{gap:5.2f}" for gap in longest), flush=True)
    print(f"\n{'':16} median  longest  over {LIMIT} s")
    for name, gaps in found.items():
        over = sum(gap > LIMIT for gap in gaps)
        print(f"{name:16} {median(gaps):6.2f} {max(gaps):8.2f}  {over} of {len(gaps)}")
    return all(gap <= LIMIT for gaps in found.values() for gap in gaps)


def main() -> int:
    """Measure and print; the exit status says whether each client went on in time."""
    parser = argparse.ArgumentParser(prog="python -m tests.kubernetes.pauses", description=__doc__)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"{', '.join(WAYS)} [all]")
    parser.add_argument("--library", action="append", choices=LIBRARIES, help="may be repeated [all]")
    parser.add_argument("--rolls", type=int, default=10, help="rolling updates [10]")
    parser.add_argument("--clients", type=int, default=8, help="clients of each library and way [8]")
    parser.add_argument("--manifest", type=Path, default=ZOOKEEPER.manifest, help="instead of the project's own")
    options = parser.parse_args()
    if unknown := sorted({*options.ways} - {*WAYS}):
        parser.error(f"no such way: {', '.join(unknown)}")
    if not os.environ.get("KUBECONFIG"):
        parser.error("KUBECONFIG names no cluster: `python -m tests.kubernetes up` and `exec` make one")
    ways = options.ways or WAYS
    libraries = options.library or LIBRARIES
    groups = [Group(library=library, way=way, number=options.clients) for library in libraries for way in ways]
    try:
        server_version()
    except KubectlError as error:
        parser.error(str(error))
    with own_namespace("pauses") as kubectl:
        servers = Servers(kubectl, replace(ZOOKEEPER, manifest=options.manifest))
        kubectl.apply(servers.product.manifest)
        servers.rollout()
        settle(servers)
        start(kubectl, client_image(kubectl, ZOOKEEPER), groups)
        return 0 if measure(servers, groups, options.rolls) else 1


if __name__ == "__main__":
    sys.exit(main())
