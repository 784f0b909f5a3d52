"""What is said of a cluster that is not there: one line for a test, and nothing is asked elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

from tests.commands import ROOT

ONE_TEST = "tests/kubernetes/test_kustomizations.py::test_a_folder_is_its_manifest[zookeeper]"
KUBECTL = """\
#!/bin/sh
case $* in
  *config*) exit 0 ;;
  *) echo "$KUBECONFIG is asked" >&2; exit 1 ;;
esac
"""


def run(kubeconfig: str, folder: Path) -> str:
    """Run one test with a kubectl of this test's own, which reaches nobody; return what pytest printed."""
    kubectl = folder / "kubectl"
    kubectl.write_text(KUBECTL, encoding="utf-8")
    kubectl.chmod(0o755)
    environ = os.environ | {"KUBECONFIG": kubeconfig, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ONE_TEST]
    done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "1 error" in done.stdout
    return done.stdout


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """kubectl would take it for an empty one, and ask the cluster that it runs in, or localhost."""
    missing = f"{tmp_path}/one{os.pathsep}{tmp_path}/another"
    shown = run(missing, tmp_path)

    assert f"\nKUBECONFIG names no file that is there: {missing}\n" in shown
    assert "is asked" not in shown


def test_a_cluster_that_does_not_answer(tmp_path: Path) -> None:
    """In kubectl's words, without a traceback; one of several files is enough."""
    there = tmp_path / "there"
    there.touch()
    named = f"{tmp_path}/missing{os.pathsep}{there}"
    shown = run(named, tmp_path)

    assert "\nthe cluster that KUBECONFIG names does not answer: " in shown
    assert f"{named} is asked\n" in shown
    assert "KubectlError" not in shown
