"""Replies that metrics are made of: as real brokers sent them, beside what the probes read in the same bytes."""

import re

import pytest

from kafkaboot.probes import metadata_wire, metrics_wire
from kafkaboot.probes.metrics_wire import Partitions
from tests.unit.kafkaboot.probes.recorded_broker import DATA, payload_of
from zkboot.pod.errors import ProtocolError

METADATA = sorted(path.name for path in DATA.iterdir() if ".metadata" in path.name)


def decoded(name: str, broker_id: int = 1) -> Partitions:
    """Return what the recorded reply *name* says of a broker."""
    return metrics_wire.decode_partitions(payload_of(name), int(name.rpartition("metadata")[2]), 1, broker_id)


@pytest.mark.parametrize("broker_id", [1, 2, 3])
@pytest.mark.parametrize("name", METADATA)
def test_partitions_are_counted_as_the_probe_counts_them(name: str, broker_id: int) -> None:
    """Two readers, one truth; and each partition has one leader or none."""
    version = int(name.rpartition("metadata")[2])
    probed = metadata_wire.decode_metadata(payload_of(name), version, 1, broker_id)
    found = decoded(name, broker_id)

    assert (found.broker_ids, found.hosted, found.out_of_sync) == (probed.broker_ids, probed.hosted, probed.behind)
    assert sum(count for sizes in found.isr_sizes.values() for count in sizes.values()) == found.led
    assert found.short <= found.led <= found.hosted - found.leaderless


def test_a_broker_counts_what_it_leads() -> None:
    """Three partitions of three brokers, of which the third is gone."""
    found = [decoded("4.4.0-2-gone.metadata4", broker_id) for broker_id in (1, 2, 3)]

    assert [(one.hosted, one.led, one.short, one.leaderless) for one in found] == [
        (3, 3, 3, 0),
        (3, 0, 0, 0),
        (0, 0, 0, 0),
    ]
    assert [found[0].under({"orders": least}) for least in (0, 1, 2)] == [0, 0, 3]
    assert found[0].under({}) == 0


def test_a_partition_whose_only_host_is_gone_has_no_leader() -> None:
    """Broker 1, the last, counts it though it does not host it."""
    reply = bytes.fromhex(
        "00000001 00000001 00000001 0001 68 00002384 00000001 0000 0001 74 00000002"
        " 0005 00000000 ffffffff 00000001 00000002 00000001 00000002"
        " 0005 00000001 ffffffff 00000001 00000001 00000000"
    )
    found = metrics_wire.decode_partitions(reply, 0, 1, 1)

    assert (found.hosted, found.leaderless, found.all_leaderless) == (1, 1, 2)


@pytest.mark.parametrize("name", ["4.4.0-in-sync.metadata8", "0.8.2.1-in-sync.metadata0", "2.8.2-in-sync.metadata7"])
def test_partitions_cut_at_any_byte_are_refused(name: str) -> None:
    """And bytes behind their end."""
    payload, version = payload_of(name), int(name.rpartition("metadata")[2])
    for cut in range(len(payload)):
        with pytest.raises(ProtocolError):
            metrics_wire.decode_partitions(payload[:cut], version, 1, 1)
    with pytest.raises(ProtocolError):
        metrics_wire.decode_partitions(payload + b"\0", version, 1, 1)


def test_log_directories_of_a_real_broker() -> None:
    """4.4.0: size, free space and the whole volume's."""
    (found,) = metrics_wire.decode_log_dirs(payload_of("4.4.0-few.log-dirs4"), 4, 1)

    assert (found.path, found.error, found.size) == ("/var/lib/kafka/data/kafka-0/log", 0, 0)
    assert (found.free, found.total) == (43861221376, 270553174016)


def test_log_directories_of_an_older_broker_have_no_volume() -> None:
    """Version 1: two logs of one topic, and a directory that has failed."""
    log = "{:08x} {:016x} {:016x} 00"
    reply = bytes.fromhex(
        "00000001 00000000 00000002"
        f" 0000 0002 2f61 00000001 0001 74 00000002 {log.format(0, 1000, 0)} {log.format(1, 24, 0)}"
        " 0038 0002 2f62 00000000"
    )
    found = metrics_wire.decode_log_dirs(reply, 1, 1)

    assert [(one.path, one.error, one.size, one.free) for one in found] == [("/a", 0, 1024, -1), ("/b", 56, 0, -1)]


def test_the_least_in_sync_is_read_by_topic() -> None:
    """Of two topics, of which one is gone."""
    assert metrics_wire.decode_min_isr(payload_of("4.4.0-few.min-isr1"), 1, 1) == {"few": 2}


@pytest.mark.parametrize(("version", "end"), [(0, ""), (1, "00")])
def test_the_question_for_it_names_each_topic(version: int, end: str) -> None:
    """And the one setting that is wanted."""
    setting = "00000001 0013" + b"min.insync.replicas".hex()

    assert metrics_wire.min_isr_question(version, ["a", "bc"]) == bytes.fromhex(
        f"00000002 02 0001 61 {setting} 02 0002 6263 {setting} {end}"
    )


def test_a_refusal_is_an_error() -> None:
    """Of the whole reply, as with ACLs."""
    with pytest.raises(ProtocolError, match="31"):
        metrics_wire.decode_log_dirs(bytes.fromhex("00000001 00 00000000 001f 01 00"), 4, 1)


def test_a_topic_whose_settings_are_refused_is_an_error() -> None:
    """With 0 for it, no partition of it would ever be short of replicas."""
    reply = payload_of("4.4.0-few.min-isr1")
    refused = reply.replace(b"\0\3\0\0\2\0\4gone", b"\0\x1d\0\0\2\0\4gone")
    assert refused != reply

    with pytest.raises(ProtocolError, match=re.escape("error 29 (TOPIC_AUTHORIZATION_FAILED)")):
        metrics_wire.decode_min_isr(refused, 1, 1)
