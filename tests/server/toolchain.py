"""The programs that real servers need, java and mvn, and openssl for the demo; and what to say when one is missing."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

JAVA_MAJOR = 17
"""The oldest Java that runs every pinned server: Kafka 4 brokers need it. Debian 12's default; 13's is 21."""

JAVA_PACKAGE, MAVEN_PACKAGE, OPENSSL_PACKAGE = "default-jre-headless", "maven", "openssl"
"""What they are called in Debian 12 and 13, and in Ubuntu 24.04."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class MissingToolError(Exception):
    """A program is missing or too old; the message is one line that says how to install it."""

    def __init__(self, problem: str, *packages: str) -> None:
        super().__init__(f"{problem}: apt-get install {' '.join(packages)}" if packages else problem)
        self.problem = problem
        """What is missing."""
        self.packages = packages
        """What brings it, by Debian's names."""


@cache
def java() -> str:
    """Return the path of java, from JAVA_HOME where it is set, else from PATH.

    Raises MissingToolError where there is none, or an older one than JAVA_MAJOR.
    """
    needed = f"Java {JAVA_MAJOR} or newer is needed"
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin"))) if home else shutil.which("java")
    if found is None:
        raise MissingToolError(f"java is missing{f' from JAVA_HOME={home}' if home else ''}, {needed}", JAVA_PACKAGE)
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    version = _VERSION.search(told.stderr)
    if version is None or int(version[1]) < JAVA_MAJOR:
        seen = version[1] if version else "of unknown version"
        raise MissingToolError(f"{found} is Java {seen}, {needed}", JAVA_PACKAGE)
    return found


@cache
def maven() -> str:
    """Return the path of mvn; MissingToolError where there is none."""
    return _program("mvn", "which fetches the servers", MAVEN_PACKAGE)


@cache
def openssl() -> str:
    """Return the path of openssl; MissingToolError where there is none."""
    return _program("openssl", "which makes the certificates", OPENSSL_PACKAGE)


def _program(name: str, use: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingToolError(f"{name} is missing, {use}", package)
    return found


def check(*, fetches: bool, signs: bool = False) -> None:
    """Raise MissingToolError, one for all, where a program is missing: *fetches* needs Maven, too, *signs* openssl."""
    missing = []
    for tool in (java, *([maven] if fetches else []), *([openssl] if signs else [])):
        try:
            tool()
        except MissingToolError as error:
            missing.append(error)
    if missing:
        packages = [package for error in missing for package in error.packages]
        raise MissingToolError("; ".join(error.problem for error in missing), *packages)


def missing_tools() -> tuple[str, ...]:
    """Return the line that names what is missing and how to install it; nothing where all is there."""
    try:
        check(fetches=True)
    except MissingToolError as error:
        return (str(error),)
    return ()
