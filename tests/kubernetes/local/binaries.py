"""Builds Kubernetes and what it stands on, from Go modules whose go.sum pins every byte, into the cache.

A module's folder below `modules` holds go.mod, go.sum and, where there is no command to take, a main of its own. Its
binaries are kept by a digest of those files: a second run builds nothing.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.image.base import locked
from tests.server.cache import FetchError, Progress, cache_folder
from tests.server.toolchain import MissingToolError

MODULES = Path(__file__).with_name("modules")
BUILD_LIMIT = 3600.0
"""Seconds for one module on a slow and busy machine, downloads included; all take nine minutes on a quiet one."""

_COMMON = ("etcd", "containerd", "coredns", "kube-router", "cert-manager")
_KEPT = 6 * 3600.0
"""Seconds for which a folder of the cache is kept that nobody used."""

_RENAMED = {"server": "etcd"}
"""A command is called as the last part of its path, and etcd's is `server`."""

_BESIDE = {"cert-manager": ("github.com/cert-manager/cert-manager", "deploy/crds")}
"""The folder of a module it is built from that a binary needs beside it."""


class BuildError(Exception):
    """A module cannot be built; the message holds Go's last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One folder of `modules`."""

    name: str

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return MODULES / self.name

    @property
    def binaries(self) -> Path:
        """Where its binaries are, built or not."""
        digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in sorted(self.folder.iterdir())))
        return cache_folder() / "kubernetes" / f"{self.name}-{digest.hexdigest()[:12]}"

    @property
    def version(self) -> str:
        """The version of Kubernetes that it builds, as 1.37.2; empty for other modules."""
        found = re.search(r"^require k8s\.io/kubernetes v(\S+)$", (self.folder / "go.mod").read_text(), re.MULTILINE)
        return found[1] if found else ""


def minors() -> tuple[str, ...]:
    """Return the minor versions of Kubernetes that can be built, the oldest first."""
    found = [folder.name.partition("-")[2] for folder in MODULES.glob("kubernetes-*")]
    return tuple(sorted(found, key=lambda minor: [int(part) for part in minor.split(".")]))


def modules(minor: str) -> tuple[Module, ...]:
    """Return all that a cluster of this minor version runs."""
    return tuple(Module(name=name) for name in (f"kubernetes-{minor}", *_COMMON))


def build(wanted: Sequence[Module], progress: Progress) -> str:
    """Build those of *wanted* that are not in the cache, and return their folders as for PATH.

    MissingToolError without Go, FetchError where the modules cannot be had, BuildError where they do not compile.
    """
    for module in wanted:
        with locked(f"go-{module.name}"):
            if not module.binaries.exists():
                _build(module, progress)
            module.binaries.touch()
    return os.pathsep.join(str(module.binaries) for module in wanted)


def _go(module: Module, *words: str) -> tuple[str, str]:
    """Run Go in the folder of a module; return its output, and its last words where it fails, else nothing."""
    environ = os.environ | {"CGO_ENABLED": "0", "GOWORK": "off"}
    done = subprocess.run(
        ["go", *words],
        cwd=module.folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=BUILD_LIMIT,
        check=False,
    )
    return done.stdout.strip(), done.stderr.strip()[-2000:] or f"exit {done.returncode}" if done.returncode else ""


def remove_unused(cache: Path, name: str) -> None:
    """Remove the folders of *cache*, called *name* and a digest, that nobody has used for hours."""
    for folder in cache.glob(f"{name}-????????????"):
        if time.time() - folder.stat().st_mtime > _KEPT:
            shutil.rmtree(folder)


def _build(module: Module, progress: Progress) -> None:
    if shutil.which("go") is None:
        raise MissingToolError("go is missing, which builds Kubernetes: install Go 1.26.8 or newer")
    progress(f"building {module.name}")
    started = time.monotonic()
    cache = module.binaries.parent
    cache.mkdir(parents=True, exist_ok=True)
    flags = "-s -w"
    if version := module.version:
        prefix = "-X k8s.io/component-base/version"
        major, minor, _ = version.split(".")
        flags += f" {prefix}.gitVersion=v{version} {prefix}.gitMajor={major} {prefix}.gitMinor={minor}"
    package = "." if (module.folder / "main.go").exists() else "tool"
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=cache) as scratch:
        target = Path(scratch, "bin")
        target.mkdir()
        _, error = _go(module, "list", "-deps", package)
        if error:
            raise FetchError(f"the modules of {module.name} cannot be had: {error}")
        words = ("-trimpath", "-buildvcs=false", f"-ldflags={flags}", "-o", f"{target}/", package)
        _, error = _go(module, "build", *words)
        if error:
            raise BuildError(f"{module.name} cannot be built: {error}")
        for before, after in _RENAMED.items():
            if (target / before).exists():
                (target / before).rename(target / after)
        if module.name in _BESIDE:
            source, below = _BESIDE[module.name]
            folder, _ = _go(module, "list", "-m", "-f={{.Dir}}", source)
            shutil.copytree(Path(folder, below), target / Path(below).name)
        target.rename(module.binaries)
    remove_unused(cache, module.name)
    progress(f"built {module.name} in {time.monotonic() - started:.0f} s")
