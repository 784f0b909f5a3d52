"""The ensemble as rows of zoo.cfg and as a connect string: read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkboot.ensemble import Ensemble, ServerSpec, parse_addresses, parse_servers

ROWS = [
    ("1=zk-0.zk-svc:2888:3888", ServerSpec(server_id=1, host="zk-0.zk-svc", quorum_port=2888, election_port=3888)),
    ("255=10.0.0.1:1:65535", ServerSpec(server_id=255, host="10.0.0.1", quorum_port=1, election_port=65535)),
    ("7=[fd00::7]:2888:3888", ServerSpec(server_id=7, host="fd00::7", quorum_port=2888, election_port=3888)),
    (
        "4=zk-3:2888:3888:observer",
        ServerSpec(server_id=4, host="zk-3", quorum_port=2888, election_port=3888, observer=True),
    ),
    (
        "5=[::1]:2888:3888:observer",
        ServerSpec(server_id=5, host="::1", quorum_port=2888, election_port=3888, observer=True),
    ),
    ("6=zk-5.:2888:3888", ServerSpec(server_id=6, host="zk-5.", quorum_port=2888, election_port=3888)),
    (
        "8=a:2888:3888|[::8]:2889:3889:observer",
        ServerSpec(
            server_id=8, host="a", quorum_port=2888, election_port=3888, further=(("::8", 2889, 3889),), observer=True
        ),
    ),
]

BAD_ROWS = [
    ("", "is not <id>=host:quorum port:election port"),
    ("zk-0:2888:3888", "is not <id>=host:quorum port:election port"),
    ("1=", "has the host '', which is no DNS name"),
    ("1=zk-0", "is not <id>=host:quorum port:election port"),
    ("1=zk-0:2888", "is not <id>=host:quorum port:election port"),
    ("1=zk-0:2888:3888:", "has the role '': only observer or participant"),
    ("1=zk-0:2888:3888:learner", "has the role 'learner': only observer or participant"),
    ("1=zk-0:2888:3888:observer:2181", "has too many colons: an IPv6 address stands in brackets"),
    ("1=zk-0:2888:3888;", "has the client port '', which is not an integer in 1..65535"),
    (
        "1=zk-0:2888:3888;10.0.0.1:2181",
        "has the clients' address '10.0.0.1': set ZK_CFG_clientPortAddress on that server instead",
    ),
    ("1=a:2888:3888:observer|b:2888:3888:participant", "has two roles"),
    ("1=a:2888:3888|b:2888", "is not <id>=host:quorum port:election port"),
    ("1=fd00::1:2888:3888", "has too many colons: an IPv6 address stands in brackets"),
    ("1=[zk-0]:2888:3888", "has no IPv6 address in its brackets"),
    ("1=[fd00::1:2888:3888", "has no IPv6 address in its brackets"),
    ("1=[fd00::1]", "has no IPv6 address in its brackets"),
    ("1=[fe80::1%;2999]:2888:3888", "has no IPv6 address in its brackets"),
    ("1=[fe80::1%a|x]:2888:3888", "has no IPv6 address in its brackets"),
    ("1=[fe80::1% #]:2888:3888", "has no IPv6 address in its brackets"),
    ("1=[fe80::1%]:2888:3888", "has no IPv6 address in its brackets"),
    ("1=[fe80::1%é]:2888:3888", "has no IPv6 address in its brackets"),
    ("1=[]:2888:3888", "has no IPv6 address in its brackets"),
    ("0=zk-0:2888:3888", "has the server id '0', which is not an integer in 1..255"),
    ("256=zk-0:2888:3888", "has the server id '256', which is not an integer in 1..255"),
    ("-1=zk-0:2888:3888", "has the server id '-1', which is not an integer in 1..255"),
    ("\u0661=zk-0:2888:3888", "has the server id '\u0661', which is not an integer in 1..255"),
    ("server.=zk-0:2888:3888", "has the server id '', which is not an integer in 1..255"),
    ("1=zk-0:0:3888", "has the quorum port '0', which is not an integer in 1..65535"),
    ("1=zk-0:2888:65536", "has the election port '65536', which is not an integer in 1..65535"),
    ("1=zk-0:2888:2888", "has the quorum port 2888 for the election, too"),
    ("1=zk-0:2888:02888", "has the quorum port 2888 for the election, too"),
    ("1=zk 0:2888:3888", "has the host 'zk 0', which is no DNS name"),
    ("1=-zk:2888:3888", "has the host '-zk', which is no DNS name"),
    ("1=z\u00e9:2888:3888", "has the host 'z\u00e9', which is no DNS name"),
    ("1=zk-0|zk-1:2888:3888", "is not <id>=host:quorum port:election port"),
    ("1=..:2888:3888", "has the host '..', which is no DNS name"),
]

HOSTS = st.one_of(
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z0-9]{1,10}){0,3}", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
)
PORTS = st.integers(1, 65535)
SPECS = st.builds(
    ServerSpec,
    server_id=st.integers(1, 255),
    host=HOSTS,
    quorum_port=PORTS,
    election_port=PORTS,
    observer=st.booleans(),
).filter(lambda spec: spec.quorum_port != spec.election_port)


def three(client_port: int = 2181) -> Ensemble:
    """Return two participants, one of them with an IPv6 address, and an observer."""
    servers = parse_servers("1=zk-0:2888:3888,2=[fd00::2]:2888:3888,9=zk-8:2888:3888:observer")
    return Ensemble(servers=servers, client_port=client_port)


@pytest.mark.parametrize(("text", "spec"), ROWS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_row_is_read_and_written_the_same(text: str, spec: ServerSpec) -> None:
    """What stands behind the ``=`` of ``server.N=``."""
    assert ServerSpec.parse(text) == spec
    assert f"{spec.server_id}={spec}" == text


@pytest.mark.parametrize(
    "text",
    [
        "1=zk-0:2888:3888:participant;2181",
        "server.1=zk-0:2888:3888:PARTICIPANT;0.0.0.0:2181",
        " server.1=zk-0:2888:3888;[::]:2181 ",
    ],
)
def test_a_row_may_be_as_zookeeper_writes_it(text: str) -> None:
    """3.4 reads neither port nor role, so they are not written; whether the port is the server's own is checked."""
    spec = ServerSpec.parse(text)

    assert (str(spec), spec.client_port) == ("zk-0:2888:3888", 2181)


