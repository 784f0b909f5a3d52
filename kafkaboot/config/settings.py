"""Every KF_* variable and every property that KAFKA_* gives, read at once, so that one run names every mistake."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from kafkaboot.config.given import Given, read_properties
from kafkaboot.values.cluster_id import ClusterId
from kafkaboot.values.connect import checked_chroot
from kafkaboot.values.knobs import (
    CLUSTER,
    CONFIG_FILE,
    CONTROLLER_PORT,
    DOMAIN,
    HOME,
    HTTP_PORT,
    ID_OFFSET,
    KAFKA_HOME,
    ORDINAL_START,
    PORT,
    PROBE_HOST,
    PROBE_PORT,
    PROBE_TIMEOUT,
    VERSION,
)
from kafkaboot.values.properties import ROLES
from kafkaboot.values.version import KRAFT as KRAFT_SINCE
from kafkaboot.values.version import NO_ZOOKEEPER, Version
from zkboot.pod.address import Port
from zkboot.pod.environ import FILES, TIMING, Choice, EnvReader, Number, Path, Seconds, Variable
from zkboot.pod.errors import Problems
from zkboot.pod.identity import HOSTNAME, POD_NAME, POD_NAMESPACE, is_label

KNOB_PREFIX = "KF_"

ZK_PREFIX = "KF_ZK_"
"""Of the variables that are read in ZooKeeper mode only."""

ZOOKEEPER = "zookeeper"
KRAFT = "kraft"

STATIC = "static"
DYNAMIC = "dynamic"

FIRST = "first"
JOIN = "join"

_WITH_ZOOKEEPER, _WITH_KRAFT = "With ZooKeeper", "With KRaft"


class Label(Variable[str]):
    """One label of a DNS name, as Kubernetes names its objects."""

    allowed = "letters, digits and dashes"

    def parse(self, text: str) -> str:
        if not is_label(text):
            raise ValueError("is not a name in Kubernetes: letters, digits and dashes, no dash at either end")
        return text


class Words(Variable[tuple[str, ...]]):
    """A command line, split as a shell would."""

    allowed = "a command line"

    def parse(self, text: str) -> tuple[str, ...]:
        try:
            words = tuple(shlex.split(text))
        except ValueError as error:
            raise ValueError(f"is not a command line: {str(error).lower()}") from None
        if not words:
            raise ValueError("is not a command line")
        return words


class Chroot(Variable[str]):
    """A path in ZooKeeper."""

    allowed = "an absolute path of ZooKeeper"

    def parse(self, text: str) -> str:
        return checked_chroot(text)


MODE = Choice(
    "KF_MODE",
    None,
    "where the cluster's metadata lives",
    group=CLUSTER,
    words=(ZOOKEEPER, KRAFT),
    default_text=f"`{KRAFT}` where `KAFKA_PROCESS_ROLES` is set or from 4.0 on, else `{ZOOKEEPER}`",
)
BASE_FILE = Path(
    "KF_BASE_FILE",
    None,
    "the properties file that is read and edited",
    group=FILES,
    default_text=f"`${HOME.name}/config/server.properties`; in KRaft mode before 4.0 `config/kraft/server.properties`",
    reads_file=False,
)
REPLICAS = Number(
    "KF_REPLICAS",
    None,
    "pods in the StatefulSet: a pod with any other ordinal is refused; all are controllers where"
    " `KF_CONTROLLER_REPLICAS` is unset",
    group=CLUSTER,
    low=1,
    default_text="unknown",
)
DNS_WAIT = Seconds(
    "KF_DNS_WAIT", 60, "seconds that `kafkaboot run` waits for the pod's own DNS name; 0 is no wait", group=TIMING
)
ZK_WAIT = Seconds(
    "KF_ZK_WAIT", 120, "seconds that `kafkaboot run` waits for ZooKeeper's quorum; 0 is no wait", group=TIMING
)
ZK_STATEFULSET = Label("KF_ZK_STATEFULSET", "zk", "StatefulSet of the ZooKeeper servers", group=_WITH_ZOOKEEPER)
ZK_SERVICE = Label("KF_ZK_SERVICE", "zk-svc", "headless service of the ZooKeeper servers", group=_WITH_ZOOKEEPER)
ZK_REPLICAS = Number(
    "KF_ZK_REPLICAS", 3, "how many ZooKeeper servers there are", group=_WITH_ZOOKEEPER, low=1, high=255
)
ZK_NAMESPACE = Label(
    "KF_ZK_NAMESPACE",
    None,
    "namespace of the ZooKeeper servers",
    group=_WITH_ZOOKEEPER,
    default_text="`POD_NAMESPACE`, else that in the pod's own domain",
)
ZK_CLIENT_PORT = Port("KF_ZK_CLIENT_PORT", 2181, "client port of the ZooKeeper servers", group=_WITH_ZOOKEEPER)
ZK_CHROOT = Chroot(
    "KF_ZK_CHROOT",
    None,
    "path in ZooKeeper below which the cluster keeps its data",
    group=_WITH_ZOOKEEPER,
    default_text="none",
)
QUORUM = Choice(
    "KF_QUORUM",
    None,
    f"how the controllers know each other: by a list in every properties file (`{STATIC}`), or by their own log"
    f" (`{DYNAMIC}`, 3.9 and newer)",
    group=_WITH_KRAFT,
    words=(STATIC, DYNAMIC),
    default_text=f"`{STATIC}`, unless `KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS` is set",
)
QUORUM_ENTRY = Choice(
    "KF_QUORUM_ENTRY",
    None,
    f"what a controller with an empty volume becomes: a first voter of a new cluster (`{FIRST}`), or one that joins the"
    f" controllers that are there (`{JOIN}`)",
    group=_WITH_KRAFT,
    words=(FIRST, JOIN),
    default_text=f"in a static quorum `{FIRST}`; in a dynamic one `{JOIN}` where another controller knows a leader,"
    " else no start",
)
QUORUM_WAIT = Seconds(
    "KF_QUORUM_WAIT",
    30,
    "seconds that a controller with an empty volume, which must join, asks the others for a leader",
    group=TIMING,
)
CONTROLLER_STATEFULSET = Label(
    "KF_CONTROLLER_STATEFULSET",
    None,
    "StatefulSet of the controllers",
    group=_WITH_KRAFT,
    default_text="the pod's own",
)
CONTROLLER_SERVICE = Label(
    "KF_CONTROLLER_SERVICE",
    None,
    f"headless service of the controllers, where `{CONTROLLER_STATEFULSET.name}` is set",
    group=_WITH_KRAFT,
)
CONTROLLER_REPLICAS = Number(
    "KF_CONTROLLER_REPLICAS",
    None,
    "how many controllers there are: that many first pods of the StatefulSet, which are brokers, too (later pods are"
    f" brokers only); or the pods of `{CONTROLLER_STATEFULSET.name}`, where that is set",
    group=_WITH_KRAFT,
    low=1,
    default_text=f"`{REPLICAS.name}`",
)
CONTROLLER_ID_OFFSET = Number(
    "KF_CONTROLLER_ID_OFFSET",
    None,
    f"node id of the first controller, where `{CONTROLLER_STATEFULSET.name}` is set",
    group=_WITH_KRAFT,
)
CLUSTER_ID_ALIAS = ClusterId("CLUSTER_ID", None, "cluster id")
CLUSTER_ID = ClusterId(
    "KF_CLUSTER_ID",
    None,
    "id of the cluster: empty volumes are formatted with it, and all others must have it",
    group=_WITH_KRAFT,
    default_text=f"`{CLUSTER_ID_ALIAS.name}`",
)
STORAGE_COMMAND = Words(
    "KF_STORAGE_COMMAND",
    None,
    "command that runs Kafka's storage tool; `format` and its options are added",
    group=_WITH_KRAFT,
    default_text=f"`${HOME.name}/bin/kafka-storage.sh`",
)

VARIABLES: tuple[Variable[object], ...] = (  # type: ignore[assignment]
    POD_NAME,
    HOSTNAME,
    POD_NAMESPACE,
    DOMAIN,
    REPLICAS,
    ORDINAL_START,
    ID_OFFSET,
    MODE,
    PORT,
    CONTROLLER_PORT,
    HOME,
    VERSION,
    BASE_FILE,
    CONFIG_FILE,
    ZK_STATEFULSET,
    ZK_SERVICE,
    ZK_REPLICAS,
    ZK_NAMESPACE,
    ZK_CLIENT_PORT,
    ZK_CHROOT,
    CLUSTER_ID,
    QUORUM,
    QUORUM_ENTRY,
    CONTROLLER_REPLICAS,
    CONTROLLER_STATEFULSET,
    CONTROLLER_SERVICE,
    CONTROLLER_ID_OFFSET,
    STORAGE_COMMAND,
    DNS_WAIT,
    ZK_WAIT,
    QUORUM_WAIT,
    PROBE_HOST,
    PROBE_PORT,
    PROBE_TIMEOUT,
    HTTP_PORT,
)
"""Every variable with a name of its own, group by group, in the order of help pages and tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the environment says about this broker, checked; field names follow the field."""

    home: str
    stated_base_file: str | None
    """None where the mode decides; then the next one is that of ZooKeeper mode, and of 4.0 and newer."""
    base_file: str
    config_file: str
    version: Version | None
    """None where it must be looked for in the installation."""
    mode: str | None
    """None where the version decides."""
    client_port: int
    replicas: int | None
    id_offset: int
    ordinal_start: int
    namespace: str | None
    """The pod's own."""
    zk_statefulset: str
    zk_service: str
    zk_replicas: int
    zk_namespace: str | None
    zk_client_port: int
    zk_chroot: str
    """Empty for none."""
    zk_wait: float
    controller_port: int
    quorum: str | None
    """None where the properties that are given decide."""
    quorum_entry: str | None
    """None where the other controllers decide."""
    quorum_wait: float
    controller_statefulset: str | None
    """None for the pod's own; the service and the id offset go with it."""
    controller_service: str | None
    controller_replicas: int | None
    controller_id_offset: int | None
    cluster_id: str | None
    storage_command: tuple[str, ...] | None
    """None for the installation's own script."""
    dns_wait: float
    probe_timeout: float
    """Seconds for each of the other controllers to say whether they have a leader."""
    given: Mapping[str, Given]
    """Every property that KAFKA_* gives, by its name."""
    advice: tuple[str, ...]
    """What does not stop the start but should be read, one line each."""

    @classmethod
    def from_environ(cls, env: EnvReader) -> Self:
        """Return the settings that *env* holds; problems are noted there, for ``problems.check()`` to raise."""
        home = env.get(HOME) or env.read(KAFKA_HOME)
        given, advice = read_properties(env)
        return cls(
            home=home,
            stated_base_file=env.get(BASE_FILE),
            base_file=env.get(BASE_FILE) or f"{home}/config/server.properties",
            config_file=env.get(CONFIG_FILE) or f"{home}/config/server.properties",
            version=_stated_version(env),
            mode=env.get(MODE),
            client_port=env.read(PORT),
            replicas=env.get(REPLICAS),
            id_offset=env.read(ID_OFFSET),
            ordinal_start=env.read(ORDINAL_START),
            namespace=env.get(POD_NAMESPACE),
            zk_statefulset=env.read(ZK_STATEFULSET),
            zk_service=env.read(ZK_SERVICE),
            zk_replicas=env.read(ZK_REPLICAS),
            zk_namespace=env.get(ZK_NAMESPACE),
            zk_client_port=env.read(ZK_CLIENT_PORT),
            zk_chroot=env.get(ZK_CHROOT) or "",
            zk_wait=env.read(ZK_WAIT),
            controller_port=env.read(CONTROLLER_PORT),
            quorum=env.get(QUORUM),
            quorum_entry=env.get(QUORUM_ENTRY),
            quorum_wait=env.read(QUORUM_WAIT),
            controller_statefulset=env.get(CONTROLLER_STATEFULSET),
            controller_service=env.get(CONTROLLER_SERVICE),
            controller_replicas=env.get(CONTROLLER_REPLICAS),
            controller_id_offset=env.get(CONTROLLER_ID_OFFSET),
            cluster_id=_stated_cluster_id(env),
            storage_command=env.get(STORAGE_COMMAND),
            dns_wait=env.read(DNS_WAIT),
            probe_timeout=env.read(PROBE_TIMEOUT),
            given=given,
            advice=advice,
        )

    @property
    def first_pods(self) -> range | None:
        """Ordinals of the controllers where they are the first pods of this StatefulSet; later ones are brokers only.

        None where every pod of it is alike.
        """
        if self.controller_statefulset is not None or self.controller_replicas is None:
            return None
        return range(self.ordinal_start, self.ordinal_start + self.controller_replicas)

    @property
    def secret_keys(self) -> frozenset[str]:
        """The given properties whose values nobody may see."""
        return frozenset(key for key, given in self.given.items() if given.is_secret)


