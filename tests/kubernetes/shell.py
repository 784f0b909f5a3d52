"""A person's shell, set to the namespace: what the documentation tells to type is run as it stands there."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.commands import ROOT
from tests.kubernetes.kubectl import Done, Kubectl


def typed(kubectl: Kubectl, commands: str, timeout: float) -> Done:
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
            timeout=timeout,
            check=False,
        )
    return Done(status=done.returncode, stdout=done.stdout, stderr=done.stderr)
