"""Builds of the wheel in different surroundings: the same bytes each time."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from tests.commands import ROOT
from tests.torture.campaign import Campaign

SOURCES = ("kafkaboot", "zkboot", "LICENSE", "README.md", "pyproject.toml")
"""What the images build the wheel from."""

_UMASKS = (0o022, 0o077, 0o002, 0o027)
_ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns")
_EPOCHS = (None, "1700000000")
"""SOURCE_DATE_EPOCH: without it the time in the wheel is the build backend's constant."""


def supply_chain(count: int, chance: random.Random, scratch: Path) -> str:
    """Build *count* wheels with each epoch and return the campaign's line; AssertionError where two of one differ."""
    wheels = set()
    for epoch in _EPOCHS:
        digests = {build(scratch / f"{epoch}-{'x' * number}", epoch, number, chance) for number in range(count)}
        if len(digests) != 1:
            raise AssertionError(f"SOURCE_DATE_EPOCH={epoch}: {len(digests)} wheels that differ: {sorted(digests)}")
        wheels |= digests
    if len(wheels) != len(_EPOCHS):
        raise AssertionError("SOURCE_DATE_EPOCH makes no difference")
    return f"supply chain: {len(_EPOCHS)} x {count} wheels, identical"


def build(folder: Path, epoch: str | None, number: int, chance: random.Random) -> str:
    """Build a wheel from a copy of the sources in *folder* and return its name and digest."""
    umask = _UMASKS[number % len(_UMASKS)]
    names = list(SOURCES)
    chance.shuffle(names)
    folder.mkdir()
    for name in names:
        copy(ROOT / name, folder / name, umask, chance)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TZ": chance.choice(_ZONES),
        "LC_ALL": chance.choice(("C", "C.UTF-8")),
        "PYTHONHASHSEED": str(chance.randrange(2**32)),
        "PYTHONDONTWRITEBYTECODE": "1",
        **({} if epoch is None else {"SOURCE_DATE_EPOCH": epoch}),
    }
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "out"],
        cwd=folder,
        env=environ,
        umask=umask,
        check=True,
        capture_output=True,
    )
    (wheel,) = (folder / "out").iterdir()
    return f"{wheel.name} {hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def copy(source: Path, target: Path, umask: int, chance: random.Random) -> None:
    """Copy a file or folder as a clone at another time, by somebody with *umask*, would have it."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)
    for path in (target, *target.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
        # From 1989 to 2033.
        os.utime(path, times=(moment := chance.uniform(6.3e8, 2e9), moment))


CAMPAIGNS = (Campaign(name="supply-chain", short=2, long=20, run=supply_chain),)
