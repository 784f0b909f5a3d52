"""What a volume says of the quorum that it is of, and which quorums are not that one."""

from pathlib import Path

import pytest

from kafkaboot.config.layers import Config
from kafkaboot.values.properties import Value
from kafkaboot.volumes.quorum_state import QuorumState, quorum_advice, quorum_problems

STATIC = (
    '{"clusterId":"","leaderId":3,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":3},'
    '{"voterId":1},{"voterId":2}],"data_version":0}'
)
"""As 3.9.2 and 4.4.0 write it, on a controller and on a broker."""
DYNAMIC = '{"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}'
OBSERVER = (
    '{"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,"currentVoters":[],"data_version":0}'
)
"""On a broker of a dynamic quorum."""
SAME = "1@k-0:9093,2@k-1:9093,3@k-2:9093"


def config(folder: Path, state: str | None, voters: str, roles: str = "broker,controller") -> Config:
    """Return a node whose volume holds *state*; without *voters* it is told of a dynamic quorum."""
    log = folder / "__cluster_metadata-0"
    log.mkdir(exist_ok=True)
    if state is not None:
        (log / "quorum-state").write_text(state)
    quorum = {"controller.quorum.voters": voters} if voters else {"controller.quorum.bootstrap.servers": "k-0:9093"}
    given = {"log.dirs": str(folder), "process.roles": roles, **quorum}
    return Config(
        base={},
        generated={},
        given={key: Value(text) for key, text in given.items()},
        disabled=frozenset(),
        warnings=(),
    )


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (STATIC, QuorumState(is_dynamic=False, voters=(1, 2, 3))),
        (DYNAMIC, QuorumState(is_dynamic=True, voters=())),
        (OBSERVER, QuorumState(is_dynamic=False, voters=())),
        ('{"data_version":0}', QuorumState(is_dynamic=False, voters=())),
        ('{"data_version":2}', None),
        ('{"data_version":"x"}', None),
        ('{"data_version":0,"currentVoters":[{}]}', None),
        ('{"data_version":0,"currentVoters":[{"voterId":"x"}]}', None),
        ('{"data_version":0,"currentVoters":7}', None),
        ("{}", None),
        ("[]", None),
        ("7", None),
        ("", None),
        (STATIC[:40], None),
        ("\0" * 40, None),
    ],
)
def test_what_the_file_says(text: str, state: QuorumState | None) -> None:
    """Torn or of a later Kafka it says nothing: that is Kafka's to tell."""
    assert QuorumState.parse(text) == state


@pytest.mark.parametrize("roles", ["broker,controller", "controller", "broker"])
@pytest.mark.parametrize(
    ("voters", "listed"),
    [
        ("1@k-0:9093,2@k-1:9093", "1, 2"),
        (f"{SAME},4@k-3:9093,5@k-4:9093", "1, 2, 3, 4, 5"),
        ("1@k-0:9093,2@k-1:9093,4@k-3:9093", "1, 2, 4"),
        ("101@k-0:9093,102@k-1:9093,103@k-2:9093", "101, 102, 103"),
    ],
)
def test_other_voters_are_refused(tmp_path: Path, voters: str, listed: str, roles: str) -> None:
    """With both lists and the way on, whatever the node is."""
    (problem,) = quorum_problems(config(tmp_path, STATIC, voters, roles))

    assert f"quorum-state says that the voters are 1, 2, 3, but controller.quorum.voters are {listed}:" in problem
    assert "KF_CONTROLLER_REPLICAS=3 keeps 3 voters" in problem
    assert "kafka-features.sh upgrade --feature kraft.version=1" in problem


@pytest.mark.parametrize(
    ("state", "voters"),
    [
        (STATIC, SAME),
        (STATIC, "3@new-2:19093,1@new-0:19093,2@10.0.0.1:19093"),
        (None, "1@k-0:9093"),
        ("", "1@k-0:9093"),
        (STATIC[:-1], "1@k-0:9093"),
        (OBSERVER, "1@k-0:9093"),
        (DYNAMIC, "1@k-0:9093"),
        (DYNAMIC, ""),
        (OBSERVER, ""),
    ],
)
def test_the_same_voters_under_any_name_are_accepted(tmp_path: Path, state: str | None, voters: str) -> None:
    """And where the volume says no voters there is nothing to compare."""
    assert list(quorum_problems(config(tmp_path, state, voters))) == []


def test_a_file_that_cannot_be_read_is_kafkas_to_tell(tmp_path: Path) -> None:
    """It says nothing here."""
    made = config(tmp_path, None, "1@k-0:9093")
    (tmp_path / "__cluster_metadata-0" / "quorum-state").mkdir()

    assert list(quorum_problems(made)) == []


@pytest.mark.parametrize(
    ("roles", "is_refused"), [("controller", True), ("broker,controller", True), ("broker", False)]
)
def test_a_static_quorum_s_controller_is_refused_by_a_dynamic_one(
    tmp_path: Path, roles: str, *, is_refused: bool
) -> None:
    """Its metadata do not name the voters; a broker asks those who know."""
    problems = list(quorum_problems(config(tmp_path, STATIC, "", roles)))

    assert ["is of a static quorum, but KF_QUORUM is dynamic" in problem for problem in problems] == [True] * is_refused


@pytest.mark.parametrize(
    ("state", "voters", "roles", "count"),
    [
        (DYNAMIC, SAME, "controller", 1),
        (DYNAMIC, SAME, "broker", 0),
        (DYNAMIC, "", "controller", 0),
        (STATIC, SAME, "controller", 0),
    ],
)
def test_a_dynamic_quorum_s_volume_goes_on_with_a_warning(
    tmp_path: Path, state: str, voters: str, roles: str, count: int
) -> None:
    """Kafka does not read the list any more."""
    told = list(quorum_advice(config(tmp_path, state, voters, roles)))

    assert ["is of a dynamic quorum" in line for line in told] == [True] * count
