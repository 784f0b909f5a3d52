"""What is already in the log directories, and whether it contradicts this broker. Reads, never writes.

Facts (``MetaProperties``, ``LogManager`` and the migration guide of Kafka's branches):

- From 0.9 on every log directory has a ``meta.properties``: ``version=0`` with ``broker.id``, or ``version=1`` with
  ``node.id`` for KRaft. A broker that went from ZooKeeper to KRaft may keep version 0.
- The log of KRaft's metadata is the directory ``__cluster_metadata-0``. A broker that migrates has it in
  ZooKeeper mode, too; before it can go back, it must be removed.
- Every directory inside a log directory must be a partition's, or the broker does not start: the ``lost+found`` of an
  ext4 volume's root is none.
- 0.8 has no such file, and joins with the id that its configuration gives.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kafkaboot.config.broker import Broker
from kafkaboot.values.cluster_id import canonical, is_same
from zkboot.pod.errors import StateError
from zkboot.pod.identity import NamedHost
from zkboot.pod.properties import ENCODING, parse
from zkboot.pod.reads import list_directory, read_file

META_PROPERTIES = "meta.properties"
METADATA_LOG = "__cluster_metadata-0"
LOST_AND_FOUND = "lost+found"

_ID_KEYS = ("node.id", "broker.id")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaProperties:
    """What a log directory says of the broker it belongs to."""

    version: int
    """0 for a broker that began with ZooKeeper, 1 for one of KRaft."""
    node_id: int
    """The broker's or node's id."""
    id_key: str = "broker.id"
    """Under which key the file has it."""
    cluster_id: str | None = None
    """None before 0.10.1."""
    directory_id: str | None = None
    """None before 3.7, where log directories have no ids of their own."""

    @classmethod
    def parse(cls, text: str) -> "MetaProperties":
        """Return what the *text* of the file states; raises ValueError with the reason."""
        entries = parse(text)
        version = entries.get("version")
        if version is None or version.strip() not in ("0", "1"):
            raise ValueError("says no version" if version is None else f"says version={version!r}, neither 0 nor 1")
        stated = {key: entries[key].strip() for key in _ID_KEYS if key in entries}
        if not stated:
            raise ValueError("says no node.id and no broker.id")
        for key, node_id in stated.items():
            if not node_id.isascii() or not node_id.isdigit():
                raise ValueError(f"says {key}={node_id!r}, which is no id")
        id_key, node_id = next(iter(stated.items()))
        cluster_id = entries.get("cluster.id") or None
        if version.strip() == "1" and cluster_id is None:
            raise ValueError("says no cluster.id")
        return cls(
            version=int(version),
            node_id=int(node_id),
            id_key=id_key,
            cluster_id=cluster_id,
            directory_id=entries.get("directory.id") or None,
        )


def check_log_dirs(
    directories: Sequence[str], broker: Broker, *, is_migrating: bool, cluster_id: str | None = None
) -> None:
    """Raise StateError with everything in *directories* that contradicts a *broker* in ZooKeeper mode.

    Raises FileError where one of them cannot be read.
    """
    problems: list[str] = []
    metas: dict[str, MetaProperties] = {}
    for directory in directories:
        names = list_directory(directory)
        if LOST_AND_FOUND in names:
            problems.append(root_problem(directory))
        try:
            meta = read_meta_properties(directory)
        except StateError as error:
            problems += error.problems
            continue
        if meta is not None:
            metas[directory] = meta
        problems += _kraft_problems(directory, names, meta, is_migrating=is_migrating)
    problems += _id_problems({f"{directory}/{META_PROPERTIES}": meta for directory, meta in metas.items()}, broker)
    problems += cluster_problems(metas, cluster_id)
    if problems:
        raise StateError(*problems)


def root_problem(directory: str) -> str:
    """Return what to do about a log *directory* that is the root of a volume."""
    return (
        f"{directory} has a {LOST_AND_FOUND}, so it is the root of a volume, and Kafka starts on none:"
        f" set KAFKA_LOG_DIRS to a directory below it, such as {directory.rstrip('/')}/data"
    )


def read_meta_properties(directory: str) -> MetaProperties | None:
    """Return what the log *directory* says of its broker, None where it is new.

    Raises StateError where its file is not what Kafka writes, FileError where it cannot be read.
    """
    path = f"{directory}/{META_PROPERTIES}"
    text = read_file(path, ENCODING)
    if text is None:
        return None
    try:
        return MetaProperties.parse(text)
    except ValueError as error:
        raise StateError(
            f"{path} {'is empty' if not text.strip() else error}: Kafka did not write it whole; restore it from a"
            " backup or from another log directory of this broker"
        ) from None


def cluster_problems(metas: Mapping[str, MetaProperties], cluster_id: str | None) -> Iterable[str]:
    """Yield why the log directories, with what each says in *metas*, are not of one cluster, that of *cluster_id*."""
    known = {directory: meta.cluster_id for directory, meta in metas.items() if meta.cluster_id is not None}
    if cluster_id is not None:
        for directory, found in known.items():
            if not is_same(found, cluster_id):
                # What has not the form of an id may be the text of the wrong file.
                said = cluster_id if canonical(cluster_id) is not None else "another"
                yield (
                    f"{directory}/{META_PROPERTIES} says cluster.id={found}, but KF_CLUSTER_ID is {said}:"
                    " another cluster's volume, or the variable changed; mount the right volume or undo the change"
                )
    first = next(iter(known.values()), None)
    if first is not None and not all(is_same(first, found) for found in known.values()):
        yield f"the log directories belong to several clusters, {', '.join(sorted(set(known.values())))}"


def way_to_keep(found: int, broker: Broker, variable: str) -> str:
    """Return what keeps the id *found* of the data: the pods of a StatefulSet share one environment, so no id for all.

    *variable* is that which gives an id to a single host.
    """
    offset = found - broker.pod.ordinal
    if isinstance(broker.pod, NamedHost) or offset < 0:
        return f"{variable}={found} keeps the id of the data"
    return f"KF_ID_OFFSET={offset} keeps the ids of the data, if every pod's is its ordinal + {offset}"


def _id_problems(found: dict[str, MetaProperties], broker: Broker) -> Iterable[str]:
    strangers = {path: meta for path, meta in found.items() if meta.node_id != broker.broker_id}
    for path, meta in strangers.items():
        yield (
            f"{path} says {meta.id_key}={meta.node_id}, but pod {broker.pod.pod_name} is broker {broker.broker_id}:"
            " another broker's volume (moved or cloned), or KF_ID_OFFSET or KAFKA_BROKER_ID changed;"
            f" mount the right volume or undo the change ({way_to_keep(meta.node_id, broker, 'KAFKA_BROKER_ID')})"
        )
    stored = {meta.node_id for meta in found.values()}
    if len(stored) > 1:
        ids = ", ".join(str(node_id) for node_id in sorted(stored))
        yield f"the log directories belong to several brokers, {ids}: one of the volumes is another broker's"


def _kraft_problems(
    directory: str, names: Sequence[str], meta: MetaProperties | None, *, is_migrating: bool
) -> Iterable[str]:
    if meta is not None and meta.version == 1:
        yield (
            f"{directory}/{META_PROPERTIES} was formatted for KRaft (version 1, node.id={meta.node_id}), but this"
            " broker is in ZooKeeper mode: set KF_MODE=kraft, or mount the right volume"
        )
    elif METADATA_LOG in names and not is_migrating:
        yield (
            f"{directory}/{METADATA_LOG} is KRaft's metadata, but this broker is in ZooKeeper mode: set KF_MODE=kraft;"
            " or, to go back in the midst of a migration, do as Kafka's migration guide says, which removes it"
        )
