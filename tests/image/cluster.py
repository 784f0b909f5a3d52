"""A cluster on this machine: the StatefulSets of our manifests, their controllers, one network with its DNS."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.image.engine import Engine, own_name
from tests.image.kubelet import Pod, Surroundings
from tests.image.manifests import Manifest, ServiceSpec, StatefulSetSpec
from tests.image.network import Network

_TICK = 0.05
_LOG_LINES = 40
_OF_PROBES = ("Processing srvr command", "Processing ruok command", "Processing mntr command")
"""What a server says of every probe, which would fill the lines."""


class Cluster:
    """Everything that was applied to it, until `close`."""

    def __init__(self, engine: Engine) -> None:
        """Make an empty cluster."""
        self.engine = engine
        self.folder = Path(tempfile.mkdtemp(prefix=f"{own_name()}-"))
        self.sets: dict[str, StatefulSet] = {}
        self.services: list[ServiceSpec] = []
        self.network = Network(engine, self.lookup)

    def apply(
        self,
        manifest: Manifest,
        image: str,
        *,
        environ: Mapping[str, str] | None = None,
        command: Sequence[str] = (),
    ) -> "StatefulSet":
        """Take over the objects of *manifest*; its pods run *image* and start when they are told to.

        *environ* is added to the manifest's, *command* replaces the manifest's. UnsupportedError where the manifest
        says what is not done here.
        """
        manifest.check()
        self.services += manifest.services
        spec = manifest.statefulset
        links: dict[str, str] = {}
        for service in self.services:
            if not service.is_headless:
                name = service.name.upper().replace("-", "_")
                port = next(iter(service.ports.values()))
                links |= {f"{name}_SERVICE_HOST": "10.96.0.10", f"{name}_PORT": f"tcp://10.96.0.10:{port}"}
        surroundings = Surroundings(
            engine=self.engine,
            network=self.network,
            folder=self.folder,
            image=image,
            config_maps=manifest.config_maps,
            service_links=links,
            extra_environ=environ or {},
            command=tuple(command),
        )
        made = self.sets[spec.name] = StatefulSet(spec, surroundings)
        return made

    def close(self) -> None:
        """End everything at once and remove it."""
        for made in self.sets.values():
            made.kill()
        self.network.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pods(self) -> list[Pod]:
        """Every pod of every set."""
        return [pod for made in self.sets.values() for pod in made.pods]

    def lookup(self, name: str) -> list[str] | None:
        """Answer the cluster's DNS."""
        for service in self.services:
            pods = [
                pod
                for made in list(self.sets.values())
                if service.selector.items() <= made.spec.labels.items()
                for pod in made.pods
                if pod.ready or (service.publishes_unready and service.is_headless)
            ]
            if name == service.domain:
                return [pod.address for pod in pods]
            for pod in pods:
                if service.is_headless and pod.spec.service == service.name and name == f"{pod.name}.{service.domain}":
                    return [pod.address]
        return None


