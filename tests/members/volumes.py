"""Volumes that come back empty, or half: what an ensemble loses by them, and what is told before a server starts."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

from tests.members.network import Network
from tests.members.pods import Pod
from tests.members.static import listing
from tests.members.trial import Outcome, trial
from tests.server.distributions import Distribution

PODS = 3
_STRANGE = "4294967295x"
_ALONE = 6.0
"""Seconds in which an empty server and one that is behind would elect, were they allowed to."""

ALLOW = {"ZK_ALLOW_INCOMPLETE_DATA": "true"}


# A member that comes back empty


def empty_member(network: Network, folder: Path, distribution: Distribution) -> Outcome:
    """zk-2 is down while writes are acknowledged, zk-1's volume is lost, zk-0 goes down: nobody may elect."""
    with trial(network, folder, distribution) as one:
        pods = one.pods
        pods.begin([2, 1, 0], listing(PODS))
        one.write(50)
        pods.delete([2])
        one.await_writes(50)
        one.stop_writing()
        pods.delete([1])
        pods.pods[1].empty()
        pods.delete([0])
        spec = listing(PODS) | {"ZK_QUORUM_ENTRY": "join"}
        pods.create([1, 2], spec)
        sleep(_ALONE)
        served = [pod.name for pod in pods.serving()]
        pods.create([0], spec)
        pods.await_ready(range(PODS))
        audit, faults = one.conclude()
    line = (
        f"{distribution.version} an empty member, ZK_QUORUM_ENTRY=join: {len(served)} served without zk-0,"
        f" {audit.lost_anywhere} of {audit.acknowledged} lost"
    )
    return Outcome(line=line, faults=tuple(faults))


def empty_follower(network: Network, folder: Path, distribution: Distribution) -> Outcome:
    """A member whose volume is lost while the others serve needs no variable: it joins."""
    with trial(network, folder, distribution) as one:
        pods = one.pods
        pods.begin([2, 1, 0], listing(PODS))
        one.write(50)
        pods.delete([1])
        pods.pods[1].empty()
        pods.create([1], listing(PODS))
        pods.await_ready([1])
        audit, faults = one.conclude()
    return Outcome(
        line=f"{distribution.version} an empty follower: {audit.lost_anywhere} of {audit.acknowledged} lost",
        faults=tuple(faults),
    )


def brand_new(network: Network, folder: Path, distribution: Distribution) -> Outcome:
    """A new ensemble starts with `first`; that it does without the variable, the others show."""
    with trial(network, folder, distribution) as one:
        one.pods.create(range(PODS), listing(PODS) | {"ZK_QUORUM_ENTRY": "first"})
        one.pods.await_ready(range(PODS))
        one.write(50)
        audit, faults = one.conclude()
    return Outcome(
        line=f"{distribution.version} brand-new, ZK_QUORUM_ENTRY=first: {audit.acknowledged} acknowledged",
        faults=tuple(faults),
    )


def lost_log(network: Network, folder: Path, distribution: Distribution) -> Outcome:
    """A server alone is killed and its transaction log is lost: it does not serve without what it acknowledged."""
    with trial(network, folder, distribution) as one:
        pods, pod = one.pods, one.pods.pods[0]
        pods.create([0], listing(1))
        pods.await_ready([0])
        one.write(50)
        one.stop_writing()
        pods.delete([0], kill=True)
        aside = pod.volume / "aside"
        pod.transactions.rename(aside)
        pods.create([0], listing(1))
        faults = []
        if pods.is_ready(0, patience=10):
            faults += [f"the log lost: {fault}" for fault in one.audit(pods.serving()).faults]
        pods.delete([0])
        shutil.rmtree(pod.transactions, ignore_errors=True)
        aside.rename(pod.transactions)
        pods.create([0], listing(1))
        pods.await_ready([0])
        audit, more = one.conclude()
    return Outcome(
        line=f"{distribution.version} a lost log folder: {audit.lost_anywhere} of {audit.acknowledged} lost",
        faults=(*faults, *more),
    )


# What is told before a server starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A volume in some state, and what zkGenConfig must say to it."""

    name: str
    harm: Callable[[Pod], None]
    """Brings the volume of an ensemble's member into that state."""
    status: int
    told: str = ""
    """What the message must hold."""
    spec: Mapping[str, str] = field(default_factory=dict)


def _nothing(_pod: Pod) -> None:
    """The volume as the server left it."""


def _losing(*folders: str) -> Callable[[Pod], None]:
    return lambda pod: pod.empty(*folders)


def _unmarked(pod: Pod) -> None:
    for folder in (pod.data, pod.transactions):
        (folder / "zkboot.json").unlink(missing_ok=True)


