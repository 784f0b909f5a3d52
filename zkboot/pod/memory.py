"""The memory limit of this container, as its cgroup states it.

Sources: Linux kernel documentation, "Control Group v2", ``memory.max`` ("max" where there is no limit), and version 1,
``memory.limit_in_bytes`` (a number near 2**63 where there is none). A limit binds everything below it, so the smallest
of all on the way up to the root counts.
"""

import os
from collections.abc import Iterator

from zkboot.pod.files import read_file

_NO_LIMIT = 1 << 60


def memory_limit(root: str = "/") -> int | None:
    """Return the bytes of memory that this process's cgroup may use, None where nothing limits it.

    *root* is the file system that /proc and /sys are looked up in. Raises FileError where a limit cannot be read.
    """
    limits = [limit for path in _limit_files(root.rstrip("/")) if (limit := _read_limit(path)) is not None]
    return min(limits, default=None)


def machine_memory() -> int:
    """Return the bytes of memory of this machine, whatever this process may use of it."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


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
