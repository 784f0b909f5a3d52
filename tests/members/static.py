"""A static list that somebody changes as they always did: size and ZK_REPLICAS at once, or one of them too late.

What must come of it: the pods that would make a second majority are refused, or nothing that was acknowledged is lost;
and whoever takes the change back finds everything there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import sleep

from tests.members.network import Network
from tests.members.statefulset import Roll
from tests.members.trial import Outcome, Trial, told_gaps, trial
from tests.server.distributions import Distribution

FAULT = 14.0
"""Seconds of a fault: more than syncLimit, so that leader and followers have given one another up."""

SETTLE = 2.0
"""Seconds after a change, and after a fault, in which the clients go on."""

PODS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One way to change a static list."""

    name: str
    old: int
    run: Callable[[Trial], list[Roll]]
    """Makes the change, step by step."""
    leads: int = 0
    """Who leads before the change."""


def listing(replicas: int) -> dict[str, str]:
    """Return the environment of a static ensemble of that size."""
    return {"ZK_REPLICAS": str(replicas)}


def play(scene: Scene, network: Network, folder: Path, distribution: Distribution) -> Outcome:
    """Play a scene in an empty *folder*, take it back where it was refused, and return what came of it."""
    with trial(network, folder, distribution) as one:
        pods = one.pods
        others = [ordinal for ordinal in range(scene.old) if ordinal != scene.leads]
        # Those with lower ids come first, so that they make the majority which elects the leader.
        pods.begin([scene.leads, *others], listing(scene.old))
        one.write()
        with one.measured("in all"):
            rolls = scene.run(one)
        sleep(SETTLE)
        serving = pods.serving()
        faults = []
        if any(roll.is_refused for roll in rolls):
            with one.quiet():
                faults += one.audit(serving).faults
            back = pods.apply(scene.old, listing(scene.old))
            if back.is_refused:
                faults.append(f"taken back, {back}")
            else:
                pods.await_ready(range(scene.old))
        audit, more = one.conclude()
    told = "; then ".join(map(str, rolls))
    line = (
        f"{distribution.version} {scene.name}: {told}; {len(serving)} serve; {audit.acknowledged} acknowledged,"
        f" {audit.lost_anywhere} lost; {told_gaps(one.gaps)}"
    )
    return Outcome(line=line, faults=(*faults, *more), acknowledged=audit.acknowledged)


def _change(
    one: Trial, replicas: int, *, size: int | None = None, between: Mapping[int, Callable[[], None]] | None = None
) -> Roll:
    """Change the list, and the number of pods to the same or to *size*."""
    roll = one.pods.apply(size or replicas, listing(replicas), between)
    sleep(SETTLE)
    return roll


def _resize(one: Trial, *, replicas: int) -> list[Roll]:
    return [_change(one, replicas)]


def _with_fault(one: Trial, *, replicas: int, after: int, fault: Callable[[Trial], None]) -> list[Roll]:
    """Change both; once the pod *after* is back, let a fault happen."""
    return [_change(one, replicas, between={after: partial(fault, one)})]


def _cut(one: Trial) -> None:
    one.pods.network.cut([0, 1])
    sleep(FAULT)
    one.pods.network.heal()
    sleep(SETTLE)


def _pause(one: Trial) -> None:
    for ordinal in (0, 1):
        one.pods.pods[ordinal].pause()
    sleep(FAULT)
    for ordinal in (0, 1):
        one.pods.pods[ordinal].resume()
    sleep(SETTLE)


def _kill_leader(one: Trial) -> None:
    leader = one.pods.leader()
    if leader is not None:
        one.pods.pods[leader].kill()
    sleep(SETTLE)


def _joiners_apart(one: Trial) -> list[Roll]:
    """The new pods start where they can ask nobody, and meet the others later."""
    one.pods.network.cut([3, 4])
    one.pods.create([3, 4], listing(5))
    sleep(FAULT / 2)
    one.pods.network.heal()
    sleep(SETTLE)
    return [_change(one, 5)]


def _shrink_with_laggards(one: Trial) -> list[Roll]:
    """zk-1 and zk-2 miss the last writes when zk-3 and zk-4 go, and somebody deletes the pods that are not ready."""
    one.pods.network.cut([1, 2])
    one.await_writes(200)
    sleep(FAULT)
    roll = _change(one, 3, between={2: partial(_replace, one, 1)})
    one.pods.network.heal()
    sleep(SETTLE)
    return [roll, _change(one, 3)]


def _replace(one: Trial, ordinal: int) -> None:
    pods = one.pods
    spec = pods.pods[2].spec
    pods.delete([ordinal])
    pods.create([ordinal], spec)
    sleep(FAULT)


def _down_and_up(one: Trial) -> list[Roll]:
    down = _change(one, 1)
    sleep(SETTLE)
    return [down, _change(one, 3)]


def _list_first(one: Trial) -> list[Roll]:
    return [_change(one, 5, size=3), _change(one, 5)]


SCENES = (
    Scene(name="3 to 5, the highest leads", old=3, leads=2, run=partial(_resize, replicas=5)),
    Scene(name="3 to 5, zk-1 leads", old=3, leads=1, run=partial(_resize, replicas=5)),
    Scene(name="3 to 5, two cut off", old=3, leads=1, run=partial(_with_fault, replicas=5, after=2, fault=_cut)),
    Scene(name="5 to 3", old=5, leads=4, run=partial(_resize, replicas=3)),
    Scene(name="3 to 1 to 3", old=3, leads=2, run=_down_and_up),
    Scene(name="1 to 3", old=1, leads=0, run=partial(_resize, replicas=3)),
    Scene(name="3 to 4", old=3, leads=2, run=partial(_resize, replicas=4)),
    Scene(name="5 to 4", old=5, leads=4, run=partial(_resize, replicas=4)),
    Scene(name="3 to 5, two paused", old=3, leads=1, run=partial(_with_fault, replicas=5, after=2, fault=_pause)),
    Scene(
        name="3 to 5, the leader killed",
        old=3,
        leads=1,
        run=partial(_with_fault, replicas=5, after=2, fault=_kill_leader),
    ),
    Scene(name="3 to 5, joiners cut off at first", old=3, leads=2, run=_joiners_apart),
    Scene(name="5 to 3, two lag", old=5, leads=4, run=_shrink_with_laggards),
    Scene(name="list 3 to 5, pods later", old=3, leads=2, run=_list_first),
)
