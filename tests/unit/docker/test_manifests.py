"""What can be known of the manifests without a cluster; tests/kubernetes has the rest."""

from pathlib import Path

import kubernetes_validate
import pytest

from kafkaboot.start.plan import make_plan as make_kafka_plan
from kafkaboot.values.knobs import PROBE_TIMEOUT as KAFKA_PROBE_TIMEOUT
from tests.unit.docker.manifests import DOCKER, PATHS, container, environ_of, load, statefulset
from zkboot.endpoint import PROBE_TIMEOUT
from zkboot.plan import draft_plan
from zkboot.pod.environ import EnvReader
from zkboot.pod.identity import Host

VERSIONS = ("1.33", "1.34", "1.35", "1.36", "1.37")
BASE_FILES = DOCKER.parent / "tests" / "data" / "kafka" / "base"
MEMORY = 1024**3
THREE = {"replication.factor": "3", "min.isr": "2", "min.insync.replicas": "2"}
"""What every topic has, the internal ones, too, by the end of its property's name."""

each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)


@pytest.mark.parametrize("path", [*PATHS, DOCKER / "client.yaml"], ids=lambda path: path.name)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid(path: Path, version: str) -> None:
    """By the schemas of every version that the README names; a field that they do not know is an error."""
    for document in load(path):
        assert kubernetes_validate.validate(document, version, strict=True) == version


@pytest.mark.parametrize("ordinal", [0, 2, 9])
def test_zookeeper_has_nothing_to_warn_of(ordinal: int) -> None:
    """Neither on a founder nor on a pod that `kubectl scale` adds; the list can change, and old snapshots go."""
    environ = environ_of(load(PATHS[0]), ordinal)
    plan = draft_plan(environ, Host(name=lambda: environ["POD_NAME"], domain=lambda: "zk-svc"), lambda: MEMORY)

    assert plan.warnings == ()
    assert plan.settings.reconfig
    assert plan.settings.purge_interval_hours == 1


@pytest.mark.parametrize("ordinal", [0, 2, 9])
@pytest.mark.parametrize("path", PATHS[1:], ids=lambda path: path.name)
def test_kafka_has_nothing_to_warn_of(path: Path, ordinal: int) -> None:
    """Likewise; the first three vote, no topic has less than three replicas, and the manifest decides little else."""
    documents = load(path)
    version = container(documents)["image"].rpartition(":")[2]
    base = "server-4" if version.startswith("4.") else f"server-{version.rpartition('.')[0]}"
    environ = environ_of(documents, ordinal)
    environ |= {"KF_VERSION": version, "KF_BASE_FILE": f"{BASE_FILES}/{base}.properties"}
    plan = make_kafka_plan(environ, Host(name=lambda: environ["POD_NAME"], domain=lambda: "kafka-svc"))
    effective = plan.config.effective

    assert plan.warnings == ()
    assert ("controller" in plan.config.roles) == (path == PATHS[2] and ordinal < 3)
    for end, number in THREE.items():
        found = {key: value for key, value in effective.items() if key.endswith(end)}
        assert set(found.values()) == {number}, found
    assert all(key.endswith(("log.dirs", "process.roles", *THREE)) for key in plan.config.given)


@each
def test_the_kubelet_waits_longer_than_a_probe(path: Path) -> None:
    """Or it would end the probe before that says why."""
    own = EnvReader({})
    limit = max(own.read(PROBE_TIMEOUT), own.read(KAFKA_PROBE_TIMEOUT))
    for kind in ("startup", "readiness", "liveness"):
        assert limit + 1 <= container(load(path))[f"{kind}Probe"]["timeoutSeconds"]


@each
def test_a_change_of_the_template_takes_one_server_at_a_time(path: Path) -> None:
    """As tests/kubernetes/test_template_changes.py shows for ZooKeeper's: the others say the same."""
    spec = statefulset(load(path))["spec"]

    assert spec["podManagementPolicy"] == "Parallel"
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    assert "minReadySeconds" not in spec
