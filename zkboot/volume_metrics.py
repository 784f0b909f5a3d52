"""What the server's directories tell, as metrics: how much is free there, and whom its own list of members names.

A sidecar tells what is mounted for it, too; of the rest nothing.
"""

from collections import Counter
from collections.abc import Iterable

from zkboot.lists import Members, is_observer
from zkboot.pod.errors import FileError
from zkboot.pod.prometheus import render_family
from zkboot.pod.properties import parse
from zkboot.pod.reads import find_space, read_file


def render_space(directories: Iterable[str]) -> str:
    """Return the size and the free space of the volumes of *directories*, in bytes."""
    total, free = [], []
    for directory in dict.fromkeys(directories):
        space = find_space(directory)
        if space is not None:
            labels = (("data_dir", directory),)
            total.append(("", labels, space[0]))
            free.append(("", labels, space[1]))
    return render_family(
        "zkboot_data_dir_volume_bytes", "gauge", "Bytes of the volume that the directory is on.", total
    ) + render_family("zkboot_data_dir_free_bytes", "gauge", "Bytes that are free there.", free)


def render_members(conf_dir: str) -> str:
    """Return how many members of each role are on the list that the server keeps, or starts from, below *conf_dir*."""
    roles = Counter("observer" if is_observer(row) else "participant" for row in _rows(conf_dir))
    samples = [("", (("role", role),), count) for role, count in sorted(roles.items())]
    return render_family("zkboot_members", "gauge", "Members on the list of this server, by their role.", samples)


def _rows(conf_dir: str) -> Iterable[str]:
    try:
        entries = parse(read_file(f"{conf_dir}/zoo.cfg") or "")
        # After each reconfiguration the server names another file here.
        dynamic = entries.get("dynamicConfigFile")
        if dynamic is None:
            return [value for key, value in entries.items() if key.startswith("server.")]
        return Members.parse(read_file(dynamic) or "").rows.values()
    except (FileError, ValueError):
        return []
