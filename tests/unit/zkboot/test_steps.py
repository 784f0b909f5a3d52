"""The invariant of every change of members: majorities before and after it share a server."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkboot.members.steps import (
    NoQuorumError,
    can_stop_and_change,
    find_steps,
    has_quorum,
    majorities_meet,
    majority,
)

LARGEST = 9
SERVERS = frozenset(range(1, LARGEST + 1))
VOTERS = st.frozensets(st.sampled_from(sorted(SERVERS)), min_size=1)

# Only how many servers are in one list, in the other, and in both decides.
PAIRS = [
    (frozenset(range(1, only + both + 1)), frozenset(range(only + 1, only + both + others + 1)))
    for only in range(LARGEST + 1)
    for both in range(LARGEST + 1 - only)
    for others in range(LARGEST + 1 - only - both)
    if only + both and both + others
]


def miss(before: frozenset[int], after: frozenset[int]) -> bool:
    """Return whether some majority of *before* shares no server with some majority of *after*: by trying all."""
    return any(
        len(after - set(chosen)) >= majority(len(after)) for chosen in combinations(before, majority(len(before)))
    )


def test_majorities_meet_where_no_two_of_them_miss_each_other() -> None:
    """For every pair of lists up to nine servers."""
    for before, after in PAIRS:
        assert majorities_meet(before, after) == (not miss(before, after)), (before, after)


def test_one_voter_at_a_time_is_always_safe() -> None:
    """Every step between any two lists, and each of them is one vote."""
    for before, after in PAIRS:
        current = before
        for step in find_steps(before, after, before | after):
            assert len(current ^ step.voters) == 1, (before, after, step)
            assert (step.server_id in step.voters) == step.joins
            assert majorities_meet(current, step.voters), (before, after, step)
            current = step.voters
        assert current == after


def test_the_jump_that_lost_data_is_none() -> None:
    """3 to 5 at once: {1, 2} and {3, 4, 5}."""
    assert not majorities_meet({1, 2, 3}, {1, 2, 3, 4, 5})
    assert len(find_steps({1, 2, 3}, {1, 2, 3, 4, 5}, SERVERS)) == 2


@given(VOTERS, st.lists(VOTERS, min_size=1, max_size=3), st.data())
def test_servers_that_were_away_make_no_majority_of_an_old_list(
    first: frozenset[int], targets: list[frozenset[int]], data: st.DataObject
) -> None:
    """Each step is known to any majority of the list before it and of the one after it, and maybe to nobody else.

    Resizes follow each other, also where one was interrupted: whoever still has an old list is too few for it.
    """
    lists = [first]
    known = dict.fromkeys(SERVERS, 0)
    for target in targets:
        steps = find_steps(lists[-1], target, SERVERS)
        for step in steps[: data.draw(st.integers(0, len(steps)), label="steps before it was killed")]:
            for voters in (lists[-1], step.voters):
                chosen = data.draw(st.permutations(sorted(voters)), label="who knows first")
                for server_id in chosen[: majority(len(voters))]:
                    known[server_id] = len(lists)
            lists.append(step.voters)
            for age, old in enumerate(lists[:-1]):
                behind = {server_id for server_id in old if known[server_id] <= age}
                assert not has_quorum(old, behind), (lists, known)


@given(VOTERS, VOTERS, VOTERS, st.sampled_from([None, *sorted(SERVERS)]))
def test_there_is_a_quorum_before_and_after_every_step(
    before: frozenset[int], after: frozenset[int], serving: frozenset[int], leader: int | None
) -> None:
    """Where both ends have one, and the joiners serve, there is always a way; else it is refused as a whole."""
    is_possible = has_quorum(before, serving) and has_quorum(after, serving) and after - before <= serving
    try:
        steps = find_steps(before, after, serving, leader)
    except NoQuorumError as error:
        lost = error
    else:
        assert has_quorum(before, serving)
        assert all(has_quorum(step.voters, serving) for step in steps)
        return
    assert not is_possible
    assert not has_quorum(lost.voters, serving)
    assert lost.missing == lost.voters - serving


def test_the_dead_leave_first_and_the_leader_last() -> None:
    """Each dead one that leaves makes the rest safer; a leader that leaves costs an election."""
    steps = find_steps({1, 2, 3, 4, 5}, {1, 2}, {1, 2, 4, 5}, leader=5)

    assert [step.server_id for step in steps] == [3, 4, 5]


@pytest.mark.parametrize(
    ("before", "after", "is_safe"),
    [(3, 5, True), (5, 3, True), (3, 4, True), (5, 7, True), (3, 7, False), (7, 3, False), (1, 3, False), (3, 3, True)],
)
def test_a_full_stop_needs_a_majority_of_both_lists(before: int, after: int, is_safe: bool) -> None:  # noqa: FBT001
    """3 to 7 would leave it to empty servers who leads."""
    assert can_stop_and_change(frozenset(range(before)), frozenset(range(after))) == is_safe


def test_a_full_stop_loses_nothing() -> None:
    """Among the servers of both lists, who acknowledged and who elects have one in common."""
    for before, after in PAIRS:
        if can_stop_and_change(before, after):
            assert majority(len(before)) + majority(len(after)) > len(before & after)
