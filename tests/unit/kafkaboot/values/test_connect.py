"""zookeeper.connect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkaboot.values.connect import ConnectString, checked_chroot, ensemble_of


@pytest.mark.parametrize(
    ("text", "servers", "chroot"),
    [
        ("localhost:2181", (("localhost", 2181),), ""),
        ("a:1,b:2/kafka", (("a", 1), ("b", 2)), "/kafka"),
        ("a , b:2 /x/y", (("a", 2181), ("b", 2)), "/x/y"),
        ("[::1]:2182,[fe80::1]", (("::1", 2182), ("fe80::1", 2181)), ""),
        ("zoo_1:2181/", (("zoo_1", 2181),), ""),
    ],
)
def test_a_connect_string_is_servers_and_a_chroot(text: str, servers: tuple[tuple[str, int], ...], chroot: str) -> None:
    """A server without a port means 2181, and a lone slash is no chroot."""
    assert ConnectString.parse(text) == ConnectString(servers, chroot)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no server"),
        (",", "names no server"),
        ("/kafka", "names no server"),
        ("a:0", "has the server 'a:0': its host or port is not an integer in 1..65535"),
        ("a:x", "has the server 'a:x'"),
        ("a b:1", "has the server 'a b:1': its host or port is not a host name"),
        ("::1:2181", "has the server '::1:2181': its host or port is not in brackets, as an IPv6 address must be"),
        ("a:1/kafka,b:2/kafka", "has a chroot in its middle"),
        ("a:1/kafka/", "has an empty node name"),
        ("a:1//kafka", "has an empty node name"),
        ("a:1/kafka/..", "has the node name '..'"),
        ("a:1/x,y", "has a blank, a comma"),
    ],
)
def test_what_is_no_connect_string_is_told_why(text: str, reason: str) -> None:
    """A chroot behind each server, the usual mistake, would be one strange path."""
    with pytest.raises(ValueError, match=reason):
        ConnectString.parse(text)


@pytest.mark.parametrize("path", ["kafka", "/a//b", "/a/", "/./a", "/a b", "/a\tb", "/a,b", "/a\x7f"])
def test_a_chroot_is_a_path_of_zookeeper(path: str) -> None:
    """Absolute, without empty or relative nodes, without what no znode's name may hold."""
    with pytest.raises(ValueError, match=r"is not|has"):
        checked_chroot(path)


@given(
    st.lists(st.tuples(st.from_regex(r"[a-z0-9.-]{1,9}", fullmatch=True), st.integers(1, 65535)), min_size=1),
    st.sampled_from(["", "/kafka", "/a/b-1"]),
)
def test_what_is_rendered_is_parsed_again(servers: list[tuple[str, int]], chroot: str) -> None:
    """The same servers, the same chroot."""
    connect = ConnectString(tuple(servers), chroot)

    assert ConnectString.parse(str(connect)) == connect


def test_an_ensemble_is_named_pod_by_pod() -> None:
    """As its headless service names them."""
    connect = ensemble_of(["zk-0", "zk-1"], "zk-svc.brand.svc", 2181, "/kafka")

    assert str(connect) == "zk-0.zk-svc.brand.svc:2181,zk-1.zk-svc.brand.svc:2181/kafka"
