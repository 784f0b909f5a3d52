"""A dynamic ensemble: votes come and go by `zkboot resize`, under the writer and under faults."""

import random
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import javaproperties

from tests.members.network import Network
from tests.members.static import listing
from tests.members.trial import Outcome, Trial, told_gaps, trial
from tests.server.distributions import Distribution

PODS = 7
FOUNDERS = 3
_SECRET = r"back\slash\\es"
SPEC = {"ZK_RECONFIG": "true", "ZK_CFG_note_password": _SECRET, **listing(FOUNDERS)}
"""What the template says for the whole life of the ensemble."""

SINGLE = SPEC | listing(1)
"""The same with one founder."""

KILLS = 4
"""How often a scene kills `resize`."""

RESIZE_LIMIT = 120.0
"""Seconds after which `resize` counts as hanging."""

_TRIES = 6
_PAUSE = 1.0
_ALONE = 8.0
"""Seconds in which servers would elect, were they allowed to."""

_LATEST_KILL = 1.5
"""Seconds after the start of `resize`, its own included, in which it is killed."""

_CANNOT_NOW = (69, 75)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One way through the life of an ensemble."""

    name: str
    run: Callable[[Trial, random.Random], None]
    """Raises AssertionError where something is not as it must be."""
    begins: Callable[[Trial], None]
    since: tuple[int, ...] = (3, 5)
    """The first version that can do it."""


def play(
    scene: Scene, network: Network, folder: Path, distribution: Distribution, chance: random.Random
) -> tuple[Outcome, dict[str, float]]:
    """Play a scene in an empty *folder*; return what came of it and its longest gaps."""
    with trial(network, folder, distribution) as one:
        scene.begins(one)
        one.write()
        scene.run(one, chance)
        one.await_writes(50)
        audit, faults = one.conclude()
        faults += _files_faults(one)
    line = (
        f"{distribution.version} {scene.name}: {audit.acknowledged} acknowledged, {audit.lost_anywhere} lost;"
        f" {told_gaps(one.gaps)}"
    )
    return Outcome(line=line, faults=tuple(faults), acknowledged=audit.acknowledged), one.gaps


def _files_faults(one: Trial) -> list[str]:
    """Say which of the files that a server wrote others may read, and what the next start makes of them."""
    faults = []
    for pod in one.pods.pods:
        files = [*pod.conf.glob("zoo.cfg*"), *pod.conf.glob("super.password")]
        faults += [f"{file} has mode {file.stat().st_mode:o}" for file in files if file.stat().st_mode & 0o077]
    pod = one.pods.pods[0]
    pod.delete()
    done = pod.run("zkGenConfig")
    found = javaproperties.loads((pod.conf / "zoo.cfg").read_text("iso-8859-1"))
    if done.returncode or found.get("note.password") != _SECRET:
        faults.append(f"zoo.cfg after the next start: status {done.returncode}, {found}")
    lists = [int(file.name.rpartition(".")[2], 16) for file in pod.conf.glob("zoo.cfg.dynamic.[0-9a-f]*")]
    if found.get("dynamicConfigFile") != f"{pod.conf}/zoo.cfg.dynamic.{max(lists):x}":
        faults.append(f"the newest of the lists {lists} does not count: {found.get('dynamicConfigFile')}")
    return faults


def resize(one: Trial, size: int, *, at: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `zkboot resize` in a pod."""
    return one.pods.pods[at].run("zkboot", "resize", str(size), timeout=RESIZE_LIMIT)


def _begin(one: Trial) -> None:
    one.pods.create(range(FOUNDERS), SPEC)
    one.pods.await_ready(range(FOUNDERS))


def _begin_alone(one: Trial) -> None:
    one.pods.create([0], SINGLE)
    one.pods.await_ready([0])


def _begin_static_of_five(one: Trial) -> None:
    one.pods.begin([4, 3, 2, 1, 0], listing(5))


def _begin_static(one: Trial) -> None:
    one.pods.begin([2, 0, 1], listing(FOUNDERS))


def _must_resize(one: Trial, size: int, *, tries: int = 1) -> None:
    """Resize, again where it cannot now as often as *tries* allow, and look whether the right pods vote."""
    for attempt in range(tries):
        done = resize(one, size, at=attempt % min(size, FOUNDERS))
        if done.returncode == 0:
            break
        assert done.returncode in _CANNOT_NOW, f"resize {size}: status {done.returncode}: {done.stderr}"
        sleep(_PAUSE)
    assert done.returncode == 0, f"resize {size}: status {done.returncode} after {tries} tries: {done.stderr}"
    _check_voters(one, size)


def _check_voters(one: Trial, size: int) -> None:
    voters = one.voters()
    assert voters == set(range(size)), f"{sorted(voters)} vote, not the first {size}"


