"""A network of containers: a bridge, an address for each start of a server, and faults.

The bridge gets a fixed MAC address before any server runs. Without it the bridge takes another one whenever a container
stops, and who asks through it waits for a neighbour that is no longer there for up to a minute.
"""

import ipaddress
import itertools
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from tests.image.base import BASE
from tests.image.engine import Engine, EngineError, own_name

_MAC = "02:7a:6b:62:00:01"
_SUBNETS = ipaddress.ip_network("10.212.0.0/16").subnets(new_prefix=24)


class Network:
    """One network; everything on it is gone after `close`."""

    def __init__(self, engine: Engine) -> None:
        """Make the network."""
        self.engine = engine
        self.name = own_name()
        self._anchor = f"{self.name}-anchor"
        self._subnet = self._make()
        try:
            self._hosts = itertools.islice(self._subnet.hosts(), 9, None)
            self._hold_bridge()
        except BaseException:
            self.close()
            raise

    def new_address(self) -> str:
        """Return an address that nobody had before."""
        return str(next(self._hosts))

    def close(self) -> None:
        """Remove it."""
        self.engine.remove_containers([self._anchor])
        self.engine.call("network", "rm", "--force", self.name)

    def _make(self) -> ipaddress.IPv4Network:
        words = ""
        for subnet in itertools.islice(_SUBNETS, 40):
            options = ["--disable-dns"] if self.engine.is_podman else []
            done = self.engine.call("network", "create", *options, "--subnet", str(subnet), self.name)
            if done.returncode == 0:
                return subnet  # type: ignore[return-value]
            words = done.stderr
        raise EngineError(f"no network: {words.strip()}")

    def _hold_bridge(self) -> None:
        """Start the container that keeps the bridge up for as long as the network lives, and fix the MAC address."""
        # The engines remove a bridge with its last container.
        self.engine.ask("run", "--detach", "--name", self._anchor, "--network", self.name, BASE, "sleep", "infinity")
        found: Any = self.engine.inspect("network", self.name)
        bridge = found.get("network_interface") or f"br-{found['Id'][:12]}"
        subprocess.run(["ip", "link", "set", "dev", bridge, "address", _MAC], check=True)
        pid = self.engine.inspect("container", self._anchor)["State"]["Pid"]
        in_network_of(pid, "ip", "neigh", "flush", "all")


def in_network_of(pid: int, *command: str) -> None:
    """Run *command* in the network namespace of the process *pid*."""
    subprocess.run(["nsenter", "--target", str(pid), "--net", *command], check=True, capture_output=True)


def cut_off(pid: int, peers: Iterable[str]) -> None:
    """Drop every packet between the server of *pid* and *peers*, as a broken link does."""
    for peer in peers:
        in_network_of(pid, "iptables", "-w", "-A", "INPUT", "-s", peer, "-j", "DROP")
        in_network_of(pid, "iptables", "-w", "-A", "OUTPUT", "-d", peer, "-j", "DROP")


def lose(pid: int, share: float) -> None:
    """Drop a *share* of the packets that the server of *pid* receives."""
    statistic = ["-m", "statistic", "--mode", "random", "--probability", str(share)]
    in_network_of(pid, "iptables", "-w", "-A", "INPUT", "!", "-i", "lo", *statistic, "-j", "DROP")


def heal(pid: int) -> None:
    """Undo `cut_off` and `lose`, where the process still is."""
    with suppress(subprocess.CalledProcessError):
        in_network_of(pid, "iptables", "-w", "-F")
