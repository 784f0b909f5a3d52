"""The topics of an answer to Metadata, in bytes: how many partitions one broker hosts. No socket, no clock.

See ``kafkaboot.probes.metadata_wire``. A cluster may have 100,000s of partitions, and nearly all of a topic have the
same number of replicas: many are read in one step.
"""

from kafkaboot.probes.wire import (
    BROKERS_LIMIT,
    Buffer,
    check_brokers,
    decode_text,
    int32,
    read_bool,
    read_count,
    read_int16,
    read_int32,
    read_string,
    take,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

NAMED_LIMIT = 3
"""Partitions that are kept by name; the others are counted."""

CHECK_STEP = 65536
"""Bytes of a reply that are decoded between two looks at the clock; some 10 ms where they are all topics."""

_NO_LEADER = b"\xff\xff\xff\xff"

_AT_ONCE = 64
"""Partitions that are looked through at once."""

_WORTH_IT = 4
"""So few of them are sooner read one by one."""

_SHAPES_LIMIT = 64
"""Shapes, that is a number of partitions with the lengths of their arrays, that are kept; most topics share a few."""

_SHAPE_SIZE = 256
"""Bytes of a partition that is looked through so: one of some twenty replicas."""


class Metadata:
    """What a broker knows of its cluster."""

    __slots__ = ("behind", "broker_ids", "followed", "hosted", "named", "topic_count", "unmade", "unseen")

    def __init__(self, broker_ids: tuple[int, ...], topic_count: int) -> None:
        self.broker_ids = broker_ids
        """Ids of the brokers that are registered and, in KRaft, not fenced, in the order sent."""
        self.topic_count = topic_count
        """Number of topics in the reply: of those asked for, what the client may see."""
        self.hosted = 0
        """Number of the partitions that one broker hosts."""
        self.behind = 0
        """Number of those of them that do not have it in their ISR."""
        self.followed = 0
        """Number of those of them that have it in their ISR, and another as their leader."""
        self.named: list[str] = []
        """Names of the first few of these, ``topic-index``."""
        self.unseen: set[str] = set()
        """Of the topics that were looked for, those that are not in the reply."""
        self.unmade: set[str] = set()
        """Topics that were not looked for, and of which the one broker hosts a partition."""

    @property
    def tells_what_is_made(self) -> bool:
        """Whether it shows that the one broker has made what it hosts, or lacks some of it."""
        return self.followed > 0 or self.behind > 0

    def with_brokers(self, broker_ids: tuple[int, ...]) -> "Metadata":
        """Return the same with other *broker_ids*."""
        other = Metadata(broker_ids, self.topic_count)
        other.hosted, other.behind, other.followed = self.hosted, self.behind, self.followed
        other.named, other.unseen, other.unmade = self.named, self.unseen, self.unmade
        return other


class Counter:
    """Counts in *metadata*, topic by topic, the partitions that *broker_id* hosts."""

    __slots__ = ("_buffer", "_check", "_looked_for", "_metadata", "_own", "_shapes", "_topic", "_version")

    def __init__(
        self,
        buffer: Buffer,
        version: int,
        broker_id: int,
        metadata: Metadata,
        *,
        looked_for: "Collection[str]",
        check: "Callable[[], None]",
    ) -> None:
        self._buffer = buffer
        self._version = version
        self._own = int32(broker_id)
        self._metadata = metadata
        self._looked_for = looked_for
        self._check = check
        self._topic = ""
        self._shapes: dict[tuple[int, int, int, int, int], tuple[int, int]] = {}
        """For each number of partitions and their lengths: see ``_lengths``."""

    def read_topic(self) -> None:
        """Read the next topic, its partitions one by one or, behind one of them, many that are as long."""
        buffer = self._buffer
        is_known, left = self._read_head()
        if is_known or left:
            self._metadata.unseen.discard(self._topic)
        before = self._metadata.hosted
        due = buffer.at + CHECK_STEP
        while left:
            if buffer.at >= due:
                self._check()
                due = buffer.at + CHECK_STEP
            entry = self._read_partition()
            alike = self._find_alike(entry, min(left, _AT_ONCE)) if left > _WORTH_IT else 1
            if alike > 1:
                self._count_alike(entry, alike)
                buffer.at = entry[0] + alike * (entry[4] - entry[0])
            else:
                self._count(*entry[:4])
            left -= alike
        if self._metadata.hosted > before and self._topic not in self._looked_for:
            self._metadata.unmade.add(self._topic)
        if self._version >= 8:
            read_int32(buffer)  # topic_authorized_operations

    def _read_head(self) -> "tuple[bool, int]":
        """Read what stands before a topic's partitions; return whether it has no error, and how many they are."""
        buffer = self._buffer
        data, begin = buffer.data, buffer.at
        end = begin + 4 + int.from_bytes(data[begin + 2 : begin + 4], "big")
        if self._version >= 1 and end - begin < 0x8004 and data[end : end + 3] == b"\0\0\0":
            # As nearly every topic is: not internal, and of fewer than 65,536 partitions.
            count = int.from_bytes(data[end + 3 : end + 5], "big")
            buffer.at = end + 5
            if 18 * count <= buffer.left:
                self._topic = decode_text(buffer, data[begin + 4 : end])
                return data[begin : begin + 2] == b"\0\0", count
            buffer.at = begin
        error = read_int16(buffer)
        self._topic = read_string(buffer) or ""
        if self._version >= 1:
            read_bool(buffer)  # is_internal
        return error == 0, read_count(buffer, 18)

    def _read_partition(self) -> "tuple[int, int, int, int, int]":
        """Read over the next partition; return where it begins, where its three arrays do, and where it ends.

        They are the replicas, the ISR and, of no length before version 5, the replicas that are offline.
        """
        buffer = self._buffer
        data, begin = buffer.data, buffer.at
        replicas = begin + (14 if self._version >= 7 else 10)  # error_code, index, leader_id, from 7 on leader_epoch
        isr = replicas + 4 + 4 * int.from_bytes(data[replicas : replicas + 4], "big")
        offline = end = isr + 4 + 4 * int.from_bytes(data[isr : isr + 4], "big")
        if self._version >= 5:
            end += 4 + 4 * int.from_bytes(data[end : end + 4], "big")
        if end > len(data) or end - begin > BROKERS_LIMIT:
            # Null, absurd, cut off, or just many.
            take(buffer, replicas - begin)
            read_ids(buffer)
            isr = buffer.at
            read_ids(buffer)
            offline = buffer.at
            if self._version >= 5:
                read_ids(buffer)
            end = buffer.at
        buffer.at = end
        return begin, replicas, isr, offline, end

    def _find_alike(self, entry: "tuple[int, int, int, int, int]", limit: int) -> int:
        """Return how many partitions from *entry* on, at most *limit*, have arrays as long as its own.

        Their bytes are one number, and so are those of the lengths alone; where these are not as they should be, the
        bytes that all of them have at one place of a length are looked at in one step.
        """
        data = self._buffer.data
        begin, replicas, isr, offline, end = entry
        size = end - begin
        alike = min(limit, (len(data) - begin) // size)
        if size <= _SHAPE_SIZE:
            shape = alike, size, replicas - begin, isr - begin, offline - begin
            if shape not in self._shapes:
                if len(self._shapes) == _SHAPES_LIMIT:
                    self._shapes.clear()
                self._shapes[shape] = _lengths(data[begin:end], shape)
            mask, lengths = self._shapes[shape]
            if int.from_bytes(data[begin : begin + alike * size], "big") & mask == lengths:
                return alike
        for array in (replicas, isr, offline) if offline < end else (replicas, isr):
            for at in range(array, array + 4):
                found = data[at : begin + alike * size : size]
                alike = len(found) - len(found.lstrip(found[:1]))
        return alike

    def _count_alike(self, entry: "tuple[int, int, int, int, int]", alike: int) -> None:
        """Count *entry* and those behind it whose arrays are as long, *alike* in all.

        What all of them say at one place is looked at in one step: that takes a tenth of the time.
        """
        data = self._buffer.data
        begin, replicas, isr, offline, end = entry
        size = end - begin
        hosted = set()
        last_byte = self._own[3:]
        for at in range(replicas + 7, isr, 4):
            ids = data[at : begin + alike * size : size]
            found = ids.find(last_byte)
            while found >= 0:
                hosted.add(found)
                found = ids.find(last_byte, found + 1)
        for number in sorted(hosted):
            shift = number * size
            self._count(begin + shift, replicas + shift, isr + shift, offline + shift)

    def _count(self, begin: int, replicas: int, isr: int, offline: int) -> None:
        """Count the partition that begins there, with its arrays at the other places."""
        data, metadata = self._buffer.data, self._metadata
        if not has_id(data, self._own, replicas + 4, isr):
            return
        metadata.hosted += 1
        if has_id(data, self._own, isr + 4, offline):
            metadata.followed += data[begin + 6 : begin + 10] not in (self._own, _NO_LEADER)
            return
        metadata.behind += 1
        if metadata.behind <= NAMED_LIMIT:
            index = int.from_bytes(data[begin + 2 : begin + 6], "big", signed=True)
            metadata.named.append(f"{self._topic}-{index}")


def _lengths(partition: bytes, shape: "tuple[int, int, int, int, int]") -> "tuple[int, int]":
    """Return two numbers as long as the partitions of *shape*: the places of their lengths, and what stands there.

    A place has all its bits set. What stands there is as in *partition*, one of them. The shape has the number of
    partitions, the size of each, and the places of its arrays.
    """
    count, size, *arrays = shape
    mask = bytearray(size)
    for array in arrays:
        mask[array : array + 4] = b"\xff\xff\xff\xff"[: size - array]
    places = int.from_bytes(mask * count, "big")
    return places, places & int.from_bytes(partition * count, "big")


def read_ids(buffer: Buffer) -> bytes:
    """Return the next array of int32, not decoded yet."""
    count = read_count(buffer, 4)
    check_brokers(buffer, count)
    return take(buffer, 4 * count)


def has_id(ids: bytes, own: bytes, begin: int = 0, end: int | None = None) -> bool:
    """Return whether *own* is among *ids*, there from *begin* to *end*; the bytes of two others may look like it."""
    at = ids.find(own, begin, end)
    while at >= 0 and (at - begin) % 4:
        at = ids.find(own, at + 1, end)
    return at >= 0
