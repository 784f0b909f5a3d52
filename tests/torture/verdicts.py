"""Configurations of any property and any value: the generator refuses what the server's own parser refuses."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from kafkaboot.config.broker import ANYBODY, find_broker
from kafkaboot.config.kraft import kraft_config
from kafkaboot.config.settings import Settings
from kafkaboot.config.zookeeper import zookeeper_config
from kafkaboot.values.definitions import definitions
from kafkaboot.values.keys import HOST_AND_PORT_KEYS, KRAFT_KEYS, ZOOKEEPER_KEYS, variable_of
from kafkaboot.values.properties import CHECKED
from kafkaboot.values.version import KRAFT, NO_ZOOKEEPER, Version
from tests.server.distributions import Distribution, find
from tests.torture.campaign import Campaign
from tests.torture.parsers import Parsers, RefusedError, parsers
from zkboot.config import render_zoo_cfg
from zkboot.definitions import definitions as zookeeper_definitions
from zkboot.key_rules import value_problems
from zkboot.keys import variable_of as key_variable
from zkboot.member import find_member
from zkboot.pod.definitions import Definition
from zkboot.pod.environ import EnvReader
from zkboot.pod.identity import Host
from zkboot.pod.properties import ENCODING, render
from zkboot.settings import OWNED_KEYS
from zkboot.settings import Settings as ZooKeeperSettings

_OF_A_PLACE = {
    *CHECKED,
    *KRAFT_KEYS,
    *ZOOKEEPER_KEYS,
    *HOST_AND_PORT_KEYS,
    "config.providers",
    "control.plane.listener.name",
    "early.start.listeners",
    "inter.broker.listener.name",
    "security.inter.broker.protocol",
}
"""What says where a broker is and who it talks to: `values` tries it."""

ZOOKEEPER_LINES = ("3.4.6", "3.4.14", "3.5", "3.6", "3.9")

_NOT_IN_A_FILE = {"configuration", "dynamicConfigFile", "reconfigEnabled", "server.realm", "standaloneEnabled"}
"""What has a variable of its own, what looks like a server's row, and what a parser keeps from one file to the next."""

_BESIDE = ("quorum.auth.enableSasl", "quorum.auth.learnerRequireSasl", "secureClientPort", "secureClientPortAddress")

DIFFERENCES: Mapping[str, str] = {
    r"[Cc]lass.* (could not|cannot) be found|ClassNotFoundException": "only a JVM can tell which classes there are",
    "is not a valid version": "versions of the protocol have many spellings, and each Kafka knows its own",
    "only supported in KRaft cluster": "3.5 to 3.9 alone know the new protocol and ZooKeeper",
    r"snapshot.update.records.per.snapshot must be between": "4.0 has this one range in its code",
}
"""What Kafka refuses and the generator does not, each with the reason."""

_NODE = Host(name=lambda: "kafka-0", domain=lambda: "")
_POD = {"POD_NAME": "kafka-0", "KF_DOMAIN": "svc.ns.svc.cluster.local", "POD_NAMESPACE": "ns", "KF_REPLICAS": "3"}

_NUMBERS = ("0", "1", "-1", "-2", "abc", "2147483647", "2147483648", "1.5", "40000", "9223372036854775808", " 5 ")
_TEXTS = ("x", "a,b", "0", "h:1", "GZIP")


def values_of(row: Definition) -> Sequence[str]:
    """Return values that are near what *row* takes, on both sides of its edges."""
    values = [row.default] if row.default else []
    if row.type in ("int", "long", "short", "double"):
        values += _NUMBERS
        for edge in re.findall(r"-?[0-9]+", row.check):
            values += [str(int(edge) + step) for step in (-1, 0, 1)]
    elif row.type == "boolean":
        values += ["true", "FALSE", "yes", "1"]
    elif row.check.startswith("{"):
        words = row.check[1:-1].removeprefix("i:").split(",")
        values += [*words, words[0].upper(), words[0].lower(), ",".join(words[:2]), "zz"]
    elif row.type == "class":
        values += ["x"]
    else:
        values += _TEXTS
    return values


def kafka_problems(version: Version, environ: Mapping[str, str], path: Path) -> Sequence[str]:
    """Write the file that *environ* makes to *path*; return what the generator says of it."""
    env = EnvReader(environ)
    settings = Settings.from_environ(env)
    broker = find_broker(env, settings, _NODE) or ANYBODY
    if settings.mode == "kraft" or version >= NO_ZOOKEEPER:
        config, _ = kraft_config(env, settings, broker, version, {})
    else:
        config = zookeeper_config(env.problems, settings, broker, version, {})
    path.write_text(render(dict(config.effective)), ENCODING)
    return [str(problem) for problem in env.problems]


def kafka_case(version: Version, chance: random.Random) -> dict[str, str]:
    """Return an environment with some properties of *version*."""
    known = definitions()
    keys = sorted(key for key in known.names - _OF_A_PLACE if known.at(key, version.numbers))
    mode = "kraft" if version >= NO_ZOOKEEPER or (version >= KRAFT and chance.random() < 0.5) else "zookeeper"
    given = {
        variable_of(key): chance.choice(values_of(chance.choice(known.at(key, version.numbers))))
        for key in chance.sample(keys, chance.randint(1, 3))
    }
    return {**_POD, "KF_VERSION": str(version), "KF_MODE": mode, **given}


