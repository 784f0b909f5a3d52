"""Kafka's bytes: requests as the protocol guide has them, replies as real servers sent them, cut, and made up."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkaboot.probes import features_wire, leader_wire, metadata_wire, metrics_wire, partitions_wire, wire
from kafkaboot.probes.leader_wire import Leadership
from kafkaboot.probes.partitions_wire import Metadata
from kafkaboot.probes.wire import Buffer
from tests.unit.kafkaboot.probes.recorded_broker import DATA, payload_of, recorded
from zkboot.pod.errors import ProtocolError

CLIENT = "0009" + b"kafkaboot".hex()


def decode(name: str, broker_id: int = 1) -> object:
    """Return what the recorded reply *name* says."""
    return decoder(name, broker_id)(payload_of(name))


def decoder(name: str, broker_id: int = 1) -> Callable[[bytes], object]:
    """Return what decodes replies like the recorded one *name*."""
    request = name.rpartition(".")[2]
    version = int(request.lstrip("abcdefghijklmnopqrstuvwxyz-"))
    if request.startswith("metadata"):
        return lambda payload: metadata_wire.decode_metadata(payload, version, 1, broker_id)
    if request.startswith("fetch"):
        return lambda payload: leader_wire.decode_leadership(payload, version, 1)
    if request.startswith("log-dirs"):
        return lambda payload: metrics_wire.decode_log_dirs(payload, version, 1)
    if request.startswith("min-isr"):
        return lambda payload: metrics_wire.decode_min_isr(payload, version, 1)
    if request == "api-versions3":
        return lambda payload: features_wire.decode_features(payload, 1)
    return lambda payload: wire.decode_api_versions(payload, 1)


def recorded_names(request: str = "") -> list[str]:
    """Return the names of the recorded replies to *request*, by default of all."""
    return sorted(path.name for path in DATA.iterdir() if path.name.rpartition(".")[2].startswith(request))


# --- requests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        pytest.param(wire.encode_api_versions(1), f"00000013 0012 0000 00000001 {CLIENT}", id="api-versions"),
        pytest.param(
            metadata_wire.encode_metadata(0, 2, None),
            f"00000017 0003 0000 00000002 {CLIENT} 00000000",
            id="metadata-0",
        ),
        pytest.param(
            metadata_wire.encode_metadata(0, 2),
            f"00000017 0003 0000 00000002 {CLIENT} 00000000",
            id="0-knows-all",
        ),
        pytest.param(
            metadata_wire.encode_metadata(1, 2),
            f"00000017 0003 0001 00000002 {CLIENT} 00000000",
            id="metadata-1",
        ),
        pytest.param(
            metadata_wire.encode_metadata(1, 2, None),
            f"00000017 0003 0001 00000002 {CLIENT} ffffffff",
            id="1-all-topics",
        ),
        pytest.param(
            metadata_wire.encode_metadata(4, 2),
            f"00000018 0003 0004 00000002 {CLIENT} 00000000 00",
            id="metadata-4-creates-no-topic",
        ),
        pytest.param(
            metadata_wire.encode_metadata(8, 2, None),
            f"0000001a 0003 0008 00000002 {CLIENT} ffffffff 00 0000",
            id="metadata-8",
        ),
        pytest.param(
            metadata_wire.encode_metadata(4, 2, ["bc\udcff", "a"]),
            f"00000020 0003 0004 00000002 {CLIENT} 00000002 0001 61 0003 6263ff 00",
            id="metadata-4-of-topics",
        ),
        pytest.param(
            metadata_wire.encode_metadata(1, 2, ["a"]),
            f"00000017 0003 0001 00000002 {CLIENT} ffffffff",
            id="1-would-create-the-topic",
        ),
        pytest.param(
            leader_wire.encode_leader_question(13, 3),
            f"00000064 0001 000d 00000003 {CLIENT} 00 ffffffff 00000000 00000000 00000000 00 00000000 ffffffff"
            " 02 00000000000000000000000000000001 02 00000000 00000000 4000000000000000 00000000 ffffffffffffffff"
            " 00000000 00 00 01 01 00",
            id="fetch-13-of-an-observer",
        ),
        pytest.param(
            leader_wire.encode_leader_question(17, 3, epoch=5),
            f"00000060 0001 0011 00000003 {CLIENT} 00 00000000 00000000 00000000 00 00000000 ffffffff"
            " 02 00000000000000000000000000000001 02 00000000 00000005 4000000000000000 00000005 ffffffffffffffff"
            " 00000000 00 00 01 01 00",
            id="fetch-17-has-no-replica-id",
        ),
    ],
)
def test_a_request_is_encoded_as_the_protocol_guide_says(request_bytes: bytes, expected: str) -> None:
    """Byte for byte."""
    assert request_bytes == bytes.fromhex(expected)


# --- replies of real servers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "metadata", "fetch"),
    [
        ("0.10.2.2-broker", (0, 2), (0, 3)),
        ("1.1.1-broker", (0, 5), (0, 7)),
        ("2.8.2-broker", (0, 11), (0, 12)),
        ("3.3.2-broker", (0, 12), (0, 13)),
        ("3.3.2-controller", None, (0, 13)),
        ("3.9.2-broker", (0, 12), (0, 17)),
        ("3.9.2-controller", None, (0, 17)),
        ("3.9.2-zookeeper-broker", (0, 12), (0, 17)),
        ("4.0.2-broker", (0, 13), (4, 17)),
        ("4.0.2-controller", None, (4, 17)),
        ("4.4.0-broker", (0, 13), (4, 18)),
        ("4.4.0-controller", None, (4, 18)),
    ],
)
def test_api_versions_say_what_a_listener_answers(
    name: str, metadata: tuple[int, int] | None, fetch: tuple[int, int]
) -> None:
    """A controller answers no Metadata: that tells it from a broker."""
    versions = wire.decode_api_versions(payload_of(f"{name}.api-versions0"), 1)

    assert versions.get(wire.METADATA) == metadata
    assert versions[wire.FETCH] == fetch
    assert wire.API_VERSIONS in versions


@pytest.mark.parametrize("name", [name for name in recorded_names("metadata") if "-in-sync." in name])
@pytest.mark.parametrize("broker_id", [1, 2])
def test_metadata_of_every_version_show_who_is_in_sync(name: str, broker_id: int) -> None:
    """0.8.2.1 to 4.4.0, Metadata 0 to 8."""
    metadata = decode(name, broker_id)

    assert isinstance(metadata, Metadata)
    assert sorted(metadata.broker_ids) == [1, 2]
    assert metadata.topic_count == 1
    assert (metadata.hosted, metadata.behind, metadata.named) == (3, 0, [])


@pytest.mark.parametrize("name", recorded_names("metadata"))
def test_partitions_of_other_brokers_are_not_counted(name: str) -> None:
    """Nor those that they are behind in."""
    metadata = decode(name, broker_id=3)

    assert isinstance(metadata, Metadata)
    assert (metadata.hosted, metadata.behind, metadata.named) == (0, 0, [])


@pytest.mark.parametrize("name", [name for name in recorded_names("metadata") if "-2-behind." in name])
def test_metadata_show_who_is_behind(name: str) -> None:
    """Broker 2 was paused, its session not over: the leaders took it out of the ISR, and it is listed all the same."""
    metadata = decode(name, broker_id=2)

    assert isinstance(metadata, Metadata)
    assert sorted(metadata.broker_ids) == [1, 2]
    # KAFKA-1367: the leader has told ZooKeeper, and no broker's metadata follow.
    assert bool(metadata.behind) is not name.startswith("0.8.2.1")
    assert metadata.behind == len(metadata.named)
    assert {one.rpartition("-")[0] for one in metadata.named} <= {"orders"}


@pytest.mark.parametrize("name", [name for name in recorded_names("metadata") if "-2-gone." in name])
def test_metadata_show_who_is_gone(name: str) -> None:
    """Its session, or its fence, is over."""
    metadata = decode(name)

    assert isinstance(metadata, Metadata)
    assert metadata.broker_ids == (1,)
    assert metadata.topic_count == 1


@pytest.mark.parametrize("name", [name for name in recorded_names("metadata") if "-brokers-only." in name])
def test_metadata_without_topics_list_the_brokers_alone(name: str) -> None:
    """What kafkaReady asks for: its size does not depend on the topics."""
    metadata = decode(name)

    assert isinstance(metadata, Metadata)
    assert (sorted(metadata.broker_ids), metadata.topic_count) == ([1, 2], 0)


def test_a_new_cluster_of_0_8_lists_nobody() -> None:
    """KAFKA-1867: two brokers were registered when this was recorded."""
    metadata = decode("0.8.2.1-no-topics.metadata0")

    assert isinstance(metadata, Metadata)
    assert (metadata.broker_ids, metadata.topic_count) == ((), 0)


@pytest.mark.parametrize("name", [name for name in recorded_names("metadata") if "-no-topics." in name])
def test_newer_clusters_list_their_brokers_before_there_is_a_topic(name: str) -> None:
    """From 0.9 on."""
    metadata = decode(name)

    assert isinstance(metadata, Metadata)
    assert metadata.topic_count == 0
    assert sorted(metadata.broker_ids) == ([] if name.startswith("0.8") else [1, 2])


FETCHED = [("3.3.2", 13), ("3.9.2", 17), ("4.0.2", 17), ("4.4.0", 17)]


def leadership(version: str, case: str, fetch: int) -> Leadership:
    """Return what the recorded controller said of its leader, and check what is the same in every case."""
    found = decode(f"{version}-{case}.fetch{fetch}")

    assert isinstance(found, Leadership)
    return found


@pytest.mark.parametrize(("version", "fetch"), FETCHED)
@pytest.mark.parametrize("who", ["leader", "follower"])
def test_a_voter_asked_in_a_past_epoch_names_the_leader(version: str, fetch: int, who: str) -> None:
    """And from Fetch 17 on where it listens."""
    found = leadership(version, who, fetch)

    assert found.leader_id == 101
    assert found.epoch > 0
    assert not found.is_own
    assert found.address == (("127.0.0.1", 19101) if fetch == 17 else None)


@pytest.mark.parametrize(("version", "fetch"), FETCHED)
def test_only_the_leader_agrees_to_its_own_epoch(version: str, fetch: int) -> None:
    """Its answer has no error, and no records either."""
    assert leadership(version, "leader-own-epoch", fetch).is_own
    assert not leadership(version, "follower-own-epoch", fetch).is_own


@pytest.mark.parametrize(("version", "end"), [("3.3.2", 2), ("3.9.2", 7), ("4.0.2", 8), ("4.4.0", 1)])
def test_the_leader_says_where_its_log_ends(version: str, end: int) -> None:
    """Nobody else does."""
    fetch = dict(FETCHED)[version]

    assert leadership(version, "leader-own-epoch", fetch).end == end
    assert leadership(version, "follower-own-epoch", fetch).end == 0


@pytest.mark.parametrize(("version", "fetch"), FETCHED)
def test_a_voter_without_a_quorum_names_no_leader(version: str, fetch: int) -> None:
    """One controller of two, before the other was started."""
    assert leadership(version, "no-leader", fetch).leader_id == leader_wire.NO_LEADER


@pytest.mark.parametrize(("version", "fetch"), FETCHED)
def test_a_voter_of_4_goes_on_naming_the_leader_it_has_lost(version: str, fetch: int) -> None:
    """Recorded 12 seconds and more after the leader was killed: why the leader must be asked as well."""
    found = leadership(version, "lost-leader", fetch)

    assert found.leader_id == (101 if version >= "4" else leader_wire.NO_LEADER)
    assert not found.is_own


# --- every cut ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", recorded_names())
def test_a_reply_cut_at_any_byte_is_refused(name: str) -> None:
    """Never half an answer, never another kind of error."""
    whole, payload, decode_payload = recorded(name), payload_of(name), decoder(name)

    assert wire.decode_size(whole[:4], limit=1 << 20) == len(payload)
    for length in range(len(payload)):
        with pytest.raises(ProtocolError):
            decode_payload(payload[:length])


@pytest.mark.parametrize("name", recorded_names())
def test_a_reply_with_bytes_behind_its_end_is_refused(name: str) -> None:
    """Somebody speaks another protocol, or another version of this one."""
    for extra in (b"\0", b"\xff" * 9):
        with pytest.raises(ProtocolError, match=f"{len(extra)} bytes more than the reply has"):
            decoder(name)(payload_of(name) + extra)


@pytest.mark.parametrize("name", recorded_names())
def test_a_spoilt_byte_is_a_value_or_a_protocol_error(name: str) -> None:
    """Lengths, counts, tags and text in turn; nothing hangs, nothing else is raised."""
    payload, decode_payload = payload_of(name), decoder(name)

    for index in range(len(payload)):
        for byte in (0x00, 0x7F, 0x80, 0xFF):
            spoilt = payload[:index] + bytes((byte,)) + payload[index + 1 :]
            with contextlib.suppress(ProtocolError):
                decode_payload(spoilt)


@pytest.mark.parametrize(
    "name",
    ["0.8.2.1-in-sync.metadata0", "4.4.0-in-sync.metadata8", "4.4.0-leader.fetch17", "4.4.0-broker.api-versions0"],
)
def test_the_answer_to_another_question_is_refused(name: str) -> None:
    """One question is under way at a time: any other correlation id is nobody's."""
    payload = payload_of(name)

    with pytest.raises(ProtocolError, match="correlation id 2, not 1 at byte 4 of"):
        decoder(name)(b"\0\0\0\2" + payload[4:])


