"""A socket that listens on every address of the host, IPv4 and IPv6."""

import socket

from zkboot.pod.errors import SettingsError

SEND_TIME = 5.0
"""Seconds in which a client takes its answer."""

SEND_BUFFER = 65536
"""Bytes of an answer, twice over, that the kernel keeps for a client; the rest waits here, once for all who asked."""

BACKLOG = 1024
"""Connections that the kernel holds until they are taken: a burst of a thousand."""


def listen(port: int, variable: str) -> socket.socket:
    """Return a socket that listens on *port* of every address, IPv6 where there is any.

    Raises SettingsError, which names *variable*, where that cannot be.
    """
    has_ipv6 = _has_ipv6()
    family, host = (socket.AF_INET6, "::") if has_ipv6 else (socket.AF_INET, "0.0.0.0")  # noqa: S104 - as every kubelet asks
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if has_ipv6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # What a client that is gone has not taken is kept no longer. Linux hands this on to the connections.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(SEND_TIME * 1000))
        # The kernel's own choice is megabytes, also for a client that is not counted any more.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        # A connection is taken when it has said something, or after a second: most are read at once then.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(f"{variable}={port}: cannot listen there: {str(error.strerror).lower()}") from error
    return listener


def _has_ipv6() -> bool:
    """Return whether this host knows IPv6."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as tried:
            tried.bind(("::", 0))
    except OSError:
        return False
    return True
