"""One node: a kubelet, containerd, kube-proxy and kube-router in namespaces of their own.

`start_node` starts it from the cluster's namespaces; `python -m tests.kubernetes.local.node FOLDER NAME` is what runs
inside. Killing its first process is a power cut: the kernel ends all others with it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.kubernetes.local.cluster import CONTROL, DOMAIN, PODS, SERVICES, Cluster, child_of
from tests.kubernetes.local.commands import CommandError, output_of
from tests.kubernetes.local.images import PAUSE, copy_images

_LIMIT = 300.0
"""Seconds for each step of a start on a busy machine; no figure."""

_PAUSE = 0.1

_SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What a kubelet sets for the whole machine: it gets to see them set, in files of its own."""

_SOCKET = "/run/containerd/containerd.sock"
_KUBELET = "/run/kubelet"
"""Its folder under a name that leaves room for those of sockets, which have 107 bytes."""

_CNI_PLUGINS = "/usr/lib/cni"


def address_of(node: str) -> str:
    """Return a node's address."""
    return f"10.200.0.{10 + int(node[1:])}"


def pods_of(node: str) -> str:
    """Return the range of its pods' addresses."""
    return f"10.201.{int(node[1:])}.0/24"


def start_node(cluster: Cluster, node: str) -> None:
    """Start a node that does not run, from inside the cluster's namespaces; it is not ready yet."""
    folder = cluster.path("nodes", node)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "containerd").exists():
        copy_images(Path(cluster.images), folder / "containerd")
    _make_cgroups(cluster, node)
    command = [
        *("setsid", "unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"),
        *("--propagation", "private", "catatonit", "--"),
        *(sys.executable, "-m", __name__, cluster.folder, node),
    ]
    with (folder / "node.log").open("ab") as log:
        unshare = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=cluster.environ)
    (folder / "unshare.pid").write_text(str(unshare.pid))
    _connect(cluster, node, _first_process(unshare.pid))


def power_off(cluster: Cluster, node: str) -> None:
    """End a node as a power cut does."""
    pid = cluster.path("nodes", node, "unshare.pid")
    init = child_of(int(pid.read_text()))
    subprocess.run(["ip", "link", "delete", f"veth-{node}"], check=False)
    os.kill(init, signal.SIGKILL)
    while Path("/proc", str(init)).exists():
        time.sleep(_PAUSE)
    pid.unlink()
    # A machine that starts has none of its processes' groups any more.
    cluster.remove_cgroups(node)


def _first_process(unshare: int) -> int:
    deadline = time.monotonic() + _LIMIT
    while True:
        try:
            return child_of(unshare)
        except LookupError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _make_cgroups(cluster: Cluster, node: str) -> None:
    for cgroup in cluster.cgroups(node):
        cgroup.mkdir(exist_ok=True)
        if cgroup.parent.name == "cpuset":
            # A new one may use no processor and no memory until it is told which.
            for name in ("cpuset.cpus", "cpuset.mems"):
                (cgroup / name).write_text((cgroup.parent / name).read_text())


