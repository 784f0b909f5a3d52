"""A pod's container as the manifest has it: what a kubelet acts on, as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.image.fields import Fields, UnsupportedError
from tests.image.variables import REFERENCE, Variable, read_variable

_UNITS = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "": 1}


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
class User:
    """Whom a security context asks for; None where it does not say, and the pod's or the image's counts."""

    uid: int | None
    gid: int | None
    must_not_be_root: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A pod's only container."""

    name: str
    image: str
    command: tuple[str, ...]
    """In place of the image's ENTRYPOINT and CMD; empty where the image's own count."""
    environ: tuple[Variable, ...]
    """What they refer to is known when the pod starts."""
    ports: Mapping[str, int]
    """By name."""
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


def read_container(fields: Fields, pod_user: User) -> Container:
    """Return what an entry of `containers` says; *pod_user* counts where it does not name its own."""
    # The stand-in runs the image that the tests built.
    fields.leave("imagePullPolicy")
    security = fields.within("securityContext")
    user = read_user(security, pod_user)
    _check_user(user, security.where)
    resources = fields.within("resources")
    # Scheduling: there is one machine.
    resources.within("requests").leave("cpu", "memory")
    return Container(
        name=fields.need("name", str),
        image=fields.need("image", str),
        command=_command(fields),
        environ=tuple(map(read_variable, fields.each("env"))),
        ports={port.need("name", str): port.need("containerPort", int) for port in fields.each("ports")},
        mounts=tuple(map(_mount, fields.each("volumeMounts"))),
        memory_limit=size(resources.within("limits").take("memory", str, default=None)),
        startup=_probe(fields, "startupProbe"),
        readiness=_probe(fields, "readinessProbe"),
        liveness=_probe(fields, "livenessProbe"),
        pre_stop=_pre_stop(fields),
        user=user.uid,
        group=user.gid,
        read_only_root=security.take("readOnlyRootFilesystem", bool, default=False),
        drops_all=_drops_all(security),
        may_escalate=security.take("allowPrivilegeEscalation", bool, default=True),
    )


def read_user(security: Fields, default: User) -> User:
    """Return whom a security context asks for, with *default* where it does not say."""
    return User(
        uid=security.take("runAsUser", int, default=default.uid),
        gid=security.take("runAsGroup", int, default=default.gid),
        must_not_be_root=security.take("runAsNonRoot", bool, default=default.must_not_be_root),
    )


def size(text: str | None) -> int | None:
    """Return a quantity such as 256Mi in bytes."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)(\D*)", text)
    if match is None or match[2] not in _UNITS:
        raise UnsupportedError(f"the quantity {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def _check_user(user: User, where: str) -> None:
    # Nobody looks for the image's own user here, of which the kubelet would ask the same.
    if user.must_not_be_root and not user.uid:
        raise UnsupportedError(f"{where}: runAsNonRoot with runAsUser {user.uid}")
    if user.uid is None and user.gid is not None:
        raise UnsupportedError(f"{where}: runAsGroup without runAsUser")


def _command(fields: Fields) -> tuple[str, ...]:
    command, arguments = fields.words("command"), fields.words("args")
    if arguments and not command:
        raise UnsupportedError(f"{fields.where}: args without command")
    for word in (*command, *arguments):
        if REFERENCE.search(word):
            raise UnsupportedError(f"{fields.where}.command refers to a variable: {word!r}")
    return (*command, *arguments)


def _mount(fields: Fields) -> Mount:
    return Mount(
        volume=fields.need("name", str),
        path=fields.need("mountPath", str),
        read_only=fields.take("readOnly", bool, default=False),
    )


def _drops_all(security: Fields) -> bool:
    capabilities = security.within("capabilities")
    dropped = capabilities.words("drop")
    if dropped not in ((), ("ALL",)):
        raise UnsupportedError(f"{capabilities.where}.drop is {', '.join(dropped)}")
    return bool(dropped)


def _pre_stop(fields: Fields) -> tuple[str, ...]:
    lifecycle = fields.within("lifecycle")
    return _exec(lifecycle.section("preStop")) if "preStop" in lifecycle else ()


def _probe(container: Fields, name: str) -> Probe | None:
    if name not in container:
        return None
    fields = container.section(name)
    return Probe(
        command=_exec(fields),
        period=fields.take("periodSeconds", int, default=10),
        timeout=fields.take("timeoutSeconds", int, default=1),
        initial_delay=fields.take("initialDelaySeconds", int, default=0),
        success_threshold=fields.take("successThreshold", int, default=1),
        failure_threshold=fields.take("failureThreshold", int, default=3),
    )


def _exec(fields: Fields) -> tuple[str, ...]:
    handler = fields.section("exec")
    command = handler.words("command")
    if not command:
        raise UnsupportedError(f"{handler.where} without command")
    return command
