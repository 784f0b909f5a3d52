"""Every object of every manifest is what Kubernetes' own schemas allow, with no field that they do not know."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.docker.manifests import PATHS, Document, container, load, of_kind, pod_spec, statefulset
from tests.unit.docker.schemas import ERRORS, VERSIONS, validate, validate_all


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_object_is_valid(path: Path, version: str) -> None:
    """Strictly: a misspelt field is refused."""
    documents = load(path)
    assert documents
    for document in documents:
        validate(document, version)


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(lambda d: of_kind(d, "StatefulSet")[0].update(apiVersion="apps/v1beta1"), id="apps/v1beta1"),
        pytest.param(
            lambda d: of_kind(d, "PodDisruptionBudget")[0].update(apiVersion="policy/v1beta1"), id="policy/v1beta1"
        ),
        pytest.param(lambda d: statefulset(d).pop("selector"), id="no selector"),
        pytest.param(lambda d: statefulset(d).update(replicas="three"), id="replicas in words"),
        pytest.param(lambda d: pod_spec(d).update(serviceAcountName="x"), id="misspelt field of the pod"),
        pytest.param(lambda d: container(d)["readinessProbe"].update(timeoutSecond=4), id="misspelt field of a probe"),
        pytest.param(lambda d: container(d)["ports"][0].update(containerPort="http"), id="a port in words"),
        pytest.param(lambda d: container(d)["env"][0].update(value=1), id="a number as a variable"),
        pytest.param(lambda d: of_kind(d, "Service")[0]["spec"].update(port=2181), id="misspelt ports"),
        pytest.param(lambda d: of_kind(d, "NetworkPolicy")[0]["spec"].update(ingres=[]), id="misspelt ingress"),
    ],
)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_mistakes_are_refused(path: Path, mistake: Callable[[list[Document]], object]) -> None:
    """Each of them, by the newest schemas."""
    documents = load(path)
    mistake(documents)
    with pytest.raises(ERRORS):
        validate_all(documents)
