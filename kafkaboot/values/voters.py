"""The controllers of KRaft: who votes, where they listen, and by which names a dynamic quorum knows their disks.

Facts (``QuorumConfig`` of 3.3 to 4.x, ``KafkaConfig.validateValues``, ``DynamicVoters``):

- A static quorum is the property ``controller.quorum.voters``, ``<id>@<host>:<port>,…``, the same on every node. A
  dynamic one (3.9) keeps its voters in its own log, and its nodes only get addresses to ask:
  ``controller.quorum.bootstrap.servers``, ``<host>:<port>,…``.
- A dynamic voter is a node id and the id of its metadata directory. The first ones are written into the log by
  ``format --initial-controllers``, which must be given the same text on each of them: so the directories' ids must be
  known before the first disk is there, and are derived from the cluster id and the node id.
"""

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from kafkaboot.values.cluster_id import encode_uuid
from zkboot.pod.address import Address, host_port, parse_address
from zkboot.pod.variables import BLANKS, Number

BROKER_ROLE = "broker"
CONTROLLER_ROLE = "controller"
BOTH_ROLES = (BROKER_ROLE, CONTROLLER_ROLE)

_NODE_ID = Number("node id", None, "")


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


def parse_voters(text: str) -> tuple[Voter, ...]:
    """Return the entries of ``controller.quorum.voters``; raises ValueError, one argument a reason."""
    problems: list[str] = []
    voters: list[Voter] = []
    for entry in _entries(text):
        try:
            voters.append(Voter.parse(entry))
        except ValueError as error:
            problems.append(f"has {entry!r}, which {error}")
    ids = Counter(voter.node_id for voter in voters)
    problems += [f"names the node id {node_id} twice" for node_id, count in sorted(ids.items()) if count > 1]
    if problems:
        raise ValueError(*problems)
    return tuple(voters)


def parse_servers(text: str) -> tuple[Address, ...]:
    """Return the entries of ``controller.quorum.bootstrap.servers``; raises ValueError with the reason."""
    servers: list[Address] = []
    for entry in _entries(text):
        try:
            servers.append(parse_address(entry))
        except ValueError as error:
            raise ValueError(f"has {entry!r}, which is not <host>:<port>: a part of it {error}") from None
    return tuple(servers)


def parse_roles(text: str) -> tuple[str, ...]:
    """Return what ``process.roles`` lists; raises ValueError with the reason."""
    roles = tuple(_entries(text))
    if len(set(roles)) < len(roles) or not set(roles) <= set(BOTH_ROLES):
        raise ValueError("is not broker, controller or broker,controller")
    return roles


def render_voters(voters: Iterable[Voter]) -> str:
    """Return *voters* as ``controller.quorum.voters``."""
    return ",".join(str(voter) for voter in voters)


def render_servers(voters: Iterable[Voter]) -> str:
    """Return *voters* as ``controller.quorum.bootstrap.servers``."""
    return ",".join(host_port(voter.host, voter.port) for voter in voters)


def directory_id_of(cluster_id: str, node_id: int) -> str:
    """Return the id of the metadata directory of *node_id*, one of a new cluster's first controllers.

    Like a random one it begins with no dash; it is one of the few that Kafka reserves about as often
    as two random ids are equal.
    """
    # It loads OpenSSL, 4 MB, which a process that needs no digest should not pay for.
    from hashlib import sha256

    seeds = (f"zk-kafka-boot directory {cluster_id} {node_id} {turn}".encode() for turn in itertools.count())
    texts = (encode_uuid(sha256(seed).digest()[:16]) for seed in seeds)
    return next(text for text in texts if not text.startswith("-"))


def initial_controllers(voters: Iterable[Voter], cluster_id: str) -> str:
    """Return *voters* as ``format --initial-controllers`` takes them: ``<id>@<host>:<port>:<directory id>,…``."""
    return ",".join(f"{voter}:{directory_id_of(cluster_id, voter.node_id)}" for voter in voters)


def _entries(text: str) -> list[str]:
    """Return the entries of a list, the empty ones, which Kafka refuses, among them."""
    return [entry.strip(BLANKS) for entry in text.split(",")]
