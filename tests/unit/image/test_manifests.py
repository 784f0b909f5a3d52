"""The stand-in reads our manifests whole, and refuses whatever it would not do."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.image.cluster import Cluster
from tests.image.fields import UnsupportedError
from tests.image.manifests import BY_THE_OPERATOR, Manifest
from tests.image.variables import FIELD_PATHS, container_environ
from tests.unit.docker.manifests import DOCKER, PATHS, Document, Documents, container, load, of_kind, pod_spec
from tests.unit.docker.manifests import statefulset as spec

ZOOKEEPER_YAML = DOCKER / "zookeeper" / "zookeeper.yaml"

Place = Callable[[Documents], Document]
Step = str | int
"""A field's name, or an element's number."""

POD = "StatefulSet.spec.template.spec"
NOT_SIMULATED = {
    # Labels are free. Those of the pods are acted on, whatever they are.
    "Service.metadata.labels",
    "ConfigMap.metadata.labels",
    "PodDisruptionBudget.metadata.labels",
    "NetworkPolicy.metadata.labels",
    "StatefulSet.metadata.labels",
    "StatefulSet.spec.template.metadata.labels",
    # Acted on: a service with another selector has other pods, or none.
    "Service.spec.selector",
    # Acted on where a variable refers to it.
    "ConfigMap.data",
    # Nothing drains the one machine, and everything reaches everything.
    "PodDisruptionBudget.spec",
    "NetworkPolicy.spec",
    # Scheduling.
    f"{POD}.affinity",
    f"{POD}.topologySpreadConstraints",
}
"""The places where any field may be: what is in them is free, or known to be of no consequence."""


def checked(documents: Documents) -> Manifest:
    """Return the manifest, once all of it was read."""
    manifest = Manifest(documents=tuple(documents))
    manifest.check()
    return manifest


def environ_of(documents: Documents) -> dict[str, str]:
    """Return what the container of such a pod gets."""
    manifest = checked(documents)
    fields = dict.fromkeys(FIELD_PATHS, "told")
    return container_environ(manifest.statefulset.container.environ, fields, manifest.config_maps)


# Places of an edit.


def pod_security(documents: Documents) -> Document:
    """Return the pod's security context."""
    found: Document = pod_spec(documents)["securityContext"]
    return found


def security(documents: Documents) -> Document:
    """Return the container's security context."""
    found: Document = container(documents)["securityContext"]
    return found


def readiness(documents: Documents) -> Document:
    """Return a probe."""
    found: Document = container(documents)["readinessProbe"]
    return found


def first(field: str) -> Place:
    """Return where the first of the container's *field* is."""

    def place(documents: Documents) -> Document:
        found: Document = container(documents)[field][0]
        return found

    return place


def variable(documents: Documents) -> Document:
    """Return a variable that refers to the ConfigMap."""
    found: Document = next(one for one in container(documents)["env"] if one["name"] == "ZK_TICK_TIME")
    return found


def key_reference(documents: Documents) -> Document:
    """Return what it refers to."""
    found: Document = variable(documents)["valueFrom"]["configMapKeyRef"]
    return found


def scratch(documents: Documents) -> Document:
    """Return the first emptyDir."""
    found: Document = pod_spec(documents)["volumes"][0]["emptyDir"]
    return found


def claim(documents: Documents) -> Document:
    """Return the spec of the volume claim."""
    found: Document = spec(documents)["volumeClaimTemplates"][0]["spec"]
    return found


def template(documents: Documents) -> Document:
    """Return the pod's metadata."""
    found: Document = spec(documents)["template"]["metadata"]
    return found


def service(documents: Documents) -> Document:
    """Return the spec of the service for clients."""
    found: Document = of_kind(documents, "Service")[1]["spec"]
    return found


def service_port(documents: Documents) -> Document:
    """Return its port."""
    found: Document = service(documents)["ports"][0]
    return found


def whole(kind: str) -> Place:
    """Return where the first object of a kind is."""

    def place(documents: Documents) -> Document:
        return of_kind(documents, kind)[0]

    return place


