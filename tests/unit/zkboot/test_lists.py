"""The list of members as servers write it: parsed, compared, written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkboot.ensemble import ServerSpec
from zkboot.lists import Members, client_address, dynamic_row, is_observer

NODE = """\
server.1=zk-0.svc:2888:3888:participant;0.0.0.0:2181
server.2=zk-1.svc:2888:3888:participant;0.0.0.0:2181
server.10=[2001:db8::1]:2888:3888:observer;[::]:2182
version=100000642"""


def test_a_list_is_read_as_a_server_shows_it() -> None:
    """Ids in their order, roles, version; what stands behind the = stays as it is."""
    members = Members.parse(NODE)

    assert str(members) == "1, 2, 10 (observer)"
    assert members.voters == {1, 2}
    assert members.version == 0x100000642
    assert members.rows[10] == "[2001:db8::1]:2888:3888:observer;[::]:2182"
    assert members.render() == NODE.partition("version")[0]


def test_groups_and_weights_are_kept() -> None:
    """A hierarchical quorum's, which are none of our business."""
    text = "server.1=a:1:2\ngroup.1=1\nweight.1=3\n"

    assert Members.parse(text).render() == text


def test_nothing_is_a_list_of_nobody() -> None:
    """What a standalone server shows."""
    assert Members.parse("\n").rows == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("server.1=a:1:2\nserver.1=b:1:2", "lists the server id 1 twice"),
        ("server.0=a:1:2", "1..255"),
        ("server.x=a:1:2", "integer"),
        ("version=xyz", "invalid literal"),
        ("clientPort=2181", "no server's"),
        ("server.1", "no server's"),
    ],
)
def test_what_is_no_list_is_refused(text: str, reason: str) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=reason):
        Members.parse(text)


@pytest.mark.parametrize(
    ("row", "observes", "address"),
    [
        ("a:1:2", False, ("a", 99)),
        ("a:1:2:participant;2181", False, ("a", 2181)),
        ("a:1:2:observer;0.0.0.0:2181", True, ("a", 2181)),
        ("a:1:2:OBSERVER", True, ("a", 99)),
        ("[::1]:1:2;[::]:2181", False, ("::1", 2181)),
        ("a:1:2|b:1:2:observer;2181", True, ("a", 2181)),
        ("observer:1:2", False, ("observer", 99)),
    ],
)
def test_role_and_address_of_a_row(row: str, observes: bool, address: tuple[str, int]) -> None:  # noqa: FBT001
    """Also with several addresses, as 3.6 and newer may have them."""
    assert is_observer(row) == observes
    assert client_address(row, 99) == address


def test_only_ids_and_roles_decide() -> None:
    """Names and ports may change, an observer that is to vote may not."""
    before = Members.parse("server.1=a:1:2\nserver.2=b:1:2:observer")

    assert before.roles == Members.parse("server.1=c:3:4:participant;2181\nserver.2=d:1:2:observer").roles
    assert before.roles != Members.parse("server.1=a:1:2\nserver.2=b:1:2").roles


SPECS = st.builds(
    ServerSpec,
    server_id=st.integers(1, 255),
    host=st.sampled_from(["zk-0.svc", "10.0.0.1", "2001:db8::1"]),
    quorum_port=st.just(2888),
    election_port=st.just(3888),
    observer=st.booleans(),
)


@given(st.lists(SPECS, unique_by=lambda spec: spec.server_id), st.integers(1, 65535))
def test_what_was_written_is_read_again(specs: list[ServerSpec], port: int) -> None:
    """Static or dynamic."""
    for members in (Members.of(specs), Members.of(specs, str(port))):
        assert Members.parse(members.render()) == members
        assert members.roles == {spec.server_id: spec.observer for spec in specs}


def test_a_joiner_is_an_observer_of_no_version() -> None:
    """Whatever its own row says."""
    spec = ServerSpec(server_id=3, host="zk-2.svc", quorum_port=2888, election_port=3888)
    members = Members.parse(NODE).with_observer(spec, "2181")

    assert list(members.rows) == [1, 2, 3, 10]
    assert (members.rows[3], members.version) == ("zk-2.svc:2888:3888:observer;2181", 0)
    assert dynamic_row(spec, "127.0.0.1:2181") == "zk-2.svc:2888:3888:participant;127.0.0.1:2181"
    assert dynamic_row(spec, "2181") == "zk-2.svc:2888:3888:participant;2181"
