"""The cache of fetched distributions: a folder outside the tree, filled by Maven, shared by all processes.

One folder for each distribution, `<cache>/<product>-<version>/`, with its jars in `lib` (ZooKeeper) or `libs` (Kafka)
as in upstream's archive and a marker `FETCHED` that names the recipe they came from. A folder appears by one rename,
so whoever sees it sees all of it. Fetches run one at a time under a lock file: Maven's own repository knows no locks.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.server.distributions import POM, Distribution, Product
from tests.server.processes import start
from tests.server.toolchain import check, maven

CACHE_VARIABLE = "ZKB_SERVER_CACHE"
"""The environment variable that moves the cache."""

FETCH_TIMEOUT = 900.0
"""Seconds that one distribution may take: 45 MB over a slow line."""

MEGABYTES = {Product.ZOOKEEPER: 9, Product.KAFKA: 49}
"""What the jars of one distribution have at the most."""

_MARKER = "FETCHED"
_UNFINISHED = ".unfinished-"
_PROGRESS_INTERVAL = 3.0

Progress = Callable[[str], None]
"""Takes one line about what is going on."""


class FetchError(Exception):
    """Maven could not fetch a distribution; the message holds its last words."""


def cache_folder() -> Path:
    """Return the folder of the cache, which need not exist: $ZKB_SERVER_CACHE, else one below the user's cache."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zk-kafka-boot" / "servers"


def home(distribution: Distribution) -> Path:
    """Return the folder of a distribution, fetched or not."""
    return cache_folder() / distribution.name


def is_fetched(distribution: Distribution) -> bool:
    """Tell whether a whole copy is there, made by the recipe that `pom.xml` holds now."""
    try:
        return (home(distribution) / _MARKER).read_text(encoding="utf-8") == _digest(distribution)
    except OSError:
        return False


def class_path(distribution: Distribution, *folders: Path) -> str:
    """Return the class path of a fetched distribution: *folders* (of configuration files) first, then its jars."""
    jars = home(distribution) / distribution.jar_folder / "*"
    return os.pathsep.join(map(str, (*folders, jars)))


def fetch(distributions: Iterable[Distribution], progress: Progress = lambda _line: None) -> None:
    """Fetch those of *distributions* that are not in the cache; *progress* gets a line every few seconds.

    Raises MissingToolError before anything is fetched, FetchError when Maven fails.
    """
    wanted = [distribution for distribution in distributions if not is_fetched(distribution)]
    if not wanted:
        return
    check(fetches=True)
    size = sum(MEGABYTES[distribution.product] for distribution in wanted)
    names = ", ".join(distribution.name for distribution in wanted)
    progress(f"to fetch with Maven, once, into {cache_folder()}: {names}; {size} MB at the most")
    with _locked(progress):
        for number, distribution in enumerate(wanted, start=1):
            if not is_fetched(distribution):
                _fetch(distribution, f"{distribution} ({number} of {len(wanted)})", progress)


def _digest(distribution: Distribution) -> str:
    return hashlib.sha256(distribution.recipe.encode()).hexdigest()


@contextmanager
def _locked(progress: Progress) -> Iterator[None]:
    """Hold the cache's lock; what an interrupted fetch left behind is removed."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another fetch into {folder}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(leftover)
        yield


def _fetch(distribution: Distribution, title: str, progress: Progress) -> None:
    progress(f"fetching {title}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=cache_folder()) as scratch:
        copy = Path(scratch, distribution.name)
        jars = copy / distribution.jar_folder
        log = Path(scratch, "maven.log")
        _run_maven(distribution, jars, log, title, progress)
        (copy / _MARKER).write_text(_digest(distribution), encoding="utf-8")
        target = home(distribution)
        if target.exists():
            target.rename(Path(scratch, "stale"))
        copy.rename(target)
    jar_sizes = [jar.stat().st_size for jar in (home(distribution) / distribution.jar_folder).iterdir()]
    progress(
        f"fetched {title}: {len(jar_sizes)} jars, {sum(jar_sizes) / 1e6:.0f} MB, {time.monotonic() - started:.0f} s"
    )


def _run_maven(distribution: Distribution, jars: Path, log: Path, title: str, progress: Progress) -> None:
    command = [
        maven(),
        "--batch-mode",
        f"--file={POM}",
        f"--activate-profiles={distribution.name}",
        "dependency:copy-dependencies",
        f"-DoutputDirectory={jars}",
    ]
    deadline = time.monotonic() + FETCH_TIMEOUT
    with start(f"mvn for {distribution}", command, environ=os.environ, log=log) as process:
        while (status := process.poll()) is None:
            with suppress(TimeoutError):
                process.wait(_PROGRESS_INTERVAL)
                continue
            if time.monotonic() > deadline:
                raise FetchError(f"{distribution}: Maven took more than {FETCH_TIMEOUT:.0f} s")
            if downloads := process.log_text().count("Downloaded from "):
                progress(f"fetching {title}: {downloads} files so far")
    if status != 0 or not any(jars.glob("*.jar")):
        errors = [line for line in process.log_text().splitlines() if "ERROR" in line]
        raise FetchError(f"{distribution}: Maven failed: {errors[0] if errors else process.log_tail()}")
