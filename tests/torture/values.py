"""Environments full of what hurts: the server's own parser finds what was meant, or nothing at all was written."""

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import javaproperties

from tests.commands import listing
from tests.server.distributions import find
from tests.torture.campaign import Campaign
from tests.torture.commands import KAFKA_GEN_CONFIG, ZK_GEN_CONFIG, Outcome, execute, fork
from tests.torture.environments import (
    KRAFT_BASE,
    Case,
    can_be_made,
    kafka_case,
    server_properties,
    shell,
    zoo_cfg,
    zookeeper_case,
)
from tests.torture.parsers import PROPERTIES, Parsers, RefusedError, parsers
from tests.unit.mistakes import BASE_FILE, ZOOKEEPER, mistakes

EXEC_SHARE = 40
"""One case in so many runs the installed script, the others its entry point in a forked child."""

Listing = dict[str, tuple[int, int, bytes]]
"""As `tests.commands.listing` returns it."""

ZK_FILES = {
    "conf": {"zoo.cfg", "java.env", "java.security", "log4j.properties", "logback.xml"},
    "data": {"myid", "zkboot.json"},
    "data_log": {"zkboot.json"},
}

_GETTERS = {
    "clientPort": "getClientPort",
    "dataDir": "getDataDir",
    "dataLogDir": "getDataLogDir",
    "tickTime": "getTickTime",
    "initLimit": "getInitLimit",
    "syncLimit": "getSyncLimit",
    "maxClientCnxns": "getMaxClientCnxns",
    "minSessionTimeout": "getMinSessionTimeout",
    "maxSessionTimeout": "getMaxSessionTimeout",
    "autopurge.snapRetainCount": "getSnapRetainCount",
    "autopurge.purgeInterval": "getPurgeInterval",
}


@dataclass(kw_only=True)
class Place:
    """Where one case after the other is tried."""

    folder: Path
    parsers: Parsers
    written: int = 0
    refused: int = 0

    @property
    def root(self) -> Path:
        """Everything that a case may write to."""
        return self.folder / "root"

    @property
    def marker(self) -> Path:
        """What a shell makes that runs a value."""
        return self.folder / "marker"

    def clear(self) -> None:
        """Make an empty root; files of values lie beside it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.root.mkdir(parents=True)
        (self.root / "file").write_text("a file where a folder should be\n")

    def run(self, name: str, case: Case, chance: random.Random) -> Outcome:
        """Run the command on the case; nothing may have been run by it, and nothing may have reached its top."""
        environ = {os.fsencode(key): os.fsencode(value) for key, value in case.environ.items()}
        outcome = fork(name, environ) if chance.randrange(EXEC_SHARE) or _is_long(environ) else execute(name, environ)
        assert not outcome.has_traceback, outcome.stderr[-2000:]
        assert not self.marker.exists(), "a value was run"
        return outcome


def values(count: int, chance: random.Random, scratch: Path) -> str:
    """Try *count* environments of both tools; return the campaign's line."""
    distributions = [find("zookeeper", "3.4.14"), find("zookeeper", "3.9"), find("kafka", "3.9"), find("kafka", "4.4")]
    with parsers(distributions, scratch) as known:
        place = Place(folder=scratch / "place", parsers=known)
        for at in range(count):
            place.clear()
            make, judge = TRIES[at % len(TRIES)]
            case = make(place, chance)
            try:
                judge(place, case, chance)
            except AssertionError as error:
                raise AssertionError(f"environment {at}, {_shown(case)}: {error}") from error
    assert min(place.written, place.refused) > count // 10, f"{place.written} written, {place.refused} refused"
    return (
        f"values: {count} environments, 0 read otherwise, 0 half written, 0 tracebacks"
        f" ({place.written} written, {place.refused} refused)"
    )


def refusals(count: int, chance: random.Random, scratch: Path) -> str:
    """Run the commands on *count* of the named mistakes: refused, nothing is written; return the campaign's line."""
    wanted = [
        mistake
        for mistake in mistakes(scratch)
        if not mistake.is_probes_own and not any("\0" in value for value in mistake.environ.values())
    ]
    if count < len(wanted):
        wanted = chance.sample(wanted, count)
    root = scratch / "root"
    root.mkdir()
    for mistake in wanted:
        folders = {f"ZK_{kind}_DIR": f"{root}/{kind}" for kind in ("DATA", "DATA_LOG", "LOG", "CONF")}
        folders |= {"KF_CONFIG_FILE": f"{root}/kafka/server.properties", "KAFKA_LOG_DIRS": f"{root}/logs"}
        name = ZK_GEN_CONFIG if mistake.tool == ZOOKEEPER else KAFKA_GEN_CONFIG
        environ = {os.fsencode(key): os.fsencode(value) for key, value in (folders | dict(mistake.environ)).items()}
        outcome = fork(name, environ)
        assert outcome.status == 78, f"{mistake}: {outcome}"
        assert not outcome.has_traceback, f"{mistake}: {outcome}"
        assert any(mistake.variable in line for line in outcome.complaints), f"{mistake}: {outcome}"
        assert outcome.stdout == b"", f"{mistake}: {outcome}"
        assert listing(root) == {}, f"{mistake}: {listing(root)}"
    return f"refusals: {len(wanted)} named mistakes, each refused by its variable's name, 0 written, 0 tracebacks"


