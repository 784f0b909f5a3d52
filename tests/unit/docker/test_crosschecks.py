"""The manifests agree with themselves and with our commands; each check notices the mistake that it is for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.docker import crosschecks as checks
from tests.unit.docker.crosschecks import COMMON, KAFKA, ZOOKEEPER, Check
from tests.unit.docker.manifests import DOCKER, PATHS, Documents, container, load, of_kind, pod_spec, statefulset

ZOOKEEPER_YAML = DOCKER / "zookeeper" / "zookeeper.yaml"
KAFKA_YAMLS = [path for path in PATHS if path.parent.name == "kafka"]


def service(documents: Documents, *, headless: bool) -> dict[str, object]:
    """Return the spec of the headless service, or of the other one."""
    found: dict[str, object] = next(
        one["spec"] for one in of_kind(documents, "Service") if (one["spec"].get("clusterIP") == "None") is headless
    )
    return found


def variable(documents: Documents, name: str) -> dict[str, object]:
    """Return one entry of the container's environment."""
    found: dict[str, object] = next(one for one in container(documents)["env"] if one["name"] == name)
    return found


COMMON_MUTANTS: list[tuple[Check, Callable[[Documents], object]]] = [
    (checks.selectors, lambda d: service(d, headless=True).update(selector={"app": "another"})),
    (
        checks.selectors,
        lambda d: of_kind(d, "PodDisruptionBudget")[0]["spec"]["selector"].update(matchLabels={"a": "b"}),
    ),
    (checks.governing_service, lambda d: service(d, headless=True).pop("publishNotReadyAddresses")),
    (checks.governing_service, lambda d: service(d, headless=True).pop("clusterIP")),
    (checks.governing_service, lambda d: statefulset(d).update(serviceName="another")),
    (checks.start_order, lambda d: statefulset(d).pop("podManagementPolicy")),
    (checks.disruption_budget, lambda d: of_kind(d, "PodDisruptionBudget")[0]["spec"].update(maxUnavailable=2)),
    (
        checks.disruption_budget,
        lambda d: of_kind(d, "PodDisruptionBudget")[0]["spec"].pop("unhealthyPodEvictionPolicy"),
    ),
    (checks.probe_commands, lambda d: container(d)["startupProbe"].update(exec={"command": ["sh", "-c", "zkOk"]})),
    (checks.probe_commands, lambda d: container(d).update(readinessProbe=container(d)["livenessProbe"])),
    (checks.probe_timeouts, lambda d: container(d)["readinessProbe"].update(timeoutSeconds=3)),
    (checks.probe_timeouts, lambda d: container(d)["livenessProbe"].pop("timeoutSeconds")),
    (checks.patience, lambda d: container(d)["livenessProbe"].update(failureThreshold=3)),
    (checks.patience, lambda d: pod_spec(d).update(terminationGracePeriodSeconds=5)),
    (
        checks.server_is_process_one,
        lambda d: container(d).update(command=["sh", "-c", "zkGenConfig.sh && zkServer.sh start-foreground"]),
    ),
    (checks.identity, lambda d: variable(d, "POD_NAMESPACE").update(name="NAMESPACE")),
    (checks.no_identity_leaks, lambda d: pod_spec(d).pop("automountServiceAccountToken")),
    (checks.no_identity_leaks, lambda d: pod_spec(d).update(enableServiceLinks=True)),
    (checks.read_only_root, lambda d: container(d)["securityContext"].pop("readOnlyRootFilesystem")),
    (checks.resources, lambda d: container(d)["resources"].update(limits={"memory": "4Gi", "cpu": "1"})),
    (checks.service_ports, lambda d: service(d, headless=False).update(ports=[{"name": "client", "port": 9093}])),
    (checks.service_ports, lambda d: of_kind(d, "NetworkPolicy")[0]["spec"]["ingress"].pop()),
]

