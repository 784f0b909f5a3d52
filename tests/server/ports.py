"""Free TCP ports on loopback addresses."""

import random
import socket
from collections.abc import Sequence

LOOPBACK = "127.0.0.1"

ENSEMBLE_ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
"""Where three pods live: an address each and the same port numbers, as in a cluster."""

SCALED_ADDRESSES = (*ENSEMBLE_ADDRESSES, "127.0.0.4", "127.0.0.5")
"""Where five pods live."""

_RANGE = range(20000, 32000)
"""Below what Linux hands out for outgoing connections, so that no client takes a port between our look and a bind."""

_given: set[int] = set()


def free_port(addresses: Sequence[str] = (LOOPBACK,)) -> int:
    """Return a port that is free on every one of *addresses*, and that this process was never given before."""
    return free_ports(1, addresses)[0]


def free_ports(count: int, addresses: Sequence[str] = (LOOPBACK,)) -> list[int]:
    """Return *count* different ports, each free on every one of *addresses*; OSError when there are none left."""
    found: list[int] = []
    for port in random.sample(_RANGE, len(_RANGE)):
        if len(found) == count:
            break
        if port not in _given and all(_is_free(address, port) for address in addresses):
            found.append(port)
            _given.add(port)
    if len(found) < count:
        raise OSError(f"fewer than {count} ports are free on {', '.join(addresses)}")
    return found


def _is_free(address: str, port: int) -> bool:
    """Tell whether a server could bind now: as Java on Linux does, with SO_REUSEADDR."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
