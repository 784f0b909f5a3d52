"""What must agree between a manifest and what our commands make of its variables."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from kafkaboot.plan import Plan as KafkaPlan
from kafkaboot.plan import make_plan as make_kafka_plan
from tests.image.containers import size
from tests.image.manifests import BY_THE_OPERATOR, NAMESPACE, Manifest
from tests.image.variables import container_environ
from tests.unit.docker.manifests import (
    DOCKER,
    KAFKA_YAML,
    KAFKA_YAMLS,
    KRAFT_YAML,
    PATHS,
    ZOOKEEPER_YAML,
    Checks,
    Documents,
    container,
    load,
    of_kind,
    pod_spec,
    statefulset,
)
from zkboot.config import zoo_cfg_entries
from zkboot.endpoint import Endpoint
from zkboot.plan import Plan, draft_plan
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import BootError
from zkboot.pod.identity import Host
from zkboot.settings import Heap, HeapSize

CLUSTER_ID = {"name": "kafka-cluster", "key": "id"}
"""Where a person puts the id of a cluster."""

_BASE_FILES = DOCKER.parent / "tests" / "data" / "kafka" / "base"
_MIB = 1024**2
_HEAP_OPTS = re.compile(r"-Xms(\d+)m -Xmx(\d+)m")


def environ_of(documents: Documents, ordinal: int = 0) -> dict[str, str]:
    """Return what the pod's variables are in a cluster."""
    fields = {
        "metadata.name": f"{_name(documents)}-{ordinal}",
        "metadata.namespace": NAMESPACE,
        "status.podIP": "10.0.0.1",
    }
    manifest = Manifest(documents=tuple(documents))
    return container_environ(manifest.statefulset.container.environ, fields, manifest.config_maps)


def _name(documents: Documents) -> str:
    name: str = of_kind(documents, "StatefulSet")[0]["metadata"]["name"]
    return name


def _domain(documents: Documents) -> str:
    return f"{statefulset(documents)['serviceName']}.{NAMESPACE}.svc.cluster.local"


def _pods(documents: Documents) -> list[str]:
    """Return the names that the governing service gives the pods."""
    return [f"{_name(documents)}-{number}.{_domain(documents)}" for number in range(statefulset(documents)["replicas"])]


def _memory(documents: Documents) -> int:
    """Return the container's limit in bytes."""
    limit = size(container(documents)["resources"]["limits"]["memory"])
    assert limit is not None
    return limit


def _ports(documents: Documents) -> dict[str, int]:
    """Return the container's ports; a name or a number that stands there twice is an error."""
    ports = container(documents)["ports"]
    found = {port["name"]: port["containerPort"] for port in ports}
    assert len(found) == len(set(found.values())) == len(ports)
    return found


def variables(documents: Documents) -> Iterator[str]:
    """None is given twice: the later one would win."""
    found = Counter(one["name"] for one in container(documents)["env"])
    yield from (f"{name} is there {count} times" for name, count in found.items() if count > 1)


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


# ZooKeeper's.


def _plan(documents: Documents) -> Plan:
    """Return what zkGenConfig would write in pod 0."""
    environ, domain = environ_of(documents), _domain(documents)
    host = Host(name=lambda: environ["POD_NAME"], domain=lambda: domain)
    return draft_plan(environ, host, lambda: _memory(documents))


def zookeeper_ports(documents: Documents) -> Iterator[str]:
    """The container's ports are those of the zoo.cfg that it writes, and the probe asks the clients' one."""
    own, plan = _ports(documents), _plan(documents)
    spec = plan.member.spec
    written = {"client": plan.settings.client_port, "server": spec.quorum_port, "leader-election": spec.election_port}
    if own != written or Endpoint.from_environ(EnvReader(environ_of(documents))).port != own["client"]:
        yield f"{own}, zoo.cfg has {written}"


def zookeeper_ensemble(documents: Documents) -> Iterator[str]:
    """A founder for each replica, under the name that the governing service gives its pod; the list can change."""
    plan = _plan(documents)
    servers = [server.host for server in plan.member.ensemble.servers]
    if servers != _pods(documents) or not plan.settings.reconfig:
        yield f"{servers}, ZK_RECONFIG={plan.settings.reconfig}"


def zookeeper_settings(documents: Documents) -> Iterator[str]:
    """Nothing that our own command would warn of; old snapshots are purged, every hour."""
    plan = _plan(documents)
    yield from plan.warnings
    if zoo_cfg_entries(plan.settings, plan.member)["autopurge.purgeInterval"] != "1":
        yield "not purged every hour"


