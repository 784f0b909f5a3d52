"""What is read in the logs of clients."""

import pytest

from tests.kubernetes.pauses import Told

LOG = """\
100.100 kazoo-service-0 INFO Connecting to zookeeper(10.202.0.7):2181
{"client": "kazoo-service-0", "since": 100.5, "until": 101.75}
{"client": "kazoo-service-1", "since": 100.5, "until": 101.0}
{"client": "kazoo-service-0", "at": 104.0}
{"client": "kazoo-service-0", "since": 120.0, "until": 123.0}
{"client": "kazoo-service-0", "at": 125.0}
"""


def test_when_a_client_was_heard_last() -> None:
    """The last of its lines counts; one that said nothing is not there."""
    assert Told.parse(LOG).heard == {"kazoo-service-0": 125.0}


@pytest.mark.parametrize(
    ("began", "ended", "longest"),
    [
        pytest.param(100, 110, 1.25, id="the-first-only"),
        pytest.param(100, 130, 3.0, id="both"),
        pytest.param(101, 119, 1.25, id="one-that-began-before"),
        pytest.param(110, 122, 3.0, id="one-that-ends-after"),
        pytest.param(105, 119, 0.0, id="none"),
    ],
)
def test_the_longest_gap_of_a_period(began: float, ended: float, longest: float) -> None:
    """A gap counts whole where some of it lies in the period."""
    assert Told.parse(LOG).longest("kazoo-service-0", began, ended) == longest
