"""The panels of a dashboard, with its variables filled in."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.commands import ROOT

FOLDER = ROOT / "docker" / "monitoring"
JOBS = {"zookeeper": "zk", "kafka": "kafka"}
"""Dashboard → the job of its servers in our tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a panel asks, once or more."""

    expression: str
    legend: str

    def name(self, labels: Mapping[str, str]) -> str:
        """Return what the legend calls a series with these labels."""
        return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), self.legend)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One chart."""

    title: str
    unit: str
    place: tuple[int, int, int, int]
    """Left, top, width and height on Grafana's grid."""
    queries: tuple[Query, ...]


def path_of(dashboard: str) -> Path:
    """Return its file."""
    return FOLDER / f"{dashboard}.json"


def panels(dashboard: str, interval: str = "20s") -> tuple[Panel, ...]:
    """Return the panels as Grafana would ask for them: of its job, rates over *interval*."""
    read = json.loads(path_of(dashboard).read_text("utf-8"))
    variables = {"$job": JOBS[dashboard], "$__rate_interval": interval}
    return tuple(
        Panel(
            title=panel["title"],
            unit=panel["fieldConfig"]["defaults"]["unit"],
            place=(panel["gridPos"]["x"], panel["gridPos"]["y"], panel["gridPos"]["w"], panel["gridPos"]["h"]),
            queries=tuple(
                Query(expression=_filled(target["expr"], variables), legend=target["legendFormat"])
                for target in panel["targets"]
            ),
        )
        for panel in read["panels"]
    )


def _filled(expression: str, variables: Mapping[str, str]) -> str:
    for name, value in variables.items():
        expression = expression.replace(name, value)
    return expression