def zookeeper_defaults(documents: Documents) -> Iterator[str]:
    """What a variable says is what it would be without, but for the heap, the purge and the place of the list."""
    wanted = {"heap": Heap(percent=75), "purge_interval_hours": 1, "conf_dir": "/var/lib/zookeeper/conf"}
    plan = _plan(documents)
    kept = {name: environ_of(documents)[name] for name in ("POD_NAME", "POD_NAMESPACE", "ZK_RECONFIG")}
    host = Host(name=lambda: kept["POD_NAME"], domain=lambda: _domain(documents))
    plain = draft_plan(kept, host, lambda: _memory(documents)).settings
    for field in plan.settings.__slots__:
        found, default = getattr(plan.settings, field), getattr(plain, field)
        # The digest of a random password is another one each time.
        if found != wanted.get(field, default) and (field != "extra" or found.keys() != default.keys()):
            yield f"{field}: {found}"


def zookeeper_memory(documents: Documents) -> Iterator[str]:
    """Beside the heap there is room for what the JVM has outside of it, and for the probes."""
    heap = HeapSize("heap", None, "").parse(_plan(documents).heap or "0").fixed_bytes or 0
    if _memory(documents) - heap < 256 * _MIB:
        yield f"{heap // _MIB} MiB of heap in {_memory(documents) // _MIB} MiB"


def zookeeper_volumes(documents: Documents) -> Iterator[str]:
    """Data, log and the list of members are on the volume, all else that is written is on a scratch volume."""
    settings = _plan(documents).settings
    kept = (settings.data_dir, settings.data_log_dir, settings.conf_dir)
    yield from _misplaced(documents, kept, (settings.log_dir, "/tmp"))


def _misplaced(documents: Documents, kept: tuple[str, ...], scratch: tuple[str, ...]) -> Iterator[str]:
    claims = {claim["metadata"]["name"] for claim in statefulset(documents).get("volumeClaimTemplates", ())}
    empty = {volume["name"] for volume in pod_spec(documents).get("volumes", ()) if "emptyDir" in volume}
    mounts = {mount["mountPath"]: mount["name"] for mount in container(documents)["volumeMounts"]}
    for path, volumes in (*((path, claims) for path in kept), *((path, empty) for path in scratch)):
        found = [name for mount, name in mounts.items() if f"{path}/".startswith(f"{mount}/")]
        if len(found) != 1 or found[0] not in volumes:
            yield f"{path} is on {found}"


# Kafka's.


def _kafka_plan(documents: Documents, ordinal: int = 0) -> KafkaPlan:
    """Return what kafkaGenConfig would write in the pod with *ordinal*, of the version that the image's tag names."""
    version = container(documents)["image"].rpartition(":")[2]
    base = "server-4" if version.startswith("4.") else f"server-{version.rpartition('.')[0]}"
    stated = {"KF_VERSION": version, "KF_BASE_FILE": f"{_BASE_FILES}/{base}.properties"}
    environ = environ_of(documents, ordinal) | stated
    return _made_kafka_plan(tuple(environ.items()), _domain(documents))


@cache
def _made_kafka_plan(environ: tuple[tuple[str, str], ...], domain: str) -> KafkaPlan:
    variables: Mapping[str, str] = dict(environ)
    return make_kafka_plan(variables, Host(name=lambda: variables["POD_NAME"], domain=lambda: domain))


def kafka_ports(documents: Documents) -> Iterator[str]:
    """The container's ports are those of its listeners, the brokers' and the controllers' each under its name."""
    effective = _kafka_plan(documents).config.effective
    controllers = effective.get("controller.listener.names", "").split(",")
    listeners = [listener.partition("://") for listener in effective["listeners"].split(",")]
    written = {
        "controller" if name in controllers else "broker": int(address.rpartition(":")[2])
        for name, _, address in listeners
    }
    if _ports(documents) != written:
        yield f"{_ports(documents)}, {effective['listeners']}"


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
    for key in ("default.replication.factor", "min.insync.replicas"):
        if key not in effective:
            yield f"no {key}"


def kafka_properties(documents: Documents) -> Iterator[str]:
    """Only those of topics, of the volume and of the roles are the manifest's: none that risks what is acknowledged."""
    known = ("log.dirs", "process.roles", "replication.factor", "min.isr", "min.insync.replicas")
    yield from (key for key in _kafka_plan(documents).config.given if not key.endswith(known))


def kafka_names(documents: Documents) -> Iterator[str]:
    """A broker publishes the name that the governing service gives it; voters and ZooKeeper servers have such names."""
    effective = _kafka_plan(documents).config.effective
    pods = _pods(documents)
    if effective["advertised.listeners"].partition("://")[2] != f"{pods[0]}:9092":
        yield effective["advertised.listeners"]
    voters = effective.get("controller.quorum.voters")
    if voters is not None and voters != ",".join(f"{number + 1}@{pod}:9093" for number, pod in enumerate(pods)):
        yield voters
    if (voters is None) == ("zookeeper.connect" not in effective):
        yield "neither ZooKeeper nor voters, or both"


