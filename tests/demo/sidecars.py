"""The demo's sidecars: `serve` beside each server, on a port of this machine."""

import http.client
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.server.pods import SCRIPTS, Pod
from tests.server.ports import LOOPBACK, free_ports
from tests.server.processes import ServerProcess, start, terminate_all

PORTS = {"zkboot": "ZK_HTTP_PORT", "kafkaboot": "KF_HTTP_PORT"}

ANSWER_LIMIT = 60.0
"""Seconds for an answer on a busy machine; no figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """A `serve` that runs."""

    process: ServerProcess
    port: int

    @property
    def address(self) -> str:
        """Where it is asked whether its server is ready."""
        return f"http://{LOOPBACK}:{self.port}/readyz"

    def ask(self) -> tuple[int, str]:
        """Return status and text of that answer; status 0 and the reason where there is none."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=ANSWER_LIMIT)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError as error:
            return 0, f"{error}\n{self.process.log_tail()}"
        finally:
            connection.close()


Sidecars = dict[str, Sidecar]
"""By the pod's name."""


@contextmanager
def beside(pods: Sequence[Pod], program: str) -> Iterator[Sidecars]:
    """Run the *program*'s `serve` in each of *pods*, which have been started, until the context ends."""
    sidecars: Sidecars = {}
    try:
        for pod, port in zip(pods, free_ports(len(pods)), strict=True):
            environ = pod.whole_environ({PORTS[program]: str(port)})
            command = [str(SCRIPTS / program), "serve"]
            process = start(f"{pod.name}'s serve", command, environ=environ, log=pod.folder / "serve.log")
            sidecars[pod.name] = Sidecar(process=process, port=port)
        yield sidecars
    finally:
        terminate_all(sidecar.process for sidecar in sidecars.values())