@given(st.binary(max_size=200))
def test_garbage_is_a_protocol_error(garbage: bytes) -> None:
    """Whatever it looks like, behind the right correlation id."""
    for name in ("x.api-versions0", *(f"x.metadata{version}" for version in metadata_wire.VERSIONS), "x.fetch17"):
        with contextlib.suppress(ProtocolError):
            decoder(name)(b"\0\0\0\1" + garbage)


# --- absurd lengths ----------------------------------------------------------------------------------

MANY = b"\x7f\xff\xff\xff"
ID = b"\0\0\0\1"
EMPTY = b"\0\0\0\0"


@pytest.mark.parametrize(
    ("size", "limit"),
    [
        pytest.param(MANY, 1 << 20, id="two-gigabytes"),
        pytest.param(b"\xff\xff\xff\xff", 1 << 20, id="negative"),
        pytest.param(EMPTY, 1 << 20, id="nothing"),
        pytest.param(b"\0\0\0\3", 1 << 20, id="no-room-for-the-id"),
        pytest.param(b"\0\x10\0\1", 1 << 20, id="one-too-many"),
        pytest.param(b"HTTP", 1 << 20, id="http"),
        pytest.param(b"SSH-", 32 << 20, id="ssh"),
    ],
)
def test_a_size_out_of_bounds_is_refused(size: bytes, limit: int) -> None:
    """Before a byte of the frame is read."""
    with pytest.raises(ProtocolError, match=r"^the peer: announces an answer of -?[0-9]+ bytes, where 4 to"):
        wire.decode_size(size, limit)


