"""Many exec probes at once, and what is left of them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.image.trio import Server

PATIENT = ("ZK_PROBE_TIMEOUT=60", "KF_PROBE_TIMEOUT=60")


def ask_many_times(server: Server, count: int) -> None:
    """Run the server's two probes in turn, *count* times and two at once; each must say yes, however late."""
    commands = [("env", *PATIENT, *probe) for probe in (server.kind.alive, server.kind.ready)]
    with ThreadPoolExecutor(2) as workers:
        asked = [workers.submit(server.exec, *commands[number % 2]) for number in range(count)]
    assert {result.result().status for result in asked} == {0}


def states_in(pid: int) -> list[str]:
    """Return the state of every process in the container of *pid*, zombies included."""
    namespace = Path("/proc", str(pid), "ns", "pid").readlink()
    states = []
    for other in Path("/proc").iterdir():
        if other.name.isdigit():
            try:
                if (other / "ns" / "pid").readlink() == namespace:
                    states.append((other / "stat").read_text().rpartition(")")[2].split()[0])
            except OSError:
                continue
    return states


def sockets_of(pid: int) -> int:
    """Return how many sockets a process has open."""
    found = 0
    for descriptor in Path("/proc", str(pid), "fd").iterdir():
        try:
            found += str(descriptor.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue
    return found
