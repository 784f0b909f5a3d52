"""The memory limit of this container, as its cgroup states it, and the heap that fits into it.

Sources: Linux kernel documentation, "Control Group v2", ``memory.max`` ("max" where there is no limit), and version 1,
``memory.limit_in_bytes`` (a number near 2**63 where there is none). A limit binds everything below it, so the smallest
of all on the way up to the root counts.
"""

import os
from collections.abc import Callable, Iterator

from zkboot.pod.errors import FileError, Problems
from zkboot.pod.heap import SMALLEST_HEAP, Heap, HeapSize
from zkboot.pod.reads import read_file

_NO_LIMIT = 1 << 60
_KIB = 1024

MemoryLimit = Callable[[], int | None]
"""Returns the bytes that the container may use, None where nothing limits it."""


def memory_limit(root: str = "/") -> int | None:
    """Return the bytes of memory that this process's cgroup may use, None where nothing limits it.

    *root* is the file system that /proc and /sys are looked up in. Raises FileError where a limit cannot be read.
    """
    limits = [limit for path in _limit_files(root.rstrip("/")) if (limit := _read_limit(path)) is not None]
    return min(limits, default=None)


def machine_memory() -> int:
    """Return the bytes of memory of this machine, whatever this process may use of it."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def find_heap(
    problems: Problems, variable: HeapSize, heap: Heap | None, limit: MemoryLimit
) -> tuple[str | None, list[str]]:
    """Return the *heap* that *variable* says as ``-Xmx`` takes it, None for none, and what to warn of.

    A share that cannot be taken is noted in *problems*. Raises FileError where the limit that it needs cannot be read.
    """
    if heap is None:
        return None, []
    subject = f"{variable.name}={heap}"
    try:
        memory = limit()
    except FileError:
        if heap.percent is not None:
            raise
        # Only the warning needs the limit of a fixed size.
        memory = None
    if heap.percent is not None:
        if memory is None:
            problems.note(
                f"{subject} is a share of the container's memory limit, but it has none:"
                " set resources.limits.memory, or a size such as 2G"
            )
        elif memory * heap.percent // 100 < SMALLEST_HEAP:
            problems.note(f"{subject} of the container's memory limit, {memory // _KIB} KiB, is too small for a JVM")
        return heap.within(memory or 0), []
    size = heap.within(0)
    if heap.fixed_bytes is None:
        return size, []
    if memory is not None and heap.fixed_bytes >= memory:
        subject = f"{subject} is not less than the container's memory limit, {memory // _KIB**2} MiB"
        return size, [f"{subject}: the kernel will kill the server; 75% would fit"]
    if heap.fixed_bytes >= machine_memory():
        subject = f"{subject} is not less than the machine's memory, {machine_memory() // _KIB**2} MiB"
        return size, [f"{subject}: the server will not start, or be killed"]
    return size, []


def _limit_files(root: str) -> Iterator[str]:
    for line in (read_file(f"{root}/proc/self/cgroup") or "").splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if hierarchy == "0" and not controllers:
            mount, name = f"{root}/sys/fs/cgroup", "memory.max"
        elif "memory" in controllers.split(","):
            mount, name = f"{root}/sys/fs/cgroup/memory", "memory.limit_in_bytes"
        else:
            continue
        # Inside a container the path may name a place of the host that is not mounted here: then only its end, the
        # mount's own root, is there to read.
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for depth in range(len(parts), -1, -1):
            yield "/".join((mount, *parts[:depth], name))


def _read_limit(path: str) -> int | None:
    text = (read_file(path) or "").strip()
    if not text.isdigit() or int(text) >= _NO_LIMIT:
        return None
    return int(text)
