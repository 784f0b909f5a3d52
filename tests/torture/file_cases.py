"""`<NAME>_FILE` for every variable of both tools, the known keys of zoo.cfg and properties of a broker: 13 cases each.

What the tool makes of the file is compared with what it makes of the variable itself, and of neither: settings, probes
and rendered text must be the same, or the problem must be the one that is stated, and name the variable.
"""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from kafkaboot.config import settings as kafka_settings
from kafkaboot.probes import endpoint as kafka_endpoint
from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.start import plan as kafka_plan
from kafkaboot.values.keys import PREFIX as KAFKA_PREFIX
from tests.certificates import Authority
from tests.torture.campaign import Campaign
from tests.torture.generators import BASE_FILE
from zkboot import endpoint as zookeeper_endpoint
from zkboot import plan as zookeeper_plan
from zkboot import settings as zookeeper_settings
from zkboot.definitions import definitions
from zkboot.keys import KNOWN_KEYS
from zkboot.pod.environ import FILE_LIMIT, FILE_SUFFIX, EnvReader
from zkboot.pod.errors import BootError
from zkboot.pod.identity import Host
from zkboot.pod.variables import TLS
from zkboot.settings import OWNED_KEYS

Environ = dict[str, str]

_MEMORY = 8 << 30
_HOST = Host(lambda: "laptop", lambda: "")
_SERVERS = {"ZK_SERVERS": "1=a:2888:3888,2=b:2888:3888,3=c:2888:3888", "ZK_SERVER_ID": "3"}

ZOOKEEPER: Environ = {
    "POD_NAME": "zk-1",
    "HOSTNAME": "zk-2",
    "ZK_DOMAIN": "zk-svc.prod.svc",
    "ZK_REPLICAS": "5",
    "ZK_ORDINAL_START": "1",
    "ZK_ID_OFFSET": "3",
    "ZK_CLIENT_PORT": "2191",
    "ZK_SERVER_PORT": "2898",
    "ZK_ELECTION_PORT": "3898",
    "ZK_TICK_TIME": "3000",
    "ZK_INIT_LIMIT": "11",
    "ZK_SYNC_LIMIT": "6",
    "ZK_MAX_CLIENT_CNXNS": "61",
    "ZK_MIN_SESSION_TIMEOUT": "5000",
    "ZK_MAX_SESSION_TIMEOUT": "50000",
    "ZK_SNAP_RETAIN_COUNT": "4",
    "ZK_PURGE_INTERVAL": "1",
    "ZK_HEAP_SIZE": "50%",
    "ZK_LOG_LEVEL": "DEBUG",
    "ZK_LOGGERS": "org.apache.zookeeper=WARN",
    "ZK_USER": "nobody",
    "ZK_DATA_DIR": "/nonexistent/data",
    "ZK_DATA_LOG_DIR": "/nonexistent/log",
    "ZK_LOG_DIR": "/nonexistent/logs",
    "ZK_CONF_DIR": "/nonexistent/conf",
    "ZK_RECONFIG": "true",
    "ZK_QUORUM_ENTRY": "join",
    "ZK_SUPER_PASSWORD": "s3cret",
    "ZK_ALLOW_NEW_LIST": "true",
    "ZK_ALLOW_INCOMPLETE_DATA": "true",
    "ZK_ALLOW_STANDALONE_DATA": "true",
    "ZK_DNS_WAIT": "5",
    "ZK_PROBE_HOST": "::1",
    "ZK_PROBE_PORT": "2192",
    "ZK_PROBE_TIMEOUT": "1.5",
    **_SERVERS,
}

