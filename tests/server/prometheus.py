"""A Prometheus of a test's own: scrapes sidecars on this machine, and judges the alert rules in seconds."""

import copy
import http.client
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from tests.commands import ROOT
from tests.server.ports import LOOPBACK, free_port
from tests.server.processes import ServerProcess, start, wait_until

RULES = ROOT / "docker" / "monitoring" / "rules.yaml"

INTERVAL = 5
"""Seconds between two scrapes, and for one: longer than a sidecar waits for its server, as Prometheus' own 10 s are."""

HELD = "2s"
"""For how long what a rule is about must last here, in place of the minutes that it says."""

START_LIMIT = 300.0
"""Seconds until it answers, and for a change to get through, on a busy machine; no figure."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """One that runs."""

    process: ServerProcess
    port: int

    def ask(self, path: str, **parameters: object) -> Any:
        """Return the data of an answer of its API; AssertionError with its reason where it refuses."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=START_LIMIT)
        try:
            connection.request("GET", f"/api/v1/{path}?{urlencode(parameters)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert answer["status"] == "success", answer
        return answer["data"]

    def values(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Return labels and value of each series that an expression has now."""
        found = self.ask("query", query=expression)["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def firing(self) -> set[str]:
        """Return the alerts that fire now, by their names."""
        return {each["labels"]["alertname"] for each in self.ask("alerts")["alerts"] if each["state"] == "firing"}

    def wait_until_up(self, targets: int) -> None:
        """Return once it has reached so many."""
        wait_until(
            lambda: [value for _, value in self.values("up")] == [1.0] * targets,
            f"{targets} targets",
            timeout=START_LIMIT,
            processes=[self.process],
        )

    def wait_until_told(self, expression: str) -> None:
        """Return once an expression has a value."""
        wait_until(lambda: bool(self.values(expression)), expression, timeout=START_LIMIT, processes=[self.process])

    def wait_until_firing(self, *alerts: str) -> None:
        """Return once all these fire."""
        wait_until(
            lambda: set(alerts) <= self.firing(), f"{alerts} fire", timeout=START_LIMIT, processes=[self.process]
        )

    def wait_until_still(self) -> None:
        """Return once no alert fires, nor is about to."""
        wait_until(lambda: not self.ask("alerts")["alerts"], "no alert", timeout=START_LIMIT, processes=[self.process])


def hastened(rules: Json) -> Json:
    """Return the rules as they are, but for how long what they are about must last."""
    made = copy.deepcopy(rules)
    for group in made["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = HELD
    return made


@contextmanager
def scraping(folder: Path, jobs: Mapping[str, Mapping[str, int]]) -> Iterator[Prometheus]:
    """Run one that scrapes ports of this machine: job → pod's name → port. Skips the test where it is not installed."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("needs Prometheus, for example: apt-get install prometheus")
    folder.mkdir(parents=True)
    rules, config = folder / "rules.yaml", folder / "prometheus.yaml"
    rules.write_text(yaml.safe_dump(hastened(yaml.safe_load(RULES.read_text("utf-8")))), "utf-8")
    config.write_text(yaml.safe_dump(_config(rules, jobs)), "utf-8")
    port = free_port()
    command = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--log.level=warn",
    ]
    with start("prometheus", command, environ={}, log=folder / "log", folder=folder) as process:
        made = Prometheus(process=process, port=port)
        wait_until(lambda: _answers(made), "Prometheus", timeout=START_LIMIT, processes=[process])
        yield made


def _config(rules: Path, jobs: Mapping[str, Mapping[str, int]]) -> Json:
    return {
        "global": {
            "scrape_interval": f"{INTERVAL}s",
            "scrape_timeout": f"{INTERVAL}s",
            "evaluation_interval": "1s",
        },
        "rule_files": [str(rules)],
        "scrape_configs": [
            {
                "job_name": job,
                "static_configs": [
                    {"targets": [f"{LOOPBACK}:{port}"], "labels": {"instance": pod}} for pod, port in ports.items()
                ],
            }
            for job, ports in jobs.items()
        ],
    }


def _answers(prometheus: Prometheus) -> bool:
    try:
        prometheus.ask("status/buildinfo")
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return True
