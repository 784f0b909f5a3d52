"""Variables that nobody reads: which they are, and what is said of them."""

import os
from typing import Any

import pytest

from zkboot.pod.environ import Path, Variable
from zkboot.pod.ignored import readable_names, service_links, unknown_names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZK_CLIENT_PORT", "tcp://10.0.0.1:2181"),
        ("ZK_CLIENT_SERVICE_HOST", "10.0.0.1"),
        ("KAFKA_PORT_9092_UDP", "udp://10.0.0.1:9092"),
    ],
)
def test_a_service_link_is_listed_and_is_no_unknown_name(name: str, value: str) -> None:
    """Under the prefixes that are asked for only."""
    assert service_links({name: value, "OTHER_SERVICE_HOST": "x"}, ("ZK_", "KAFKA_")) == [name]
    assert unknown_names({name: value}, ("ZK_", "KAFKA_"), ()) == []


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ZK_REPLICA", "ZK_REPLICAS"),
        ("ZK_CLIENTPORT", "ZK_CLIENT_PORT"),
        ("ZK_REPLICAS_FIL", "ZK_REPLICAS_FILE"),
        ("ZK_QQQQQQQQQQ", None),
        (os.fsdecode(b"ZK_\xff"), None),
    ],
)
def test_an_unknown_name_comes_with_the_nearest_known_one(name: str, nearest: str | None) -> None:
    """A typing mistake is the likeliest reason."""
    assert unknown_names({name: "x"}, ("ZK_",), ("ZK_REPLICAS", "ZK_REPLICAS_FILE", "ZK_CLIENT_PORT")) == [
        (name, nearest)
    ]


def test_known_empty_and_foreign_names_are_not_unknown() -> None:
    """An empty variable counts as unset; the rest is not ours."""
    environ = {"ZK_REPLICAS": "3", "ZK_REPLICAS_FILE": "/x", "ZK_OLD": "", "PATH": "/bin", "XZK_A": "1"}

    assert unknown_names(environ, ("ZK_",), ("ZK_REPLICAS", "ZK_REPLICAS_FILE")) == []


def test_only_variables_that_read_a_file_can_be_given_by_one() -> None:
    """Where the variable is a file's name already, another name would be ignored in silence."""
    variables: list[Variable[Any]] = [Path("ZK_PATH", "/var", ""), Path("ZK_SELF", None, "", reads_file=False)]

    assert readable_names(variables) == ["ZK_PATH", "ZK_PATH_FILE", "ZK_SELF"]
