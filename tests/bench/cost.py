"""What a command costs as a whole process: CPU and wall time of the child, as the kernel accounts for it."""

import os
import shutil
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Contender:
    """One command that is measured beside others."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    cpu_ms: list[float] = field(default_factory=list)
    """User and system time of each run."""
    wall_ms: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Run the command once, its output thrown away, and note what it cost."""
        program = shutil.which(self.command[0], path=self.environ["PATH"]) or self.command[0]
        null = os.open(os.devnull, os.O_RDWR)
        try:
            started = time.perf_counter()
            pid = os.posix_spawn(
                program,
                list(self.command),
                dict(self.environ),
                file_actions=[(os.POSIX_SPAWN_DUP2, null, descriptor) for descriptor in (0, 1, 2)],
            )
            _, status, usage = os.wait4(pid, 0)
        finally:
            os.close(null)
        self.wall_ms.append((time.perf_counter() - started) * 1000)
        self.cpu_ms.append((usage.ru_utime + usage.ru_stime) * 1000)
        self.statuses.append(os.waitstatus_to_exitcode(status))

    @property
    def failures(self) -> int:
        """How many runs did not end with status 0."""
        return sum(status != 0 for status in self.statuses)


def bare_python(environ: Mapping[str, str]) -> Contender:
    """Return the floor: the same environment's interpreter, doing nothing."""
    return Contender(name="`python -c pass`, same venv", command=["python", "-c", "pass"], environ=environ)


def race(contenders: Sequence[Contender], rounds: int, warm_up: int = 3) -> None:
    """Run all *contenders* in turn, *rounds* times, so that a slow moment of the machine hits each of them alike."""
    for contender in contenders:
        for _ in range(warm_up):
            contender.run()
        contender.cpu_ms.clear()
        contender.wall_ms.clear()
        contender.statuses.clear()
    for _ in range(rounds):
        for contender in contenders:
            contender.run()


def report(contenders: Sequence[Contender]) -> str:
    """Return a Markdown table: medians, the 95th percentile, and the ratio to the first contender."""
    base = contenders[0]
    rows = [
        "| command | CPU ms | wall ms | wall p95 | CPU against the first | failed |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in contenders:
        # Pairs of the same round: a drift of the machine cancels out.
        ratio = statistics.median(mine / theirs for mine, theirs in zip(one.cpu_ms, base.cpu_ms, strict=True))
        tail = statistics.quantiles(one.wall_ms, n=20)[-1]
        rows.append(
            f"| {one.name} | {statistics.median(one.cpu_ms):.1f} | {statistics.median(one.wall_ms):.1f} |"
            f" {tail:.1f} | {ratio:.2f} x | {one.failures} of {len(one.statuses)} |"
        )
    return "\n".join(rows)
