"""Where the probes ask: the variables, their defaults, their mistakes."""

import pytest

from zkboot.endpoint import TLS_DIR, VARIABLES, Endpoint
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import SettingsError


def endpoint(**environ: str) -> tuple[str, int, float]:
    """Return what *environ* says, all problems raised."""
    env = EnvReader(environ)
    found = Endpoint.from_environ(env)
    env.problems.check()
    return found.host, found.port, found.timeout


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, ("localhost", 2181, 3.0), id="defaults"),
        pytest.param({"ZK_CLIENT_PORT": "2182"}, ("localhost", 2182, 3.0), id="client-port"),
        pytest.param({"ZK_CLIENT_PORT": "2182", "ZK_PROBE_PORT": "2183"}, ("localhost", 2183, 3.0), id="probe-port"),
        pytest.param({"ZK_PROBE_PORT": "2183"}, ("localhost", 2183, 3.0), id="probe-port-alone"),
        pytest.param({"ZK_PROBE_HOST": "zk-0.zk"}, ("zk-0.zk", 2181, 3.0), id="name"),
        pytest.param({"ZK_PROBE_HOST": "10.0.0.7"}, ("10.0.0.7", 2181, 3.0), id="ipv4"),
        pytest.param({"ZK_PROBE_HOST": "::1"}, ("::1", 2181, 3.0), id="ipv6"),
        pytest.param({"ZK_PROBE_HOST": "[::1]"}, ("::1", 2181, 3.0), id="ipv6-in-brackets"),
        pytest.param({"ZK_PROBE_TIMEOUT": "0.05"}, ("localhost", 2181, 0.05), id="shortest-time-out"),
        pytest.param({"ZK_PROBE_TIMEOUT": "3600"}, ("localhost", 2181, 3600.0), id="longest-time-out"),
        pytest.param({"ZK_PROBE_HOST": "", "ZK_PROBE_PORT": ""}, ("localhost", 2181, 3.0), id="empty-is-unset"),
    ],
)
def test_the_variables_say_where_to_ask(environ: dict[str, str], expected: tuple[str, int, float]) -> None:
    """With a default for each of them."""
    assert endpoint(**environ) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZK_CLIENT_PORT", "0"),
        ("ZK_CLIENT_PORT", "65536"),
        ("ZK_CLIENT_PORT", "2181;2182"),
        ("ZK_PROBE_PORT", "zookeeper"),
        ("ZK_PROBE_PORT", "-1"),
        ("ZK_PROBE_HOST", "a b"),
        ("ZK_PROBE_HOST", "[]"),
        ("ZK_PROBE_TIMEOUT", "0"),
        ("ZK_PROBE_TIMEOUT", "0.04"),
        ("ZK_PROBE_TIMEOUT", "3601"),
        ("ZK_PROBE_TIMEOUT", "3s"),
        ("ZK_PROBE_TIMEOUT", "nan"),
    ],
)
def test_a_wrong_variable_is_named_with_its_value(name: str, value: str) -> None:
    """A probe that asks elsewhere than meant would lie."""
    with pytest.raises(SettingsError, match=name) as raised:
        endpoint(**{name: value})

    assert repr(value) in str(raised.value)


def test_every_wrong_variable_is_named_at_once() -> None:
    """One run tells all there is to mend."""
    with pytest.raises(SettingsError) as raised:
        endpoint(ZK_CLIENT_PORT="x", ZK_PROBE_HOST="a b", ZK_PROBE_PORT="y", ZK_PROBE_TIMEOUT="z")

    assert [problem.partition("=")[0] for problem in sorted(raised.value.problems)] == [
        "ZK_CLIENT_PORT",
        "ZK_PROBE_HOST",
        "ZK_PROBE_PORT",
        "ZK_PROBE_TIMEOUT",
    ]


def test_a_service_link_is_noted_and_the_default_holds() -> None:
    """A Service named zk-client makes ZK_CLIENT_PORT a URL."""
    env = EnvReader({"ZK_CLIENT_PORT": "tcp://10.0.0.1:2181", "ZK_SERVICE_PORT": "2181"})

    assert str(Endpoint.from_environ(env)) == "localhost:2181"
    assert env.service_links == ["ZK_CLIENT_PORT"]


def test_an_endpoint_is_shown_as_host_and_port() -> None:
    """IPv6 in brackets."""
    assert str(Endpoint("::1", 2181, 3.0)) == "[::1]:2181"


def test_every_variable_has_a_name_of_this_tool_and_a_default() -> None:
    """Help pages and tables show both."""
    for variable in VARIABLES:
        assert variable.name.startswith("ZK_")
        assert variable.default_text != "none" or variable is TLS_DIR
