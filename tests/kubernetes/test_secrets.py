"""What a Secret holds is seen nowhere: not in a log, not in an event, not by `kubectl describe`."""

import json
import re

import pytest

from tests.kubernetes.kubectl import Json, Kubectl
from tests.kubernetes.servers import KRAFT, ZOOKEEPER, Product, Servers
from tests.kubernetes.stands import prepare, text_of

WORD = "hunter2-of-the-secret"
GOOD = f"{WORD}-good"
NAME = "passwords"
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": NAME},
    "stringData": {"good": GOOD, "bad": f"{WORD}-bad\nsecond line"},
}

DESCRIBED = (
    "pods,statefulsets,controllerrevisions,services,endpointslices,configmaps,secrets,"
    "persistentvolumeclaims,poddisruptionbudgets,networkpolicies"
)

FILES = {"zookeeper": "/var/lib/zookeeper/conf/zoo.cfg", "kafka": "/etc/kafka/server.properties"}
"""Where each product's server has its passwords."""

LOG_LIMIT = 120.0
"""Seconds in which the log of a container that has just ended is there."""


@pytest.mark.parametrize(
    ("product", "variables", "refused"),
    [
        pytest.param(
            ZOOKEEPER, ("ZK_SUPER_PASSWORD", "ZK_CFG_ssl_trustStore_password"), "ZK_SUPER_PASSWORD", id="zookeeper"
        ),
        pytest.param(
            KRAFT,
            ("KAFKA_SSL_TRUSTSTORE_PASSWORD", "KAFKA_SSL_KEY_PASSWORD"),
            "KAFKA_SSL_KEY_PASSWORD",
            id="kafka-kraft",
        ),
    ],
)
def test_secrets_are_shown_nowhere(
    namespace: Kubectl, product: Product, variables: tuple[str, ...], refused: str
) -> None:
    """Neither while all is well, and each server has them, nor where one of them is refused."""
    servers = Servers(namespace, product)
    prepare(namespace, product)
    namespace.create(json.dumps(SECRET))
    namespace.apply(_with_secrets(product, variables))
    servers.rollout()
    for pod in servers.pods():
        assert namespace.exec(pod.name, "printenv", *variables).output.splitlines() == [GOOD] * len(variables)
        assert GOOD in namespace.exec(pod.name, "cat", FILES[product.name]).output
    shown = _shown(namespace)
    patch = [{"name": refused, "valueFrom": {"secretKeyRef": {"name": NAME, "key": "bad"}}}]
    template = {"template": {"spec": {"containers": [{"name": product.name, "env": patch}]}}}
    namespace.run("patch", "statefulset", product.statefulset, f"--patch={json.dumps({'spec': template})}")
    last = servers.pods()[-1].name
    namespace.wait_until(lambda: refused in namespace.words_of(last), f"{last} is refused")
    namespace.wait_until(lambda: servers.pods()[-1].restarts >= 2, f"{last} is refused again")
    shown += _shown(namespace)

    # The places that are looked at are those in which they would be.
    assert f"<set to the key 'good' in secret '{NAME}'>" in shown
    assert refused in _logs(namespace, last)
    assert re.findall(f".*{WORD}.*", shown) == []
    assert "second line" not in shown


def _with_secrets(product: Product, variables: tuple[str, ...]) -> str:
    documents = product.documents()
    (statefulset,) = (each for each in documents if each["kind"] == "StatefulSet")
    environ: list[Json] = statefulset["spec"]["template"]["spec"]["containers"][0]["env"]
    value = {"valueFrom": {"secretKeyRef": {"name": NAME, "key": "good"}}}
    environ.extend({"name": name, **value} for name in variables)
    return text_of(documents)


def _shown(kubectl: Kubectl) -> str:
    """Return all that somebody without a right to Secrets may read."""
    parts = [json.dumps(kubectl.events()), kubectl.run("describe", DESCRIBED)]
    parts += [_logs(kubectl, pod["metadata"]["name"]) for pod in kubectl.items("pods")]
    return "\n".join(parts)


def _logs(kubectl: Kubectl, pod: str) -> str:
    """Return the log of each container of a pod, and of the one before it where there was one."""
    shown: list[str] = []

    def are_had() -> bool:
        shown.clear()
        status = kubectl.get("pod", pod)["status"]
        for each in (*status.get("initContainerStatuses", []), *status["containerStatuses"]):
            words = ("logs", pod, f"--container={each['name']}")
            shown.append(kubectl.run(*words))
            if each["restartCount"]:
                shown.append(kubectl.run(*words, "--previous"))
        return True

    # While one starts again the log of the one before it may be out of reach.
    kubectl.wait_until(are_had, f"the logs of {pod}", LOG_LIMIT)
    return "\n".join(shown)
