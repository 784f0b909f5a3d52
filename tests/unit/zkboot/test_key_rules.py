"""What servers know of the keys of zoo.cfg: which values are refused, which names are told."""

import pytest

from zkboot.key_rules import advice_on_keys, advice_on_version, value_problems
from zkboot.pod.definitions import Numbers
from zkboot.tls import jvm_keys

NETTY = {"serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory"}
SASL = {"quorum.auth.enableSasl": "true", "quorum.auth.learnerRequireSasl": "true"}


def problems(extra: dict[str, str], version: Numbers) -> list[str]:
    """Return why a server of *version* would end on *extra*."""
    return list(value_problems(extra, version, lambda key: key))


@pytest.mark.parametrize(
    ("extra", "version", "problem"),
    [
        ({"localSessionsEnabled": "yes"}, (3, 9, 4), "localSessionsEnabled is not true or false"),
        ({"quorumListenOnAllIPs": "1"}, (3, 9, 4), "quorumListenOnAllIPs is not true or false"),
        ({"electionAlg": "1"}, (3, 9, 4), "electionAlg is not 3"),
        ({"peerType": "spectator"}, (3, 4, 6), "peerType is not one of observer, participant"),
        ({"secureClientPort": "abc"}, (3, 9, 4), "secureClientPort is not an integer in 0..65535"),
        (
            {"secureClientPortAddress": "127.0.0.1"},
            (3, 5, 10),
            "secureClientPortAddress needs zoo.cfg's secureClientPort, too",
        ),
        (
            {"secureClientPortAddress": "h", "secureClientPort": "0", **NETTY},
            (3, 8, 6),
            "secureClientPortAddress needs zoo.cfg's secureClientPort, too",
        ),
        (
            {"quorum.auth.learnerRequireSasl": "TRUE"},
            (3, 8, 1),
            "quorum.auth.learnerRequireSasl needs zoo.cfg's quorum.auth.enableSasl=true, too",
        ),
        (
            {"quorum.auth.enableSasl": "true", "quorum.auth.serverRequireSasl": "true"},
            (3, 9, 4),
            "quorum.auth.serverRequireSasl needs zoo.cfg's quorum.auth.learnerRequireSasl=true, too",
        ),
    ],
)
def test_a_value_on_which_a_server_would_end_is_refused(extra: dict[str, str], version: Numbers, problem: str) -> None:
    """With what it takes; what is wrong beside it is told in the same run."""
    assert set(problems({**extra, "quorum.cnxn.threads.size": "many"}, version)) == {
        problem,
        *(["quorum.cnxn.threads.size is not an integer in -2147483648..2147483647"] if version > (3, 4, 6) else []),
    }


@pytest.mark.parametrize(
    ("extra", "version"),
    [
        ({"localSessionsEnabled": "yes"}, (3, 6, 4)),
        ({"localSessionsEnabled": "yes"}, (4, 0, 0)),
        ({"secureClientPort": "abc"}, (3, 4, 14)),
        ({"peerType": "Observer"}, (3, 9, 5)),
        ({"secureClientPort": "2281", "secureClientPortAddress": "h", **NETTY}, (3, 9, 5)),
        ({"secureClientPort": "0"}, (3, 8, 6)),
        ({"secureClientPort": "0", "secureClientPortAddress": "h", **NETTY}, (3, 9, 5)),
        ({**SASL, "quorum.auth.serverRequireSasl": "true"}, (3, 9, 5)),
        ({"quorum.auth.serverRequireSasl": "false"}, (3, 9, 5)),
    ],
)
def test_a_value_that_a_server_takes_is_not_refused(extra: dict[str, str], version: Numbers) -> None:
    """Each version has its own parser, and of a newer one nobody knows."""
    assert problems(extra, version) == []


@pytest.mark.parametrize("beside", [{}, {"serverCnxnFactory": "org.apache.zookeeper.server.NIOServerCnxnFactory"}])
@pytest.mark.parametrize("number", ["2281", "0", "+2281", "-0"])
def test_a_port_for_tls_needs_the_class_that_speaks_it(beside: dict[str, str], number: str) -> None:
    """Beside the default the JVM would exit, whoever names the port; what the JVM's flags name counts, too."""
    port, flags = (
        {"secureClientPort": number},
        {"SERVER_JVMFLAGS": "-Da=b -Dzookeeper.serverCnxnFactory=a.NettyServerCnxnFactory"},
    )
    (own,) = problems(port | beside, (3, 9, 5))
    generated = list(value_problems(beside, (3, 9, 5), str, {**NETTY, **port}))

    assert own.startswith("secureClientPort: ")
    assert own.endswith("NettyServerCnxnFactory")
    assert [line.partition(":")[0] for line in generated] == ["serverCnxnFactory"] * bool(beside)
    assert list(value_problems(port, (3, 9, 5), str, jvm_keys(flags))) == []


