"""Three servers of each kind, broken: what the probes say, and whether anything acknowledged is lost.

What a cluster does by itself, rolls, drains, power cuts, is in tests/kubernetes. These faults no cluster makes.
"""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from kazoo.client import KazooClient

from tests.image.engine import Engine
from tests.image.images import image_of
from tests.image.load import writing
from tests.image.network import cut_off, lose
from tests.image.probing import ask_many_times, sockets_of, states_in
from tests.image.trio import KAFKA, KRAFT, ZOOKEEPER, Kind, Server, Trio, lab
from tests.server.distributions import Product, find
from tests.tally import Tally

READY_LIMIT = 300.0
"""Seconds in which three servers must be ready on a busy machine; no figure."""

STEP_DOWN_LIMIT = 120.0
"""A leader without followers gives up after syncLimit ticks, 10 s; a broker is fenced after 9 s, or after 18."""

WITHOUT_NAMES = 20.0
CUT = 10.0
STOP_LIMIT = 150.0
"""Seconds in which a server ends on a busy machine, of the 300 before it is killed; no figure."""

VOLUME = {"zk": "8m", "kafka": "64m"}
"""The size of the first server's volume, which is to be filled."""

KINDS: dict[str, tuple[Product, str, Kind]] = {
    "zookeeper-3.9": (Product.ZOOKEEPER, "3.9", ZOOKEEPER),
    "zookeeper-3.4.14": (Product.ZOOKEEPER, "3.4.14", ZOOKEEPER.saying(ZK_RECONFIG="")),
    "kafka-4.4": (Product.KAFKA, "4.4", KRAFT),
    "kafka-3.9": (Product.KAFKA, "3.9", KAFKA),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Three servers, the ensemble that they need, and how they began."""

    trio: Trio
    zookeeper: Trio | None
    early: int
    """How many were ready while there were no names."""

    @property
    def is_ensemble(self) -> bool:
        """Whether they are ZooKeeper's own."""
        return self.trio.kind.statefulset == "zk"

    def leader(self, asked: Server | None = None) -> Server:
        """Return who leads, or is the active controller, as *asked* knows it; waits until it knows one that answers."""
        if self.is_ensemble:
            leading: list[Server] = []

            def is_one() -> bool:
                leading[:] = [one for one in self.trio.servers if one.exec("zkReady").output == "leader"]
                return len(leading) == 1

            self.trio.wait_until(is_one, "one leader", READY_LIMIT)
            return leading[0]
        if self.zookeeper:
            return self.trio.servers[_registered_controller(self.zookeeper) - 1]
        told: list[str] = []

        def is_known() -> bool:
            result = (asked or self.trio.servers[0]).exec("env", "KF_PROBE_PORT=9093", "kafkaReady")
            told[:] = [result.output] if result.status == 0 else []
            return bool(told)

        self.trio.wait_until(is_known, "a leader that is known", READY_LIMIT)
        return self.trio.servers[int(told[0].rpartition(" ")[2]) - 1]

    def reached_by(self, server: Server) -> list[str]:
        """Return the addresses of its peers, and of the ensemble."""
        beside = self.zookeeper.servers if self.zookeeper else []
        return [one.address for one in (*self.trio.others(server), *beside)]


def _registered_controller(ensemble: Trio) -> int:
    client = KazooClient(hosts=",".join(f"{one.address}:2181" for one in ensemble.servers))
    client.start(timeout=READY_LIMIT)
    try:
        return int(json.loads(client.get("/controller")[0])["brokerid"])
    finally:
        client.stop()
        client.close()


def _marked(name: str) -> object:
    return pytest.param(name, marks=pytest.mark.matrix if name in ("zookeeper-3.4.14", "kafka-3.9") else ())


@pytest.fixture(scope="module", params=map(_marked, KINDS))
def began(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Standing]:
    """Three servers that start while there are no names, the first of them on a small volume; all tests share them."""
    product, line, kind = KINDS[request.param]
    with lab(engine) as made:
        zookeeper = None
        if kind is KAFKA:
            zookeeper = made.run(ZOOKEEPER, image_of(engine, find(Product.ZOOKEEPER, "3.9")))
            zookeeper.start()
        trio = made.run(kind, image_of(engine, find(product, line)))
        small = trio.servers[0].volume
        small.mkdir(parents=True)
        size = VOLUME[kind.statefulset]
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "zkb", small], check=True)
        try:
            made.are_known = False
            trio.start()
            time.sleep(WITHOUT_NAMES)
            early = sum(one.is_ready() for one in trio.servers)
            made.are_known = True
            yield Standing(trio=trio, zookeeper=zookeeper, early=early)
        finally:
            for one in made.trios:
                one.kill()
            subprocess.run(["umount", small], check=True)


@pytest.fixture
def standing(began: Standing) -> Standing:
    """The same, ready."""
    began.trio.wait_until_ready(READY_LIMIT)
    return began


def assert_nothing_lost(tally: Tally, report: list[str]) -> None:
    """Everything that was acknowledged is still there."""
    report.append(str(tally))
    assert tally.lost == 0


def test_names_that_are_late_only_delay(standing: Standing) -> None:
    """20 s without any: nobody is ready or ends, and all are ready once the names are there."""
    assert standing.early == 0
    assert [one.restarts for one in standing.trio.servers] == [0, 0, 0]


def test_probes_leave_nothing_behind(standing: Standing) -> None:
    """After 200 of them, two at a time: nothing runs but the server, which has no more sockets than before."""
    server = standing.trio.servers[1]
    ask_many_times(server, 20)
    before = sockets_of(server.pid)
    ask_many_times(server, 200)

    # The server keeps the socket of the last who has gone until somebody else comes.
    standing.trio.wait_until(lambda: sockets_of(server.pid) <= before + 2, "no more sockets", READY_LIMIT)
    standing.trio.wait_until(lambda: states_in(server.pid) in (["S"], ["R"]), "nothing but the server", READY_LIMIT)


