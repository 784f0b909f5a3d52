"""A person's shell, set to the namespace: what the documentation tells to type is run as it stands there."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.commands import ROOT
from tests.kubernetes.kubectl import READY_LIMIT, Done, Kubectl

LIMIT = 4 * READY_LIMIT
"""Seconds for what waits for several pods, one after the other."""


def typed(kubectl: Kubectl, commands: str) -> Done:
    """Run *commands* in the root of the tree, as somebody whose kubectl is set to the namespace.

    Our own commands are installed.
    """
    with TemporaryDirectory() as folder:
        config = Path(folder, "config")
        config.write_text(kubectl.run("config", "view", "--raw", "--flatten"), encoding="utf-8")
        set_to = f"kubectl config set-context --current --namespace={kubectl.namespace} >/dev/null"
        done = subprocess.run(
            ["bash", "-euc", f"export KUBECONFIG={config}; {set_to}\n{commands}"],
            cwd=ROOT,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    return Done(status=done.returncode, stdout=done.stdout, stderr=done.stderr)


def printed(kubectl: Kubectl, commands: str, **variables: str) -> str:
    """Type *commands*, with *variables* that the page leaves to the reader; return what they print.

    AssertionError where one fails.
    """
    given = "".join(f"{name}={value}\n" for name, value in variables.items())
    done = typed(kubectl, given + commands)
    assert done.status == 0, done.stdout + done.stderr
    return done.stdout
