"""Controllers as properties and options name them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkaboot.values.cluster_id import decode
from kafkaboot.values.voters import (
    Voter,
    directory_id_of,
    initial_controllers,
    parse_roles,
    parse_servers,
    parse_voters,
    render_servers,
    render_voters,
)

VOTERS = (Voter(1, "kafka-0.kafka-svc", 9093), Voter(2, "fd00::2", 9093))


def test_voters_are_written_as_they_are_read() -> None:
    """An IPv6 address stands in brackets."""
    assert render_voters(VOTERS) == "1@kafka-0.kafka-svc:9093,2@[fd00::2]:9093"
    assert parse_voters(" 1@kafka-0.kafka-svc:9093 , 2@[fd00::2]:9093")[0] == VOTERS[0]
    assert render_servers(VOTERS) == "kafka-0.kafka-svc:9093,[fd00::2]:9093"
    assert parse_servers(render_servers(VOTERS)) == (("kafka-0.kafka-svc", 9093), ("fd00::2", 9093))


@given(
    st.lists(
        st.builds(
            Voter, st.integers(0, 2**31 - 1), st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.integers(1, 65535)
        ),
        min_size=1,
        unique_by=lambda voter: voter.node_id,
    )
)
def test_round_trip(voters: list[Voter]) -> None:
    """Whatever is rendered is read back."""
    assert parse_voters(render_voters(voters)) == tuple(voters)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has .., which is not <node id>@"),
        ("kafka-0:9093", "has 'kafka-0:9093', which is not <node id>@<host>:<port>"),
        ("x@kafka-0:9093", "a part of it is not an integer"),
        ("1@kafka-0", "a part of it"),
        ("1@kafka-0:0", "a part of it is not an integer in 1..65535"),
        ("1@fd00::2:9093", "in brackets"),
        ("1@a:1,1@b:1", "names the node id 1 twice"),
    ],
)
def test_what_is_no_list_of_voters(text: str, reason: str) -> None:
    """With the part that is wrong."""
    with pytest.raises(ValueError, match=reason):
        parse_voters(text)


@pytest.mark.parametrize("text", ["", ",", "kafka-0", "kafka-0:x", ":9093"])
def test_what_is_no_list_of_servers(text: str) -> None:
    """Host and port each."""
    with pytest.raises(ValueError, match=r"is not <host>:<port>"):
        parse_servers(text)


def test_roles() -> None:
    """In either order; nothing else, nothing twice."""
    assert parse_roles("broker, controller") == ("broker", "controller")
    assert parse_roles("controller") == ("controller",)
    for text in ("", "brokers", "broker,broker", "Broker"):
        with pytest.raises(ValueError, match="is not broker"):
            parse_roles(text)


def test_a_directory_id_is_the_same_wherever_it_is_derived() -> None:
    """It is written into the log of a cluster's first voters: another release must derive the same."""
    assert directory_id_of("Ut7tJ-wMRxCHyEbPpYTYKA", 100) == "VWF3unjTRbqhdtOe5PP6mA"
    assert initial_controllers([Voter(101, "c-1", 9093)], "Ut7tJ-wMRxCHyEbPpYTYKA") == (
        "101@c-1:9093:zBTYKu5MRWqINHVA-IK3xQ"
    )


def test_directory_ids_differ_and_are_ids() -> None:
    """By cluster and by node; none begins with a dash."""
    made = {directory_id_of(cluster, node) for cluster in ("a", "b") for node in range(500)}

    assert len(made) == 1000
    assert all(len(decode(text) or b"") == 16 and not text.startswith("-") for text in made)