def _swapped(pod: Pod) -> None:
    aside = pod.volume / "aside"
    pod.data.rename(aside)
    pod.transactions.rename(pod.data)
    aside.rename(pod.transactions)
    shutil.copy(pod.transactions / "myid", pod.data / "myid")


def _one_folder(pod: Pod) -> None:
    """As if the server had always had one folder for both."""
    for file in (pod.transactions / "version-2").iterdir():
        file.rename(pod.data / "version-2" / file.name)
    pod.empty("log")
    _unmarked(pod)


def _epoch(name: str, text: str) -> Callable[[Pod], None]:
    def write(pod: Pod) -> None:
        (pod.data / "version-2" / name).write_text(text, encoding="ascii")

    return write


def _full(pod: Pod) -> None:
    """Put the volume on a disk of its own without a free byte."""
    pod.mount_full(pod.data)


CASES = (
    Case(name="as it was left", harm=_nothing, status=0),
    Case(name="no mark, as an older image leaves it", harm=_unmarked, status=0),
    Case(name="both folders lost", harm=_losing(), status=0),
    Case(name="the log folder lost", harm=_losing("log"), status=78, told="ZK_ALLOW_INCOMPLETE_DATA"),
    Case(name="the log folder lost, allowed", harm=_losing("log"), status=0, spec=ALLOW),
    Case(name="the data folder lost", harm=_losing("data"), status=78, told="ZK_ALLOW_INCOMPLETE_DATA"),
    Case(name="the data folder lost, allowed", harm=_losing("data"), status=0, spec=ALLOW),
    Case(name="the folders swapped", harm=_swapped, status=78),
    Case(name="one folder for both after two", harm=_nothing, status=78, spec={"ZK_DATA_LOG_DIR": "data"}),
    Case(name="two folders after one", harm=_one_folder, status=78),
    Case(name="an empty currentEpoch", harm=_epoch("currentEpoch", ""), status=78, told="currentEpoch"),
    Case(name="a torn currentEpoch", harm=_epoch("currentEpoch", _STRANGE), status=78, told="currentEpoch"),
    Case(name="an empty acceptedEpoch", harm=_epoch("acceptedEpoch", ""), status=78, told="acceptedEpoch"),
    Case(name="an acceptedEpoch that is behind", harm=_epoch("acceptedEpoch", "0"), status=78, told="acceptedEpoch"),
    Case(name="a full disk", harm=_full, status=74),
)


def cases(network: Network, folder: Path, distribution: Distribution) -> list[Outcome]:
    """Return what zkGenConfig says to each case; the volume is one that a member of a served ensemble left."""
    with trial(network, folder, distribution) as one:
        pods = one.pods
        pods.begin([2, 1, 0], listing(PODS))
        one.write(50)
        one.stop_writing()
        # Another epoch, and a snapshot of its own.
        pods.delete(range(PODS))
        pods.create(range(PODS), listing(PODS))
        pods.await_ready(range(PODS))
        pods.delete(range(PODS))
        pod = pods.pods[0]
        saved = folder / "saved"
        _copy(pod.volume, saved)
        outcomes = []
        for case in CASES:
            outcomes.append(_outcome(case, pod, distribution))
            pod.unmount()
            shutil.rmtree(pod.volume)
            _copy(saved, pod.volume)
        return outcomes


def _outcome(case: Case, pod: Pod, distribution: Distribution) -> Outcome:
    case.harm(pod)
    spec = {key: str(pod.volume / value) if key.endswith("_DIR") else value for key, value in case.spec.items()}
    done = pod.run("zkGenConfig", spec=spec)
    is_right = done.returncode == case.status and case.told in done.stderr
    line = f"{case.name}: status {done.returncode}"
    expected = f"status {case.status}{f' and {case.told}' if case.told else ''}"
    fault = f"{case.name}: {expected} expected, not status {done.returncode}: {done.stderr.strip() or 'nothing told'}"
    return Outcome(line=f"{distribution.version} {line}", faults=() if is_right else (fault,))


def _copy(source: Path, target: Path) -> None:
    # Logs are 64 MB long, and hold little.
    subprocess.run(["cp", "--archive", "--sparse=always", source, target], check=True)


def scenes(distribution: Distribution) -> list[Callable[[Network, Path], list[Outcome]]]:
    """Return what there is to play on one server."""
    can_join = distribution.release >= (3, 6, 0)

    def single(play: Callable[[Network, Path, Distribution], Outcome]) -> Callable[[Network, Path], list[Outcome]]:
        return lambda network, folder: [play(network, folder, distribution)]

    joining = [single(empty_member), single(empty_follower)] if can_join else []
    return [
        *joining,
        single(lost_log),
        lambda network, folder: cases(network, folder, distribution),
        single(brand_new),
    ]
