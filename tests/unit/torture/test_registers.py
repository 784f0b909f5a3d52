"""The judge of a register's history: what one order explains passes, what none explains does not."""

import pytest

from tests.torture.registers import Operation, faults, stale_reads

GOOD = """\
0.0 0.1 read nothing 0 done
0.0 0.3 swap a-1 1 done
0.2 0.4 swap b-1 2 done
0.2 0.5 swap c-1 -1 refused
0.6 0.9 swap c-2 -1 unknown
0.7 0.8 read b-1 2 done
1.0 1.1 read c-2 3 done
1.2 1.3 swap a-2 4 done
"""


def history(*rows: str) -> list[Operation]:
    """Return the operations of a good history, and *rows*."""
    return [Operation.parse(row) for row in (*GOOD.splitlines(), *rows)]


def test_one_order_explains_a_good_history() -> None:
    """A swap of unknown outcome may have been done, and a read may have seen it."""
    assert faults(history()) == []
    assert stale_reads(history()) == 0


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        pytest.param("1.4 1.5 swap b-2 4 done", "version 4 is both a-2 and b-2", id="one version given twice"),
        pytest.param(
            "2.0 2.1 swap b-2 0 done", "version 0 is both nothing and b-2", id="the first version given again"
        ),
        pytest.param(
            "0.0 0.05 swap b-2 5 done", "ended before the swap of a lower version began", id="from the future"
        ),
        pytest.param(
            "1.4 1.5 read b-2 4 done", "version 4 was read as b-2, and is a-2", id="two values of one version"
        ),
        pytest.param("1.4 1.5 read b-2 5 done", "b-2 was read, and nobody wrote it", id="out of thin air"),
    ],
)
def test_what_no_order_explains_is_found(row: str, fault: str) -> None:
    """One more operation, and it is no register any more."""
    assert any(fault in found for found in faults(history(row)))


def test_a_read_that_missed_what_was_done_is_stale() -> None:
    """Counted, not a fault: ZooKeeper's sync does not promise more."""
    late = history("1.4 1.5 read b-1 2 done")

    assert faults(late) == []
    assert stale_reads(late) == 1
