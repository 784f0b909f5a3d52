"""The volumes of a node of KRaft: what is on them, whether it contradicts this node, and when and how to format them.

Facts (``StorageTool``, ``Formatter``, ``MetaPropertiesEnsemble`` and ``QuorumStateData`` of 3.3 to 4.4, tried on each):

- Kafka starts on formatted directories only. From 3.8 on its tool writes ``meta.properties`` last, after
  ``bootstrap.checkpoint`` (up to 4.x) or the first snapshot of ``__cluster_metadata-0``; killed before that, it can be
  run again. Up to 3.6 it writes ``bootstrap.checkpoint`` last, which Kafka starts without: with its newest features.
- It refuses a directory that has a ``meta.properties``, unless its option says to ignore those that have one.
- A broker that began with ZooKeeper keeps ``version=0`` when it was migrated; then it has ``__cluster_metadata-0``.
- ``quorum-state`` beside the metadata is written at the first start: until then only the first snapshot tells who
  votes, where the format was given them.
- A broker may get a further directory at any time: the tool formats it alone, under the id of the others' cluster, and
  the broker registers it. A directory that takes the place of a lost one is as new: the replicas that were in the lost
  one are fetched from the other brokers. The metadata are in one directory only, and a voter that has lost them has
  forgotten its votes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kafkaboot.config.broker import Broker
from kafkaboot.config.layers import Config
from kafkaboot.config.variables import (
    CLUSTER_ID,
    CLUSTER_ID_ALIAS,
    FIRST,
    JOIN,
)
from kafkaboot.values.cluster_id import canonical, check_new, decode, fault_of_new
from kafkaboot.values.voters import BROKER_ROLE, CONTROLLER_ROLE, Voter, initial_controllers
from kafkaboot.volumes.meta import (
    LOST_AND_FOUND,
    META_PROPERTIES,
    METADATA_LOG,
    MetaProperties,
    cluster_problems,
    read_meta_properties,
    root_problem,
    way_to_keep,
)
from kafkaboot.volumes.quorum_state import QUORUM_STATE, quorum_advice, quorum_problems
from zkboot.pod.errors import SettingsError, StateError
from zkboot.pod.properties import ENCODING
from zkboot.pod.reads import list_directory, read_file

_BOOTSTRAP = "bootstrap.checkpoint"
_FIRST_SNAPSHOT = "00000000000000000000-0000000000"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What is to be formatted before the node can start."""

    cluster_id: str
    directories: tuple[str, ...]
    is_voter: bool
    """Whether the node is a controller of a dynamic quorum: then somebody must say whether it is one of the first."""
    beside: tuple[str, ...] = ()
    """The node's formatted directories, which stay as they are; its metadata are in one of them."""

    def arguments(self, config_file: str, entry: str | None, voters: Sequence[Voter]) -> tuple[str, ...]:
        """Return the options of Kafka's storage tool; *entry* is FIRST or JOIN for a voter, None for anybody else."""
        # With "=", for an id may begin with a dash.
        options: tuple[str, ...] = ("format", f"--cluster-id={self.cluster_id}", "--config", config_file)
        if self.beside:
            options = (*options, "--ignore-formatted")
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
    lacks_voters: bool = False
    """Whether this is a dynamic quorum's controller whose volume was formatted without voters, and never ran."""
    lacks_log: bool = False
    """Whether this is a static quorum's controller whose volume was formatted, and never ran: it knows of no vote."""
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
        if LOST_AND_FOUND in names and BROKER_ROLE in config.roles and directory in config.log_dirs:
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
    problems += quorum_problems(config)
    if problems:
        raise StateError(*problems)
    return Volumes(
        formatted=formatted,
        blank=tuple(blank),
        lacks_voters=_lacks_voters(config, formatted.get(config.metadata_dir)),
        lacks_log=_lacks_log(config, formatted),
        advice=(*_cluster_advice(formatted, cluster_id), *quorum_advice(config)),
    )


def find_format(volumes: Volumes, config: Config, cluster_id: str | None) -> Format | None:
    """Return what is to be formatted, None where all is.

    Raises SettingsError where no cluster id is there to do it with, or, for a new cluster, one that many clusters have.
    """
    if not volumes.blank:
        return None
    is_voter = config.is_dynamic and CONTROLLER_ROLE in config.roles
    found = next((meta.cluster_id for meta in volumes.formatted.values() if meta.cluster_id is not None), None)
    if found is not None:
        return Format(cluster_id=found, directories=volumes.blank, is_voter=is_voter, beside=tuple(volumes.formatted))
    if cluster_id is None:
        raise SettingsError(
            f"{', '.join(volumes.blank)}: to be formatted, for which {CLUSTER_ID.name} must say the cluster's id, the"
            " same on every node; `kafkaboot random-cluster-id` prints a new one"
        )
    try:
        check_new(cluster_id)
    except ValueError as error:
        raise SettingsError(f"{CLUSTER_ID.name}, or {CLUSTER_ID_ALIAS.name}: its value {error}") from None
    return Format(cluster_id=cluster_id, directories=volumes.blank, is_voter=is_voter, beside=tuple(volumes.formatted))


