"""Reads our manifests: the fields that a kubelet and the StatefulSet controller act on, as values.

A field that is neither acted on nor known to be of no consequence on one machine is an error: a manifest that says more
than the stand-in does would pass its tests for the wrong reason.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NAMESPACE = "default"
"""Where our manifests are applied to."""

CLUSTER_DOMAIN = "cluster.local"

Document = dict[str, Any]

BY_THE_OPERATOR: Mapping[str, Mapping[str, str]] = {"kafka-cluster": {"id": "Yx3Fh0oBTuqWm5c8R1nZvA"}}
"""ConfigMaps that a person makes first, as the manifest's head says."""

_NOT_SIMULATED = frozenset(
    {
        # Scheduling: there is one machine.
        "affinity",
        "topologySpreadConstraints",
        # No API server to present a token to.
        "automountServiceAccountToken",
        # The stand-in runs the image that the tests built.
        "imagePullPolicy",
    }
)
_UNITS = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "": 1}
_REFERENCE = re.compile(r"\$\((\w+)\)")


class UnsupportedError(Exception):
    """The manifest says something that the stand-in does not do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A probe in exec form; durations in seconds."""

    command: tuple[str, ...]
    period: float
    timeout: float
    initial_delay: float
    success_threshold: int
    failure_threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where a volume appears in the container."""

    volume: str
    path: str
    read_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A pod's only container."""

    name: str
    image: str
    command: tuple[str, ...]
    """In place of the image's ENTRYPOINT and CMD; empty where the image's own count."""
    environ: tuple[Document, ...]
    """As the manifest has them: what they refer to is known when the pod starts."""
    mounts: tuple[Mount, ...]
    memory_limit: int | None
    """In bytes."""
    startup: Probe | None
    readiness: Probe | None
    liveness: Probe | None
    pre_stop: tuple[str, ...]
    user: int | None
    group: int | None
    read_only_root: bool
    drops_all: bool
    may_escalate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatefulSetSpec:
    """A StatefulSet with the pod that it makes replicas of."""

    name: str
    service: str
    replicas: int
    is_ordered: bool
    """OrderedReady: each pod waits for the one before it."""
    min_ready: float
    """Seconds of readiness after which a pod counts as available."""
    grace: float
    """Seconds from SIGTERM to SIGKILL."""
    fs_group: int | None
    has_service_links: bool
    labels: Mapping[str, str]
    container: Container
    claims: tuple[str, ...]
    """The volumes that outlive a pod."""
    scratch: Mapping[str, int | None]
    """The emptyDirs, each with its limit in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """A Service."""

    name: str
    is_headless: bool
    publishes_unready: bool
    selector: Mapping[str, str]
    ports: Mapping[str, int]

    @property
    def domain(self) -> str:
        """Its full name."""
        return f"{self.name}.{NAMESPACE}.svc.{CLUSTER_DOMAIN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All objects of one file."""

    documents: tuple[Document, ...]

    @classmethod
    def load(cls, path: Path) -> "Manifest":
        """Return what the file at *path* holds."""
        return cls(documents=tuple(yaml.safe_load_all(path.read_text(encoding="utf-8"))))

    def of_kind(self, kind: str) -> list[Document]:
        """Return the objects of one kind."""
        return [document for document in self.documents if document["kind"] == kind]

    @property
    def statefulset(self) -> StatefulSetSpec:
        """The file's only StatefulSet."""
        (document,) = self.of_kind("StatefulSet")
        return _statefulset(document)

    @property
    def services(self) -> tuple[ServiceSpec, ...]:
        """Its services."""
        return tuple(_service(document) for document in self.of_kind("Service"))

    @property
    def config_maps(self) -> dict[str, Mapping[str, str]]:
        """The data of each ConfigMap by name, those that a person makes included."""
        own = {document["metadata"]["name"]: document["data"] for document in self.of_kind("ConfigMap")}
        return {**BY_THE_OPERATOR, **own}


