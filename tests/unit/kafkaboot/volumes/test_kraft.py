"""What is on the volumes of a node of KRaft, and when they are formatted."""

import base64
from pathlib import Path

import pytest

from kafkaboot.config.broker import Broker
from kafkaboot.config.layers import Config
from kafkaboot.values.properties import Value
from kafkaboot.values.voters import Voter
from kafkaboot.volumes.kraft import Format, check_volumes, find_format
from tests.commands import listing
from zkboot.pod.errors import SettingsError, StateError
from zkboot.pod.identity import PodIdentity

ID = "Ut7tJ-wMRxCHyEbPpYTYKA"
NODE = Broker(broker_id=2, pod=PodIdentity.parse("kafka-1"))
SNAPSHOT = "00000000000000000000-0000000000.checkpoint"
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
    return Config(
        base={},
        generated={},
        given={key: Value(text) for key, text in given.items()},
        disabled=frozenset(),
        warnings=(),
    )


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
        ["__cluster_metadata-0/00000000000000000000-0000000000-1234.checkpoint.part", "bootstrap.checkpoint"],
        ["__cluster_metadata-0/00000000000000000000-0000000000.checkpoint", "meta.properties.tmp"],
    ],
)
def test_a_format_that_was_ended_early_is_done_again(tmp_path: Path, left: list[str]) -> None:
    """Kafka's tool writes meta.properties last, and takes no offence at the rest."""
    for name in left:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert check_volumes(config(tmp_path), NODE, ID).blank == (str(tmp_path),)


@pytest.mark.parametrize(
    "name",
    [
        "topic-0/00000000000000000000.log",
        "__cluster_metadata-0/00000000000000000000.log",
        "__cluster_metadata-0/00000000000000000017-0000000001.checkpoint",
        "__cluster_metadata-0/quorum-state",
        "notes.txt",
    ],
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


@pytest.mark.parametrize("cluster_id", [None, ID])
@pytest.mark.parametrize(("roles", "is_voter"), [("broker,controller", True), ("broker", False)])
def test_a_further_directory_is_formatted_alone(
    tmp_path: Path, cluster_id: str | None, roles: str, *, is_voter: bool
) -> None:
    """Under the id that is on the others: no variable is asked for. A controller that has voters is not a first one."""
    old = write(tmp_path / "a")
    static = config(old, tmp_path / "b", roles=roles)
    dynamic = config(
        old, tmp_path / "b", roles=roles, controller_quorum_voters="", controller_quorum_bootstrap_servers="k-1:9093"
    )
    wanted = Format(cluster_id=ID, directories=(f"{tmp_path}/b",), is_voter=False, beside=(str(old),))

    assert find_format(check_volumes(static, NODE, cluster_id), static, cluster_id) == wanted
    assert find_format(check_volumes(dynamic, NODE, cluster_id), dynamic, cluster_id) == Format(
        cluster_id=ID, directories=(f"{tmp_path}/b",), is_voter=is_voter, beside=(str(old),)
    )


def test_an_id_that_would_be_refused_for_a_new_cluster_is_an_old_one_s(tmp_path: Path) -> None:
    """The directory belongs to that cluster."""
    public = "5L6g3nShT-eMCtK--X86sw"
    made = config(write(tmp_path / "a", OURS.replace(ID, public)), tmp_path / "b")
    wanted = find_format(check_volumes(made, NODE, None), made, None)

    assert wanted is not None
    assert wanted.cluster_id == public


def test_a_migrated_volume_without_a_cluster_id_needs_the_variable(tmp_path: Path) -> None:
    """Nothing else says it."""
    (write(tmp_path / "a", "version=0\nbroker.id=2\n") / "__cluster_metadata-0").mkdir()
    made = config(tmp_path / "a", tmp_path / "b")
    volumes = check_volumes(made, NODE, ID)

    assert find_format(volumes, made, ID) is not None
    with pytest.raises(SettingsError, match="KF_CLUSTER_ID must say"):
        find_format(volumes, made, None)


@pytest.mark.parametrize("own", ["", "m"])
def test_lost_metadata_are_refused(tmp_path: Path, own: str) -> None:
    """The first log directory, or that of the metadata: a voter that has lost it has forgotten its votes."""
    lost = tmp_path / (own or "a")
    directories = (tmp_path / "a", write(tmp_path / "b"))
    found = problems(config(*directories, metadata_log_dir=f"{lost}" if own else ""))

    assert len(found) == 1
    assert found[0].startswith(f"{lost}: empty, but {tmp_path}/b is formatted: the node's metadata belong there")
    assert f"format --ignore-formatted --cluster-id={ID} --config" in found[0]


def test_a_directory_that_was_put_before_that_of_the_metadata_is_refused(tmp_path: Path) -> None:
    """With the variable that keeps the metadata where they are."""
    old = write(tmp_path / "b")
    (old / "__cluster_metadata-0").mkdir()
    made = config(tmp_path / "a", old)

    assert f"set KAFKA_METADATA_LOG_DIR={old}, or name that directory first in log.dirs" in problems(made)[0]
    kept = config(tmp_path / "a", old, metadata_log_dir=str(old))
    assert check_volumes(kept, NODE, ID).blank == (f"{tmp_path}/a",)


@pytest.mark.parametrize(
    ("names", "lacks"),
    [([], True), ([SNAPSHOT], True), (["quorum-state"], False), ([SNAPSHOT, "00000000000000000000.log"], False)],
)
def test_a_static_voter_that_never_ran_is_known(tmp_path: Path, names: list[str], *, lacks: bool) -> None:
    """Only what a format makes is there; a broker, and a dynamic quorum's controller, are another matter."""
    log = write(tmp_path) / "__cluster_metadata-0"
    for name in names:
        log.mkdir(exist_ok=True)
        (log / name).touch()
    dynamic = {"controller.quorum.voters": "", "controller.quorum.bootstrap.servers": "k-1:9093"}

    assert check_volumes(config(tmp_path), NODE, ID).lacks_log is lacks
    assert not check_volumes(config(tmp_path, roles="broker"), NODE, ID).lacks_log
    assert not check_volumes(config(tmp_path, **dynamic), NODE, ID).lacks_log
    assert not check_volumes(config(tmp_path / "new"), NODE, ID).lacks_log


def test_another_node_and_another_cluster_are_refused_with_both_values(tmp_path: Path) -> None:
    """At once."""
    other = "AAAAAAAAAAAAAAAAAAAAAA"
    found = problems(config(write(tmp_path, OURS.replace("=2", "=7"))), other)

    assert f"{tmp_path}/meta.properties says node.id=7, but pod kafka-1 is node 2" in found[0]
    assert f"says cluster.id={ID}, but KF_CLUSTER_ID is {other}:" in found[1]


def test_a_migrated_volume_without_a_cluster_id_is_nobody_else_s(tmp_path: Path) -> None:
    """Nothing contradicts it; Kafka itself writes version 1 with an id only, and refuses it without."""
    (tmp_path / "__cluster_metadata-0").mkdir()

    assert check_volumes(config(write(tmp_path, "version=0\nbroker.id=2\n")), NODE, ID).advice == ()
    assert "says no cluster.id" in problems(config(write(tmp_path, "version=1\nnode.id=2\n")))[0]


def test_a_copied_directory_is_refused(tmp_path: Path) -> None:
    """Kafka finds the same directory.id twice, and ends."""
    made = config(write(tmp_path / "a"), write(tmp_path / "b"))

    assert problems(made) == [
        (
            f"{tmp_path}/a and {tmp_path}/b have one directory.id, L3RUKg3zfJNl2XiasZdhZg, in meta.properties: one"
            " volume is a copy of the other; mount the right volume"
        )
    ]


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        ({}, True),
        ({SNAPSHOT: b"metadata.version"}, True),
        ({SNAPSHOT: b"..." + base64.urlsafe_b64decode("L3RUKg3zfJNl2XiasZdhZg==") + b"CONTROLLER"}, False),
        ({"quorum-state": b"{}"}, False),
    ],
)
def test_a_controller_that_never_ran_knows_its_voters_from_the_first_snapshot(
    tmp_path: Path, files: dict[str, bytes], *, lacks: bool
) -> None:
    """Formatted for a static quorum it waits in a dynamic one for ever; a broker, or a static voter, needs none."""
    log = write(tmp_path) / "__cluster_metadata-0"
    log.mkdir()
    for name, content in files.items():
        (log / name).write_bytes(content)
    dynamic = {"controller.quorum.voters": "", "controller.quorum.bootstrap.servers": "k-1:9093"}

    assert check_volumes(config(tmp_path, **dynamic), NODE, ID).lacks_voters is lacks
    assert not check_volumes(config(tmp_path, roles="broker", **dynamic), NODE, ID).lacks_voters
    assert not check_volumes(config(tmp_path), NODE, ID).lacks_voters


