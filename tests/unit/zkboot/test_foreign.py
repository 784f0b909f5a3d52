"""Other images' variables: each is named with what to set here, and none that keeps somebody out is passed over."""

import pytest

from tests.other_images import ZOOKEEPER_IMAGES
from zkboot.foreign import counterpart, meant_variable, note_others_variables
from zkboot.pod.environ import EnvReader

NO_EFFECT = "is another image's variable and has no effect here"


OWN = {"ZOO_LOG_DIR": "/var/log/zookeeper", "ZOO_LOG4J_PROP": "INFO,CONSOLE"}
LOGIN = (
    "set ZK_SASL_DIR; or ZK_CFG_authProvider_1 and ZK_CFG_enforce_auth_enabled, and name a JAAS file by"
    " SERVER_JVMFLAGS=-Djava.security.auth.login.config=FILE"
)


def noted(environ: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return the lines and the problems that *environ* makes."""
    env = EnvReader(environ)
    return note_others_variables(env, OWN), [str(problem) for problem in env.problems]


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("ZOO_TICK_TIME", "set ZK_TICK_TIME"),
        ("ZOO_SNAPCOUNT", "set ZK_CFG_snapCount"),
        ("ZOO_4LW_COMMANDS_WHITELIST", "set ZK_CFG_4lw_commands_whitelist"),
        ("ZOO_FIPS_MODE", "set ZK_CFG_fips___mode"),
        (
            "ZOO_SERVER_ID_FILE",
            "the id is the pod's ordinal + ZK_ID_OFFSET; with ZK_SERVERS or ZK_REPLICAS=1, set ZK_SERVER_ID",
        ),
        ("ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT", "set ZK_SNAP_RETAIN_COUNT"),
        ("ZOOKEEPER_QUORUM_LISTEN_ON_ALL_IPS", "set ZK_CFG_quorumListenOnAllIPs"),
        ("ZOOKEEPER_WHATEVER", "if it is a key of zoo.cfg, set ZK_CFG_<key>"),
        ("KAFKA_HEAP_OPTS", "set ZK_HEAP_SIZE"),
        ("KAFKA_OPTS", "add its text to SERVER_JVMFLAGS"),
        ("KAFKA_JMX_PORT", "set JMXPORT, which zkServer.sh reads"),
        ("EXTRA_ARGS", "add its text to SERVER_JVMFLAGS"),
        ("ZOOKEEPER_AUTHOR", "if it is a key of zoo.cfg, set ZK_CFG_<key>"),
        ("ZOOKEEPER_CLIENT_USERNAME", "if it is a key of zoo.cfg, set ZK_CFG_<key>"),
    ],
)
def test_a_name_is_told_with_what_to_set_here(name: str, instead: str) -> None:
    """Most spell a key of zoo.cfg with underscores in other places."""
    assert noted({name: "1"}) == ([f"{name} {NO_EFFECT}: {instead}"], [])


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("a:2888:3888;b:2888:3888", "ZK_SERVERS=1=a:2888:3888,2=b:2888:3888"),
        ("a:2888:3888::2 b:2888:3888::3", "ZK_SERVERS=2=a:2888:3888,3=b:2888:3888"),
        ("server.1=a:2888:3888;2181", "ZK_SERVERS, which takes the rows of a zoo.cfg"),
    ],
    ids=["Confluent", "bitnami", "docker-library"],
)
def test_a_list_of_servers_is_told_as_it_is_written_here(text: str, instead: str) -> None:
    """With the ids, so that nobody has to start twice to learn of them."""
    lines, _ = noted({"ZOO_SERVERS": text})
    assert lines == [f"ZOO_SERVERS {NO_EFFECT}: set ZK_REPLICAS; without a StatefulSet {instead}"]


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        (
            "ZOO_TLS_CLIENT_KEYSTORE_FILE",
            "set ZK_TLS_DIR and ZK_TLS_PORT; or ZK_CFG_secureClientPort, ZK_CFG_serverCnxnFactory and ZK_CFG_ssl_*",
        ),
        ("ZOO_TLS_QUORUM_ENABLE", "set ZK_TLS_DIR and ZK_TLS_QUORUM; or ZK_CFG_sslQuorum and ZK_CFG_ssl_quorum_*"),
        ("ZOOKEEPER_SSL_QUORUM_TRUSTSTORE_PASSWORD_FILE", "set ZK_CFG_ssl_quorum_trustStore_password"),
        ("ZOOKEEPER_QUORUM_AUTH_ENABLE_SASL", "set ZK_CFG_quorum_auth_enableSasl"),
        ("ZOOKEEPER_AUTH_PROVIDER_SASL", "set ZK_CFG_authProvider_<name>"),
        ("ZOO_SASL_UNHEARD_OF", "if it is a key of zoo.cfg, set ZK_CFG_<key>"),
        ("ZOO_CLIENT_PASSWORD_FILE", LOGIN),
    ],
)
def test_a_name_that_keeps_somebody_out_is_refused(name: str, instead: str) -> None:
    """The server would serve everybody; the value, which may be a secret, is not repeated."""
    reason = f"{NO_EFFECT}, so the server would run without what it asks for: {instead}, and unset {name}"
    assert noted({name: "hunter2"}) == ([], [f"{name} {reason}"])


def test_what_asks_for_nothing_is_not_refused() -> None:
    """A switch that is off is only told, and what goes with it, too."""
    environ = {"ZOO_ENABLE_AUTH": "FALSE", "ZOO_TLS_CLIENT_AUTH": "need", "ZOO_TLS_CLIENT_ENABLE": "no"}
    lines, problems = noted(environ)
    assert ([line.partition(" ")[0] for line in lines], problems) == ([*environ], [])


def test_options_of_jmx_guard_nothing_here() -> None:
    """Without them no port is open for JMX; a flag beside them may be another's."""
    jmx = "-Dcom.sun.management.jmxremote.ssl=true -Dcom.sun.management.jmxremote.login.config=x"
    lines, problems = noted({"KAFKA_JMX_OPTS": jmx, "KAFKA_OPTS": f"{jmx} -Dzookeeper.ssl.trustStore.location=/x"})

    assert ([line.partition(" ")[0] for line in lines], len(problems)) == (["KAFKA_JMX_OPTS"], 1)


@pytest.mark.parametrize(
    ("environ", "instead"),
    [
        (
            {"ZOO_CFG_EXTRA": "snapCount=9 enforce.auth.enabled=hunter2 quorumListenOnAllIPs=true"},
            "set ZK_CFG_snapCount, ZK_CFG_enforce_auth_enabled, ZK_CFG_quorumListenOnAllIPs",
        ),
        ({"KAFKA_OPTS": "-Djava.security.auth.login.config=/hunter2"}, "add its text to SERVER_JVMFLAGS"),
    ],
)
def test_a_value_may_keep_somebody_out(environ: dict[str, str], instead: str) -> None:
    """docker-library's only way to TLS and logins, and Confluent's."""
    lines, problems = noted(environ)
    assert (lines, len(problems)) == ([], 1)
    assert f"asks for: {instead}, and unset" in problems[0]
    assert "hunter2" not in problems[0]


def test_no_line_for_others_names() -> None:
    """Kubernetes' service links, what ZooKeeper's own scripts read, what is empty."""
    own = {"ZOOKEEPER_PORT": "tcp://10.0.0.1:2181", "ZOOKEEPER_SERVICE_HOST": "10.0.0.1", "ZOO_LOG_FILE": "x"}
    assert noted({**own, "ZOO_SERVERS": "", "ZOOCFGDIR": "/conf", "KAFKA_OPTS_X": "1"}) == ([], [])


def test_what_java_env_says_itself_is_nobody_elses() -> None:
    """A shell that has sourced it hands it on; another value is another's."""
    lines, _ = noted(OWN)
    others, _ = noted(OWN | {"ZOO_LOG_DIR": "/logs"})

    assert (lines, len(others)) == ([], 1)


def test_every_variable_about_logins_and_tls_is_a_guard() -> None:
    """Of all that the three images have."""
    words = ("TLS", "SSL", "AUTH", "PASSWORD", "USER", "SECURE")
    names = {name for image in ZOOKEEPER_IMAGES for name in image.variables}
    open_ones = {name for name in names if not counterpart(name).is_guard}
    assert not [name for name in open_ones if any(word in name for word in words)]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ZK_PORT", "ZK_CLIENT_PORT"),
        ("ZK_MYID", "ZK_SERVER_ID"),
        ("ZK_SNAP_COUNT", "ZK_CFG_snapCount"),
        ("ZK_AUTOPURGE_PURGE_INTERVAL", "ZK_PURGE_INTERVAL"),
        ("ZK_WHATEVER", None),
    ],
)
def test_a_name_of_habit_is_known(name: str, meant: str | None) -> None:
    """Or one that spells a key of zoo.cfg: no other name is as near in letters."""
    assert meant_variable(name) == meant