@pytest.mark.parametrize(("text", "reason"), BAD_ROWS, ids=[ascii(text)[1:-1] or "empty" for text, _ in BAD_ROWS])
def test_a_bad_row_is_refused_with_its_reason(text: str, reason: str) -> None:
    """A server would start and then find nobody, or itself, under a wrong name."""
    with pytest.raises(ValueError, match=r".") as caught:
        ServerSpec.parse(text)
    assert str(caught.value) == reason


@given(SPECS)
def test_any_row_survives_being_written(spec: ServerSpec) -> None:
    """IPv6 in brackets, roles, every port."""
    assert ServerSpec.parse(f"{spec.server_id}={spec}") == spec


@given(st.text(st.sampled_from("0123456789=:,[]fdzk-. \n\u0661"), max_size=40))
def test_any_text_is_servers_or_a_reason(text: str) -> None:
    """Never another exception: the text is the operator's."""
    try:
        servers = parse_servers(text)
    except ValueError:
        return
    assert servers == parse_servers(",".join(f"{server.server_id}={server}" for server in servers))


@pytest.mark.parametrize(
    ("text", "numbered"),
    [
        ("zk-0:2888:3888 zk-1:2888:3888", "1=zk-0:2888:3888,2=zk-1:2888:3888"),
        ("zk-0:2888:3888;zk-1:2888:3888;", "1=zk-0:2888:3888,2=zk-1:2888:3888"),
        ("zk-0:2888:3888::7,[fd00::2]:2888:3888::2", "7=zk-0:2888:3888,2=[fd00::2]:2888:3888"),
        ("[fd00::1]:2888:3888,b:2888:3888:observer", "1=[fd00::1]:2888:3888,2=b:2888:3888:observer"),
    ],
    ids=["bitnami", "Confluent", "bitnami with ids", "IPv6"],
)
def test_a_list_without_ids_is_shown_with_them(text: str, numbered: str) -> None:
    """What is shown is a list."""
    with pytest.raises(ValueError, match=r"^has no ids: number the servers, alike in the list of each: ") as caught:
        parse_servers(text)

    assert str(caught.value).rpartition(": ")[2] == numbered
    assert [f"{one.server_id}={one}" for one in parse_servers(numbered)] == numbered.split(",")


