"""How often kafkaReady is wrong: against a ready broker, a paused one, one that starts, and one that was fenced."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.server.distributions import KRAFT_DEMO
from tests.server.kraft import SESSION_MS, KRaftSet, combined_pods, running
from tests.server.pods import Pod
from tests.server.processes import wait_until
from tests.server.versions import fetched

_AT_ONCE = 4
_SHORT = {"KF_PROBE_TIMEOUT": "0.2"}


def measure(folder: Path, count: int) -> None:
    """Print one line for each state of a broker: *count* probes where they can be counted."""
    version = fetched(KRAFT_DEMO[0])
    with running(combined_pods(folder, version)) as cluster:
        cluster.wait_until_ready()
        witness, watched = cluster.pods[0], cluster.pods[-1]
        print(f"kafkaReady, {version}, three combined nodes, session {SESSION_MS / 1000:g} s:\n")
        no = sum(status != 0 for status in _statuses(watched, count))
        print(f"- ready broker: {count} probes, {no} said no", flush=True)
        cluster.running[watched.name].pause()
        try:
            wait_until(lambda: _counted(witness) == 2, "the paused broker is fenced", timeout=60)
            yes = sum(status == 0 for status in _statuses(watched, count, _SHORT))
            print(f"- paused broker: {count} probes, {yes} said yes", flush=True)
        finally:
            cluster.running[watched.name].resume()
        print(f"- fenced by the pause, from SIGCONT on: {_return(witness, watched)}", flush=True)
        print(f"- starting broker: {_starts(cluster, witness, watched, count)}", flush=True)
    print()


def _statuses(pod: Pod, count: int, environ: dict[str, str] | None = None) -> Sequence[int]:
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(lambda _: pod.run("kafkaReady", environ=environ).returncode, range(count)))


def _counted(witness: Pod) -> int:
    """Return how many brokers the *witness* lists, 0 where it is not ready itself."""
    words = witness.run("kafkaReady").stdout.split()
    return int(words[-1]) if words else 0


def _return(witness: Pod, watched: Pod) -> str:
    """Watch a resumed broker until another lists it, too, and return what its own probe said meanwhile."""
    started = time.monotonic()
    early = asked = 0
    while time.monotonic() - started < 60:
        says_yes = watched.run("kafkaReady").returncode == 0
        is_listed = _counted(witness) == 3
        asked += 1
        if says_yes and is_listed:
            seconds = time.monotonic() - started
            return f"first true yes after {seconds:.2f} s; of {asked - 1} answers before it, {early} were a stale yes"
        early += says_yes
    return f"no true answer within 60 s, {early} of {asked} said yes"


def _starts(cluster: KRaftSet, witness: Pod, watched: Pod, count: int) -> str:
    """Restart the broker until *count* probes came before another broker listed it; return how many said yes."""
    false = asked = starts = 0
    while asked < count:
        starts += 1
        cluster.running[watched.name].kill()
        wait_until(lambda: _counted(witness) == 2, "the killed broker is fenced", timeout=60)
        cluster.start(watched)
        while True:
            says_yes = watched.run("kafkaReady").returncode == 0
            is_listed = _counted(witness) == 3
            if is_listed and says_yes:
                break
            asked += 1
            false += says_yes and not is_listed
    return f"{asked} probes before it was ready, in {starts} starts, {false} said yes"