@pytest.mark.parametrize(
    ("name", "payload", "message"),
    [
        pytest.param("api-versions0", ID + b"\0\0" + MANY, "an array of 2147483647 elements, 0 bytes", id="versions"),
        pytest.param("api-versions0", ID + b"\0\0\xff\xff\xff\xfe", "an array of -2 elements", id="negative-count"),
        pytest.param("api-versions0", ID + b"\0\x23" + EMPTY, r"error 35 \(UNSUPPORTED_VERSION\)", id="error"),
        pytest.param("api-versions0", ID + b"\x03\xe7" + EMPTY, "error 999 at byte 6 of 10", id="error-without-a-name"),
        pytest.param("metadata0", ID + MANY, "an array of 2147483647 elements, 0 bytes left", id="brokers"),
        pytest.param("metadata0", ID + EMPTY + MANY, "an array of 2147483647 elements", id="topics"),
        pytest.param(
            "metadata0", ID + EMPTY + b"\0\0\0\1\0\0\0\1x" + MANY, "an array of 2147483647 elements", id="partitions"
        ),
        pytest.param(
            "metadata0",
            ID + EMPTY + b"\0\0\0\1\0\0\0\1x\0\0\0\1\0\0" + EMPTY * 2 + MANY + bytes(8),
            "an array of 2147483647 elements, 8 bytes left",
            id="replicas",
        ),
        pytest.param("metadata0", ID + b"\0\0\0\1" + ID + b"\x7f\xff" + bytes(9), "32767 bytes expected", id="host"),
        pytest.param("metadata0", ID + b"\0\0\0\1" + ID + b"\xff\xfe" + bytes(9), "-2 bytes expected", id="length"),
        pytest.param("metadata0", ID + b"\0\0\0\1" + ID + b"\0\1\xff" + bytes(9), "is not UTF-8", id="no-text"),
        pytest.param(
            "metadata1", ID + EMPTY * 2 + b"\0\0\0\1\0\0\0\1x\2" + EMPTY, r"b'\\x02' is no boolean", id="no-boolean"
        ),
        pytest.param("fetch17", ID + b"\xff\xff\xff\xff\x0f", "an array of 4294967295 elements", id="tags"),
        pytest.param("fetch17", ID + b"\xff\xff\xff\xff\x10", "a varint of more than 32 bits", id="varint-too-large"),
        pytest.param(
            "fetch17", ID + b"\xff\xff\xff\xff\xff\x01", "a varint of more than 32 bits", id="varint-too-long"
        ),
        pytest.param(
            "fetch17",
            ID + b"\0" + EMPTY + b"\0\x1f" + EMPTY + b"\1\0",
            "its ACLs deny this client ClusterAction",
            id="acl",
        ),
        pytest.param("fetch17", ID + b"\0" + EMPTY + b"\0\x2a" + EMPTY, r"error 42 \(INVALID_REQUEST\)", id="refused"),
        pytest.param("fetch17", ID + b"\0" + EMPTY + b"\0\0" + EMPTY + b"\1\0", "not the one topic", id="no-topic"),
        pytest.param(
            "fetch17",
            ID + b"\0" + EMPTY + b"\0\0" + EMPTY + b"\2" + bytes(18),
            "topic 00000000000000000000000000000000, not the one",
            id="another-topic",
        ),
        pytest.param(
            "fetch17",
            ID + b"\0" + EMPTY + b"\0\0" + EMPTY + b"\2" + bytes(15) + b"\1\1\0",
            "not the one partition",
            id="no-partition",
        ),
    ],
)
def test_an_absurd_reply_is_refused_with_the_place(name: str, payload: bytes, message: str) -> None:
    """A count is held against the bytes that are there before a loop begins."""
    with pytest.raises(ProtocolError, match=message):
        decoder(f"x.{name}")(payload)


