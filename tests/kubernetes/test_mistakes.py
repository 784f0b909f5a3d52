"""Mistakes in a manifest: what the API server refuses at once, and what does not come up.

One question each, `refusal` and `fault`, that the manifests as they are answer with nothing.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

from tests.kubernetes.addresses import HELD, seconds_refused
from tests.kubernetes.kubectl import Json, Kubectl, KubectlError
from tests.kubernetes.load import client_pod, start_pod
from tests.kubernetes.namespaces import own_namespace
from tests.kubernetes.servers import KAFKA, KRAFT, ZOOKEEPER, Product, Servers
from tests.kubernetes.stands import text_of

SERVED = """
import socket
for host in ("zookeeper", "zk-0", "zk-1", "zk-2", "zk-0.zk-svc", "zk-1.zk-svc", "zk-2.zk-svc"):
    with socket.create_connection((host, 2181), 5) as connection:
        connection.sendall(b"srvr")
        assert b"Mode: " in connection.recv(4096), host
"""
"""What a client of ZooKeeper does: it fails where one server, or the Service, does not serve it."""

LONGER = 1.5
"""How many times as long as the manifest as it is takes a mistake is given."""

SETTLED = 60.0
"""Seconds in which its reason must be seen then."""

LOOKS = 2
"""After so long each: a pod may be late, or a policy for the client that the first look makes, and that is no fault."""


def statefulset(objects: Sequence[Json]) -> Json:
    """Return the spec of the StatefulSet."""
    return spec_of(objects, "StatefulSet")


def spec_of(objects: Sequence[Json], kind: str) -> Json:
    """Return the spec of the first object of a kind."""
    found: Json = next(each["spec"] for each in objects if each["kind"] == kind)
    return found


def pod_of(objects: Sequence[Json]) -> Json:
    """Return the spec of the pods."""
    found: Json = statefulset(objects)["template"]["spec"]
    return found


def container_of(objects: Sequence[Json]) -> Json:
    """Return the server's container."""
    found: Json = pod_of(objects)["containers"][0]
    return found


