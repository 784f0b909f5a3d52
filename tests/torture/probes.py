"""The probes as a kubelet calls them, against peers that do what they should not: verdict, time, bytes, memory, rest.

A run is the installed console script as a process of its own. Each must end with the status that `hostile` states, with
at most one line on stderr and nothing in it that a terminal would obey, within its time-out and 250 ms: from before
the process is made until it is reaped.

A loaded machine can break that bound for any process. So the time for which the kernel had the probe ready to run and
no CPU for it is taken off, and each run has a control beside it, started at the same moment, which does nothing but
start and sleep for the time-out (`stopwatch`). A run that is late all the same counts only where its control was at
most 125 ms behind its sleep, half of what the probe may be; a wrong verdict only where the probe lacked a CPU for no
more than that, too. Else the run is made again, up to ten times. The line tells how many were over the bound by the
clock alone, and how many were made again; what was never made on time fails the campaign.

All of it is in a network namespace of its own, with its own name server, hosts file and small socket buffers: what a
peer got rid of is what the probe read, but for these buffers. What a probe leaves open is looked at in a process that
lives on after it.
"""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.commands import ROOT, namespaces
from tests.torture.campaign import Campaign, Run
from tests.torture.generators import SCRIPTS
from tests.torture.hostile import BEHAVIOURS, HOSTS, KIB, PROBES, Behaviour, Peer, Probe, Tally, column
from tests.torture.hostile_tls import ROWS, environ_of
from tests.torture.nameserver import NameServer

ALLOWANCE = 0.25
"""Seconds that a whole call may take beyond its time-out."""

CONTROL_ALLOWANCE = ALLOWANCE / 2
"""Seconds that a control may be late for its run to count."""

TRIES = 10
BUFFER = 16 * KIB
"""Bytes of each socket buffer, in the kernel's own count."""

BUFFERED = 128 * KIB
"""Bytes that may be in the buffers of both ends: the kernel rounds up generously."""

WORKERS = 3 * (os.cpu_count() or 1)
"""Runs at a time: most wait."""

_STOPWATCH = Path(__file__).with_name("stopwatch.py")

_LEFT_OPEN = """
import os, time
from {module} import {function} as probe
def looked():
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add((name, os.readlink("/proc/self/fd/" + name)))
        except OSError:
            pass
    return found, len(os.listdir("/proc/self/task"))
before = looked()
probe({name!r}, {arguments!r})
# The thread that looked a name up ends a little after its answer has been taken.
limit = time.monotonic() + 2
while (after := looked())[1] > before[1] and time.monotonic() < limit:
    time.sleep(0.01)
os.write({report}, repr((sorted(after[0] - before[0]), after[1] - before[1])).encode())
os._exit(0)
"""


@dataclass(slots=True)
class Findings:
    """What all runs of one probe came to."""

    wrong: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    starved: int = 0
    """Runs that were over the bound by the clock, and would not have been with a CPU."""
    again: int = 0
    """Runs that were made again."""
    slowest: float = -1.0
    """Seconds beyond the time-out that any run took, less those without a CPU."""
    most: int = 0
    """Bytes that any peer got rid of on one connection."""
    healthy: int = 0
    """KiB that a probe of a healthy peer had resident at the most."""
    largest: int = 0
    """KiB that any had."""

    @property
    def faults(self) -> list[str]:
        """Everything that is no figure."""
        return [*self.wrong, *self.late, *self.left]


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    status: int
    seconds: float
    waited: float
    """Those of the seconds for which there was no CPU."""
    control: float | None
    """Seconds of the control; None where it was not waited for."""
    resident: int
    stdout: bytes
    stderr: bytes


def campaign(probe: Probe, count: int, chance: random.Random) -> str:
    """Run *probe* against every behaviour *count* times, inside the namespaces; AssertionError with all faults."""
    rows = (*BEHAVIOURS[probe.prefix], *ROWS)
    findings = Findings()
    seeds = {row.name: [chance.randrange(2**32) for _ in range(count)] for row in rows}
    with NameServer(), ThreadPoolExecutor(WORKERS) as pool:
        done = [pool.submit(_judge, probe, row, seed, findings) for row in rows for seed in seeds[row.name]]
        done += [pool.submit(_look_for_rest, probe, row, seeds[row.name][0], findings) for row in rows]
        for one in done:
            one.result()
    allowed = probe.limit + BUFFERED
    grown = findings.largest - findings.healthy
    if findings.most > allowed:
        findings.left.append(f"a peer got rid of {findings.most} bytes, {allowed} are allowed")
    if grown > probe.growth:
        findings.left.append(f"{grown} KiB more resident than with a healthy peer, {probe.growth} are allowed")
    if findings.faults:
        raise AssertionError("\n".join((f"{len(findings.faults)} faults", *findings.faults[:20])))
    return (
        f"probes: {probe.name} {len(rows)} behaviours x {count} runs, 0 wrong verdicts, 0 late (slowest time-out"
        f" {findings.slowest * 1000:+.0f} ms; {findings.starved} for want of a CPU, {findings.again} made again), at"
        f" most {findings.most // KIB} KiB taken, {grown:+d} KiB resident, nothing left open"
    )


