"""What is in the log directories already."""

from dataclasses import replace
from pathlib import Path

import pytest

from kafkaboot.config.broker import Broker
from kafkaboot.volumes.meta import MetaProperties, check_log_dirs, read_meta_properties, way_to_keep
from tests.commands import listing
from zkboot.pod.errors import FileError, StateError
from zkboot.pod.identity import NamedHost, PodIdentity

BROKER = Broker(broker_id=2, pod=PodIdentity.parse("kafka-1"))
OURS = "#Mon Jan 01 00:00:00 UTC 2024\nbroker.id=2\nversion=0\ncluster.id=CNmmG1omQ0eY0DwNVkY1Pw\n"


def write(directory: Path, text: str) -> str:
    """Write a meta.properties into *directory* and return the directory's path."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "meta.properties").write_bytes(text.encode("iso-8859-1"))
    return str(directory)


def problems(*directories: object, is_migrating: bool = False) -> list[str]:
    """Return what in *directories* contradicts the broker; nothing in them changes."""
    before = [listing(Path(str(directory))) for directory in directories]
    with pytest.raises(StateError) as caught:
        check_log_dirs([str(directory) for directory in directories], BROKER, is_migrating=is_migrating)

    assert [listing(Path(str(directory))) for directory in directories] == before
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "meta"),
    [
        ("version=0\nbroker.id=2\n", MetaProperties(version=0, node_id=2)),
        (OURS, MetaProperties(version=0, node_id=2, cluster_id="CNmmG1omQ0eY0DwNVkY1Pw")),
        ("#broker.id=7\nbroker.id : 2\r\nversion : 0\r\n", MetaProperties(version=0, node_id=2)),
        (
            "version=1\nnode.id=3\ncluster.id=x\ndirectory.id=y\n",
            MetaProperties(version=1, node_id=3, id_key="node.id", cluster_id="x", directory_id="y"),
        ),
    ],
)
def test_kafkas_own_files_are_read(text: str, meta: MetaProperties) -> None:
    """Of every version; a comment is none of it."""
    assert MetaProperties.parse(text) == meta


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("\0\0\0\0", "says no version"),
        ("broker.id=2\n", "says no version"),
        ("version=2\nbroker.id=2\n", "says version='2', neither 0 nor 1"),
        ("version=0\n", "says no node.id and no broker.id"),
        ("version=0\nbroker.id=\n", "says broker.id='', which is no id"),
        ("version=0\nbroker.id=two\n", "says broker.id='two', which is no id"),
        ("version=0\nbroker.id=-1\n", "says broker.id='-1', which is no id"),
        ("version=0\nbroker.id=\\u12\n", "malformed"),
    ],
)
def test_what_kafka_did_not_write_whole_stops_the_start(tmp_path: Path, text: str, reason: str) -> None:
    """A person must look."""
    directory = write(tmp_path, text)
    with pytest.raises(StateError, match=reason) as caught:
        read_meta_properties(directory)

    assert str(caught.value).startswith(f"{tmp_path}/meta.properties ")
    assert problems(directory) == list(caught.value.problems)


def test_new_and_own_directories_are_fine(tmp_path: Path) -> None:
    """Missing, empty, and written by this broker."""
    (tmp_path / "empty").mkdir()
    own = write(tmp_path / "own", OURS)
    (tmp_path / "own" / "topic-0").mkdir()

    check_log_dirs([f"{tmp_path}/missing", f"{tmp_path}/empty", own], BROKER, is_migrating=False)


@pytest.mark.parametrize("text", ["version=0\nbroker.id=7\n", OURS.replace("=2", "=7")])
def test_another_brokers_directory_stops_the_start(tmp_path: Path, text: str) -> None:
    """With both ids, the file, the pod, the usual causes and what to do; nothing is overwritten."""
    assert problems(write(tmp_path, text)) == [
        (
            f"{tmp_path}/meta.properties says broker.id=7, but pod kafka-1 is broker 2: another broker's volume (moved"
            " or cloned), or KF_ID_OFFSET or KAFKA_BROKER_ID changed; mount the right volume or undo the change"
            " (KF_ID_OFFSET=6 keeps the ids of the data, if every pod's is its ordinal + 6)"
        )
    ]


def test_a_host_of_its_own_keeps_its_id_by_its_own_variable() -> None:
    """As does a pod whose ordinal is above the id; the variable would give it to all pods of a StatefulSet."""
    told = "KAFKA_NODE_ID=0 keeps the id of the data"

    assert way_to_keep(0, BROKER, "KAFKA_NODE_ID") == told
    assert way_to_keep(0, replace(BROKER, pod=NamedHost("broker")), "KAFKA_NODE_ID") == told


def test_any_of_several_directories_counts(tmp_path: Path) -> None:
    """And that they belong to several brokers is said, too."""
    found = problems(write(tmp_path / "a", OURS), tmp_path / "b", write(tmp_path / "c", "version=0\nbroker.id=3\n"))

    assert len(found) == 2
    assert found[0].startswith(f"{tmp_path}/c/meta.properties says broker.id=3, but pod kafka-1 is broker 2")
    assert found[1] == "the log directories belong to several brokers, 2, 3: one of the volumes is another broker's"


def test_a_directory_of_kraft_stops_a_broker_in_zookeeper_mode(tmp_path: Path) -> None:
    """Its topics would be gone."""
    assert problems(write(tmp_path, "version=1\nnode.id=2\ncluster.id=x\n")) == [
        (
            f"{tmp_path}/meta.properties was formatted for KRaft (version 1, node.id=2), but this broker is in"
            " ZooKeeper mode: set KF_MODE=kraft, or mount the right volume"
        )
    ]


def test_a_migrated_broker_is_known_by_its_metadata(tmp_path: Path) -> None:
    """It may keep version 0; while it migrates, it has both."""
    write(tmp_path, OURS)
    (tmp_path / "__cluster_metadata-0").mkdir()

    check_log_dirs([str(tmp_path)], BROKER, is_migrating=True)
    assert problems(tmp_path)[0].startswith(f"{tmp_path}/__cluster_metadata-0 is KRaft's metadata")


def test_the_root_of_a_volume_is_refused(tmp_path: Path) -> None:
    """Kafka takes each directory for a partition's; the advice is a directory below."""
    (tmp_path / "lost+found").mkdir()

    assert problems(tmp_path) == [
        (
            f"{tmp_path} has a lost+found, so it is the root of a volume, and Kafka starts on none:"
            f" set KAFKA_LOG_DIRS to a directory below it, such as {tmp_path}/data"
        )
    ]


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    """One line each."""
    (tmp_path / "lost+found").mkdir()
    write(tmp_path, "version=1\nnode.id=9\ncluster.id=x\n")

    assert len(problems(tmp_path, write(tmp_path / "b", "garbage"))) == 4