def _is_blank(directory: str, names: Iterable[str]) -> bool:
    """Return whether nothing is in *directory*, or only what a format that was ended early leaves behind."""
    left = {name for name in names if not name.startswith(_BOOTSTRAP)}
    left -= {LOST_AND_FOUND, _LOCK, f"{META_PROPERTIES}.tmp"}
    return not left or (left == {METADATA_LOG} and all(map(_is_first_snapshot, _metadata_log(directory))))


def _metadata_log(directory: str) -> Sequence[str]:
    return list_directory(f"{directory}/{METADATA_LOG}")


def _is_first_snapshot(name: str) -> bool:
    """Return whether *name* is that of what a format writes of the metadata, whole or not."""
    is_partial = name.startswith(f"{_FIRST_SNAPSHOT}-") and name.endswith(".checkpoint.part")
    return name == f"{_FIRST_SNAPSHOT}.checkpoint" or is_partial


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
                " that was never migrated, but this node is in KRaft mode: its topics would be lost to it; start it"
                " with ZooKeeper (KF_MODE=zookeeper, up to Kafka 3.9), or migrate the cluster by Kafka's guide first"
            )
        if meta.node_id != broker.broker_id:
            yield (
                f"{directory}/{META_PROPERTIES} says {meta.id_key}={meta.node_id}, but pod {broker.pod.pod_name} is"
                f" node {broker.broker_id}: another node's volume (moved or cloned), or KF_ID_OFFSET or KAFKA_NODE_ID"
                " changed; mount the right volume or undo the change"
                f" ({way_to_keep(meta.node_id, broker, 'KAFKA_NODE_ID')})"
            )
    if formatted and config.metadata_dir in blank:
        yield _lost_metadata(config, formatted)
    yield from _directory_id_problems(formatted)


def _lost_metadata(config: Config, formatted: Mapping[str, MetaProperties]) -> str:
    """Return what to do about an empty directory of the metadata beside *formatted* ones."""
    subject = f"{config.metadata_dir}: empty, but {', '.join(formatted)} is formatted"
    holder = next((directory for directory in formatted if METADATA_LOG in list_directory(directory)), None)
    if holder is not None:
        return (
            f"{subject}, and holds the metadata, which this node would look for in the former: set"
            f" KAFKA_METADATA_LOG_DIR={holder}, or name that directory first in log.dirs"
        )
    return (
        f"{subject}: the node's metadata belong there, so a volume is missing, or its disk was lost or replaced, or a"
        " format was ended early; mount the missing volume, or, where there is none, format it yourself:"
        f" kafka-storage.sh format --ignore-formatted {' '.join(_own_format(config, formatted))}"
    )


def _own_format(config: Config, formatted: Mapping[str, MetaProperties]) -> Iterable[str]:
    """Yield the options with which a person adds an empty directory to the *formatted* ones."""
    found = next(iter(formatted.values())).cluster_id
    yield f"--cluster-id={found or '<the id of the cluster>'}"
    yield "--config <the generated file>"
    if config.is_dynamic and CONTROLLER_ROLE in config.roles:
        yield "--no-initial-controllers"


def _directory_id_problems(formatted: Mapping[str, MetaProperties]) -> Iterable[str]:
    """Say what Kafka finds in the directories' own ids: none twice."""
    places: dict[str, list[str]] = {}
    for directory, meta in formatted.items():
        if meta.directory_id is not None:
            places.setdefault(meta.directory_id, []).append(directory)
    for directory_id, directories in places.items():
        if len(directories) > 1:
            yield (
                f"{' and '.join(directories)} have one directory.id, {directory_id}, in {META_PROPERTIES}: one volume"
                " is a copy of the other; mount the right volume"
            )


def _cluster_advice(formatted: Mapping[str, MetaProperties], cluster_id: str | None) -> Iterable[str]:
    for directory, meta in formatted.items():
        found = meta.cluster_id
        if found is None:
            continue
        fault = fault_of_new(found)
        if fault is not None:
            yield f"{directory}/{META_PROPERTIES}: cluster.id={found} {fault}; it stays"
        if cluster_id not in (None, found):
            yield (
                f"{CLUSTER_ID.name}={cluster_id} and cluster.id={found} in {directory}/{META_PROPERTIES} are one id,"
                f" written in two ways ({canonical(found)}): Kafka compares the text, so say {found}"
            )


def _lacks_log(config: Config, formatted: Mapping[str, MetaProperties]) -> bool:
    """Return whether a controller of a static quorum is *formatted* and has nothing but what a format makes."""
    if config.is_dynamic or CONTROLLER_ROLE not in config.roles or config.metadata_dir not in formatted:
        return False
    return all(map(_is_first_snapshot, _metadata_log(config.metadata_dir)))


def _lacks_voters(config: Config, meta: MetaProperties | None) -> bool:
    """Return whether a controller of a dynamic quorum has neither run nor been given its voters; *meta* is its own."""
    if meta is None or not config.is_dynamic or CONTROLLER_ROLE not in config.roles:
        return False
    if QUORUM_STATE in _metadata_log(config.metadata_dir):
        return False
    # The first voters stand in the first snapshot, this one among them by its directory's id.
    own = decode(meta.directory_id or "")
    written = read_file(f"{config.metadata_dir}/{METADATA_LOG}/{_FIRST_SNAPSHOT}.checkpoint", ENCODING) or ""
    return own is None or own not in written.encode(ENCODING)
