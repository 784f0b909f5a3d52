"""A fresh machine: Debian, an ordinary user who may use sudo, a copy of the tree, and nothing else."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.commands import ROOT
from tests.fresh.registries import apt_proxies, maven_settings, own_certificates, pip_environ
from tests.fresh.transcript import Printed, is_as_shown, parse, script
from tests.image.base import base_name, ensure_base, locked
from tests.image.engine import Engine, EngineError, own_name
from tests.pages import Block
from tests.server.cache import cache_folder

USER = "reader"
HOME = f"/home/{USER}"
TREE = f"{HOME}/zk-kafka-boot"
_UID = 1900
"""Nobody else's: a limit of processes counts those of every container, and the images' servers are 1000."""

_DOWNLOADS = "/var/cache/downloads"
"""What pip and Maven fetched for the machines before this one; each of them still asks whether it is the newest."""

# The slim base leaves out manual pages, and without their folder no JRE of Debian can be installed. A machine that is
# no container has them.
_PREPARE = f"""\
rm -f /etc/dpkg/dpkg.cfg.d/docker
mkdir -p /usr/share/man/man1
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends sudo >/dev/null
useradd --create-home --shell /bin/bash --uid {_UID} {USER}
mv /root/tree {TREE}
echo '{USER} ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/{USER}
mkdir -p {HOME}/.cache {HOME}/.m2
ln -s {_DOWNLOADS}/pip {HOME}/.cache/pip
ln -s {_DOWNLOADS}/maven {HOME}/.m2/repository
[ ! -e /root/settings.xml ] || mv /root/settings.xml {HOME}/.m2/
chown -R {USER}: {HOME}
"""
_TRIES = 3
"""Of what asks a registry: one that fails once is asked again."""

_PREPARE_LIMIT = 600.0
"""Seconds, on a slow line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One that runs."""

    engine: Engine
    name: str
    suite: str

    def type(self, *blocks: Block, timeout: float) -> list[Printed]:
        """Type the commands of *blocks* into one shell of the user's, in the tree, and return what each printed.

        Raises AssertionError where one fails, or prints something else than the page shows.
        """
        exchanges = [exchange for block in blocks for exchange in _exchanges(block)]
        printed = self.run(script([command for command, _ in exchanges]), timeout)
        seen = parse(printed)
        for (command, shown), found in zip(exchanges, seen, strict=False):
            assert found.status == 0, f"{self.suite}: {command}: exit {found.status}\n{found.text[-3000:]}"
            assert is_as_shown(shown, found.text), f"{self.suite}: {command} printed\n{found.text}\nand not\n{shown}"
        assert len(seen) == len(exchanges), f"{self.suite}: the shell ended early: {printed[-3000:]}"
        return seen

    def fetch(self, target: str, timeout: float) -> None:
        """Make a target of the Makefile that only fetches, so that what is typed afterwards need not."""
        for _ in range(_TRIES):
            # Without CI most of them forgive themselves.
            printed = self.run(f"CI=true make {target} 2>&1 && echo fetched", timeout)
            if printed.endswith("fetched\n"):
                return
        raise EngineError(f"{self.suite}: make {target}: {printed[-2000:]}")

    def run(self, commands: str, timeout: float) -> str:
        """Return what *commands* print in a shell of the user's, in the tree."""
        line = ("exec", "--user", USER, "--workdir", TREE, self.name, "bash", "-lc", commands)
        return self.engine.call(*line, timeout=timeout).stdout


def _exchanges(block: Block) -> list[tuple[str, str]]:
    """Return the commands of *block* with what it shows of their output; those of an `sh` block are one."""
    return block.exchanges if block.language == "console" else [(block.commands.rstrip("\n"), "")]


@contextmanager
def fresh_machine(engine: Engine, suite: str) -> Iterator[Machine]:
    """Have a machine with a release of Debian for as long as the context lasts."""
    ensure_base(engine, suite=suite)
    name = own_name(suite)
    # The downloads are one machine's at a time: Maven's repository knows no locks.
    with locked("fresh"), tempfile.TemporaryDirectory(prefix=f"{name}-") as scratch:
        variables = [f"--env={variable}={value}" for variable, value in pip_environ().items()]
        volume = f"--volume={_downloads()}:{_DOWNLOADS}"
        try:
            engine.ask("run", "--detach", f"--name={name}", volume, *variables, base_name(suite), "sleep", "infinity")
            _furnish(engine, name, Path(scratch))
            yield Machine(engine=engine, name=name, suite=suite)
        finally:
            engine.remove_containers([name])


def _furnish(engine: Engine, name: str, scratch: Path) -> None:
    """Give the machine what it needs to reach the registries, its user and the tree."""
    engine.ask("exec", name, "mkdir", "-p", "/usr/local/share/ca-certificates")
    for number, certificate in enumerate(own_certificates()):
        path = scratch / f"own-{number}.crt"
        path.write_text(certificate, encoding="ascii")
        engine.ask("cp", path, f"{name}:/usr/local/share/ca-certificates/{path.name}")
    settings_of_apt = scratch / "apt.conf"
    settings_of_apt.write_text(f'Acquire::Retries "{_TRIES}";\n{apt_proxies()}', encoding="utf-8")
    engine.ask("cp", settings_of_apt, f"{name}:/etc/apt/apt.conf.d/50registries")
    if settings := maven_settings():
        engine.ask("cp", settings, f"{name}:/root/settings.xml")
    tree = scratch / "tree"
    _copy_tree(tree)
    engine.ask("cp", tree, f"{name}:/root/tree")
    done = engine.call("exec", name, "bash", "-euc", _PREPARE, timeout=_PREPARE_LIMIT)
    if done.returncode != 0:
        raise EngineError(f"{name}: {done.stdout[-1000:]}{done.stderr[-2000:]}")


def _copy_tree(target: Path) -> None:
    """Copy what git would clone, with what is not committed yet."""
    listing: list[str | Path] = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        source = ROOT / name
        if source.is_file():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.read_bytes())
            path.chmod(source.stat().st_mode & 0o777)


def _downloads() -> Path:
    """Return the folder that keeps downloads; it belongs to the machine's user."""
    folder = cache_folder().parent / "downloads"
    for part in (folder, folder / "pip", folder / "maven"):
        part.mkdir(parents=True, exist_ok=True)
        os.chown(part, _UID, _UID)
    return folder