def _is_long(environ: dict[bytes, bytes]) -> bool:
    """Return whether the kernel would not pass *environ* on (MAX_ARG_STRLEN)."""
    return any(len(name) + len(value) > 100_000 for name, value in environ.items()) or b"" in environ


def _shown(case: Case) -> str:
    return ascii({name: value if len(value) < 300 else f"{value[:300]}..." for name, value in case.environ.items()})


def _make_zookeeper(place: Place, chance: random.Random) -> Case:
    """Return an environment of zkGenConfig; half of them find the files of an earlier start."""
    case = zookeeper_case(chance, place.root, place.marker)
    if chance.randrange(2):
        _write_before(case)
    return case


def _try_zookeeper(place: Place, case: Case, chance: random.Random) -> None:
    before = listing(place.root)
    outcome = place.run(ZK_GEN_CONFIG, case, chance)
    entries = zoo_cfg(case)
    if entries is None or not can_be_made(case, place.root):
        _judge_refusal(place, outcome, before, status=78 if entries is None else 74)
    else:
        assert outcome.status == 0, outcome.stderr
        _judge_zookeeper(place, case, entries, chance)


def _write_before(case: Case) -> None:
    """Let an earlier start, with other numbers, have written where the case does, as far as it can."""
    names = ("POD_NAME", "ZK_DOMAIN", "ZK_DATA_DIR", "ZK_DATA_LOG_DIR", "ZK_LOG_DIR", "ZK_CONF_DIR")
    environ = {os.fsencode(name): os.fsencode(case.meant[name]) for name in names}
    fork(ZK_GEN_CONFIG, {**environ, b"ZK_TICK_TIME": b"3333"})


def _judge_refusal(place: Place, outcome: Outcome, before: Listing, *, status: int) -> None:
    assert outcome.status == status, f"status {outcome.status}, not {status}: {outcome.stderr!r}"
    assert outcome.complaints, "refused without a word"
    assert outcome.stdout == b"", outcome.stdout
    after = listing(place.root)
    changed = {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}
    assert not changed, f"something was written: {sorted(changed)}"
    place.refused += 1


def _judge_zookeeper(place: Place, case: Case, entries: dict[str, str], chance: random.Random) -> None:
    """Hold the files to what was meant, by the parsers of those who read them."""
    folders = {name: Path(case.meant[f"ZK_{name.upper()}_DIR"]) for name in ZK_FILES}
    conf = folders["conf"]
    for name, names in ZK_FILES.items():
        assert names <= {path.name for path in folders[name].iterdir()}, "a file is missing"
    left = [
        path for path in place.root.rglob("*") if path.is_file() and path.name not in set().union(*ZK_FILES.values())
    ]
    assert left == [place.root / "file"], f"left over: {left}"
    path = str(conf / "zoo.cfg")
    _compare("java.util.Properties", place.parsers.read(PROPERTIES, path), entries)
    _compare("javaproperties", javaproperties.loads((conf / "zoo.cfg").read_text("iso-8859-1")), entries)
    version = chance.choice(["zookeeper-3.9.5", "zookeeper-3.4.14"])
    try:
        _judge_server(version, place.parsers.read(version, path), entries)
    except RefusedError as error:
        raise AssertionError(f"{version} refuses zoo.cfg: {error}") from None
    level = case.meant.get("ZK_LOG_LEVEL", "").upper() or "INFO"
    logging = place.parsers.read(PROPERTIES, str(conf / "log4j.properties"))
    assert len(logging) == 7, logging
    assert logging["zookeeper.root.logger"] == f"{level},CONSOLE", logging
    root = ET.parse(conf / "logback.xml").getroot().find("root")
    assert root is not None
    assert root.get("level") == ("ERROR" if level == "FATAL" else level), root.attrib
    expected = {"networkaddress.cache.ttl": "1", "networkaddress.cache.negative.ttl": "0"}
    _compare("java.security", place.parsers.read(PROPERTIES, str(conf / "java.security")), expected)
    _judge_java_env(place, case, conf)
    place.written += 1


def _judge_server(version: str, found: dict[str, str], entries: dict[str, str]) -> None:
    """Hold what a ZooKeeper server took from zoo.cfg to its *entries*."""
    for key, getter in _GETTERS.items():
        # The server raises 1 and 2 to 3 itself, as the table of variables says.
        meant = str(max(3, int(entries[key]))) if key == "autopurge.snapRetainCount" else entries[key]
        assert found[getter] == meant, f"{version}: {key} is {found[getter]!r}, not {meant!r}"
    assert found["getServerId"] == "2", found
    rows = {key: value for key, value in found.items() if key.startswith("server ")}
    servers = {key.removeprefix("server."): value for key, value in entries.items() if key.startswith("server.")}
    expected = {
        f"server {number}": value if value.endswith(":observer") else f"{value}:participant"
        for number, value in servers.items()
    }
    assert rows == expected, f"{version}: {rows}"
    # What the parser does not know becomes a system property of the server.
    properties = {key: value for key, value in found.items() if key.startswith("system ")}
    allowed = {f"system zookeeper.{key}": value for key, value in entries.items()}
    strange = {key: value for key, value in properties.items() if allowed.get(key) != value}
    assert strange == {}, f"{version}: {strange}"
    own = [key for key in entries if key not in _GETTERS and not key.startswith("server.")]
    assert all(f"system zookeeper.{key}" in properties for key in own), f"{version}: {own}, but {sorted(properties)}"


