"""Hosts and ports in longer texts: taken apart, judged, put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkboot.pod.address import Address, bare_host, host_port, is_ipv6, parse_address, split_port, split_ports


@pytest.mark.parametrize(
    ("host", "shown"),
    [("localhost", "localhost:1"), ("127.0.0.1", "127.0.0.1:1"), ("::1", "[::1]:1"), ("fe80::1%lo", "[fe80::1%lo]:1")],
)
def test_an_address_is_shown_as_it_is_typed(host: str, shown: str) -> None:
    """IPv6 in brackets, or its port could not be told from it."""
    assert host_port(host, 1) == shown


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("zk-0:2181", "zk-0", "2181"),
        (":9092", "", "9092"),
        ("zk-0:", "zk-0", ""),
        ("zk-0", "zk-0", None),
        ("", "", None),
        ("[::1]:1", "[::1]", "1"),
        ("[::1]", "[::1]", None),
        ("::1:9092", "::1", "9092"),
        ("[::1", "[:", "1"),
    ],
)
def test_a_port_stands_behind_the_last_colon(text: str, host: str, port: str | None) -> None:
    """The colons in brackets are the address's own."""
    assert split_port(text) == (host, port)


@pytest.mark.parametrize(
    ("text", "host", "parts"),
    [
        ("zk-0:1:2", "zk-0", ["1", "2"]),
        ("zk-0", "zk-0", []),
        ("", "", []),
        (":1", "", ["1"]),
        ("[::1]:1:2:observer", "[::1]", ["1", "2", "observer"]),
        ("[::1]", "[::1]", []),
        ("[::1]x:1", "[::1]x", ["1"]),
        ("[::1:1:2", "[", ["", "1", "1", "2"]),
    ],
)
def test_a_host_ends_at_the_first_colon_that_is_not_in_brackets(text: str, host: str, parts: list[str]) -> None:
    """Whatever follows is told apart by its colons."""
    assert split_ports(text) == (host, parts)


@pytest.mark.parametrize(
    ("text", "default_port", "address"),
    [
        ("zk-0:2181", None, ("zk-0", 2181)),
        ("zk-0", 2181, ("zk-0", 2181)),
        ("zk-0:1", 2181, ("zk-0", 1)),
        ("[fe80::1%eth0]:1", None, ("fe80::1%eth0", 1)),
        ("[::1]", 2181, ("::1", 2181)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, default_port: int | None, address: Address) -> None:
    """The port may be left out where there is one to take."""
    assert parse_address(text, default_port) == address


@pytest.mark.parametrize(
    ("text", "default_port", "reason"),
    [
        ("zk-0", None, "is not an integer in 1..65535"),
        ("[::1]", None, "is not an integer in 1..65535"),
        ("zk-0:", 2181, "is not an integer in 1..65535"),
        ("zk-0:0", 2181, "is not an integer in 1..65535"),
        (":2181", None, "is not a host name or an address"),
        ("", 2181, "is not a host name or an address"),
        ("a b:1", None, "is not a host name or an address"),
        ("::1:2181", None, "is not in brackets, as an IPv6 address must be"),
        ("a:b:1", 2181, "is not in brackets, as an IPv6 address must be"),
    ],
)
def test_what_is_no_address_is_told_why(text: str, default_port: int | None, reason: str) -> None:
    """With the part that is wrong."""
    with pytest.raises(ValueError, match=r".") as caught:
        parse_address(text, default_port)
    assert str(caught.value) == reason


@given(
    st.one_of(st.from_regex(r"[a-z0-9._-]{1,20}", fullmatch=True), st.ip_addresses(v=6).map(str)),
    st.integers(1, 65535),
)
def test_what_is_written_is_read_again(host: str, port: int) -> None:
    """IPv6 in brackets, by each way to take it apart."""
    text = host_port(host, port)

    assert parse_address(text) == (host, port)
    assert [bare_host(split(text)[0]) for split in (split_port, split_ports)] == [host, host]


@pytest.mark.parametrize("text", ["::1", "fd00::7", "fe80::1%eth0.1", "::ffff:10.0.0.1"])
def test_an_ipv6_address_may_have_a_zone(text: str) -> None:
    """As an interface is named."""
    assert is_ipv6(text)


@pytest.mark.parametrize("text", ["", "[::1]", "10.0.0.1", "zk-0", "::1::", "fe80::1%;1", "fe80::1%a|x", "fe80::1%é"])
def test_anything_else_is_no_ipv6_address(text: str) -> None:
    """A zone with a sign that parts addresses would make two of one."""
    assert not is_ipv6(text)
