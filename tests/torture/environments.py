"""Environments full of what hurts, and what each must come to: oracles that share no code with the project.

What is said here of numbers, paths, keys and layers is said by the README; this module says it again, in another way.
"""

import os
import random
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import javaproperties

from tests.unit.mistakes import BASE_FILE

INT32_MAX = 2147483647
KRAFT_BASE = BASE_FILE.with_name("server-4.properties")
SERVICE = "svc.default.svc.cluster.local"

ZK_NUMBERS: Mapping[str, tuple[str, int, int, int]] = {
    "ZK_CLIENT_PORT": ("clientPort", 2181, 1, 65535),
    "ZK_SERVER_PORT": ("", 2888, 1, 65535),
    "ZK_ELECTION_PORT": ("", 3888, 1, 65535),
    "ZK_TICK_TIME": ("tickTime", 2000, 1, 3600000),
    "ZK_INIT_LIMIT": ("initLimit", 10, 1, INT32_MAX),
    "ZK_SYNC_LIMIT": ("syncLimit", 5, 1, INT32_MAX),
    "ZK_MAX_CLIENT_CNXNS": ("maxClientCnxns", 60, 0, INT32_MAX),
    "ZK_MIN_SESSION_TIMEOUT": ("minSessionTimeout", -2, 1, INT32_MAX),
    "ZK_MAX_SESSION_TIMEOUT": ("maxSessionTimeout", -20, 1, INT32_MAX),
    "ZK_SNAP_RETAIN_COUNT": ("autopurge.snapRetainCount", 3, 1, INT32_MAX),
    "ZK_PURGE_INTERVAL": ("autopurge.purgeInterval", 0, 0, 8760),
}
"""Key, default (below 0: ticks), lowest and highest."""

