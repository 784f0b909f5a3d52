"""How long a restarted ZooKeeper server is out, and whether it takes a survivor with it.

Each server is asked `srvr` many times a second in its own network namespace: a question from the bridge would mend, by
its ARP, what is to be measured. The time runs from before the engine is told to make the new pod's container.

A client writes between two restarts, as clients do. Where nobody does, a follower that is restarted a second time can
lead for initLimit and nobody follow: a peer repeats the vote that it gave this server the last time (QuorumCnxManager's
lastMessageSent), which still fits since nothing was written, and what the true leader says meanwhile is read and
dropped (FastLeaderElection's finalizeWait). Kinds of that are measured, too, for what they are.
"""

import ctypes
import itertools
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.image.engine import Engine
from tests.image.images import image_of
from tests.image.network import in_network_of
from tests.image.trio import ZOOKEEPER, Lab, Server, lab
from tests.server.distributions import Product, find

TARGET = 5.0
"""Seconds in which every restarted server, and the ensemble with it, is to be back."""

COLD_TARGET = 15.0
"""Seconds in which three servers are to serve from nothing."""

_GIVE_UP = 120.0
_SETTLED = 2.0
"""Seconds for which all three must have served before the next restart."""

_WRITE = """
from kazoo.client import KazooClient
client = KazooClient("127.0.0.1:2181")
client.start()
client.ensure_path("/rejoin")
client.set("/rejoin", b"")
client.stop()
"""

_PERIOD = 0.05
_ANSWER_LIMIT = 1.0
_CLIENT_PORT = 2181


