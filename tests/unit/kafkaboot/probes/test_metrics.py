"""What the collector makes of replies: of recorded ones, and of some that no server should send."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.probes.endpoint import Endpoint
from kafkaboot.probes.hosted import hosted_topics
from kafkaboot.probes.metrics import Collector
from tests.patience import PATIENCE
from tests.unit.kafkaboot.probes.recorded_broker import (
    CONTROLLER_4,
    NO_VOTERS,
    VOTERS,
    answers_with,
    follower,
    follower_replies,
    frame,
    recorded,
    silent_on,
)
from tests.unit.scripted_server import Caller, Script, ScriptedServer, free_port
from zkboot.pod.environ import EnvReader

LEADER_4 = {"api-versions0": CONTROLLER_4, "fetch17": recorded("4.4.0-leader-own-epoch.fetch17")}
"""A controller that leads, 101."""

SHORT = 2.0
"""Seconds for a question that is never answered."""

FEATURES = recorded("4.4.0-at-4.3-controller.api-versions3")


def collect(
    script: Script, broker_id: int = 1, log_dirs: str = "/nonexistent", patience: float = PATIENCE
) -> list[str]:
    """Return the samples that the collector gets out of a server that follows *script* and has these *log_dirs*.

    It gives up after *patience*, in seconds.
    """
    properties = BrokerProperties(EnvReader({"KAFKA_LOG_DIRS": log_dirs, "KF_CONFIG_FILE": "/nonexistent"}))
    parts: list[str] = []
    with ScriptedServer(script) as server:
        Collector().collect(Endpoint(server.host, server.port, patience), broker_id, properties, parts)
    return [line.removeprefix("kafkaboot_") for line in "".join(parts).splitlines() if not line.startswith("#")]


# --- log directories ---------------------------------------------------------------------------------


def test_topics_on_the_disks_are_the_names_of_their_folders(tmp_path: Path) -> None:
    """A folder that was deleted is called otherwise; a path that cannot be one hides no other."""
    for name in ("orders-0", "a-b-12", "gone-0.1f3-delete", "__cluster_metadata-0", "orders-x", "b-²"):
        (tmp_path / name).mkdir()

    path = tmp_path / "server.properties"
    path.write_text(rf"log.dirs=/d\u0000,/nonexistent, {tmp_path}")

    hosted = hosted_topics(BrokerProperties(EnvReader({"KF_CONFIG_FILE": str(path)})))

    assert (hosted.topics, hosted.is_whole) == ({"orders", "a-b"}, False)


@pytest.mark.parametrize(("given", "is_whole"), [("", True), ("{}", True), ("{}/", False)])
def test_a_variable_that_the_file_contradicts_shows_not_all(tmp_path: Path, given: str, *, is_whole: bool) -> None:
    """The broker has the directories of its file; one that a sidecar's variable leaves out may be behind."""
    (tmp_path / "orders-0").mkdir()
    path = tmp_path / "server.properties"
    path.write_text(f"log.dirs={tmp_path}")
    environ = {"KF_CONFIG_FILE": str(path), "KAFKA_LOG_DIRS": given.format(tmp_path)}

    assert hosted_topics(BrokerProperties(EnvReader(environ))).is_whole is is_whole


def old(log_dirs: bytes) -> Script:
    """Return the script of a broker that answers DescribeLogDirs 1 with *log_dirs*."""
    replies = {
        "api-versions0": recorded("2.8.2-broker.api-versions0"),
        "metadata4": recorded("2.8.2-in-sync.metadata4"),
        "min-isr1": recorded("4.4.0-few.min-isr1"),
        "log-dirs1": log_dirs,
    }
    return answers_with(replies)


def one_log_dir(path: bytes) -> bytes:
    """Return the reply to DescribeLogDirs 1 with one empty directory."""
    return frame(bytes.fromhex("00000001 00000000 00000001 0000") + len(path).to_bytes(2, "big") + path + bytes(4))


@pytest.mark.parametrize(("path", "is_seen"), [(b"/", True), (b"/nonexistent", False), (b"/d\0", False)])
def test_the_volume_is_looked_at_where_it_is_there(path: bytes, *, is_seen: bool) -> None:
    """A broker older than 3.3 does not say it; what it calls a path need not be one."""
    found = collect(old(one_log_dir(path)))

    assert f'log_dir_used_bytes{{log_dir="{path.decode()}"}} 0' in found
    assert any(line.startswith("log_dir_free_bytes{") for line in found) == is_seen


def test_no_log_directory_is_a_refusal() -> None:
    """Every broker has one, and the reply has no error of its own before version 3."""
    found = collect(old(frame(bytes.fromhex("00000001 00000000 00000000"))))

    assert 'part_refused{part="log_dirs"} 1' in found
    assert not [line for line in found if line.startswith("log_dir")]