def metadata(kind: str) -> Place:
    """Return where its metadata are."""

    def place(documents: Documents) -> Document:
        found: Document = of_kind(documents, kind)[0]["metadata"]
        return found

    return place


HTTP = {"path": "/", "port": 8080}
OTHER_KINDS = ("Job", "DaemonSet", "Deployment", "Pod", "Secret", "ServiceAccount")

REFUSED: list[tuple[Place, str, Any, str]] = [
    # What is set where, and what the message must name.
    (container, "lifecycle", {"preStop": {"httpGet": HTTP}}, "httpGet"),
    (container, "lifecycle", {"preStop": {"tcpSocket": {"port": 1}}}, "tcpSocket"),
    (container, "lifecycle", {"preStop": {"sleep": {"seconds": 5}}}, "sleep"),
    (container, "lifecycle", {"preStop": {"exec": {"command": ["true"]}, "sleep": {"seconds": 5}}}, "sleep"),
    (container, "lifecycle", {"preStop": {"exec": {}}}, "command"),
    (container, "lifecycle", {"postStart": {"exec": {"command": ["true"]}}}, "postStart"),
    (container, "lifecycle", {"stopSignal": "SIGINT"}, "stopSignal"),
    (container, "command", "zkboot run", "command"),
    (container, "command", [1], "command"),
    (container, "command", ["zkboot", "run", "$(POD_NAME)"], "command"),
    (container, "ports", [{"name": "client", "containerPort": 2181, "hostPort": 2181}], "hostPort"),
    (container, "ports", [{"name": "client", "containerPort": 2181, "hostIP": "127.0.0.1"}], "hostIP"),
    (container, "ports", [{"name": "client", "containerPort": 2181, "protocol": "UDP"}], "protocol"),
    (container, "envFrom", [{"configMapRef": {"name": "zk-cm"}}], "envFrom"),
    (container, "workingDir", "/", "workingDir"),
    (container, "volumeDevices", [{"name": "data", "devicePath": "/dev/xvda"}], "volumeDevices"),
    (container, "terminationMessagePath", "/tmp/message", "terminationMessagePath"),
    (container, "terminationMessagePolicy", "FallbackToLogsOnError", "terminationMessagePolicy"),
    (container, "stdin", True, "stdin"),
    (container, "stdinOnce", True, "stdinOnce"),
    (container, "tty", True, "tty"),
    (container, "restartPolicy", "Always", "restartPolicy"),
    (container, "resizePolicy", [{"resourceName": "cpu", "restartPolicy": "NotRequired"}], "resizePolicy"),
    (container, "resources", {"limits": {"cpu": "1"}}, "cpu"),
    (container, "resources", {"limits": {"ephemeral-storage": "1Gi"}}, "ephemeral-storage"),
    (container, "resources", {"limits": {"memory": "1G"}}, "1G"),
    (container, "resources", {"requests": {"hugepages-2Mi": "2Mi"}}, "hugepages-2Mi"),
    (container, "resources", {"claims": [{"name": "gpu"}]}, "claims"),
    (security, "capabilities", {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}, "add"),
    (security, "capabilities", {"drop": ["NET_RAW"]}, "drop"),
    (security, "capabilities", {"drop": ["ALL", "NET_RAW"]}, "drop"),
    (security, "runAsUser", 0, "runAsNonRoot"),
    (security, "privileged", True, "privileged"),
    (security, "procMount", "Unmasked", "procMount"),
    (security, "seccompProfile", {"type": "RuntimeDefault"}, "seccompProfile"),
    (security, "appArmorProfile", {"type": "Unconfined"}, "appArmorProfile"),
    (security, "seLinuxOptions", {"level": "s0"}, "seLinuxOptions"),
    (pod_security, "runAsUser", 0, "runAsNonRoot"),
    (pod_security, "supplementalGroups", [2000], "supplementalGroups"),
    (pod_security, "sysctls", [{"name": "net.core.somaxconn", "value": "1024"}], "sysctls"),
    (pod_security, "fsGroupChangePolicy", "Always", "fsGroupChangePolicy"),
    (pod_security, "seccompProfile", {"type": "Unconfined"}, "seccompProfile"),
    (
        pod_security,
        "seccompProfile",
        {"type": "RuntimeDefault", "localhostProfile": "profiles/zk.json"},
        "localhostProfile",
    ),
    (first("volumeMounts"), "subPath", "data", "subPath"),
    (first("volumeMounts"), "subPathExpr", "$(POD_NAME)", "subPathExpr"),
    (first("volumeMounts"), "mountPropagation", "HostToContainer", "mountPropagation"),
    (first("volumeMounts"), "recursiveReadOnly", "Enabled", "recursiveReadOnly"),
    (first("volumeMounts"), "readOnly", "yes", "readOnly"),
    (scratch, "medium", "Memory", "medium"),
    (pod_spec, "volumes", [{"name": "conf", "hostPath": {"path": "/"}}], "hostPath"),
    (pod_spec, "volumes", [{"name": "conf", "configMap": {"name": "zk-cm"}}], "configMap"),
    (variable, "value", "2000", "value"),
    (variable, "valueFrom", {"secretKeyRef": {"name": "zk", "key": "tick"}}, "secretKeyRef"),
    (variable, "valueFrom", {"resourceFieldRef": {"resource": "limits.memory"}}, "resourceFieldRef"),
    (variable, "valueFrom", {"fieldRef": {"fieldPath": "status.hostIP"}}, "fieldPath"),
    (variable, "valueFrom", {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}, "apiVersion"),
    (
        variable,
        "valueFrom",
        {"fieldRef": {"fieldPath": "metadata.name"}, "configMapKeyRef": {"name": "zk-cm", "key": "tick"}},
        "configMapKeyRef",
    ),
    (variable, "name", "ZK_INIT_LIMIT", "ZK_INIT_LIMIT"),
    (first("env"), "value", "zk-0", "value"),
    (key_reference, "key", "tock", "tock"),
    (key_reference, "name", "zk-mc", "zk-mc"),
    (key_reference, "optional", "yes", "optional"),
    (key_reference, "namespace", "other", "namespace"),
    (readiness, "exec", {"command": ["zkReady"], "container": "x"}, "container"),
    (readiness, "exec", {}, "command"),
    (readiness, "httpGet", HTTP, "httpGet"),
    (readiness, "tcpSocket", {"port": 2181}, "tcpSocket"),
    (readiness, "grpc", {"port": 2181}, "grpc"),
    (readiness, "terminationGracePeriodSeconds", 5, "terminationGracePeriodSeconds"),
    (container, "livenessProbe", {"tcpSocket": {"port": 2181}}, "tcpSocket"),
    (pod_spec, "initContainers", [{"name": "first", "image": "x"}], "initContainers"),
    (pod_spec, "containers", [{"name": "one", "image": "x"}, {"name": "two", "image": "x"}], "containers"),
    (pod_spec, "ephemeralContainers", [{"name": "debug", "image": "x"}], "ephemeralContainers"),
    (pod_spec, "imagePullSecrets", [{"name": "x"}], "imagePullSecrets"),
    (pod_spec, "nodeSelector", {"disk": "ssd"}, "nodeSelector"),
    (pod_spec, "nodeName", "node-1", "nodeName"),
    (pod_spec, "tolerations", [{"operator": "Exists"}], "tolerations"),
    (pod_spec, "priorityClassName", "high", "priorityClassName"),
    (pod_spec, "schedulerName", "mine", "schedulerName"),
    (pod_spec, "runtimeClassName", "gvisor", "runtimeClassName"),
    (pod_spec, "serviceAccountName", "zk", "serviceAccountName"),
    (pod_spec, "automountServiceAccountToken", True, "automountServiceAccountToken"),
    (pod_spec, "dnsPolicy", "Default", "dnsPolicy"),
    (pod_spec, "dnsConfig", {"options": [{"name": "ndots", "value": "1"}]}, "dnsConfig"),
    (pod_spec, "hostAliases", [{"ip": "127.0.0.1", "hostnames": ["x"]}], "hostAliases"),
    (pod_spec, "hostname", "x", "hostname"),
    (pod_spec, "subdomain", "x", "subdomain"),
    (pod_spec, "setHostnameAsFQDN", True, "setHostnameAsFQDN"),
    (pod_spec, "hostNetwork", True, "hostNetwork"),
    (pod_spec, "hostPID", True, "hostPID"),
    (pod_spec, "hostIPC", True, "hostIPC"),
    (pod_spec, "hostUsers", False, "hostUsers"),
    (pod_spec, "shareProcessNamespace", True, "shareProcessNamespace"),
    (pod_spec, "restartPolicy", "Never", "restartPolicy"),
    (pod_spec, "activeDeadlineSeconds", 60, "activeDeadlineSeconds"),
    (pod_spec, "readinessGates", [{"conditionType": "x"}], "readinessGates"),
    (template, "annotations", {"a": "b"}, "annotations"),
    (template, "name", "zk", "name"),
    (pod_spec, "securityContext", "none", "securityContext"),
    (spec, "replicas", "3", "replicas"),
    (spec, "replicas", True, "replicas"),
    (spec, "replicas", None, "replicas"),
    (spec, "updateStrategy", {"type": "OnDelete"}, "updateStrategy"),
    (spec, "updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, "rollingUpdate"),
    (spec, "updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}}, "rollingUpdate"),
    (spec, "podManagementPolicy", "Sideways", "podManagementPolicy"),
    (spec, "persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Delete"}, "persistentVolumeClaimRetentionPolicy"),
    (spec, "ordinals", {"start": 1}, "ordinals"),
    (spec, "revisionHistoryLimit", 1, "revisionHistoryLimit"),
    (spec, "selector", {"matchLabels": {"app": "another"}}, "matchLabels"),
    (
        spec,
        "selector",
        {"matchLabels": {"app": "zk"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]},
        "matchExpressions",
    ),
    (claim, "volumeMode", "Block", "volumeMode"),
    (claim, "dataSource", {"kind": "VolumeSnapshot", "name": "x"}, "dataSource"),
    (claim, "selector", {"matchLabels": {"a": "b"}}, "selector"),
    (claim, "volumeName", "x", "volumeName"),
    (claim, "resources", {"limits": {"storage": "1Gi"}}, "limits"),
    (service, "type", "NodePort", "type"),
    (service, "type", "ExternalName", "type"),
    (service, "clusterIP", "10.96.0.11", "clusterIP"),
    (service, "externalIPs", ["192.0.2.1"], "externalIPs"),
    (service, "sessionAffinity", "ClientIP", "sessionAffinity"),
    (service, "externalTrafficPolicy", "Local", "externalTrafficPolicy"),
    (service, "internalTrafficPolicy", "Local", "internalTrafficPolicy"),
    (service, "trafficDistribution", "PreferClose", "trafficDistribution"),
    (service, "ipFamilyPolicy", "RequireDualStack", "ipFamilyPolicy"),
    (service_port, "protocol", "UDP", "protocol"),
    (service_port, "appProtocol", "http", "appProtocol"),
    (service_port, "nodePort", 30000, "nodePort"),
    (service_port, "targetPort", 2182, "targetPort"),
    (service_port, "targetPort", "server", "targetPort"),
    (service_port, "targetPort", "nobody", "targetPort"),
    (service_port, "targetPort", True, "targetPort"),
    (service_port, "port", 2182, "targetPort"),
    (whole("ConfigMap"), "binaryData", {"a": "AA=="}, "binaryData"),
    (whole("ConfigMap"), "data", {"tick": 2000}, "data"),
    (whole("ConfigMap"), "immutable", True, "immutable"),
    (whole("PodDisruptionBudget"), "data", {}, "data"),
    (whole("NetworkPolicy"), "data", {}, "data"),
    *(
        (whole(kind), "apiVersion", "x/v1beta1", "x/v1beta1")
        for kind in ("StatefulSet", "Service", "ConfigMap", "PodDisruptionBudget", "NetworkPolicy")
    ),
    *(
        (metadata(kind), field, value, field)
        for kind in ("StatefulSet", "Service", "ConfigMap", "PodDisruptionBudget", "NetworkPolicy")
        for field, value in (("namespace", "other"), ("annotations", {"a": "b"}), ("finalizers", ["x"]))
    ),
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_our_manifests_are_read_whole(path: Path) -> None:
    """Each of them as it stands, with all that a pod is made of."""
    manifest = Manifest.load(path)
    manifest.check()

    found = manifest.statefulset
    assert (found.replicas, found.is_ordered, found.container.user, found.container.drops_all) == (3, False, 1000, True)
    assert found.claims == ("data",)
    assert [service.is_headless for service in manifest.services] == [True, False]
    assert {mount.volume for mount in found.container.mounts} == {*found.claims, *found.scratch}


@pytest.mark.parametrize(
    ("place", "field", "value", "named"), REFUSED, ids=[f"{field}={value}" for _, field, value, _ in REFUSED]
)
def test_what_is_not_done_is_refused_by_name(place: Place, field: str, value: Any, named: str) -> None:
    """One field of our own manifest is changed or added."""
    documents = load(ZOOKEEPER_YAML)
    place(documents)[field] = value

    with pytest.raises(UnsupportedError, match=rf"(?<!\w){named}(?!\w)"):
        checked(documents)


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_other_kinds_are_refused(kind: str) -> None:
    """An object that nobody reads would be there for show."""
    documents = load(ZOOKEEPER_YAML)
    documents.append({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}})

    with pytest.raises(UnsupportedError, match=kind):
        checked(documents)


def test_a_second_statefulset_is_refused() -> None:
    """One file, one StatefulSet."""
    documents = load(ZOOKEEPER_YAML)
    documents += of_kind(documents, "StatefulSet")

    with pytest.raises(UnsupportedError, match="2 of StatefulSet"):
        checked(documents)


def test_what_is_refused_is_not_applied() -> None:
    """A cluster checks a manifest before it makes anything of it."""
    documents = load(ZOOKEEPER_YAML)
    documents.append({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"}})

    with pytest.raises(UnsupportedError, match="Job"):
        Cluster.__new__(Cluster).apply(Manifest(documents=tuple(documents)), "any")


# Mappings with a field that nobody knows.


def mappings(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Yield where in *value* the mappings are, itself included."""
    if isinstance(value, dict):
        yield path
        for name, inner in value.items():
            yield from mappings(inner, (*path, name))
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from mappings(inner, (*path, number))


def named(kind: str, path: tuple[Step, ...]) -> str:
    """Return the path as it stands in messages."""
    return kind + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def refusal(document: Document, others: Documents, path: tuple[Step, ...]) -> str:
    """Return what is said of a field that nobody knows in the mapping at *path*; nothing where it is passed over."""
    changed = copy.deepcopy(document)
    place: Any = changed
    for step in path:
        place = place[step]
    place["zzz"] = "1"
    try:
        checked([*others, changed])
    except UnsupportedError as error:
        return str(error)
    return ""


def is_within(place: str, outer: str) -> bool:
    """Whether *place* is *outer*, or in it."""
    return place == outer or place.startswith((f"{outer}.", f"{outer}["))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_an_unknown_field_is_refused_in_every_mapping(path: Path) -> None:
    """By its name; but where anything may be, it is taken."""
    documents = load(path)
    places, taken = set(), set()
    for number, document in enumerate(documents):
        others = documents[:number] + documents[number + 1 :]
        for steps in mappings(document):
            place = named(document["kind"], steps)
            places.add(place)
            if "zzz" not in refusal(document, others, steps):
                taken.add(place)

    assert taken == {place for place in places if any(is_within(place, outer) for outer in NOT_SIMULATED)}
    assert len(places - taken) > 60


def test_every_place_where_anything_may_be_is_in_a_manifest() -> None:
    """None is listed for show."""
    places = {
        named(document["kind"], steps) for path in PATHS for document in load(path) for steps in mappings(document)
    }

    assert {outer for outer in NOT_SIMULATED if any(is_within(place, outer) for place in places)} == NOT_SIMULATED


# What is acted on.


@pytest.mark.parametrize("place", [pod_security, security], ids=["pod", "container"])
def test_run_as_non_root_needs_a_user(place: Place) -> None:
    """As the kubelet refuses to start it, whoever of the two says so."""
    documents = load(ZOOKEEPER_YAML)
    del pod_security(documents)["runAsNonRoot"]
    del pod_security(documents)["runAsUser"]
    del pod_security(documents)["runAsGroup"]
    checked(documents)
    place(documents)["runAsNonRoot"] = True

    with pytest.raises(UnsupportedError, match="runAsNonRoot"):
        checked(documents)
    security(documents)["runAsUser"] = 1000
    assert checked(documents).statefulset.container.user == 1000


def test_the_containers_own_word_on_root_counts() -> None:
    """Its context stands above the pod's."""
    documents = load(ZOOKEEPER_YAML)
    security(documents).update(runAsNonRoot=False, runAsUser=0)

    assert checked(documents).statefulset.container.user == 0


def test_a_group_without_a_user_is_refused() -> None:
    """The runtime knows no such thing."""
    documents = load(ZOOKEEPER_YAML)
    del pod_security(documents)["runAsNonRoot"]
    del pod_security(documents)["runAsUser"]

    with pytest.raises(UnsupportedError, match="runAsGroup without runAsUser"):
        checked(documents)


def test_arguments_alone_are_refused() -> None:
    """The image's own ENTRYPOINT would take them."""
    documents = load(ZOOKEEPER_YAML)
    container(documents)["args"] = ["--help"]
    assert checked(documents).statefulset.container.command == ("zkboot", "run", "--help")
    del container(documents)["command"]

    with pytest.raises(UnsupportedError, match="args without command"):
        checked(documents)


@pytest.mark.parametrize(("field", "value"), [("key", "tock"), ("name", "zk-mc")])
def test_an_optional_key_that_is_missing_makes_no_variable(field: str, value: str) -> None:
    """And one that is there makes one."""
    documents = load(ZOOKEEPER_YAML)
    key_reference(documents)["optional"] = True

    assert environ_of(documents)["ZK_TICK_TIME"] == "2000"
    key_reference(documents)[field] = value
    assert "ZK_TICK_TIME" not in environ_of(documents)


def test_a_config_map_of_the_operators_is_there() -> None:
    """A person makes it before; without it the pod would wait."""
    documents = load(DOCKER / "kafka" / "kafka-kraft.yaml")

    assert environ_of(documents)["KF_CLUSTER_ID"] == BY_THE_OPERATOR["kafka-cluster"]["id"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$(ZK_TICK_TIME)", "2000"),
        ("a$(ZK_TICK_TIME)b$(ZK_TICK_TIME)", "a2000b2000"),
        ("$(NOBODY)", "$(NOBODY)"),
        ("$$(ZK_TICK_TIME)", "$(ZK_TICK_TIME)"),
        ("$$$(ZK_TICK_TIME)", "$2000"),
        ("$ZK_TICK_TIME", "$ZK_TICK_TIME"),
        ("$(ZK_TICK_TIME", "$(ZK_TICK_TIME"),
    ],
)
def test_references_are_expanded_as_in_kubernetes(text: str, value: str) -> None:
    """To variables before it; two dollars are one."""
    documents = load(ZOOKEEPER_YAML)
    container(documents)["env"].append({"name": "LAST", "value": text})

    assert environ_of(documents)["LAST"] == value


@pytest.mark.parametrize("target", [2181, "client"])
def test_a_target_that_is_the_port_itself_is_read(target: object) -> None:
    """By number or by name."""
    documents = load(ZOOKEEPER_YAML)
    service_port(documents)["targetPort"] = target

    assert checked(documents).services[1].ports == {"client": 2181}


def test_a_claims_class_and_size_are_of_no_consequence() -> None:
    """A folder of this machine is the volume."""
    documents = load(ZOOKEEPER_YAML)
    claim(documents).update(storageClassName="fast", accessModes=["ReadWriteOncePod"])

    assert checked(documents).statefulset.claims == ("data",)


def test_a_command_before_the_end_is_read() -> None:
    """preStop in exec form."""
    documents = load(ZOOKEEPER_YAML)
    container(documents)["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "1"]}}}

    assert checked(documents).statefulset.container.pre_stop == ("sleep", "1")
