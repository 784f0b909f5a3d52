"""The servers' own parsers, in one JVM that stays up: what a server makes of a file."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.server.cache import fetch, home
from tests.server.distributions import Distribution
from tests.server.toolchain import MissingToolError, java
from tests.torture.campaign import CannotRunError

SOURCE = Path(__file__).with_name("Parsers.java")
PROPERTIES = "properties"
"""The parser that every server begins with: java.util.Properties."""


class RefusedError(Exception):
    """The server refuses the file; the message says why."""


class Parsers:
    """The parsers of some distributions."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._has_answered = False

    def read(self, parser: str, path: str) -> dict[str, str]:
        """Return the entries that *parser*, a distribution's name or `properties`, finds in the file at *path*.

        Raises RefusedError where the server would not start on the file, CannotRunError where java never answered, and
        AssertionError where it did and does no more: a campaign that was under way has not been skipped.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(parser, os.fsencode(path).hex(), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            # The empty answer tells it; what could not be written would be tried again at the end.
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        answer = self._process.stdout.readline()
        if not answer:
            assert not self._has_answered, f"java ended while it read {path}, status {self._process.wait()}"
            raise CannotRunError("java ends at once: it needs a compiler: apt-get install default-jdk-headless")
        self._has_answered = True
        kind, *words = answer.split()
        if kind == "refused":
            raise RefusedError("".join(map(_text, words)))
        assert kind == "entries", kind
        return {_text(key): _text(value) for key, _, value in (word.partition("=") for word in words)}


@contextmanager
def parsers(distributions: Sequence[Distribution], scratch: Path) -> Iterator[Parsers]:
    """Run the JVM with the parsers of *distributions*, which are fetched where that is needed."""
    # Nothing is looked up: the only host is this one.
    hosts = scratch / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    try:
        fetch(distributions)
        options = ("-Xmx512m", "-XX:+UseSerialGC", f"-Djdk.net.hosts.file={hosts}", "-Dfile.encoding=UTF-8")
        folders = [f"{distribution}={home(distribution) / distribution.jar_folder}" for distribution in distributions]
        command = [java(), *options, str(SOURCE), *folders]
    except MissingToolError as missing:
        raise CannotRunError(str(missing)) from None
    with subprocess.Popen(
        command,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield Parsers(process)
        finally:
            process.kill()


def _text(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-16-be", "surrogatepass")