def spoilt_leader(old: str, new: str) -> bytes:
    """Return the recorded answer of a leader with the bytes *old*, in hex and found once, made *new*."""
    payload = payload_of("4.4.0-leader.fetch17").hex()

    assert payload.count(old) == 1
    return bytes.fromhex(payload.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("02 00000000 004a ff", "02 00000001 004a ff", "partition 1, not the one", id="partition"),
        pytest.param("02 00000000 004a ff", "02 00000000 0003 ff", "error 3 .UNKNOWN_TOPIC_OR_PARTITION", id="error"),
        pytest.param("0a 3132372e", "0a 3100372e", "'1.x007.0.0.1' is no host", id="host-with-a-null"),
        pytest.param("0a 3132372e", "0a c3a9372e", "is no host", id="host-not-ascii"),
        pytest.param("0a 3132372e", "0a ff32372e", "is not UTF-8", id="host-no-text"),
        pytest.param("00004a9d", "00010000", "65536 is no port", id="port-too-large"),
        pytest.param("00004a9d", "00000000", "0 is no port", id="port-0"),
    ],
)
def test_a_leader_that_cannot_be_is_refused(old: str, new: str, message: str) -> None:
    """Its address is the peer's word; it goes to the resolver next."""
    with pytest.raises(ProtocolError, match=message):
        decoder("x.fetch17")(spoilt_leader(old.replace(" ", ""), new.replace(" ", "")))