def sidecar_of(objects: Sequence[Json]) -> Json:
    """Return the container that answers over HTTP."""
    found: Json = pod_of(objects)["initContainers"][0]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One edit of a manifest, and what somebody must be told of it."""

    name: str
    make: Callable[[list[Json]], object]
    told: str
    """What the words are searched for."""

    def made(self, product: Product) -> str:
        """Return the manifest with it."""
        objects = product.documents()
        self.make(objects)
        assert objects != product.documents()
        return text_of(objects)


REFUSED = (
    Mistake(
        name="a misspelt field",
        make=lambda d: container_of(d).update(readinesProbe=container_of(d).pop("readinessProbe")),
        told='unknown field "spec.template.spec.containers[0].readinesProbe"',
    ),
    Mistake(
        name="the tutorial's version",
        make=lambda d: d[-1].update(apiVersion="apps/v1beta1"),
        told='no matches for kind "StatefulSet" in version "apps/v1beta1"',
    ),
    Mistake(
        name="a variable twice",
        make=lambda d: container_of(d)["env"].append({"name": "POD_NAME", "value": "zk-7"}),
        told='hides previous definition of "POD_NAME"',
    ),
    Mistake(
        name="a number for a text",
        make=lambda d: container_of(d)["env"].append({"name": "A", "value": 3}),
        told="cannot unmarshal number",
    ),
    Mistake(
        name="another selector",
        make=lambda d: statefulset(d)["selector"]["matchLabels"].update(app="other"),
        told="`selector` does not match template `labels`",
    ),
    Mistake(
        name="a volume that is not there",
        make=lambda d: pod_of(d)["volumes"].pop(),
        told='volumeMounts[2].name: Not found: "tmp"',
    ),
    Mistake(
        name="no claim for the data",
        make=lambda d: statefulset(d).pop("volumeClaimTemplates"),
        told='volumeMounts[0].name: Not found: "data"',
    ),
    Mistake(
        name="both kinds of budget",
        make=lambda d: spec_of(d, "PodDisruptionBudget").update(minAvailable=2),
        told="minAvailable and maxUnavailable cannot be both set",
    ),
    Mistake(
        name="more requested than allowed",
        make=lambda d: container_of(d)["resources"]["limits"].update(memory="512Mi"),
        told="must be less than or equal to memory limit",
    ),
    Mistake(
        name="a protocol that is none",
        make=lambda d: spec_of(d, "NetworkPolicy")["ingress"][0]["ports"][0].update(protocol="TPC"),
        told='Unsupported value: "TPC"',
    ),
    Mistake(
        name="root",
        make=lambda d: pod_of(d)["securityContext"].update(runAsUser=0),
        told="runAsUser=0",
    ),
    Mistake(
        name="perhaps root",
        make=lambda d: pod_of(d)["securityContext"].pop("runAsNonRoot"),
        told="runAsNonRoot != true",
    ),
    Mistake(
        name="escalation",
        make=lambda d: container_of(d)["securityContext"].pop("allowPrivilegeEscalation"),
        told="allowPrivilegeEscalation != false",
    ),
    Mistake(
        name="no seccomp profile",
        make=lambda d: pod_of(d)["securityContext"].pop("seccompProfile"),
        told="seccompProfile",
    ),
    Mistake(
        name="capabilities",
        make=lambda d: container_of(d)["securityContext"].pop("capabilities"),
        told="unrestricted capabilities",
    ),
    Mistake(
        name="a folder of the node",
        make=lambda d: pod_of(d)["volumes"][0].update(emptyDir=None, hostPath={"path": "/tmp"}),
        told="restricted volume types",
    ),
)


def refusal(kubectl: Kubectl, manifest: str) -> str:
    """Return why the API server does not take a manifest without a word, nothing where it does; nothing is made."""
    words = ("--dry-run=server", "--validate=strict", "--warnings-as-errors", "--filename=-")
    done = kubectl.call("apply", *words, stdin=manifest)
    return done.stderr if done.status else ""


@pytest.fixture(scope="module")
def strict(cluster: str) -> Iterator[Kubectl]:  # noqa: ARG001
    """A namespace in which Pod Security warns of templates, too, not only of pods."""
    with own_namespace("refused") as kubectl:
        kubectl.run("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/warn=restricted")
        yield kubectl


@pytest.mark.short
@pytest.mark.parametrize("product", [ZOOKEEPER, KAFKA, KRAFT], ids=lambda product: product.manifest.name)
def test_a_mistake_is_refused_at_once(strict: Kubectl, product: Product) -> None:
    """By the server, with the reason; the manifest as it is is not."""
    assert refusal(strict, text_of(product.documents())) == ""
    for mistake in REFUSED:
        # Kafka's have another volume last but one.
        told = re.sub(r"volumeMounts\[\d\]", "volumeMounts", refusal(strict, mistake.made(product)))
        assert re.sub(r"volumeMounts\[\d\]", "volumeMounts", mistake.told) in told, mistake.name


def _service(objects: list[Json], *, headless: bool) -> Json:
    services = [each["spec"] for each in objects if each["kind"] == "Service"]
    found: Json = next(each for each in services if (each.get("clusterIP") == "None") is headless)
    return found


def _without_key(objects: list[Json]) -> None:
    (found,) = (each for each in objects if each["kind"] == "ConfigMap")
    del found["data"]["tick"]


def _say_alike(objects: list[Json], name: str, value: str) -> None:
    for container in (container_of(objects), sidecar_of(objects)):
        _say(container, name, value)


def _say(container: Json, name: str, value: str) -> None:
    (found,) = (each for each in container["env"] if each["name"] == name)
    found["value"] = value


NEVER_UP = (
    Mistake(
        name="OrderedReady",
        make=lambda d: statefulset(d).update(podManagementPolicy="OrderedReady"),
        told=r"1 of 3 pods.*zk-0 is not ready",
    ),
    Mistake(
        name="a probe of another port",
        make=lambda d: container_of(d)["readinessProbe"]["httpGet"].update(port=8080),
        told=r"zk-2 is not ready.*:8080/readyz",
    ),
    Mistake(
        name="a probe of another path",
        make=lambda d: container_of(d)["readinessProbe"]["httpGet"].update(path="/ready"),
        told=r"zk-2 is not ready.*statuscode: 404",
    ),
    Mistake(
        name="a sidecar that asks another port",
        make=lambda d: _say(sidecar_of(d), "ZK_CLIENT_PORT", "2182"),
        told=r"zk-2 is not ready.*/readyz: 127\.0\.0\.1:2182: connection refused",
    ),
    Mistake(
        name="names of ready pods only",
        make=lambda d: _service(d, headless=True).pop("publishNotReadyAddresses"),
        told=r"zk-0 is not ready.*zk-1 is not ready.*zk-2 is not ready",
    ),
    Mistake(
        name="a missing key",
        make=_without_key,
        told=r"zk-0 is not ready.*couldn't find key tick in ConfigMap",
    ),
    Mistake(
        name="no room for logs on a read-only root",
        make=lambda d: [mounts.pop(1) for mounts in [container_of(d)["volumeMounts"]]],
        told=r"zk-0 is not ready.*/var/log/zookeeper",
    ),
    Mistake(
        name="a command that is not there",
        make=lambda d: container_of(d).update(command=["zkbot", "run"]),
        told=r"zk-0 is not ready.*zkbot",
    ),
    Mistake(
        name="a server's own Service that leads elsewhere",
        make=lambda d: next(each["spec"] for each in d if each["metadata"]["name"] == "zk-1").update(
            selector={"statefulset.kubernetes.io/pod-name": "zk-9"}
        ),
        told=r"a client is not served",
    ),
    Mistake(
        name="a port that differs from the Services'",
        make=lambda d: _say_alike(d, "ZK_CLIENT_PORT", "2182"),
        told=r"a client is not served",
    ),
)

CUT_OFF = (
    Mistake(
        name="a policy that lacks a port of the servers",
        make=lambda d: spec_of(d, "NetworkPolicy")["ingress"][1]["ports"].pop(),
        told=r"zk-0 is not ready.*zk-1 is not ready.*zk-2 is not ready",
    ),
    Mistake(
        name="a policy for other clients",
        make=lambda d: spec_of(d, "NetworkPolicy")["ingress"][0]["from"][0]["podSelector"].update(
            matchLabels={"zoo-client": "true"}
        ),
        told=r"a client is not served",
    ),
)


def fault(kubectl: Kubectl) -> str:
    """Return what is wrong with the servers of a namespace in one line, nothing where all serve a client."""
    replicas = int(kubectl.get("statefulset", ZOOKEEPER.statefulset)["spec"]["replicas"])
    pods = Servers(kubectl, ZOOKEEPER).pods()
    words = [f"{len(pods)} of {replicas} pods"] * (len(pods) != replicas)
    words += [f"{pod.name} is not ready" for pod in pods if not pod.is_ready]
    if words:
        words += sorted({event["message"] for event in kubectl.events() if event["type"] == "Warning"})
        for pod in pods:
            shown = kubectl.call("logs", pod.name, "--all-containers", "--ignore-errors", "--tail=3")
            words.append(shown.stdout)
    elif not _serve_a_client(kubectl):
        words.append("a client is not served")
    return " ".join(" ".join(words).split())


def _serve_a_client(kubectl: Kubectl) -> bool:
    if kubectl.call("get", "pod", "client").status:
        labels = {ZOOKEEPER.client_label: "true"}
        start_pod(kubectl, client_pod("client", ZOOKEEPER.image(), labels, apart_from=ZOOKEEPER.statefulset))
    return kubectl.exec("client", "python3", "-c", SERVED).status == 0


def frugal(objects: list[Json]) -> None:
    """Have small pods: none of them does much."""
    container_of(objects)["resources"]["requests"].update(cpu="10m", memory="64Mi")


@contextmanager
def _applied(name: str, manifest: list[Json]) -> Iterator[Kubectl]:
    """Have a manifest applied to a namespace of its own."""
    frugal(manifest)
    with own_namespace(name) as kubectl:
        kubectl.apply(text_of(manifest))
        yield kubectl


def look(mistakes: Sequence[Mistake], report: list[str]) -> None:
    """Have the manifest as it is come up, then each mistake by itself, looked at alike after longer, and again."""
    with _applied("good", ZOOKEEPER.documents()) as kubectl:
        took = kubectl.wait_until(lambda: fault(kubectl) == "", "the manifest as it is")
    report.append(f"as it is: up after {took:.0f} s")
    for number, mistake in enumerate(mistakes):
        objects = ZOOKEEPER.documents()
        mistake.make(objects)
        assert objects != ZOOKEEPER.documents()
        with _applied(f"broken-{number}", objects) as kubectl:
            for _ in range(LOOKS):
                time.sleep(took * LONGER)
                found = _fault_of(kubectl, mistake)
                assert re.search(mistake.told, found), f"{mistake.name}: {found}"
        report.append(f"{mistake.name}: {found[:160]}")


def _fault_of(kubectl: Kubectl, mistake: Mistake) -> str:
    """Return what is wrong now; a server's own last words come and go with its restarts."""
    found = ""

    def is_told() -> bool:
        nonlocal found
        found = fault(kubectl)
        return found == "" or re.search(mistake.told, found) is not None

    with suppress(KubectlError, TimeoutError):
        kubectl.wait_until(is_told, mistake.name, SETTLED)
    return found


def test_a_mistake_does_not_come_up(cluster: str, report: list[str]) -> None:  # noqa: ARG001
    """In longer than the manifest as it is takes; one after the other, for each is an ensemble."""
    look(NEVER_UP, report)


def test_without_its_sidecars_hook_an_address_goes_silent(cluster: str, report: list[str]) -> None:  # noqa: ARG001
    """What is asked of the manifest as it is in test_zookeeper.py tells whether the sidecar stays."""
    objects = ZOOKEEPER.documents()
    del sidecar_of(objects)["lifecycle"]
    with _applied("no-hook", objects) as kubectl:
        servers = Servers(kubectl, ZOOKEEPER)
        servers.rollout()
        measured = seconds_refused(servers, until=lambda seconds: seconds < HELD)
    report.append(f"seconds for which an address refused: {measured}")

    assert min(measured) < HELD


@pytest.mark.usefixtures("policies")
def test_a_mistake_in_the_policy_does_not_come_up(report: list[str]) -> None:
    """Likewise, where policies are enforced."""
    look(CUT_OFF, report)
