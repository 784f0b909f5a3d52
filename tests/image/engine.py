"""The container engine by its command line: the one that CONTAINER_ENGINE names, else podman, else docker.

Everything that is made has a name that says which process made it, so that what a killed run left behind is found.
"""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PREFIX = "zkb"
"""Every name begins with it and goes on with the pid of the process that made the thing."""

LIMIT = 300.0
"""Seconds for one call of the engine that builds nothing, on a busy machine; no figure."""

CHOICE = "CONTAINER_ENGINE"
"""The variable that names the engine to use where there are two."""

_PROGRAMS = ("podman", "docker")
_NEEDED = {
    "iptables": "iptables",
    "nsenter": "util-linux",
    "debootstrap": "debootstrap",
    "gpg": "gpg",
}
_NOISE = ("Error validating CNI config file", "failed to connect to syslog", "unable to get systemd connection")


_OWNED = re.compile(rf"{PREFIX}-(\d+)-")


class EngineError(Exception):
    """The engine could not do what it was asked; the message holds its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What came of one command in a container."""

    status: int | None
    """Its exit status; None where it was killed at its time-out."""
    output: str
    seconds: float


class Engine:
    """One engine's command line."""

    def __init__(self, program: str) -> None:
        """Take the path of podman or docker."""
        self.program = program
        self.is_podman = os.path.basename(program) == "podman"

    def call(self, *arguments: str | Path, timeout: float = LIMIT) -> subprocess.CompletedProcess[str]:
        """Run the engine with *arguments* and return what came of it, failure included."""
        done = subprocess.run(
            [self.program, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        done.stderr = "".join(
            line for line in done.stderr.splitlines(keepends=True) if not any(noise in line for noise in _NOISE)
        )
        return done

    def ask(self, *arguments: str | Path, timeout: float = LIMIT) -> str:
        """Return what the engine prints, less the newline at its end; EngineError where it fails."""
        done = self.call(*arguments, timeout=timeout)
        if done.returncode != 0:
            words = " ".join(map(str, arguments[:3]))
            raise EngineError(f"{self.program} {words} …: exit {done.returncode}: {done.stderr.strip()[-2000:]}")
        return done.stdout.rstrip("\n")

    def inspect(self, kind: str, name: str) -> dict[str, Any]:
        """Return what the engine knows about a container or image; EngineError where there is none."""
        found: list[dict[str, Any]] = json.loads(self.ask(kind, "inspect", name))
        return found[0]

    def has_image(self, name: str) -> bool:
        """Tell whether the image is in the store."""
        return self.call("image", "inspect", name).returncode == 0

    def remove_containers(self, names: Iterable[str]) -> None:
        """Remove containers, running or not, those that are gone already included."""
        if given := list(names):
            self.call("rm", "--force", *(["--time", "0"] if self.is_podman else []), "--volumes", *given)

    def exec(
        self, container: str, *command: str, timeout: float = LIMIT, user: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* in a running container, as a person would."""
        options = ["--user", user] if user else []
        return self.call("exec", *options, container, *command, timeout=timeout)

    def exec_probe(self, container: str, command: Sequence[str], timeout: float) -> ProbeResult:
        """Run *command* in a container by its full id, as a kubelet does: killed where it takes longer than *timeout*.

        Under podman the runtime itself is asked, which is what a kubelet's own path comes to; `podman exec` costs more
        than the probe.
        """
        started = time.monotonic()
        with tempfile.NamedTemporaryFile(prefix="zkb-probe-") as pid_file:
            line = [self.program, "exec", container, *command]
            if self.is_podman:
                line = ["runc", "exec", "--pid-file", pid_file.name, container, *command]
            process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            try:
                output, _ = process.communicate(timeout=timeout)
                status: int | None = process.returncode
            except subprocess.TimeoutExpired:
                status = None
                with suppress(OSError, ValueError):
                    os.kill(int(Path(pid_file.name).read_text(encoding="ascii")), signal.SIGKILL)
                process.kill()
                output, _ = process.communicate()
        return ProbeResult(status=status, output=output.strip(), seconds=time.monotonic() - started)

    def remove_of(self, is_wanted: Callable[[int], bool]) -> int:
        """Remove every container, network, volume, mount and folder of the processes whose pids *is_wanted* names.

        Return how many there were.
        """

        def wanted(name: str) -> bool:
            # podman-compose puts its project into a pod.
            match = _OWNED.match(name.removeprefix("pod_"))
            return match is not None and is_wanted(int(match[1]))

        def named(*listing: str) -> list[str]:
            return list(filter(wanted, self.ask(*listing).split()))

        containers = named("ps", "--all", "--format", "{{.Names}}")
        self.remove_containers(containers)
        pods = named("pod", "ls", "--format", "{{.Name}}") if self.is_podman else []
        for pod in pods:
            self.call("pod", "rm", "--force", pod)
        networks = named("network", "ls", "--format", "{{.Name}}")
        for network in networks:
            self.call("network", "rm", "--force", network)
        volumes = named("volume", "ls", "--format", "{{.Name}}")
        if volumes:
            self.call("volume", "rm", "--force", *volumes)
        mounts = [row.split()[1] for row in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
        points = [point for point in mounts if any(wanted(part) for part in Path(point).parts)]
        for point in points:
            subprocess.run(["umount", "--lazy", point], check=False)
        folders = [folder for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}-*") if wanted(folder.name)]
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        return sum(len(found) for found in (containers, pods, networks, volumes, points, folders))

    def remove_stale(self) -> None:
        """Remove what processes left behind that have died."""
        self.remove_of(lambda pid: not Path("/proc", str(pid)).exists())


@cache
def engine() -> Engine:
    """Return the engine that runs the tests; EngineError with how to get one where none does here."""
    if lines := missing_tools():
        raise EngineError("; ".join(lines))
    return builder()


@cache
def builder() -> Engine:
    """Return the engine to build with, which needs no root and makes no faults; EngineError where there is none."""
    program = _program()
    if program is None:
        wanted = os.environ.get(CHOICE)
        found = f"{CHOICE}={wanted}: there is no such command" if wanted else "podman and docker are missing"
        raise EngineError(f"{found}: apt-get install podman runc netavark aardvark-dns iptables")
    done = Engine(program).call("info")
    if done.returncode != 0:
        cure = "" if os.geteuid() == 0 else "; without root it needs subordinate ids: apt-get install uidmap"
        raise EngineError(f"{program} does not work here: {done.stderr.strip()[-300:]}{cure}")
    return Engine(program)


@cache
def missing_tools() -> tuple[str, ...]:
    """Return one line for each thing that keeps containers from being tested here; nothing where they can be."""
    lines = []
    try:
        builder()
    except EngineError as error:
        lines.append(str(error))
    if os.geteuid() != 0:
        lines.append("not root: faults are made in the network namespaces of containers")
    program = _program()
    # Podman's containers are entered as a kubelet does it.
    needed = _NEEDED | ({"runc": "runc"} if program and Engine(program).is_podman else {})
    lines += [f"{tool} is missing: apt-get install {package}" for tool, package in needed.items() if _lacks(tool)]
    return tuple(lines)


def _program() -> str | None:
    wanted = os.environ.get(CHOICE)
    programs = (wanted,) if wanted else _PROGRAMS
    return next((found for program in programs if (found := shutil.which(program))), None)


def own_name(what: str = "") -> str:
    """Return a new name that says which process made the thing."""
    return f"{PREFIX}-{os.getpid()}-{secrets.token_hex(3)}{what and '-'}{what}"


def _lacks(tool: str) -> bool:
    return shutil.which(tool) is None