def test_a_leader_that_is_cut_off_lives_acknowledges_nothing_and_heals(standing: Standing, report: list[str]) -> None:
    """Twice, for 10 s at least: its peers elect another, and liveness goes on saying yes.

    A server of ZooKeeper is not ready then. A broker is: it answers from what it last heard.
    """
    with writing(standing.trio) as client:
        for _ in range(2):
            client.wait_for(20)
            leader = standing.leader()
            witness = standing.trio.others(leader)[0]
            cut_off(leader.pid, standing.reached_by(leader))
            cut = time.monotonic()
            try:
                standing.trio.wait_until(lambda: _is_replaced(standing, leader, witness), "another", STEP_DOWN_LIMIT)  # noqa: B023
                report.append(f"replaced after {time.monotonic() - cut:.1f} s")
                time.sleep(max(0.0, CUT - (time.monotonic() - cut)))
                assert leader.is_alive()
                assert leader.is_ready() is not standing.is_ensemble
                if standing.is_ensemble:
                    client.wait_for(20)
            finally:
                leader.heal()
            standing.trio.wait_until_ready(READY_LIMIT)
        client.wait_for(20)
        tally = client.finish()

    assert [one.restarts for one in standing.trio.servers] == [0, 0, 0]
    assert_nothing_lost(tally, report)


def _is_replaced(standing: Standing, leader: Server, witness: Server) -> bool:
    """Tell whether the others have a leader of their own, and count without the one that is cut off."""
    if standing.is_ensemble:
        others = {one.exec("zkReady").output for one in standing.trio.others(leader)}
        return not leader.is_ready() and "leader" in others
    return witness.exec("kafkaReady").output.endswith(" of 2") and standing.leader(witness) is not leader


def test_a_paused_server_is_neither_alive_nor_ready_and_comes_back(standing: Standing, report: list[str]) -> None:
    """It accepts connections and says nothing: the probes end at their own time-out, before the kubelet's."""
    leader = standing.leader()
    server = standing.trio.others(leader)[0]
    with writing(standing.trio) as client:
        client.wait_for(20)
        server.pause()
        try:
            for command in (server.kind.alive, server.kind.ready):
                results = [server.exec(*command) for _ in range(3)]
                assert {result.status for result in results} == {69}
                assert all("no answer within 3 s" in result.output for result in results)
            client.wait_for(20)
        finally:
            server.resume()
        standing.trio.wait_until_ready(READY_LIMIT)
        client.wait_for(20)
        tally = client.finish()

    assert server.restarts == 0
    assert_nothing_lost(tally, report)


@pytest.mark.matrix
def test_a_fifth_of_the_packets_lost_kills_nobody(standing: Standing, report: list[str]) -> None:
    """20 s of it at the leader: liveness says yes all the while."""
    server = standing.leader()
    with writing(standing.trio) as client:
        lose(server.pid, 0.2)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            assert server.is_alive()
            time.sleep(1)
        server.heal()
        standing.trio.wait_until_ready(READY_LIMIT)
        client.wait_for(20)
        tally = client.finish()

    assert server.restarts == 0
    assert_nothing_lost(tally, report)


def test_a_full_disk_puts_its_own_server_out_of_service_only(standing: Standing, report: list[str]) -> None:
    """It is unready or ends itself, and is back once there is room; the others serve, and nothing is lost."""
    victim = standing.trio.servers[0]
    ballast = victim.volume / "ballast"
    with writing(standing.trio) as client:
        client.wait_for(20)
        subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=64k"], check=False, capture_output=True)
        standing.trio.wait_until(lambda: not victim.is_ready(), "unready", READY_LIMIT)
        client.wait_for(20)
        ballast.unlink()
        standing.trio.wait_until_ready(READY_LIMIT)
        tally = client.finish()
    report.append(f"it ended itself {victim.restarts} times")

    assert [one.restarts for one in standing.trio.others(victim)] == [0, 0]
    assert_nothing_lost(tally, report)


def test_brokers_outlive_a_zookeeper_that_is_away(standing: Standing, report: list[str]) -> None:
    """20 s: liveness says yes, for a restart of a broker would not bring ZooKeeper back."""
    if not standing.zookeeper:
        return
    for server in standing.zookeeper.servers:
        server.pause()
    try:
        time.sleep(20)
        assert all(one.is_alive() for one in standing.trio.servers)
    finally:
        for server in standing.zookeeper.servers:
            server.resume()
    standing.zookeeper.wait_until_ready(READY_LIMIT)
    standing.trio.wait_until_ready(READY_LIMIT)
    with writing(standing.trio) as client:
        client.wait_for(20)
        assert_nothing_lost(client.finish(), report)


def test_the_images_signal_ends_a_server_in_order(standing: Standing, report: list[str]) -> None:
    """ZooKeeper's is SIGKILL, for it has nothing to do at its end; Kafka's SIGTERM, within its grace period."""
    status = {"zk": 128 + signal.SIGKILL, "kafka": 128 + signal.SIGTERM}[standing.trio.kind.statefulset]
    took = []
    for server in standing.trio.servers:
        started = time.monotonic()
        assert server.stop() == status
        took.append(time.monotonic() - started)
        server.start()
        standing.trio.wait_until_ready(READY_LIMIT)
    report.append(f"{', '.join(f'{seconds:.1f}' for seconds in took)} s from the signal to the end")

    assert max(took) < STOP_LIMIT
