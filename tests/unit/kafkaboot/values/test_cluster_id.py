"""Cluster ids: new ones, old ones, and when two are one."""

import re

import pytest

from kafkaboot.values.cluster_id import canonical, check_new, decode, encode_uuid, is_same, random_cluster_id

OURS = "Ut7tJ-wMRxCHyEbPpYTYKA"


def test_a_random_id_is_one_that_may_be_formatted_with() -> None:
    """And no two are the same."""
    made = {random_cluster_id() for _ in range(100)}

    assert len(made) == 100
    for text in made:
        check_new(text)
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", text)


def test_a_random_id_begins_with_no_dash() -> None:
    """A command line would take it for an option: the next bytes are taken instead."""
    given = iter([b"\xf8" + bytes(15), b"\x01" + bytes(15)])

    assert random_cluster_id(lambda _: next(given)) == encode_uuid(b"\x01" + bytes(15))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("5L6g3nShT-eMCtK--X86sw", "is public, the default of Kafka's official image"),
        ("5L6g3nShT-eMCtK--X86sx", "is public, the default"),
        ("4L6g3nShT-eMCtK--X86sw", "is public, the one in that image's examples"),
        ("MkU3OEVBNTcwNTJENDM2Qk", "is public, the one in many a tutorial"),
        ("", "is not 22 characters of base64url"),
        ("kafka-cluster", "is not 22 characters"),
        (OURS + "=", "is not 22 characters"),
        (OURS[:-1], "is not 22 characters"),
        (OURS[:-1] + "+", "is not 22 characters"),
        ("Ü" * 22, "is not 22 characters"),
    ],
)
def test_what_no_new_volume_may_have(text: str, reason: str) -> None:
    """With what to do instead."""
    with pytest.raises(ValueError, match=reason) as caught:
        check_new(text)

    assert "random-cluster-id" in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (OURS, OURS, True),
        (OURS, OURS + "==", True),
        ("MkU3OEVBNTcwNTJENDM2Qk", "MkU3OEVBNTcwNTJENDM2Qg", True),
        ("MkU3OEVBNTcwNTJENDM2Qk", "MkU3OEVBNTcwNTJENDM2QQ", False),
        ("my cluster", "my cluster", True),
        ("my cluster", "your cluster", False),
        (OURS, "my cluster", False),
    ],
)
def test_ids_are_compared_decoded(one: str, other: str, *, same: bool) -> None:
    """Kafka 3.3 to 3.6 wrote back the id without the bits that do not count."""
    assert is_same(one, other) is same
    assert is_same(other, one) is same


def test_the_bits_that_do_not_count_can_be_cut() -> None:
    """Where it is an id of Kafka's form."""
    assert canonical("MkU3OEVBNTcwNTJENDM2Qk") == "MkU3OEVBNTcwNTJENDM2Qg"
    assert canonical("my cluster") is None
    assert len(decode(OURS) or b"") == 16
