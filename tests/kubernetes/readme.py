"""What the README tells a person to type, run as it stands there."""

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.kubernetes.kubectl import Done, Kubectl

ROOT = Path(__file__).parents[2]


def block(*words: str) -> str:
    """Return the one block of commands in the README that has all these words."""
    blocks = re.findall(
        r"^```(?:sh|console)\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    (found,) = [each for each in blocks if all(word in each for word in words)]
    return re.sub(r"^\$ ", "", found, flags=re.MULTILINE)


def typed(kubectl: Kubectl, commands: str, timeout: float) -> Done:
    """Run *commands* in the root of the tree, as somebody whose kubectl is set to the namespace."""
    with TemporaryDirectory() as folder:
        config = Path(folder, "config")
        config.write_text(kubectl.run("config", "view", "--raw", "--flatten"), encoding="utf-8")
        set_to = f"kubectl config set-context --current --namespace={kubectl.namespace} >/dev/null"
        done = subprocess.run(
            ["bash", "-euc", f"export KUBECONFIG={config}; {set_to}\n{commands}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    return Done(status=done.returncode, stdout=done.stdout, stderr=done.stderr)
