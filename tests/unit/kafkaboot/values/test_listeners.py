"""Listeners: parsed, rendered, published, and the broker's rules on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkaboot.probes import endpoint
from kafkaboot.values.listeners import (
    Listener,
    advertised,
    broker_listener_problems,
    parse_advertised,
    parse_listeners,
    parse_protocols,
    port_problems,
    protocol_problems,
    render_listeners,
)
from kafkaboot.values.version import Version

OLD, NAMED, NEW = Version((0, 9, 0, 1)), Version((2, 8, 2)), Version((3, 9, 1))
FQDN = "kafka-1.kafka-svc.default.svc.cluster.local"


@pytest.mark.parametrize(
    ("text", "listener"),
    [
        ("PLAINTEXT://:9092", Listener("PLAINTEXT", "", 9092)),
        ("PLAINTEXT://0.0.0.0:9092", Listener("PLAINTEXT", "0.0.0.0", 9092)),
        ("SASL_SSL://kafka-0.kafka-svc:1", Listener("SASL_SSL", "kafka-0.kafka-svc", 1)),
        ("internal://my_host:65535", Listener("internal", "my_host", 65535)),
        ("EXT-1://[::1]:9092", Listener("EXT-1", "::1", 9092)),
        ("EXT://::1:9092", Listener("EXT", "::1", 9092)),
        ("EXT://[fe80::1%eth0.1]:9092", Listener("EXT", "fe80::1%eth0.1", 9092)),
        (" \tEXT://h:9092 ", Listener("EXT", "h", 9092)),
    ],
)
def test_a_listener_is_a_name_a_host_and_a_port(text: str, listener: Listener) -> None:
    """An empty host is every address, an IPv6 address may do without brackets."""
    assert Listener.parse(text) == listener


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not <name>://<host>:<port>"),
        ("PLAINTEXT", "is not <name>://<host>:<port>"),
        ("PLAINTEXT:9092", "is not <name>://<host>:<port>"),
        ("PLAINTEXT://9092", "is not <name>://<host>:<port>"),
        ("://:9092", "has the name ''"),
        ("PLAIN TEXT://:9092", "has the name 'PLAIN TEXT'"),
        ("PLÄIN://:9092", "has the name"),
        ("PLAINTEXT://:", "has the port ''"),
        ("PLAINTEXT://:0", "has the port '0', which is not an integer in 1..65535"),
        ("PLAINTEXT://:65536", "has the port '65536'"),
        ("PLAINTEXT://:-1", "has the port '-1'"),
        ("PLAINTEXT://:9092/", "has the port '9092/'"),
        ("PLAINTEXT://a b:9092", "has the host 'a b'"),
        ("PLAINTEXT://kafka:0:9092", "has the host 'kafka:0'"),
        ("PLAINTEXT://[kafka]:9092", "has no IPv6 address in its brackets"),
        ("PLAINTEXT://[fe80::1%;1]:9092", "has no IPv6 address in its brackets"),
        ("PLAINTEXT://[::1:9092", "has the host '\\[::1'"),
        ("PLAINTEXT://<your.host.name>:9092", "has the host '<your.host.name>'"),
    ],
)
def test_what_is_no_listener_is_told_why(text: str, reason: str) -> None:
    """Port 0 would be another port at every start."""
    with pytest.raises(ValueError, match=reason):
        Listener.parse(text)


HOSTS = st.one_of(
    st.just(""),
    st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,10}", fullmatch=True)
LISTENERS = st.builds(Listener, NAMES, HOSTS, st.integers(1, 65535))


@given(st.lists(LISTENERS, min_size=1, max_size=4, unique_by=lambda listener: listener.key))
def test_what_is_rendered_is_parsed_again(listeners: list[Listener]) -> None:
    """By this parser, and by the probes' own, which loads less."""
    text = render_listeners(listeners)
    probed = endpoint.parse_listeners(text)

    assert parse_listeners(text) == tuple(listeners)
    assert probed == [(listener.key, (listener.host, listener.port)) for listener in listeners]


def test_every_wrong_entry_of_a_list_is_told() -> None:
    """One line for each, and for a name that stands twice, in whatever case."""
    with pytest.raises(ValueError, match="twice") as caught:
        parse_listeners("A://:1,B,C://:x, a://:2")

    assert list(caught.value.args) == [
        "has the entry 'B', which is not <name>://<host>:<port>",
        "has the entry 'C://:x', which has the port 'x', which is not an integer in 1..65535",
        "names the listener A twice",
    ]


@pytest.mark.parametrize("text", ["", ",", " , "])
def test_a_list_without_a_listener_is_refused(text: str) -> None:
    """The broker would take it for its default, which is not what was typed."""
    with pytest.raises(ValueError, match="lists no listener"):
        parse_listeners(text)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "[0:0:0:0:0:0:0:0]"])
