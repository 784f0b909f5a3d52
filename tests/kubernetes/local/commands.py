"""Runs a command and returns what it prints; what it says goes into the error where it fails."""

import subprocess
from collections.abc import Mapping

LIMIT = 120.0


class CommandError(Exception):
    """A command failed; the message holds its last words."""


def output_of(
    *command: str, environ: Mapping[str, str] | None = None, given: str | None = None, timeout: float = LIMIT
) -> str:
    """Return what *command* prints, with *given* as its input; CommandError where it fails."""
    done = subprocess.run(
        command, env=environ, input=given or "", capture_output=True, text=True, timeout=timeout, check=False
    )
    if done.returncode != 0:
        raise CommandError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout
