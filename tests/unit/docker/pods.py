"""How many pods there are, where they are put, what they may use, and how they are replaced."""

import re
from collections.abc import Iterator

from tests.image.containers import size
from tests.image.images import releases
from tests.server.distributions import Product
from tests.unit.docker.commands import environ_of
from tests.unit.docker.manifests import (
    DOCKER,
    PATHS,
    Checks,
    Documents,
    container,
    own_labels,
    pod_labels,
    pod_spec,
    statefulset,
)

_COMMANDS = {"zk": "zkboot", "kafka": "kafkaboot"}
_CPU = re.compile(r"([1-9][0-9]*)m")
_MIB = 1024**2


def replicas(documents: Documents) -> Iterator[str]:
    """Three at least, an odd number, and our command is told the same: its default must not decide.

    Where the first pods vote, they are as many at first; how many pods there are is then nobody's to know.
    """
    environ = environ_of(documents)
    names = ("ZK_REPLICAS", "KF_REPLICAS", "KF_CONTROLLER_REPLICAS")
    told = {name: environ[name] for name in names if name in environ}
    count = statefulset(documents)["replicas"]
    if list(told.values()) != [str(count)]:
        yield f"{count} replicas, told is {told}"
    if count < 3 or count % 2 == 0:
        yield f"{count} replicas"


def start_order(documents: Documents) -> Iterator[str]:
    """All at once: readiness needs a quorum."""
    if statefulset(documents).get("podManagementPolicy") != "Parallel":
        yield "podManagementPolicy"


def update(documents: Documents) -> Iterator[str]:
    """Pods are replaced without a person, all of them, and each has been ready for a while before the next one goes."""
    if statefulset(documents).get("updateStrategy") != {"type": "RollingUpdate"}:
        yield f"{statefulset(documents).get('updateStrategy')}"
    if not 10 <= statefulset(documents).get("minReadySeconds", 0) <= 60:
        yield "minReadySeconds"


def placement(documents: Documents) -> Iterator[str]:
    """No two on one node, or a node takes the quorum with it; zones evenly, but a missing one keeps no pod waiting."""
    own = {"matchLabels": own_labels(documents)}
    apart = [{"topologyKey": "kubernetes.io/hostname", "labelSelector": own}]
    if pod_spec(documents).get("affinity") != {
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": apart}
    }:
        yield f"{pod_spec(documents).get('affinity')}"
    evenly = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
    if pod_spec(documents).get("topologySpreadConstraints") != [{**evenly, "labelSelector": own}]:
        yield f"{pod_spec(documents).get('topologySpreadConstraints')}"


def template(documents: Documents) -> Iterator[str]:
    """A pod has labels and nothing else that could make it another."""
    if statefulset(documents)["template"]["metadata"] != {"labels": pod_labels(documents)}:
        yield f"{statefulset(documents)['template']['metadata']}"


def image(documents: Documents) -> Iterator[str]:
    """One that `make images` builds, and a node that has it does not ask the registry before it restarts a server."""
    built = [release.tag for product in Product for release in releases(product)]
    if container(documents).get("image") not in built:
        yield f"{container(documents).get('image')}"
    if container(documents).get("imagePullPolicy") != "IfNotPresent":
        yield "imagePullPolicy"


def server_is_process_one(documents: Documents) -> Iterator[str]:
    """Our command becomes the server: no shell stays between it and the kubelet's SIGTERM."""
    given = [*container(documents).get("command", ()), *container(documents).get("args", ())]
    if given != [_COMMANDS[own_labels(documents)["app"]], "run"]:
        yield f"{given}"


def identity(documents: Documents) -> Iterator[str]:
    """Name and namespace by the downward API."""
    wanted = {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}
    for name, path in wanted.items():
        sources = [
            one.get("valueFrom", {}).get("fieldRef") for one in container(documents)["env"] if one["name"] == name
        ]
        if sources != [{"fieldPath": path}]:
            yield name


def no_identity_leaks(documents: Documents) -> Iterator[str]:
    """No token and no service links in the pod."""
    if pod_spec(documents).get("automountServiceAccountToken") is not False:
        yield "automountServiceAccountToken"
    if pod_spec(documents).get("enableServiceLinks") is not False:
        yield "enableServiceLinks"


def user(documents: Documents) -> Iterator[str]:
    """The image's own, whose group owns the volume; which is not gone through, file by file, at every start."""
    name = container(documents)["image"].rpartition("/")[2].partition(":")[0]
    dockerfile = (DOCKER / name / "Dockerfile").read_text(encoding="utf-8")
    uid, gid = (int(text) for text in re.findall(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE)[-1])
    wanted = {"runAsUser": uid, "runAsGroup": gid, "fsGroup": gid, "fsGroupChangePolicy": "OnRootMismatch"}
    given = pod_spec(documents).get("securityContext", {})
    yield from (f"{key}={given.get(key)}" for key, value in wanted.items() if given.get(key) != value)
    yield from (key for key in container(documents)["securityContext"] if key in wanted)


def read_only_root(documents: Documents) -> Iterator[str]:
    """The root is read-only, and every mount has its volume, whole and writable."""
    if container(documents)["securityContext"].get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem"
    have = {volume["name"] for volume in pod_spec(documents).get("volumes", ())}
    have |= {claim["metadata"]["name"] for claim in statefulset(documents).get("volumeClaimTemplates", ())}
    mounted = {mount["name"] for mount in container(documents)["volumeMounts"]}
    yield from have ^ mounted
    yield from (f"{mount}" for mount in container(documents)["volumeMounts"] if mount.keys() != {"name", "mountPath"})


def scratch(documents: Documents) -> Iterator[str]:
    """Each scratch volume is on the disk, not in memory, with a limit that its users never reach nor a node feels."""
    for volume in pod_spec(documents).get("volumes", ()):
        given = volume.get("emptyDir", {})
        limit = size(given.get("sizeLimit")) or 0
        least = 1 if volume["name"] == "conf" else 64
        if given.keys() != {"sizeLimit"} or not least * _MIB <= limit <= 1024 * _MIB:
            yield f"{volume}"


def claims(documents: Documents) -> Iterator[str]:
    """One volume for each pod, of the default storage class, for one node at a time, with room for data."""
    templates = statefulset(documents).get("volumeClaimTemplates", [])
    for found in templates:
        room = found["spec"].get("resources", {}).get("requests", {}).get("storage")
        wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": room}}}
        if found != {"metadata": {"name": "data"}, "spec": wanted} or (size(room) or 0) < 1024 * _MIB:
            yield f"{found}"
    if len(templates) != 1:
        yield f"{len(templates)} claims"


def resources(documents: Documents) -> Iterator[str]:
    """Memory is limited to what is requested; a CPU is requested and not limited, which would stall the server."""
    given = container(documents).get("resources", {})
    requests = given.get("requests", {})
    if given != {"requests": requests, "limits": {"memory": requests.get("memory")}} or requests.keys() != {
        "cpu",
        "memory",
    }:
        yield f"{given}"
    # What any node has to spare: a pod that asks for more waits for a larger one for ever.
    share = _CPU.fullmatch(requests.get("cpu", ""))
    if share is None or not 100 <= int(share[1]) <= 1000 or (size(requests.get("memory")) or 0) > 4096 * _MIB:
        yield f"requests {requests}"


CHECKS: Checks = dict.fromkeys(
    (
        replicas,
        start_order,
        update,
        placement,
        template,
        image,
        server_is_process_one,
        identity,
        no_identity_leaks,
        user,
        read_only_root,
        scratch,
        claims,
        resources,
    ),
    PATHS,
)
