"""Reads our manifests: the fields that a kubelet and the StatefulSet controller act on, as values.

A field that is neither acted on nor known to be of no consequence on one machine is an error: a manifest that says more
than the stand-in does would pass its tests for the wrong reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.image.containers import Container, User, read_container, read_user, size
from tests.image.fields import Document, Fields, UnsupportedError, reading
from tests.image.variables import FIELD_PATHS, container_environ

NAMESPACE = "default"
"""Where our manifests are applied to."""

CLUSTER_DOMAIN = "cluster.local"

BY_THE_OPERATOR: Mapping[str, Mapping[str, str]] = {"kafka-cluster": {"id": "Yx3Fh0oBTuqWm5c8R1nZvA"}}
"""ConfigMaps that a person makes first, as the manifest's head says."""

_NOBODY = User(uid=None, gid=None, must_not_be_root=False)

_API_VERSIONS = {
    "StatefulSet": "apps/v1",
    "Service": "v1",
    "ConfigMap": "v1",
    "PodDisruptionBudget": "policy/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
}
_NOT_SIMULATED = (
    # Nothing drains the one machine.
    "PodDisruptionBudget",
    # Everything reaches everything: what may not is the business of a network plug-in.
    "NetworkPolicy",
)


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
        return [document for document in self.documents if document.get("kind") == kind]

    @property
    def statefulset(self) -> StatefulSetSpec:
        """The file's only StatefulSet."""
        return _statefulset(_only("StatefulSet", self.of_kind("StatefulSet")))

    @property
    def services(self) -> tuple[ServiceSpec, ...]:
        """Its services."""
        ports = self.statefulset.container.ports
        return tuple(_service(document, ports) for document in self.of_kind("Service"))

    @property
    def config_maps(self) -> dict[str, Mapping[str, str]]:
        """The data of each ConfigMap by name, those that a person makes included."""
        return {**BY_THE_OPERATOR, **dict(map(_config_map, self.of_kind("ConfigMap")))}

    def check(self) -> None:
        """Raise UnsupportedError where any object of the file says what is not done, or what the kubelet refuses."""
        if unknown := {document.get("kind") for document in self.documents} - _API_VERSIONS.keys():
            raise UnsupportedError(f"objects of the kind {', '.join(map(str, unknown))}")
        container = self.statefulset.container
        container_environ(container.environ, dict.fromkeys(FIELD_PATHS, ""), self.config_maps)
        for kind in _NOT_SIMULATED:
            for document in self.of_kind(kind):
                _pass_over(document, kind)
        for document in self.of_kind("Service"):
            _service(document, container.ports)


def _only(what: str, found: list[Document]) -> Document:
    if len(found) != 1:
        raise UnsupportedError(f"{len(found)} of {what}")
    return found[0]


def _name(document: Fields) -> str:
    """Take what every object has, and return its name."""
    kind, version = document.need("kind", str), document.need("apiVersion", str)
    if version != _API_VERSIONS[kind]:
        raise UnsupportedError(f"{kind}: apiVersion {version}")
    metadata = document.section("metadata")
    # The objects' own: nothing here selects by them.
    metadata.leave("labels")
    return metadata.need("name", str)


def _pass_over(document: Document, kind: str) -> None:
    with reading(document, kind) as fields:
        _name(fields)
        fields.leave("spec")


def _config_map(document: Document) -> tuple[str, Mapping[str, str]]:
    with reading(document, "ConfigMap") as fields:
        return _name(fields), fields.strings("data")


def _statefulset(document: Document) -> StatefulSetSpec:
    with reading(document, "StatefulSet") as fields:
        name, spec = _name(fields), fields.section("spec")
        spec.within("updateStrategy").choose("type", "RollingUpdate")
        template = spec.section("template")
        labels = template.section("metadata").strings("labels")
        pod = template.section("spec")
        _pass_over_in(pod)
        security = pod.within("securityContext")
        security.within("seccompProfile").choose("type", "RuntimeDefault")
        security.choose("fsGroupChangePolicy", "OnRootMismatch")
        _check_selector(spec.section("selector"), labels)
        return StatefulSetSpec(
            name=name,
            service=spec.need("serviceName", str),
            replicas=spec.need("replicas", int),
            is_ordered=spec.choose("podManagementPolicy", "OrderedReady", "Parallel") == "OrderedReady",
            min_ready=spec.take("minReadySeconds", int, default=0),
            grace=pod.take("terminationGracePeriodSeconds", int, default=30),
            fs_group=security.take("fsGroup", int, default=None),
            has_service_links=pod.take("enableServiceLinks", bool, default=True),
            labels=labels,
            container=_container(pod, read_user(security, _NOBODY)),
            claims=tuple(map(_claim, spec.each("volumeClaimTemplates"))),
            scratch=dict(map(_scratch, pod.each("volumes"))),
        )


def _pass_over_in(pod: Fields) -> None:
    # Scheduling: there is one machine.
    pod.leave("affinity", "topologySpreadConstraints")
    # No API server to present a token to.
    if pod.take("automountServiceAccountToken", bool, default=False):
        raise UnsupportedError(f"{pod.where}.automountServiceAccountToken")


def _check_selector(selector: Fields, labels: Mapping[str, str]) -> None:
    """Raise UnsupportedError where it does not fit the template's labels, which the API refuses."""
    if missing := selector.strings("matchLabels").items() - labels.items():
        raise UnsupportedError(f"{selector.where}.matchLabels: {dict(missing)} is not among the template's labels")


def _container(pod: Fields, user: User) -> Container:
    found = pod.each("containers")
    if len(found) != 1:
        raise UnsupportedError(f"{pod.where}: {len(found)} containers")
    return read_container(found[0], user)


def _claim(fields: Fields) -> str:
    """Return its name: a folder of this machine takes what is written to it, by whatever pod."""
    spec = fields.section("spec")
    spec.leave("accessModes", "storageClassName")
    spec.within("resources").within("requests").leave("storage")
    return fields.section("metadata").need("name", str)


def _scratch(fields: Fields) -> tuple[str, int | None]:
    limit = fields.section("emptyDir").take("sizeLimit", str, default=None)
    return fields.need("name", str), size(limit)


def _service(document: Document, container_ports: Mapping[str, int]) -> ServiceSpec:
    with reading(document, "Service") as fields:
        name, spec = _name(fields), fields.section("spec")
        return ServiceSpec(
            name=name,
            is_headless=spec.choose("clusterIP", "", "None") == "None",
            publishes_unready=spec.take("publishNotReadyAddresses", bool, default=False),
            selector=spec.strings("selector"),
            ports=dict(_port(port, container_ports) for port in spec.each("ports")),
        )


def _port(fields: Fields, container_ports: Mapping[str, int]) -> tuple[str, int]:
    """Return name and number. A service has no address here, so a port leads to the same one of the pods."""
    name, number = fields.need("name", str), fields.need("port", int)
    if "targetPort" in fields:
        target = fields.name_or_number("targetPort")
        if number != (container_ports.get(target) if isinstance(target, str) else target):
            raise UnsupportedError(f"{fields.where}.targetPort is {target!r}")
    return name, number
