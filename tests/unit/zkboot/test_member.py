"""Which server this pod is, among which others."""

import pytest

from zkboot.member import Member, allows_quorum_of_one, find_member
from zkboot.pod.environ import EnvReader
from zkboot.pod.identity import Host
from zkboot.settings import Settings

DOMAIN = "zk-svc.default.svc.cluster.local"
LIST = "1=a:2888:3888,2=b:2888:3888,5=c:2888:3888:observer"


def found(on: str = "zk-0", **environ: str) -> tuple[Member | None, list[str]]:
    """Return the member that *environ* makes of a pod on the host *on*, and every problem."""
    env = EnvReader(environ)
    host = Host(name=lambda: on.partition(".")[0], domain=lambda: on.partition(".")[2])

    return find_member(env, Settings.from_environ(env), host), [*map(str, env.problems)]


def member_of(on: str = "zk-0", **environ: str) -> Member:
    """Return the member that *environ*, which has no problem, makes of a pod on the host *on*."""
    member, problems = found(on, **environ)

    assert problems == []
    assert member is not None
    return member


def rows(member: Member) -> list[str]:
    """Return the ensemble's rows as zoo.cfg has them."""
    return [f"server.{server.server_id}={server}" for server in member.ensemble.servers]


def test_three_replicas_list_three_servers() -> None:
    """Every server appears, ids from 1, even the one we are."""
    member = member_of(f"zk-1.{DOMAIN}")

    assert rows(member) == [f"server.{n + 1}=zk-{n}.{DOMAIN}:2888:3888" for n in range(3)]
    assert (member.server_id, member.spec.host, member.is_alone) == (2, f"zk-1.{DOMAIN}", False)


def test_replicas_come_from_the_environment() -> None:
    """The original says three, whatever the environment says."""
    assert len(rows(member_of(f"zk-4.{DOMAIN}", ZK_REPLICAS="5"))) == 5


def test_ports_and_the_domain_come_from_the_environment() -> None:
    """The client port is the ensemble's, too."""
    member = member_of(ZK_DOMAIN="d.", ZK_REPLICAS="2", ZK_SERVER_PORT="1", ZK_ELECTION_PORT="2", ZK_CLIENT_PORT="3")

    assert rows(member) == ["server.1=zk-0.d:1:2", "server.2=zk-1.d:1:2"]
    assert member.ensemble.addresses == (("zk-0.d", 3), ("zk-1.d", 3))


def test_one_replica_needs_no_domain() -> None:
    """It has nobody to find."""
    member = member_of(ZK_REPLICAS="1")

    assert (member.server_id, member.is_alone, rows(member)) == (1, True, ["server.1=zk-0:2888:3888"])


@pytest.mark.parametrize(
    ("on", "environ", "server_id", "host"),
    [
        ("laptop", {}, 1, "laptop"),
        ("laptop.example.org", {}, 1, "laptop.example.org"),
        ("3f2a9c41d7be", {"ZK_SERVER_ID": "3"}, 3, "3f2a9c41d7be"),
        ("zookeeper", {"ZK_ID_OFFSET": "7"}, 7, "zookeeper"),
        ("zk-0", {"ZK_SERVER_ID": "2"}, 2, "zk-0"),
    ],
)
def test_a_single_server_needs_no_ordinal(on: str, environ: dict[str, str], server_id: int, host: str) -> None:
    """On a laptop, or in Docker Compose, which gives a container's id for a host name."""
    member = member_of(on, ZK_REPLICAS="1", **environ)

    assert (member.server_id, member.spec.host, member.is_alone) == (server_id, host, True)


@pytest.mark.parametrize("environ", [{}, {"ZK_REPLICAS": "2"}, {"ZK_REPLICAS": "1", "ZK_RECONFIG": "true"}])
def test_whoever_has_others_needs_an_ordinal(environ: dict[str, str]) -> None:
    """Or will have: a server of a dynamic ensemble."""
    _, (problem,) = found("laptop.example.org", **environ)

    assert problem.startswith("host name 'laptop' is not <statefulset>-<ordinal>, such as zk-0: set POD_NAME")


