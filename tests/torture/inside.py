"""`python -m tests.torture.inside MODULE:FUNCTION COUNT SEED SCRATCH`: a campaign's part in namespaces of its own."""

import importlib
import random
import subprocess
import sys
from pathlib import Path

from tests.commands import ROOT, namespaces
from tests.torture.campaign import CannotRunError


def within(kinds: tuple[str, ...], task: str, count: int, chance: random.Random, scratch: Path) -> str:
    """Run *task*, ``module:function`` of a campaign's form, in new namespaces of *kinds*; return its line.

    Raises CannotRunError where there can be no such namespaces, AssertionError with the task's own where it failed.
    """
    try:
        tried = subprocess.run([*namespaces(*kinds), "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CannotRunError("needs unshare, for example: apt-get install util-linux") from None
    if tried.returncode != 0:
        raise CannotRunError(f"needs root, or user namespaces, for its {' and '.join(kinds)}: {tried.stderr.strip()}")
    arguments = (task, str(count), str(chance.getrandbits(64)), str(scratch))
    done = subprocess.run(
        [*namespaces(*kinds), sys.executable, "-m", "tests.torture.inside", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"{task}: status {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def main(task: str, count: str, seed: str, scratch: str) -> int:
    """Run *task* and print its line."""
    module, _, function = task.partition(":")
    print(getattr(importlib.import_module(module), function)(int(count), random.Random(seed), Path(scratch)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
