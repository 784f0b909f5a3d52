"""What the kubelet asks and when it acts: each mistake in it is noticed by the check that is for it."""

from pathlib import Path

from tests.unit.docker import probes as checks
from tests.unit.docker.manifests import Check, Document, Documents, container, pod_spec
from tests.unit.docker.mistakes import Change, Mistakes, after, made
from tests.unit.docker.probes import CHECKS


def probe(documents: Documents, kind: str) -> Document:
    """Return one of the container's probes."""
    found: Document = container(documents)[f"{kind}Probe"]
    return found


def _asks(check: Check, kind: str, *command: str) -> Mistakes:
    """Return the mistake of asking another question."""
    return {f"{kind} asks {' '.join(command)}": (check, lambda d: probe(d, kind).update(exec={"command": [*command]}))}


def _swap(documents: Documents, one: str, other: str) -> None:
    found = container(documents)
    found[f"{one}Probe"], found[f"{other}Probe"] = found[f"{other}Probe"], found[f"{one}Probe"]


def _tell(documents: Documents, name: str, value: str) -> None:
    container(documents)["env"].append({"name": name, "value": value})


MISTAKES: Mistakes = {
    **_asks(checks.zookeeper_questions, "startup", "zkReady"),
    **_asks(checks.zookeeper_questions, "startup", "zkMetrics"),
    **_asks(checks.zookeeper_questions, "startup", "zkboot", "wait"),
    **_asks(checks.zookeeper_questions, "readiness", "zkOk"),
    **_asks(checks.zookeeper_questions, "readiness", "zkMetrics"),
    **_asks(checks.zookeeper_questions, "liveness", "zkReady"),
    **_asks(checks.zookeeper_questions, "liveness", "zkMetrics"),
    **_asks(checks.kafka_questions, "startup", "kafkaReady"),
    **_asks(checks.kafka_questions, "startup", "kafkaReady", "--in-sync"),
    **_asks(checks.kafka_questions, "readiness", "kafkaReady"),
    **_asks(checks.kafka_questions, "readiness", "kafkaOk"),
    **_asks(checks.kafka_questions, "readiness", "zkReady"),
    **_asks(checks.kafka_questions, "liveness", "kafkaReady"),
    **_asks(checks.kafka_questions, "liveness", "kafkaReady", "--in-sync"),
    "ZooKeeper's readiness and liveness are swapped": (
        checks.zookeeper_questions,
        lambda d: _swap(d, "readiness", "liveness"),
    ),
    "ZooKeeper's readiness and startup are swapped": (
        checks.zookeeper_questions,
        lambda d: _swap(d, "readiness", "startup"),
    ),
    "Kafka's readiness and liveness are swapped": (checks.kafka_questions, lambda d: _swap(d, "readiness", "liveness")),
    "Kafka's readiness and startup are swapped": (checks.kafka_questions, lambda d: _swap(d, "readiness", "startup")),
    "ZooKeeper has no liveness probe": (checks.zookeeper_questions, lambda d: container(d).pop("livenessProbe")),
    "Kafka has no startup probe": (checks.kafka_questions, lambda d: container(d).pop("startupProbe")),
    "a shell": (checks.probe_commands, lambda d: probe(d, "startup").update(exec={"command": ["sh", "-c", "zkOk"]})),
    "a shell's words": (
        checks.probe_commands,
        lambda d: probe(d, "readiness").update(exec={"command": ["zkReady", "||", "true"]}),
    ),
    "one probe for two questions": (
        checks.probe_commands,
        lambda d: container(d).update(readinessProbe=container(d)["livenessProbe"]),
    ),
    "a port is asked, not the server": (
        checks.probe_fields,
        lambda d: container(d).update(livenessProbe={"tcpSocket": {"port": 2181}, "periodSeconds": 10}),
    ),
    "liveness with a grace period of its own": (
        checks.probe_fields,
        lambda d: probe(d, "liveness").update(terminationGracePeriodSeconds=5),
    ),
    "a delay": (checks.probe_fields, lambda d: probe(d, "readiness").update(initialDelaySeconds=600)),
    "two good answers": (checks.probe_fields, lambda d: probe(d, "readiness").update(successThreshold=2)),
    "a time-out of our own": (checks.probe_timeouts, lambda d: probe(d, "readiness").update(timeoutSeconds=3)),
    "the kubelet's own time-out": (checks.probe_timeouts, lambda d: probe(d, "liveness").pop("timeoutSeconds")),
    "a time-out of minutes": (checks.probe_timeouts, lambda d: probe(d, "liveness").update(timeoutSeconds=400)),
    "zkOk waits longer": (checks.probe_timeouts, lambda d: _tell(d, "ZK_PROBE_TIMEOUT", "3.5")),
    "kafkaOk waits longer": (checks.probe_timeouts, lambda d: _tell(d, "KF_PROBE_TIMEOUT", "3.5")),
    "half a minute to be killed": (checks.patience, lambda d: probe(d, "liveness").update(failureThreshold=3)),
    "an hour to be killed": (checks.patience, lambda d: probe(d, "liveness").update(periodSeconds=600)),
    "one bad answer": (checks.patience, lambda d: probe(d, "readiness").update(failureThreshold=1)),
    "a minute to lose clients": (checks.patience, lambda d: probe(d, "readiness").update(periodSeconds=30)),
    "a start is seen late": (checks.patience, lambda d: probe(d, "startup").update(periodSeconds=30)),
    "a minute to load a snapshot": (checks.zookeeper_hurry, lambda d: probe(d, "startup").update(failureThreshold=30)),
    "ten minutes to recover logs": (checks.kafka_hurry, lambda d: probe(d, "startup").update(failureThreshold=300)),
    "a day to start": (checks.kafka_hurry, lambda d: probe(d, "startup").update(failureThreshold=43200)),
    "ZooKeeper has 5 s to end": (
        checks.zookeeper_hurry,
        lambda d: pod_spec(d).update(terminationGracePeriodSeconds=5),
    ),
    "ZooKeeper has an hour to end": (
        checks.zookeeper_hurry,
        lambda d: pod_spec(d).update(terminationGracePeriodSeconds=3600),
    ),
    "Kafka has 30 s to end": (checks.kafka_hurry, lambda d: pod_spec(d).update(terminationGracePeriodSeconds=30)),
    "Kafka has the default to end": (checks.kafka_hurry, lambda d: pod_spec(d).pop("terminationGracePeriodSeconds")),
}


@made(MISTAKES, CHECKS)
def test_each_mistake_is_noticed(path: Path, check: Check, change: Change) -> None:
    """By the check that is for it."""
    assert list(check(after(path, change)))


def test_every_check_has_a_mutant() -> None:
    """None is there for show."""
    assert {check for check, _ in MISTAKES.values()} == set(CHECKS)
