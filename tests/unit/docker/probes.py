"""What the kubelet asks, how long it waits for an answer, and what it does about a bad one."""

import re
import tomllib
from collections.abc import Iterator

from kafkaboot.endpoint import PROBE_TIMEOUT as KAFKA_PROBE_TIMEOUT
from tests.unit.docker.commands import environ_of
from tests.unit.docker.manifests import (
    DOCKER,
    KAFKA_YAMLS,
    PATHS,
    ZOOKEEPER_YAML,
    Checks,
    Document,
    Documents,
    container,
    pod_spec,
)
from zkboot.endpoint import PROBE_TIMEOUT
from zkboot.pod.environ import EnvReader

COMMANDS: frozenset[str] = frozenset(
    tomllib.loads((DOCKER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
)

_KINDS = ("startup", "readiness", "liveness")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./=:,@%+-]+")


def _probes(documents: Documents) -> dict[str, Document]:
    return {kind: container(documents).get(f"{kind}Probe", {}) for kind in _KINDS}


def _span(probe: Document) -> int:
    """Return after how many seconds of bad answers the kubelet acts."""
    seconds: int = probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
    return seconds


def _other_questions(documents: Documents, wanted: dict[str, list[str]]) -> Iterator[str]:
    for kind, probe in _probes(documents).items():
        if probe.get("exec") != {"command": wanted[kind]}:
            yield f"{kind}: {probe.get('exec')}, not {wanted[kind]}"


def zookeeper_questions(documents: Documents) -> Iterator[str]:
    """A quorum is asked for by readiness alone: no restart brings it back, and no start can wait for it."""
    yield from _other_questions(documents, {"startup": ["zkOk"], "readiness": ["zkReady"], "liveness": ["zkOk"]})


def kafka_questions(documents: Documents) -> Iterator[str]:
    """Likewise; and a rolling update goes on when the broker is in sync, not when it is merely registered."""
    readiness = ["kafkaReady", "--in-sync"]
    yield from _other_questions(documents, {"startup": ["kafkaOk"], "readiness": readiness, "liveness": ["kafkaOk"]})


def probe_commands(documents: Documents) -> Iterator[str]:
    """Our own commands, without a shell, and different ones for readiness and for liveness."""
    for kind, probe in _probes(documents).items():
        words = probe.get("exec", {}).get("command", ["nothing"])
        if words[0] not in COMMANDS or not all(_PLAIN_WORD.fullmatch(word) for word in words):
            yield f"{kind}: {words}"
    if _probes(documents)["readiness"].get("exec") == _probes(documents)["liveness"].get("exec"):
        yield "one probe for two questions"


def probe_fields(documents: Documents) -> Iterator[str]:
    """Nothing else: not a delay that startup replaces, nor a grace period that would cut the pod's own short."""
    known = {"exec", "periodSeconds", "timeoutSeconds", "failureThreshold"}
    for kind, probe in _probes(documents).items():
        if probe.keys() != known:
            yield f"{kind}: {sorted(probe.keys() ^ known)}"


def probe_timeouts(documents: Documents) -> Iterator[str]:
    """The kubelet waits longer than our probe, which then says why; and not much longer."""
    env = EnvReader(environ_of(documents))
    own = max(env.read(KAFKA_PROBE_TIMEOUT), env.read(PROBE_TIMEOUT))
    for kind, probe in _probes(documents).items():
        if not own + 1 <= probe.get("timeoutSeconds", 1) <= 10:
            yield f"{kind}: timeoutSeconds {probe.get('timeoutSeconds')}, ours {own:g}"


def patience(documents: Documents) -> Iterator[str]:
    """Clients leave a server that does not serve within seconds; liveness kills after a minute, not after an hour."""
    bounds = {"readiness": (10, 15), "liveness": (60, 300)}
    for kind, (least, most) in bounds.items():
        if not least <= _span(_probes(documents)[kind]) <= most:
            yield f"{kind} gives up after {_span(_probes(documents)[kind])} s"
    # Each period of it is added to a restart, and to each step of a rolling update.
    if not 1 <= _probes(documents)["startup"].get("periodSeconds", 10) <= 2:
        yield "startup asks too seldom"


def _hurry(documents: Documents, startup: int, grace: int) -> Iterator[str]:
    if not startup <= _span(_probes(documents)["startup"]) <= 2 * startup:
        yield f"startup gives up after {_span(_probes(documents)['startup'])} s"
    if not grace <= pod_spec(documents).get("terminationGracePeriodSeconds", 0) <= 2 * grace:
        yield "terminationGracePeriodSeconds"


def zookeeper_hurry(documents: Documents) -> Iterator[str]:
    """Ten minutes to load a snapshot; half a minute to end, of which it needs a second."""
    yield from _hurry(documents, 600, 30)


def kafka_hurry(documents: Documents) -> Iterator[str]:
    """An hour to recover every log; five minutes to hand over every leadership, or the next start recovers them."""
    yield from _hurry(documents, 3600, 300)


CHECKS: Checks = {
    zookeeper_questions: (ZOOKEEPER_YAML,),
    kafka_questions: KAFKA_YAMLS,
    probe_commands: PATHS,
    probe_fields: PATHS,
    probe_timeouts: PATHS,
    patience: PATHS,
    zookeeper_hurry: (ZOOKEEPER_YAML,),
    kafka_hurry: KAFKA_YAMLS,
}
