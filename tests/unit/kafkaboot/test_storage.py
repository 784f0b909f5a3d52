"""What is on the volumes of a node of KRaft, and when they are formatted."""

from pathlib import Path

import pytest

from kafkaboot.broker import Broker
from kafkaboot.layers import Config
from kafkaboot.storage import Format, check_volumes, find_format
from kafkaboot.voters import Voter
from tests.commands import listing
from zkboot.pod.errors import SettingsError, StateError
from zkboot.pod.identity import PodIdentity

ID = "Ut7tJ-wMRxCHyEbPpYTYKA"
NODE = Broker(broker_id=2, pod=PodIdentity.parse("kafka-1"))
OURS = f"#\nnode.id=2\nversion=1\ncluster.id={ID}\ndirectory.id=L3RUKg3zfJNl2XiasZdhZg\n"
VOTERS = (Voter(1, "k-0", 9093), Voter(2, "k-1", 9093))


def config(*directories: object, roles: str = "broker,controller", **more: str) -> Config:
    """Return a configuration with these log directories."""
    given = {
        "log.dirs": ",".join(map(str, directories)),
        "process.roles": roles,
        "controller.quorum.voters": "2@k-1:9093",
    }
    given |= {key.replace("_", "."): value for key, value in more.items()}
    given = {key: value for key, value in given.items() if value}
    return Config(base={}, generated={}, given=given, disabled=frozenset(), warnings=())


def write(directory: Path, text: str = OURS) -> Path:
    """Write a meta.properties into *directory*."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "meta.properties").write_text(text)
    return directory


def problems(made: Config, cluster_id: str | None = ID) -> list[str]:
    """Return what contradicts the node; nothing on the volumes changes."""
    before = [listing(Path(directory)) for directory in made.data_dirs]
    with pytest.raises(StateError) as caught:
        check_volumes(made, NODE, cluster_id)

    assert [listing(Path(directory)) for directory in made.data_dirs] == before
    return list(caught.value.problems)


def test_every_directory_must_be_empty_for_a_format(tmp_path: Path) -> None:
    """Missing or empty, the metadata's own included, which comes first."""
    (tmp_path / "b").mkdir()
    made = config(tmp_path / "a", tmp_path / "b", metadata_log_dir=f"{tmp_path}/m")
    volumes = check_volumes(made, NODE, ID)

    assert volumes.blank == (f"{tmp_path}/m", f"{tmp_path}/a", f"{tmp_path}/b")
    assert find_format(volumes, made, ID) == Format(cluster_id=ID, directories=volumes.blank, is_voter=False)


@pytest.mark.parametrize(
    "left",
    [
        ["bootstrap.checkpoint"],
        ["bootstrap.checkpoint.tmp", ".lock"],
        ["meta.properties.tmp"],
        ["__cluster_metadata-0/00000000000000000000-0000000000.checkpoint"],
        ["__cluster_metadata-0/00000000000000000000-0000000000.checkpoint.part", "bootstrap.checkpoint"],
    ],
)
def test_a_format_that_was_ended_early_is_done_again(tmp_path: Path, left: list[str]) -> None:
    """Kafka's tool writes meta.properties last, and takes no offence at the rest."""
    for name in left:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert check_volumes(config(tmp_path), NODE, ID).blank == (str(tmp_path),)