def _judge_java_env(place: Place, case: Case, conf: Path) -> None:
    """Source java.env as ZooKeeper's scripts do, with flags of the operator's that a second evaluation would run."""
    flags = f"-Dx=$(touch {place.marker})"
    command = shell(conf / "java.env", "ZOO_LOG_DIR", "SERVER_JVMFLAGS", "JVMFLAGS", "ZOO_LOG4J_PROP")
    environ = {"PATH": os.environ["PATH"], "SERVER_JVMFLAGS": flags, "JVMFLAGS": flags}
    done = subprocess.run(["sh", "-c", command], env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not place.marker.exists(), "java.env runs a value"
    before, *found = done.stdout.split(b"\0")
    heap = case.meant.get("ZK_HEAP_SIZE") or "2G"
    own = f"-Xmx{heap} -Xms{heap} -Djava.security.properties={case.meant['ZK_CONF_DIR'].rstrip('/')}/java.security"
    level = case.meant.get("ZK_LOG_LEVEL", "").upper() or "INFO"
    expected = [case.meant["ZK_LOG_DIR"].rstrip("/"), f"{flags} {own}", flags, f"{level},CONSOLE"]
    assert (before, found) == (b"", [os.fsencode(value) for value in expected]), done.stdout


def _make_broker(place: Place, chance: random.Random, *, is_kraft: bool) -> Case:
    """Return an environment of kafkaGenConfig; half of them find what an earlier start made of the file."""
    case = kafka_case(chance, place.root, place.marker, is_kraft=is_kraft)
    target = place.root / "config" / "server.properties"
    target.parent.mkdir()
    shutil.copyfile(KRAFT_BASE if is_kraft else BASE_FILE, target)
    if chance.randrange(2):
        names = ("POD_NAME", "KF_DOMAIN", "KF_VERSION", "KF_HOME", "KF_BASE_FILE", "KF_REPLICAS", "KAFKA_LOG_DIRS")
        earlier = {os.fsencode(name): os.fsencode(case.meant[name]) for name in names if name in case.meant}
        fork(KAFKA_GEN_CONFIG, {**earlier, b"KAFKA_NUM_PARTITIONS": b"77", b"KAFKA_MY_OWN_KEY": b"old"})
    return case


def _try_broker(place: Place, case: Case, chance: random.Random, *, is_kraft: bool) -> None:
    before = listing(place.root)
    outcome = place.run(KAFKA_GEN_CONFIG, case, chance)
    entries = server_properties(case, is_kraft=is_kraft)
    if entries is None:
        _judge_refusal(place, outcome, before, status=78)
    else:
        assert outcome.status == 0, outcome.stderr
        target = place.root / "config" / "server.properties"
        _judge_broker(place, target, entries, "kafka-4.4.0" if is_kraft else "kafka-3.9.2")


def _judge_broker(place: Place, target: Path, entries: dict[str, str], version: str) -> None:
    left = {path for path in place.root.rglob("*") if path.is_file()}
    assert left == {target, place.root / "file"}, left
    _compare("java.util.Properties", place.parsers.read(PROPERTIES, str(target)), entries)
    _compare("javaproperties", javaproperties.loads(target.read_text("iso-8859-1")), entries)
    try:
        found = place.parsers.read(version, str(target))
    except RefusedError as error:
        raise AssertionError(f"{version} refuses server.properties: {error}") from None
    # Kafka takes each of the two for the other, too.
    one, other = ("node.id", "broker.id") if "node.id" in entries else ("broker.id", "node.id")
    assert found.pop(other) == entries[one], found
    _compare(version, found, entries)
    place.written += 1


def _compare(parser: str, found: dict[str, str], expected: dict[str, str]) -> None:
    wrong = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
    told = [f"{key}={found.get(key)!r:.300}, not {expected.get(key)!r:.300}" for key in sorted(wrong)]
    assert not wrong, f"{parser} reads {'; '.join(told)}"


Make = Callable[[Place, random.Random], Case]
Try = Callable[[Place, Case, random.Random], None]

TRIES: tuple[tuple[Make, Try], ...] = (
    (_make_zookeeper, _try_zookeeper),
    (partial(_make_broker, is_kraft=False), partial(_try_broker, is_kraft=False)),
    (partial(_make_broker, is_kraft=True), partial(_try_broker, is_kraft=True)),
)
"""What takes turns: how an environment is made, and how it is tried and judged."""

CAMPAIGNS = (
    Campaign(name="refusals", short=150, long=10_000, run=refusals),
    Campaign(name="values", short=200, long=5_000, run=values),
)
