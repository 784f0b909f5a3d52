"""What must agree within a manifest, and between it and what our commands make of it: check by check."""

import re
import tomllib
from collections.abc import Callable, Iterator

from kafkaboot.plan import Plan as KafkaPlan
from kafkaboot.plan import make_plan as make_kafka_plan
from tests.image.containers import size
from tests.image.manifests import BY_THE_OPERATOR, NAMESPACE, Manifest
from tests.image.variables import container_environ
from tests.unit.docker.manifests import DOCKER, Document, Documents, container, of_kind, pod_spec, statefulset
from zkboot.config import zoo_cfg_entries
from zkboot.endpoint import PROBE_TIMEOUT, Endpoint
from zkboot.plan import Plan, draft_plan
from zkboot.pod.environ import EnvReader
from zkboot.pod.identity import Host
from zkboot.settings import VARIABLES

Check = Callable[[Documents], Iterator[str]]
"""Yields one line for each contradiction."""

COMMANDS: frozenset[str] = frozenset(
    tomllib.loads((DOCKER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
)

_BASE_FILES = DOCKER.parent / "tests" / "data" / "kafka" / "base"
_LINK_SUFFIXES = ("SERVICE_HOST", "SERVICE_PORT", "PORT")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./=:,@%+-]+")
_SHORTEST_GRACE = 30


def _environ(documents: Documents, ordinal: int = 0) -> dict[str, str]:
    """Return what the pod's variables are in a cluster."""
    (found,) = of_kind(documents, "StatefulSet")
    fields = {
        "metadata.name": f"{found['metadata']['name']}-{ordinal}",
        "metadata.namespace": NAMESPACE,
        "status.podIP": "10.0.0.1",
    }
    manifest = Manifest(documents=tuple(documents))
    return container_environ(manifest.statefulset.container.environ, fields, manifest.config_maps)


def _plan(documents: Documents) -> Plan:
    """Return what zkGenConfig would write in pod 0."""
    domain = f"{statefulset(documents)['serviceName']}.{NAMESPACE}.svc.cluster.local"
    memory = size(container(documents)["resources"]["limits"]["memory"])
    environ = _environ(documents)
    return draft_plan(environ, Host(name=lambda: environ["POD_NAME"], domain=lambda: domain), lambda: memory)


def _probes(documents: Documents) -> dict[str, Document]:
    return {kind: container(documents)[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}


def _labels(documents: Documents) -> set[tuple[str, str]]:
    return set(statefulset(documents)["template"]["metadata"]["labels"].items())


# What holds for every manifest.


def selectors(documents: Documents) -> Iterator[str]:
    """Every object selects the pods of the StatefulSet."""
    labels = _labels(documents)
    selected = {
        "StatefulSet": statefulset(documents)["selector"]["matchLabels"],
        **{f"Service {one['metadata']['name']}": one["spec"]["selector"] for one in of_kind(documents, "Service")},
        **{
            kind: one["spec"][field]["matchLabels"]
            for kind, field in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector"))
            for one in of_kind(documents, kind)
        },
    }
    for term in pod_spec(documents)["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]:
        selected["podAntiAffinity"] = term["labelSelector"]["matchLabels"]
    yield from (name for name, wanted in selected.items() if not set(wanted.items()) <= labels)


def governing_service(documents: Documents) -> Iterator[str]:
    """It exists, is headless, and publishes the addresses of pods that are not ready."""
    name = statefulset(documents)["serviceName"]
    found = [one["spec"] for one in of_kind(documents, "Service") if one["metadata"]["name"] == name]
    if len(found) != 1:
        yield f"{len(found)} services are called {name}"
    for service in found:
        if service.get("clusterIP") != "None":
            yield f"{name} is not headless"
        if service.get("publishNotReadyAddresses") is not True:
            yield f"{name} hides pods that are not ready"


def start_order(documents: Documents) -> Iterator[str]:
    """All at once: readiness needs a quorum."""
    if statefulset(documents).get("podManagementPolicy") != "Parallel":
        yield "podManagementPolicy"


def disruption_budget(documents: Documents) -> Iterator[str]:
    """One pod at a time, and never more than leaves a majority."""
    (budget,) = (one["spec"] for one in of_kind(documents, "PodDisruptionBudget"))
    if not 1 <= budget.get("maxUnavailable", 0) <= (statefulset(documents)["replicas"] - 1) // 2:
        yield f"maxUnavailable {budget.get('maxUnavailable')}"
    if budget.get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
        yield "unhealthyPodEvictionPolicy"


def probe_commands(documents: Documents) -> Iterator[str]:
    """Our own commands, without a shell, and different ones for readiness and for liveness."""
    for kind, probe in _probes(documents).items():
        words = probe["exec"]["command"]
        if words[0] not in COMMANDS or not all(_PLAIN_WORD.fullmatch(word) for word in words):
            yield f"{kind}: {words}"
    if _probes(documents)["readiness"]["exec"] == _probes(documents)["liveness"]["exec"]:
        yield "one probe for two questions"


def probe_timeouts(documents: Documents) -> Iterator[str]:
    """The kubelet waits longer than our probe, which then says why."""
    problems = EnvReader(_environ(documents))
    own = problems.read(PROBE_TIMEOUT)
    for kind, probe in _probes(documents).items():
        if probe.get("timeoutSeconds", 1) < own + 1:
            yield f"{kind}: timeoutSeconds {probe.get('timeoutSeconds')}, ours {own:g}"


def patience(documents: Documents) -> Iterator[str]:
    """A minute at least before liveness kills, minutes before startup does, and the grace period is no default."""
    least = {"startup": 300, "liveness": 60}
    for kind, seconds in least.items():
        probe = _probes(documents)[kind]
        if probe["periodSeconds"] * probe["failureThreshold"] < seconds:
            yield f"{kind} gives up after {probe['periodSeconds'] * probe['failureThreshold']} s"
    if pod_spec(documents).get("terminationGracePeriodSeconds", 0) < _SHORTEST_GRACE:
        yield "terminationGracePeriodSeconds"


def server_is_process_one(documents: Documents) -> Iterator[str]:
    """No shell that stays between the kubelet's SIGTERM and the server."""
    command = [*container(documents).get("command", ()), *container(documents).get("args", ())]
    if command and command[0] not in COMMANDS:
        yield f"{command}"


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


def service_names(documents: Documents) -> Iterator[str]:
    """The link variables that a service would make in pods that want them are none of ours."""
    known = {variable.name for variable in VARIABLES}
    for service in of_kind(documents, "Service"):
        if service["spec"].get("clusterIP") == "None":
            continue
        prefix = service["metadata"]["name"].upper().replace("-", "_")
        for suffix in _LINK_SUFFIXES:
            found = f"{prefix}_{suffix}"
            if found in known or found.startswith(("KF_", "KAFKA_")):
                yield found


def read_only_root(documents: Documents) -> Iterator[str]:
    """The root is read-only, and every mount has its volume."""
    if container(documents)["securityContext"].get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem"
    have = {volume["name"] for volume in pod_spec(documents).get("volumes", ())}
    have |= {claim["metadata"]["name"] for claim in statefulset(documents).get("volumeClaimTemplates", ())}
    mounted = {mount["name"] for mount in container(documents)["volumeMounts"]}
    yield from have ^ mounted
    for volume in pod_spec(documents).get("volumes", ()):
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
            yield f"{volume['name']} has no limit"


def resources(documents: Documents) -> Iterator[str]:
    """Memory is limited to what is requested; a CPU is requested and not limited, which would stall the server."""
    given = container(documents).get("resources", {})
    if given.get("limits") != {"memory": given.get("requests", {}).get("memory")} or "cpu" not in given["requests"]:
        yield f"{given}"


def service_ports(documents: Documents) -> Iterator[str]:
    """Each port of a service is one of the container's, by name and number, and so is each of the network policy."""
    own = {port["name"]: port["containerPort"] for port in container(documents)["ports"]}
    for service in of_kind(documents, "Service"):
        for port in service["spec"]["ports"]:
            if own.get(port["name"]) != port["port"] or port.get("targetPort", port["name"]) not in (
                port["name"],
                port["port"],
            ):
                yield f"{service['metadata']['name']}: {port}"
    (policy,) = (one["spec"] for one in of_kind(documents, "NetworkPolicy"))
    allowed = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
    if allowed != set(own.values()):
        yield f"NetworkPolicy allows {sorted(allowed)}"


def config_map(documents: Documents) -> Iterator[str]:
    """Every key is read, and no two variables read the same one: the seed read syncLimit from `tick`."""
    read = [
        (one["valueFrom"]["configMapKeyRef"]["name"], one["valueFrom"]["configMapKeyRef"]["key"])
        for one in container(documents)["env"]
        if "configMapKeyRef" in one.get("valueFrom", {})
    ]
    have = {(one["metadata"]["name"], key) for one in of_kind(documents, "ConfigMap") for key in one["data"]}
    read = [(name, key) for name, key in read if name not in BY_THE_OPERATOR]
    if sorted(read) != sorted(have):
        yield f"read {sorted(read)}, there {sorted(have)}"


COMMON: tuple[Check, ...] = (
    selectors,
    governing_service,
    start_order,
    disruption_budget,
    probe_commands,
    probe_timeouts,
    patience,
    server_is_process_one,
    identity,
    no_identity_leaks,
    service_names,
    read_only_root,
    resources,
    service_ports,
    config_map,
)


# ZooKeeper's.


def zookeeper_ports(documents: Documents) -> Iterator[str]:
    """The container's ports are those of the zoo.cfg that it writes."""
    own = {port["name"]: port["containerPort"] for port in container(documents)["ports"]}
    plan = _plan(documents)
    spec = plan.member.spec
    written = {"client": plan.settings.client_port, "server": spec.quorum_port, "leader-election": spec.election_port}
    if own != written or Endpoint.from_environ(EnvReader(_environ(documents))).port != own["client"]:
        yield f"{own}, zoo.cfg has {written}"


def zookeeper_ensemble(documents: Documents) -> Iterator[str]:
    """One server row for each replica, under the name that the governing service gives its pod."""
    plan = _plan(documents)
    name = of_kind(documents, "StatefulSet")[0]["metadata"]["name"]
    service = statefulset(documents)["serviceName"]
    wanted = [f"{name}-{n}.{service}.{NAMESPACE}.svc.cluster.local" for n in range(statefulset(documents)["replicas"])]
    if [server.host for server in plan.member.ensemble.servers] != wanted:
        yield f"{[server.host for server in plan.member.ensemble.servers]}"


def zookeeper_settings(documents: Documents) -> Iterator[str]:
    """Nothing that our own command would warn of; old snapshots are purged."""
    plan = _plan(documents)
    yield from plan.warnings
    if zoo_cfg_entries(plan.settings, plan.member)["autopurge.purgeInterval"] == "0":
        yield "nothing is purged"


def zookeeper_volumes(documents: Documents) -> Iterator[str]:
    """Data and log are on the volume, everything else that is written is on a scratch volume."""
    settings = _plan(documents).settings
    claims = {claim["metadata"]["name"] for claim in statefulset(documents).get("volumeClaimTemplates", ())}
    mounts = {mount["mountPath"]: mount["name"] for mount in container(documents)["volumeMounts"]}
    wanted = {
        settings.data_dir: True,
        settings.data_log_dir: True,
        settings.conf_dir: False,
        settings.log_dir: False,
        "/tmp": False,
    }
    for path, is_kept in wanted.items():
        found = [name for mount, name in mounts.items() if f"{path}/".startswith(f"{mount}/")]
        if not found or (found[0] in claims) != is_kept:
            yield f"{path} is on {found}"


ZOOKEEPER: tuple[Check, ...] = (zookeeper_ports, zookeeper_ensemble, zookeeper_settings, zookeeper_volumes)


# Kafka's.


def _kafka_plan(documents: Documents) -> KafkaPlan:
    """Return what kafkaGenConfig would write in pod 0 of the version that the image's tag names."""
    version = container(documents)["image"].rpartition(":")[2]
    base = "server-4" if version.startswith("4.") else f"server-{version.rpartition('.')[0]}"
    environ = _environ(documents) | {"KF_VERSION": version, "KF_BASE_FILE": f"{_BASE_FILES}/{base}.properties"}
    domain = f"{statefulset(documents)['serviceName']}.{NAMESPACE}.svc.cluster.local"
    return make_kafka_plan(environ, Host(name=lambda: environ["POD_NAME"], domain=lambda: domain))


def kafka_ports(documents: Documents) -> Iterator[str]:
    """The container's ports are those of its listeners, and the probe asks the clients' one."""
    own = {port["containerPort"] for port in container(documents)["ports"]}
    listeners = _kafka_plan(documents).config.effective["listeners"]
    written = {int(listener.rpartition(":")[2]) for listener in listeners.split(",")}
    if own != written:
        yield f"{own}, {listeners}"


def kafka_settings(documents: Documents) -> Iterator[str]:
    """Nothing that our own command would warn of."""
    yield from _kafka_plan(documents).warnings


def kafka_topics(documents: Documents) -> Iterator[str]:
    """Every topic has three replicas, the internal ones, too, of which two must be in sync."""
    effective = _kafka_plan(documents).config.effective
    for key, value in effective.items():
        wanted = {"replication.factor": "3", "min.isr": "2", "min.insync.replicas": "2"}
        if any(key.endswith(name) and value != number for name, number in wanted.items()):
            yield f"{key}={value}"
    if "min.insync.replicas" not in effective or "default.replication.factor" not in effective:
        yield "defaults of topics"


def kafka_names(documents: Documents) -> Iterator[str]:
    """A broker publishes the name that the governing service gives it; voters and ZooKeeper servers have such names."""
    effective = _kafka_plan(documents).config.effective
    service = statefulset(documents)["serviceName"]
    pods = [f"kafka-{number}.{service}.{NAMESPACE}.svc.cluster.local" for number in range(3)]
    if pods[0] not in effective["advertised.listeners"]:
        yield effective["advertised.listeners"]
    voters = effective.get("controller.quorum.voters")
    if voters is not None and voters != ",".join(f"{number + 1}@{pod}:9093" for number, pod in enumerate(pods)):
        yield voters
    ensemble = effective.get("zookeeper.connect")
    servers = Manifest.load(DOCKER / "zookeeper" / "zookeeper.yaml").statefulset
    names = (f"zk-{number}.{servers.service}.{NAMESPACE}.svc.cluster.local:2181" for number in range(servers.replicas))
    if (voters is None) == (ensemble is None) or ensemble not in (None, ",".join(names)):
        yield f"{voters} {ensemble}"


def kafka_volumes(documents: Documents) -> Iterator[str]:
    """The log directories are on the volume, in a directory of it; everything else that is written is scratch."""
    plan = _kafka_plan(documents)
    claims = {claim["metadata"]["name"] for claim in statefulset(documents).get("volumeClaimTemplates", ())}
    mounts = {mount["mountPath"]: mount["name"] for mount in container(documents)["volumeMounts"]}
    wanted = {**dict.fromkeys(plan.config.log_dirs, True), plan.settings.config_file: False}
    wanted |= dict.fromkeys(("/tmp", "/var/log/kafka"), False)
    for path, is_kept in wanted.items():
        found = [name for mount, name in mounts.items() if f"{path}/".startswith(f"{mount}/")]
        if not found or (found[0] in claims) != is_kept:
            yield f"{path} is on {found}"


KAFKA: tuple[Check, ...] = (kafka_ports, kafka_settings, kafka_topics, kafka_names, kafka_volumes)
