"""Builds our images as a user would, from the Dockerfiles of the tree, with the archives of the cache.

An image is named by a digest of all that goes into it, so a second run builds nothing.
"""

import hashlib
import os
import re
import shlex
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.image.archives import DIGESTS, archive_of, served
from tests.image.base import ensure_base, locked
from tests.image.engine import Engine, EngineError
from tests.pages import PAGES
from tests.server.cache import Progress
from tests.server.distributions import Distribution, Product, find

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker" / "compose.yaml"
BUILD_LIMIT = 1500.0
"""Seconds for one build on a slow line."""

TRIES = 3
"""Of a build that should succeed: a mirror that fails once is asked again, and what is done is not done again."""

_REACHED = 15.0
_KEPT = "6h"
_SOURCES = ("docker", "zkboot", "kafkaboot", "pyproject.toml", "README.md", "LICENSE", ".dockerignore")
_PAGES = tuple(ROOT / page for page in PAGES if "/" in page)
"""Which no image and no wheel holds."""
_CERTIFICATES = "/run/certificates.crt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One call of the engine's build command."""

    dockerfile: Path
    tag: str
    arguments: dict[str, str] = field(default_factory=dict)
    context: Path = ROOT
    target: str = ""
    """The stage to stop at; empty for the last."""

    def run(self, engine: Engine) -> subprocess.CompletedProcess[str]:
        """Build, and return what came of it, failure included."""
        options = [f"--build-arg={name}={value}" for name, value in self.arguments.items()]
        if engine.is_podman:
            # HEALTHCHECK is Docker's: the OCI format has no place for it.
            options += ["--format=docker", "--layers"]
        if self.target:
            options.append(f"--target={self.target}")
        options += _certificates(engine)
        # The host's network: that is where the archives are served and where packages come from.
        command: list[str | Path] = [
            "build",
            "--network=host",
            "--file",
            self.dockerfile,
            "--tag",
            self.tag,
            *options,
            self.context,
        ]
        return engine.call(*command, timeout=BUILD_LIMIT)

    def succeed(self, engine: Engine) -> None:
        """Build; EngineError with its last words where it fails, and fails again."""
        for _ in range(TRIES):
            done = self.run(engine)
            if done.returncode == 0:
                return
        raise EngineError(f"{self.tag} cannot be built:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One server as its Dockerfile pins it."""

    product: Product
    version: str
    address: str
    tag: str
    """The image's name in the manifest."""
    arguments: dict[str, str]
    """What the Dockerfile is told; nothing where it knows by itself."""


def image_of(engine: Engine, distribution: Distribution, progress: Progress = lambda _line: None) -> str:
    """Return the name of the image that runs *distribution*, built now or before; EngineError where it cannot be."""
    base = ensure_base(engine, progress)
    archive = archive_of(distribution)
    repository = f"localhost/zk-kafka-boot/{distribution.product}"
    tag = f"{repository}:test-{distribution.version}-{_digest(base, archive.digest)}"
    with locked(f"image-{distribution.name}"):
        if engine.has_image(tag):
            return tag
        progress(f"building {tag}")
        with served(archive.path.parent) as address:
            arguments = build_arguments(distribution, f"{address}/{archive.path.name}", archive.digest)
            Build(dockerfile=dockerfile(distribution.product), tag=tag, arguments=arguments).succeed(engine)
        _remove_older(engine, repository, distribution, tag)
    return tag


def releases(product: Product) -> tuple[Release, ...]:
    """Return what the product's Dockerfile fetches by itself, and what its head says how to fetch instead."""
    text = dockerfile(product).read_text(encoding="utf-8")
    own = dict(re.findall(r"^ARG (\w+)=(\S+)$", text, re.MULTILINE))
    other = dict(re.findall(r"^#   --build-arg (\w+)=(\S+)$", text, re.MULTILINE))
    name = product.upper()
    found = []
    for arguments in ({}, other) if other else ({},):
        version = (own | arguments)[f"{name}_VERSION"]
        address = own[f"{name}_URL"].replace(f"${{{name}_VERSION}}", version)
        tag = f"zk-kafka-boot/{product}:{version}"
        found.append(Release(product=product, version=version, address=address, tag=tag, arguments=arguments))
    return tuple(found)


def build_release(engine: Engine, release: Release, progress: Progress) -> str:
    """Build an image under the name that the manifest has for it, and return that; EngineError where it cannot be.

    Where nothing answers at the archive's address a trial's image is put together from Maven Central, which `progress`
    is told. It gets a name of its own: nobody takes it for the release.
    """
    ensure_base(engine, progress)
    if not is_reached(release.address):
        distribution = find(release.product, release.version)
        tag = f"{release.tag.rpartition(':')[0]}:{distribution.version}-trial"
        progress(f"!! {release.address} cannot be reached, so {release.tag} is not built.")
        progress(f"!! {tag} has the jars from Maven Central and a stand-in for the start scripts: not for a cluster.")
        engine.ask("tag", image_of(engine, distribution, progress), tag)
        return tag
    progress(f"building {release.tag}")
    arguments = release.arguments | _revision()
    Build(dockerfile=dockerfile(release.product), tag=release.tag, arguments=arguments).succeed(engine)
    return release.tag


def compose_line(engine: Engine, made: Mapping[str, str]) -> str:
    """Return the command that starts the compose file's servers from images that were *made*.

    *made* has an image for each that the compose file names. The podman-compose is that of this environment, which is
    always there; it waits where podman can (4.3 of Debian 12 cannot, and it says so).
    """
    variables = {tag: name for name, tag in re.findall(r"\$\{(\w+_IMAGE):-(\S+)\}", COMPOSE.read_text("utf-8"))}
    other = [f"{variables[tag]}={shlex.quote(image)}" for tag, image in made.items() if image != tag]
    own = shlex.quote(os.path.relpath(Path(sys.executable).with_name("podman-compose")))
    program = own if engine.is_podman else "docker compose"
    return " ".join((*other, program, "-f", shlex.quote(os.path.relpath(COMPOSE)), "up -d --wait"))


def is_reached(address: str, tries: int = TRIES, pause: float = 2.0) -> bool:
    """Tell whether anybody answers at *address*, asked several times, *pause* seconds apart.

    An answer that something is wrong with it is an answer: the build will say what.
    """
    request = urllib.request.Request(address, method="HEAD")
    for number in range(tries):
        time.sleep(pause * (number > 0))
        try:
            with urllib.request.urlopen(request, timeout=_REACHED):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            continue
    return False


def _revision() -> dict[str, str]:
    """Return the Dockerfile's argument that says which commit the image was made from, where that is known."""
    done = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=40"],
        capture_output=True,
        text=True,
        check=False,
    )
    return {"REVISION": done.stdout.strip()} if done.returncode == 0 else {}


