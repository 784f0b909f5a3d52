"""What the clients' rows come to: gaps, rivals, losses. A fault that none of these saw would go unseen."""

from collections.abc import Sequence

import pytest

from tests.members.audit import compare
from tests.members.voters import parse_voters
from tests.members.watcher import Sample, reigns, rivals
from tests.members.writer import Write, longest_gap


def writes(*times: float, server: int | None = None, first_zxid: int = 1) -> list[Write]:
    """Return one write for each of *times*, asked for and answered then."""
    return [
        Write(asked=time, answered=time, server=server, name=f"p{server}-{time:g}", zxid=first_zxid + number)
        for number, time in enumerate(times)
    ]


def said(server: int, roles: str, began: float = 0.0) -> list[Sample]:
    """Return a sample each second, answered half a second later: a letter each, L for a leader."""
    return [
        Sample(
            asked=began + second,
            answered=began + second + 0.5,
            server=server,
            role="leader" if letter == "L" else "silent",
            epoch=1,
        )
        for second, letter in enumerate(roles)
    ]


@pytest.mark.parametrize(
    ("times", "gap"),
    [
        pytest.param([], 10, id="nothing"),
        pytest.param([0, 1, 4, 5, 9, 10], 4, id="inside"),
        pytest.param([-7, 2, 4, 6, 8, 10], 2, id="one that began before counts from the beginning"),
        pytest.param([0, 2, 4, 6, 30], 4, id="one that ends later counts to the end"),
        pytest.param([0, 5, 10, 30, 60], 5, id="what was outside does not count"),
    ],
)
def test_longest_gap(times: Sequence[float], gap: float) -> None:
    """Only the period counts, and both its ends."""
    assert longest_gap(writes(*times), 0, 10) == gap


def test_a_row_is_read_as_it_was_written() -> None:
    """Pinned and floating connections."""
    for write in (*writes(1.5, server=3), *writes(2.25)):
        assert Write.parse(str(write)) == write
    for sample in said(2, "L-"):
        assert Sample.parse(str(sample)) == sample


def test_a_reign_is_what_is_sure() -> None:
    """From the first answer to the last question; silence ends it."""
    assert [(one.began, one.ended) for one in reigns(said(0, "-LLL-LL"))] == [(1.5, 3), (5.5, 6)]


@pytest.mark.parametrize(
    ("other", "acknowledged", "count"),
    [
        pytest.param("LLLL", [(0, 1.0), (1, 2.0)], 1, id="both acknowledge"),
        pytest.param("LLLL", [(0, 1.0), (0, 2.0)], 0, id="one acknowledges"),
        pytest.param("LLLL", [(0, 1.0), (None, 2.0)], 0, id="a floating connection proves nothing"),
        pytest.param("LL--", [(0, 0.8), (1, 2.0)], 0, id="one acknowledged after the other had ended"),
        pytest.param("----", [(0, 1.0), (1, 2.0)], 0, id="one leader"),
    ],
)
def test_rivals(other: str, acknowledged: list[tuple[int | None, float]], count: int) -> None:
    """Two that lead at once are a fault where both acknowledge meanwhile."""
    known = [write for server, time in acknowledged for write in writes(time, server=server)]

    assert len(rivals([*said(0, "LLLL"), *said(1, other)], known)) == count


def test_nothing_lost() -> None:
    """What was written and not acknowledged may be there, on all."""
    known = writes(1, 2)
    names = {write.name for write in known} | {"unknown"}

    assert compare(known, {0: names, 1: set(names)}).faults == []


def test_a_lost_write_is_seen_on_every_server() -> None:
    """Each may lack another one."""
    known = writes(1, 2, 3)
    first, second, third = (write.name for write in known)
    audit = compare(known, {0: {first, second}, 1: {second, third}})

    assert audit.faults == ["2 of 3 acknowledged lost (67 %): zk-0 1, zk-1 1", "servers differ"]


def test_a_transaction_given_twice_is_seen() -> None:
    """Two leaders of one epoch count alike."""
    known = [*writes(1, server=0), *writes(2, server=1)]
    names = {write.name for write in known}

    assert compare(known, {0: names}).faults == ["1 transactions were given twice"]


def test_voters() -> None:
    """Observers have no vote; ids begin at 1."""
    text = (
        "server.1=zk-0.zk-svc:2888:3888:participant;0.0.0.0:2181\n"
        "server.3=zk-2.zk-svc:2888:3888:participant;2181\n"
        "server.10=zk-9.zk-svc:2888:3888:observer;2181\n"
        "version=100000000"
    )

    assert parse_voters(text) == {0, 2}
