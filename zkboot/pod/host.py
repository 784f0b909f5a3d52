"""The machine's own name and domain, as ``hostname`` and ``hostname -d`` print them."""

import functools
import socket

from zkboot.pod.identity import Host


def this_host() -> Host:
    """Return the host that this process runs on."""
    return Host(name=socket.gethostname, domain=_domain)


@functools.cache
def _domain() -> str:
    """Return what ``hostname -d`` prints: what follows the first dot of the canonical name, empty where unknown."""
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, flags=socket.AI_CANONNAME)
    except (OSError, UnicodeError):
        return ""
    return str(found[0][3]).partition(".")[2] if found else ""
