"""The volumes of a node of KRaft: what is on them, whether it contradicts this node, and when and how to format them.

Facts (``StorageTool``, ``Formatter``, ``MetaPropertiesEnsemble`` and ``QuorumStateData`` of 3.3 to 4.4, tried on each):

- Kafka starts on formatted directories only. From 3.8 on its tool writes ``meta.properties`` last, after
  ``bootstrap.checkpoint`` (up to 4.x) or the first snapshot of ``__cluster_metadata-0``; killed before that, it can be
  run again. Up to 3.6 it writes ``bootstrap.checkpoint`` last, which Kafka starts without: with its newest features.
- It refuses a directory that has a ``meta.properties``, unless it is told to pass over those that have one.
- A broker that began with ZooKeeper keeps ``version=0`` when it was migrated; then it has ``__cluster_metadata-0``.
- ``quorum-state`` beside the metadata says which kind of quorum it was written for: ``data_version`` 0 is static, 1
  dynamic. A static quorum can become dynamic from 4.1 on, while it runs; never the reverse.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kafkaboot.broker import Broker
from kafkaboot.cluster_id import canonical, check_new
from kafkaboot.layers import Config
from kafkaboot.settings import CLUSTER_ID, FIRST, JOIN, QUORUM
from kafkaboot.state import (
    LOST_AND_FOUND,
    META_PROPERTIES,
    METADATA_LOG,
    MetaProperties,
    cluster_problems,
    read_meta_properties,
    root_problem,
)
from kafkaboot.voters import CONTROLLER_ROLE, Voter, initial_controllers
from zkboot.pod.errors import BootError, SettingsError, StateError
from zkboot.pod.files import list_directory, read_file

_BOOTSTRAP = "bootstrap.checkpoint"
_FIRST_SNAPSHOT = "00000000000000000000-0000000000.checkpoint"
_QUORUM_STATE = "quorum-state"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What is to be formatted before the node can start."""

    cluster_id: str
    directories: tuple[str, ...]
    is_voter: bool
    """Whether the node is a controller of a dynamic quorum: then somebody must say whether it is one of the first."""

    def arguments(self, config_file: str, entry: str | None, voters: Sequence[Voter]) -> tuple[str, ...]:
        """Return the options of Kafka's storage tool; *entry* is FIRST or JOIN for a voter, None for anybody else."""
        # With "=", for an id may begin with a dash.
        options = ("format", f"--cluster-id={self.cluster_id}", "--config", config_file)
        if entry == FIRST:
            return (*options, "--initial-controllers", initial_controllers(voters, self.cluster_id))
        return (*options, "--no-initial-controllers") if entry == JOIN else options


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """What is in the directories of a node."""

    formatted: Mapping[str, MetaProperties]
    """By directory."""
    blank: tuple[str, ...]
    """Directories that are missing or empty, or that a format was begun on and not ended."""
    advice: tuple[str, ...] = ()
    """What does not stop the start but should be read."""


def check_volumes(config: Config, broker: Broker, cluster_id: str | None) -> Volumes:
    """Return what is in the directories of *config*; raises StateError with all that contradicts this node.

    Raises FileError where one of them cannot be read.
    """
    problems: list[str] = []
    formatted: dict[str, MetaProperties] = {}
    blank: list[str] = []
    for directory in config.data_dirs:
        names = list_directory(directory)
        if LOST_AND_FOUND in names:
            problems.append(root_problem(directory))
        try:
            meta = read_meta_properties(directory)
        except StateError as error:
            problems += error.problems
            continue
        if meta is not None:
            formatted[directory] = meta
        elif _is_blank(directory, names):
            blank.append(directory)
        else:
            problems.append(_stranger(directory, names))
    problems += _problems(config, broker, formatted, blank)
    problems += cluster_problems(formatted, cluster_id)
    problems += _quorum_problems(config)
    if problems:
        raise StateError(*problems)
    advice = (*_cluster_advice(formatted, cluster_id), *_quorum_advice(config))
    return Volumes(formatted=formatted, blank=tuple(blank), advice=advice)


def find_format(volumes: Volumes, config: Config, cluster_id: str | None) -> Format | None:
    """Return what is to be formatted, None where all is.

    Raises SettingsError where no cluster id is there to do it with, or one that many clusters have.
    """
    if not volumes.blank:
        return None
    if cluster_id is None:
        raise SettingsError(
            f"{', '.join(volumes.blank)}: to be formatted, for which {CLUSTER_ID.name} must say the cluster's id, the"
            " same on every node; `kafkaboot random-cluster-id` prints a new one"
        )
    try:
        check_new(cluster_id)
    except ValueError as error:
        raise SettingsError(f"{CLUSTER_ID.name}={cluster_id!r} {error}") from None
    return Format(
        cluster_id=cluster_id,
        directories=volumes.blank,
        is_voter=config.is_dynamic and CONTROLLER_ROLE in config.roles,
    )


