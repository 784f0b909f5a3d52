"""Reads the lock files of the images: what is pinned, and by which hashes."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCKER = Path(__file__).parents[3] / "docker"
PATHS = (DOCKER / "requirements.txt", DOCKER / "requirements-build.txt")

_REQUIREMENT = re.compile(r"(?P<name>\w[\w.-]*)(?:==(?P<version>[\w.!+-]+))?(?P<rest>.*)")
_HASH = re.compile(r"--hash=(\S+)")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One line of a lock file."""

    name: str
    version: str
    """Empty where it is not pinned to one."""
    hashes: tuple[str, ...]


def requirements(text: str) -> list[Requirement]:
    """Return what a lock file asks for; ValueError for a line that is neither a requirement nor a comment."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        row = line.partition("#")[0].strip()
        if not row:
            continue
        match = _REQUIREMENT.fullmatch(row)
        if match is None:
            raise ValueError(f"no requirement: {row}")
        hashes = tuple(_HASH.findall(match["rest"]))
        is_exact = not _HASH.sub("", match["rest"]).strip()
        found.append(
            Requirement(name=match["name"], version=(match["version"] or "") if is_exact else "", hashes=hashes)
        )
    return found


def mistakes(text: str) -> list[str]:
    """Return one line for each requirement that leaves open what will be installed."""
    lines = []
    for each in requirements(text):
        if not each.version:
            lines.append(f"{each.name} is not pinned")
        if not each.hashes:
            lines.append(f"{each.name} has no hash")
        lines += [f"{each.name}: {digest} is no SHA-256" for digest in each.hashes if not _SHA256.fullmatch(digest)]
    return lines
