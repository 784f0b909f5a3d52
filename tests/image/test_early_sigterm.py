"""SIGTERM in a container's first moments.

Process 1 heeds no signal that it has no handler for. Our commands have one from their first line on.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.image.alone import KAFKAS_VARIABLES, ZOOKEEPERS_VARIABLES, until_it_answers
from tests.image.engine import Engine, own_name
from tests.image.images import image_of
from tests.server.distributions import Distribution, Product, find

START_LIMIT = 30.0
END_LIMIT = 3.0
"""Seconds in which a server must end."""

TOOLS = {"zkboot", "kafkaboot"}
_MOMENT = 0.001


class Early:
    """A container in its first moments."""

    def __init__(self, engine: Engine, folder: Path, image: str, *options: str) -> None:
        """Start it, and return once its process 1 is a command of ours that has a handler for SIGTERM."""
        self.name = own_name("early")
        self._engine = engine
        pid_file = folder / self.name
        started = subprocess.Popen(
            [engine.program, "run", "--detach", f"--name={self.name}", f"--pidfile={pid_file}", *options, image],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_LIMIT
        # The file appears before its content.
        while not (text := pid_file.read_text("ascii") if pid_file.exists() else ""):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} does not start")
            time.sleep(_MOMENT)
        self.pid = int(text)
        self.deaf = self._seconds_until_it_hears()
        """Seconds for which the command of ours was process 1 and had no handler yet."""
        started.wait()

    def look(self) -> tuple[str, bool]:
        """Return who is process 1, and whether it has a handler: without one the kernel drops the signal."""
        rows = Path("/proc", str(self.pid), "status").read_text("utf-8").splitlines()
        fields = dict(row.split(":\t", 1) for row in rows)
        return fields["Name"], bool(int(fields["SigCgt"], 16) >> signal.SIGTERM - 1 & 1)

    def terminate(self, limit: float) -> int | None:
        """Send SIGTERM; return the container's status, None where it does not end within *limit* seconds."""
        deadline = time.monotonic() + limit
        os.kill(self.pid, signal.SIGTERM)
        while Path("/proc", str(self.pid)).exists():
            if time.monotonic() > deadline:
                return None
            time.sleep(_MOMENT)
        return int(self._engine.ask("wait", self.name))

    def _seconds_until_it_hears(self) -> float:
        began = None
        deadline = time.monotonic() + START_LIMIT
        while True:
            process, is_heeded = self.look()
            # What the runtime starts with has a handler, too.
            if process in TOOLS:
                began = began or time.monotonic()
                if is_heeded:
                    return time.monotonic() - began
            if time.monotonic() > deadline:
                raise TimeoutError(f"{process} has no handler for SIGTERM")
            time.sleep(_MOMENT)


@contextmanager
def early(engine: Engine, folder: Path, image: str, *options: str) -> Iterator[Early]:
    """Have a container that has just begun to start."""
    if not engine.is_podman:
        pytest.skip("no podman: docker does not tell which process a container's first one will be")
    made = Early(engine, folder, image, "--network=none", *options)
    try:
        yield made
    finally:
        engine.remove_containers([made.name])


@pytest.mark.parametrize("distribution", [find(product, "3.9") for product in Product], ids=str)
def test_a_start_that_waits_ends_at_once(
    engine: Engine, distribution: Distribution, tmp_path: Path, report: list[str]
) -> None:
    """Whenever it comes: while modules are imported, or while its name or ZooKeeper is waited for."""
    options = {
        Product.ZOOKEEPER: ("--env=POD_NAME=zk-0", "--env=ZK_DOMAIN=zk-svc"),
        Product.KAFKA: ("--env=POD_NAME=kafka-0", *KAFKAS_VARIABLES),
    }[distribution.product]
    image = image_of(engine, distribution)
    deaf = []
    for delay in (0.0, 0.05, 0.1, 0.2) * 2:
        with early(engine, tmp_path, image, *options) as start:
            deaf.append(start.deaf)
            time.sleep(delay)
            assert start.look()[0] in TOOLS
            assert start.terminate(END_LIMIT) == 143
    deaf.sort()
    report.append(f"deaf for {', '.join(f'{seconds * 1000:.0f}' for seconds in deaf)} ms")


def test_only_a_server_that_takes_over_is_deaf(engine: Engine, tmp_path: Path, report: list[str]) -> None:
    """Its scripts, and the JVM at first: what comes then, or while it takes our place, is lost. The next one is not."""
    image = image_of(engine, find(Product.ZOOKEEPER, "3.9"))
    seen = []
    for delay in (0.0, 0.05, 0.1, 0.15, 0.2, 0.25):
        with early(engine, tmp_path, image, *ZOOKEEPERS_VARIABLES) as start:
            time.sleep(delay)
            process, is_heeded = start.look()
            status = start.terminate(END_LIMIT if is_heeded else 0)
            seen.append(process if status is not None else f"{process} (lost)")
            if status is None:
                until_it_answers(engine, start.name, "zkOk")
                assert start.look() == ("java", True)
                status = start.terminate(END_LIMIT)
                assert status == 143
            # A JVM that is not whole yet may end with 1.
            assert status in ({143} if process in TOOLS else {1, 143})
    report.append(f"process 1, every 50 ms: {', '.join(seen)}")