def container_environ(
    entries: Iterable[Document], fields: Mapping[str, str], config_maps: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Return the variables as the kubelet would set them: references followed, ``$(NAME)`` expanded."""
    environ: dict[str, str] = {}
    for entry in entries:
        name, source = entry["name"], entry.get("valueFrom")
        if source is None:
            value = str(entry.get("value", ""))
            if not isinstance(entry.get("value", ""), str):
                raise UnsupportedError(f"the value of {name} is no string")
            value = _REFERENCE.sub(lambda match: environ.get(match[1], match[0]), value)
        elif "fieldRef" in source:
            value = fields[source["fieldRef"]["fieldPath"]]
        elif "configMapKeyRef" in source:
            reference = source["configMapKeyRef"]
            value = config_maps[reference["name"]][reference["key"]]
        else:
            raise UnsupportedError(f"{name} comes from {', '.join(source)}")
        if name in environ:
            raise UnsupportedError(f"{name} is given twice")
        environ[name] = value
    return environ


def size(text: str | None) -> int | None:
    """Return a quantity such as 256Mi in bytes."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)(\D*)", text)
    if match is None or match[2] not in _UNITS:
        raise UnsupportedError(f"the quantity {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def _statefulset(document: Document) -> StatefulSetSpec:
    spec = _Fields(document["spec"], "StatefulSet.spec")
    strategy = spec.take("updateStrategy", {"type": "RollingUpdate"})
    if strategy["type"] != "RollingUpdate" or len(strategy) > 1:
        raise UnsupportedError(f"the update strategy {strategy}")
    template = _Fields(spec.take("template"), "template")
    labels = template.take("metadata")["labels"]
    pod = _Fields(template.take("spec"), "template.spec")
    security = _Fields(pod.take("securityContext", {}), "template.spec.securityContext")
    if security.take("seccompProfile", {"type": "RuntimeDefault"})["type"] != "RuntimeDefault":
        raise UnsupportedError("a seccomp profile other than the runtime's own")
    security.take("runAsNonRoot", None)
    if security.take("fsGroupChangePolicy", "OnRootMismatch") != "OnRootMismatch":
        raise UnsupportedError("fsGroupChangePolicy")
    user, group, fs_group = (security.take(name, None) for name in ("runAsUser", "runAsGroup", "fsGroup"))
    security.end()
    scratch = {}
    for volume in pod.take("volumes", []):
        fields = _Fields(volume, "volume")
        name = fields.take("name")
        scratch[name] = size(fields.take("emptyDir").get("sizeLimit"))
        fields.end()
    (container,) = pod.take("containers")
    found = StatefulSetSpec(
        name=document["metadata"]["name"],
        service=spec.take("serviceName"),
        replicas=spec.take("replicas"),
        is_ordered=spec.take("podManagementPolicy", "OrderedReady") == "OrderedReady",
        min_ready=spec.take("minReadySeconds", 0),
        grace=pod.take("terminationGracePeriodSeconds", 30),
        fs_group=fs_group,
        has_service_links=pod.take("enableServiceLinks", default=True),
        labels=labels,
        container=_container(container, user, group),
        claims=tuple(claim["metadata"]["name"] for claim in spec.take("volumeClaimTemplates", [])),
        scratch=scratch,
    )
    if spec.take("selector")["matchLabels"].items() - labels.items():
        raise UnsupportedError("the selector does not fit the template's labels")
    for fields in (spec, template, pod):
        fields.end()
    return found


def _container(document: Document, user: int | None, group: int | None) -> Container:
    fields = _Fields(document, "container")
    security = _Fields(fields.take("securityContext", {}), "container.securityContext")
    capabilities = security.take("capabilities", {})
    resources = fields.take("resources", {})
    limits = dict(resources.get("limits", {}))
    lifecycle = fields.take("lifecycle", {})
    fields.take("ports", None)
    found = Container(
        name=fields.take("name"),
        image=fields.take("image"),
        command=(*fields.take("command", ()), *fields.take("args", ())),
        environ=tuple(fields.take("env", ())),
        mounts=tuple(
            Mount(volume=mount["name"], path=mount["mountPath"], read_only=mount.get("readOnly", False))
            for mount in fields.take("volumeMounts", ())
        ),
        memory_limit=size(limits.pop("memory", None)),
        startup=_probe(fields.take("startupProbe", None)),
        readiness=_probe(fields.take("readinessProbe", None)),
        liveness=_probe(fields.take("livenessProbe", None)),
        pre_stop=tuple(lifecycle.get("preStop", {}).get("exec", {}).get("command", ())),
        user=security.take("runAsUser", user),
        group=security.take("runAsGroup", group),
        read_only_root=security.take("readOnlyRootFilesystem", default=False),
        drops_all=capabilities == {"drop": ["ALL"]},
        may_escalate=security.take("allowPrivilegeEscalation", default=True),
    )
    if limits or lifecycle.keys() - {"preStop"}:
        raise UnsupportedError(f"{', '.join([*limits, *lifecycle])} of the container")
    fields.end()
    security.end()
    return found


def _probe(document: Document | None) -> Probe | None:
    if document is None:
        return None
    fields = _Fields(document, "probe")
    found = Probe(
        command=tuple(fields.take("exec")["command"]),
        period=fields.take("periodSeconds", 10),
        timeout=fields.take("timeoutSeconds", 1),
        initial_delay=fields.take("initialDelaySeconds", 0),
        success_threshold=fields.take("successThreshold", 1),
        failure_threshold=fields.take("failureThreshold", 3),
    )
    fields.end()
    return found


def _service(document: Document) -> ServiceSpec:
    fields = _Fields(document["spec"], "Service.spec")
    found = ServiceSpec(
        name=document["metadata"]["name"],
        is_headless=fields.take("clusterIP", None) == "None",
        publishes_unready=fields.take("publishNotReadyAddresses", default=False),
        selector=fields.take("selector"),
        ports={port["name"]: port["port"] for port in fields.take("ports")},
    )
    fields.end()
    return found


class _Fields:
    """A mapping of which every field must be taken."""

    def __init__(self, fields: Document, name: str) -> None:
        self._left = {key: value for key, value in fields.items() if key not in _NOT_SIMULATED}
        self._name = name

    def take(self, name: str, *default: Any, **named: Any) -> Any:
        """Return a field, or the default."""
        options = (*default, *named.values())
        if name not in self._left and not options:
            raise UnsupportedError(f"{self._name} without {name}")
        return self._left.pop(name, *options)

    def end(self) -> None:
        """Raise UnsupportedError where a field was not taken."""
        if self._left:
            raise UnsupportedError(f"{self._name}: {', '.join(self._left)}")