class StatefulSet:
    """One StatefulSet and its controller."""

    def __init__(self, spec: StatefulSetSpec, surroundings: Surroundings) -> None:
        """Take what it is made of."""
        self.spec = spec
        self._surroundings = surroundings
        self._pods: dict[int, Pod] = {}
        self._closing = threading.Event()
        self._creator = threading.Thread(target=self._create, name=f"{spec.name}-controller", daemon=True)

    @property
    def pods(self) -> list[Pod]:
        """Its pods that exist, by ordinal."""
        return [pod for _, pod in sorted(self._pods.items())]

    def create(self) -> None:
        """Begin to make its pods: all at once, or each when the one before it is ready."""
        self._creator.start()

    def wait_until_ready(self, timeout: float) -> float:
        """Return the seconds it took until every pod was ready; TimeoutError with the logs where it takes longer."""
        return self.wait_until(
            lambda: len(self._pods) == self.spec.replicas and all(pod.ready for pod in self.pods), "all ready", timeout
        )

    def wait_until(self, condition: Callable[[], bool], what: str, timeout: float) -> float:
        """Return the seconds it took until *condition* held; TimeoutError with the logs where it takes longer."""
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > timeout:
                raise TimeoutError(f"{what}: not after {timeout:g} s\n{self.report()}")
            time.sleep(_TICK)
        return time.monotonic() - started

    def restart(self, ordinal: int, *, kill: bool = False) -> Pod:
        """Delete a pod, or cut its power, and start it again under a new address; return the new one."""
        old = self._pods[ordinal]
        if kill:
            old.kill()
        else:
            old.delete()
        return self._start(ordinal)

    def restart_deleted(self, ordinal: int) -> Pod:
        """Start a pod again that a test has deleted; return the new one."""
        return self._start(ordinal)

    def roll(self, timeout: float, *, kill: bool = False) -> list[float]:
        """Restart every pod, the last first, each after the one before it is available; return the rejoin times.

        *timeout* is for each pod. Available is ready for `minReadySeconds`.
        """
        took = []
        for ordinal in reversed(range(self.spec.replicas)):
            pod = self.restart(ordinal, kill=kill)
            took.append(self.wait_until(lambda pod=pod: pod.ready, f"{pod.name} is back", timeout))  # type: ignore[misc]
            self.wait_until(
                lambda pod=pod: pod.ready and time.monotonic() - pod.ready_since >= self.spec.min_ready,  # type: ignore[misc]
                f"{pod.name} is available",
                timeout,
            )
        return took

    def delete(self) -> list[float]:
        """Delete every pod at once; return the seconds that each took."""
        self._stop_creating()
        pods, took = self.pods, dict.fromkeys(self._pods, 0.0)

        def delete(ordinal: int, pod: Pod) -> None:
            took[ordinal] = pod.delete()

        threads = [threading.Thread(target=delete, args=(ordinal, pod)) for ordinal, pod in enumerate(pods)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._pods.clear()
        return list(took.values())

    def kill(self) -> None:
        """Cut the power of every pod at once."""
        self._stop_creating()
        if pods := self.pods:
            with ThreadPoolExecutor(len(pods)) as workers:
                list(workers.map(Pod.kill, pods))
        self._pods.clear()

    def report(self) -> str:
        """Return what a person needs who wonders why: each pod's state, events and last lines."""
        parts = []
        for pod in self.pods:
            first = pod.events[0].at if pod.events else 0.0
            events = "\n".join(f"  {event.at - first:7.2f} {event.kind} {event.text}" for event in pod.events)
            verdicts = "\n".join(
                f"  {verdict.at - first:7.2f} {verdict.kind} {verdict.result.status} {verdict.result.output}"
                for verdict in pod.verdicts[-6:]
            )
            rows = [row for row in pod.log().splitlines() if not any(word in row for word in _OF_PROBES)]
            log = "\n".join(rows[-_LOG_LINES:])
            parts.append(f"{pod}\n{events}\n last probes:\n{verdicts}\n log:\n{log}")
        return "\n".join(parts)

    def _create(self) -> None:
        for ordinal in range(self.spec.replicas):
            if self._closing.is_set():
                return
            pod = self._start(ordinal)
            while self.spec.is_ordered and not pod.ready:
                if self._closing.wait(_TICK):
                    return

    def _start(self, ordinal: int) -> Pod:
        pod = Pod(self.spec, ordinal, self._surroundings)
        self._pods[ordinal] = pod
        pod.start()
        return pod

    def _stop_creating(self) -> None:
        self._closing.set()
        if self._creator.is_alive():
            self._creator.join()


@contextmanager
def running_cluster(engine: Engine) -> Iterator[Cluster]:
    """Have a cluster for as long as the context lasts."""
    cluster = Cluster(engine)
    try:
        yield cluster
    finally:
        cluster.close()
