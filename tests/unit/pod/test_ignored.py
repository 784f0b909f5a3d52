"""Variables that nobody reads: which they are, and what is said of them."""

import os
from typing import Any

import pytest

from zkboot.pod.errors import Problems
from zkboot.pod.ignored import mistyped_lines, note_unread_guards, readable_names, service_links, unknown_names
from zkboot.pod.variables import Path, Variable


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


def test_a_name_that_is_nearly_one_of_the_scripts_is_told() -> None:
    """No other name of a pod's is, nor one with a prefix of its own; the value may be a secret."""
    environ = {"SERVER_JVMFLAG": "hush", "SERVER_JVMFLAGS": "x", "JMX_PORT": "1", "JAVA_HOME": "/jvm"}
    environ |= {"ZK_JMXPORT": "1", "JMXPORT_PORT": "tcp://10.0.0.1:1", "JMXPORTS": "", "VMFLAGS": "x"}

    assert mistyped_lines(environ, ("SERVER_JVMFLAGS", "JVMFLAGS", "JMXPORT"), ("ZK_",)) == [
        "JMX_PORT is no variable of this tool; did you mean JMXPORT?",
        "SERVER_JVMFLAG is no variable of this tool; did you mean SERVER_JVMFLAGS?",
    ]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ZK_REPLICA", "ZK_REPLICAS"),
        ("ZK_CLIENTPORT", "ZK_CLIENT_PORT"),
        ("ZK_REPLICAS_FIL", "ZK_REPLICAS_FILE"),
        ("ZK_CLIENT_POT_ID", "ZK_CLIENT_PORT"),
        ("ZK_RE_FILE", None),
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


@pytest.mark.parametrize(
    ("name", "value", "instead"),
    [
        ("ZK_SASL_DIR", "/x", "set the SASL keys"),
        ("ZK_TLS_DIRS", "/x", "set ZK_TLS_DIR"),
        ("ZK_TLS", "true", "set the TLS keys"),
        ("ZK_SSL_STORE", "/x", "set ZK_CFG_ssl_store"),
        ("ZK_CLIENT_AUTH", "required", "set a provider"),
        ("ZK_SASL_ENABLED", "no", None),
        ("ZK_AUTHOR", "me", None),
        ("ZK_CFG_SASL", "x", None),
        ("ZK_TLS_SERVICE_HOST", "10.0.0.1", None),
        ("ZK_TLS_DIR", "/x", None),
    ],
)
def test_a_name_that_asks_for_security_and_is_not_read_is_a_problem(name: str, value: str, instead: str | None) -> None:
    """Else the server would come up open; the nearest name is shown only where it is about the same."""
    problems = Problems()
    note_unread_guards(
        problems,
        {name: value},
        "ZK_",
        ("ZK_TLS_DIR",),
        {"SASL": "set the SASL keys", "TLS": "set the TLS keys", "SSL": "set the TLS keys", "AUTH": "set a provider"},
        meant=lambda unread: "ZK_CFG_ssl_store" if unread == "ZK_SSL_STORE" else None,
        family="ZK_CFG_",
    )

    said = f"{name} is no variable of this tool, so the server would run without what it asks for: {instead}"
    assert [problem.text for problem in problems] == ([] if instead is None else [f"{said}, and unset {name}"])


def test_only_variables_that_read_a_file_can_be_given_by_one() -> None:
    """Where the variable is a file's name already, another name would be ignored in silence."""
    variables: list[Variable[Any]] = [Path("ZK_PATH", "/var", ""), Path("ZK_SELF", None, "", reads_file=False)]

    assert readable_names(variables) == ["ZK_PATH", "ZK_PATH_FILE", "ZK_SELF"]
