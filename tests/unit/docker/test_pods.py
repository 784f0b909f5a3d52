"""Pods, where they are put and how they are replaced: each mistake is noticed by the check that is for it."""

from pathlib import Path

from tests.unit.docker import pods as checks
from tests.unit.docker.manifests import Check, Document, Documents, container, pod_spec, statefulset, variable
from tests.unit.docker.mistakes import Change, Mistakes, after, made
from tests.unit.docker.pods import CHECKS

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def told(documents: Documents) -> Document:
    """Return the variable that says how many replicas there are."""
    names = {"ZK_REPLICAS", "KF_REPLICAS", "KF_CONTROLLER_REPLICAS"}
    (name,) = names & {one["name"] for one in container(documents)["env"]}
    return variable(documents, name)


def apart(documents: Documents) -> Document:
    """Return the anti-affinity."""
    found: Document = pod_spec(documents)["affinity"]["podAntiAffinity"]
    return found


def security(documents: Documents) -> Document:
    """Return the security context of the pod."""
    found: Document = pod_spec(documents)["securityContext"]
    return found


def claim(documents: Documents) -> Document:
    """Return the only claim of a volume."""
    (found,) = statefulset(documents)["volumeClaimTemplates"]
    document: Document = found
    return document


def _prefer(documents: Documents) -> None:
    (term,) = apart(documents).pop(_REQUIRED)
    apart(documents)["preferredDuringSchedulingIgnoredDuringExecution"] = [{"weight": 100, "podAffinityTerm": term}]