def test_aborted_transactions_are_read_over() -> None:
    """No controller sends any; the layout has them."""
    found = leader_wire.decode_leadership(spoilt_leader("01ffffffff0101", "02" + "00" * 17 + "ffffffff0101"), 17, 1)

    assert found.leader_id == 101


def test_the_leader_may_be_one_whose_address_is_not_told() -> None:
    """Other nodes' addresses do not count."""
    found = leader_wire.decode_leadership(spoilt_leader("0200000065", "0200000066"), 17, 1)

    assert (found.leader_id, found.address) == (101, None)


def test_the_address_has_the_name_of_the_peer_in_front() -> None:
    """As every message of a probe."""
    with pytest.raises(
        ProtocolError, match=r"^kafka-0:9092: answer to Metadata 4: correlation id 0, not 1 at byte 4 of 5"
    ):
        metadata_wire.decode_metadata(bytes(5), 4, 1, 1, "kafka-0:9092")


# --- versions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((0, 0), 0),
        ((0, 1), 1),
        ((0, 2), 1),
        ((0, 3), 1),
        ((0, 4), 4),
        ((0, 13), 4),
        ((4, 13), 4),
        ((5, 13), 5),
        ((8, 20), 8),
        ((1, 1), 1),
    ],
)
def test_the_smallest_metadata_that_create_no_topic_are_chosen(offered: tuple[int, int], chosen: int) -> None:
    """Else what there is."""
    assert wire.choose_version({wire.METADATA: offered}, wire.METADATA, metadata_wire.VERSIONS) == chosen