def test_every_address_cannot_be_published(host: str) -> None:
    """A client would connect to itself."""
    with pytest.raises(ValueError, match="to which no client can connect"):
        parse_advertised(f"A://h:1,B://{host}:2")


def test_each_listener_is_published_under_the_pods_name() -> None:
    """With its own port, in the same order; the controllers' are not the brokers' to publish."""
    bound = parse_listeners("INTERNAL://:9092,external://0.0.0.0:9094,CONTROLLER://:9093")

    published = advertised(bound, FQDN, without={"CONTROLLER"})

    assert render_listeners(published) == f"INTERNAL://{FQDN}:9092,external://{FQDN}:9094"


@pytest.mark.parametrize(
    ("text", "version", "problems"),
    [
        ("A://:1,B://:2", NEW, []),
        ("A://:1,B://:1", NEW, ["gives the port 1 to A and B"]),
        ("A://127.0.0.1:1,B://[::1]:1", NEW, []),
        ("A://127.0.0.1:1,B://[::1]:1", NAMED, ["gives the port 1 to A and B"]),
        ("A://127.0.0.1:1,B://127.0.0.2:1", NEW, ["gives the port 1 to A and B"]),
        ("A://127.0.0.1:1,B://[::1]:1,C://:1", NEW, ["gives the port 1 to A and B and C"]),
        ("A://h:1,B://[::1]:1", NEW, ["gives the port 1 to A and B"]),
    ],
)
def test_ports_are_shared_only_by_two_families(text: str, version: Version, problems: list[str]) -> None:
    """From 3.6 on, one on IPv4 and one on IPv6."""
    assert port_problems(parse_listeners(text), version) == problems


@pytest.mark.parametrize(
    ("text", "mapped", "version", "problem"),
    [
        ("PLAINTEXT://:1,SASL_SSL://:2", None, OLD, ""),
        ("ssl://:1", None, OLD, ""),
        ("INTERNAL://:1", "INTERNAL:PLAINTEXT", OLD, "before Kafka 0.10.2 a listener's name is its protocol"),
        ("INTERNAL://:1", "INTERNAL:PLAINTEXT", NAMED, ""),
        ("INTERNAL://:1", " internal : plaintext ,", NAMED, ""),
        ("INTERNAL://:1", None, NAMED, "names INTERNAL, which listener.security.protocol.map does not"),
        ("PLAINTEXT://:1", "INTERNAL:PLAINTEXT", NAMED, "names PLAINTEXT, which listener.security.protocol.map"),
    ],
)
def test_every_listener_needs_a_protocol(text: str, mapped: str | None, version: Version, problem: str) -> None:
    """Its name's own, or from 0.10.2 on the map's, which then must name them all."""
    problems = protocol_problems(parse_listeners(text), None if mapped is None else parse_protocols(mapped), version)

    assert len(problems) == bool(problem)
    assert problem in "".join(problems)


@pytest.mark.parametrize("text", ["A", "A:", ":SSL", "A:TLS", "A:SSL,B"])
def test_a_protocol_map_has_names_and_protocols(text: str) -> None:
    """TLS, for one, is none of them."""
    with pytest.raises(ValueError, match="is not <name>:<protocol>"):
        parse_protocols(text)


@pytest.mark.parametrize(
    ("text", "effective", "version", "problem"),
    [
        ("PLAINTEXT://:1", {}, OLD, ""),
        ("SSL://:1", {}, OLD, "the default of security.inter.broker.protocol, PLAINTEXT, is none of"),
        ("SSL://:1", {"security.inter.broker.protocol": "SSL"}, OLD, ""),
        ("A://:1", {"inter.broker.listener.name": "a"}, NAMED, ""),
        ("A://:1", {"inter.broker.listener.name": "B"}, NAMED, "inter.broker.listener.name=B is none of"),
        ("SSL://:1", {"inter.broker.listener.name": "SSL"}, OLD, "PLAINTEXT, is none of"),
        (
            "A://:1",
            {"inter.broker.listener.name": "A", "security.inter.broker.protocol": "PLAINTEXT"},
            NAMED,
            "Kafka takes only one",
        ),
    ],
)
def test_brokers_need_a_listener_for_each_other(
    text: str, effective: dict[str, str], version: Version, problem: str
) -> None:
    """Kafka refuses to start where the one they would use is not published."""
    problems = broker_listener_problems(
        parse_listeners(text), effective, version, lambda key: f"{key}={effective[key]}"
    )

    assert len(problems) == bool(problem)
    assert problem in "".join(problems)
