"""The container's memory limit, as each generation of cgroups states it."""

from pathlib import Path

import pytest

from zkboot.pod.errors import FileError
from zkboot.pod.memory import memory_limit

GIB = 1024**3


def machine(root: Path, cgroup: str | None, limits: dict[str, str]) -> str:
    """Make the part of /proc and /sys below *root* that states memory limits; return *root*."""
    if cgroup is not None:
        (root / "proc" / "self").mkdir(parents=True)
        (root / "proc" / "self" / "cgroup").write_text(cgroup)
    for path, text in limits.items():
        place = root / "sys" / "fs" / "cgroup" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return str(root)


@pytest.mark.parametrize(
    ("cgroup", "limits", "limit"),
    [
        ("0::/\n", {"memory.max": "1073741824\n"}, GIB),
        ("0::/\n", {"memory.max": "max\n"}, None),
        ("0::/\n", {}, None),
        ("0::/a/b\n", {"memory.max": "max\n", "a/memory.max": "1073741824\n", "a/b/memory.max": "max\n"}, GIB),
        ("0::/a/b\n", {"a/memory.max": "2147483648\n", "a/b/memory.max": "1073741824\n"}, GIB),
        ("0::/a/b\n", {"a/memory.max": "1073741824\n", "a/b/memory.max": "2147483648\n"}, GIB),
        ("0::/kubepods/pod7/c1\n", {"memory.max": "1073741824\n"}, GIB),
        ("0::/../../c1\n", {"memory.max": "1073741824\n"}, GIB),
        ("0::/with:colon\n", {"with:colon/memory.max": "1073741824\n"}, GIB),
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": "1073741824\n"}, GIB),
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": "9223372036854771712\n"}, None),
        ("9:cpu,memory:/a\n0::/a\n", {"memory/a/memory.limit_in_bytes": "1073741824\n"}, GIB),
        ("9:cpuset:/\n0::/\n", {"memory/memory.limit_in_bytes": "1073741824\n"}, None),
        ("1:name=systemd:/\n0::/\n", {"memory.max": "1073741824\n"}, GIB),
        ("", {"memory.max": "1073741824\n"}, None),
        (None, {}, None),
        ("no cgroup line at all\n", {}, None),
    ],
    ids=[
        "v2, in the container's own namespace",
        "v2 without a limit",
        "v2 without a controller",
        "a limit of the parent",
        "the child's is smaller",
        "the parent's is smaller",
        "the host's path, the container's mount",
        "a path that leaves the namespace",
        "a colon in the path",
        "v1",
        "v1 without a limit",
        "v1 beside v2",
        "v1 without memory",
        "v2 with a named hierarchy",
        "no cgroup",
        "no proc",
        "nonsense",
    ],
)
def test_the_smallest_limit_on_the_way_up_counts(
    cgroup: str | None, limits: dict[str, str], limit: int | None, tmp_path: Path
) -> None:
    """A limit binds everything below it; no limit is None, never a number near 2**63."""
    assert memory_limit(machine(tmp_path, cgroup, limits)) == limit


def test_a_limit_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A share of an unknown limit would be a guess."""
    root = machine(tmp_path, "0::/\n", {})
    (tmp_path / "sys" / "fs" / "cgroup" / "memory.max").mkdir(parents=True)

    with pytest.raises(FileError, match=r"memory.max: is a directory"):
        memory_limit(root)


def test_this_machine_has_a_limit_or_none() -> None:
    """Whatever it is, it is read without an error and is at least a page."""
    limit = memory_limit()

    assert limit is None or limit >= 4096
