"""Every pod keeps to the restricted Pod Security Standard, and each control notices who does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.docker import restricted
from tests.unit.docker.manifests import PATHS, Document, container, load, pod_spec
from tests.unit.docker.restricted import CONTROLS, Control

Pods = list[Document]


def context(documents: Pods) -> Document:
    """Return the container's security context."""
    found: Document = container(documents)["securityContext"]
    return found


MUTANTS: list[tuple[Control, Callable[[Pods], object]]] = [
    (restricted.host_namespaces, lambda d: pod_spec(d).update(hostNetwork=True)),
    (restricted.host_processes, lambda d: context(d).update(windowsOptions={"hostProcess": True})),
    (restricted.privileged, lambda d: context(d).update(privileged=True)),
    (restricted.capabilities, lambda d: context(d).pop("capabilities")),
    (restricted.capabilities, lambda d: context(d)["capabilities"].update(add=["NET_ADMIN"])),
    (restricted.volumes, lambda d: pod_spec(d)["volumes"].append({"name": "x", "hostPath": {"path": "/"}})),
    (restricted.host_ports, lambda d: container(d)["ports"][0].update(hostPort=2181)),
    (restricted.app_armor, lambda d: context(d).update(appArmorProfile={"type": "Unconfined"})),
    (restricted.selinux, lambda d: context(d).update(seLinuxOptions={"type": "spc_t"})),
    (restricted.proc_mount, lambda d: context(d).update(procMount="Unmasked")),
    (restricted.seccomp, lambda d: pod_spec(d)["securityContext"].pop("seccompProfile")),
    (restricted.seccomp, lambda d: context(d).update(seccompProfile={"type": "Unconfined"})),
    (
        restricted.sysctls,
        lambda d: pod_spec(d)["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
    ),
    (restricted.privilege_escalation, lambda d: context(d).pop("allowPrivilegeEscalation")),
    (restricted.non_root, lambda d: pod_spec(d)["securityContext"].pop("runAsNonRoot")),
    (restricted.non_root, lambda d: context(d).update(runAsUser=0)),
    (
        restricted.host_probes,
        lambda d: container(d)["livenessProbe"].update(tcpSocket={"port": 2181, "host": "10.0.0.1"}),
    ),
]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_pods_are_restricted(path: Path, control: Control) -> None:
    """Each control on each manifest."""
    assert list(control(pod_spec(load(path)))) == []


@pytest.mark.parametrize(("control", "mutate"), MUTANTS, ids=[control.__name__ for control, _ in MUTANTS])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_each_violation_is_caught(path: Path, control: Control, mutate: Callable[[Pods], object]) -> None:
    """By the control that it violates, and by no other."""
    documents = load(path)
    mutate(documents)
    caught = [one for one in CONTROLS if list(one(pod_spec(documents)))]

    assert caught == [control]


def test_every_control_has_a_mutant() -> None:
    """None is there for show."""
    assert {control for control, _ in MUTANTS} == set(CONTROLS)