def verdicts(
    distributions: Sequence[Distribution],
    judge: Callable[[Distribution, random.Random, Path], tuple[Mapping[str, str], Sequence[str]]],
    differences: Mapping[str, str],
    *,
    count: int,
    chance: random.Random,
    scratch: Path,
) -> str:
    """Try *count* cases of *distributions*, which *judge* makes; return the figures."""
    path = scratch / "file"
    agreed: Counter[str] = Counter()
    met: Counter[str] = Counter()
    with parsers(distributions, scratch) as known:
        for at in range(count):
            distribution = distributions[at % len(distributions)]
            case, problems = judge(distribution, chance, path)
            refusal = _refusal(known, distribution, path)
            if bool(problems) == bool(refusal):
                agreed["refused" if problems else "taken"] += 1
                continue
            said = refusal or "; ".join(problems)
            reasons = [reason for pattern, reason in differences.items() if re.search(pattern, said)]
            assert reasons, f"case {at}, {distribution}, {case}: we say {problems}, the server {refusal!r}"
            met[reasons[0]] += 1
    named = "; ".join(f"{number} because {reason}" for reason, number in met.most_common())
    return f"{agreed['taken']} taken by both, {agreed['refused']} refused by both, {named or 'none otherwise'}"


def _refusal(known: Parsers, distribution: Distribution, path: Path) -> str | None:
    try:
        known.read(distribution.name, str(path))
    except RefusedError as refused:
        return str(refused)
    return None


def _judge_kafka(distribution: Distribution, chance: random.Random, path: Path) -> tuple[dict[str, str], Sequence[str]]:
    version = Version(distribution.release)
    environ = kafka_case(version, chance)
    return environ, kafka_problems(version, environ, path)


def _kafka(lines: Sequence[str], count: int, chance: random.Random, scratch: Path) -> str:
    distributions = [find("kafka", line) for line in lines]
    figures = verdicts(distributions, _judge_kafka, DIFFERENCES, count=count, chance=chance, scratch=scratch)
    return f"verdicts-kafka: {count} configurations of {', '.join(lines)}: {figures}"


ZOOKEEPER_DIFFERENCES: Mapping[str, str] = {
    "UnknownHostException|No such host": "what a name resolves to, the server asks when it starts",
    "ClassNotFoundException": "only a JVM can tell which classes there are",
    "No auth provider configured": "which providers there are, the classes that are set decide",
    "knows no TLS": "a parser makes no connections",
    "is the port of": "a parser opens no port, so two may have the same",
}
"""What ZooKeeper refuses and the generator does not, or the other way round, each with the reason."""

_ZK_POD = {"POD_NAME": "zk-0", "ZK_REPLICAS": "1"}


def _judge_zookeeper(
    distribution: Distribution, chance: random.Random, path: Path
) -> tuple[dict[str, str], Sequence[str]]:
    """Try a file with some keys of the version, which its parser knows, or makes system properties of."""
    version = distribution.release
    known = zookeeper_definitions()
    keys = sorted(key for key in known.names - OWNED_KEYS.keys() - _NOT_IN_A_FILE if known.at(key, version))
    typed = [key for key in keys if any(row.type != "string" or row.check for row in known.at(key, version))]
    chosen = {
        *chance.sample(keys, 1),
        *chance.sample(typed, min(len(typed), chance.randint(1, 3))),
        *chance.sample(_BESIDE, 1),
    }
    # In one order: a set has another one in each process, and a seed would not repeat a run.
    rows = {key: chance.choice(known.all(key)) for key in sorted(chosen)}
    environ = _ZK_POD | {key_variable(key): chance.choice(values_of(row)).strip() for key, row in rows.items()}
    environ["ZK_DATA_DIR"] = environ["ZK_DATA_LOG_DIR"] = str(path.parent)
    env = EnvReader(environ)
    settings = ZooKeeperSettings.from_environ(env)
    member = find_member(env, settings, _NODE)
    assert member is not None
    problems = [*map(str, env.problems), *value_problems(settings.extra, version, key_variable)]
    path.write_text(render_zoo_cfg(settings, member), ENCODING)
    return environ, problems


def _zookeeper(count: int, chance: random.Random, scratch: Path) -> str:
    distributions = [find("zookeeper", line) for line in ZOOKEEPER_LINES]
    figures = verdicts(
        distributions, _judge_zookeeper, ZOOKEEPER_DIFFERENCES, count=count, chance=chance, scratch=scratch
    )
    return f"verdicts-zookeeper: {count} configurations of {', '.join(ZOOKEEPER_LINES)}: {figures}"


CAMPAIGNS: Iterable[Campaign] = (
    Campaign(name="verdicts-zookeeper", short=200, long=25_000, run=_zookeeper),
    Campaign(name="verdicts-kafka", short=200, long=10_000, run=partial(_kafka, ("3.9", "4.4"))),
    Campaign(name="verdicts-kafka-old", short=0, long=20_000, run=partial(_kafka, ("1.1", "2.8", "3.3", "4.0"))),
)