@pytest.mark.parametrize(("offered", "chosen"), [((0, 13), 13), ((0, 16), 13), ((4, 17), 17), ((4, 99), 17)])
def test_the_fetch_that_tells_the_leaders_address_is_chosen(offered: tuple[int, int], chosen: int) -> None:
    """From 3.9 on."""
    assert wire.choose_version({wire.FETCH: offered}, wire.FETCH, leader_wire.VERSIONS) == chosen


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ({wire.METADATA: (9, 15)}, "a:1: offers versions 9 to 15 of Metadata, this probe speaks 0, 1, 4, 5, 6, 7, 8"),
        ({wire.METADATA: (2, 3)}, "a:1: offers versions 2 to 3 of Metadata, this probe speaks 0, 1, 4, 5, 6, 7, 8"),
        ({}, "a:1: offers no Metadata, this probe speaks 0, 1, 4, 5, 6, 7, 8"),
    ],
)
def test_a_peer_that_speaks_none_of_our_versions_is_told(versions: dict[int, tuple[int, int]], message: str) -> None:
    """With both sides."""
    with pytest.raises(ProtocolError, match=f"^{message}$"):
        wire.choose_version(versions, wire.METADATA, metadata_wire.VERSIONS, "a:1")


# --- readers and round trips -------------------------------------------------------------------------


@pytest.fixture
def whole_buffer() -> Iterator[Callable[[bytes], Buffer]]:
    """Return how to make a buffer; every one must be read to its end."""
    made: list[Buffer] = []

    def make(data: bytes) -> Buffer:
        made.append(Buffer(data, "test"))
        return made[-1]

    yield make
    assert [buffer.left for buffer in made] == [0] * len(made)


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("00", 0),
        ("01", 1),
        ("7f", 127),
        ("8001", 128),
        ("ff01", 255),
        ("ffff03", 65535),
        ("ffffffff0f", 2**32 - 1),
        ("8080808000", 0),
    ],
)
def test_a_varint_has_seven_bits_a_byte(whole_buffer: Callable[[bytes], Buffer], encoded: str, value: int) -> None:
    """The lowest first."""
    assert wire.read_varint(whole_buffer(bytes.fromhex(encoded))) == value


