"""From the tutorial's StatefulSet, whose servers have no volumes, to this one, by what the README has."""

from pathlib import Path

import pytest

from tests.kubernetes.load import writing
from tests.kubernetes.namespaces import own_namespace
from tests.kubernetes.servers import ZOOKEEPER, Servers
from tests.kubernetes.shell import printed
from tests.pages import block

TUTORIAL = Path(__file__).with_name("tutorial.yaml")

WRITES = 200
"""Acknowledged before and after."""


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(("verb", "version"), [("apply", "3.9.4"), ("create", "3.4.14")])
def test_from_the_tutorials_statefulset(report: list[str], verb: str, version: str) -> None:
    """What it has is copied from server to server, whatever made its objects, and from 3.4 to 3.9 on the way."""
    tutorial = TUTORIAL.read_text(encoding="utf-8")
    assert ZOOKEEPER.image() in tutorial
    tutorial = tutorial.replace(ZOOKEEPER.image(), f"zk-kafka-boot/zookeeper:{version}")
    with own_namespace("tutorial", standard="privileged") as kubectl:
        servers = Servers(kubectl, ZOOKEEPER)
        kubectl.run(verb, "--filename=-", stdin=tutorial)
        servers.rollout()
        with writing(servers) as writer:
            writer.wait_for(WRITES)
            past = servers.pods()
            began = writer.lap()
            printed(kubectl, block("from the tutorial").commands)
            servers.wait_until_ready(3, past)
            report.append(f"{began}; in the loop {writer.lap()}")
            writer.wait_for(WRITES)
            # Every later change goes the ordinary way.
            report.append(f"the first roll in {servers.rollout('restart'):.0f} s; {writer.lap()}")
            tally = writer.finish()
        report.append(str(tally))
        members = kubectl.exec("zk-0", "zkboot", "members").output.splitlines()[1:]

    assert [line.split()[2] for line in members] == ["yes"] * 3
    assert tally.lost == 0
