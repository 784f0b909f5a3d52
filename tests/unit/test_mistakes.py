"""Every kind of mistake for every variable: refused, by the variable's name, and nothing of it is written."""

import tempfile
from pathlib import Path

import pytest

from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.probes.endpoint import Endpoint as BrokerEndpoint
from kafkaboot.start.plan import make_plan
from kafkaboot.values.knobs import HTTP_PORT as BROKER_HTTP_PORT
from tests.unit.mistakes import SOUND, VARIABLES, ZOOKEEPER, mistakes
from zkboot.endpoint import HTTP_PORT, Endpoint
from zkboot.plan import draft_plan
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import SettingsError
from zkboot.pod.identity import Host

SCRATCH = tempfile.TemporaryDirectory(prefix="zkb-mistakes-")
MISTAKES = list(mistakes(Path(SCRATCH.name)))
HOST = Host(name=lambda: "node-7.example.org", domain=lambda: "")


def read(tool: str, environ: dict[str, str], *, as_probe: bool) -> None:
    """Read *environ* as the tool's generator, or its probe, would; raises SettingsError."""
    if not as_probe:
        if tool == ZOOKEEPER:
            draft_plan(environ, HOST, lambda: None)
        else:
            make_plan(environ, HOST)
        return
    env = EnvReader(environ)
    if tool == ZOOKEEPER:
        Endpoint.from_environ(env)
        env.read(HTTP_PORT)
    else:
        BrokerEndpoint.from_environ(env, BrokerProperties(env))
        env.read(BROKER_HTTP_PORT)
    env.problems.check()


@pytest.mark.parametrize("tool", SOUND)
@pytest.mark.parametrize("as_probe", [False, True], ids=["generator", "probe"])
def test_without_a_mistake_nothing_is_refused(tool: str, *, as_probe: bool) -> None:
    """So that what is refused below is refused for its mistake."""
    read(tool, dict(SOUND[tool]), as_probe=as_probe)


@pytest.mark.parametrize(
    ("tool", "variable"), [(tool, row.name) for tool, rows in VARIABLES.items() for row in rows], ids=str
)
def test_each_mistake_is_refused_by_its_variable_s_name(tool: str, variable: str) -> None:
    """One line that names it, so that it can be found in a manifest; a variable that is new has mistakes, too."""
    tried = [mistake for mistake in MISTAKES if (mistake.tool, mistake.variable) == (tool, variable)]
    taken = []
    for mistake in tried:
        try:
            read(tool, dict(mistake.environ), as_probe=mistake.is_probes_own)
        except SettingsError as error:
            if any(variable in problem for problem in error.problems):
                continue
        taken.append(mistake.kind)

    assert len(tried) > 15
    assert taken == []
