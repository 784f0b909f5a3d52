"""A start that is killed between any two of its writes, and the next one: the same files as without.

The command runs in a forked child under Python's own profiler hook, which is told of every C function before it is
called: the child kills itself at the k-th one that can change the file system, for every k there is. Nothing of the
project is replaced.
"""

import io
import os
import posix
import random
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests.torture.campaign import Campaign
from tests.torture.commands import fork
from tests.torture.generators import Content, Generator, kafka, zookeeper
from tests.torture.values import ZK_FILES

CHANGES = frozenset(
    """
    chmod chown fchmod fchown fsync ftruncate link mkdir open rename replace rmdir symlink truncate unlink write flush
    """.split()  # noqa: SIM905 - one word a literal would be five times as long
)
"""Names of functions of `posix` and methods of files behind which the file system can be another than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a start finds, and what it leaves when nobody disturbs it."""

    name: str
    generator: Generator
    before: Mapping[str, tuple[int, bytes]]
    after: Content
    cuts: int
    """Calls at which it can be cut."""


def cuts(count: int, chance: random.Random, scratch: Path) -> str:
    """Cut starts at *count* of all places, all of them where there are no more; return the campaign's line."""
    scenes = [
        scene
        for generator in (zookeeper(scratch), kafka(scratch))
        for scene in (
            _scene(generator, "an empty volume", {}),
            _scene(generator, "an older file", _earlier(generator)),
            _scene(generator, "a start that was killed", {**_earlier(generator), **_stale(generator)}),
        )
    ]
    scenes.append(_scene(scenes[0].generator, "a myid alone", {"myid": (0o644, b"2\n")}))
    places = [(scene, at) for scene in scenes for at in range(scene.cuts)]
    wanted = places if count >= len(places) else chance.sample(places, count)
    for scene, at in wanted:
        _cut(scene, at)
    every = "every one" if len(wanted) == len(places) else f"{len(wanted)}"
    return f"cuts: killed before {every} of {len(places)} calls, 0 torn, 0 that the next start did not make whole"


def _environ(generator: Generator, which: int) -> dict[bytes, bytes]:
    return {os.fsencode(name): os.fsencode(value) for name, value in generator.environs[which].items()}


def _earlier(generator: Generator) -> Content:
    """Return what a start with the other environment leaves."""
    _set_up(generator, {})
    assert fork(generator.command, _environ(generator, 0)).status == 0
    return generator.content()


def _stale(generator: Generator) -> Content:
    """Return what a start that was killed may have left."""
    name = "zoo.cfg" if generator.command == "zkGenConfig" else "server.properties"
    return {f".{name}.0123456789abcdef.zkboot-tmp": (0o600, b"half a li")}


def _set_up(generator: Generator, files: Mapping[str, tuple[int, bytes]]) -> None:
    """Make the generator's folder hold *files* and nothing else; an empty one is not there."""
    shutil.rmtree(generator.folder, ignore_errors=True)
    if files:
        generator.folder.mkdir(parents=True)
    for name, (mode, content) in files.items():
        path = generator.folder / name
        path.write_bytes(content)
        path.chmod(mode)


def _scene(generator: Generator, name: str, before: Mapping[str, tuple[int, bytes]]) -> Scene:
    _set_up(generator, before)
    counter = os.memfd_create("calls")
    outcome = fork(generator.command, _environ(generator, 1), prelude=lambda: _count(counter))
    calls = os.fstat(counter).st_size
    os.close(counter)
    assert outcome.status == 0, outcome.stderr
    assert calls > 10, f"{generator.name}: {calls} calls seen: the profiler sees nothing"
    return Scene(name=name, generator=generator, before=before, after=generator.content(), cuts=calls)


def _changes(called: object) -> bool:
    """Return whether the C function may change the file system; a text has a method `replace`, too."""
    owner = getattr(called, "__self__", None)
    return getattr(called, "__name__", "") in CHANGES and (owner is posix or isinstance(owner, io.IOBase))


def _count(counter: int) -> None:
    """Write one byte into *counter* at each call that may change something."""

    def profile(_frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and _changes(called):
            sys.setprofile(None)
            os.write(counter, b".")
            sys.setprofile(profile)

    sys.setprofile(profile)


def _kill_before(at: int) -> None:
    """End this process, as kill -9 does, before call number *at*."""
    left = at

    def profile(_frame: FrameType, event: str, called: object) -> None:
        nonlocal left
        if event == "c_call" and _changes(called):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.setprofile(profile)


def _cut(scene: Scene, at: int) -> None:
    """Kill a start before call *at*, look at what is there, and start again."""
    generator = scene.generator
    told = f"{generator.name} on {scene.name}, killed before call {at} of {scene.cuts}"
    _set_up(generator, scene.before)
    outcome = fork(generator.command, _environ(generator, 1), prelude=lambda: _kill_before(at))
    assert outcome.status == -signal.SIGKILL, f"{told}: {outcome}"
    found = generator.content() if generator.folder.exists() else {}
    for name, (mode, content) in found.items():
        if name.startswith(".") and name.endswith(".zkboot-tmp"):
            assert not mode & 0o077 or scene.after[_target(name)][0] & 0o044, f"{told}: {name} is readable by others"
        else:
            whole = [files[name] for files in (scene.before, scene.after) if name in files]
            assert (mode, content) in whole, f"{told}: {name} is neither the old file nor the new one"
    lost = scene.before.keys() - found.keys() - _stale(generator).keys()
    assert not lost, f"{told}: {lost} is lost"
    is_new = "zoo.cfg" in found and found["zoo.cfg"] != scene.before.get("zoo.cfg")
    companions = set().union(*ZK_FILES.values()) - found.keys()
    assert not (is_new and companions), f"{told}: zoo.cfg is there before {companions}"
    again = fork(generator.command, _environ(generator, 1))
    assert again.status == 0, f"{told}: the next start: {again}"
    left = generator.content()
    wrong = {name for name in left.keys() | scene.after.keys() if left.get(name) != scene.after.get(name)}
    assert not wrong, f"{told}: after the next start {sorted(wrong)} is not as without"


def _target(temporary: str) -> str:
    """Return the name of the file that *temporary* was to become."""
    return temporary.removeprefix(".").rsplit(".", 2)[0]


CAMPAIGNS = (Campaign(name="cuts", short=40, long=10_000, run=cuts),)
