"""The container engine: podman, else docker, by its command line.

Everything that is made carries the label of this project and the id of the process that made it, so that `remove_stale`
finds what a killed run has left behind.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

LABEL = "zk-kafka-boot.test"
"""Its value is the pid of the tests that made the thing."""

LIMIT = 120.0
"""Seconds for one call of the engine that builds nothing."""

_PROGRAMS = ("podman", "docker")
_NEEDED = {
    "runc": "runc",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "debootstrap": "debootstrap",
    "gpg": "gpg",
}
_NOISE = ("Error validating CNI config file", "failed to connect to syslog", "unable to get systemd connection")


class EngineError(Exception):
    """The engine could not do what it was asked; the message holds its last words."""


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

    def remove_stale(self) -> None:
        """Remove the containers and networks whose makers have died."""
        rows = self.ask("ps", "--all", "--filter", f"label={LABEL}", "--format", f'{{{{.ID}}}} {{{{.Label "{LABEL}"}}}}')
        self.remove_containers(_orphans(rows))
        rows = self.ask(
            "network", "ls", "--filter", f"label={LABEL}", "--format", f'{{{{.Name}}}} {{{{index .Labels "{LABEL}"}}}}'
        )
        for network in _orphans(rows):
            self.call("network", "rm", "--force", network)


@cache
def engine() -> Engine:
    """Return podman, else docker; EngineError with how to get one where neither works here."""
    lines = missing_tools()
    if lines:
        raise EngineError("; ".join(lines))
    return Engine(next(found for program in _PROGRAMS if (found := shutil.which(program))))


@cache
def missing_tools() -> tuple[str, ...]:
    """Return one line for each thing that keeps containers from running here; nothing where they can."""
    lines = []
    program = next((found for program in _PROGRAMS if (found := shutil.which(program))), None)
    if program is None:
        lines.append("podman and docker are missing: apt-get install podman runc netavark aardvark-dns iptables")
    if os.geteuid() != 0:
        lines.append("not root: faults are made in the network namespaces of containers")
    lines += [f"{tool} is missing: apt-get install {package}" for tool, package in _NEEDED.items() if _lacks(tool)]
    if not lines and program is not None:
        done = Engine(program).call("info")
        if done.returncode != 0:
            lines.append(f"{program} does not work here: {done.stderr.strip()[-300:]}")
    return tuple(lines)


def own_label() -> tuple[str, str]:
    """Return the arguments that mark a container or network as this process's."""
    return "--label", f"{LABEL}={os.getpid()}"


def _lacks(tool: str) -> bool:
    return shutil.which(tool) is None


def _orphans(rows: str) -> list[str]:
    """Return the first words of those *rows* whose second, a pid, is no longer a process."""
    pairs: list[Sequence[str]] = [row.split() for row in rows.splitlines()]
    return [pair[0] for pair in pairs if len(pair) == 2 and not Path("/proc", pair[1]).exists()]
