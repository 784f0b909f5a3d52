"""Verdicts: which answers of a broker or a controller mean yes, and what the others are told as."""

import pytest

from kafkaboot.probes.health import in_sync, led, registered
from kafkaboot.probes.leader_wire import Leadership
from kafkaboot.probes.metadata_wire import decode_metadata
from kafkaboot.probes.partitions_wire import NAMED_LIMIT, Metadata
from tests.unit.kafkaboot.probes.recorded_broker import payload_of
from zkboot.pod.errors import NotServingError


def hosting(count: int, *behind: str) -> Metadata:
    """Return the metadata of a cluster whose broker hosts *count* partitions, out of sync in those named *behind*."""
    metadata = Metadata((1, 2, 3), 9)
    metadata.hosted, metadata.behind, metadata.named = count, len(behind), list(behind[:NAMED_LIMIT])
    return metadata


# --- registered --------------------------------------------------------------------------------------


@pytest.mark.parametrize("broker_ids", [(1,), (3, 2, 1), (1, 1001)])
@pytest.mark.parametrize("before_0_10", [True, False])
def test_a_broker_that_lists_itself_is_registered(broker_ids: tuple[int, ...], *, before_0_10: bool) -> None:
    """In any order."""
    registered(Metadata(broker_ids, 5), 1, "KAFKA_BROKER_ID", before_0_10=before_0_10)


@pytest.mark.parametrize(
    ("broker_ids", "topic_count", "before_0_10", "listed"),
    [
        pytest.param((), 0, False, "none", id="nobody"),
        pytest.param((3, 2), 0, False, "2, 3", id="others"),
        pytest.param(
            tuple(range(5000, 100, -1)), 0, False, "101, 102, .*, 120, [.][.][.]", id="more-than-anybody-reads"
        ),
        pytest.param((11, 10), 5, False, "10, 11", id="ids-that-contain-it"),
        pytest.param((), 1, True, "none", id="nobody-and-a-topic-on-0.8"),
        pytest.param((2,), 0, True, "2", id="others-on-0.8"),
    ],
)
def test_a_broker_that_does_not_list_itself_is_not_registered(
    *, broker_ids: tuple[int, ...], topic_count: int, before_0_10: bool, listed: str
) -> None:
    """The message says whom it looked for, why, and whom it found."""
    expected = rf"^a:1: broker 1 \(KAFKA_BROKER_ID\) is not among the registered brokers: {listed}$"

    with pytest.raises(NotServingError, match=expected):
        registered(Metadata(broker_ids, topic_count), 1, "KAFKA_BROKER_ID", "a:1", before_0_10=before_0_10)


def test_a_cluster_of_0_8_without_topics_lists_nobody_and_is_ready() -> None:
    """KAFKA-1867: as much as can be known."""
    metadata = decode_metadata(payload_of("0.8.2.1-no-topics.metadata0"), 0, 1, 1)

    registered(metadata, 1, "KAFKA_BROKER_ID", before_0_10=True)


# --- in sync -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 700000])
def test_a_broker_in_the_isr_of_all_it_hosts_is_in_sync(count: int) -> None:
    """The probe tells how many they are."""
    assert in_sync(hosting(count), 1) == count


@pytest.mark.parametrize(
    ("behind", "told"),
    [
        (["a-0"], "1 of its 3 partitions: a-0"),
        (["a-0", "b-c-12"], "2 of its 4 partitions: a-0, b-c-12"),
        (["a-0", "a-1", "a-2"], "3 of its 5 partitions: a-0, a-1, a-2"),
        (["a-0", "a-1", "a-2", "a-3"], "4 of its 6 partitions: a-0, a-1, a-2, ..."),
    ],
)
def test_a_broker_out_of_an_isr_is_told_with_its_partitions(behind: list[str], told: str) -> None:
    """The first three by name."""
    with pytest.raises(NotServingError, match=f"^a:1: broker 1 is out of sync in {told.replace('.', '[.]')}$"):
        in_sync(hosting(len(behind) + 2, *behind), 1, "a:1")


@pytest.mark.parametrize("version", ["1.1.1", "2.8.2", "3.3.2", "3.9.2", "3.9.2-zookeeper", "4.0.2", "4.4.0"])
def test_a_broker_that_was_paused_is_registered_and_out_of_sync(version: str) -> None:
    """As recorded: the two questions differ."""
    metadata = decode_metadata(payload_of(f"{version}-2-behind.metadata4"), 4, 1, 2)

    registered(metadata, 2, "KAFKA_NODE_ID")
    with pytest.raises(NotServingError, match=r"broker 2 is out of sync in [12] of its 3 partitions: orders-"):
        in_sync(metadata, 2)


# --- controllers -------------------------------------------------------------------------------------

HERE = ("kafka-0", 9093)


@pytest.mark.parametrize(
    "leadership",
    [
        pytest.param(Leadership(101, 5, is_own=True, address=HERE), id="the-leader"),
        pytest.param(Leadership(101, 5, is_own=True), id="the-leader-before-3.9"),
        pytest.param(Leadership(101, 5, is_own=False), id="a-follower-before-3.9"),
    ],
)
def test_a_quorum_with_a_leader_is_ready(leadership: Leadership) -> None:
    """The leader's own word, or that of one who cannot tell where the leader is."""
    assert led(leadership) == 101


@pytest.mark.parametrize(
    ("leadership", "message"),
    [
        (Leadership(-1, 5, is_own=False), "the controller knows no leader of its quorum"),
        (Leadership(-1, -1, is_own=False), "the controller knows no leader of its quorum"),
        (Leadership(101, 5, is_own=False, address=HERE), "the leader of its quorum, 101, does not lead at present"),
    ],
)
def test_a_quorum_without_a_leader_is_not_ready(leadership: Leadership, message: str) -> None:
    """Whoever was named."""
    with pytest.raises(NotServingError, match=f"^a:1: {message}$"):
        led(leadership, "a:1")
