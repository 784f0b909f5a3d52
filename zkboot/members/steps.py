"""The safe way from one set of voters to another. Plain sets in, steps out; nothing here asks a server.

The invariant: a majority acknowledges a write, and a majority elects a leader. As long as every majority
of the voters before a change and every majority of those after it have a server in common, a leader after the change
knows what was acknowledged before it, and no two leaders can both be followed by a majority. Sets that differ by one
voter always have that property; sets that differ by more need not: {1, 2} is a majority of 1..3 and {3, 4, 5} one of
1..5, which share nobody.

ZooKeeper's own reconfiguration asks a majority of both lists for every change, so it would allow larger steps. Small
ones are safe also for a server that was away and starts from its old list.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change: one server gets a vote, or loses it."""

    server_id: int
    joins: bool
    """Whether it gets a vote; else it leaves."""
    voters: frozenset[int]
    """Who votes after it."""


class NoQuorumError(Exception):
    """A step would leave the ensemble without a majority of its voters."""

    def __init__(self, voters: AbstractSet[int], missing: AbstractSet[int]) -> None:
        super().__init__(f"of the voters {_listed(voters)}, {_listed(missing)} do not serve")
        self.voters = frozenset(voters)
        """The voters of that moment."""
        self.missing = frozenset(missing)
        """Those of them that do not serve."""


def majority(count: int) -> int:
    """Return how many of *count* voters are a majority."""
    return count // 2 + 1


def majorities_meet(before: AbstractSet[int], after: AbstractSet[int]) -> bool:
    """Return whether every majority of *before* shares a server with every majority of *after*."""
    return majority(len(before)) + majority(len(after)) > len(before | after)


def can_stop_and_change(before: AbstractSet[int], after: AbstractSet[int]) -> bool:
    """Return whether a static list may change from *before* to *after* while all servers are stopped.

    The way: first only the servers of both lists run, with the old list, then all stop, then only these start, with the
    new one; joiners come last. What was acknowledged is then known to a majority of *before* among them, and whoever
    elects a leader is a majority of *after* among them. So they must be that many in both lists.
    """
    return len(before & after) >= majority(max(len(before), len(after)))


def has_quorum(voters: AbstractSet[int], serving: AbstractSet[int]) -> bool:
    """Return whether those of *voters* that are *serving* are a majority of them."""
    return len(voters & serving) >= majority(len(voters))


def find_steps(
    voters: AbstractSet[int], target: AbstractSet[int], serving: AbstractSet[int], leader: int | None = None
) -> tuple[Step, ...]:
    """Return the steps from *voters* to *target*, none where they are the same.

    First the joiners; then the leavers: those that do not serve, for that makes the rest safer, and *leader* as the
    last. Raises NoQuorumError where, before or after any step, those *serving* are no majority.
    """
    leavers = sorted(voters - target, key=lambda server_id: (server_id in serving, server_id == leader, -server_id))
    current = frozenset(voters)
    _check(current, serving)
    steps: list[Step] = []
    for server_id, joins in (*((one, True) for one in sorted(target - voters)), *((one, False) for one in leavers)):
        current = current | {server_id} if joins else current - {server_id}
        _check(current, serving)
        steps.append(Step(server_id=server_id, joins=joins, voters=current))
    return tuple(steps)


def _check(voters: AbstractSet[int], serving: AbstractSet[int]) -> None:
    if not has_quorum(voters, serving):
        raise NoQuorumError(voters, voters - serving)


def _listed(ids: AbstractSet[int]) -> str:
    return ", ".join(map(str, sorted(ids)))
