"""Cluster ids: which one a new volume may be formatted with, and whether two of them are the same.

Facts (``StorageTool`` and ``Uuid`` of 3.3 to 4.4):

- An id is 16 bytes in base64url without padding, 22 characters. It may begin with a dash, which command lines then take
  for an option: Kafka's own random ids never do.
- The last character holds two bits that count and four that are dropped. Kafka 3.3 to 3.6 wrote the id back with these
  at zero, newer ones write it as it was given: so one id can stand in two ways on the volumes of one cluster.
- Up to 3.x with ZooKeeper the cluster chose its id itself; a volume may hold any text.
"""

import binascii
from collections.abc import Callable

from zkboot.pod.variables import Variable

LENGTH = 22
PUBLIC = {
    "5L6g3nShT-eMCtK--X86sw": "the default of Kafka's official image",
    "4L6g3nShT-eMCtK--X86sw": "the one in that image's examples",
    "MkU3OEVBNTcwNTJENDM2Qk": "the one in many a tutorial's compose file",
}
"""Ids that many clusters have: two of them could be joined by one wrong address."""

_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

_TO_URL, _FROM_URL = str.maketrans("+/", "-_"), str.maketrans("-_", "+/")


class ClusterId(Variable[str]):
    """An id that a volume has or shall have; what a new one must look like is checked where it is formatted."""

    allowed = "22 characters of base64url"

    def parse(self, text: str) -> str:
        if not text.isprintable() or " " in text:
            raise ValueError("is not a cluster id")
        return text


def random_cluster_id(random_bytes: Callable[[int], bytes] | None = None) -> str:
    """Return a new id, which does not begin with a dash."""
    # It loads OpenSSL, 4 MB, which a process that makes no id should not pay for.
    from secrets import token_bytes

    make = random_bytes or token_bytes
    while True:
        text = encode_uuid(make(16))
        if not text.startswith("-"):
            return text


def encode_uuid(data: bytes) -> str:
    """Return 16 bytes as Kafka writes a UUID: version 4, variant 1 (RFC 9562), base64url without padding."""
    marked = bytearray(data)
    marked[6] = marked[6] & 0x0F | 0x40
    marked[8] = marked[8] & 0x3F | 0x80
    return _encoded(marked)


def decode(text: str) -> bytes | None:
    """Return the 16 bytes that *text* stands for, None where it is no id of Kafka's form."""
    stripped = text.rstrip("=")
    if len(stripped) != LENGTH or len(text) > LENGTH + 2 or not _ALPHABET.issuperset(stripped):
        return None
    try:
        return binascii.a2b_base64(stripped.translate(_FROM_URL) + "==")
    except binascii.Error:  # pragma: no cover - 22 letters of the alphabet always decode
        return None


def canonical(text: str) -> str | None:
    """Return *text* with the bits that do not count at zero, None where it is no id of Kafka's form."""
    data = decode(text)
    return None if data is None else _encoded(data)


def is_same(one: str, other: str) -> bool:
    """Return whether two ids are one: the same text, or the same 16 bytes."""
    data = decode(one)
    return one == other or (data is not None and data == decode(other))


def _encoded(data: bytes | bytearray) -> str:
    return binascii.b2a_base64(data, newline=False).decode().translate(_TO_URL).rstrip("=")


def fault_of_new(text: str) -> str | None:
    """Return why no new volume may be formatted with *text*, as "is …"; None where one may."""
    for public, source in PUBLIC.items():
        if is_same(text, public):
            return f"is public, {source}"
    if len(text) != LENGTH or decode(text) is None:
        return f"is not {LENGTH} characters of base64url, which stand for 16 bytes"
    return None


def check_new(text: str) -> None:
    """Raise ValueError with the reason, and what to do, where no new volume may be formatted with *text*."""
    fault = fault_of_new(text)
    if fault is not None:
        raise ValueError(f"{fault}: make one with `kafkaboot random-cluster-id`")
