"""The alert rules: Prometheus reads them, each fires where it should, and what they are about is what is told."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.commands import ROOT
from tests.dashboards.panels import JOBS, panels, path_of

RULES = ROOT / "docker" / "monitoring" / "rules.yaml"
CASES = ROOT / "tests" / "data" / "monitoring" / "rules.test.yaml"


def alerts() -> dict[str, str]:
    """Return the expression of each alert."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def promtool() -> str:
    """Return Prometheus' own tool; skips the test where it is not installed."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("needs promtool, for example: apt-get install prometheus")
    return found


@pytest.mark.parametrize("arguments", [("check", "rules", str(RULES)), ("test", "rules", str(CASES))], ids=" ".join)
def test_prometheus_takes_the_rules(arguments: tuple[str, ...]) -> None:
    """And with made-up samples each fires, and none where all is well."""
    done = subprocess.run([promtool(), *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_in_a_case() -> None:
    """One that never does may as well not be there."""
    cases = yaml.safe_load(CASES.read_text())["tests"]
    expected = " ".join(
        sample["labels"]
        for case in cases
        for expression in case["promql_expr_test"]
        for sample in expression["exp_samples"]
    )

    assert set(re.findall(r'alertname="(\w+)"', expected)) == set(alerts())


@pytest.mark.parametrize("alert", alerts())
def test_an_alert_is_about_metrics_that_are_told(alert: str) -> None:
    """Ours are in the code; ZooKeeper's in what a real leader said."""
    assert untold(alerts()[alert]) == []


@pytest.mark.parametrize("dashboard", JOBS)
def test_a_dashboard_is_whole(dashboard: str, tmp_path: Path) -> None:
    """Its panels have an id and a place of their own, and ask in Prometheus' language for what is told."""
    shown = json.loads(path_of(dashboard).read_text())["panels"]
    found = panels(dashboard)
    expressions = [query.expression for panel in found for query in panel.queries]
    squares = [
        (left + column, top + row)
        for left, top, width, height in (panel.place for panel in found)
        for column in range(width)
        for row in range(height)
    ]
    # promtool of that version parses no expression by itself: it does as a rule.
    rules = [{"record": "panel", "expr": expression} for expression in expressions]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": dashboard, "rules": rules}]}))
    done = subprocess.run([promtool(), "check", "rules", file], capture_output=True, text=True, check=False)

    assert len({panel["id"] for panel in shown}) == len(shown)
    assert len(set(squares)) == len(squares)
    assert all(column < 24 for column, _ in squares)
    assert [name for expression in expressions for name in untold(expression)] == []
    assert done.returncode == 0, done.stderr


def untold(expression: str) -> list[str]:
    """Return the metrics in an expression, of which there is one at least, that nobody tells."""
    sources = "".join(
        (ROOT / path).read_text()
        for path in (
            "zkboot/serve.py",
            "zkboot/volume_metrics.py",
            "zkboot/pod/tls/keeper.py",
            "kafkaboot/serve.py",
            "kafkaboot/probes/metrics.py",
            "zkboot/pod/verdicts.py",
        )
    )
    leader = (ROOT / "tests" / "data" / "zookeeper" / "3.9.5-leader.mntr").read_text()
    names = re.findall(r"\b(?:zkboot|kafkaboot|zk)_\w+", expression)
    assert names, expression
    ours = re.compile(r"^(?:zkboot|kafkaboot)_")
    said = {name: re.search(rf'["}}]_?{ours.sub("", name)}"|"{name}"', sources) for name in names}
    return [name for name in names if not said[name] and f"{name}\t" not in leader]
