"""A clean installation: what the figures are measured on."""

import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def clean_install(place: Path) -> Path:
    """Return the commands of a new environment that a new pip put this distribution into, and nothing else."""
    venv.create(place, with_pip=True)
    scripts = place / "bin"
    for arguments in (["--upgrade", "pip"], [str(ROOT)]):
        subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", *arguments], check=True)
    subprocess.run([scripts / "python", "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"], check=True)
    return scripts