def _judge(probe: Probe, row: Behaviour, seed: int, findings: Findings) -> None:
    """Make one run, again where the machine had no time for it, and note what it came to."""
    for _ in range(TRIES):
        tally = Tally()
        with contextmanager(row.stage)(probe, random.Random(seed), tally) as peer:
            run = _measure(probe, row, peer)
        findings.most = max(findings.most, tally.most)
        fault = _fault(probe, row, run)
        over = run.seconds - run.waited - row.timeout
        if not fault and over <= ALLOWANCE:
            findings.starved += run.seconds > row.timeout + ALLOWANCE
            break
        is_fair = run.control is None or run.control <= row.timeout + CONTROL_ALLOWANCE
        where = f"{probe.name}, {row.name}"
        if over > ALLOWANCE and is_fair:
            findings.late.append(f"{where}: {over:.3f} s over its time-out; {run}")
            return
        if fault and is_fair and run.waited <= CONTROL_ALLOWANCE:
            findings.wrong.append(f"{where}: {fault}")
            return
        findings.again += 1
    else:
        findings.late.append(f"{probe.name}, {row.name}: the machine was too busy to tell, {TRIES} times")
        return
    findings.slowest = max(findings.slowest, over)
    findings.largest = max(findings.largest, run.resident)
    if row.statuses == (0, 0, 0):
        findings.healthy = max(findings.healthy, run.resident)


def _fault(probe: Probe, row: Behaviour, run: Measured) -> str:
    """Return what is wrong with what the probe said, nothing where all is right."""
    expected = row.statuses[column(probe)]
    told = run.stderr.decode(errors="replace")
    if run.status != expected:
        return f"status {run.status}, not {expected}: {run.stdout[:200]!r} {told[:1000]}"
    if run.status:
        name = probe.command[0]
        if run.stdout or not told.startswith(f"{name}: ") or told.count("\n") != 1 or not told.endswith("\n"):
            return f"status {run.status}, but no single line: {run.stdout[:200]!r} {told[:1000]!r}"
        if not told[:-1].isprintable() or len(told) > 500:
            return f"a line that no terminal should get: {told!r}"
    elif told or (row.is_usual and run.stdout != probe.output):
        return f"status 0, but it says {run.stdout[:200]!r} {told[:1000]!r}"
    return ""


def _measure(probe: Probe, row: Behaviour, peer: Peer) -> Measured:
    """Run the console script beside its control."""
    report, theirs = os.pipe()
    expected = str(row.statuses[column(probe)])
    command = [str(SCRIPTS / probe.command[0]), *probe.command[1:]]
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", _STOPWATCH, str(theirs), str(row.timeout), str(ALLOWANCE), expected, *command],
            env=_environ(probe, row, peer),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=[theirs],
            check=True,
        )
        status, seconds, waited, control, resident = os.read(report, 256).split()
    finally:
        os.close(report)
        os.close(theirs)
    slept = None if control == b"-" else float(control)
    return Measured(int(status), float(seconds), float(waited), slept, int(resident), done.stdout, done.stderr)


def _environ(probe: Probe, row: Behaviour, peer: Peer) -> dict[str, str]:
    where = {"PROBE_HOST": peer.host, "PROBE_PORT": str(peer.port), "PROBE_TIMEOUT": str(row.timeout)}
    own = {f"{probe.prefix}_{name}": value for name, value in where.items()}
    secured = environ_of(probe.prefix, peer.port) if row.secure else {}
    return {"PATH": os.environ["PATH"], **probe.environ, **row.environ, **own, **secured}


def _look_for_rest(probe: Probe, row: Behaviour, seed: int, findings: Findings) -> None:
    """Run the probe in a process that lives on, and note what it leaves open or running there."""
    report, theirs = os.pipe()
    module, _, function = probe.function.partition(":")
    code = _LEFT_OPEN.format(
        module=module, function=function, name=probe.command[0], arguments=list(probe.command[1:]), report=theirs
    )
    try:
        with contextmanager(row.stage)(probe, random.Random(seed), Tally()) as peer:
            subprocess.run(
                [sys.executable, "-c", code],
                env={**_environ(probe, row, peer), "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                pass_fds=[theirs],
                check=True,
                timeout=300,
            )
        opened, threads = eval(os.read(report, 65536))
    finally:
        os.close(report)
        os.close(theirs)
    if (opened or threads) and not row.keeps_resolver:
        findings.left.append(f"{probe.name}, {row.name}: left {opened} and {threads} threads")


def _inside(name: str, count: int, seed: int, scratch: Path) -> str:
    """Set the namespaces up, which this process is in already, and run the campaign of the probe *name*."""
    (scratch / "hosts").write_text(HOSTS)
    (scratch / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (scratch / "nsswitch.conf").write_text("hosts: files dns\n")
    for file in ("hosts", "resolv.conf", "nsswitch.conf"):
        subprocess.run(["mount", "--bind", scratch / file, f"/etc/{file}"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "mtu", "1500", "up"], check=True)
    for buffer in ("rmem", "wmem"):
        Path(f"/proc/sys/net/ipv4/tcp_{buffer}").write_text(f"4096 {BUFFER} {BUFFER}")
    first = [address[4][0] for address in socket.getaddrinfo("both.test", 1, 0, socket.SOCK_STREAM)]
    assert first == ["::1", "127.0.0.1"], f"this resolver knows both.test as {first}"
    return campaign(next(probe for probe in PROBES if probe.name == name), count, random.Random(seed))


def _running(probe: Probe) -> Run:
    def run(count: int, chance: random.Random, scratch: Path) -> str:
        """Run the campaign in namespaces of its own; RuntimeError where it found something or could not be run."""
        arguments = [probe.name, str(count), str(chance.randrange(2**32)), str(scratch)]
        done = subprocess.run(
            [*namespaces("net", "mount"), sys.executable, "-m", "tests.torture.probes", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout.rstrip("\n")

    return run


def _campaigns() -> Iterator[Campaign]:
    for probe in PROBES:
        yield Campaign(name=f"probes-{probe.name.replace(' --', '-')}", short=1, long=25, run=_running(probe))


CAMPAIGNS = tuple(_campaigns())

if __name__ == "__main__":
    print(_inside(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
