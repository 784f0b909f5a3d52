"""How an empty volume enters a quorum."""

import pytest

from kafkaboot.probes.endpoint import Endpoint
from kafkaboot.start import entry
from kafkaboot.start.entry import LONG_LOG, await_leader, find_entry, served_voters
from kafkaboot.values.version import Version
from tests.patience import PATIENCE
from zkboot.pod.errors import BootError, NoAddressError, NotServingError, ProtocolError, UnreachableError

OTHERS = (Endpoint("c-0", 9093, 1), Endpoint("c-1", 9093, 1))
GONE = UnreachableError("c-1:9093: connection refused")
LEADERLESS = NotServingError("c-0:9093: the controller knows no leader of its quorum")
NAMELESS = NoAddressError("c-1: the name does not resolve")
OLD, NEW = Version((3, 9, 1)), Version((4, 4, 0))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[int | BootError]]:
    """What the others answer, round after round; the last round's for ever."""
    rounds: list[list[int | BootError]] = []
    monkeypatch.setattr(entry, "_PAUSE", 0.001)
    monkeypatch.setattr(entry, "_answers", lambda *_: rounds.pop(0) if len(rounds) > 1 else rounds[0])
    return rounds


@pytest.mark.parametrize(
    ("stated", "answers", "kind"),
    [
        ("first", [GONE, LEADERLESS], "first"),
        ("first", [0, GONE], "first"),
        ("first", [LONG_LOG - 1, 5], "first"),
        ("first", [LONG_LOG, 5], "join"),
        (None, [GONE, 3], "join"),
        (None, [LONG_LOG, LEADERLESS], "join"),
    ],
)
def test_the_others_and_the_variable_decide(
    asked: list[list[int | BootError]], stated: str | None, answers: list[int | BootError], kind: str
) -> None:
    """A log that has outgrown a start makes "first" join."""
    asked.append(answers)
    found = find_entry(stated, OTHERS, NEW, patience=0)

    assert found.kind == kind
    assert bool(found.advice) == (stated == "first" and not (kind == "first" and answers == [LONG_LOG - 1, 5]))


@pytest.mark.parametrize(
    ("first_round", "kind"),
    [
        pytest.param([GONE, GONE], "join", id="closed ports: nobody lets this pod in yet"),
        pytest.param([NAMELESS, GONE], "join", id="one of them has an address"),
        pytest.param([NAMELESS, NAMELESS], "first", id="nobody has an address"),
        pytest.param([GONE, LEADERLESS], "first", id="one has said something"),
    ],
)
def test_silent_others_are_asked_again_before_a_volume_is_first(
    asked: list[list[int | BootError]], first_round: list[int | BootError], kind: str
) -> None:
    """A network policy lets a new pod in after some seconds; what it would have heard then decides."""
    asked += [first_round, [LONG_LOG, GONE]]

    assert find_entry("first", OTHERS, NEW, patience=0).kind == kind


def test_a_static_voter_asks_silent_others_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The leader that it then hears says who votes."""
    rounds: list[object] = [GONE, GONE, None, ("c-1:9093", (1, 2, 3))]
    monkeypatch.setattr(entry, "_PAUSE", 0.001)
    monkeypatch.setattr(entry, "_voters", lambda *_: rounds.pop(0))

    assert served_voters(OTHERS) == ("c-1:9093", (1, 2, 3))


def test_silence_ends(asked: list[list[int | BootError]], monkeypatch: pytest.MonkeyPatch) -> None:
    """A new cluster's first controller is alone for a while, and starts all the same."""
    monkeypatch.setattr(entry, "LET_IN_LIMIT", 0.01)
    asked.append([GONE, GONE])

    assert find_entry("first", OTHERS, NEW, patience=0).kind == "first"


def test_a_quorum_of_one_that_is_first_is_warned() -> None:
    """It becomes a new cluster, whatever was there before: loudly."""
    found = find_entry("first", (), NEW, patience=0)

    assert found.kind == "first"
    assert "unset KF_QUORUM_ENTRY now" in found.advice[0]


def test_join_asks_nobody() -> None:
    """Whoever says so knows."""
    assert find_entry("join", OTHERS, NEW, patience=9).advice == ()


def test_before_4_2_somebody_must_give_a_vote() -> None:
    """With the commands."""
    advice = find_entry("join", OTHERS, OLD, patience=9).advice

    assert "add-controller" in advice[0]


@pytest.mark.parametrize(
    ("answers", "kind"),
    [([GONE, GONE], UnreachableError), ([GONE, LEADERLESS], NotServingError), ([], UnreachableError)],
)
def test_nobody_who_knows_a_leader_means_no_start(
    asked: list[list[int | BootError]], answers: list[int | BootError], kind: type[BootError]
) -> None:
    """With each one's reason, and what to set."""
    asked.append(answers)
    with pytest.raises(kind, match="KF_QUORUM_ENTRY=first") as caught:
        find_entry(None, OTHERS, NEW, patience=0.01)

    assert list(caught.value.problems[1:]) == [str(answer) for answer in answers]


def test_an_election_is_waited_for(asked: list[list[int | BootError]]) -> None:
    """The volume that was lost may be the leader's."""
    asked += [[GONE, LEADERLESS], [GONE, LEADERLESS], [7, 7]]

    assert find_entry(None, OTHERS, NEW, patience=PATIENCE).kind == "join"


def test_a_quorum_of_one_has_nobody_to_ask() -> None:
    """Only the variable can say that it is new."""
    with pytest.raises(UnreachableError, match="KF_QUORUM_ENTRY=first"):
        find_entry(None, [], NEW, patience=0)
    assert find_entry("first", [], NEW, patience=0).kind == "first"


def test_nobody_there_is_told() -> None:
    """On a real socket."""
    with pytest.raises(UnreachableError, match="connection refused"):
        find_entry(None, [Endpoint("127.0.0.1", 1, PATIENCE)], NEW, patience=0)


def test_a_static_voter_starts_once_a_leader_is_known(asked: list[list[int | BootError]]) -> None:
    """An election is waited for; how long the leader's log is does not matter."""
    asked += [[GONE, LEADERLESS], [GONE, 0]]
    await_leader(OTHERS, patience=PATIENCE)

    assert asked == [[GONE, 0]]


@pytest.mark.parametrize(("answers", "kind"), [([GONE, GONE], UnreachableError), ([GONE, LEADERLESS], NotServingError)])
def test_a_static_voter_is_not_started_while_nobody_knows_a_leader(
    asked: list[list[int | BootError]], answers: list[int | BootError], kind: type[BootError]
) -> None:
    """With each one's reason, and what a new cluster must set."""
    asked.append(answers)
    with pytest.raises(kind, match="if the cluster is new, unset it, or set first") as caught:
        await_leader(OTHERS, patience=0.01)

    assert "TLS" not in caught.value.problems[0]
    assert list(caught.value.problems[1:]) == [str(answer) for answer in answers]


def test_controllers_that_cannot_be_asked_are_told_of(asked: list[list[int | BootError]]) -> None:
    """With TLS or SASL of the operator's own the guard would never let the node start."""
    asked.append([ProtocolError("c-0:9093: it speaks TLS"), GONE])
    with pytest.raises(
        NotServingError, match="they answer only TLS or SASL, and cannot be asked in it without KF_TLS_DIR or"
    ):
        await_leader(OTHERS, patience=0)


def test_a_static_quorum_of_one_never_joins() -> None:
    """There is nobody who could have what it has lost; and nothing is waited for."""
    with pytest.raises(UnreachableError, match="there is no other controller: restore the volume"):
        await_leader((), patience=60)