def _up(one: Trial, size: int) -> None:
    """Start the pods, then give them votes."""
    with one.measured("up"):
        _start_up_to(one, size)
        _must_resize(one, size)


def _down(one: Trial, size: int) -> None:
    """Take the votes, then stop the pods; the highest of them leads until then, where that can be had."""
    leads = _lead(one, len(one.pods.created) - 1)
    with one.measured("down, the leader among them" if leads else "down"):
        _must_resize(one, size)
        _stop_down_to(one, size)


def _start_up_to(one: Trial, size: int, spec: Mapping[str, str] = SPEC) -> None:
    pods = one.pods
    pods.create([ordinal for ordinal in range(size) if not pods.pods[ordinal].is_created], spec)
    pods.await_ready(range(size))


def _stop_down_to(one: Trial, size: int) -> None:
    one.pods.delete([pod.ordinal for pod in one.pods.created if pod.ordinal >= size])


def _lead(one: Trial, ordinal: int) -> bool:
    """Let a pod lead, and tell whether it does: with the same data everywhere the highest id there is elected."""
    pods = one.pods
    for _ in range(3):
        leader = pods.leader()
        if leader in (ordinal, None):
            break
        with one.quiet():
            pods.delete([leader])
            pods.create([leader], pods.pods[leader].spec)
            pods.await_ready([leader])
    return pods.leader() == ordinal


def _walk(one: Trial, _chance: random.Random) -> None:
    """3 to 5 to 7 to 5 to 3."""
    _up(one, 5)
    _up(one, 7)
    _down(one, 5)
    _down(one, 3)


def _walk_under_faults(one: Trial, chance: random.Random) -> None:
    """The same; in each step the leader is killed at a random moment, or a pod that stays is cut off for a while."""
    for size in (5, 7, 5, 3):
        _start_up_to(one, max(size, len(one.pods.created)))
        running = one.pods.pods[0].start("zkboot", "resize", str(size), log=one.pods.pods[0].log)
        sleep(chance.uniform(0, _LATEST_KILL))
        if chance.random() < 0.5:
            leader = one.pods.leader()
            one.pods.pods[0 if leader is None else leader].kill()
        else:
            one.pods.network.cut([chance.randrange(FOUNDERS)])
            sleep(_PAUSE)
            one.pods.network.heal()
        running.wait(RESIZE_LIMIT)
        one.pods.await_ready([pod.ordinal for pod in one.pods.created])
        _must_resize(one, size, tries=_TRIES)
        _stop_down_to(one, size)


def _killed(one: Trial, chance: random.Random) -> None:
    """`resize` is killed at a random moment and repeated; half of the times every server is killed with it."""
    for number in range(KILLS):
        size = FOUNDERS if number % 2 else FOUNDERS + 2
        _start_up_to(one, FOUNDERS + 2)
        running = one.pods.pods[0].start("zkboot", "resize", str(size), log=one.pods.pods[0].log)
        sleep(chance.uniform(0, _LATEST_KILL))
        running.kill()
        if number >= KILLS // 2:
            _kill_all(one, chance)
        _must_resize(one, size, tries=_TRIES)
        _stop_down_to(one, size)


def _all_killed(one: Trial, chance: random.Random) -> None:
    """All are killed right after a change, and start in any order; then each is restarted once more, one by one."""
    for size in (5, 3):
        _start_up_to(one, 5)
        _must_resize(one, size)
        _kill_all(one, chance)
        _must_resize(one, size, tries=_TRIES)
        _stop_down_to(one, size)
        for pod in chance.sample(one.pods.created, size):
            one.pods.delete([pod.ordinal])
            one.pods.create([pod.ordinal], pod.spec)
            one.pods.await_ready([pod.ordinal])
        _check_voters(one, size)


def _kill_all(one: Trial, chance: random.Random) -> None:
    ordinals = [pod.ordinal for pod in one.pods.created]
    one.pods.delete(ordinals, kill=True)
    for ordinal in chance.sample(ordinals, len(ordinals)):
        one.pods.create([ordinal], SPEC)
        sleep(chance.uniform(0, _PAUSE))
    one.pods.await_ready(ordinals)


def _comes_back(one: Trial, _chance: random.Random) -> None:
    """Removed pods have no vote until somebody gives them one, not even where they see none of those that stayed."""
    _up(one, 7)
    _down(one, 3)
    pods = one.pods
    pods.network.cut(range(3))
    pods.create(range(3, 7), SPEC)
    sleep(_ALONE)
    roles = {pod.name: pod.role() for pod in pods.pods[3:7]}
    assert "leader" not in roles.values(), f"removed pods made an ensemble of their own: {roles}"
    pods.network.heal()
    pods.await_ready(range(7))
    _check_voters(one, 3)
    _must_resize(one, 5)