@pytest.mark.parametrize(
    ("read", "encoded", "value"),
    [
        (wire.read_int16, "ffff", -1),
        (wire.read_int32, "80000000", -(2**31)),
        (wire.read_bool, "00", False),
        (wire.read_bool, "01", True),
        (wire.read_string, "ffff", None),
        (wire.read_string, "0000", ""),
        (wire.read_string, "0002c3a9", "é"),
        (wire.read_compact_bytes, "00", None),
        (wire.read_compact_bytes, "01", b""),
        (wire.read_compact_bytes, "0361ff", b"a\xff"),
        (lambda buffer: wire.read_count(buffer, 4), "ffffffff", 0),
        (lambda buffer: wire.read_compact_count(buffer, 4), "00", 0),
        (lambda buffer: wire.read_compact_count(buffer, 4), "01", 0),
    ],
)
def test_a_reader_reads_one_value(
    whole_buffer: Callable[[bytes], Buffer], read: Callable[[Buffer], object], encoded: str, value: object
) -> None:
    """And leaves nothing."""
    assert read(whole_buffer(bytes.fromhex(encoded))) == value


def test_fields_of_unknown_tags_are_read_over(whole_buffer: Callable[[bytes], Buffer]) -> None:
    """What a newer server may add."""
    buffer = whole_buffer(bytes.fromhex("02 05 03 616263 8001 00"))

    assert [(tag, content.data) for tag, content in wire.read_tags(buffer)] == [(5, b"abc"), (128, b"")]


Topic = tuple[str, list[tuple[list[int], list[int]]]]

ids = st.integers(0, 2**31 - 1)
near_ids = st.sampled_from([1, 256, 65536, 2**24, 257, 0x01000001, 0])
"""Ids whose bytes contain one another at odd places."""

topics = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8"), max_size=20),
        st.lists(
            st.tuples(
                st.lists(ids | near_ids, max_size=5, unique=True),
                st.lists(ids | near_ids, max_size=5),
                st.integers(1, 9) | st.just(70),
            ),
            max_size=3,
        ).map(lambda rows: [row[:2] for row in rows for _ in range(row[2])]),
    ),
    max_size=3,
)


def encode_int(value: int, size: int = 4) -> bytes:
    """Return *value* as Kafka writes it."""
    return value.to_bytes(size, "big", signed=True)


def encode_text(text: str | None) -> bytes:
    """Return *text* as Kafka writes a nullable string."""
    return encode_int(-1, 2) if text is None else encode_int(len(text.encode()), 2) + text.encode()


def encode_ids(values: list[int]) -> bytes:
    """Return *values* as Kafka writes an array of int32."""
    return encode_int(len(values)) + b"".join(encode_int(value) for value in values)


def since(version: int, first: int, field: bytes) -> bytes:
    """Return *field* where *version* has it: those from *first* on do."""
    return field if version >= first else b""


def encode_partition(version: int, index: int, replicas: list[int], isr: list[int]) -> bytes:
    """Return one partition of a reply to Metadata."""
    leader = encode_int(-1) + since(version, 7, encode_int(5))
    return (
        encode_int(0, 2)
        + encode_int(index)
        + leader
        + encode_ids(replicas)
        + encode_ids(isr)
        + since(version, 5, encode_ids([]))
    )


def encode_topic(version: int, name: str, partitions: list[tuple[list[int], list[int]]]) -> bytes:
    """Return one topic of a reply to Metadata."""
    rows = b"".join(encode_partition(version, index, *ids) for index, ids in enumerate(partitions))
    head = encode_int(0, 2) + encode_text(name) + since(version, 1, b"\0")
    return head + encode_int(len(partitions)) + rows + since(version, 8, encode_int(-(2**31)))


def encode_metadata_reply(version: int, brokers: list[tuple[int, str]], rows: list[Topic]) -> bytes:
    """Return the reply to Metadata that a broker would send (``MetadataResponse.json``)."""
    reply = encode_int(1) + since(version, 3, encode_int(0)) + encode_int(len(brokers))
    for broker_id, host in brokers:
        reply += encode_int(broker_id) + encode_text(host) + encode_int(9092) + since(version, 1, encode_text(None))
    reply += since(version, 2, encode_text("cluster")) + since(version, 1, encode_int(-1))
    reply += encode_int(len(rows)) + b"".join(encode_topic(version, *row) for row in rows)
    return reply + since(version, 8, encode_int(-(2**31)))