def dockerfile(product: Product) -> Path:
    """Return the Dockerfile of a product."""
    return ROOT / "docker" / product / "Dockerfile"


def build_arguments(distribution: Distribution, address: str, digest: str) -> dict[str, str]:
    """Return the Dockerfile's own arguments that make it fetch this archive."""
    name, kind = distribution.product.upper(), DIGESTS[distribution.product].upper()
    return {f"{name}_VERSION": distribution.version, f"{name}_URL": address, f"{name}_{kind}": digest}


def _digest(*parts: str) -> str:
    """Return a short digest of *parts* and of every file of the tree that can get into an image."""
    digest = hashlib.sha256("\n".join(parts).encode())
    for source in _SOURCES:
        path = ROOT / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".yaml" and file not in _PAGES:
                digest.update(f"{file.relative_to(ROOT)}\0{file.stat().st_mode & 0o111}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _certificates(engine: Engine) -> list[str]:
    """Return the options that let pip trust in a build whom this machine trusts."""
    bundle = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    if not engine.is_podman or not bundle or not Path(bundle).is_file():
        return []
    return [f"--volume={bundle}:{_CERTIFICATES}:ro", f"--build-arg=PIP_CERT={_CERTIFICATES}"]


def _remove_older(engine: Engine, repository: str, distribution: Distribution, newest: str) -> None:
    # Younger ones may be another checkout's, whose tests run beside these.
    old = ("--filter", f"until={_KEPT}", "--filter", f"reference={repository}:*")
    for tag in engine.ask("images", *old, "--format", "{{.Repository}}:{{.Tag}}").splitlines():
        if tag.startswith(f"{repository}:test-{distribution.version}-") and tag != newest:
            engine.call("rmi", tag)
