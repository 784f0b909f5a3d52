"""Options of the whole suite, and its rule on skips: loud and counted everywhere, forbidden in CI."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

IN_CI = os.environ.get("CI") == "true"

# How long an example takes is a matter of the machine, which may be busy. A change is judged by the same examples each
# time; a developer's runs look for new ones.
settings.register_profile("any machine", deadline=None, derandomize=IN_CI, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

MARKS = {"image": pytest.mark.image, "fresh": pytest.mark.image, "kubernetes": pytest.mark.kubernetes}
"""The mark that every test of a folder has."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the folders that need more than Python."""
    here = Path(__file__).parent
    for item in items:
        if mark := MARKS.get(item.path.relative_to(here).parts[0]):
            item.add_marker(mark)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update-golden``."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files with what is written now")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files shall be rewritten."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def report(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Lines that are printed whatever comes of the test: its figures."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        for line in lines:
            print(f"\n    {request.node.name}: {line}", end="")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the skipped tests in one line nobody can miss."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        reasons = {str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report) for report in skipped}
        line = f"!! {len(skipped)} tests SKIPPED: {'; '.join(sorted(reasons))}"
        terminalreporter.write_line(line, red=True, bold=True)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail a run in CI that skipped anything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and reporter is not None and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield
