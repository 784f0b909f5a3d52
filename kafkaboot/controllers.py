"""The controllers of KRaft: who votes, where they listen, and by which names a dynamic quorum knows their disks.

Facts (``QuorumConfig`` of 3.3 to 4.x, ``KafkaConfig.validateValues``, ``DynamicVoters``):

- A static quorum is the property ``controller.quorum.voters``, ``<id>@<host>:<port>,…``, the same on every node. A
  dynamic one (3.9) keeps its voters in its own log, and nodes are only told where to ask for it:
  ``controller.quorum.bootstrap.servers``, ``<host>:<port>,…``.
- A dynamic voter is a node id and the id of its metadata directory. The first ones are written into the log by
  ``format --initial-controllers``, which must be given the same text on each of them: so the directories' ids must be
  known before the first disk is there, and are derived from the cluster id and the node id.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from kafkaboot.broker import Broker
from kafkaboot.cluster_id import encode_uuid
from kafkaboot.settings import (
    CONTROLLER_ID_OFFSET,
    CONTROLLER_REPLICAS,
    CONTROLLER_SERVICE,
    CONTROLLER_STATEFULSET,
    REPLICAS,
    Settings,
)
from zkboot.pod.connection import host_port
from zkboot.pod.environ import BLANKS, INT32_MAX, EnvReader, Host, Number, Port

BROKER_ROLE = "broker"
CONTROLLER_ROLE = "controller"
BOTH_ROLES = (BROKER_ROLE, CONTROLLER_ROLE)

Address = tuple[str, int]

_NODE_ID = Number("node id", None, "")
_HOST = Host("host", None, "")
_PORT = Port("port", None, "")


@dataclass(frozen=True, slots=True)
class Voter:
    """One controller: an entry of ``controller.quorum.voters``."""

    node_id: int
    host: str
    """Name or address, IPv6 without brackets."""
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the voter that ``<id>@<host>:<port>`` states; raises ValueError with the reason."""
        node_id, at, address = text.partition("@")
        if not at:
            raise ValueError("is not <node id>@<host>:<port>")
        try:
            return cls(_NODE_ID.parse(node_id), *parse_address(address))
        except ValueError as error:
            raise ValueError(f"is not <node id>@<host>:<port>: a part of it {error}") from None

    def __str__(self) -> str:
        """Return the voter as it stands in the property."""
        return f"{self.node_id}@{host_port(self.host, self.port)}"


def parse_address(text: str) -> Address:
    """Return host and port; raises ValueError with the reason."""
    host, _, port = text.rpartition(":")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError("is not in brackets, as an IPv6 address must be")
    return _HOST.parse(host), _PORT.parse(port)


def parse_voters(text: str) -> tuple[Voter, ...]:
    """Return the entries of ``controller.quorum.voters``; raises ValueError with every reason, one a line."""
    problems: list[str] = []
    voters: list[Voter] = []
    for entry in _entries(text):
        try:
            voters.append(Voter.parse(entry))
        except ValueError as error:
            problems.append(f"has {entry!r}, which {error}")
    ids = [voter.node_id for voter in voters]
    problems += [f"names the node id {node_id} twice" for node_id in sorted({i for i in ids if ids.count(i) > 1})]
    if not voters and not problems:
        problems.append("names no voter")
    if problems:
        raise ValueError("\n".join(problems))
    return tuple(voters)


def parse_servers(text: str) -> tuple[Address, ...]:
    """Return the entries of ``controller.quorum.bootstrap.servers``; raises ValueError with the reason."""
    servers: list[Address] = []
    for entry in _entries(text):
        try:
            servers.append(parse_address(entry))
        except ValueError as error:
            raise ValueError(f"has {entry!r}, which is not <host>:<port>: a part of it {error}") from None
    if not servers:
        raise ValueError("names no server")
    return tuple(servers)


def parse_roles(text: str) -> tuple[str, ...]:
    """Return what ``process.roles`` lists; raises ValueError with the reason."""
    roles = tuple(_entries(text))
    if not roles or len(set(roles)) < len(roles) or not set(roles) <= set(BOTH_ROLES):
        raise ValueError("is not broker, controller or broker,controller")
    return roles