def test_a_directory_that_is_none_is_the_volumes_fault(tmp_path: Path) -> None:
    """Nothing can be known of it."""
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="not a directory"):
        check_log_dirs([f"{tmp_path}/file"], BROKER, is_migrating=False)


ONE, OTHER = "Ut7tJ-wMRxCHyEbPpYTYKA", "MkU3OEVBNTcwNTJENDM2Qg"


def test_directories_of_two_clusters_are_refused(tmp_path: Path) -> None:
    """The broker ids may agree by chance: most clusters have a broker 1."""
    for name, cluster_id in (("a", ONE), ("b", OTHER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "meta.properties").write_text(f"version=0\nbroker.id=2\ncluster.id={cluster_id}\n")

    with pytest.raises(StateError, match=f"belong to several clusters, {OTHER}, {ONE}"):
        check_log_dirs([f"{tmp_path}/a", f"{tmp_path}/b"], BROKER, is_migrating=False)


def test_another_clusters_directory_is_refused_where_the_cluster_is_known(tmp_path: Path) -> None:
    """Both ids are said, and the file."""
    (tmp_path / "meta.properties").write_text(f"version=0\nbroker.id=2\ncluster.id={ONE}\n")

    check_log_dirs([str(tmp_path)], BROKER, is_migrating=False, cluster_id=ONE)
    with pytest.raises(StateError, match=f"{tmp_path}/meta.properties says cluster.id={ONE}, but .* is {OTHER}"):
        check_log_dirs([str(tmp_path)], BROKER, is_migrating=False, cluster_id=OTHER)