MISTAKES: Mistakes = {
    "five replicas, told of three": (checks.replicas, lambda d: statefulset(d).update(replicas=5)),
    "three replicas, told of five": (checks.replicas, lambda d: told(d).update(value="5")),
    "not told of replicas": (checks.replicas, lambda d: container(d)["env"].remove(told(d))),
    "told of replicas under another name": (checks.replicas, lambda d: told(d).update(name="REPLICAS")),
    "told of no number of replicas": (checks.replicas, lambda d: told(d).pop("value")),
    "two replicas": (checks.replicas, lambda d: [statefulset(d).update(replicas=2), told(d).update(value="2")]),
    "one replica": (checks.replicas, lambda d: [statefulset(d).update(replicas=1), told(d).update(value="1")]),
    "one after the other, by default": (checks.start_order, lambda d: statefulset(d).pop("podManagementPolicy")),
    "one after the other": (checks.start_order, lambda d: statefulset(d).update(podManagementPolicy="OrderedReady")),
    "updates wait for a person": (checks.update, lambda d: statefulset(d).update(updateStrategy={"type": "OnDelete"})),
    "updates stop at a pod": (
        checks.update,
        lambda d: statefulset(d)["updateStrategy"].update(rollingUpdate={"partition": 2}),
    ),
    "updates of two at once": (
        checks.update,
        lambda d: statefulset(d)["updateStrategy"].update(rollingUpdate={"maxUnavailable": 2}),
    ),
    "ready is settled": (checks.update, lambda d: statefulset(d).pop("minReadySeconds")),
    "settled after an hour": (checks.update, lambda d: statefulset(d).update(minReadySeconds=3600)),
    "no anti-affinity": (checks.placement, lambda d: pod_spec(d).pop("affinity")),
    "an empty anti-affinity": (checks.placement, lambda d: pod_spec(d)["affinity"].update(podAntiAffinity={})),
    "an anti-affinity without terms": (checks.placement, lambda d: apart(d).update({_REQUIRED: []})),
    "apart where it is easy": (checks.placement, _prefer),
    "apart by zones": (
        checks.placement,
        lambda d: apart(d)[_REQUIRED][0].update(topologyKey="topology.kubernetes.io/zone"),
    ),
    "apart by a label that no node has": (
        checks.placement,
        lambda d: apart(d)[_REQUIRED][0].update(topologyKey="hostname"),
    ),
    "apart from others": (
        checks.placement,
        lambda d: apart(d)[_REQUIRED][0]["labelSelector"].update(matchLabels={"app": "another"}),
    ),
    "apart from every pod": (checks.placement, lambda d: apart(d)[_REQUIRED][0].update(labelSelector={})),
    "apart in another namespace": (checks.placement, lambda d: apart(d)[_REQUIRED][0].update(namespaces=["x"])),
    "together, not apart": (
        checks.placement,
        lambda d: pod_spec(d).update(affinity={"podAffinity": apart(d)}),
    ),
    "all in one zone": (checks.placement, lambda d: pod_spec(d).pop("topologySpreadConstraints")),
    "waits for a zone": (
        checks.placement,
        lambda d: pod_spec(d)["topologySpreadConstraints"][0].update(whenUnsatisfiable="DoNotSchedule"),
    ),
    "something else about the pod": (
        checks.template,
        lambda d: statefulset(d)["template"]["metadata"].update(annotations={"sidecar.istio.io/inject": "true"}),
    ),
    "the newest image": (checks.image, lambda d: container(d).update(image="zk-kafka-boot/zookeeper:latest")),
    "an image without a tag": (checks.image, lambda d: container(d).update(image="zk-kafka-boot/kafka")),
    "an older image": (checks.image, lambda d: container(d).update(image="zk-kafka-boot/kafka:3.8.0")),
    "no restart without the registry": (checks.image, lambda d: container(d).update(imagePullPolicy="Always")),
    "no start with the registry": (checks.image, lambda d: container(d).update(imagePullPolicy="Never")),
    "a shell is process 1": (
        checks.server_is_process_one,
        lambda d: container(d).update(command=["sh", "-c", "zkGenConfig.sh && zkServer.sh start-foreground"]),
    ),
    "only the configuration is made": (checks.server_is_process_one, lambda d: container(d)["command"].pop()),
    "what runs is the image's choice": (checks.server_is_process_one, lambda d: container(d).pop("command")),
    "another command": (checks.server_is_process_one, lambda d: container(d).update(args=["--dry-run"])),
    "the pod's name is not told": (checks.identity, lambda d: container(d)["env"].pop(0)),
    "every pod has one name": (
        checks.identity,
        lambda d: container(d)["env"].__setitem__(0, {"name": "POD_NAME", "value": "zk-0"}),
    ),
    "the namespace under another name": (
        checks.identity,
        lambda d: variable(d, "POD_NAMESPACE").update(name="NAMESPACE"),
    ),
    "a token": (checks.no_identity_leaks, lambda d: pod_spec(d).pop("automountServiceAccountToken")),
    "service links": (checks.no_identity_leaks, lambda d: pod_spec(d).update(enableServiceLinks=True)),
    "the volume is root's": (checks.user, lambda d: security(d).pop("fsGroup")),
    "the volume is another group's": (checks.user, lambda d: security(d).update(fsGroup=2000)),
    "each start goes through the volume": (checks.user, lambda d: security(d).pop("fsGroupChangePolicy")),
    "another user": (checks.user, lambda d: security(d).update(runAsUser=999)),
    "group 0": (checks.user, lambda d: security(d).pop("runAsGroup")),
    "another user of the container": (checks.user, lambda d: container(d)["securityContext"].update(runAsUser=999)),
    "a writable root": (
        checks.read_only_root,
        lambda d: container(d)["securityContext"].pop("readOnlyRootFilesystem"),
    ),
    "a volume is not mounted": (checks.read_only_root, lambda d: container(d)["volumeMounts"].pop()),
    "a mount has no volume": (checks.read_only_root, lambda d: pod_spec(d)["volumes"].pop()),
    "a mount that cannot be written": (
        checks.read_only_root,
        lambda d: container(d)["volumeMounts"][0].update(readOnly=True),
    ),
    "a part of a volume": (checks.read_only_root, lambda d: container(d)["volumeMounts"][0].update(subPath="old")),
    "scratch without a limit": (checks.scratch, lambda d: pod_spec(d)["volumes"][1].update(emptyDir={})),
    "scratch in memory": (checks.scratch, lambda d: pod_spec(d)["volumes"][-1]["emptyDir"].update(medium="Memory")),
    "scratch that fills a node": (
        checks.scratch,
        lambda d: pod_spec(d)["volumes"][-1]["emptyDir"].update(sizeLimit="100Gi"),
    ),
    "scratch in kilobytes": (
        checks.scratch,
        lambda d: pod_spec(d)["volumes"][1]["emptyDir"].update(sizeLimit="256Ki"),
    ),
    "no volumes": (checks.claims, lambda d: statefulset(d).pop("volumeClaimTemplates")),
    "a volume of another name": (checks.claims, lambda d: claim(d)["metadata"].update(name="datadir")),
    "a volume for many nodes": (checks.claims, lambda d: claim(d)["spec"].update(accessModes=["ReadWriteMany"])),
    "a small volume": (
        checks.claims,
        lambda d: claim(d)["spec"]["resources"]["requests"].update(storage="10Mi"),
    ),
    "no class of volumes": (checks.claims, lambda d: claim(d)["spec"].update(storageClassName="")),
    "memory that others may take": (
        checks.resources,
        lambda d: container(d)["resources"]["requests"].update(memory="64Mi"),
    ),
    "no limit of memory": (checks.resources, lambda d: container(d)["resources"].pop("limits")),
    "a limit of the CPU": (checks.resources, lambda d: container(d)["resources"]["limits"].update(cpu="1")),
    "no CPU": (checks.resources, lambda d: container(d)["resources"]["requests"].pop("cpu")),
    "500 CPUs": (checks.resources, lambda d: container(d)["resources"]["requests"].update(cpu="500")),
    "a hundredth of a CPU": (checks.resources, lambda d: container(d)["resources"]["requests"].update(cpu="10m")),
    "more memory than a node has": (
        checks.resources,
        lambda d: container(d)["resources"].update(
            requests={"cpu": "500m", "memory": "100Gi"}, limits={"memory": "100Gi"}
        ),
    ),
    "no resources": (checks.resources, lambda d: container(d).pop("resources")),
}


@made(MISTAKES, CHECKS)
def test_each_mistake_is_noticed(path: Path, check: Check, change: Change) -> None:
    """By the check that is for it."""
    assert list(check(after(path, change)))


def test_every_check_has_a_mutant() -> None:
    """None is there for show."""
    assert {check for check, _ in MISTAKES.values()} == set(CHECKS)