def render_voters(voters: Iterable[Voter]) -> str:
    """Return *voters* as ``controller.quorum.voters``."""
    return ",".join(str(voter) for voter in voters)


def render_servers(voters: Iterable[Voter]) -> str:
    """Return *voters* as ``controller.quorum.bootstrap.servers``."""
    return ",".join(host_port(voter.host, voter.port) for voter in voters)


def find_voters(env: EnvReader, settings: Settings, broker: Broker, roles: Sequence[str]) -> tuple[Voter, ...]:
    """Return the controllers that the replicas make; none, and a problem in *env*, where nothing says them.

    They are the pods of this StatefulSet, or of the one that KF_CONTROLLER_STATEFULSET names, which lives under a
    service of its own in the same namespace.
    """
    if settings.controller_statefulset is not None:
        return _voters_of_their_own(env, settings, broker)
    if CONTROLLER_ROLE not in roles:
        env.problem(
            f"this node is a broker only, and nothing says who the controllers are: set {CONTROLLER_STATEFULSET.name}"
            " (and its service, replicas and id offset), or KAFKA_CONTROLLER_QUORUM_VOTERS"
        )
        return ()
    if settings.replicas is None:
        env.problem(
            f"nothing says how many controllers vote: set {REPLICAS.name}, {CONTROLLER_STATEFULSET.name} where they"
            " are a StatefulSet of their own, or KAFKA_CONTROLLER_QUORUM_VOTERS"
        )
        return ()
    ordinals = range(settings.ordinal_start, settings.ordinal_start + settings.replicas)
    return tuple(
        Voter(ordinal + settings.id_offset, broker.pod.peer(ordinal), settings.controller_port) for ordinal in ordinals
    )


def directory_id_of(cluster_id: str, node_id: int) -> str:
    """Return the id of the metadata directory of *node_id*, one of a new cluster's first controllers.

    Like a random one it begins with no dash; that it is one of the few that Kafka keeps for itself has the odds of two
    random ids being one.
    """
    for turn in range(INT32_MAX):
        seed = f"zk-kafka-boot directory {cluster_id} {node_id} {turn}".encode()
        text = encode_uuid(hashlib.sha256(seed).digest()[:16])
        if not text.startswith("-"):
            return text
    raise AssertionError("unreachable")


def initial_controllers(voters: Iterable[Voter], cluster_id: str) -> str:
    """Return *voters* as ``format --initial-controllers`` takes them: ``<id>@<host>:<port>:<directory id>,…``."""
    return ",".join(f"{voter}:{directory_id_of(cluster_id, voter.node_id)}" for voter in voters)


def _voters_of_their_own(env: EnvReader, settings: Settings, broker: Broker) -> tuple[Voter, ...]:
    needed = {
        CONTROLLER_SERVICE.name: settings.controller_service,
        CONTROLLER_REPLICAS.name: settings.controller_replicas,
        CONTROLLER_ID_OFFSET.name: settings.controller_id_offset,
    }
    missing = [name for name, value in needed.items() if value is None and name not in "".join(env.problems)]
    if missing:
        told = f"{CONTROLLER_STATEFULSET.name}={settings.controller_statefulset}"
        env.problem(f"{told} needs {', '.join(missing)}, too")
    domain = (broker.pod.domain or "").partition(".")[2]
    if not domain:
        env.problem(
            f"{CONTROLLER_STATEFULSET.name}={settings.controller_statefulset}: the controllers' domain is unknown, for"
            f" pod {broker.pod.pod_name} has none of its own: set KF_DOMAIN"
        )
    if settings.controller_replicas is None or settings.controller_id_offset is None or not domain:
        return ()
    # A service of their own has a name in the pod's own domain, which is its service and the rest.
    own = settings.controller_statefulset == broker.pod.statefulset
    start = settings.ordinal_start if own else 0
    return tuple(
        Voter(
            ordinal + settings.controller_id_offset,
            f"{settings.controller_statefulset}-{ordinal}.{settings.controller_service}.{domain}",
            settings.controller_port,
        )
        for ordinal in range(start, start + settings.controller_replicas)
    )


def _entries(text: str) -> list[str]:
    return [entry.strip(BLANKS) for entry in text.split(",") if entry.strip(BLANKS)]
