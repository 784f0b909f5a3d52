"""The "restricted" Pod Security Standard, control by control: what each finds wrong with a pod.

Source: Kubernetes documentation, "Pod Security Standards". The baseline's controls are part of it.
"""

from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]
Control = Callable[[Document], Iterator[str]]
"""Takes a pod's spec and yields one line for each violation."""

_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
_SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}


def containers(pod: Document) -> list[Document]:
    """Return every container of a pod's spec."""
    return [one for kind in ("initContainers", "containers", "ephemeralContainers") for one in pod.get(kind, ())]


def _contexts(pod: Document) -> list[Document]:
    """Return every security context, the pod's first."""
    return [pod.get("securityContext", {}), *(one.get("securityContext", {}) for one in containers(pod))]


def host_namespaces(pod: Document) -> Iterator[str]:
    """No namespace of the host."""
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name))


def host_processes(pod: Document) -> Iterator[str]:
    """No Windows host process."""
    yield from ("hostProcess" for one in _contexts(pod) if one.get("windowsOptions", {}).get("hostProcess"))


def privileged(pod: Document) -> Iterator[str]:
    """No privileged container."""
    yield from ("privileged" for one in _contexts(pod) if one.get("privileged"))


def capabilities(pod: Document) -> Iterator[str]:
    """All dropped, at most NET_BIND_SERVICE added."""
    for one in containers(pod):
        given = one.get("securityContext", {}).get("capabilities", {})
        if "ALL" not in given.get("drop", ()):
            yield f"{one['name']} does not drop ALL"
        if set(given.get("add", ())) - {"NET_BIND_SERVICE"}:
            yield f"{one['name']} adds {given['add']}"


def volumes(pod: Document) -> Iterator[str]:
    """No volume but of the kinds that name nothing of the host."""
    for volume in pod.get("volumes", ()):
        yield from (f"{volume['name']} is a {kind}" for kind in volume.keys() - {"name"} - _VOLUMES)


def host_ports(pod: Document) -> Iterator[str]:
    """No port of the host."""
    yield from (
        f"hostPort {port['hostPort']}"
        for one in containers(pod)
        for port in one.get("ports", ())
        if port.get("hostPort")
    )


def app_armor(pod: Document) -> Iterator[str]:
    """The runtime's own profile, or one of the node's."""
    for one in _contexts(pod):
        if one.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in {"RuntimeDefault", "Localhost"}:
            yield "appArmorProfile"


def selinux(pod: Document) -> Iterator[str]:
    """No user, no role, and only a container's types."""
    for one in _contexts(pod):
        given = one.get("seLinuxOptions", {})
        if given.get("user") or given.get("role") or given.get("type") not in _SELINUX_TYPES:
            yield "seLinuxOptions"


def proc_mount(pod: Document) -> Iterator[str]:
    """The masked /proc."""
    yield from ("procMount" for one in _contexts(pod) if one.get("procMount", "Default") != "Default")


def seccomp(pod: Document) -> Iterator[str]:
    """A profile for every container, its own or the pod's, and never Unconfined."""
    allowed = {"RuntimeDefault", "Localhost"}
    of_pod = pod.get("securityContext", {}).get("seccompProfile", {}).get("type")
    for one in containers(pod):
        found = one.get("securityContext", {}).get("seccompProfile", {}).get("type", of_pod)
        if found not in allowed:
            yield f"{one['name']} has the seccomp profile {found}"


def sysctls(pod: Document) -> Iterator[str]:
    """Only those that stay in the pod's namespaces."""
    for entry in pod.get("securityContext", {}).get("sysctls", ()):
        if entry["name"] not in _SAFE_SYSCTLS:
            yield entry["name"]


def privilege_escalation(pod: Document) -> Iterator[str]:
    """Forbidden in so many words: it is allowed by default."""
    for one in containers(pod):
        if one.get("securityContext", {}).get("allowPrivilegeEscalation") is not False:
            yield f"{one['name']} may escalate"


def non_root(pod: Document) -> Iterator[str]:
    """Every container says that it is not root, and none names uid 0."""
    of_pod = pod.get("securityContext", {}).get("runAsNonRoot")
    for one in containers(pod):
        if one.get("securityContext", {}).get("runAsNonRoot", of_pod) is not True:
            yield f"{one['name']} may run as root"
    yield from ("uid 0" for one in _contexts(pod) if one.get("runAsUser") == 0)


def host_probes(pod: Document) -> Iterator[str]:
    """No probe or hook that speaks to another host (from Kubernetes 1.34 on)."""
    for one in containers(pod):
        handlers = [one.get(f"{kind}Probe", {}) for kind in ("startup", "readiness", "liveness")]
        handlers += one.get("lifecycle", {}).values()
        if any(handler.get(kind, {}).get("host") for handler in handlers for kind in ("httpGet", "tcpSocket")):
            yield f"{one['name']} probes a host"


CONTROLS: tuple[Control, ...] = (
    host_namespaces,
    host_processes,
    privileged,
    capabilities,
    volumes,
    host_ports,
    app_armor,
    selinux,
    proc_mount,
    seccomp,
    sysctls,
    privilege_escalation,
    non_root,
    host_probes,
)
