"""One pod, run as its manifest says: volumes, user, probes, restarts, termination.

What is as in Kubernetes: the environment and what it refers to, the kubelet's order in the hosts file, search domains
with ndots:5, volumes that belong to the fsGroup, the startup probe before the others, thresholds and time-outs, a
container that failed its liveness probe or ended is started again with empty root and kept volumes, preStop, SIGTERM,
the grace period, SIGKILL. What is not: scheduling, resource requests, eviction, the network policy.
"""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.image.containers import Probe
from tests.image.engine import Engine, ProbeResult, own_name
from tests.image.manifests import CLUSTER_DOMAIN, NAMESPACE, StatefulSetSpec
from tests.image.network import Network, heal
from tests.image.variables import container_environ

_TICK = 0.05
_FIRST_BACK_OFF = 10.0
"""Seconds before the second restart; the first comes at once."""

_VOLUME_MODE = 0o2777
_CLAIM_MODE = 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a pod."""

    at: float
    """Of the clock time.monotonic."""
    kind: str
    """started, ready, unready, startup, readiness, liveness (a verdict that changed things), ended."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One probe's result."""

    at: float
    kind: str
    result: ProbeResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a pod needs of its cluster."""

    engine: Engine
    network: Network
    folder: Path
    image: str
    config_maps: Mapping[str, Mapping[str, str]]
    service_links: Mapping[str, str]
    extra_environ: Mapping[str, str]
    """What a test adds to the manifest."""
    command: tuple[str, ...]
    """What a test puts in the place of the manifest's command; empty for the manifest's own."""


class Pod:
    """One pod from its start to its deletion."""

    def __init__(self, spec: StatefulSetSpec, ordinal: int, surroundings: Surroundings) -> None:
        """Take what it is made of; `start` makes it."""
        self.name = f"{spec.name}-{ordinal}"
        self.spec = spec
        self.address = surroundings.network.new_address()
        self.ready = False
        self.ready_since = 0.0
        self.restarts = 0
        self.pid = 0
        """Of the container's first process, on this machine; 0 while there is none."""
        self.container = ""
        """The id of the container that runs now or ran last."""
        self.status: int | None = None
        """With what the last container ended."""
        self.events: list[Event] = []
        self.verdicts: list[Verdict] = []
        self._surroundings = surroundings
        self._folder = surroundings.folder / own_name(self.name)
        self._deleted = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def __repr__(self) -> str:
        """Return its name and what can be seen of it."""
        return f"<Pod {self.name} {self.address} {'ready' if self.ready else 'unready'} restarts {self.restarts}>"

    def start(self) -> None:
        """Start it; its containers run until it is deleted."""
        self._make_volumes()
        self._thread.start()

    def delete(self, grace: float | None = None) -> float:
        """End it as a deletion does and return the seconds from SIGTERM to its end; its claims stay."""
        self._deleted.set()
        took = self._terminate(self.spec.grace if grace is None else grace)
        self._join()
        return took

    def kill(self) -> None:
        """End it as a power cut does."""
        self._deleted.set()
        self._signal("KILL")
        self._join()

    def exec(self, *command: str, timeout: float = 30.0) -> ProbeResult:
        """Run *command* in its container."""
        return self._surroundings.engine.exec_probe(self.container, command, timeout)

    def log(self) -> str:
        """Return what its containers wrote, the one that runs now last."""
        ended = self._log_file.read_text(encoding="utf-8") if self._log_file.exists() else ""
        return ended + (self._surroundings.engine.call("logs", self.container).stdout if self.pid else "")

    def told(self, kind: str) -> list[Event]:
        """Return its events of one kind."""
        return [event for event in self.events if event.kind == kind]

    def claim(self, name: str) -> Path:
        """Return the folder of one of its claims."""
        return self._surroundings.folder / "claims" / f"{name}-{self.name}"

    def scratch_bytes(self) -> dict[str, int]:
        """Return how much lies in each of its emptyDirs."""
        return {
            name: sum(file.stat().st_size for file in (self._folder / name).rglob("*") if file.is_file())
            for name in self.spec.scratch
        }

    @property
    def _log_file(self) -> Path:
        return self._surroundings.folder / f"{self.name}.log"

    def _tell(self, kind: str, text: str = "") -> None:
        self.events.append(Event(at=time.monotonic(), kind=kind, text=text))

    def _join(self) -> None:
        self._thread.join(self.spec.grace + 60)
        if self._thread.is_alive():
            raise TimeoutError(f"{self.name} does not end")
        shutil.rmtree(self._folder, ignore_errors=True)

    # Volumes and files.

    def _make_volumes(self) -> None:
        for name in self.spec.scratch:
            folder = self._folder / name
            folder.mkdir(parents=True)
            folder.chmod(_VOLUME_MODE)
            self._give_to_group(folder)
        for name in self.spec.claims:
            folder = self.claim(name)
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(_CLAIM_MODE)
            self._give_to_group(folder)
        domain = f"{self.spec.service}.{NAMESPACE}.svc.{CLUSTER_DOMAIN}"
        hosts = f"127.0.0.1\tlocalhost\n::1\tlocalhost\n{self.address}\t{self.name}.{domain}\t{self.name}\n"
        (self._folder / "hosts").write_text(hosts, encoding="ascii")

    def _give_to_group(self, folder: Path) -> None:
        """Do what fsGroup asks for, where the root of the volume is not already so."""
        group = self.spec.fs_group
        if group is None or folder.stat().st_gid == group:
            return
        os.chown(folder, -1, group)
        folder.chmod(folder.stat().st_mode | 0o2070)

    # Containers.

    def _run(self) -> None:
        back_off = 0.0
        while not self._deleted.wait(back_off):
            ended = threading.Event()
            self._start_container()
            workers = threading.Thread(target=self._probe_all, args=(ended,), daemon=True)
            workers.start()
            while Path("/proc", str(self.pid)).exists():
                time.sleep(_TICK)
            self._note_end()
            ended.set()
            workers.join()
            if self._deleted.is_set():
                return
            self.restarts += 1
            back_off = 0.0 if self.restarts == 1 else _FIRST_BACK_OFF * 2 ** (self.restarts - 2)

    def _start_container(self) -> None:
        around, engine = self._surroundings, self._surroundings.engine
        self.container = engine.ask("run", *self._options(), around.image, *self._arguments())
        self.pid = engine.inspect("container", self.container)["State"]["Pid"]
        self._tell("started", self.address)
        if self.pid and self._deleted.is_set():
            # Deleted while it was being made: nobody else has seen this container.
            self._signal("KILL")

    def _note_end(self) -> None:
        engine = self._surroundings.engine
        self._set_ready(is_ready=False)
        self.status = int(engine.ask("wait", self.container))
        self.pid = 0
        done = engine.call("logs", self.container)
        with self._log_file.open("a", encoding="utf-8") as log:
            log.write(f"{done.stdout}{done.stderr}=== {self.name} ended with {self.status}\n")
        engine.remove_containers([self.container])
        self._tell("ended", str(self.status))

    def _options(self) -> list[str]:
        spec, container, around = self.spec, self.spec.container, self._surroundings
        service = f"{NAMESPACE}.svc.{CLUSTER_DOMAIN}"
        fields = {"metadata.name": self.name, "metadata.namespace": NAMESPACE, "status.podIP": self.address}
        environ = dict(around.service_links) if spec.has_service_links else {}
        environ |= container_environ(container.environ, fields, around.config_maps) | dict(around.extra_environ)
        options = [
            "--detach",
            f"--name={own_name(self.name)}",
            f"--hostname={self.name}",
            f"--network={around.network.name}",
            f"--ip={self.address}",
            f"--dns={around.network.gateway}",
            *(f"--dns-search={domain}" for domain in (service, f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN)),
            "--dns-option=ndots:5",
            "--no-healthcheck",
            f"--volume={self._folder / 'hosts'}:/etc/hosts:ro",
            *(f"--env={name}={value}" for name, value in environ.items()),
        ]
        if around.engine.is_podman:
            options += ["--no-hosts", "--read-only-tmpfs=false"]
        if container.user is not None:
            group = 0 if container.group is None else container.group
            options.append(f"--user={container.user}:{group}")
        if spec.fs_group is not None:
            options.append(f"--group-add={spec.fs_group}")
        if container.memory_limit is not None:
            options.append(f"--memory={container.memory_limit}")
        options += ["--read-only"] * container.read_only_root
        options += ["--cap-drop=ALL"] * container.drops_all
        options += ["--security-opt=no-new-privileges"] * (not container.may_escalate)
        if command := self._command():
            entrypoint = json.dumps(command) if around.engine.is_podman else command[0]
            options.append(f"--entrypoint={entrypoint}")
        for mount in container.mounts:
            source = self.claim(mount.volume) if mount.volume in spec.claims else self._folder / mount.volume
            options.append(f"--volume={source}:{mount.path}{':ro' if mount.read_only else ''}")
        return options

    def _command(self) -> tuple[str, ...]:
        return self._surroundings.command or self.spec.container.command

    def _arguments(self) -> tuple[str, ...]:
        return () if self._surroundings.engine.is_podman else self._command()[1:]

    def _signal(self, name: str) -> None:
        if self.pid:
            self._surroundings.engine.call("kill", "--signal", name, self.container)

    def _terminate(self, grace: float) -> float:
        """End the container that runs now; return the seconds from SIGTERM to its end."""
        pid = self.pid
        if not pid:
            return 0.0
        if self.spec.container.pre_stop:
            self.exec(*self.spec.container.pre_stop, timeout=grace)
        started = time.monotonic()
        self._signal("TERM")
        while Path("/proc", str(pid)).exists():
            if time.monotonic() - started > grace:
                self._tell("killed", f"after {grace:g} s")
                self._signal("KILL")
                break
            time.sleep(0.01)
        while Path("/proc", str(pid)).exists():
            time.sleep(0.01)
        return time.monotonic() - started

    # Probes.

    def _probe_all(self, ended: threading.Event) -> None:
        container = self.spec.container
        if container.startup is not None and not self._watch("startup", container.startup, ended):
            return
        workers = [
            threading.Thread(target=self._watch, args=(kind, probe, ended), daemon=True)
            for kind, probe in (("readiness", container.readiness), ("liveness", container.liveness))
            if probe is not None
        ]
        if container.readiness is None:
            self._set_ready(is_ready=True)
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _watch(self, kind: str, probe: Probe, ended: threading.Event) -> bool:
        """Probe until the container ends; the startup probe: return whether it succeeded."""
        good = bad = 0
        pause = probe.initial_delay
        while not ended.wait(pause):
            started = time.monotonic()
            result = self._surroundings.engine.exec_probe(self.container, probe.command, probe.timeout)
            if ended.is_set():
                break
            self.verdicts.append(Verdict(at=time.monotonic(), kind=kind, result=result))
            good, bad = (good + 1, 0) if result.status == 0 else (0, bad + 1)
            if good >= probe.success_threshold:
                if kind == "startup":
                    self._tell(kind, "passed")
                    return True
                if kind == "readiness":
                    self._set_ready(is_ready=True)
            if bad >= probe.failure_threshold:
                if kind == "readiness":
                    self._set_ready(is_ready=False, why=result.output)
                elif not self._deleted.is_set():
                    self._tell(kind, f"failed {bad} times: {result.status} {result.output}")
                    self._terminate(self.spec.grace)
                    return False
            pause = max(0.0, probe.period - (time.monotonic() - started))
        return False

    def _set_ready(self, *, is_ready: bool, why: str = "") -> None:
        if is_ready != self.ready:
            self.ready_since = time.monotonic()
            self.ready = is_ready
            self._tell("ready" if is_ready else "unready", why)

    # Faults.

    def pause(self) -> None:
        """Stop its server without its noticing: its sockets stay open and silent."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def heal(self) -> None:
        """Undo every fault of its network."""
        if self.pid:
            heal(self.pid)
