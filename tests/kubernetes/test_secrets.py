"""What a Secret holds is seen nowhere: not in a log, not in an event, not by `kubectl describe`."""

import json
import re

import pytest

from tests.kubernetes.kubectl import Json, Kubectl
from tests.kubernetes.servers import KRAFT, ZOOKEEPER, Product, Servers
from tests.kubernetes.stands import prepare, text_of

WORD = "hunter2-of-the-secret"
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "passwords"},
    "stringData": {"good": f"{WORD}-good", "bad": f"{WORD}-bad\nsecond line"},
}


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
    """Neither while all is well nor where one of them is refused."""
    servers = Servers(namespace, product)
    prepare(namespace, product)
    namespace.create(json.dumps(SECRET))
    namespace.apply(_with_secrets(product, variables))
    servers.rollout()
    shown = _shown(namespace)
    patch = [{"name": refused, "valueFrom": {"secretKeyRef": {"name": "passwords", "key": "bad"}}}]
    template = {"template": {"spec": {"containers": [{"name": product.name, "env": patch}]}}}
    namespace.run("patch", "statefulset", product.statefulset, f"--patch={json.dumps({'spec': template})}")
    last = servers.pods()[-1].name
    namespace.wait_until(lambda: refused in namespace.words_of(last), f"{last} is refused")
    # While one starts again the log of the one before it may be out of reach.
    namespace.wait_until(lambda: servers.pods()[-1].restarts >= 2, f"{last} is refused again")
    shown += _shown(namespace)

    assert re.findall(f".*{WORD}.*", shown) == []
    assert "second line" not in shown


def _with_secrets(product: Product, variables: tuple[str, ...]) -> str:
    documents = product.documents()
    (statefulset,) = (each for each in documents if each["kind"] == "StatefulSet")
    environ: list[Json] = statefulset["spec"]["template"]["spec"]["containers"][0]["env"]
    value = {"valueFrom": {"secretKeyRef": {"name": "passwords", "key": "good"}}}
    environ.extend({"name": name, **value} for name in variables)
    return text_of(documents)


def _shown(kubectl: Kubectl) -> str:
    """Return all that somebody without a right to Secrets may read."""
    parts = [json.dumps(kubectl.events()), kubectl.run("describe", "pods,statefulsets,configmaps,pvc")]
    parts += [kubectl.words_of(pod["metadata"]["name"]) for pod in kubectl.items("pods")]
    return "\n".join(parts)