def _founders_lost(one: Trial, _chance: random.Random) -> None:
    """Two founders come back empty where they see none of the others: no ensemble, though a majority of founders."""
    _up(one, 5)
    pods = one.pods
    pods.delete([0, 1])
    for pod in pods.pods[:2]:
        pod.empty()
    pods.network.cut([0, 1])
    pods.create([0, 1], SPEC | {"ZK_QUORUM_ENTRY": "join"})
    sleep(_ALONE)
    roles = {pod.name: pod.role() for pod in pods.pods[:2]}
    assert "leader" not in roles.values(), f"empty founders made an ensemble of their own: {roles}"
    pods.network.heal()
    pods.await_ready(range(5))
    _check_voters(one, 5)


def _misused(one: Trial, _chance: random.Random) -> None:
    """What cannot be done changes nothing: no pods for it, two at once, no quorum."""
    _up(one, 5)
    one.pods.network.know(range(5))
    _cannot(one, 7)
    at_once = [
        one.pods.pods[at].start("zkboot", "resize", str(size), log=one.pods.pods[at].log)
        for at, size in enumerate((5, 3))
    ]
    statuses = [process.wait(RESIZE_LIMIT) for process in at_once]
    assert set(statuses) <= {0, *_CANNOT_NOW}, f"two at once ended with {statuses}"
    _start_up_to(one, 5)
    _must_resize(one, 5, tries=_TRIES)
    one.pods.delete([2, 3, 4])
    done = resize(one, 3)
    assert done.returncode in _CANNOT_NOW, f"resize without a quorum: status {done.returncode}: {done.stderr}"
    one.pods.create([2, 3, 4], SPEC)
    one.pods.await_ready(range(5))
    _check_voters(one, 5)


def _cannot(one: Trial, size: int) -> None:
    """Resize to more than there are pods: nothing may change."""
    before = one.voters()
    done = resize(one, size)
    assert done.returncode in _CANNOT_NOW, f"resize {size} without its pods: status {done.returncode}: {done.stderr}"
    assert one.voters() == before, f"resize {size} was refused, and {sorted(one.voters())} vote, not {sorted(before)}"


def _only_founder_lost(one: Trial, _chance: random.Random) -> None:
    """One founder, three members: where it loses its volume, it copies from those that it never heard of."""
    _start_up_to(one, 3, SINGLE)
    _must_resize(one, 3)
    one.await_writes(200)
    one.pods.delete([0])
    one.pods.pods[0].empty()
    one.pods.create([0], SINGLE)
    one.pods.await_ready(range(3))
    _check_voters(one, 3)


def _interrupted_roll(one: Trial, _chance: random.Random) -> None:
    """Static to dynamic, and the leader dies when some are rolled: whoever is static cannot elect any more.

    What the README says then is done: the pods that are left are deleted.
    """
    pods = one.pods
    for ordinal in (4, 3):
        pods.delete([ordinal])
        pods.create([ordinal], SPEC | listing(5))
        pods.await_ready([ordinal])
    leader = pods.leader()
    pods.pods[4 if leader is None else leader].kill()
    sleep(_ALONE)
    pods.delete(range(3))
    pods.create(range(3), SPEC | listing(5))
    pods.await_ready(range(5))
    _check_voters(one, 5)


def _from_static(one: Trial, _chance: random.Random) -> None:
    """A static ensemble becomes a dynamic one by one roll, and grows."""
    with one.measured("of the roll"):
        roll = one.pods.apply(FOUNDERS, SPEC)
    assert not roll.is_refused, f"static to dynamic: {roll}"
    _check_voters(one, 3)
    _up(one, 5)


SCENES: Sequence[Scene] = (
    Scene(name="3 to 5 to 7 to 5 to 3", begins=_begin, run=_walk),
    Scene(name="resize killed", begins=_begin, run=_killed),
    Scene(name="all killed right after", begins=_begin, run=_all_killed),
    Scene(name="removed pods come back", begins=_begin, run=_comes_back),
    Scene(name="founders come back empty", begins=_begin, run=_founders_lost, since=(3, 6)),
    Scene(name="resize misused", begins=_begin, run=_misused),
    Scene(name="static to dynamic", begins=_begin_static, run=_from_static),
    Scene(name="the only founder comes back empty", begins=_begin_alone, run=_only_founder_lost),
    Scene(name="static to dynamic, interrupted", begins=_begin_static_of_five, run=_interrupted_roll),
    Scene(name="3 to 5 to 7 to 5 to 3 under faults", begins=_begin, run=_walk_under_faults),
)
