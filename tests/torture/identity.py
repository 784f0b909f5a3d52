"""Generated names of pods and hosts: the right id or a clear refusal, never a traceback, never somebody else's id."""

import os
import random
import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from kafkaboot.config.broker import find_broker
from kafkaboot.config.settings import Settings
from tests.torture.campaign import Campaign
from tests.torture.commands import KAFKA_GEN_CONFIG, ZK_GEN_CONFIG, Outcome, fork
from tests.torture.generators import BASE_FILE
from tests.torture.inside import within
from tests.torture.names import NAMED, SERVICE, Answer, Place, broker_of, places, raw_name, server_of
from zkboot.plan import draft_plan
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import BootError
from zkboot.pod.identity import Host
from zkboot.pod.properties import ENCODING, parse

RAW_SHARE = 6
"""One name in so many is set as the host's own, in a namespace."""

_KNOB = re.compile(r"\b(POD_NAME|HOSTNAME|(ZK|KF)_[A-Z_]+)\b")
"""A refusal is clear where it names what to set."""


def identity(count: int, chance: random.Random, scratch: Path) -> str:
    """Try *count* names, a sixth of them as raw bytes in a namespace; return the campaign's line."""
    raw = count // RAW_SHARE
    for name, ordinal in NAMED.items():
        _check_named(name, ordinal)
    ids = _generated(count - raw, chance.getrandbits(64))
    line = within(("uts", "net"), "tests.torture.identity:raw_names", raw, chance, scratch)
    raw_ids = int(line)
    # Names are drawn at random, and few of them are right: 48 to 103 of 1,000 in 24 runs.
    assert raw_ids > raw // 100, f"only {raw_ids} of {raw} raw names had an id: nothing was tried"
    assert ids > count // 100, f"only {ids} of {count - raw} names had an id: nothing was tried"
    return f"identity: {count} names, 0 wrong, 0 tracebacks ({ids + raw_ids} have an id, {len(NAMED)} more by name)"


def raw_names(count: int, chance: random.Random, scratch: Path) -> str:
    """Set *count* names of raw bytes, one after the other, as this namespace's own; return how many have an id."""
    ids = 0
    common = {"KF_VERSION": "3.9.2", "KF_BASE_FILE": str(BASE_FILE), "POD_NAMESPACE": "default"}
    # Else Kafka refuses ids above 1000, and so does the generator: not because of the name.
    common["KAFKA_BROKER_ID_GENERATION_ENABLE"] = "false"
    # The machine may have a ZooKeeper of its own in the usual place.
    common |= {f"ZK_{kind}_DIR": f"{scratch}/{kind}" for kind in ("DATA", "DATA_LOG", "LOG", "CONF")}
    for _ in range(count):
        name = raw_name(chance)
        socket.sethostname(name)  # type: ignore[arg-type]
        # What the kernel keeps ends at the first NUL.
        seen = os.fsdecode(name.partition(b"\0")[0])
        environ = {"ZK_REPLICAS": chance.choice(["1", "3", "255"])}
        if chance.randrange(3):
            environ |= {"ZK_DOMAIN": SERVICE, "KF_DOMAIN": SERVICE}
        place = Place(environ=environ, host=seen)
        whole = {os.fsencode(key): os.fsencode(value) for key, value in (common | environ).items()}
        server, broker = server_of(place), broker_of(place)
        if server is not None and environ["ZK_REPLICAS"] == "1":
            # A standalone server's name is nowhere written.
            server = Answer(server.identifier, ())
        _judge(f"{name!r}, {environ}", fork(ZK_GEN_CONFIG, whole, "--dry-run"), server, _told_server)
        _judge(f"{name!r}, {environ}", fork(KAFKA_GEN_CONFIG, whole, "--dry-run"), broker, _told_broker)
        ids += server is not None
    return str(ids)


def _generated(count: int, number: int) -> int:
    """Try *count* names in this process, by Hypothesis with *number* as its seed; return how many have an id."""
    tried = ids = 0

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(places())
    def try_one(place: Place) -> None:
        nonlocal tried, ids
        tried += 1
        ids += _check(place)

    try_one()
    assert tried >= count, f"Hypothesis made {tried} of {count} names"
    return ids