def test_the_root_of_a_volume_is_refused_for_data_only(tmp_path: Path) -> None:
    """A broker takes every directory among its data for a partition; nobody reads those beside the metadata."""
    (tmp_path / "m" / "lost+found").mkdir(parents=True)

    assert check_volumes(config(tmp_path / "a", metadata_log_dir=f"{tmp_path}/m"), NODE, ID).blank
    assert check_volumes(config(tmp_path / "m", roles="controller"), NODE, ID).blank
    assert "is the root of a volume" in problems(config(tmp_path / "m"))[0]


def test_directories_of_two_clusters_are_refused(tmp_path: Path) -> None:
    """Also where no id is set."""
    made = config(write(tmp_path / "a"), write(tmp_path / "b", OURS.replace(ID, "AAAAAAAAAAAAAAAAAAAAAA")))

    assert "belong to several clusters" in problems(made, None)[-1]


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


def test_the_options_of_kafkas_tool() -> None:
    """The id behind "=", for it may begin with a dash; ``--standalone`` never."""
    made = Format(cluster_id=ID, directories=("/d",), is_voter=True)

    assert made.arguments("/f", None, VOTERS) == ("format", f"--cluster-id={ID}", "--config", "/f")
    assert made.arguments("/f", "join", VOTERS)[-1] == "--no-initial-controllers"
    *_, option, voters = made.arguments("/f", "first", VOTERS)
    assert option == "--initial-controllers"
    assert [entry.rpartition(":")[0] for entry in voters.split(",")] == ["1@k-0:9093", "2@k-1:9093"]
    added = Format(cluster_id=ID, directories=("/e",), is_voter=True, beside=("/d",))
    assert added.arguments("/f", None, VOTERS)[-1] == "--ignore-formatted"
    assert added.arguments("/f", "join", VOTERS)[-2:] == ("--ignore-formatted", "--no-initial-controllers")