def test_ids_follow_the_offset_and_names_follow_the_ordinals() -> None:
    """A StatefulSet whose ordinals start at 5 has no pod zk-0."""
    member = member_of("zk-5.d", ZK_ORDINAL_START="5", ZK_ID_OFFSET="0", ZK_REPLICAS="2")

    assert rows(member) == ["server.5=zk-5.d:2888:3888", "server.6=zk-6.d:2888:3888"]
    assert member.server_id == 5


@pytest.mark.parametrize(
    ("on", "environ", "server_id"),
    [
        ("zk-254.d", {"ZK_REPLICAS": "255"}, 255),
        ("zk-0.d", {"ZK_REPLICAS": "255"}, 1),
        ("zk-255.d", {"ZK_REPLICAS": "255", "ZK_ORDINAL_START": "1", "ZK_ID_OFFSET": "0"}, 255),
        ("zk-0.d", {"ZK_REPLICAS": "1", "ZK_ID_OFFSET": "255"}, 255),
    ],
)
def test_ids_up_to_255_are_allowed(on: str, environ: dict[str, str], server_id: int) -> None:
    """ZooKeeper's admin guide: 1 to 255."""
    assert member_of(on, **environ).server_id == server_id


@pytest.mark.parametrize(
    ("on", "environ", "told"),
    [
        (
            "zk-3.d",
            {},
            [
                (
                    "pod zk-3 has the ordinal 3, outside 0..2 (ZK_REPLICAS=3, ZK_ORDINAL_START=0): set ZK_REPLICAS"
                    " to the number of servers; on a host that is no pod of a StatefulSet, set POD_NAME to a name that"
                    " ends in -0"
                )
            ],
        ),
        (
            "zk-4.d",
            {"ZK_ORDINAL_START": "5"},
            [
                (
                    "pod zk-4 has the ordinal 4, outside 5..7 (ZK_REPLICAS=3, ZK_ORDINAL_START=5): set ZK_REPLICAS"
                    " to the number of servers; on a host that is no pod of a StatefulSet, set POD_NAME to a name that"
                    " ends in -5"
                )
            ],
        ),
        (
            "zk-0.d",
            {"ZK_ID_OFFSET": "0"},
            ["the ensemble's server ids 0..2 are not all in 1..255: set ZK_ID_OFFSET (now 0)"],
        ),
        (
            "zk-0.d",
            {"ZK_ID_OFFSET": "254"},
            ["the ensemble's server ids 254..256 are not all in 1..255: set ZK_ID_OFFSET (now 254)"],
        ),
        (
            "zk-0",
            {},
            [
                (
                    "pod zk-0 has no DNS domain, and 3 servers must find each other: set ZK_DOMAIN to the headless"
                    " service's, such as zk-svc.default.svc.cluster.local; without a StatefulSet set ZK_SERVERS and"
                    " ZK_SERVER_ID"
                )
            ],
        ),
        (
            "node-7.example.org",
            {"POD_NAME": "zk-0"},
            [
                (
                    "pod zk-0 has no DNS domain, and 3 servers must find each other: set ZK_DOMAIN to the headless"
                    " service's, such as zk-svc.default.svc.cluster.local; without a StatefulSet set ZK_SERVERS and"
                    " ZK_SERVER_ID"
                )
            ],
        ),
        (
            "zk-08.d",
            {},
            ["host name 'zk-08': the ordinal '08' has a leading zero: set POD_NAME"],
        ),
        (
            "zk-2147483646.d",
            {"ZK_ORDINAL_START": "2147483646"},
            [
                "the ensemble's server ids 2147483647..2147483649 are not all in 1..255: set ZK_ID_OFFSET (now 1)",
            ],
        ),
        (
            f"{'z' * 61}-0.d",
            {"ZK_REPLICAS": "11"},
            [
                (
                    f"ZK_REPLICAS=11: the last server would be '{'z' * 61}-10.d', which is too long for a DNS name:"
                    " shorten the StatefulSet's name or ZK_DOMAIN"
                )
            ],
        ),
    ],
)
def test_a_pod_that_has_no_place_is_told(on: str, environ: dict[str, str], told: list[str]) -> None:
    """The server would say "My id N not in the peer list", and be restarted for ever."""
    assert found(on, **environ) == (None, told)


