"""The machine's own name and domain, as ``hostname`` and ``hostname -d`` print them; and its clock."""

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from zkboot.pod.identity import Host

if TYPE_CHECKING:
    from datetime import datetime

Clock = Callable[[], "datetime"]
"""Returns what time it is."""


def utc_now() -> "datetime":
    """Return what time it is."""
    from datetime import UTC, datetime

    return datetime.now(UTC)


def this_host() -> Host:
    """Return the host that this process runs on."""
    return Host(name=_name, domain=_domain)


def _name() -> str:
    return os.uname().nodename


@functools.cache
def _domain() -> str:
    """Return what ``hostname -d`` prints: what follows the first dot of the canonical name, empty where unknown."""
    import socket

    try:
        found = socket.getaddrinfo(_name(), None, flags=socket.AI_CANONNAME)
    except (OSError, UnicodeError):
        return ""
    return str(found[0][3]).partition(".")[2] if found else ""
