"""SIGTERM in a container's first moments.

Process 1 heeds no signal that it has no handler for. Our commands have one from their first line on.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.image.alone import KAFKAS_VARIABLES, KRAFTS_VARIABLES, ZOOKEEPERS_VARIABLES, until_it_answers
from tests.image.engine import Engine, own_name
from tests.image.images import image_of
from tests.server.distributions import Distribution, Product, find

LIMIT = 300.0
"""Seconds for each step on a busy machine; no figure."""

FOR_EVER = "3600"
"""Seconds that a start waits that nobody ends."""

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
        # The file appears before its content.
        self._wait_until(lambda: pid_file.exists() and bool(pid_file.read_text("ascii")), "a process 1")
        self.pid = int(pid_file.read_text("ascii"))
        self.deaf = self._seconds_until_it_hears()
        """Seconds for which the command of ours was process 1 and had no handler yet."""
        started.wait()

    def look(self) -> tuple[str, bool]:
        """Return who is process 1, and whether it has a handler: without one the kernel drops the signal."""
        rows = Path("/proc", str(self.pid), "status").read_text("utf-8").splitlines()
        fields = dict(row.split(":\t", 1) for row in rows)
        return fields["Name"], bool(int(fields["SigCgt"], 16) >> signal.SIGTERM - 1 & 1)

    def wait_for_the_server(self) -> None:
        """Return once process 1 is no command of ours any more."""
        self._wait_until(lambda: self.look()[0] not in TOOLS, "another process 1")

    def wait_for_a_child(self) -> None:
        """Return once process 1 has a child: Kafka's own tool, for our commands start nothing else."""
        children = Path("/proc", str(self.pid), "task", str(self.pid), "children")
        self._wait_until(lambda: bool(children.read_text("ascii")), "a child of process 1")

    def terminate(self) -> int:
        """Send SIGTERM; return the container's status once it has ended."""
        os.kill(self.pid, signal.SIGTERM)
        self._wait_until(self._has_ended, "its end")
        return self._status()

    def terminate_or_serve(self, probe: str) -> int | None:
        """Send SIGTERM; return the container's status, None where it answers *probe* instead of ending."""
        os.kill(self.pid, signal.SIGTERM)
        self._wait_until(
            lambda: self._has_ended() or self._engine.exec(self.name, probe).returncode == 0, "its end, or an answer"
        )
        return self._status() if self._has_ended() else None

    def _has_ended(self) -> bool:
        return not Path("/proc", str(self.pid)).exists()

    def _status(self) -> int:
        return int(self._engine.ask("wait", self.name))

    def _seconds_until_it_hears(self) -> float:
        # What the runtime starts with has a handler, too.
        self._wait_until(lambda: self.look()[0] in TOOLS, "a command of ours as process 1")
        began = time.monotonic()
        self._wait_until(lambda: self.look()[1], "a handler for SIGTERM")
        return time.monotonic() - began

    def _wait_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name}: not after {LIMIT:g} s: {what}")
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
    """Whenever it comes: while modules are imported, or while its name or ZooKeeper is waited for, here for ever."""
    options = {
        Product.ZOOKEEPER: ("--env=POD_NAME=zk-0", "--env=ZK_DOMAIN=zk-svc", f"--env=ZK_DNS_WAIT={FOR_EVER}"),
        Product.KAFKA: (
            "--env=POD_NAME=kafka-0",
            *KAFKAS_VARIABLES,
            f"--env=KF_DNS_WAIT={FOR_EVER}",
            f"--env=KF_ZK_WAIT={FOR_EVER}",
        ),
    }[distribution.product]
    image = image_of(engine, distribution)
    deaf = []
    for delay in (0.0, 0.05, 0.1, 0.2) * 2:
        with early(engine, tmp_path, image, *options) as start:
            deaf.append(start.deaf)
            time.sleep(delay)
            assert start.look()[0] in TOOLS
            assert start.terminate() == 143
    deaf.sort()
    report.append(f"deaf for {', '.join(f'{seconds * 1000:.0f}' for seconds in deaf)} ms")


@pytest.mark.parametrize("product", Product, ids=str)
def test_only_a_server_that_takes_over_is_deaf(
    engine: Engine, product: Product, tmp_path: Path, report: list[str]
) -> None:
    """Its scripts, and the JVM at first: what comes then, or while it takes our place, is lost. The next one is not."""
    distribution, options, probe = {
        Product.ZOOKEEPER: (find(Product.ZOOKEEPER, "3.9"), ZOOKEEPERS_VARIABLES, "zkOk"),
        Product.KAFKA: (find(Product.KAFKA, "4.4"), KRAFTS_VARIABLES, "kafkaOk"),
    }[product]
    image = image_of(engine, distribution)
    seen = []
    for delay in (0.0, 0.05, 0.1, 0.15, 0.2, 0.25):
        with early(engine, tmp_path, image, *options) as start:
            start.wait_for_the_server()
            time.sleep(delay)
            process, is_heeded = start.look()
            # What has no handler yet may have one when the signal comes.
            status = start.terminate() if is_heeded else start.terminate_or_serve(probe)
            seen.append(process if status is not None else f"{process} (lost)")
            if status is None:
                assert start.look() == ("java", True)
                status = start.terminate()
                assert status == 143
            # A JVM that is not whole yet may end with 1.
            assert status in {1, 143}
    report.append(f"process 1 after it handed over, every 50 ms: {', '.join(seen)}")


@pytest.mark.matrix
@pytest.mark.parametrize("delay", [0.0, 0.2, 0.4])
def test_a_format_ends_at_once_and_is_done_by_the_next_start(engine: Engine, tmp_path: Path, delay: float) -> None:
    """Kafka's tool is a child, which ends with process 1; what it has left on the volume hinders nobody."""
    image = image_of(engine, find(Product.KAFKA, "4.4"))
    volume = tmp_path / "volume"
    volume.mkdir()
    volume.chmod(0o777)
    options = (*KRAFTS_VARIABLES, "--env=KAFKA_LOG_DIRS=/volume/data", f"--volume={volume}:/volume")
    with early(engine, tmp_path, image, *options) as start:
        start.wait_for_a_child()
        time.sleep(delay)
        assert start.look()[0] in TOOLS
        assert start.terminate() == 143
    with early(engine, tmp_path, image, *options) as start:
        until_it_answers(engine, start.name, "kafkaOk")
        assert start.terminate() == 143
