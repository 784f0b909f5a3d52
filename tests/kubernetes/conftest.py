"""The cluster is the one that KUBECONFIG names. Where it names none these tests are skipped, and the suite says so."""

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.kubernetes.kubectl import Kubectl, KubectlError
from tests.kubernetes.namespaces import own_namespace, reports


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.kubernetes)


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
        pytest.skip("no kubectl on PATH")
    try:
        return Kubectl().run("version").split()[-1]
    except KubectlError as error:
        pytest.skip(f"no cluster answers: {error}")


@pytest.fixture
def namespace(cluster: str, request: pytest.FixtureRequest) -> Iterator[Kubectl]:  # noqa: ARG001
    """A namespace of this test's own that enforces the restricted standard."""
    with own_namespace(request.node.originalname.removeprefix("test_").replace("_", "-")[:30].strip("-")) as made:
        yield made


@pytest.fixture
def report(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Lines that are printed whatever comes of the test: its figures."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        for line in lines:
            print(f"\n    {request.node.name}: {line}", end="")
