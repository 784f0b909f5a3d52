"""The programs that real servers need, java and mvn, and what to say when one is missing."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

JAVA_MAJOR = 17
"""The oldest Java that runs every pinned server: Kafka 4 brokers need it."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class MissingToolError(Exception):
    """A program is missing or too old; the message is one line that says how to install it."""


@cache
def java() -> str:
    """Return the path of java, from JAVA_HOME where it is set, else from PATH.

    Raises MissingToolError where there is none, or an older one than JAVA_MAJOR.
    """
    advice = f"install Java {JAVA_MAJOR}, for example: apt-get install openjdk-{JAVA_MAJOR}-jre-headless"
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin"))) if home else shutil.which("java")
    if found is None:
        raise MissingToolError(f"java is missing{f' from JAVA_HOME={home}' if home else ''}: {advice}")
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    version = _VERSION.search(told.stderr)
    if version is None or int(version[1]) < JAVA_MAJOR:
        seen = version[1] if version else "of unknown version"
        raise MissingToolError(f"{found} is Java {seen}: {advice}")
    return found


@cache
def maven() -> str:
    """Return the path of mvn; MissingToolError where there is none."""
    found = shutil.which("mvn")
    if found is None:
        raise MissingToolError("mvn is missing: install Maven, for example: apt-get install maven")
    return found


def missing_tools() -> tuple[str, ...]:
    """Return one line for each program that is missing; nothing where all are there."""
    lines = []
    for tool in (java, maven):
        try:
            tool()
        except MissingToolError as error:
            lines.append(str(error))
    return tuple(lines)