class Watch:
    """One server, asked for its mode in its own network namespace until `close`."""

    def __init__(self, pid: int) -> None:
        """Begin to ask the server whose process this is."""
        self.mode = ""
        """leader, follower or standalone; empty while it does not serve."""
        self.since = 0.0
        """When it began to be in this mode, of the clock time.monotonic."""
        self.first = 0.0
        """When it was seen serving for the first time; 0 before."""
        self._namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch-{pid}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._ending.set()
        self._thread.join()
        os.close(self._namespace)

    def _run(self) -> None:
        # A namespace belongs to the thread that enters it, and this thread does nothing else. os.setns came with 3.12.
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(self._namespace, 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        while not self._ending.wait(_PERIOD):
            mode = _mode()
            if mode != self.mode:
                self.since = time.monotonic()
                self.first = self.first or self.since
                self.mode = mode


def _mode() -> str:
    """Return the mode that the server here shows; empty where it shows none."""
    try:
        with socket.create_connection(("127.0.0.1", _CLIENT_PORT), timeout=_ANSWER_LIMIT) as connection:
            connection.sendall(b"srvr")
            reply = b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError:
        return ""
    return next((row[6:].decode("ascii") for row in reply.splitlines() if row.startswith(b"Mode: ")), "")


class Ensemble:
    """Three servers, watched."""

    def __init__(self, made: Lab, image: str) -> None:
        """Take the network to run them on."""
        self.trio = made.run(ZOOKEEPER, image)
        self._watches: dict[str, Watch] = {}

    def __enter__(self) -> Self:
        """Have the watches end with the context."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the watches."""
        for watch in self._watches.values():
            watch.close()

    def watch(self, server: Server) -> Watch:
        """Begin to watch a server that was just started, in the place of the one that had its name before."""
        if server.name in self._watches:
            self._watches[server.name].close()
        watch = self._watches[server.name] = Watch(server.pid)
        return watch

    def start(self) -> float:
        """Start the servers, watch them, and return when they were told to start."""
        started = time.monotonic()
        self.trio.start()
        for server in self.trio.servers:
            self.watch(server)
        return started

    def in_mode(self, mode: str) -> list[Server]:
        """Return the servers that are in this mode."""
        return [server for server in self.trio.servers if self._watches[server.name].mode == mode]

    def wait_until_settled(self) -> float:
        """Return since when all have been serving, once that is for long enough; AssertionError with the logs."""

        def settled() -> bool:
            watches = list(self._watches.values())
            return all(one.mode for one in watches) and time.monotonic() - max(w.since for w in watches) >= _SETTLED

        self.trio.wait_until(settled, "all three serve", _GIVE_UP)
        return max(watch.since for watch in self._watches.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of restart."""

    role: str
    """leader or follower."""
    kill: bool
    """By SIGKILL, else by SIGTERM."""
    is_black_hole: bool
    """The old address swallows what is sent to it, as under a network plugin that drops packets to dead pods."""
    is_idle: bool = False
    """Nobody writes between two restarts."""

    def __str__(self) -> str:
        """Return it in a person's words."""
        told = f"{self.role}, SIG{'KILL' if self.kill else 'TERM'}, new IP"
        return told + self.is_black_hole * ", old IP a black hole" + self.is_idle * ", nothing written (no target)"


KINDS = tuple(
    Kind(role=role, kill=kill, is_black_hole=is_black_hole)
    for is_black_hole, role, kill in itertools.product((False, True), ("leader", "follower"), (False, True))
)
IDLE_KINDS = tuple(Kind(role="follower", kill=kill, is_black_hole=False, is_idle=True) for kill in (False, True))


def measure_cold(engine: Engine, starts: int) -> None:
    """Print how long three servers take from nothing, *starts* times."""
    image = image_of(engine, find(Product.ZOOKEEPER, "3.9"))
    print(f"From nothing to three servers, {starts} times, seconds (target: serving within {COLD_TARGET:g} s):\n")
    for _ in range(starts):
        with lab(engine) as made, Ensemble(made, image) as ensemble:
            started = ensemble.start()
            print(f"- all three serve after {ensemble.wait_until_settled() - started:.2f}", flush=True)


def measure(engine: Engine, restarts: int) -> None:
    """Print the rejoin times of *restarts* restarts of each kind, every value."""
    image = image_of(engine, find(Product.ZOOKEEPER, "3.9"))
    print(f"ZooKeeper 3.9, {restarts} restarts of each kind, a new IP each, seconds (target: all within {TARGET:g} s)")
    late = 0
    for kind in (*KINDS, *IDLE_KINDS):
        # 254 addresses a network: each kind has an ensemble of its own.
        with lab(engine) as made, Ensemble(made, image) as ensemble:
            ensemble.start()
            ensemble.wait_until_settled()
            print(f"\n{kind}:", flush=True)
            late += _report(list(_restarts(ensemble, kind, restarts))) * (not kind.is_idle)
    print(f"\nlater than {TARGET:g} s: {late} of {len(KINDS) * restarts} restarts (target: 0)", flush=True)


def _restarts(ensemble: Ensemble, kind: Kind, count: int) -> Iterator[tuple[float, float]]:
    """Yield for each restart the seconds until the restarted server serves, and until all three do."""
    for number in range(count):
        found = ensemble.in_mode(kind.role)
        if not kind.is_idle:
            in_network_of(ensemble.in_mode("leader")[0].pid, sys.executable, "-c", _WRITE)
        pair = _restart(ensemble, kind, found[number % len(found)])
        if max(pair) > TARGET:
            print(
                f"late: {pair}\n{chr(10).join(one.report() for one in ensemble.trio.servers)}",
                file=sys.stderr,
                flush=True,
            )
        yield pair


def _restart(ensemble: Ensemble, kind: Kind, victim: Server) -> tuple[float, float]:
    survivors = ensemble.trio.others(victim)
    if kind.is_black_hole:
        for server in survivors:
            # Only what begins a connection: the old server's own last words still come through, as on a real node.
            rule = ("OUTPUT", "-p", "tcp", "--syn", "-d", victim.address, "-j", "DROP")
            in_network_of(server.pid, "iptables", "-w", "-A", *rule)
    if kind.kill:
        victim.kill()
    else:
        victim.stop()
    started = time.monotonic()
    victim.start()
    watch = ensemble.watch(victim)
    whole = ensemble.wait_until_settled()
    for server in survivors:
        server.heal()
    return watch.first - started, whole - started


def _report(values: Sequence[tuple[float, float]]) -> int:
    """Print all values of one kind and return how many restarts were late."""
    late = sum(max(pair) > TARGET for pair in values)
    for told, column in (("restarted server serves", 0), ("all three serve", 1)):
        seconds = [pair[column] for pair in values]
        print(f"- {told}: {' '.join(f'{value:.2f}' for value in seconds)}; at most {max(seconds):.2f}")
    print(f"- within {TARGET:g} s: {len(values) - late} of {len(values)}", flush=True)
    return late
