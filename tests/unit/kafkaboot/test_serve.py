"""`kafkaboot serve` as a process of its own, beside recorded brokers; its bounds are tested with ZooKeeper's."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kafkaboot.serve import PROBES, Health, Subject
from tests.commands import clean_environ, python_command, run_command
from tests.patience import PATIENCE
from tests.server.processes import wait_until
from tests.serving import Serving, serving
from tests.unit.kafkaboot.probes.recorded_broker import (
    VOTERS,
    answers_with,
    broker,
    read_request,
    recorded,
    request_name,
    with_id,
)
from tests.unit.scripted_server import Caller, ScriptedServer, free_port
from zkboot.pod.verdicts import Verdicts

Start = Callable[..., AbstractContextManager[Serving]]

RESIDENT_LIMIT = 22 * 1024
"""KiB of memory."""

REPLIES = {
    "api-versions0": recorded("4.4.0-broker.api-versions0"),
    "metadata4": recorded("4.4.0-2-gone.metadata4"),
    "log-dirs4": recorded("4.4.0-few.log-dirs4"),
    "min-isr1": recorded("4.4.0-few.min-isr1"),
    "describe-quorum0": VOTERS,
    "api-versions3": recorded("4.4.0-at-4.3-broker.api-versions3"),
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
        "POD_NAME 'nobody' is not <statefulset>-<ordinal>, such as kafka-0: set POD_NAME\n",
    )
    assert (after.status, after.text) == (200, "broker 2 of 2\n")
    assert "broker 7 (node.id in " in changed.text


def test_a_wrong_variable_is_an_answer(start: Start) -> None:
    """A sidecar that ended would keep the broker from its start, which says the same."""
    with start(0) as running:
        wrong = running.ask("/livez")

    assert (wrong.status, wrong.text) == (503, "KF_PORT='0' is not an integer in 1..65535\n")


@pytest.mark.parametrize("environ", [{"KF_ID_OFFSET": "x"}, {"POD_NAME": "nobody"}], ids=["offset", "name"])
def test_all_that_is_wrong_is_said_as_the_command_says_it(start: Start, environ: dict[str, str]) -> None:
    """Where to ask is one question, and of whom is another."""
    with start(0, environ) as running:
        wrong = running.ask("/readyz")
    given = {"POD_NAME": "kafka-0", "KF_HOME": "/nonexistent", "KF_PORT": "0", **environ}
    done = run_command("kafkaboot.probes.commands:kafka_ready", name="kafkaReady", environ=given)

    assert (wrong.status, done.status) == (503, 78)
    assert wrong.text == done.stderr.replace("kafkaReady: ", "")


def test_a_password_that_has_changed_is_the_next_one(tmp_path: Path) -> None:
    """Secrets are mounted anew while the sidecar runs; the properties file does not show that."""
    environ = {
        "POD_NAME": "kafka-0",
        "KF_HOME": str(tmp_path),
        "KAFKA_LISTENERS": "SASL_PLAINTEXT://:1",
        "KF_SASL_DIR": str(tmp_path),
        "KF_SASL_USER": "broker",
        "KF_SASL_MECHANISM": "SCRAM-SHA-256",
    }
    subject = Subject(environ, None)
    found = []
    for password in ("old", "new"):
        (tmp_path / "broker").write_text(password)
        login = subject.broker()[0].login
        assert login is not None
        found.append(login.password)

    assert found == ["old", "new"]


def test_a_properties_file_may_change_while_several_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them finds it changed where another one still looks; a mistake in any thread would end the process."""
    environ = {"POD_NAME": "kafka-0", "KF_HOME": str(tmp_path), "KF_PROBE_HOST": "127.0.0.1", "KF_PORT": "0"}
    kept = Subject(environ, None)
    seen = [None, kept]
    health = Health(environ, Verdicts("kafkaboot", PROBES, lambda _: None))
    last = property(lambda _: seen.pop() if seen else None, lambda _, __: seen.clear())
    monkeypatch.setattr(Health, "_seen", last, raising=False)

    assert health.questions["/livez"]().text == "KF_PORT='0' is not an integer in 1..65535\n"


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
        "feature_finalized_level group.version": 1,
        "feature_finalized_level streams.version": 1,
        "feature_finalized_level transaction.version": 2,
        "feature_finalized_level eligible.leader.replicas.version": 1,
        "feature_finalized_level share.version": 1,
        "feature_finalized_level metadata.version": 30,
        "feature_supported_level metadata.version": 33,
        "part_refused partitions": 0,
        "part_refused min_isr": 0,
        "part_refused log_dirs": 0,
        "part_refused quorum": 0,
        "part_refused features": 0,
    }
    assert resident < RESIDENT_LIMIT


def test_what_is_refused_is_left_out_and_counted(start: Start) -> None:
    """By a broker that hangs up on it; the rest is told, what comes behind it, too."""
    replies = {name: reply for name, reply in REPLIES.items() if name != "log-dirs4"}
    with ScriptedServer(answers_with(replies)) as server, start(server.port) as running:
        found = samples(running.ask("/metrics").text)

    refused = {name.split()[1]: value for name, value in found.items() if name.startswith("part_refused")}

    assert (found["up"], refused) == (1, {"partitions": 0, "min_isr": 0, "log_dirs": 1, "quorum": 0, "features": 0})
    assert not [name for name in found if name.startswith("log_dir")]


def test_a_broker_that_tells_nothing_of_its_partitions_is_not_up_and_tells_the_rest(start: Start) -> None:
    """The scrape itself succeeds."""
    replies = {name: reply for name, reply in REPLIES.items() if name != "metadata4"}
    with ScriptedServer(answers_with(replies)) as server, start(server.port) as running:
        reply = running.ask("/metrics")
    found = samples(reply.text)
    refused = {name.split()[1]: value for name, value in found.items() if name.startswith("part_refused")}

    assert (reply.status, found["up"], refused) == (
        200,
        0,
        {"partitions": 1, "log_dirs": 0, "quorum": 0, "features": 0},
    )
    assert found["quorum_voters"] == 3


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


def test_one_long_answer_is_waited_for_at_a_time_and_short_ones_are_not_behind_it(start: Start) -> None:
    """Each may have 100,000s of partitions: many at once would cost memory, and keep the kubelet waiting."""
    replies = REPLIES | {"metadata4": recorded("4.4.0-in-sync.metadata4")}
    answers = threading.Event()
    counting = threading.Lock()
    open_ones: list[int] = [0]

    def script(caller: Caller) -> None:
        while request := read_request(caller):
            is_long = request_name(request) == "metadata4" and request[19:23] == b"\xff\xff\xff\xff"
            with counting:
                open_ones.append(open_ones[-1] + is_long)
            if is_long:
                answers.wait()
                time.sleep(0.05)
                with counting:
                    open_ones.append(open_ones[-1] - 1)
            caller.send(with_id(replies[request_name(request)], request))

    with ScriptedServer(script) as server, start(server.port) as running, ThreadPoolExecutor() as pool:
        try:
            long = [pool.submit(running.ask, target) for target in ("/readyz?in-sync", "/metrics") * 2]
            wait_until(lambda: open_ones[-1] > 0, "a long answer is waited for", timeout=PATIENCE)
            short = [running.ask(target).text for target in ("/livez", "/readyz") * 2]
        finally:
            answers.set()
        statuses = {request.result().status for request in long}

    assert short == ["alive\n", "broker 1 of 2\n"] * 2
    assert statuses == {200}
    assert max(open_ones) == 1