# --- partitions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("topic", "is_shown"), [("orders", True), ("hidden", False)])
def test_partitions_are_told_where_their_topics_are_shown(tmp_path: Path, topic: str, *, is_shown: bool) -> None:
    """To a client that may describe nothing the broker looks as one without any partition."""
    (tmp_path / f"{topic}-0").mkdir()
    found = collect(old(one_log_dir(b"/")), log_dirs=str(tmp_path))

    assert any(line.startswith("partitions") for line in found) == is_shown
    for part in ("partitions", "min_isr"):
        assert f'part_refused{{part="{part}"}} {int(not is_shown)}' in found
    assert {"broker_registered 1", "brokers 2"} <= set(found)


@pytest.mark.parametrize(
    ("case", "registered"),
    [("no-topics", []), ("in-sync", ["broker_registered 1"]), ("2-gone", ["broker_registered 0"])],
)
def test_a_broker_of_0_8_is_not_unregistered_before_there_is_a_topic(case: str, registered: list[str]) -> None:
    """It is ready then, though it lists nobody; an alert is about the others."""
    found = collect(answers_with({"metadata0": recorded(f"0.8.2.1-{case}.metadata0")}), 2)

    assert [line for line in found if line.startswith("broker_registered")] == registered


# --- the quorum --------------------------------------------------------------------------------------


def of_quorum(found: list[str]) -> list[str]:
    """Return those of the samples *found* that are about the quorum."""
    return [line for line in found if "quorum" in line]


def test_a_controller_tells_the_leader_that_says_so_itself() -> None:
    """It knows no more."""
    with ScriptedServer(answers_with(LEADER_4)) as led_by:
        found = collect(follower(led_by.port), 102)

    assert found[0] == 'server_info{id="102",role="controller"} 1'
    assert of_quorum(found) == ["quorum_leader_id 101", "quorum_epoch 1"]


@pytest.mark.parametrize(
    "script",
    [
        lambda: follower(free_port()),
        lambda: answers_with({"api-versions0": CONTROLLER_4, "fetch17": recorded("4.4.0-no-leader.fetch17")}),
    ],
    ids=["one that it has lost", "none"],
)
def test_a_controller_without_a_leader_says_so(script: Callable[[], Script]) -> None:
    """From 4.0 on it goes on to name the one that it has lost."""
    found = collect(script(), 102)

    assert found[0] == 'server_info{id="102",role="controller"} 1'
    assert of_quorum(found) == ["quorum_leader_id -1"]


@pytest.mark.parametrize("replies", [{}, {"fetch17": recorded("4.4.0-no-leader.fetch17")}], ids=["leads", "no leader"])
def test_a_controller_tells_its_features(replies: dict[str, bytes]) -> None:
    """Whether it leads or not: each knows them."""
    known = {**LEADER_4, "describe-quorum0": VOTERS, "api-versions3": FEATURES}
    found = collect(answers_with(known | replies), 101)

    assert 'feature_finalized_level{feature="metadata.version"} 30' in found
    assert 'part_refused{part="features"} 0' in found


def test_a_controller_that_leads_knows_its_quorum() -> None:
    """As a broker does, which asks it."""
    found = of_quorum(collect(answers_with({**LEADER_4, "describe-quorum0": VOTERS}), 101))

    assert {"quorum_leader_id 3", "quorum_voters 3", 'part_refused{part="quorum"} 0'} <= set(found)


@pytest.mark.parametrize("replies", [{}, {"describe-quorum0": NO_VOTERS}], ids=["unanswered", "by one that lost it"])
def test_a_broker_without_a_quorum_tells_no_leader(replies: dict[str, bytes]) -> None:
    """The alert is about the part that is refused."""
    known = {
        "api-versions0": recorded("4.4.0-broker.api-versions0"),
        "metadata4": recorded("4.4.0-in-sync.metadata4"),
        "min-isr1": recorded("4.4.0-few.min-isr1"),
        "log-dirs4": recorded("4.4.0-few.log-dirs4"),
    }

    assert of_quorum(collect(answers_with(known | replies))) == ['part_refused{part="quorum"} 1']


def test_a_broker_without_a_quorum_tells_its_features() -> None:
    """It waits for a leader as long as it is asked to, and knows them itself."""
    known = {
        "api-versions0": recorded("4.4.0-broker.api-versions0"),
        "api-versions3": recorded("4.4.0-at-4.3-broker.api-versions3"),
        "metadata4": recorded("4.4.0-in-sync.metadata4"),
        "min-isr1": recorded("4.4.0-few.min-isr1"),
        "log-dirs4": recorded("4.4.0-few.log-dirs4"),
    }

    found = collect(silent_on("describe-quorum0", known), patience=SHORT)

    assert {'part_refused{part="quorum"} 1', 'part_refused{part="features"} 0'} <= set(found)
    assert 'feature_finalized_level{feature="metadata.version"} 30' in found


def test_a_controller_whose_leader_hangs_tells_its_features() -> None:
    """It knows them itself."""
    with ScriptedServer(Caller.stay_silent) as leader:
        moved_follower = follower_replies(leader.port) | {"api-versions3": FEATURES}
        found = collect(answers_with(moved_follower), 102, patience=SHORT)

    assert {"quorum_leader_id -1", 'part_refused{part="features"} 0'} <= set(found)