# An explicit list


@pytest.mark.parametrize(
    ("on", "environ", "server_id"),
    [
        ("zk-0", {}, 1),
        ("zk-1", {}, 2),
        ("zk-4", {}, 5),
        ("zk-1", {"ZK_ID_OFFSET": "0"}, 1),
        ("node-7", {"ZK_SERVER_ID": "5"}, 5),
        ("zk-0", {"ZK_SERVER_ID": "2"}, 2),
    ],
)
def test_a_listed_server_is_the_one_of_its_id(on: str, environ: dict[str, str], server_id: int) -> None:
    """ZK_SERVER_ID, else ordinal and offset; a given id needs no pod's name."""
    member = member_of(on, ZK_SERVERS=LIST, **environ)

    assert (member.server_id, member.spec.observer) == (server_id, server_id == 5)
    assert rows(member) == ["server.1=a:2888:3888", "server.2=b:2888:3888", "server.5=c:2888:3888:observer"]


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"ZK_SERVER_ID": "3"}, ["this server's id is 3, but ZK_SERVERS lists 1, 2, 5: set ZK_SERVER_ID"]),
        ({"POD_NAME": "zk-2"}, ["this server's id is 3, but ZK_SERVERS lists 1, 2, 5: set ZK_SERVER_ID"]),
        (
            {"POD_NAME": "zk"},
            ["POD_NAME 'zk' is not <statefulset>-<ordinal>, such as zk-0: set POD_NAME, or set ZK_SERVER_ID"],
        ),
        ({"POD_NAME": "zk-0\n"}, ["POD_NAME contains a newline, which no value may hold"]),
    ],
)
def test_a_server_outside_its_list_is_told(environ: dict[str, str], told: list[str]) -> None:
    """With the ids that there are."""
    assert found("zk-0", ZK_SERVERS=LIST, **environ) == (None, told)


@pytest.mark.parametrize("port", ["2888", "3888"])
def test_a_client_port_inside_the_list_is_told(port: str) -> None:
    """Two sockets cannot listen on it."""
    _, problems = found(ZK_SERVERS=LIST, ZK_CLIENT_PORT=port)

    assert problems == [f"ZK_CLIENT_PORT={port} is a quorum or election port in ZK_SERVERS, too"]


def test_a_list_that_is_wrong_is_the_only_problem() -> None:
    """Replicas and domain, which it replaces, are not missing then."""
    member, problems = found("node-7", ZK_SERVERS="1=a:1:2,1=b:1:2")

    assert member is None
    assert problems == ["ZK_SERVERS='1=a:1:2,1=b:1:2' lists the server id 1 twice"]


def test_one_participant_with_observers_must_be_allowed_to_be_a_quorum() -> None:
    """ZooKeeper refuses it otherwise, and only from 3.5 on can be told not to."""
    servers = "1=a:1:2,2=b:1:2:observer"

    assert found(ZK_SERVERS=servers)[1] == [
        (
            "ZK_SERVERS has one participant and observers, which ZooKeeper refuses: add a participant, or set"
            " ZK_CFG_standaloneEnabled=false (3.5 and newer)"
        )
    ]
    assert not member_of(ZK_SERVERS=servers, ZK_CFG_standaloneEnabled="false").is_alone


@pytest.mark.parametrize(("value", "allowed"), [("false", True), ("FALSE", True), ("true", False), ("no", False)])
def test_a_quorum_of_one_must_be_asked_for(value: str, *, allowed: bool) -> None:
    """As Java reads a boolean."""
    env = EnvReader({"ZK_CFG_standaloneEnabled": value})

    assert allows_quorum_of_one(Settings.from_environ(env)) is allowed


def test_a_member_that_is_not_in_its_ensemble_is_our_bug() -> None:
    """It cannot come out of find_member."""
    member = member_of(ZK_REPLICAS="1")

    with pytest.raises(LookupError, match="server 9 is not in its own ensemble"):
        str(Member(server_id=9, ensemble=member.ensemble).spec)