def find_mode(problems: Problems, settings: Settings, version: Version) -> str:
    """Return the mode that *settings* and *version* make; a contradiction is noted in *problems*."""
    roles = settings.given.get(ROLES.key)
    if settings.mode is None:
        mode = KRAFT if roles is not None or version >= NO_ZOOKEEPER else ZOOKEEPER
    else:
        mode = settings.mode
    told = f"{MODE.name}={mode}" if settings.mode else roles.told if roles else ""
    if mode == ZOOKEEPER and version >= NO_ZOOKEEPER:
        problems.note(f"{told}: Kafka {version} has no ZooKeeper mode, {NO_ZOOKEEPER} and newer know {KRAFT} only")
    if mode == ZOOKEEPER and roles is not None:
        problems.note(f"{told} and {roles.told} contradict each other: roles exist in {KRAFT} mode only")
    if mode == KRAFT and version < KRAFT_SINCE:
        problems.note(f"{told}: Kafka {version} is too old for {KRAFT}, which needs {KRAFT_SINCE} or newer")
    return mode


def _stated_cluster_id(env: EnvReader) -> str | None:
    stated = env.get(CLUSTER_ID), env.get(CLUSTER_ID_ALIAS)
    if None not in stated and stated[0] != stated[1]:
        env.problems.note(
            f"{CLUSTER_ID.name}={stated[0]!r} and {CLUSTER_ID_ALIAS.name}={stated[1]!r} differ: unset one",
            CLUSTER_ID.name,
        )
    return stated[0] or stated[1]


def _stated_version(env: EnvReader) -> Version | None:
    text = env.get(VERSION)
    if text is None:
        return None
    try:
        return Version.parse(text)
    except ValueError as error:
        env.problems.note(f"{env.told(VERSION.name, text)} {error}")
        return None