def kafka_memory(documents: Documents) -> Iterator[str]:
    """Half of the memory is not heap: the page cache, from which consumers read, is counted as the container's."""
    found = _HEAP_OPTS.fullmatch(environ_of(documents).get("KAFKA_HEAP_OPTS", ""))
    if found is None or found[1] != found[2] or 2 * int(found[2]) * _MIB > _memory(documents):
        yield f"{environ_of(documents).get('KAFKA_HEAP_OPTS')} in {_memory(documents) // _MIB} MiB"


def kafka_volumes(documents: Documents) -> Iterator[str]:
    """The log directories are on the volume, in a directory of it; everything else that is written is scratch."""
    plan = _kafka_plan(documents)
    yield from _misplaced(documents, tuple(plan.config.log_dirs), (plan.settings.config_file, "/tmp", "/var/log/kafka"))
    # The root of a new volume may have a lost+found, which Kafka takes for a partition; volumes in use have this one.
    if list(plan.config.log_dirs) != ["/var/lib/kafka/data"]:
        yield f"{plan.config.log_dirs}"


def kraft_roles(documents: Documents) -> Iterator[str]:
    """The manifest says what its nodes are: an image of Kafka 3 would take silence for a broker with ZooKeeper."""
    if environ_of(documents).get("KF_MODE") != "kraft":
        yield f"KF_MODE={environ_of(documents).get('KF_MODE')}"
    for ordinal in range(statefulset(documents)["replicas"]):
        if set(_kafka_plan(documents, ordinal).config.roles) != {"broker", "controller"}:
            yield f"pod {ordinal}: {_kafka_plan(documents, ordinal).config.roles}"


def kraft_scale(documents: Documents) -> Iterator[str]:
    """A pod that `kubectl scale` adds is a broker of the same voters, at the same port; no setting is in its way."""
    first = _kafka_plan(documents).config.effective
    for ordinal in (statefulset(documents)["replicas"], 9):
        try:
            plan = _kafka_plan(documents, ordinal)
        except BootError as error:
            yield f"pod {ordinal}: {error}"
            continue
        effective = plan.config.effective
        voters = effective.get("controller.quorum.voters")
        if plan.config.roles != ("broker",) or voters != first["controller.quorum.voters"]:
            yield f"pod {ordinal}: {plan.config.roles}, {voters}"
        if effective["listeners"] not in first["listeners"].split(",") or plan.warnings:
            yield f"pod {ordinal}: {effective['listeners']}, {plan.warnings}"


def kraft_cluster_id(documents: Documents) -> Iterator[str]:
    """It is the operator's own, from the ConfigMap that the manifest's head tells of: no other cluster has it."""
    if {"name": "KF_CLUSTER_ID", "valueFrom": {"configMapKeyRef": CLUSTER_ID}} not in container(documents)["env"]:
        yield "KF_CLUSTER_ID"


# Kafka with ZooKeeper.


def _connection(servers: Documents, brokers: Documents) -> Iterator[str]:
    connect = _kafka_plan(brokers).config.effective.get("zookeeper.connect")
    port = _plan(servers).settings.client_port
    wanted = ",".join(f"{pod}:{port}" for pod in _pods(servers))
    if connect != wanted:
        yield f"{connect}, not {wanted}"


def brokers_find_zookeeper(documents: Documents) -> Iterator[str]:
    """Each server of zookeeper.yaml, at its clients' port."""
    yield from _connection(load(ZOOKEEPER_YAML), documents)


def brokers_find_these(documents: Documents) -> Iterator[str]:
    """Those of kafka.yaml connect to each of these servers."""
    yield from _connection(documents, load(KAFKA_YAML))


CHECKS: Checks = {
    variables: PATHS,
    config_map: PATHS,
    zookeeper_ports: (ZOOKEEPER_YAML,),
    zookeeper_ensemble: (ZOOKEEPER_YAML,),
    zookeeper_settings: (ZOOKEEPER_YAML,),
    zookeeper_defaults: (ZOOKEEPER_YAML,),
    zookeeper_memory: (ZOOKEEPER_YAML,),
    zookeeper_volumes: (ZOOKEEPER_YAML,),
    kafka_ports: KAFKA_YAMLS,
    kafka_settings: KAFKA_YAMLS,
    kafka_topics: KAFKA_YAMLS,
    kafka_properties: KAFKA_YAMLS,
    kafka_names: KAFKA_YAMLS,
    kafka_memory: KAFKA_YAMLS,
    kafka_volumes: KAFKA_YAMLS,
    kraft_roles: (KRAFT_YAML,),
    kraft_scale: (KRAFT_YAML,),
    kraft_cluster_id: (KRAFT_YAML,),
    brokers_find_zookeeper: (KAFKA_YAML,),
    brokers_find_these: (ZOOKEEPER_YAML,),
}