@pytest.mark.parametrize(
    "name", ["topic-0/00000000000000000000.log", "__cluster_metadata-0/00000000000000000000.log", "notes.txt"]
)
def test_data_without_its_meta_properties_is_not_formatted(tmp_path: Path, name: str) -> None:
    """Whatever it is, it is somebody's."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()

    assert "and no meta.properties: it is no empty directory" in problems(config(tmp_path))[0]


def test_a_formatted_volume_needs_no_cluster_id(tmp_path: Path) -> None:
    """It has one."""
    made = config(write(tmp_path))
    volumes = check_volumes(made, NODE, None)

    assert volumes.advice == ()
    assert find_format(volumes, made, None) is None


def test_a_mix_is_refused_with_both(tmp_path: Path) -> None:
    """A disk was lost, or is not mounted yet."""
    found = problems(config(write(tmp_path / "a"), tmp_path / "b"))

    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path}/b: empty, but {tmp_path}/a is formatted")


def test_another_node_and_another_cluster_are_refused_with_both_values(tmp_path: Path) -> None:
    """At once."""
    other = "AAAAAAAAAAAAAAAAAAAAAA"
    found = problems(config(write(tmp_path, OURS.replace("=2", "=7"))), other)

    assert f"{tmp_path}/meta.properties says node.id=7, but pod kafka-1 is node 2" in found[0]
    assert f"says cluster.id={ID}, but KF_CLUSTER_ID is {other}" in found[1]


def test_a_volume_without_a_cluster_id_is_nobody_else_s(tmp_path: Path) -> None:
    """Nothing contradicts it."""
    assert check_volumes(config(write(tmp_path, "version=1\nnode.id=2\n")), NODE, ID).advice == ()


def test_directories_of_two_clusters_are_refused(tmp_path: Path) -> None:
    """Also where no id is set."""
    made = config(write(tmp_path / "a"), write(tmp_path / "b", OURS.replace(ID, "AAAAAAAAAAAAAAAAAAAAAA")))

    assert "belong to several clusters" in problems(made, None)[0]


def test_a_volume_of_zookeeper_mode_is_refused(tmp_path: Path) -> None:
    """Unless it was migrated: then the metadata are there."""
    made = config(write(tmp_path, f"version=0\nbroker.id=2\ncluster.id={ID}\n"))

    assert "is of a broker in ZooKeeper mode (version 0, broker.id=2)" in problems(made)[0]
    (tmp_path / "__cluster_metadata-0").mkdir()
    assert check_volumes(made, NODE, ID).blank == ()


def test_the_root_of_a_volume_is_refused(tmp_path: Path) -> None:
    """As in ZooKeeper mode."""
    (tmp_path / "lost+found").mkdir()

    assert f"such as {tmp_path}/data" in problems(config(tmp_path))[0]


def test_what_kafka_did_not_write_whole_is_refused(tmp_path: Path) -> None:
    """A person must look."""
    assert "is empty: Kafka did not write it whole" in problems(config(write(tmp_path, "")))[0]


@pytest.mark.parametrize(
    ("found", "stated", "advice"),
    [
        ("AkU3OEVBNTcwNTJENDM2Qg", "AkU3OEVBNTcwNTJENDM2Qk", "are one id, written in two ways"),
        ("5L6g3nShT-eMCtK--X86sw", None, "is public, the default of Kafka's official image; it stays"),
        ("my-cluster", "my-cluster", "is not 22 characters of base64url, which stand for 16 bytes; it stays"),
        (ID, ID, None),
    ],
)
def test_an_old_id_is_kept_with_a_warning(tmp_path: Path, found: str, stated: str | None, advice: str | None) -> None:
    """What is on the volume wins."""
    told = check_volumes(config(write(tmp_path, OURS.replace(ID, found))), NODE, stated).advice

    assert len(told) == (0 if advice is None else 1)
    assert advice is None or advice in told[0]


@pytest.mark.parametrize(
    ("cluster_id", "problem"),
    [
        (None, "KF_CLUSTER_ID must say the cluster's id"),
        ("5L6g3nShT-eMCtK--X86sw", "is public"),
        ("my-cluster", "is not 22 characters"),
    ],
)
def test_no_new_volume_without_an_id_of_its_own(tmp_path: Path, cluster_id: str | None, problem: str) -> None:
    """Only a format asks for it."""
    made = config(tmp_path)
    with pytest.raises(SettingsError, match=problem):
        find_format(check_volumes(made, NODE, cluster_id), made, cluster_id)


@pytest.mark.parametrize(
    ("kind", "roles", "refused"), [(0, "controller", True), (1, "controller", False), (0, "broker", False)]
)
def test_a_static_quorum_s_volume_is_refused_by_a_dynamic_one(
    tmp_path: Path, kind: int, roles: str, *, refused: bool
) -> None:
    """Its metadata do not name the voters."""
    write(tmp_path)
    (tmp_path / "__cluster_metadata-0").mkdir()
    (tmp_path / "__cluster_metadata-0" / "quorum-state").write_text(f'{{"leaderId":1,"data_version":{kind}}}')
    dynamic = config(tmp_path, roles=roles, controller_quorum_voters="", controller_quorum_bootstrap_servers="k:9093")
    if refused:
        assert "is of a static quorum, but KF_QUORUM is dynamic" in problems(dynamic)[0]
    else:
        assert check_volumes(dynamic, NODE, ID).advice == ()
        told = check_volumes(config(tmp_path, roles=roles), NODE, ID).advice
        assert ["is of a dynamic quorum" in line for line in told] == ([True] if kind else [])


@pytest.mark.parametrize("text", ["", "[]", "{", '{"data_version":"x"}'])
def test_a_quorum_state_that_cannot_be_read_is_kafkas_to_tell(tmp_path: Path, text: str) -> None:
    """It says nothing here."""
    write(tmp_path)
    (tmp_path / "__cluster_metadata-0").mkdir()
    (tmp_path / "__cluster_metadata-0" / "quorum-state").write_text(text)

    assert check_volumes(config(tmp_path), NODE, ID).advice == ()


def test_the_options_of_kafkas_tool() -> None:
    """The id behind "=", for it may begin with a dash; ``--standalone`` never."""
    made = Format(cluster_id=ID, directories=("/d",), is_voter=True)

    assert made.arguments("/f", None, VOTERS) == ("format", f"--cluster-id={ID}", "--config", "/f")
    assert made.arguments("/f", "join", VOTERS)[-1] == "--no-initial-controllers"
    *_, option, voters = made.arguments("/f", "first", VOTERS)
    assert option == "--initial-controllers"
    assert [entry.rpartition(":")[0] for entry in voters.split(",")] == ["1@k-0:9093", "2@k-1:9093"]