def _check(place: Place) -> bool:
    """Hold both tools to the oracle; return whether a ZooKeeper server has an id there."""
    host = Host(name=lambda: place.host, domain=lambda: place.host_domain)
    server = server_of(place)
    _compare(place, lambda: _server(place.environ, host), server)
    _compare(place, lambda: _broker(place.environ, host), broker_of(place))
    return server is not None


def _check_named(name: str, ordinal: int | None) -> None:
    environ = {"POD_NAME": name, "ZK_REPLICAS": "255", "ZK_DOMAIN": "d", "KF_REPLICAS": "255", "KF_DOMAIN": "d"}
    place = Place(environ=environ)
    answer = server_of(place)
    assert (None if answer is None else answer.identifier - 1) == ordinal, f"the oracle is wrong about {name!r}"
    _check(place)


def _server(environ: Mapping[str, str], host: Host) -> Answer:
    plan = draft_plan(environ, host, lambda: None)
    text = next(file.text for file in plan.files if file.path.endswith("/myid"))
    return Answer(int(text), tuple(server.host for server in plan.member.ensemble.servers))


def _broker(environ: Mapping[str, str], host: Host) -> Answer:
    env = EnvReader(environ)
    broker = find_broker(env, Settings.from_environ(env), host)
    env.problems.check()
    assert broker is not None
    return Answer(broker.broker_id, (broker.fqdn,))


def _compare(place: Place, answer: Callable[[], Answer], right: Answer | None) -> None:
    """Raise AssertionError where *answer* is not the *right* one, or a refusal is not clear."""
    refusal: BootError | None = None
    try:
        found: Answer | None = answer()
    except BootError as error:
        found, refusal = None, error
    if refusal is not None:
        assert refusal.exit_status == 78, (place, refusal.problems)
        assert any(_KNOB.search(problem) for problem in refusal.problems), (place, refusal.problems)
    assert found == right, f"{place} is {_brief(found)}, but should be {_brief(right)}"


def _judge(case: str, outcome: Outcome, right: Answer | None, told: Callable[[bytes], Answer]) -> None:
    """Raise AssertionError where the command's *outcome* is not what the *right* answer asks for."""
    assert not outcome.has_traceback, f"{case}: {outcome.stderr!r}"
    if right is None:
        assert outcome.status == 78, f"{case} should be refused, not {outcome.status}: {outcome.stderr!r}"
        assert outcome.stdout == b"", f"{case}: {outcome.stdout[:1000]!r}"
        assert any(_KNOB.search(line) for line in outcome.complaints), f"{case}: {outcome.stderr!r}"
    else:
        assert outcome.status == 0, f"{case} should be {right.identifier}: {outcome.stderr!r}"
        found = told(outcome.stdout)
        assert found == right, f"{case} is {_brief(found)}, but should be {_brief(right)}"


def _brief(answer: Answer | None) -> str:
    """Return *answer* with the ends of its list of servers."""
    return "refused" if answer is None else f"{answer.identifier} of {answer.names[:1]}..{answer.names[-1:]}"


def _told_server(stdout: bytes) -> Answer:
    """Return what the files that zkGenConfig shows say."""
    files = re.split(r"==> (\S+) \(mode \d+\)\n", stdout.decode())
    texts = {Path(path).name: text for path, text in zip(files[1::2], files[2::2], strict=True)}
    rows = re.findall(r"^server\.(\d+)=([^:\n]+):\d+:\d+$", texts["zoo.cfg"], re.MULTILINE)
    return Answer(int(texts["myid"]), tuple(host for _, host in rows))


def _told_broker(stdout: bytes) -> Answer:
    """Return what the file that kafkaGenConfig shows says."""
    entries = parse(stdout.partition(b"\n")[2].decode(ENCODING))
    host = entries["advertised.listeners"].removeprefix("PLAINTEXT://").rpartition(":")[0]
    return Answer(int(entries["broker.id"]), (host,))


CAMPAIGNS = (Campaign(name="identity", short=1_200, long=12_000, run=identity),)
