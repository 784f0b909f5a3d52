"""Debian's slim base images: pulled where a registry can be reached, else made with debootstrap under the same name."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.image.engine import Engine, EngineError
from tests.server.cache import Progress, cache_folder

SUITE = "trixie"
"""The release of Debian that the images stand on."""


def base_name(suite: str) -> str:
    """Return the name of the base image of a release of Debian."""
    return f"docker.io/library/debian:{suite}-slim"


BASE = base_name(SUITE)
"""What the Dockerfiles' FROM names."""

_PULL_LIMIT = 60.0
_MAKE_LIMIT = 900.0

_CLEAN = """\
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
"""
"""Leaves no archive in a layer, as the official image does."""

# What the official slim image leaves out of every package that is installed later, too.
_EXCLUDED = ("doc", "groff", "info", "linda", "lintian", "locale", "man")


def ensure_base(engine: Engine, progress: Progress = lambda _line: None, suite: str = SUITE) -> str:
    """Return the id of the base image of *suite*, in the store afterwards; EngineError where it cannot be made."""
    name = base_name(suite)
    with locked("base"):
        if not engine.has_image(name) and not _pull(engine, name, progress):
            if os.geteuid() != 0 or shutil.which("debootstrap") is None:
                raise EngineError(
                    f"{name} cannot be pulled. Root can make it: apt-get install debootstrap; or load it from a machine"
                    " that can pull it"
                )
            progress(f"no registry: making {name} with debootstrap")
            _make(engine, suite)
    return str(engine.inspect("image", name)["Id"])


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time make the thing called *name*."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".lock-{name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _pull(engine: Engine, name: str, progress: Progress) -> bool:
    progress(f"pulling {name}")
    try:
        return engine.call("pull", "--quiet", name, timeout=_PULL_LIMIT).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _make(engine: Engine, suite: str) -> None:
    with tempfile.TemporaryDirectory(prefix=".unfinished-base-", dir=cache_folder()) as scratch:
        root = Path(scratch, "root")
        log = Path(scratch, "debootstrap.log")
        with log.open("wb") as output:
            done = subprocess.run(
                ["debootstrap", "--variant=minbase", suite, root],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=_MAKE_LIMIT,
                check=False,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            )
        if done.returncode != 0:
            raise EngineError(f"debootstrap {suite} failed: {log.read_text(errors='replace')[-2000:]}")
        _slim(root)
        archive = Path(scratch, "root.tar")
        subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
        engine.ask("import", "--change", 'CMD ["bash"]', archive, base_name(suite), timeout=_MAKE_LIMIT)


def _slim(root: Path) -> None:
    """Take out what the official slim image lacks, and add the suites that it has."""
    for folder in (*(f"usr/share/{name}" for name in _EXCLUDED), "var/cache/apt", "var/lib/apt/lists", "var/log"):
        for entry in (root / folder).glob("*"):
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    rows = "".join(f"path-exclude /usr/share/{name}/*\n" for name in _EXCLUDED)
    (root / "etc/dpkg/dpkg.cfg.d/docker").write_text(rows + "path-include /usr/share/doc/*/copyright\n")
    (root / "etc/apt/apt.conf.d/docker-clean").write_text(_CLEAN)
    sources = root / "etc/apt/sources.list"
    kind, mirror, suite, *parts = sources.read_text(encoding="utf-8").splitlines()[0].split()
    part = " ".join(parts)
    sources.write_text(
        f"{kind} {mirror} {suite} {part}\n"
        f"{kind} {mirror} {suite}-updates {part}\n"
        f"{kind} {mirror}-security {suite}-security {part}\n",
        encoding="utf-8",
    )