def test_keys_that_no_server_knows_are_told() -> None:
    """What is probably meant by each; those of plugins in one line; the JVM's own with the way to set them."""
    extra = {
        "my.plugin": "x",
        "reconfigenabled": "1",
        "other": "x",
        "readonlymode.enabled": "true",
        "authProvider.1": "x",
    }

    assert advice_on_keys(extra, {}) == [
        "zoo.cfg's reconfigenabled is no key that ZooKeeper is known to have; did you mean reconfigEnabled?",
        "zoo.cfg's readonlymode.enabled has no effect: add -Dreadonlymode.enabled=... to SERVER_JVMFLAGS",
        "zoo.cfg's my.plugin, other: known to no ZooKeeper; passed on, for a plugin may have it",
    ]


def test_keys_of_other_versions_are_told() -> None:
    """An older or a newer one has it; what no version is known to have is told elsewhere."""
    extra = {"secureClientPort": "2281", "bitHashCacheSize": "1", "my.plugin": "x", "syncEnabled": "true"}

    assert list(advice_on_version(extra, (3, 4, 6))) == [
        "zoo.cfg's secureClientPort has no effect: ZooKeeper 3.4.6 does not know it, 3.5 has it",
        "zoo.cfg's bitHashCacheSize has no effect: ZooKeeper 3.4.6 does not know it, 3.6 has it",
    ]
    assert list(advice_on_version(extra, (4, 0, 0))) == []


@pytest.mark.parametrize(
    ("extra", "version", "piece"),
    [
        ({"quorum.auth.enableSasl": "true"}, (3, 9, 4), "ZK_CFG_fips___mode=false"),
        ({"quorum.auth.enableSasl": "true", "fips-mode": "false"}, (3, 9, 4), None),
        ({"quorum.auth.enableSasl": "true"}, (3, 8, 6), None),
        ({"quorum.auth.enableSasl": "true", "fips-mode": "TRUE"}, (3, 8, 6), "beside fips-mode=true: servers do not"),
        ({"quorum.auth.enableSasl": "true", "fips-mode": "true"}, (3, 7, 2), "fips-mode has no effect"),
        ({"quorum.auth.enableSasl": "true", "quorum.auth.kerberos.servicePrincipal": "zk/_HOST"}, (3, 9, 4), None),
        ({"client.portUnification": "true"}, (3, 9, 4), "ZK_CFG_serverCnxnFactory="),
        ({"client.portUnification": "true", **NETTY}, (3, 9, 4), "ZK_CFG_authProvider_x509="),
        ({"client.portUnification": "true", "secureClientPort": "2281", **NETTY}, (3, 9, 4), None),
        ({"client.portUnification": "true", "secureClientPort": "0", **NETTY}, (3, 9, 4), None),
        ({"client.portUnification": "true", "secureClientPort": "0", **NETTY}, (3, 8, 6), "ZK_CFG_authProvider_x509="),
        (
            {"client.portUnification": "true", "authProvider.1": "x.X509AuthenticationProvider", **NETTY},
            (3, 9, 4),
            None,
        ),
        ({"client.portUnification": "true", "authProvider.x509": "x", **NETTY}, (3, 9, 4), None),
    ],
)
def test_keys_that_do_not_work_together_are_told(extra: dict[str, str], version: Numbers, piece: str | None) -> None:
    """The server takes them, and nobody gets in."""
    lines = list(advice_on_version(extra, version))

    assert len(lines) == (piece is not None)
    assert all(str(piece) in line for line in lines)


@pytest.mark.parametrize(
    ("flags", "extra", "lines"),
    [
        ({}, {}, 1),
        ({"SERVER_JVMFLAGS": "-Da=b -Dzookeeper.fips-mode=false"}, {}, 0),
        ({"JVMFLAGS": "-Dzookeeper.fips-mode=false"}, {}, 0),
        ({"JVMFLAGS": "-Dzookeeper.fips-mode=false"}, {"fips-mode": "true"}, 1),
        ({"SERVER_JVMFLAGS": "-Dzookeeper.fips-mode=false", "JVMFLAGS": "-Dzookeeper.fips-mode=true"}, {}, 1),
    ],
)
def test_fips_mode_may_be_left_by_the_jvms_flags(flags: dict[str, str], extra: dict[str, str], lines: int) -> None:
    """The last flag counts, and zoo.cfg wins over all of them."""
    keys = {"quorum.auth.enableSasl": "true", **extra}

    assert len(list(advice_on_version(keys, (3, 9, 5), jvm_keys(flags)))) == lines