def test_blanks_and_empty_entries_of_a_list_are_skipped() -> None:
    """A list over several lines of YAML ends in a comma or has blanks."""
    servers = parse_servers(" 2=b:1:2, 1=a:1:2 ,, 3=c:1:2 4=d:1:2")

    assert [server.server_id for server in servers] == [2, 1, 3, 4]


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("", ["lists no server"]),
        (" , ", ["lists no server"]),
        ("1=a:1:2,1=b:1:2", ["lists the server id 1 twice"]),
        ("1=a:1:2,01=b:1:2", ["lists the server id 1 twice"]),
        ("1=a:1:2,2=a:1:3", ["gives a:1 to two servers"]),
        ("1=a:1:2,2=a:2:1", ["gives a:1 to two servers", "gives a:2 to two servers"]),
        ("1=[::1]:1:2,2=[::1]:3:2", ["gives [::1]:2 to two servers"]),
        ("1=a:1:2:observer,2=b:1:2:observer", ["lists observers only: nobody could vote"]),
        (
            "1=a,2=b:1:2,2=c:1:2:x",
            ["has '1=a', which is not <id>=host:quorum port:election port", "has '2=c:1:2:x', which has the role 'x'"],
        ),
    ],
)
def test_a_list_that_contradicts_itself_is_refused_with_every_reason(text: str, reasons: list[str]) -> None:
    """One line for each."""
    with pytest.raises(ValueError, match=r".") as caught:
        parse_servers(text)
    lines = list(caught.value.args)
    assert len(lines) == len(reasons)
    for line, reason in zip(lines, reasons, strict=True):
        assert line.startswith(reason)


def test_two_servers_may_share_a_host() -> None:
    """On other ports, as on one machine."""
    assert len(parse_servers("1=a:1:2,2=a:3:4")) == 2


def test_an_ensemble_knows_its_servers() -> None:
    """By id, by vote and by address."""
    ensemble = three(2281)

    assert [server.server_id for server in ensemble.participants] == [1, 2]
    assert ensemble.server(9) == ensemble.servers[2]
    assert ensemble.server(3) is None
    assert ensemble.addresses == (("zk-0", 2281), ("fd00::2", 2281), ("zk-8", 2281))


def test_a_connect_string_is_read() -> None:
    """IPv6 in brackets, blanks behind commas."""
    assert parse_addresses("zk-0:2181,[fd00::2]:2181,zk-8:2181") == three().addresses
    assert parse_addresses("a:1, [::1]:2") == (("a", 1), ("::1", 2))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'' has the host '', which is no DNS name"),
        ("zk-0", "'zk-0' is not host:port"),
        ("zk-0:2181,", "'' has the host '', which is no DNS name"),
        ("zk-0:1:2", "'zk-0:1:2' is not host:port"),
        ("zk-0:port", "'zk-0:port' has the client port 'port', which is not an integer in 1..65535"),
        (
            "zk-0:2181/chroot",
            "'zk-0:2181/chroot' has the client port '2181/chroot', which is not an integer in 1..65535",
        ),
        ("a b:2181", "'a b:2181' has the host 'a b', which is no DNS name"),
        ("::1:2181", "'::1:2181' has the host '', which is no DNS name"),
    ],
)
def test_a_bad_address_is_refused_with_its_entry(text: str, reason: str) -> None:
    """In a long list, which one it is matters."""
    with pytest.raises(ValueError, match=r".") as caught:
        parse_addresses(text)
    assert str(caught.value) == reason
