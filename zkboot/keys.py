"""The keys of zoo.cfg: which have a variable of their own, which exist, and how ZK_CFG_* names any of them.

Every version takes a key that it does not know for a system property, and says nothing. A mistyped
``autopurge.purgeInteval`` fills disks that way. So this tool warns of names that nearly match a key.

Source of the list: what ``QuorumPeerConfig.parseProperties`` knows, and the system properties ``zookeeper.*`` that the
server's classes read, from the jars of 3.4 to 3.9.
"""

from collections.abc import Mapping
from functools import cache

from zkboot.definitions import definitions
from zkboot.pod.environ import FILE_SUFFIX, EnvReader
from zkboot.pod.likeness import nearest
from zkboot.pod.secret import PARTS
from zkboot.pod.variables import is_trimmed

PREFIX = "ZK_CFG_"

_OF_METRICS = frozenset(
    f"metricsProvider.{name}"
    for name in (
        "exportJvmInfo",
        "httpHost",
        "httpPort",
        "maxQueueSize",
        "numWorkerThreads",
        "workerShutdownTimeoutMs",
    )
)
"""Settings of Prometheus' provider, which lies in a jar of its own."""

KNOWN_KEYS = definitions().names | _OF_METRICS
"""Keys that some version knows."""

OF_THE_JVM = (
    "jute.maxbuffer",
    "readonlymode.enabled",
    "znode.container.checkIntervalMs",
    "znode.container.maxNeverUsedIntervalMs",
    "znode.container.maxPerMinute",
)
"""System properties without the prefix ``zookeeper.``, which zoo.cfg gives to each: there they have no effect."""

_NUMBERED = ("authProvider.", "group.", "weight.")
_SECRET_PARTS = (*PARTS, "superdigest", "bindpw", "userpass")


def key_of(name: str) -> str:
    """Return the zoo.cfg key that the variable *name* stands for: ``___`` → ``-``, ``__`` → ``_``, ``_`` → ``.``.

    The case is kept. Raises ValueError with the reason for a name that stands for no key.
    """
    if not name.startswith(PREFIX):
        # What ZK_CFG_FILE leaves without its suffix.
        raise ValueError(f"and {name}{FILE_SUFFIX} name no key of zoo.cfg")
    tail = name.removeprefix(PREFIX)
    if "____" in tail:
        raise ValueError("has more than three underscores in a row, which no rule covers")
    key = tail.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")
    if not key or not key.isascii() or not key.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise ValueError("names no key of zoo.cfg")
    return key


def variable_of(key: str) -> str:
    """Return the name of the variable that stands for *key*."""
    return PREFIX + key.replace("_", "__").replace("-", "___").replace(".", "_")


def is_secret(key: str) -> bool:
    """Return whether the value of *key* is a secret by its name; a path to a secret is none, a number of tokens too."""
    lowered = key.lower()
    return any(part in lowered for part in _SECRET_PARTS) and not lowered.endswith(("path", "location", "tokens"))


def is_known(key: str) -> bool:
    """Return whether some version of ZooKeeper knows *key*."""
    return key in KNOWN_KEYS or key.startswith(_NUMBERED)


@cache
def nearest_key(key: str) -> str | None:
    """Return the key that was probably meant where ZooKeeper is not known to have *key*, None otherwise."""
    if is_known(key):
        return None
    lowered = {known.lower(): known for known in KNOWN_KEYS}
    found = nearest(key.lower(), lowered, 0.85)
    return None if found is None else lowered[found]


def extra_keys(env: EnvReader, owned: Mapping[str, str]) -> tuple[dict[str, str], frozenset[str]]:
    """Return the keys that ZK_CFG_* sets, with their values, and those of them that are secret; notes problems.

    *owned* are the keys that have a variable of their own, with its name.
    """
    extra: dict[str, str] = {}
    secret: set[str] = set()
    for name in sorted({name.removesuffix(FILE_SUFFIX) for name in env.names(PREFIX)}):
        try:
            key = key_of(name)
        except ValueError as error:
            env.problems.note(f"{name} {error}")
            continue
        refusal = _refusal(key, owned)
        if refusal is not None:
            env.problems.note(f"{name}: {refusal}")
            continue
        value = env.text(name)
        if value is None:
            continue
        # What is a typing mistake away from a secret's name has a secret for its value.
        if is_secret(key) or is_secret(nearest_key(key) or "") or name in env.from_file:
            secret.add(key)
        if not is_trimmed(value):
            subject = env.shown(name, value, secret=key in secret)
            env.problems.note(
                f"{subject} begins or ends in a blank or a control character, which ZooKeeper would cut off"
            )
        extra[key] = value
    return extra, frozenset(secret)


def _refusal(key: str, owned: Mapping[str, str]) -> str | None:
    """Return why no ZK_CFG_* variable may set *key*, with the variable to use; None where it may."""
    owner = owned.get(key)
    if owner is not None:
        return f"zoo.cfg's {key} has a variable of its own: set {owner}"
    if key.startswith("server."):
        return f"zoo.cfg's {key} is generated: set ZK_REPLICAS and ZK_DOMAIN, or ZK_SERVERS"
    if key == "dynamicConfigFile":
        return "zoo.cfg's dynamicConfigFile is generated: set ZK_SERVERS, or ZK_RECONFIG=true"
    if key == "reconfigEnabled":
        return "zoo.cfg's reconfigEnabled has a variable of its own: set ZK_RECONFIG=true"
    return None
