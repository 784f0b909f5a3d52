"""`zkboot serve` and `kafkaboot serve` as processes of their own, asked over real sockets."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_LIMIT = 300.0
"""Seconds until it answers on a busy machine."""

ANSWER_LIMIT = 120.0
"""Seconds after which a test has waited long enough for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A `serve` that runs."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def ask(self, target: str, method: str = "GET", host: str = "127.0.0.1") -> Reply:
        """Return the answer to one request."""
        connection = http.client.HTTPConnection(host, self.port, timeout=ANSWER_LIMIT)
        try:
            connection.request(method, target)
            response = connection.getresponse()
            return Reply(status=response.status, headers=dict(response.getheaders()), text=response.read().decode())
        finally:
            connection.close()

    def say(self, data: bytes) -> bytes:
        """Return all that comes back where *data* is sent."""
        with self.connect() as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def connect(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_LIMIT)

    @property
    def said(self) -> list[str]:
        """The lines that it wrote."""
        return self.log.read_text().splitlines()

    @property
    def resident_kib(self) -> int:
        """The memory that it has, in KiB."""
        return int(self._status("VmRSS").split()[0])

    @property
    def peak_kib(self) -> int:
        """The most memory that it ever had, in KiB."""
        return int(self._status("VmHWM").split()[0])

    @property
    def threads(self) -> int:
        """How many threads it has."""
        return int(self._status("Threads"))

    @property
    def descriptors(self) -> int:
        """How many file descriptors it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def cpu_seconds(self) -> float:
        """The processor's time that its threads had, by the scheduler's own clock."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def end(self) -> int:
        """End it as a kubelet does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(ANSWER_LIMIT)

    def _status(self, key: str) -> str:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{key}:"))


@contextmanager
def serving(command: Sequence[str | Path], environ: Mapping[str, str], port: int, log: Path) -> Iterator[Serving]:
    """Run *command*, a `serve` that *environ* tells *port*, until the context ends; its output goes to *log*."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=dict(environ), stdout=output, stderr=output)
    try:
        served = Serving(process=process, port=port, log=log)
        deadline = time.monotonic() + START_LIMIT
        while not any("answers" in line for line in served.said):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command} does not answer: {served.said}")
            time.sleep(0.02)
        served.ask("/")
        yield served
    finally:
        process.kill()
        process.wait()
