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
from zkboot.pod.environ import FILES, PORTS, PROBES, TIMING, WHO, Choice, EnvReader, Number, Path, Seconds, Variable
from zkboot.pod.errors import Problems
from zkboot.pod.fields import optional, read_fields, setting, variables_of
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


class FormatOptions(Words):
    """Further options of Kafka's storage tool, none of those that this tool adds itself."""

    allowed = "options of `kafka-storage.sh format`"

    def parse(self, text: str) -> tuple[str, ...]:
        words = super().parse(text)
        own = [word for word in words if word.partition("=")[0] in _OWN_FORMAT_OPTIONS]
        if own:
            names = ", ".join(word.partition("=")[0] for word in own)
            raise ValueError(f"has {names}, which is added where it is needed")
        return words


class Chroot(Variable[str]):
    """A path in ZooKeeper."""

    allowed = "an absolute path of ZooKeeper"

    def parse(self, text: str) -> str:
        return checked_chroot(text)


_OWN_FORMAT_OPTIONS = frozenset(
    {
        *("-t", "--cluster-id", "-c", "--config", "-g", "--ignore-formatted", "-s", "--standalone"),
        *("-I", "--initial-controllers", "-N", "--no-initial-controllers"),
    }
)

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
FORMAT_OPTIONS = FormatOptions(
    "KF_FORMAT_OPTIONS",
    (),
    "further options of the storage tool for a new volume, such as `--add-scram` or `--release-version`",
    group=_WITH_KRAFT,
    default_text="none",
    secret=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the environment says about this broker, checked; field names follow the field."""

    replicas: int | None = optional(REPLICAS)
    ordinal_start: int = setting(ORDINAL_START)
    id_offset: int = setting(ID_OFFSET)
    mode: str | None = optional(MODE)
    """None where the version decides."""
    namespace: str | None = optional(POD_NAMESPACE)
    """The pod's own."""
    client_port: int = setting(PORT)
    has_client_port: bool
    """Whether KF_PORT is set."""
    controller_port: int = setting(CONTROLLER_PORT)
    home: str = setting(HOME)
    stated_version: str | None = optional(VERSION)
    version: Version | None
    """None where it must be looked for in the installation."""
    stated_base_file: str | None = optional(BASE_FILE)
    """None where the mode decides; then the next one is that of ZooKeeper mode, and of 4.0 and newer."""
    base_file: str
    config_file: str = setting(CONFIG_FILE)
    zk_statefulset: str = setting(
        Label("KF_ZK_STATEFULSET", "zk", "StatefulSet of the ZooKeeper servers", group=_WITH_ZOOKEEPER)
    )
    zk_service: str = setting(
        Label("KF_ZK_SERVICE", "zk-svc", "headless service of the ZooKeeper servers", group=_WITH_ZOOKEEPER)
    )
    zk_replicas: int = setting(
        Number("KF_ZK_REPLICAS", 3, "how many ZooKeeper servers there are", group=_WITH_ZOOKEEPER, low=1, high=255)
    )
    zk_namespace: str | None = optional(
        Label(
            "KF_ZK_NAMESPACE",
            None,
            "namespace of the ZooKeeper servers",
            group=_WITH_ZOOKEEPER,
            default_text="`POD_NAMESPACE`, else that in the pod's own domain",
        )
    )
    zk_client_port: int = setting(
        Port("KF_ZK_CLIENT_PORT", 2181, "client port of the ZooKeeper servers", group=_WITH_ZOOKEEPER)
    )
    zk_chroot: str = setting(
        Chroot(
            "KF_ZK_CHROOT",
            None,
            "path in ZooKeeper below which the cluster keeps its data",
            group=_WITH_ZOOKEEPER,
            default_text="none",
        )
    )
    """Empty for none."""
    cluster_id: str | None = optional(CLUSTER_ID)
    quorum: str | None = optional(QUORUM)
    """None where the properties that are given decide."""
    quorum_entry: str | None = optional(QUORUM_ENTRY)
    """None where the other controllers decide."""
    controller_replicas: int | None = optional(CONTROLLER_REPLICAS)
    controller_statefulset: str | None = optional(CONTROLLER_STATEFULSET)
    """None for the pod's own; the service and the id offset go with it."""
    controller_service: str | None = optional(CONTROLLER_SERVICE)
    controller_id_offset: int | None = optional(CONTROLLER_ID_OFFSET)
    storage_command: tuple[str, ...] | None = optional(STORAGE_COMMAND)
    """None for the installation's own script."""
    format_options: tuple[str, ...] = setting(FORMAT_OPTIONS)
    dns_wait: float = setting(DNS_WAIT)
    zk_wait: float = setting(ZK_WAIT)
    quorum_wait: float = setting(QUORUM_WAIT)
    probe_timeout: float = setting(PROBE_TIMEOUT)
    """Seconds for each of the other controllers to say whether they have a leader."""
    given: Mapping[str, Given]
    """Every property that KAFKA_* gives, by its name."""
    advice: tuple[str, ...]
    """What does not stop the start but should be read, one line each."""

    @classmethod
    def from_environ(cls, env: EnvReader) -> Self:
        """Return the settings that *env* holds; problems are noted there, for ``problems.check()`` to raise."""
        given, advice = read_properties(env)
        values = read_fields(cls, env)
        home = values["home"] = values["home"] or env.read(KAFKA_HOME)
        file = f"{home}/config/server.properties"
        values["config_file"] = values["config_file"] or file
        values["zk_chroot"] = values["zk_chroot"] or ""
        values["cluster_id"] = _stated_cluster_id(env, values["cluster_id"])
        return cls(
            **values,
            has_client_port=env.is_set(PORT),
            base_file=values["stated_base_file"] or file,
            version=_stated_version(env, values["stated_version"]),
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


_GROUPS = (WHO, CLUSTER, PORTS, FILES, _WITH_ZOOKEEPER, _WITH_KRAFT, TIMING, PROBES)

VARIABLES = variables_of(Settings, _GROUPS, (POD_NAME, HOSTNAME, PROBE_HOST, PROBE_PORT), (DOMAIN, HTTP_PORT))
"""Every variable with a name of its own, group by group, in the order of help pages and tables."""


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


def _stated_cluster_id(env: EnvReader, own: str | None) -> str | None:
    alias = env.get(CLUSTER_ID_ALIAS)
    if None not in (own, alias) and own != alias:
        env.problems.note(
            f"{CLUSTER_ID.name}={own!r} and {CLUSTER_ID_ALIAS.name}={alias!r} differ: unset one", CLUSTER_ID.name
        )
    return own or alias


def _stated_version(env: EnvReader, text: str | None) -> Version | None:
    if text is None:
        return None
    try:
        return Version.parse(text)
    except ValueError as error:
        env.problems.note(f"{env.told(VERSION.name, text)} {error}")
        return None
