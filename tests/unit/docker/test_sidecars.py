"""The sidecar of each manifest agrees with its server; a mistake that a healthy cluster would not show is noticed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from kafkaboot import serve as kafka_serve
from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.probes.endpoint import Endpoint as Listener
from kafkaboot.values import knobs
from tests.unit.docker.manifests import DOCKER, PATHS, Document, container, environ_of, load, sidecar, statefulset
from zkboot import endpoint, serve
from zkboot.endpoint import Endpoint
from zkboot.pod.environ import EnvReader
from zkboot.pod.web import MARGIN

SCRAPERS = [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}}]
MONITORS = DOCKER / "monitoring" / "podmonitor.yaml"
RESIDENT_MIB = 22
"""What `serve` has at the most, by tests/unit/zkboot/test_serve.py."""

Documents = list[Document]
Check = Callable[[Documents], Iterator[str]]


def is_zookeeper(documents: Documents) -> bool:
    """Tell whose manifest it is."""
    return bool(sidecar(documents)["command"][0] == "zkboot")


def http_port(documents: Documents) -> int:
    """Return where the sidecar answers."""
    env = EnvReader(environ_of(documents, 0, sidecar))
    return env.read(endpoint.HTTP_PORT if is_zookeeper(documents) else knobs.HTTP_PORT)


def doors(documents: Documents) -> Iterator[str]:
    """The port on which it answers is the one that is asked, named and open to Prometheus alone."""
    port = http_port(documents)
    asked = container(documents)["readinessProbe"]["httpGet"]
    targets = {f"/{probe}" for probe in (serve if is_zookeeper(documents) else kafka_serve).PROBES}
    if asked["port"] != port:
        yield f"the kubelet asks {asked['port']}"
    if asked["path"] not in targets or not asked["path"].startswith("/readyz"):
        yield f"the kubelet asks for {asked['path']}"
    if sidecar(documents)["ports"] != [{"name": "http", "containerPort": port}]:
        yield f"its ports are {sidecar(documents)['ports']}"
    (policy,) = (each["spec"] for each in documents if each["kind"] == "NetworkPolicy")
    rules = [rule for rule in policy["ingress"] if port in {one["port"] for one in rule["ports"]}]
    if rules != [{"from": SCRAPERS, "ports": [{"protocol": "TCP", "port": port}]}]:
        yield f"the policy says {rules}"
    annotations = statefulset(documents)["spec"]["template"]["metadata"]["annotations"]
    if annotations.get("prometheus.io/port") != str(port) or annotations.get("prometheus.io/scrape") != "true":
        yield f"the annotations are {annotations}"


def answers(documents: Documents) -> Iterator[str]:
    """It asks the server that the commands in the server's container ask, by an address."""
    own, servers = (environ_of(documents, 2, of) for of in (sidecar, container))
    (host, port), (_, wanted) = (_asked(documents, environ) for environ in (own, servers))
    if (host, port) != ("127.0.0.1", wanted):
        yield f"it asks {host}:{port}"
    yield from (name for name in ("POD_NAME", "KF_CONFIG_FILE", "ZK_CONF_DIR") if own.get(name) != servers.get(name))


def liveness(documents: Documents) -> Iterator[str]:
    """A sidecar that is dead, or wrong, ends no server: only readiness is its business."""
    yield from (f"{kind} asks the sidecar" for kind in ("startup", "liveness") if "exec" not in _probe(documents, kind))
    yield from (f"{kind}Probe of its own" for kind in ("startup", "liveness", "readiness") if _own(documents, kind))
    if sidecar(documents).get("restartPolicy") != "Always":
        yield "it is no sidecar"
    if _probe(documents, "readiness")["timeoutSeconds"] < EnvReader({}).read(endpoint.PROBE_TIMEOUT) + MARGIN:
        yield "the kubelet does not wait for its answer"


def volumes(documents: Documents) -> Iterator[str]:
    """It reads what the server's are, at the same paths, and writes nothing."""
    mounts = {one["mountPath"]: one for one in sidecar(documents).get("volumeMounts", [])}
    servers = {one["mountPath"]: one for one in container(documents)["volumeMounts"]}
    names = ("ZK_CONF_DIR",) if is_zookeeper(documents) else ("KAFKA_LOG_DIRS", "KF_CONFIG_FILE")
    read = [environ_of(documents, 0)[name] for name in names]
    wanted = {mount for mount in servers if any(Path(path).is_relative_to(mount) for path in read)}
    assert len(wanted) == len(read)
    if mounts != {path: {**servers[path], "readOnly": True} for path in wanted}:
        yield f"it mounts {sorted(mounts)}"


def rights(documents: Documents) -> Iterator[str]:
    """Those of the server, in the same image; and room for three times what it needs."""
    own, servers = sidecar(documents), container(documents)
    yield from (key for key in ("image", "imagePullPolicy", "securityContext") if own[key] != servers[key])
    requested, limit = (own["resources"][kind]["memory"] for kind in ("requests", "limits"))
    if int(requested.removesuffix("Mi")) < RESIDENT_MIB or int(limit.removesuffix("Mi")) < 3 * RESIDENT_MIB:
        yield f"{requested} to {limit}"