KAFKA: Environ = {
    "POD_NAME": "kafka-2",
    "HOSTNAME": "kafka-1",
    "POD_NAMESPACE": "prod",
    "KF_DOMAIN": "kafka-svc.prod.svc",
    "KF_REPLICAS": "5",
    "KF_ORDINAL_START": "1",
    "KF_ID_OFFSET": "3",
    "KF_HOME": "/nonexistent",
    "KF_VERSION": "3.9.2",
    "KF_MODE": "kraft",
    "KF_PORT": "9192",
    "KF_CONTROLLER_PORT": "9193",
    "KF_HEAP_SIZE": "50%",
    "KF_LOG_LEVEL": "DEBUG",
    "KF_LOGGERS": "kafka.controller=WARN",
    "KF_DNS_WAIT": "5",
    "KF_ZK_WAIT": "6",
    "KF_ZK_STATEFULSET": "keeper",
    "KF_ZK_SERVICE": "keeper-svc",
    "KF_ZK_REPLICAS": "5",
    "KF_ZK_NAMESPACE": "other",
    "KF_ZK_CLIENT_PORT": "2191",
    "KF_ZK_CHROOT": "/kafka",
    "KF_QUORUM": "dynamic",
    "KF_QUORUM_ENTRY": "join",
    "KF_QUORUM_WAIT": "7",
    "KF_CONTROLLER_STATEFULSET": "controller",
    "KF_CONTROLLER_SERVICE": "controller-svc",
    "KF_CONTROLLER_REPLICAS": "3",
    "KF_CONTROLLER_ID_OFFSET": "100",
    "KF_CLUSTER_ID": "Ut7tJ-wMRxCHyEbPpYTYKA",
    "CLUSTER_ID": "Ut7tJ-wMRxCHyEbPpYTYKA",
    "KF_STORAGE_COMMAND": "echo format",
    "KF_FORMAT_OPTIONS": "--release-version 3.9-IV0",
    "KF_PROBE_HOST": "::1",
    "KF_PROBE_PORT": "9194",
    "KF_PROBE_TIMEOUT": "1.5",
}

_TLS: Mapping[str, Environ] = {
    "zookeeper": {
        "ZK_TLS_PORT": "2291",
        "ZK_TLS_CLIENTS": "both",
        "ZK_TLS_QUORUM": "prefer",
        "ZK_TLS_CLIENT_AUTH": "want",
    },
    "kafka": {
        "KF_TLS_PORT": "9294",
        "KF_TLS_BROKER_PORT": "9295",
        "KF_TLS_CLIENTS": "both",
        "KF_TLS_CLIENT_AUTH": "required",
        "KF_ZK_TLS": "true",
    },
}
"""Beside the folder of the certificate; each is tried with all of these around it, and the others without."""

_LOGINS: Mapping[str, Environ] = {
    "zookeeper": {"ZK_SASL_USER": "servers", "ZK_SASL_CLIENTS": "both", "ZK_SASL_QUORUM": "prefer"},
    "kafka": {"KF_SASL_MECHANISM": "PLAIN", "KF_SASL_USER": "servers"},
}
"""The same, beside the folder of the logins."""

_APART: Mapping[str, tuple[str, ...]] = {
    "HOSTNAME": ("POD_NAME",),
    "ZK_CFG_DigestAuthenticationProvider_digestAlg": ("ZK_SUPER_PASSWORD",),
    "ZK_CFG_DigestAuthenticationProvider_superDigest": ("ZK_SUPER_PASSWORD",),
    "ZK_CFG_db_autocreate": ("ZK_QUORUM_ENTRY",),
    "CLUSTER_ID": ("KF_CLUSTER_ID",),
    "KF_CLUSTER_ID": ("CLUSTER_ID",),
    "KF_QUORUM": ("KF_QUORUM_ENTRY",),
}
"""Variables that are tried without others: what hides them, or is refused where they are unset."""