def _is_blank(directory: str, names: Iterable[str]) -> bool:
    """Return whether nothing is in *directory*, or only what a format that was ended early leaves behind."""
    left = {name for name in names if not name.startswith(_BOOTSTRAP)} - {LOST_AND_FOUND, _LOCK}
    if left == {METADATA_LOG}:
        return all(name.startswith(_FIRST_SNAPSHOT) for name in list_directory(f"{directory}/{METADATA_LOG}"))
    return not left or left == {f"{META_PROPERTIES}.tmp"}


def _stranger(directory: str, names: Sequence[str]) -> str:
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return (
        f"{directory} holds {shown} and no {META_PROPERTIES}: it is no empty directory, so it is not formatted, and no"
        " formatted one, so Kafka would not start; mount the right volume, or restore that file"
    )


def _problems(
    config: Config, broker: Broker, formatted: Mapping[str, MetaProperties], blank: Sequence[str]
) -> Iterable[str]:
    for directory, meta in formatted.items():
        if meta.version == 0 and METADATA_LOG not in list_directory(config.metadata_dir):
            yield (
                f"{directory}/{META_PROPERTIES} is of a broker in ZooKeeper mode (version 0, broker.id={meta.node_id})"
                " that was never migrated, but this node is in KRaft mode: its topics would be lost to it; set"
                " KF_MODE=zookeeper, or migrate the cluster by Kafka's guide first"
            )
        if meta.node_id != broker.broker_id:
            yield (
                f"{directory}/{META_PROPERTIES} says {meta.id_key}={meta.node_id}, but pod {broker.pod.pod_name} is"
                f" node {broker.broker_id}: another node's volume (moved or cloned), or KF_ID_OFFSET or KAFKA_NODE_ID"
                " changed; mount the right volume or undo the change"
                f" (KAFKA_NODE_ID={meta.node_id} keeps the id of the data)"
            )
    if formatted and blank:
        yield (
            f"{', '.join(blank)}: empty, but {', '.join(formatted)} is formatted: a volume is missing, or a disk was"
            " replaced, or a format was ended early; mount the missing volume, or, where there is none, format it"
            " yourself: kafka-storage.sh format --ignore-formatted"
        )


def _cluster_advice(formatted: Mapping[str, MetaProperties], cluster_id: str | None) -> Iterable[str]:
    for directory, meta in formatted.items():
        found = meta.cluster_id
        if found is None:
            continue
        try:
            check_new(found)
        except ValueError as error:
            yield f"{directory}/{META_PROPERTIES}: cluster.id={found} {error.args[0].partition(': make')[0]}; it stays"
        if cluster_id not in (None, found):
            yield (
                f"{CLUSTER_ID.name}={cluster_id} and cluster.id={found} in {directory}/{META_PROPERTIES} are one id,"
                f" written in two ways ({canonical(found)}): Kafka compares the text, so say {found}"
            )


def _quorum_kind_on(config: Config) -> int | None:
    """Return what the metadata of a controller were written for, 0 for a static quorum, 1 for a dynamic one."""
    path = f"{config.metadata_dir}/{METADATA_LOG}/{_QUORUM_STATE}"
    if CONTROLLER_ROLE not in config.roles:
        return None
    try:
        state = json.loads(read_file(path) or "{}")
    except (BootError, ValueError):
        # Kafka itself says what is wrong with it.
        return None
    kind = state.get("data_version") if isinstance(state, dict) else None
    return kind if isinstance(kind, int) else None


def _quorum_problems(config: Config) -> Iterable[str]:
    if config.is_dynamic and _quorum_kind_on(config) == 0:
        yield (
            f"{config.metadata_dir}/{METADATA_LOG}/{_QUORUM_STATE} is of a static quorum, but {QUORUM.name} is dynamic:"
            " set it to static; from Kafka 4.1 on, upgrade the running cluster first (kafka-features.sh upgrade"
            " --feature kraft.version=1)"
        )


def _quorum_advice(config: Config) -> Iterable[str]:
    if not config.is_dynamic and _quorum_kind_on(config) == 1:
        yield (
            f"{config.metadata_dir}/{METADATA_LOG}/{_QUORUM_STATE} is of a dynamic quorum, so controller.quorum.voters"
            f" has no effect: set {QUORUM.name}=dynamic"
        )
