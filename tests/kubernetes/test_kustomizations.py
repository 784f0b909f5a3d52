"""The folders of the manifests as kustomizations: what an overlay changes is all that it takes."""

import re
from pathlib import Path

import pytest
import yaml

from tests.kubernetes.kubectl import Json, Kubectl
from tests.kubernetes.servers import KAFKA, KRAFT, ZOOKEEPER, Product
from tests.pages import block

pytestmark = pytest.mark.usefixtures("cluster")

each = pytest.mark.parametrize("product", [ZOOKEEPER, KAFKA, KRAFT], ids=lambda product: product.manifest.stem)


def built(folder: Path) -> dict[tuple[str, str], Json]:
    """Return what kubectl makes of a folder: kind and name → object."""
    objects = yaml.safe_load_all(Kubectl().run("kustomize", folder, "--load-restrictor=LoadRestrictionsRootOnly"))
    return {(each["kind"], each["metadata"]["name"]): each for each in objects}


@pytest.mark.short
@each
def test_a_folder_is_its_manifest(product: Product) -> None:
    """`kubectl apply -k` and `-f` make the same objects: what both files say, they say alike."""
    manifest = {(each["kind"], each["metadata"]["name"]): each for each in product.documents()}

    assert built(product.manifest.parent) == manifest


@pytest.mark.short
@each
def test_the_readmes_overlay(product: Product, tmp_path: Path) -> None:
    """Namespace, image, replicas and storage are what it asks for, and nothing else differs."""
    resources = f"resources: [{_path_to(product.manifest.parent, tmp_path)}]"
    text = re.sub(r"^resources: .*$", resources, block("overlay").text, flags=re.MULTILINE)
    text = text.replace("zk-kafka-boot/zookeeper", f"zk-kafka-boot/{product.name}")
    text = text.replace("name: zk,", f"name: {product.statefulset},").replace(
        "name: zk}", f"name: {product.statefulset}}}"
    )
    (tmp_path / "kustomization.yaml").write_text(text.replace("count: 3", "count: 5"), encoding="utf-8")
    objects = built(tmp_path)
    plain = built(product.manifest.parent)
    statefulset = plain["StatefulSet", product.statefulset]["spec"]
    pod = statefulset["template"]["spec"]
    for each in plain.values():
        each["metadata"]["namespace"] = "data"
    for container in (*pod.get("initContainers", []), *pod["containers"]):
        container["image"] = "registry.example/zookeeper:3.9.4"
    statefulset["replicas"] = 5
    statefulset["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = "100Gi"

    assert objects == plain


@pytest.mark.short
@each
def test_the_folder_with_tls(product: Product) -> None:
    """No plain port is left for clients, and the certificate is for the pods, which mount it."""
    objects = built(product.manifest.parents[1] / "tls" / product.manifest.parent.name)
    statefulset = objects["StatefulSet", product.statefulset]["spec"]
    certificate = objects["Certificate", f"{product.statefulset}-tls"]["spec"]
    pod = statefulset["template"]["spec"]
    variables = {entry["name"] for entry in pod["containers"][0]["env"]}
    services = [spec["spec"] for (kind, _), spec in objects.items() if kind == "Service"]
    rules = objects["NetworkPolicy", product.statefulset]["spec"]["ingress"]
    ports = {port["port"] for spec in (*services, *rules) for port in spec["ports"]}

    assert certificate["dnsNames"][0] == f"*.{statefulset['serviceName']}.default.svc.cluster.local"
    assert certificate["secretName"] in {volume.get("secret", {}).get("secretName") for volume in pod["volumes"]}
    assert variables & {"ZK_TLS_DIR", "KF_TLS_DIR"}
    assert (ports & {2181, 9092}, bool(ports & {2281, 9094})) == (set(), True)


def _path_to(folder: Path, start: Path) -> Path:
    """Return the way from one folder to another: kustomizations take no absolute one."""
    return Path(*[".."] * len(start.resolve().parts[1:]), *folder.resolve().parts[1:])
