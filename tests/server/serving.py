"""`zkboot serve` and `kafkaboot serve` beside the real servers of pods, and what Prometheus says of their metrics."""

import shutil
import subprocess
from contextlib import AbstractContextManager

import pytest

from tests.server.pods import SCRIPTS, Pod
from tests.server.ports import free_ports
from tests.serving import Serving, serving

PREFIXES = {"zkboot": "ZK_", "kafkaboot": "KF_"}


def serving_pod(pod: Pod, program: str) -> AbstractContextManager[Serving]:
    """Run the *program*'s `serve` in the pod, as its sidecar does."""
    (port,) = free_ports(1, [pod.address])
    environ = pod.whole_environ({f"{PREFIXES[program]}HTTP_PORT": str(port)})
    return serving([SCRIPTS / program, "serve"], environ, port, pod.folder / "serve.log")


def promtool_complaints(text: str) -> list[str]:
    """Return what `promtool check metrics` says of *text*; skips the test where there is none."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool, for example: apt-get install prometheus")
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()
