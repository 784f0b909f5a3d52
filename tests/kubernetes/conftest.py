"""The cluster is the one that KUBECONFIG names. Where it names none these tests are skipped, and the suite says so."""

import os
import shutil
from collections.abc import Generator, Iterator

import pytest

from tests.kubernetes.kubectl import Kubectl, KubectlError, server_version
from tests.kubernetes.load import client_pod, start_pod
from tests.kubernetes.local.cluster import LOCAL
from tests.kubernetes.namespaces import own_namespace, reports
from tests.kubernetes.servers import ZOOKEEPER


def pytest_report_header() -> str:
    """Say first of all whose cluster it is that the tests run on."""
    if not os.environ.get("KUBECONFIG") or shutil.which("kubectl") is None:
        return "cluster: none"
    done = Kubectl().call("config", "view", "--minify", "--output=jsonpath={.current-context} at {..server}")
    return f"cluster: {done.output or done.stderr.strip()}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what is in the namespaces that stand."""
    report = yield
    if report.failed:
        report.sections.extend(reports())
    return report


@pytest.fixture(scope="session")
def cluster() -> str:
    """Whose kubectl answers: the version of the server."""
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("no cluster: KUBECONFIG names none; `make kubernetes` makes one")
    if shutil.which("kubectl") is None:
        pytest.fail("KUBECONFIG is set, and there is no kubectl on PATH", pytrace=False)
    try:
        return server_version()
    except KubectlError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def nodes(cluster: str) -> None:  # noqa: ARG001
    """Have nodes that may be drained: those of a cluster made for the tests, or whose owner says so."""
    if not os.environ.get(LOCAL) and os.environ.get("KUBERNETES_DRAIN") != "yes":
        pytest.skip("drains cordon a cluster's nodes for everybody: KUBERNETES_DRAIN=yes allows them")


@pytest.fixture
def namespace(cluster: str, request: pytest.FixtureRequest) -> Iterator[Kubectl]:  # noqa: ARG001
    """A namespace of this test's own that enforces the restricted standard."""
    with own_namespace(request.node.originalname.removeprefix("test_").replace("_", "-")[:30].strip("-")) as made:
        yield made


DENY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody}
spec: {podSelector: {matchLabels: {probe: asked}}, policyTypes: [Ingress]}
"""

_POLICY_LIMIT = 60.0


@pytest.fixture(scope="session")
def policies(cluster: str) -> None:
    """Have a cluster that enforces network policies: a pod that nobody may reach is not reached."""
    image = ZOOKEEPER.image()
    with own_namespace("policies") as kubectl:
        listen = ("python3", "-m", "http.server", "8080")
        start_pod(kubectl, client_pod("asked", image, {"probe": "asked"}, command=listen))
        start_pod(kubectl, client_pod("asker", image, {}))
        address = kubectl.get("pod", "asked")["status"]["podIP"]

        def is_reached() -> bool:
            line = f"import socket; socket.create_connection(('{address}', 8080), 5)"
            return kubectl.exec("asker", "python3", "-c", line).status == 0

        kubectl.wait_until(is_reached, "two pods reach each other")
        kubectl.apply(DENY)
        try:
            kubectl.wait_until(lambda: not is_reached(), "a policy", _POLICY_LIMIT)
        except TimeoutError:
            pytest.skip(f"this cluster ({cluster}) does not enforce network policies")