ZOOKEEPER_MUTANTS: list[tuple[Check, Callable[[Documents], object]]] = [
    (checks.service_names, lambda d: of_kind(d, "Service")[1]["metadata"].update(name="zk-client")),
    (
        checks.config_map,
        lambda d: variable(d, "ZK_SYNC_LIMIT").update(valueFrom={"configMapKeyRef": {"name": "zk-cm", "key": "tick"}}),
    ),
    (checks.zookeeper_ports, lambda d: variable(d, "ZK_CLIENT_PORT").update(value="2182")),
    (checks.zookeeper_ensemble, lambda d: variable(d, "ZK_REPLICAS").update(value="5")),
    (checks.zookeeper_settings, lambda d: of_kind(d, "ConfigMap")[0]["data"].update({"purge.interval": "0"})),
    (checks.zookeeper_settings, lambda d: variable(d, "ZK_REPLICAS").update(name="ZK_REPLICA")),
    (checks.zookeeper_settings, lambda d: of_kind(d, "ConfigMap")[0]["data"].update({"jvm.heap": "2G"})),
    (checks.zookeeper_volumes, lambda d: statefulset(d).pop("volumeClaimTemplates")),
    (checks.zookeeper_volumes, lambda d: container(d)["volumeMounts"].pop()),
]


KAFKA_MUTANTS: list[tuple[Check, Callable[[Documents], object]]] = [
    (checks.service_names, lambda d: of_kind(d, "Service")[1]["metadata"].update(name="kafka")),
    (checks.kafka_ports, lambda d: container(d)["env"].append({"name": "KF_PORT", "value": "9094"})),
    (checks.kafka_settings, lambda d: container(d)["env"].append({"name": "KF_REPLICA", "value": "3"})),
    (checks.kafka_topics, lambda d: variable(d, "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR").update(value="1")),
    (checks.kafka_topics, lambda d: variable(d, "KAFKA_MIN_INSYNC_REPLICAS").update(value="1")),
    (checks.kafka_names, lambda d: container(d)["env"].append({"name": "KF_DOMAIN", "value": "kafka.default.svc"})),
    (checks.kafka_volumes, lambda d: variable(d, "KAFKA_LOG_DIRS").update(value="/var/lib/data")),
    (checks.kafka_volumes, lambda d: variable(d, "KF_CONFIG_FILE").update(value="/opt/kafka/config/x")),
]


def _ids(mutants: list[tuple[Check, Callable[[Documents], object]]]) -> list[str]:
    return [check.__name__ for check, _ in mutants]


@pytest.mark.parametrize("check", COMMON, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_manifests_agree(path: Path, check: Check) -> None:
    """What holds for every one of them."""
    assert list(check(load(path))) == []


@pytest.mark.parametrize("check", ZOOKEEPER, ids=lambda check: check.__name__)
def test_zookeepers_manifest_agrees_with_our_command(check: Check) -> None:
    """What zkGenConfig makes of its variables."""
    assert list(check(load(ZOOKEEPER_YAML))) == []


@pytest.mark.parametrize("check", KAFKA, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", KAFKA_YAMLS, ids=lambda path: path.name)
def test_kafkas_manifests_agree_with_our_command(path: Path, check: Check) -> None:
    """What kafkaGenConfig makes of their variables."""
    assert list(check(load(path))) == []


@pytest.mark.parametrize(("check", "mutate"), KAFKA_MUTANTS, ids=_ids(KAFKA_MUTANTS))
@pytest.mark.parametrize("path", KAFKA_YAMLS, ids=lambda path: path.name)
def test_each_mistake_of_kafkas_is_caught(path: Path, check: Check, mutate: Callable[[Documents], object]) -> None:
    """By the check that is for it."""
    documents = load(path)
    mutate(documents)

    assert list(check(documents))


@pytest.mark.parametrize(("check", "mutate"), COMMON_MUTANTS, ids=_ids(COMMON_MUTANTS))
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_each_mistake_is_caught(path: Path, check: Check, mutate: Callable[[Documents], object]) -> None:
    """By the check that is for it."""
    documents = load(path)
    mutate(documents)

    assert list(check(documents))


@pytest.mark.parametrize(("check", "mutate"), ZOOKEEPER_MUTANTS, ids=_ids(ZOOKEEPER_MUTANTS))
def test_each_mistake_of_zookeepers_is_caught(check: Check, mutate: Callable[[Documents], object]) -> None:
    """By the check that is for it."""
    documents = load(ZOOKEEPER_YAML)
    mutate(documents)

    assert list(check(documents))


def test_every_check_has_a_mutant() -> None:
    """None is there for show."""
    mutants = (*COMMON_MUTANTS, *ZOOKEEPER_MUTANTS, *KAFKA_MUTANTS)

    assert {check for check, _ in mutants} == {*COMMON, *ZOOKEEPER, *KAFKA}
