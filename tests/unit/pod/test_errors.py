"""The error tree: who must act, the exit status that manifests rely on, and what a message repeats of a peer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkboot.pod import errors
from zkboot.pod.errors import (
    EXCERPT_LIMIT,
    BootError,
    NotServingError,
    Problem,
    Problems,
    SettingsError,
    StateError,
    UnreachableError,
    excerpt,
    of_peer,
)

STATUSES = {
    "UsageError": 2,
    "UnreachableError": 69,
    "NoAddressError": 69,
    "FileError": 74,
    "NotServingError": 75,
    "RestartNeededError": 75,
    "ProtocolError": 76,
    "TlsError": 76,
    "RefusedError": 76,
    "LoginError": 76,
    "IdentityError": 78,
    "SettingsError": 78,
    "StateError": 78,
}


@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_each_error_carries_its_exit_status(name: str, status: int) -> None:
    """The statuses are a contract: a changed one breaks somebody's manifest."""
    assert getattr(errors, name).exit_status == status


def test_every_error_of_the_module_is_in_the_table() -> None:
    """A new error needs a status that is written down."""
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, BootError)}

    assert kinds == {*STATUSES, "BootError"}


def test_problems_keep_the_order_in_which_they_were_found() -> None:
    """One argument is one line."""
    assert SettingsError("second", "first").problems == ("second", "first")


def test_an_error_as_text_joins_its_problems() -> None:
    """A traceback of a forgotten error still tells everything."""
    assert str(SettingsError("one", Problem("ZK_X", "two"))) == "one; two"


def test_a_reason_leaves_out_whom_it_is_about() -> None:
    """For a table that has a column of addresses; where nothing is left out, it is the whole text."""
    error = UnreachableError(of_peer("zk-0:2181", "connection refused: nobody"), "two")

    assert (str(error), error.reason) == ("zk-0:2181: connection refused: nobody; two", "connection refused: nobody")
    assert NotServingError("no leader", "two").reason == "no leader"


def test_a_problem_is_noted_once_and_in_order() -> None:
    """Two rules may find the same; its first place counts."""
    problems = Problems()
    problems.note("second", "ZK_B")
    problems.note("first")
    problems.note_all(StateError("third", "first"))
    problems.note("second")

    assert [str(problem) for problem in problems] == ["second", "first", "third"]
    assert [problem.about for problem in problems] == ["ZK_B", "", ""]
    with pytest.raises(SettingsError) as caught:
        problems.check()
    assert caught.value.problems == ("second", "first", "third")


def test_no_problem_raises_nothing() -> None:
    """And is false."""
    problems = Problems()
    problems.check()

    assert not problems


def test_problems_are_found_by_what_they_are_about() -> None:
    """Whatever their texts say of other variables."""
    problems = Problems()
    problems.note("ZK_A and ZK_B differ", "ZK_A")
    problems.note("ZK_A is wrong", "ZK_A")
    problems.note("ZK_B=ZK_A is wrong", "ZK_B")

    assert [str(problem) for problem in problems.about("ZK_A")] == ["ZK_A and ZK_B differ", "ZK_A is wrong"]
    assert problems.about("ZK_C") == ()


def test_a_scope_is_what_was_noted_since_and_can_be_dropped() -> None:
    """What was noted before stays; what is noted again is nothing new."""
    problems = Problems()
    problems.note("before")
    scope = problems.scope()
    problems.note("before")
    assert not scope

    problems.note("since")
    assert scope
    scope.drop()
    assert not scope
    assert [str(problem) for problem in problems] == ["before"]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", "''"),
        (b"imok", "'imok'"),
        (b"a'b\n\x1b[2J\xff", '"a\'b\\n\\x1b[2J\\xff"'),
        (b"x" * 78, "'" + "x" * 78 + "'"),
        (b"x" * 79, "'" + "x" * 76 + "..."),
        (b"\xff" * 500, "'" + "\\xff" * 19 + "..."),
    ],
    ids=["nothing", "text", "escaped", "just-fits", "too-long", "too-long-when-escaped"],
)
def test_what_a_peer_sent_is_shown_escaped_and_short(data: bytes, shown: str) -> None:
    """A peer must not write the operator's terminal."""
    assert excerpt(data) == shown


@given(st.binary(max_size=300))
def test_an_excerpt_is_always_one_short_line(data: bytes) -> None:
    """Of any bytes at all."""
    shown = excerpt(data)

    assert len(shown) <= EXCERPT_LIMIT
    assert shown.isprintable()
    assert shown.isascii()
