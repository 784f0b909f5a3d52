"""Cluster names, such as `zk-0.zk-svc.default.svc.cluster.local`, resolvable on a machine that has no cluster DNS."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.server.ports import LOOPBACK

DOMAIN_SUFFIX = "default.svc.cluster.local"


def pod_names(statefulset: str, service: str, addresses: Sequence[str]) -> dict[str, str]:
    """Return fully qualified pod name → address for the pods `<statefulset>-0`, `-1`, … on *addresses*, in order."""
    return {f"{statefulset}-{ordinal}.{service}.{DOMAIN_SUFFIX}": address for ordinal, address in enumerate(addresses)}


def write_hosts_file(path: Path, names: Mapping[str, str]) -> str:
    """Write *names* (name → address) as a hosts file and return the JVM flag that makes Java (9 and later) use it.

    A JVM with this flag asks no other source, so `localhost` and this machine's own name are added; any name that is
    missing is unknown to it.
    """
    rows = {"localhost": LOOPBACK, socket.gethostname(): LOOPBACK, **names}
    path.write_text("".join(f"{address} {name}\n" for name, address in rows.items()), encoding="ascii")
    return f"-Djdk.net.hosts.file={path}"


@contextmanager
def resolving(names: Mapping[str, str]) -> Iterator[None]:
    """Let `socket.getaddrinfo` resolve *names* in this process while the context lasts: for Python's Kafka clients."""
    ask = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        return ask(names.get(host, host), *arguments, **options)

    socket.getaddrinfo = getaddrinfo
    try:
        yield
    finally:
        socket.getaddrinfo = ask
