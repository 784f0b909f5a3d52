"""Which ZooKeeper is installed here, as far as its files tell: a jar ``zookeeper-<version>.jar`` beside its scripts."""

import os
import re
from collections.abc import Mapping

from zkboot.pod.errors import FileError
from zkboot.pod.programs import which
from zkboot.pod.reads import list_directory

SERVER_PROGRAMS = ("zkServer.sh", "/opt/zookeeper/bin/zkServer.sh", "/usr/share/zookeeper/bin/zkServer.sh")
"""Where ``zkServer.sh`` is looked for: on PATH, in Apache's archive as images unpack it, in Debian's package."""

_JAR = re.compile(r"zookeeper-(\d+)\.(\d+)\.(\d+)\.jar")

_FOLDERS = (".", "lib", "../java")
"""Where the jar lies, seen from the parent of the scripts' folder: up to 3.4, from 3.5 on, in Debian's package."""

Version = tuple[int, int, int]


def installed_version(environ: Mapping[str, str]) -> Version | None:
    """Return the version of the ZooKeeper whose scripts are found, None where none are, or no jar tells."""
    program = which(SERVER_PROGRAMS, environ)
    if program is None:
        return None
    home = os.path.dirname(os.path.dirname(os.path.realpath(program)))
    return next((found for folder in _FOLDERS if (found := _version_in(f"{home}/{folder}"))), None)


def _version_in(folder: str) -> Version | None:
    try:
        names = list_directory(folder)
    except FileError:
        return None
    found = next((match for name in names if (match := _JAR.fullmatch(name))), None)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))