ZK_SHARED = {
    "4lw.commands.whitelist": "srvr, ruok, mntr",
    "admin.enableServer": "false",
    "electionPortBindRetry": "0",
    "cnxTimeout": "1000",
    "fastleader.maxNotificationInterval": "1000",
    "leaderConnectDelayDuringRetryMs": "200",
    "leader.maxTimeToWaitForEpoch": "2000",
}
ZK_LEVELS = ("ALL", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF")

KF_NUMBERS: Mapping[str, tuple[int, int, int]] = {
    "KF_PORT": (9092, 1, 65535),
    "KF_CONTROLLER_PORT": (9093, 1, 65535),
    "KF_ZK_CLIENT_PORT": (2181, 1, 65535),
    "KF_ZK_REPLICAS": (3, 1, 255),
    "KF_ID_OFFSET": (1, 0, INT32_MAX),
}

_ZK_KEYS = {
    "ssl_keyStore_password": "ssl.keyStore.password",
    "ssl_quorum_trustStore_location": "ssl.quorum.trustStore.location",
    "DigestAuthenticationProvider_superDigest": "DigestAuthenticationProvider.superDigest",
    "my_own_key": "my.own.key",
    "a__b": "a_b",
    "c___d_E": "c-d.E",
    "X509AuthenticationProvider_superUser": "X509AuthenticationProvider.superUser",
}
"""Names of variables, without their beginning, and the keys of zoo.cfg that they stand for: any text is right."""

_KAFKA_KEYS = {
    "SSL_KEYSTORE_PASSWORD": "ssl.keystore.password",
    "SASL_JAAS_CONFIG": "sasl.jaas.config",
    "LISTENER_NAME_X_PLAIN_SASL_JAAS_CONFIG": "listener.name.x.plain.sasl.jaas.config",
    "MY_OWN_KEY": "my.own.key",
    "A__B": "a_b",
    "C___D_e": "c-d.e",
    "SSL_KEY_PASSWORD": "ssl.key.password",
}

HEAPS = ("2049k", "3M", "512m", "3000000k", "1G", "4g", "16384G")
"""Heaps that a JVM may have, as it is told."""

_BAD_HEAPS = ("2M", "2048k", "1024", "1.5G", "2GB", " 1G", "-1G", "17000G", "0%", "101%", "x", "1G -XX:OnError=true")

_BAD_SERVERS = (
    *("7=a:1", "7=a:1:1", "7=a:1:2:leader", "x=a:1:2", "0=a:1:2", "256=a:1:2", "2=a:1:2", "7=a b:1:2", "7=a/b:1:2"),
    *("7=a:1:2;x", "7=a:1:2|b:1", "7=::1:1:2", "7=[fe80::1%;1]:1:2", "7=[fe80::1%a|x]:1:2", "7=a:1:2\nx=y", "7="),
    *("7=a:1:2;10.0.0.1:2181", "7=a:1:2:observer|b:1:2:participant"),
)
"""What makes a list of servers, that has a 2, wrong wherever it stands in it."""

_CHROOTS = ("/", "/kafka", "/a/b-c", "/a=b:c#d", "/\u65e5", "/a\\b", "/...", "/$x")
_BAD_CHROOTS = ("kafka", "/a//b", "/a/", "/a/../b", "/.", "/a b", "/a,b", "/a\u2028b", "//")
_CONNECTS = ("zk:2181", "a:1,b:65535", "zk-0.d:2181,10.0.0.1:2182/kafka", "[::1]:2181", "zk", "a:1,b:2/x/y")
_LISTENERS = ("PLAINTEXT://:9095", "PLAINTEXT://0.0.0.0:65535", "PLAINTEXT://[::]:1")
_BAD_LISTENERS = (
    *("PLAINTEXT", "PLAINTEXT://:0", "PLAINTEXT://:65536", "A://:9095", "PLAINTEXT://a b:1"),
    *("PLAINTEXT://[fe80::1%;1]:1", "PLAINTEXT://:1,SSL://:1", "PLAINTEXT://:1,PLAINTEXT://:2", "PLAINTEXT://:1\nx=y"),
)
_BAD_CONNECTS = ("/kafka", ",", "a/x,b:2181", "a:99999", "a:0", "a b:1", "::1:2181", "a:1/x/", "a:1//x")

_BAD_NAMES = ("a____b", "\u00e9", "a b", "a\nb", "a:b", "", "-", "_", "a\\", "#a", "\udcff")
_OWNED = ("clientPort", "dataDir", "tickTime", "server_1", "dynamicConfigFile", "autopurge_purgeInterval")

_NASTY = (
    *(
        "x",
        "1",
        "true",
        "a\nadmin.enableServer=true",
        "\n",
        "a\r",
        "\r\nx=y",
        "\u2028",
        "\u2029x",
        "\x85",
        "\x0b",
        "\x1f",
    ),
    *("\\", "\\\\", "a\\", "\\u0041", "\\n", "\\uXYZ", "\\ ", "${file:/etc/passwd:root}", "${env:HOME}", "${x}", "%n"),
    *(" ", " lead", "trail ", "\t", "\f", "#", "# x", "!", "=", ":", "a=b", "a:b", "=x", "a b", "a  b", ",", ";", "&&"),
    *(
        "\u00e9",
        "\u65e5\u672c",
        "\U0001f600",
        "\ufeff",
        "\u00a0",
        "\u200b",
        "\udcff",
        "\udced\udca0\udc80",
        "\x01",
        "\x7f",
    ),
    *("'", '"', "'\"'\"'", '"$(true)"', "~", "*", "?", "-", "--", "|", ">x", "<x", "\x1b[31m", "<!--", "]]>", "&amp;"),
)


@dataclass(kw_only=True)
class Case:
    """One environment."""

    environ: dict[str, str] = field(default_factory=dict)
    """As the process gets it; text as `os.fsdecode` makes it of bytes."""
    meant: dict[str, str] = field(default_factory=dict)
    """The same with the texts of the files that are named."""
    is_bad: bool = False
    """Something is wrong that `meant` does not show."""

    def give(self, name: str, value: str, chance: random.Random, files: Path | None) -> None:
        """Give *name* its *value*, now and then by a file in *files*."""
        if files is None or chance.randrange(8) or name in self.meant:
            self.environ[name] = value
            self.meant[name] = value
            return
        path = files / f"value-{len(self.environ)}"
        end = chance.choice(["", "\n"]) if not value.endswith("\n") else "\n"
        path.write_bytes(os.fsencode(value + end))
        self.environ[f"{name}_FILE"] = str(path)
        self.meant[name] = value
        # More than 64 KiB, and what is no UTF-8, are as wrong as in a variable.
        self.is_bad |= len(os.fsencode(value + end)) > 65536
        if not chance.randrange(20):
            self.environ[name] = "x"
            self.is_bad = True


def text(chance: random.Random, marker: Path) -> str:
    """Return a text of what hurts; a shell that ran it would make *marker*."""
    runs = (
        f"$(touch {marker})",
        f"`touch {marker}`",
        f"; touch {marker} #",
        f"\n touch {marker}",
        f"'; touch {marker} '",
    )
    parts = [chance.choice((*_NASTY, *runs)) for _ in range(chance.randrange(1, 4))]
    if not chance.randrange(60):
        parts.append("x" * chance.choice([1000, 4096, 65536, 70000]))
    return "".join(parts)


def is_value(value: str) -> bool:
    """Return whether *value* may be a variable's."""
    return not re.search("[\n\r\0\ud800-\udfff]", value)


def is_trimmed(value: str) -> bool:
    """Return whether Java's String.trim leaves *value* as it is."""
    return re.fullmatch(r"[^\x00-\x20](.*[^\x00-\x20])?", value, re.DOTALL) is not None


def _number(value: str, low: int, high: int) -> int | None:
    if not re.fullmatch(r"[ \t\f]*[0-9]{1,10}[ \t\f]*", value, re.ASCII) or not low <= int(value) <= high:
        return None
    return int(value)


def _digits(chance: random.Random, low: int, high: int, marker: Path) -> str:
    """Return a number in the range, seldom outside of it, more seldom no number."""
    match chance.randrange(12):
        case 0:
            return text(chance, marker)
        case 1:
            return chance.choice([str(low - 1), str(high + 1), "1_0", "\u0663", "+1", "1.0", "0x1", "tcp:/1"])
        case 2:
            return f" 00{chance.randint(low, min(high, 20000))}\t"
        case 3:
            return str(chance.choice([low, high]))
        case _:
            return str(chance.randint(low, min(high, 20000)))


def _path(chance: random.Random, root: Path, name: str, marker: Path) -> str:
    """Return a path in *root*, of whatever letters, seldom a relative one."""
    if not chance.randrange(3):
        part = text(chance, marker).replace("/", "").replace("..", "")[:1000]
        return f"{root}/{name}{part}"
    if not chance.randrange(8):
        long = [f"{root}/{'n' * 256}", f"{root}/{name}/{'n' * 300}/x", f"{root}/file/{name}"]
        return chance.choice(["relative", "./x", "", " ", "/", *long])
    return f"{root}/{name}{chance.choice(['', '/', '//', ' a', '-$HOME'])}"


def _is_path(value: str) -> bool:
    return is_value(value) and value.startswith("/") and is_trimmed(value) and bool(value.strip("/"))


def _is_makeable(path: str, root: Path) -> bool:
    """Return whether a folder can be made there: no name is too long, and no file is in the way."""
    names = os.fsencode(path).split(b"/")
    return all(len(name) <= 255 for name in names) and not path.startswith(f"{root}/file/") and len(path) < 4000


# ZooKeeper


def zookeeper_case(chance: random.Random, root: Path, marker: Path) -> Case:
    """Return an environment for zkGenConfig, whose folders are all in *root*."""
    case = Case()
    files = root.parent
    case.environ = {"POD_NAME": "zk-1", "ZK_DOMAIN": SERVICE}
    case.meant = dict(case.environ)
    is_calm = chance.randrange(3) > 0
    for name in ("DATA", "DATA_LOG", "LOG", "CONF"):
        value = f"{root}/{name.lower()}" if is_calm else _path(chance, root, name.lower(), marker)
        case.give(f"ZK_{name}_DIR", value or f"{root}/{name.lower()}", chance, files)
    for name, (_, _, low, high) in ZK_NUMBERS.items():
        if not chance.randrange(8):
            wanted = _digits(chance, low, high, marker)
            case.give(name, str(chance.randint(low, min(high, 20000))) if is_calm else wanted, chance, files)
    if not chance.randrange(4):
        case.give("ZK_LOG_LEVEL", chance.choice([*ZK_LEVELS, "debug", "Warn", "INFO ", "x"]), chance, files)
    for name in chance.sample(sorted(_ZK_KEYS), chance.randrange(4)):
        value = text(chance, marker)
        if is_calm and chance.randrange(4):
            value = re.sub("[\n\r\0\ud800-\udfff]", "?", value).strip("".join(map(chr, range(33)))) or "x"
        case.give(f"ZK_CFG_{name}", value, chance, files)
    if not chance.randrange(5):
        case.give("ZK_CFG_admin_enableServer", "true", chance, files)
    _add_servers(case, chance)
    if not chance.randrange(4):
        case.give("ZK_HEAP_SIZE", chance.choice(HEAPS if chance.randrange(4) else _BAD_HEAPS), chance, files)
    _add_strange_names(case, chance, marker)
    return case


def _add_servers(case: Case, chance: random.Random) -> None:
    """Add a list of servers, in which this one is number 2, seldom a wrong one."""
    if chance.randrange(4):
        return
    others = chance.sample([1, 3, 9, 254, 255], chance.randrange(2, 5))
    entries = [f"{number}=h-{number}.x_y:{21000 + number}:{22000 + number}" for number in (2, *others)]
    if len(others) > 2:
        entries[-1] += ":observer"
    elif chance.randrange(2):
        entries[0] += ":participant"
    if not chance.randrange(4):
        entries.append(chance.choice(_BAD_SERVERS))
        case.is_bad = True
    chance.shuffle(entries)
    case.environ["ZK_SERVERS"] = case.meant["ZK_SERVERS"] = chance.choice([",", ", ", " ,"]).join(entries)
    if not chance.randrange(3):
        wanted = chance.choice(["2", "2", "2", "02", "0", "256", "x", "100"])
        case.is_bad |= wanted not in ("2", "02")
        case.environ["ZK_SERVER_ID"] = wanted


def _add_strange_names(case: Case, chance: random.Random, marker: Path) -> None:
    """Add names that are refused, and such as nobody reads."""
    if not chance.randrange(20):
        case.environ[f"ZK_CFG_{chance.choice(_BAD_NAMES)}"] = "x"
        case.is_bad = True
    if not chance.randrange(20):
        case.environ[f"ZK_CFG_{chance.choice(_OWNED)}"] = "1"
        case.is_bad = True
    if not chance.randrange(5):
        # Neither is read by this tool, whatever it holds.
        case.environ |= {"ZK_UNKNOWN": text(chance, marker), "JVMFLAGS": text(chance, marker)}
    if not chance.randrange(5):
        case.environ |= {"ZK_CLIENT_SERVICE_PORT": text(chance, marker), "ZK_CLIENT_PORT_2181_TCP": "tcp://10.0.0.1:1"}


def zoo_cfg(case: Case) -> dict[str, str] | None:
    """Return the keys and values of zoo.cfg; None where the case must be refused for its values."""
    meant = {name: value for name, value in case.meant.items() if value}
    numbers = _zookeeper_numbers(meant)
    paths = [meant[f"ZK_{kind}_DIR"] for kind in ("DATA", "DATA_LOG", "LOG", "CONF")]
    extra = {
        key: meant[f"ZK_CFG_{name}"]
        for name, key in {**_ZK_KEYS, "admin_enableServer": "admin.enableServer"}.items()
        if f"ZK_CFG_{name}" in meant
    }
    is_sound = (
        not case.is_bad
        and all(map(is_value, meant.values()))
        and all(map(_is_path, paths))
        and not re.search("[ \t\f]", paths[3])
        and meant.get("ZK_LOG_LEVEL", "INFO").upper() in ZK_LEVELS
        and meant.get("ZK_HEAP_SIZE", "2049k") in HEAPS
        and all(map(is_trimmed, extra.values()))
    )
    if numbers is None or not is_sound:
        return None
    entries = {key: str(numbers[name]) for name, (key, *_) in ZK_NUMBERS.items() if key}
    entries |= ZK_SHARED | {"dataDir": paths[0].rstrip("/"), "dataLogDir": paths[1].rstrip("/")} | extra
    if "ZK_SERVERS" in meant:
        rows = (re.fullmatch(" *([0-9]+)=([^ ]+?)(:participant)? *", row) for row in meant["ZK_SERVERS"].split(","))
        return entries | {f"server.{row[1]}": row[2] for row in rows if row is not None}
    ports = f"{numbers['ZK_SERVER_PORT']}:{numbers['ZK_ELECTION_PORT']}"
    return entries | {f"server.{ordinal + 1}": f"zk-{ordinal}.{SERVICE}:{ports}" for ordinal in range(3)}


def _zookeeper_numbers(meant: Mapping[str, str]) -> dict[str, int] | None:
    """Return the numbers of the variables, or None where one is wrong or two contradict each other."""
    numbers: dict[str, int] = {}
    for name, (_, default, low, high) in ZK_NUMBERS.items():
        number = _number(meant[name], low, high) if name in meant else default
        if number is None:
            return None
        numbers[name] = number if number >= 0 else -number * numbers["ZK_TICK_TIME"]
    ticks = max(numbers["ZK_INIT_LIMIT"], numbers["ZK_SYNC_LIMIT"])
    ports = {numbers[name] for name in ("ZK_CLIENT_PORT", "ZK_SERVER_PORT", "ZK_ELECTION_PORT")}
    is_sound = (
        ticks * numbers["ZK_TICK_TIME"] <= INT32_MAX
        and numbers["ZK_MIN_SESSION_TIMEOUT"] <= numbers["ZK_MAX_SESSION_TIMEOUT"]
        and (len(ports) == 3 or "ZK_SERVERS" in meant)
    )
    return numbers if is_sound else None


def can_be_made(case: Case, root: Path) -> bool:
    """Return whether the folders that the case names can be made."""
    return all(_is_makeable(path, root) for name, path in case.meant.items() if name.endswith("_DIR"))


# Kafka


def kafka_case(chance: random.Random, root: Path, marker: Path, *, is_kraft: bool) -> Case:
    """Return an environment for kafkaGenConfig, whose files are all in *root*."""
    case = Case()
    files = root.parent
    case.environ = {
        "POD_NAME": "kafka-1",
        "KF_DOMAIN": SERVICE,
        "KF_VERSION": "4.4.0" if is_kraft else "3.9.2",
        "KF_HOME": str(root),
        "KF_BASE_FILE": str(root / "config" / "server.properties"),
        "KAFKA_LOG_DIRS": f"{root}/logs",
    }
    if is_kraft:
        case.environ["KF_REPLICAS"] = "3"
    case.meant = dict(case.environ)
    is_calm = chance.randrange(3) > 0
    for name in (name for name in KF_NUMBERS if not chance.randrange(8)):
        _, low, high = KF_NUMBERS[name]
        wanted = _digits(chance, low, high, marker)
        case.give(name, str(chance.randint(low, min(high, 200)) if is_calm else wanted), chance, files)
    for name in chance.sample(sorted(_KAFKA_KEYS), chance.randrange(4)):
        value = text(chance, marker)
        if is_calm and chance.randrange(4):
            value = re.sub("[\n\r\0\ud800-\udfff]", "?", value)
        case.give(f"KAFKA_{name}", value, chance, files)
    if not chance.randrange(4):
        case.give("KAFKA_NUM_PARTITIONS", str(chance.randrange(1, 99)), chance, files)
    if not is_kraft:
        _add_addresses(case, chance, files)
    if not chance.randrange(20):
        case.environ[f"KAFKA_{chance.choice(_BAD_NAMES)}"] = "x"
        case.is_bad = True
    if not chance.randrange(20):
        case.environ |= {"KAFKA_TWO_NAMES": "x", "KAFKA_two_NAMES": "x"}
        case.is_bad = True
    if not chance.randrange(5):
        # None of these is a property, whatever it holds.
        opts = {
            name: text(chance, marker) for name in ("KAFKA_OPTS", "KAFKA_HEAP_OPTS", "KAFKA_JMX_PORT", "KF_UNKNOWN")
        }
        case.environ |= opts | {"KAFKA_SERVICE_HOST": text(chance, marker), "KAFKA_PORT_9092_TCP": "tcp://10.0.0.1:1"}
    return case


def _add_addresses(case: Case, chance: random.Random, files: Path) -> None:
    """Add where ZooKeeper is, or where the broker listens, seldom a wrong one."""
    if chance.randrange(3):
        return
    name, good, bad = chance.choice(
        [
            ("KF_ZK_CHROOT", _CHROOTS, _BAD_CHROOTS),
            ("KAFKA_ZOOKEEPER_CONNECT", _CONNECTS, _BAD_CONNECTS),
            ("KAFKA_LISTENERS", _LISTENERS, _BAD_LISTENERS),
        ]
    )
    is_good = chance.randrange(4) > 0
    case.is_bad |= not is_good
    case.give(name, chance.choice(good if is_good else bad), chance, files)


def server_properties(case: Case, *, is_kraft: bool) -> dict[str, str] | None:
    """Return the properties that a broker shall find; None where the case must be refused."""
    meant = {name: value for name, value in case.meant.items() if value}
    if case.is_bad or not all(_may_be(case, name, value) for name, value in meant.items()):
        return None
    numbers: dict[str, int] = {}
    for name, (default, low, high) in KF_NUMBERS.items():
        number = _number(meant[name], low, high) if name in meant else default
        if number is None:
            return None
        numbers[name] = number
    node = numbers["KF_ID_OFFSET"] + 1
    if node > INT32_MAX or (not is_kraft and node > 1000):
        return None
    entries: dict[str, str] = dict(javaproperties.loads((KRAFT_BASE if is_kraft else BASE_FILE).read_text()))
    port, own = numbers["KF_PORT"], f"kafka-1.{SERVICE}"
    entries |= {"listeners": f"PLAINTEXT://:{port}", "advertised.listeners": f"PLAINTEXT://{own}:{port}"}
    if "KAFKA_LISTENERS" in meant:
        port = int(meant["KAFKA_LISTENERS"].rpartition(":")[2])
        entries |= {"listeners": meant["KAFKA_LISTENERS"], "advertised.listeners": f"PLAINTEXT://{own}:{port}"}
    if is_kraft:
        controllers = numbers["KF_CONTROLLER_PORT"]
        last = numbers["KF_ID_OFFSET"] + 2
        if controllers == port or last > INT32_MAX:
            return None
        entries.pop("controller.quorum.bootstrap.servers", None)
        entries["listeners"] += f",CONTROLLER://:{controllers}"
        entries["node.id"] = str(node)
        entries["controller.quorum.voters"] = ",".join(
            f"{numbers['KF_ID_OFFSET'] + ordinal}@kafka-{ordinal}.{SERVICE}:{controllers}" for ordinal in range(3)
        )
    else:
        entries["broker.id"] = str(node)
        entries["zookeeper.connect"] = ",".join(
            f"zk-{ordinal}.zk-svc.default.svc.cluster.local:{numbers['KF_ZK_CLIENT_PORT']}"
            for ordinal in range(numbers["KF_ZK_REPLICAS"])
        ) + meant.get("KF_ZK_CHROOT", "").removesuffix("/")
    given = {
        **_KAFKA_KEYS,
        "ZOOKEEPER_CONNECT": "zookeeper.connect",
        "LOG_DIRS": "log.dirs",
        "NUM_PARTITIONS": "num.partitions",
    }
    return entries | {key: meant[f"KAFKA_{name}"] for name, key in given.items() if f"KAFKA_{name}" in meant}


def _may_be(case: Case, name: str, value: str) -> bool:
    """Return whether the variable *name* may have the *value*: only a property's file has several lines."""
    has_lines = f"{name}_FILE" in case.environ and name.removeprefix("KAFKA_") in _KAFKA_KEYS
    return is_value(value.replace("\n", "") if has_lines else value)


def shell(path: Path, *names: str) -> str:
    """Return a shell command that sources the file at *path* and prints the variables *names*, each behind a NUL."""
    shown = " ".join(f'"${name}"' for name in names)
    return f". {shlex.quote(str(path))} && printf '\\000%s' {shown}"