_PROPERTIES = (
    "KAFKA_NODE_ID",
    "KAFKA_SSL_KEYSTORE_PASSWORD",
    "KAFKA_SASL_JAAS_CONFIG",
    "KAFKA_LISTENER_NAME_INTERNAL_PLAIN_SASL_JAAS_CONFIG",
    "KAFKA_NUM_PARTITIONS",
    "KAFKA_LOG_DIRS",
    "KAFKA_MY___OWN__PROPERTY",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One variable and everything that is around it."""

    tool: Callable[[Environ], object]
    name: str
    value: str
    around: Environ
    folder: Path

    def made_of(self, **own: str) -> object:
        """Return what the tool makes of *own* and what is around."""
        return self.tool({**self.around, **own})

    def file(self, content: bytes) -> Path:
        """Return a file with *content*."""
        path = self.folder / "value"
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        return path


def cases(count: int, chance: random.Random, scratch: Path) -> str:
    """Try *count* variables and keys, those of the tools' own tables first; AssertionError with every fault."""
    known = [("zookeeper", _zookeeper_name(key), _taken_by(key)) for key in sorted(KNOWN_KEYS) if _is_free(key)]
    others = [
        *known,
        *(("kafka", name, "7" if name != "KAFKA_LOG_DIRS" else "/nonexistent/logs") for name in _PROPERTIES),
    ]
    authority = Authority()
    secret = str(authority.issue("*.zk-svc.prod.svc", "*.kafka-svc.prod.svc").write(scratch / "tls", authority.ca_crt))
    tls = {
        "zookeeper": {**_TLS["zookeeper"], "ZK_TLS_DIR": secret},
        "kafka": {**_TLS["kafka"], "KF_TLS_DIR": secret},
    }
    logins = scratch / "logins"
    logins.mkdir()
    (logins / "servers").write_text("password")
    folders = {"zookeeper": "ZK_SASL_DIR", "kafka": "KF_SASL_DIR"}
    sasl = {tool: {**_LOGINS[tool], folder: str(logins)} for tool, folder in folders.items()}
    own = [
        *_own("zookeeper", ZOOKEEPER | tls["zookeeper"] | sasl["zookeeper"]),
        *_own("kafka", KAFKA | tls["kafka"] | sasl["kafka"]),
    ]
    wanted = [*own, *chance.sample(others, max(0, min(count - len(own), len(others))))]
    faults: list[str] = []
    tried = 0
    for number, (tool, name, value) in enumerate(wanted):
        folder = scratch / str(number)
        folder.mkdir()
        full = ZOOKEEPER if tool == "zookeeper" else {**KAFKA, "KF_BASE_FILE": str(BASE_FILE)}
        for together in (tls[tool], sasl[tool]):
            if name in together:
                full = {**full, **together}
        # A list of servers takes the place of half of the others, and excludes a dynamic ensemble.
        hidden = (name, "ZK_RECONFIG", *_APART.get(name, ()), *(() if name in _SERVERS else _SERVERS))
        case = Case(
            tool=_zookeeper if tool == "zookeeper" else _kafka,
            name=name,
            value=value,
            around={key: text for key, text in full.items() if key not in hidden},
            folder=folder,
        )
        for what, is_right in _tried(case):
            tried += 1
            if not is_right:
                faults.append(f"{name}: {what}")
    if faults:
        raise AssertionError("\n".join((f"{len(faults)} faults", *faults[:20])))
    return (
        f"secret files: {len(own)} variables and {len(wanted) - len(own)} keys and properties, {tried} cases, 0 misread"
    )


def _tried(case: Case) -> Iterator[tuple[str, bool]]:
    """Yield each case and whether it came to what it must."""
    name, value = case.name, case.value
    file_name = name + FILE_SUFFIX
    given = case.made_of(**{name: value})
    unset = case.made_of()
    content = value.encode()

    def read(path: Path) -> object:
        return case.made_of(**{file_name: str(path)})

    def refused(path: Path, reason: str) -> bool:
        problems = read(path)
        return isinstance(problems, tuple) and any(file_name in one and reason in one for one in problems)

    yield "means nothing, so the cases are none", given != unset
    yield "plain is refused", not isinstance(given, tuple)
    yield "in a file", read(case.file(content)) == given
    yield "a newline at the end is not dropped", read(case.file(content + b"\n")) == given
    if not name.startswith((KAFKA_PREFIX, "ZK_SERVERS")):
        yield "two newlines at the end", refused(case.file(content + b"\n\n"), "newline")
    both = case.made_of(**{name: value, file_name: str(case.file(content))})
    told = f"{name} and {file_name} are both set: unset one"
    yield "both", isinstance(both, tuple) and told in both
    yield "missing", refused(case.folder / "none", "no such file")
    yield "empty", read(case.file(b"")) == unset
    yield "CRLF", refused(case.file(content + b"\r\n"), "carriage return")
    yield "too long", refused(case.file(content + b" " * FILE_LIMIT), f"longer than {FILE_LIMIT} bytes")
    fifo = case.folder / "fifo"
    os.mkfifo(fifo)
    yield "FIFO", refused(fifo, "no regular file")
    yield "directory", refused(case.folder, "is a directory")
    loop = case.folder / "loop"
    loop.symlink_to(loop)
    yield "loop of links", refused(loop, "symbolic links")
    public = case.file(content)
    public.chmod(0o444)
    yield "mode 0444", read(public) == given
    # As a Secret is mounted: the name is a link through ..data to the folder of the newest version.
    version = case.folder / "..2026_01_01"
    version.mkdir()
    (version / "key").write_bytes(content)
    (case.folder / "..data").symlink_to(version.name)
    mounted = case.folder / "key"
    mounted.symlink_to("..data/key")
    yield "mounted Secret", read(mounted) == given


def _zookeeper(environ: Environ) -> object:
    """Return what zkboot and its probes make of *environ*: a dictionary, or a tuple of problems."""
    env = EnvReader(environ)
    endpoint = zookeeper_endpoint.Endpoint.from_environ(env)
    try:
        env.problems.check()
        plan = zookeeper_plan.draft_plan(environ, _HOST, lambda: _MEMORY)
    except BootError as error:
        return error.problems
    shown = {one.name: getattr(plan.settings, one.name) for one in fields(plan.settings) if one.name != "secret_keys"}
    texts = [(file.path, file.text) for file in plan.files]
    return {"probe": (endpoint.host, endpoint.port, endpoint.timeout), "texts": texts, "id": plan.member, **shown}


def _kafka(environ: Environ) -> object:
    """Return what kafkaboot and its probes make of *environ*: a dictionary, or a tuple of problems."""
    env = EnvReader(environ)
    endpoint = kafka_endpoint.Endpoint.from_environ(env, BrokerProperties(env))
    try:
        env.problems.check()
        plan = kafka_plan.make_plan(environ, _HOST, lambda: _MEMORY)
    except BootError as error:
        return error.problems
    shown = {one.name: getattr(plan.settings, one.name) for one in fields(plan.settings) if one.name != "given"}
    return {
        "probe": (endpoint.host, endpoint.port, endpoint.timeout),
        "text": plan.file.text,
        "jvm": (plan.jvm.server, plan.jvm.files),
        "id": (plan.broker.broker_id, plan.broker.fqdn),
        **shown,
    }


def _own(tool: str, values: Environ) -> Iterator[tuple[str, str, str]]:
    """Yield what is tried of a tool's table: every variable that can be read from a file.

    Less the one of `serve`, and those of TLS: they need a Secret that is right for the pod.
    """
    table = zookeeper_settings.VARIABLES if tool == "zookeeper" else kafka_settings.VARIABLES
    for variable in table:
        if variable.reads_file and not variable.name.endswith("_HTTP_PORT") and variable.group != TLS:
            yield tool, variable.name, values[variable.name]


def _is_free(key: str) -> bool:
    # Those behind are taken beside others only.
    taken = {*OWNED_KEYS, "dynamicConfigFile", "reconfigEnabled", "secureClientPort", "secureClientPortAddress"}
    return key not in taken and not key.startswith(("server.", "quorum.auth."))


def _taken_by(key: str) -> str:
    """Return a value that every version takes which knows *key*."""
    rows = definitions().all(key)
    return next(value for value in ("7", "true", "3", "/x", "observer") if all(row.takes(value) for row in rows))


def _zookeeper_name(key: str) -> str:
    return "ZK_CFG_" + key.replace("_", "__").replace("-", "___").replace(".", "_")


CAMPAIGNS = (Campaign(name="secret-files", short=100, long=1000, run=cases),)
