"""kill -9 while Kafka's own tool formats a volume: the next start formats what is not whole, and never twice."""

import contextlib
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.server.cache import FetchError, fetch, home
from tests.server.commands import tool_command
from tests.server.distributions import KRAFT_CORE, Distribution
from tests.server.kraft import base_file
from tests.server.toolchain import MissingToolError, missing_tools
from tests.torture.campaign import Campaign, CannotRunError

CLUSTER_ID = "Ut7tJ-wMRxCHyEbPpYTYKA"
WAYS = {"static": {}, "dynamic": {"KF_QUORUM": "dynamic", "KF_QUORUM_ENTRY": "first"}}
LIMIT = 300


class Node:
    """A node with an empty volume, whose `kafkaboot run` formats and then starts nothing."""

    def __init__(self, folder: Path, distribution: Distribution, environ: dict[str, str]) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.meta = folder / "data" / "meta.properties"
        self._environ = {
            "PATH": os.environ["PATH"],
            "POD_NAME": "kafka-0",
            "KF_DOMAIN": "kafka-svc.default.svc",
            "KF_REPLICAS": "3",
            "KF_DNS_WAIT": "0",
            "KF_PROBE_TIMEOUT": "0.1",
            "KF_HOME": str(home(distribution)),
            "KF_BASE_FILE": str(base_file(distribution)),
            "KF_CONFIG_FILE": f"{folder}/server.properties",
            "KF_CLUSTER_ID": CLUSTER_ID,
            "KF_STORAGE_COMMAND": shlex.join(tool_command(distribution, "kafka.tools.StorageTool")),
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LOG_DIRS": str(self.meta.parent),
            **environ,
        }

    def start(self) -> subprocess.Popen[bytes]:
        """Start `kafkaboot run` in a session of its own, so that the tool's JVM can be killed with it."""
        return subprocess.Popen(
            [Path(sys.executable).parent / "kafkaboot", "run", "--", "echo", "started"],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def finish(self) -> str:
        """Run it to its end and return what it said; AssertionError where it did not come to start the server."""
        process = self.start()
        told = process.communicate(timeout=LIMIT)[0].decode()
        if process.returncode != 0 or not told.endswith("started\n"):
            raise AssertionError(f"status {process.returncode}:\n{told}\non the volume: {self.listing()}")
        return told

    def listing(self) -> list[str]:
        """Return the files of the volume."""
        return sorted(str(path.relative_to(self.folder)) for path in self.meta.parent.rglob("*"))


def kills(count: int, chance: random.Random, scratch: Path) -> str:
    """Kill *count* formats and return the campaign's line; AssertionError where the node does not start after one."""
    lines = missing_tools()
    if lines:
        raise CannotRunError("; ".join(lines))
    try:
        fetch(KRAFT_CORE)
    except (FetchError, MissingToolError) as error:
        raise CannotRunError(str(error)) from error
    cases = [(version, way) for version in KRAFT_CORE for way in WAYS]
    begun = 0
    for at in range(count):
        version, way = cases[at % len(cases)]
        node = Node(scratch / str(at), version, WAYS[way])
        begun += _kill_in_the_midst(node, chance)
        left = node.listing()
        is_whole = node.meta.exists()
        told = node.finish()
        if is_whole != ("Formatting " not in told):
            raise AssertionError(f"{version} {way}, kill {at}: {left} was on the volume, then:\n{told}")
        if "Formatting " in node.finish():
            raise AssertionError(f"{version} {way}, kill {at}: formatted twice")
    return f"formats: {count} killed ({begun} with something on the volume), 0 that did not start, 0 formatted twice"


def _kill_in_the_midst(node: Node, chance: random.Random) -> bool:
    """Kill a start within a moment of the first file on the volume; return whether there was one."""
    process = node.start()
    deadline = time.monotonic() + LIMIT
    while process.poll() is None and not node.listing() and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.03))
    # It may have come to its end before.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return bool(node.listing())


CAMPAIGNS = (Campaign(name="kills-format", short=4, long=100, run=kills),)