def _connect(cluster: Cluster, node: str, init: int) -> None:
    """Put a cable between the node and the others, and tell everybody where its pods are."""
    cable, address = f"veth-{node}", address_of(node)
    output_of("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", str(init))
    output_of("ip", "link", "set", cable, "master", "br0", "up")
    inside = ("nsenter", f"--target={init}", "--net")
    for words in (
        ("link", "set", "lo", "up"),
        ("addr", "add", f"{address}/24", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
        *(("route", "add", pods_of(other), "via", address_of(other)) for other in cluster.node_names if other != node),
        ("route", "add", "default", "via", CONTROL),
    ):
        output_of(*inside, "ip", *words)
    output_of("ip", "route", "replace", pods_of(node), "via", address)
    sysctls = ("net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1")
    output_of(*inside, "sysctl", "--quiet", "--write", *sysctls)


def main() -> None:
    """Be the node, until it is ended."""
    cluster, node = Cluster.load(sys.argv[1]), sys.argv[2]
    folder = cluster.path("nodes", node)
    output_of("hostname", node)
    _make_mounts(cluster, folder)
    _write_configuration(cluster, node, folder)
    _wait_until("the node has a network", lambda: output_of("ip", "route", "show", "default") != "")
    processes = {"containerd": _start(folder, "containerd", "--config", str(folder / "containerd.toml"))}
    _wait_until("containerd listens", Path(_SOCKET).exists)
    processes["kubelet"] = _start(folder, "kubelet", *_of_kubelet(cluster, node, folder))
    # The others look up their own node when they start, and give up where there is none.
    _wait_until("the node is registered", lambda: output_of("kubectl", "get", "node", node) != "")
    processes["kube-proxy"] = _start(folder, "kube-proxy", *_of_proxy(cluster, node))
    processes["kube-router"] = _start(folder, "kube-router", *_of_router(cluster, node))
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                sys.exit(f"{name} ended with {process.returncode}: {folder / name}.log")
        time.sleep(1)


def _make_mounts(cluster: Cluster, folder: Path) -> None:
    for name, value in _SYSCTLS.items():
        file = folder / "sysctl" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")
        output_of("mount", "--bind", str(file), f"/proc/sys/{name}")
    output_of("mount", "-t", "tmpfs", "tmpfs", "/run")
    Path("/run/containerd").mkdir()
    (folder / "kubelet").mkdir(exist_ok=True)
    Path(_KUBELET).mkdir()
    output_of("mount", "--bind", str(folder / "kubelet"), _KUBELET)
    # Where a kubelet and CNI plugins keep what must not meet this machine's own, or another node's.
    output_of("mount", "-t", "tmpfs", "tmpfs", "/var/lib")
    (folder / "log").mkdir(exist_ok=True)
    output_of("mount", "--bind", str(folder / "log"), "/var/log")
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver {CONTROL}\noptions timeout:1\n")
    output_of("mount", "--bind", str(resolver), "/etc/resolv.conf")
    output_of("mount", "--make-rshared", "/")
    # The kubelet gives volumes to pods by mounts, which those of the pods must see.
    cluster.path("volumes").mkdir(exist_ok=True)


def _write_configuration(cluster: Cluster, node: str, folder: Path) -> None:
    plugins = folder / "cni"
    plugins.mkdir(exist_ok=True)
    (plugins / "10-pods.conflist").write_text(json.dumps(_network(node)))
    (folder / "containerd.toml").write_text(_containerd(folder))
    (folder / "kubelet.json").write_text(json.dumps(_kubelet(cluster, node)))


def _network(node: str) -> dict[str, object]:
    addresses = {
        "type": "host-local",
        "dataDir": "/run/cni",
        "ranges": [[{"subnet": pods_of(node)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": addresses,
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, portmap]}


def _containerd(folder: Path) -> str:
    runtime = 'plugins."io.containerd.cri.v1.runtime"'
    return f"""\
version = 3
root = "{folder}/containerd"
state = "/run/containerd"
[grpc]
  address = "{_SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "{PAUSE}"
[{runtime}]
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  restrict_oom_score_adj = true
  [{runtime}.cni]
    bin_dirs = ["{_CNI_PLUGINS}"]
    conf_dir = "{folder}/cni"
  [{runtime}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [{runtime}.containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def _kubelet(cluster: Cluster, node: str) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cluster.name}-{node}",
        "failSwapOn": False,
        # A machine that is a container itself may not set everything that a kubelet wants to.
        "featureGates": {"KubeletInUserNamespace": True},
        "clusterDNS": [CONTROL],
        "clusterDomain": DOMAIN,
        "resolvConf": "/etc/resolv.conf",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(cluster.path("pki", "ca.crt"))},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{_SOCKET}",
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "volumePluginDir": str(cluster.path("nodes", node, "plugins")),
    }


def _of_kubelet(cluster: Cluster, node: str, folder: Path) -> list[str]:
    return [
        f"--config={folder / 'kubelet.json'}",
        f"--kubeconfig={cluster.kubeconfig(node)}",
        f"--root-dir={_KUBELET}",
        f"--cert-dir={folder / 'kubelet-pki'}",
        f"--hostname-override={node}",
        f"--node-ip={address_of(node)}",
        f"--node-labels=topology.kubernetes.io/zone=z{node[1:]}",
    ]


def _of_proxy(cluster: Cluster, node: str) -> list[str]:
    return [
        f"--kubeconfig={cluster.kubeconfig('proxy')}",
        f"--hostname-override={node}",
        "--proxy-mode=iptables",
        f"--cluster-cidr={PODS}",
        # These belong to the whole machine.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
    ]


def _of_router(cluster: Cluster, node: str) -> list[str]:
    """Return what has kube-router enforce network policies, and nothing else that it can do."""
    return [
        "--run-router=false",
        "--run-firewall=true",
        "--run-service-proxy=false",
        f"--kubeconfig={cluster.kubeconfig('admin')}",
        f"--hostname-override={node}",
        f"--service-cluster-ip-range={SERVICES}",
    ]


def _start(folder: Path, name: str, *words: str) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen([name, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _wait_until(what: str, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LIMIT
    while time.monotonic() < deadline:
        with suppress(CommandError):
            if is_so():
                return
        time.sleep(_PAUSE)
    sys.exit(f"{what}: not after {_LIMIT:g} s")


if __name__ == "__main__":
    main()
