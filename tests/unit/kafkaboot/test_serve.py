"""`kafkaboot serve` as a process of its own, beside recorded brokers; its bounds are tested with ZooKeeper's."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.commands import clean_environ, python_command
from tests.patience import PATIENCE
from tests.serving import Serving, serving
from tests.unit.kafkaboot.probes.recorded_broker import VOTERS, answers_with, broker, recorded
from tests.unit.scripted_server import ScriptedServer, free_port

Start = Callable[..., AbstractContextManager[Serving]]

RESIDENT_LIMIT = 22 * 1024
"""KiB of memory."""

REPLIES = {
    "api-versions0": recorded("4.4.0-broker.api-versions0"),
    "metadata4": recorded("4.4.0-2-gone.metadata4"),
    "log-dirs4": recorded("4.4.0-few.log-dirs4"),
    "min-isr1": recorded("4.4.0-few.min-isr1"),
    "describe-quorum0": VOTERS,
}
"""A broker that leads three partitions without their other replicas."""


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """How these tests start the command, beside a broker on a port of this machine."""

    def begin(port: int, environ: Mapping[str, str] | None = None) -> AbstractContextManager[Serving]:
        own = free_port()
        settings = {
            "KF_PROBE_HOST": "127.0.0.1",
            "KF_PORT": str(port),
            "KF_HTTP_PORT": str(own),
            "KF_PROBE_TIMEOUT": f"{PATIENCE:g}",
        }
        pod = {"POD_NAME": "kafka-0", "KF_HOME": str(tmp_path)}
        command = python_command("kafkaboot.cli:main", "serve", name="kafkaboot")
        return serving(command, clean_environ({**pod, **settings, **(environ or {})}), own, tmp_path / "log")

    return begin


def samples(text: str) -> dict[str, float]:
    """Return each sample of *text* by its name and its labels' values."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = " ".join((sample.name.removeprefix("kafkaboot_"), *sample.labels.values()))
            assert key not in found
            found[key] = sample.value
    return found


@pytest.mark.parametrize("version", ["4.4.0", "2.8.2"])
def test_the_verdicts_are_those_of_the_commands(start: Start, version: str) -> None:
    """Registered and in sync are two questions."""
    with ScriptedServer(broker(version, "in-sync")) as server, start(server.port) as running:
        replies = [running.ask(target) for target in ("/livez", "/readyz", "/readyz?in-sync")]

    assert [(reply.status, reply.text) for reply in replies] == [
        (200, "alive\n"),
        (200, "broker 1 of 2\n"),
        (200, "broker 1 of 2, in sync in 3 partitions\n"),
    ]


def test_a_broker_that_is_behind_is_ready_and_not_in_sync(start: Start) -> None:
    """With the line of kafkaReady --in-sync; another query is none."""
    environ = {"POD_NAME": "kafka-1"}
    with ScriptedServer(broker("4.4.0", "2-behind")) as server, start(server.port, environ) as running:
        ready, behind, wrong = (running.ask(f"/readyz{query}") for query in ("", "?in-sync", "?insync"))

    assert ready.status == 200
    assert (behind.status, wrong.status) == (503, 400)
    assert f"127.0.0.1:{server.port}: broker 2 is out of sync in " in behind.text


def test_the_properties_file_may_come_later_and_change(start: Start, tmp_path: Path) -> None:
    """A sidecar starts before the server that writes it."""
    config = tmp_path / "config" / "server.properties"
    environ = {"KF_PORT": "", "POD_NAME": "nobody"}
    with ScriptedServer(broker("4.4.0", "in-sync")) as server, start(free_port(), environ) as running:
        before = running.ask("/readyz")
        config.parent.mkdir()
        config.write_text(f"node.id=2\nlisteners=PLAINTEXT://:{server.port}\n")
        after = running.ask("/readyz")
        config.write_text(f"node.id=7\nlisteners=PLAINTEXT://:{server.port}\n")
        changed = running.ask("/readyz")

    assert (before.status, before.text) == (
        503,
        "POD_NAME 'nobody' is not <statefulset>-<ordinal>, such as zk-0: set POD_NAME\n",
    )
    assert (after.status, after.text) == (200, "broker 2 of 2\n")
    assert "broker 7 (node.id in " in changed.text


def test_metrics_say_what_the_broker_knows(start: Start) -> None:
    """All parts of them; in KRaft the controller that Metadata names is any broker."""
    with ScriptedServer(answers_with(REPLIES)) as server, start(server.port) as running:
        running.ask("/metrics")
        found = samples(running.ask("/metrics").text)
        resident = running.resident_kib

    assert {name: value for name, value in found.items() if "probe" not in name} == {
        "up": 1,
        "server_info 1 broker": 1,
        "broker_registered": 1,
        "brokers": 1,
        "partitions": 3,
        "partitions_leader": 3,
        "partitions_leaderless": 0,
        "cluster_partitions_leaderless": 0,
        "partitions_out_of_sync": 0,
        "partitions_under_replicated": 3,
        "partitions_under_min_isr": 0,
        "log_dir_used_bytes /var/lib/kafka/data/kafka-0/log": 0,
        "log_dir_volume_bytes /var/lib/kafka/data/kafka-0/log": 270553174016,
        "log_dir_free_bytes /var/lib/kafka/data/kafka-0/log": 43861221376,
        "log_dir_offline /var/lib/kafka/data/kafka-0/log": 0,
        "quorum_leader_id": 3,
        "quorum_epoch": 2,
        "quorum_high_watermark": 17,
        "quorum_voters": 3,
        "quorum_observers": 0,
        "quorum_lag_records": 0,
        "part_refused partitions": 0,
        "part_refused min_isr": 0,
        "part_refused log_dirs": 0,
        "part_refused quorum": 0,
    }
    assert resident < RESIDENT_LIMIT


def test_what_is_refused_is_left_out_and_counted(start: Start) -> None:
    """By a broker that hangs up on it; the rest is told."""
    replies = {name: reply for name, reply in REPLIES.items() if name != "log-dirs4"}
    with ScriptedServer(answers_with(replies)) as server, start(server.port) as running:
        found = samples(running.ask("/metrics").text)

    assert (found["up"], found["part_refused min_isr"], found["part_refused log_dirs"]) == (1, 0, 1)
    assert not [name for name in found if name.startswith("log_dir")]


def test_metrics_of_a_dead_server_say_that_it_is_dead(start: Start) -> None:
    """The scrape itself succeeds, and counts failures of each probe from 0 on."""
    with start(free_port()) as running:
        targets = ["/livez", "/readyz", "/readyz?in-sync"]
        before = samples(running.ask("/metrics").text)
        assert {running.ask(target).status for target in targets} == {503}
        after = samples(running.ask("/metrics").text)

    for target in targets:
        name = f"probe_failures_total {target[1:]} 69"
        assert (before["up"], before[name], after[name]) == (0, 0, 1)
