"""A cluster's network on this machine: a bridge, the cluster's DNS, an address for each start of a pod, and faults.

Three things are as in a cluster and not as podman does them by itself: a pod has a new address after each start, names
come from a DNS that knows which pods are ready, and a pod's own name stands in its hosts file in the kubelet's order.

The bridge gets a fixed MAC address before any pod runs. Without it the bridge takes another one whenever a container
stops, and the pods that live on ask a DNS that is no longer there for up to a minute.
"""

import ipaddress
import itertools
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from tests.image.base import BASE
from tests.image.dns import DnsServer
from tests.image.engine import Engine, EngineError, own_name

_MAC = "02:7a:6b:62:00:01"
_SUBNETS = ipaddress.ip_network("10.212.0.0/16").subnets(new_prefix=24)


class Network:
    """One network; everything on it is gone after `close`."""

    def __init__(self, engine: Engine, lookup: Callable[[str], list[str] | None]) -> None:
        """Make the network; *lookup* answers its DNS."""
        self.engine = engine
        self.name = own_name()
        self._anchor = f"{self.name}-anchor"
        self._subnet = self._make()
        try:
            self._hosts = itertools.islice(self._subnet.hosts(), 9, None)
            self._hold_bridge()
            self.dns = DnsServer(self.gateway, lookup)
        except BaseException:
            self._remove()
            raise

    @property
    def gateway(self) -> str:
        """The address of the bridge, and of the DNS."""
        return str(self._subnet.network_address + 1)

    def new_address(self) -> str:
        """Return an address that no pod had before."""
        return str(next(self._hosts))

    def close(self) -> None:
        """Remove it."""
        self.dns.close()
        self._remove()

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

    def _remove(self) -> None:
        self.engine.remove_containers([self._anchor])
        self.engine.call("network", "rm", "--force", self.name)


def in_network_of(pid: int, *command: str) -> None:
    """Run *command* in the network namespace of the process *pid*."""
    subprocess.run(["nsenter", "--target", str(pid), "--net", *command], check=True, capture_output=True)


def cut_off(pid: int, peers: Iterable[str]) -> None:
    """Drop every packet between the pod of *pid* and *peers*, as a broken link does."""
    for peer in peers:
        in_network_of(pid, "iptables", "-w", "-A", "INPUT", "-s", peer, "-j", "DROP")
        in_network_of(pid, "iptables", "-w", "-A", "OUTPUT", "-d", peer, "-j", "DROP")


def lose(pid: int, share: float) -> None:
    """Drop a *share* of the packets that the pod of *pid* receives."""
    statistic = ["-m", "statistic", "--mode", "random", "--probability", str(share)]
    in_network_of(pid, "iptables", "-w", "-A", "INPUT", "!", "-i", "lo", *statistic, "-j", "DROP")


def heal(pid: int) -> None:
    """Undo `cut_off` and `lose`, where the process still is."""
    with suppress(subprocess.CalledProcessError):
        in_network_of(pid, "iptables", "-w", "-F")
