"""The alert rules: Prometheus reads them, each fires where it should, and what they are about is what is told."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.commands import ROOT

RULES = ROOT / "docker" / "monitoring" / "rules.yaml"
CASES = ROOT / "tests" / "data" / "monitoring" / "rules.test.yaml"


def alerts() -> dict[str, str]:
    """Return the expression of each alert."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


@pytest.mark.parametrize("arguments", [("check", "rules", str(RULES)), ("test", "rules", str(CASES))], ids=" ".join)
def test_prometheus_takes_the_rules(arguments: tuple[str, ...]) -> None:
    """And with made-up samples each fires, and none where all is well."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool, for example: apt-get install prometheus")
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)

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
    sources = "".join(
        (ROOT / path).read_text() for path in ("zkboot/serve.py", "kafkaboot/serve.py", "kafkaboot/probes/metrics.py")
    )
    leader = (ROOT / "tests" / "data" / "zookeeper" / "3.9.5-leader.mntr").read_text()
    names = re.findall(r"\b(?:zkboot|kafkaboot|zk)_\w+", alerts()[alert])

    assert names
    for name in names:
        ours = f'"{name}"' in sources or f'"{name.removeprefix("kafkaboot_")}"' in sources
        assert ours or f"{name}\t" in leader, name