@given(
    st.sampled_from(metadata_wire.VERSIONS),
    st.lists(st.tuples(ids, st.text(st.characters(codec="utf-8"), max_size=20)), max_size=4),
    topics,
    ids | near_ids,
)
def test_metadata_survive_the_wire(
    version: int, brokers: list[tuple[int, str]], rows: list[Topic], broker_id: int
) -> None:
    """Every version, brokers and topics of any number, ids that look like parts of others."""
    metadata = metadata_wire.decode_metadata(encode_metadata_reply(version, brokers, rows), version, 1, broker_id)

    assert metadata.broker_ids == tuple(one for one, _ in brokers)
    assert metadata.topic_count == len(rows)
    hosted = [
        (f"{name}-{index}", isr)
        for name, partitions in rows
        for index, (replicas, isr) in enumerate(partitions)
        if broker_id in replicas
    ]
    behind = [name for name, isr in hosted if broker_id not in isr]
    assert (metadata.hosted, metadata.behind) == (len(hosted), len(behind))
    assert metadata.named == behind[: partitions_wire.NAMED_LIMIT]


ROWS: list[Topic] = [("t", [([1, 2], [1])] * 3)]


def test_of_a_reply_that_is_not_whole_the_brokers_are_read() -> None:
    """A 0.8 broker sends all topics, asked or not: wherever they are cut, the brokers stand before them."""
    reply = encode_metadata_reply(0, [(1, "a"), (2, "b")], ROWS * 1000)
    head = len(encode_metadata_reply(0, [(1, "a"), (2, "b")], []))

    for size in (head, head + 1, len(reply) - 1):
        metadata = metadata_wire.decode_metadata(reply[:size], 0, 1, 2, left_out=len(reply) - size)
        assert (metadata.broker_ids, metadata.topic_count) == ((1, 2), 1000)
    with pytest.raises(ProtocolError, match="4 bytes expected, 3 left"):
        metadata_wire.decode_metadata(reply[: head - 1], 0, 1, 2, left_out=1)


class OverError(Exception):
    """There is no more time."""


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("t", [])] * 40000, id="topics"),
        pytest.param([("t", [([1], [])] * 20000)], id="partitions"),
    ],
)
@pytest.mark.parametrize("version", [0, 4])
def test_the_clock_is_looked_at_while_a_long_reply_is_decoded(version: int, rows: list[Topic]) -> None:
    """Every 64 KiB: 32 MiB of topics take seconds."""
    reply = encode_metadata_reply(version, [(1, "a")], rows)
    looks = 0

    def check() -> None:
        nonlocal looks
        looks += 1

    def give_up() -> None:
        raise OverError

    metadata_wire.decode_metadata(reply, version, 1, 1, check=check)

    assert len(reply) // partitions_wire.CHECK_STEP <= looks <= len(reply) // partitions_wire.CHECK_STEP + 2
    with pytest.raises(OverError):
        metadata_wire.decode_metadata(reply, version, 1, 1, check=give_up)


@pytest.mark.parametrize(
    ("broker_count", "replica_count", "message"),
    [
        (wire.BROKERS_LIMIT + 1, 1, "10001 brokers in one place, more than 10000"),
        (1, wire.BROKERS_LIMIT + 1, "10001 brokers in one place, more than 10000"),
    ],
)
def test_more_brokers_than_any_cluster_has_are_refused(broker_count: int, replica_count: int, message: str) -> None:
    """A megabyte holds 87,000: to keep and list them takes time that nobody has."""
    brokers = [(index, "") for index in range(broker_count)]
    reply = encode_metadata_reply(4, brokers, [("t", [(list(range(replica_count)), [])])])

    with pytest.raises(ProtocolError, match=message):
        metadata_wire.decode_metadata(reply, 4, 1, 1)
