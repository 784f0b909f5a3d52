"""What the pages tell an operator to type, typed as it stands there, under a client that counts."""

import re
from pathlib import Path

from tests.kubernetes.kubectl import READY_LIMIT, Kubectl
from tests.kubernetes.load import writing
from tests.kubernetes.local.images import OLDER_KAFKA, SEEDS_ZOOKEEPER
from tests.kubernetes.servers import KRAFT, ZOOKEEPER, Servers
from tests.kubernetes.shell import printed
from tests.kubernetes.stands import prepare, standing, static_list, text_of
from tests.pages import block

WRITES = 200
"""Acknowledged before something is done, so that there is something to lose."""


def test_the_front_pages_cluster(namespace: Kubectl) -> None:
    """From nothing to five servers that all vote."""
    printed(namespace, block("cluster").commands)
    Servers(namespace, ZOOKEEPER).wait_until_ready(5)
    shown = namespace.exec("zk-0", "zkboot", "members").output.splitlines()[1:]

    assert [line.split()[2] for line in shown] == ["yes"] * 5


def test_days_of_an_ensembles_life(report: list[str]) -> None:
    """A roll, a bad value, another image, a setting and a lost volume: all under one client."""
    with standing(ZOOKEEPER) as stand:
        kubectl, servers = stand.kubectl, stand.servers
        with writing(servers) as writer:
            writer.wait_for(WRITES)
            before = servers.pods()
            printed(kubectl, block("roll").commands)
            servers.wait_until_ready(3, before)
            report.append(f"roll: {writer.lap()}")

            kubectl.run("set", "env", "statefulset/zk", "ZK_TICK_TIME=fast")
            kubectl.wait_until(
                lambda: "ZK_TICK_TIME='fast'" in kubectl.words_of("zk-2"), "a pod that says what is wrong"
            )
            shown = printed(kubectl, block("undo").commands)
            servers.wait_until_ready(3)
            report.append(f"undo: {writer.lap()}")

            # The same image by its whole name: to Kubernetes another one.
            before = servers.pods()
            printed(kubectl, block("upgrade image").commands, IMAGE=f"docker.io/{ZOOKEEPER.image()}")
            servers.wait_until_ready(3, before)
            report.append(f"another image: {writer.lap()}")
            printed(kubectl, block("join").commands)
            report.append(f"join: {writer.lap()}")
            lost = servers.pods()[2]
            printed(kubectl, block("lost volume").commands)
            servers.wait_until_ready(3, [lost])
            report.append(f"lost volume: {writer.lap()}")
            tally = writer.finish()
            assert tally.lost == 0
        report.append(str(tally))

    assert "ZK_TICK_TIME='fast'" in shown


def test_a_backup_is_restored(report: list[str], tmp_path: Path) -> None:
    """It is taken under load. What was acknowledged before it is there, after every volume was lost."""
    with standing(ZOOKEEPER) as stand:
        kubectl, servers = stand.kubectl, stand.servers
        with writing(servers) as writer:
            writer.wait_for(WRITES)
            acknowledged = writer.acknowledged()
            servers.leader()
            printed(kubectl, f"cd {tmp_path}\n" + block("backup").commands)
            writer.wait_for(WRITES)
            writer.stop()
            kubectl.run("scale", "statefulset", "zk", "--replicas=0")
            servers.wait_until_ready(0)
            kubectl.run("delete", "pvc", "--selector=app=zk", timeout=READY_LIMIT)
            servers.scale(3)
            servers.wait_until_ready(3)
            printed(kubectl, f"cd {tmp_path}\n" + block("restore").commands)
            servers.wait_until_ready(3)
            lost = writer.lost(acknowledged)
        report.append(f"{acknowledged} acknowledged before the backup, {lost} of them lost after the restore")

    assert lost == 0


def test_zookeeper_is_upgraded(namespace: Kubectl, report: list[str]) -> None:
    """From the tutorial's 3.4 to the manifest's version, one server after the other."""
    servers = Servers(namespace, ZOOKEEPER)
    namespace.apply(static_list(3).replace(ZOOKEEPER.image(), SEEDS_ZOOKEEPER))
    servers.rollout()
    with writing(servers) as writer:
        writer.wait_for(WRITES)
        before = servers.pods()
        printed(namespace, block("upgrade zookeeper 3.4").commands, IMAGE=ZOOKEEPER.image())
        servers.wait_until_ready(3, before)
        between = servers.pods()
        printed(namespace, block("end of upgrade zookeeper 3.4").commands)
        servers.wait_until_ready(3, between)
        tally = writer.finish()
        version = namespace.exec("zk-0", "zkMetrics").output.partition("\n")[0]
    report.append(f"{version}; {tally}")

    assert "3.9" in version
    assert tally.lost == 0


def test_kafka_is_upgraded(namespace: Kubectl, report: list[str]) -> None:
    """The image first, then the features: a static quorum stays static."""
    servers = Servers(namespace, KRAFT)
    prepare(namespace, KRAFT)
    namespace.apply(text_of(KRAFT.documents()).replace(KRAFT.image(), OLDER_KAFKA))
    servers.rollout()
    describe, mapping, raise_it = block("upgrade kafka features").commands.splitlines()
    with writing(servers) as writer:
        writer.wait_for(WRITES)
        old = _levels(printed(namespace, describe))
        printed(namespace, block("upgrade kafka image").commands, IMAGE=KRAFT.image())
        servers.rollout()
        report.append(f"roll: {writer.lap()}")
        kept = _levels(printed(namespace, describe))
        level = re.search(r"metadata\.version=(\d+)", printed(namespace, mapping))
        assert level is not None
        printed(namespace, raise_it, LEVEL=level[1])
        new = _levels(printed(namespace, describe))
        tally = writer.finish()
    report.append(f"metadata.version {old['metadata.version']} to {new['metadata.version']}; {tally}")

    # A newer image knows more features, at level 0.
    assert old.items() <= kept.items()
    assert new["metadata.version"] != old["metadata.version"]
    assert new["kraft.version"] == "0"
    assert tally.lost == 0


def _levels(described: str) -> dict[str, str]:
    """Return each feature's level, from what Kafka's tool prints."""
    found = re.findall(r"Feature: (\S+)\s.*?FinalizedVersionLevel: (\S+)", described)
    assert found, described
    return dict(found)