def monitors(documents: Documents) -> Iterator[str]:
    """A monitor for Prometheus' operator selects the pods, asks the port by its name, and calls pods by theirs."""
    labels = statefulset(documents)["spec"]["template"]["metadata"]["labels"]
    (monitor,) = (each["spec"] for each in load(MONITORS) if each["metadata"]["labels"].items() <= labels.items())
    if not monitor["selector"]["matchLabels"].items() <= labels.items():
        yield f"it selects {monitor['selector']}"
    (asked,) = monitor["podMetricsEndpoints"]
    if asked["port"] not in [one.get("name") for one in sidecar(documents)["ports"]]:
        yield f"it asks {asked['port']}"
    if asked["relabelings"] != [{"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "instance"}]:
        yield f"an instance is {asked['relabelings']}"


CHECKS: tuple[Check, ...] = (doors, answers, liveness, volumes, rights, monitors)


def _asked(documents: Documents, environ: dict[str, str]) -> tuple[str, int]:
    """Return host and port that a container's probes ask."""
    env = EnvReader(environ)
    if is_zookeeper(documents):
        server = Endpoint.from_environ(env)
        return server.host, server.port
    listener = Listener.from_environ(env, BrokerProperties(env))
    return listener.host, listener.port


def _probe(documents: Documents, kind: str) -> Document:
    found: Document = container(documents)[f"{kind}Probe"]
    return found


def _own(documents: Documents, kind: str) -> bool:
    return f"{kind}Probe" in sidecar(documents)


def _policy(documents: Documents) -> list[Document]:
    (found,) = (each["spec"]["ingress"] for each in documents if each["kind"] == "NetworkPolicy")
    return cast("list[Document]", found)


def _annotations(documents: Documents) -> Document:
    found: Document = statefulset(documents)["spec"]["template"]["metadata"]["annotations"]
    return found


def setting(suffix: str, value: str) -> Callable[[Documents], object]:
    """Return the mistake that gives the sidecar's variable with this end another value."""

    def make(documents: Documents) -> None:
        (found,) = (one for one in sidecar(documents)["env"] if one["name"].endswith(suffix))
        found["value"] = value

    return make


OF_EACH: list[tuple[Check, Callable[[Documents], object]]] = [
    (doors, lambda d: _probe(d, "readiness")["httpGet"].update(port=8080)),
    (doors, lambda d: _probe(d, "readiness")["httpGet"].update(port="http")),
    (doors, lambda d: _probe(d, "readiness")["httpGet"].update(path="/livez")),
    (doors, lambda d: _probe(d, "readiness")["httpGet"].update(path="/readyz?insync")),
    (doors, setting("_HTTP_PORT", "8082")),
    (doors, lambda d: _policy(d).pop()),
    (doors, lambda d: _policy(d)[-1].pop("from")),
    (doors, lambda d: sidecar(d)["ports"][0].pop("name")),
    (doors, lambda d: _annotations(d).pop("prometheus.io/scrape")),
    (answers, setting("_PROBE_HOST", "localhost")),
    (answers, lambda d: sidecar(d)["env"].pop(0)),
    (liveness, lambda d: _probe(d, "liveness").update(httpGet=_probe(d, "liveness").pop("exec"))),
    (liveness, lambda d: sidecar(d).update(livenessProbe=_probe(d, "readiness"))),
    (liveness, lambda d: sidecar(d).pop("restartPolicy")),
    (liveness, lambda d: _probe(d, "readiness").update(timeoutSeconds=3)),
    (volumes, lambda d: sidecar(d).update(volumeMounts=container(d)["volumeMounts"][:1])),
    (monitors, lambda d: sidecar(d)["ports"][0].update(name="metrics")),
    (rights, lambda d: sidecar(d).update(image="other")),
    (rights, lambda d: sidecar(d)["securityContext"].pop("readOnlyRootFilesystem")),
    (rights, lambda d: sidecar(d)["resources"]["limits"].update(memory="32Mi")),
]
OF_ONE: list[tuple[str, Check, Callable[[Documents], object]]] = [
    ("zookeeper", answers, setting("_CLIENT_PORT", "2182")),
    ("zookeeper", answers, setting("_CONF_DIR", "/opt/zookeeper/conf")),
    ("kafka", answers, setting("_CONFIG_FILE", "/opt/kafka/config/server.properties")),
    ("kafka", volumes, lambda d: sidecar(d)["volumeMounts"].pop(0)),
    ("kafka-kraft", volumes, lambda d: sidecar(d)["volumeMounts"].pop(1)),
    ("kafka-kraft", volumes, lambda d: sidecar(d)["volumeMounts"][0].pop("readOnly")),
]
MISTAKES = [*((path.stem, *mistake) for path in PATHS for mistake in OF_EACH), *OF_ONE]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sidecar_agrees_with_its_server(path: Path, check: Check) -> None:
    """And with the kubelet's probes, the policy, and what `serve` answers."""
    assert list(check(load(path))) == []


@pytest.mark.parametrize(
    ("name", "check", "mistake"), MISTAKES, ids=[f"{name}-{check.__name__}" for name, check, _ in MISTAKES]
)
def test_each_mistake_is_caught(name: str, check: Check, mistake: Callable[[Documents], object]) -> None:
    """By the check that is for it."""
    (path,) = (path for path in PATHS if path.stem == name)
    documents = load(path)
    mistake(documents)

    assert documents != load(path)
    assert list(check(documents))
