"""What a node of KRaft is told, and what it would refuse."""

from collections.abc import Mapping

import pytest

from kafkaboot.config.broker import ANYBODY, find_broker
from kafkaboot.config.kraft import kraft_config
from kafkaboot.config.layers import Config
from kafkaboot.config.settings import Settings
from kafkaboot.values.version import Version
from zkboot.pod.environ import EnvReader
from zkboot.pod.identity import Host

NODE = Host(name=lambda: "node-7.example.org", domain=lambda: "")
POD = {"POD_NAME": "kafka-1", "KF_DOMAIN": "kafka-svc.prod.svc.cluster.local", "KF_REPLICAS": "3"}
FQDN = "kafka-1.kafka-svc.prod.svc.cluster.local"
STOCK = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": "1@localhost:9093",
    "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "inter.broker.listener.name": "PLAINTEXT",
    "advertised.listeners": "PLAINTEXT://localhost:9092",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL",
    "log.dirs": "/tmp/kraft-combined-logs",
}
CONTROLLERS = {
    "KF_CONTROLLER_STATEFULSET": "controller",
    "KF_CONTROLLER_SERVICE": "controller-svc",
    "KF_CONTROLLER_REPLICAS": "3",
    "KF_CONTROLLER_ID_OFFSET": "100",
}
BROKER = {"KAFKA_PROCESS_ROLES": "broker"} | CONTROLLERS
CONTROLLER = {
    "POD_NAME": "controller-1",
    "KF_DOMAIN": "controller-svc.prod.svc.cluster.local",
    "KAFKA_PROCESS_ROLES": "controller",
    "KF_ID_OFFSET": "100",
}
PUBLISHED = "CONTROLLER://controller-1.controller-svc.prod.svc.cluster.local:9093"
"""The controller's own name and port."""


def drafted(
    version: str, environ: dict[str, str] | None = None, base: dict[str, str] | None = None
) -> tuple[Config, list[str]]:
    """Return the configuration that *environ* makes over *base*, and the problems."""
    env = EnvReader(POD | (environ or {}))
    settings = Settings.from_environ(env)
    broker = find_broker(env, settings, NODE) or ANYBODY
    config, _ = kraft_config(env, settings, broker, Version.parse(version), STOCK if base is None else base)
    return config, [*map(str, env.problems)]


def made(version: str, environ: dict[str, str] | None = None, base: dict[str, str] | None = None) -> Mapping[str, str]:
    """Return the effective properties, no problem noted."""
    config, problems = drafted(version, environ, base)

    assert problems == []
    return config.effective


def refused(version: str, environ: dict[str, str]) -> str:
    """Return why *environ* makes no configuration, one line each."""
    _, problems = drafted(version, environ)

    assert problems
    return "\n".join(problems)


@pytest.mark.parametrize("version", ["3.3.2", "3.9.1", "4.4.0"])
def test_three_nodes_that_are_both(version: str) -> None:
    """Voters from the replicas; the controllers' listener is bound and not published."""
    effective = made(version)

    assert effective["node.id"] == "2"
    assert effective["controller.quorum.voters"].split(",")[2] == f"3@{FQDN.replace('-1', '-2', 1)}:9093"
    assert effective["listeners"] == "PLAINTEXT://:9092,CONTROLLER://:9093"
    assert effective["advertised.listeners"] == f"PLAINTEXT://{FQDN}:9092"
    assert "controller.quorum.bootstrap.servers" not in effective


def test_a_bare_base_file_gets_all_that_is_needed() -> None:
    """Also a broker's of ZooKeeper mode."""
    effective = made("3.9.1", base={"broker.id": "0", "zookeeper.connect": "localhost:2181", "port": "9092"})

    assert effective.keys() >= {"process.roles", "controller.listener.names", "listener.security.protocol.map"}
    assert effective["listener.security.protocol.map"].startswith("CONTROLLER:PLAINTEXT,")
    assert not effective.keys() & {"broker.id", "zookeeper.connect", "port"}


def test_a_broker_only_names_controllers_of_another_statefulset() -> None:
    """Their domain is their own service's, in the pod's namespace."""
    effective = made("3.9.1", BROKER | {"KAFKA_PROCESS_ROLES": ""})

    assert effective["process.roles"] == "broker"
    assert effective["controller.quorum.voters"].startswith(
        "100@controller-0.controller-svc.prod.svc.cluster.local:9093,"
    )
    assert effective["listeners"] == "PLAINTEXT://:9092"


@pytest.mark.parametrize("version", ["3.3.2", "3.9.1", "4.4.0"])
def test_a_controller_only_publishes_nothing_in_a_static_quorum(version: str) -> None:
    """What the base file publishes is disabled."""
    effective = made(version, CONTROLLER)

    assert effective["listeners"] == "CONTROLLER://:9093"
    assert "advertised.listeners" not in effective
    assert effective["node.id"] == "101"


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "[fd00::5]"])
@pytest.mark.parametrize(("version", "published"), [("3.8.1", None), ("3.9.1", PUBLISHED), ("4.4.0", PUBLISHED)])
def test_a_bound_address_of_a_controller_is_published_as_a_name(version: str, published: str | None, host: str) -> None:
    """Kafka would name the address to the other nodes: 0.0.0.0, or one that no certificate covers."""
    listener = {"KAFKA_LISTENERS": f"CONTROLLER://{host}:9093"}

    assert made(version, CONTROLLER | listener).get("advertised.listeners") == published


def test_a_node_on_a_laptop_publishes_what_its_voters_say() -> None:
    """Its own name may not lead to what it listens at."""
    given = {
        "KAFKA_LISTENERS": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "2@localhost:9093",
    }

    assert made("4.4.0", given)["advertised.listeners"] == f"PLAINTEXT://{FQDN}:9092,CONTROLLER://localhost:9093"


@pytest.mark.parametrize(("version", "joins"), [("3.9.1", None), ("4.1.0", None), ("4.2.0", "true"), ("4.4.0", "true")])
def test_a_dynamic_quorum(version: str, joins: str | None) -> None:
    """Servers to ask instead of voters; the controllers' listener is published; from 4.2 on they join by themselves."""
    effective = made(version, CONTROLLER | {"KF_QUORUM": "dynamic"})

    assert "controller.quorum.voters" not in effective
    assert effective["controller.quorum.bootstrap.servers"].count("controller-svc.prod.svc.cluster.local:9093") == 3
    assert effective["advertised.listeners"] == PUBLISHED
    assert effective.get("controller.quorum.auto.join.enable") == joins


def test_given_servers_make_the_quorum_dynamic() -> None:
    """Nothing is generated that KAFKA_* gives."""
    effective = made("4.4.0", {"KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS": "kc:9093", "KF_REPLICAS": ""})

    assert effective["controller.quorum.bootstrap.servers"] == "kc:9093"
    assert "controller.quorum.voters" not in effective


def test_a_given_protocol_between_brokers_wins_over_the_files_listener() -> None:
    """Kafka takes only one of the two."""
    effective = made(
        "3.9.1",
        {
            "KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "SSL",
            "KAFKA_LISTENERS": "SSL://:9092,CONTROLLER://:9093",
        },
    )

    assert "inter.broker.listener.name" not in effective
    assert effective["advertised.listeners"] == f"SSL://{FQDN}:9092"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"KF_QUORUM": "dynamic"},
        {"KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS": "kc:9093", "KF_QUORUM_ENTRY": "first"},
    ],
)
def test_a_controller_listens_where_the_others_look_for_it(environ: dict[str, str]) -> None:
    """The voters' ports are KF_CONTROLLER_PORT; another one in KAFKA_LISTENERS would be a quorum that never forms."""
    listening = {"KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9094"} | environ

    assert "KF_CONTROLLER_PORT=9094 on every node" in refused("4.4.0", listening)
    assert made("4.4.0", listening | {"KF_CONTROLLER_PORT": "9094"})["listeners"].endswith(":9094")


def test_given_voters_may_name_any_port() -> None:
    """Somebody may translate it, and that is told, for nothing else would make the quorum whole."""
    environ = {
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9094",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "2@kafka-1:19094",
    }

    assert made("4.4.0", environ)["controller.quorum.voters"] == "2@kafka-1:19094"
    assert drafted("4.4.0", environ)[0].warnings == (
        (
            "KAFKA_CONTROLLER_QUORUM_VOTERS='2@kafka-1:19094': the others look for this controller at port 19094, and"
            " it listens at 9094: right only where something passes the one on to the other"
        ),
    )
    same = environ | {"KAFKA_CONTROLLER_QUORUM_VOTERS": "2@kafka-1:9094"}
    assert drafted("4.4.0", same)[0].warnings == ()


def test_a_port_without_effect_is_told() -> None:
    """KAFKA_LISTENERS alone counts, and only a broker has a listener for clients."""
    environ = {"KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093", "KF_PORT": "9095"}

    assert drafted("4.4.0", environ)[0].warnings == (
        "KF_PORT=9095 has no effect: KAFKA_LISTENERS='PLAINTEXT://:9092,CONTROLLER://:9093' says where Kafka listens",
    )
    assert drafted("4.4.0", environ | {"KF_PORT": "9092"})[0].warnings == ()


def test_what_is_of_zookeeper_is_passed_over_with_a_warning() -> None:
    """Unless the cluster migrates."""
    config, problems = drafted("3.9.1", {"KAFKA_ZOOKEEPER_CONNECT": "zk:2181"})

    assert problems == []
    assert "zookeeper.connect" not in config.effective
    assert config.warnings == ("KAFKA_ZOOKEEPER_CONNECT is ignored: a node of KRaft has no ZooKeeper",)
    migrating = {"KAFKA_ZOOKEEPER_CONNECT": "zk:2181", "KAFKA_ZOOKEEPER_METADATA_MIGRATION_ENABLE": "true"}
    assert made("3.9.1", migrating)["zookeeper.connect"] == "zk:2181"


@pytest.mark.parametrize("version", ["3.3.2", "4.0.0", "4.4.0"])
@pytest.mark.parametrize("connect", [{}, {"KAFKA_ZOOKEEPER_CONNECT": "zk:2181"}])
def test_a_migration_is_for_versions_that_know_one(version: str, connect: dict[str, str]) -> None:
    """To the others neither key means anything: they are passed over, and each is named."""
    config, problems = drafted(version, {"KAFKA_ZOOKEEPER_METADATA_MIGRATION_ENABLE": "true"} | connect)

    assert problems == []
    assert not config.effective.keys() & {"zookeeper.metadata.migration.enable", "zookeeper.connect"}
    assert config.warnings[0] == (
        "KAFKA_ZOOKEEPER_METADATA_MIGRATION_ENABLE is ignored: this Kafka has no property"
        " zookeeper.metadata.migration.enable; only 3.4 to 3.9 can migrate"
    )
    assert len(config.warnings) == 1 + len(connect)


def test_what_only_zookeeper_mode_reads_is_named() -> None:
    """In one line."""
    config, _ = drafted("4.4.0", {"KF_ZK_WAIT": "5", "KF_ZK_REPLICAS": "3"})

    assert config.warnings == ("KF_ZK_REPLICAS, KF_ZK_WAIT: no effect where KF_MODE is not zookeeper; unset them",)


def test_several_log_directories_are_warned_of_before_3_7() -> None:
    """Kafka starts with them, and says that it does not support them."""
    config, problems = drafted("3.6.0", {"KAFKA_LOG_DIRS": "/a,/b"})

    assert problems == []
    assert config.warnings == (
        "log.dirs=/a,/b: Kafka supports several without ZooKeeper from 3.7 on; name one directory",
    )
    assert drafted("3.7.0", {"KAFKA_LOG_DIRS": "/a,/b"})[0].warnings == ()


@pytest.mark.parametrize(
    ("version", "environ", "problem"),
    [
        ("3.9.1", {"KF_REPLICAS": ""}, "nothing says how many controllers vote: set KF_REPLICAS"),
        ("3.9.1", {"KAFKA_PROCESS_ROLES": "broker"}, "nothing says who the controllers are: set KF_CONTROLLER_"),
        ("3.9.1", {"KAFKA_PROCESS_ROLES": "brokers"}, "KAFKA_PROCESS_ROLES='brokers' is not broker, controller"),
        ("3.9.1", {"KAFKA_NODE_ID": "9"}, "node 9 is a controller, and is not among the voters 1, 2, 3"),
        ("3.9.1", {"KAFKA_CONTROLLER_QUORUM_VOTERS": "9@a:1"}, "add the node to KAFKA_CONTROLLER_QUORUM_VOTERS, or"),
        ("3.9.1", BROKER | {"KF_ID_OFFSET": "100"}, "node 101 is a broker only, and is among the voters 100, 101, 102"),
        ("3.9.1", {"KF_CONTROLLER_STATEFULSET": "c"}, "KF_CONTROLLER_STATEFULSET needs KF_CONTROLLER_SERVICE, KF_"),
        ("3.9.1", BROKER | {"KF_DOMAIN": "", "KF_REPLICAS": ""}, "the controllers' domain is unknown"),
        ("3.8.0", {"KF_QUORUM": "dynamic"}, "KF_QUORUM=dynamic: Kafka 3.8.0 has static quorums only"),
        (
            "3.9.1",
            {"KF_QUORUM": "dynamic", "KAFKA_CONTROLLER_QUORUM_VOTERS": "2@a:1"},
            "KAFKA_CONTROLLER_QUORUM_VOTERS='2@a:1': the quorum is dynamic, so controller.quorum.bootstrap.servers",
        ),
        (
            "3.9.1",
            {"KF_QUORUM": "static", "KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS": "a:1"},
            "the quorum is static, so controller.quorum.voters tells",
        ),
        ("3.9.1", {"KAFKA_CONTROLLER_QUORUM_VOTERS": "a:1"}, "which is not <node id>@<host>:<port>"),
        (
            "3.9.1",
            {"KAFKA_LISTENERS": "PLAINTEXT://:9092"},
            "names CONTROLLER, which KAFKA_LISTENERS='PLAINTEXT://:9092'",
        ),
        (
            "3.9.1",
            BROKER | {"KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093"},
            "names CONTROLLER, the controllers' listener, but this node is a broker only",
        ),
        (
            "3.9.1",
            CONTROLLER | {"KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093"},
            "names PLAINTEXT, but this node is a controller only",
        ),
        (
            "3.9.1",
            {"KAFKA_LISTENERS": "CONTROLLER://:9093"},
            "KAFKA_LISTENERS='CONTROLLER://:9093' names no listener for clients, and this node is a broker",
        ),
        (
            "3.3.2",
            {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://a:1,CONTROLLER://a:2"},
            "names CONTROLLER, the controllers', which Kafka publishes from 3.9 on",
        ),
        (
            "3.3.2",
            CONTROLLER | {"KAFKA_ADVERTISED_LISTENERS": "CONTROLLER://a:2"},
            "a node that is a controller only publishes nothing before Kafka 3.9",
        ),
        (
            "3.9.1",
            {"KAFKA_ADVERTISED_LISTENERS": "OTHER://a:1", "KF_PORT": "9094"},
            "names OTHER, which listeners does not",
        ),
        ("3.9.1", {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://0.0.0.0:1"}, "to which no client can connect"),
        (
            "3.9.1",
            {"KAFKA_INTER_BROKER_LISTENER_NAME": "SSL"},
            "KAFKA_INTER_BROKER_LISTENER_NAME='SSL' is none of the advertised listeners PLAINTEXT",
        ),
        (
            "3.9.1",
            {
                "KAFKA_LISTENERS": "INTERNAL://:9092,CONTROLLER://:9093",
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            },
            (
                "inter.broker.listener.name='PLAINTEXT' in /opt/kafka/config/server.properties is none of the"
                " advertised listeners INTERNAL: brokers could not reach each other; set"
                " KAFKA_INTER_BROKER_LISTENER_NAME to one"
            ),
        ),
        (
            "3.9.1",
            {"KAFKA_ADVERTISED_LISTENERS": "CONTROLLER://a:1"},
            "KAFKA_ADVERTISED_LISTENERS='CONTROLLER://a:1' publishes no listener for clients",
        ),
        (
            "3.9.1",
            {"KAFKA_CONTROL_PLANE_LISTENER_NAME": "X"},
            "KAFKA_CONTROL_PLANE_LISTENER_NAME='X': there is no such",
        ),
        ("3.9.1", {"KAFKA_CONTROLLER_LISTENER_NAMES": ","}, "names no listener"),
        (
            "3.9.1",
            BROKER | {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT"},
            "names CONTROLLER, which listener.security.protocol.map does not: set KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
        ),
        ("3.9.1", {"KF_CONTROLLER_PORT": "9092"}, "gives the port 9092 to PLAINTEXT and CONTROLLER"),
        ("3.9.1", {"KAFKA_METADATA_LOG_DIR": "/a,/b"}, "lists several directories: name one"),
        ("3.9.1", {"KAFKA_ZOOKEEPER_METADATA_MIGRATION_ENABLE": "true"}, "needs KAFKA_ZOOKEEPER_CONNECT"),
        (
            "3.9.1",
            {"KAFKA_LISTENERS": "9092"},
            "KAFKA_LISTENERS='9092' has the entry '9092', which is not <name>://<host>:<port>",
        ),
        ("3.9.1", {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "x"}, "which is not <name>:<protocol>"),
        ("3.9.1", {"KAFKA_NODE_ID": "2", "KAFKA_BROKER_ID": "3"}, "they are two names of one id"),
    ],
)
def test_what_kafka_would_refuse_is_told_before_a_jvm_starts(
    version: str, environ: dict[str, str], problem: str
) -> None:
    """In words that name the variables."""
    assert problem in refused(version, environ)


SASL = {
    "KAFKA_LISTENERS": "SASL_PLAINTEXT://:9092,CONTROLLER://:9093",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "SASL_PLAINTEXT",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_SASL_MECHANISM_INTER_BROKER_PROTOCOL": "PLAIN",
}
VOTERS = "KAFKA_CONTROLLER_QUORUM_VOTERS"


@pytest.mark.parametrize(
    ("environ", "versions", "problem"),
    [
        (
            {"KAFKA_CONTROLLER_LISTENER_NAMES": "Controller"},
            "3.3.2 4.4.0",
            (
                "KAFKA_CONTROLLER_LISTENER_NAMES='Controller' names Controller, but Kafka knows listeners by names in"
                " capitals: say CONTROLLER"
            ),
        ),
        ({VOTERS: "2@a:1,"}, "3.3.2 4.4.0", "has '', which is not <node id>@<host>:<port>"),
        ({"KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS": "a:1,,b:1"}, "3.9.2 4.4.0", "has '', which is not <host>:<port"),
        ({"KAFKA_PROCESS_ROLES": "broker,controller,"}, "3.3.2 4.4.0", "is not broker, controller or broker,controlle"),
        ({"KAFKA_EARLY_START_LISTENERS": "FOO"}, "3.3.2 4.4.0", "names FOO, and listeners only PLAINTEXT, CONTROLLER"),
        ({"KAFKA_EARLY_START_LISTENERS": "plaintext"}, "3.3.2 4.4.0", "names plaintext, and listeners only PLAINTEXT,"),
        ({"KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "ssl"}, "3.3.2 4.4.0", "'ssl' is not one of PLAINTEXT, SASL_PLAI"),
        (
            {"KAFKA_AUTHORIZER_CLASS_NAME": "kafka.security.authorizer.AclAuthorizer"},
            "3.3.2 4.4.0",
            "(KRaft): set KAFKA_AUTHORIZER_CLASS_NAME=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        ),
        (CONTROLLER | {"KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "FOO"}, "3.3.2 4.4.0", "'FOO' is not one of PLAINTEXT,"),
        (
            CONTROLLER | {"KAFKA_INTER_BROKER_LISTENER_NAME": "INTERNAL"},
            "3.3.2 4.4.0",
            "KAFKA_INTER_BROKER_LISTENER_NAME='INTERNAL' is not in listener.security.protocol.map",
        ),
        (
            CONTROLLER
            | {"KAFKA_INTER_BROKER_LISTENER_NAME": "SSL", "KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "PLAINTEXT"},
            "3.3.2 4.4.0",
            "are both set, and Kafka takes only one",
        ),
        (SASL, "3.3.2 4.4.0", "BROKER_PROTOCOL='PLAIN' is not in the default of sasl.enabled.mechanisms, GSSAPI"),
        (
            SASL | {"KAFKA_SASL_ENABLED_MECHANISMS": "SCRAM-SHA-256"},
            "3.3.2 4.4.0",
            "is not in KAFKA_SASL_ENABLED_MECHANISMS='SCRAM-SHA-256': brokers could not log in at each other",
        ),
        (
            SASL
            | {
                "KAFKA_SASL_MECHANISM_INTER_BROKER_PROTOCOL": "",
                "KAFKA_SASL_ENABLED_MECHANISMS": "SCRAM-SHA-256,PLAIN",
            },
            "3.3.2 4.4.0",
            "the default of sasl.mechanism.inter.broker.protocol, GSSAPI, is not in KAFKA_SASL_ENABLED_MECHANISMS=",
        ),
    ],
)
def test_what_every_version_refuses_is_told(environ: dict[str, str], versions: str, problem: str) -> None:
    """One mistake, one line."""
    for version in versions.split():
        found = set(refused(version, environ).split("\n"))

        assert len(found) == 1
        assert problem in found.pop()


@pytest.mark.parametrize(
    ("environ", "taken", "refused_by", "problem"),
    [
        (
            {"KAFKA_LISTENERS": "PLAINTEXT://:9092,,CONTROLLER://:9093"},
            "3.3.2 4.1.2",
            "4.2.2 4.4.0",
            "PLAINTEXT://:9092,,CONTROLLER://:9093' has an empty entry, which Kafka refuses from 4.2 on",
        ),
        ({"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://h:9092,"}, "4.1.2", "4.2.2", "has an empty entry"),
        ({"KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER,"}, "4.1.2", "4.2.2", "has an empty entry"),
        ({"KAFKA_EARLY_START_LISTENERS": "PLAINTEXT,"}, "4.1.2", "4.2.2", "has an empty entry"),
        ({"KAFKA_LOG_DIRS": "/a,"}, "4.1.2", "4.2.2", "KAFKA_LOG_DIRS='/a,' has an empty entry"),
        (
            BROKER | {"KAFKA_CONTROLLER_QUORUM_AUTO_JOIN_ENABLE": "true"},
            "3.9.2 4.1.2",
            "4.2.2 4.4.0",
            "this node is a broker only, and no controller to join a quorum",
        ),
        (
            CONTROLLER | {"KAFKA_INTER_BROKER_LISTENER_NAME": "Controller"},
            "3.3.2 3.9.2",
            "4.0.2 4.4.0",
            "KAFKA_INTER_BROKER_LISTENER_NAME='Controller' is the controllers' listener, and none between brokers",
        ),
        (
            {VOTERS: "2@0.0.0.0:9093"},
            "3.3.2 4.1.2",
            "4.2.2 4.4.0",
            f"{VOTERS}='2@0.0.0.0:9093' has 2@0.0.0.0:9093, to which no controller can connect: name the pod",
        ),
        ({"KAFKA_INTER_BROKER_PROTOCOL_VERSION": "2.8"}, "4.0.2", "3.3.2 3.9.2", "without it 3.0 is the lowest"),
        ({"KAFKA_INTER_BROKER_PROTOCOL_VERSION": "3.0-IV0"}, "4.0.2", "3.3.2 3.9.2", "without it 3.0 is the lowest"),
    ],
)
def test_what_only_some_versions_refuse_is_told_for_these(
    environ: dict[str, str], taken: str, refused_by: str, problem: str
) -> None:
    """And for no other."""
    for version in taken.split():
        made(version, environ)
    for version in refused_by.split():
        found = refused(version, environ)

        assert "\n" not in found
        assert problem in found


@pytest.mark.parametrize("version", ["3.3.2", "3.9.2", "4.4.0"])
@pytest.mark.parametrize(
    "environ",
    [
        SASL | {"KAFKA_SASL_ENABLED_MECHANISMS": "SCRAM-SHA-256, PLAIN"},
        SASL | {"KAFKA_LISTENER_NAME_SASL__PLAINTEXT_SASL_ENABLED_MECHANISMS": "PLAIN"},
        SASL | {"KAFKA_SASL_MECHANISM_INTER_BROKER_PROTOCOL": ""},
        {"KAFKA_EARLY_START_LISTENERS": "PLAINTEXT"},
        {"KAFKA_INTER_BROKER_PROTOCOL_VERSION": "3.0"},
        {"KAFKA_LISTENERS": "plaintext://:9092,controller://:9093"},
        BROKER | {VOTERS: "100@0.0.0.0:9093"},
        CONTROLLER | {"KAFKA_INTER_BROKER_LISTENER_NAME": "SSL"},
        CONTROLLER | {"KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "SSL"},
    ],
)
def test_what_every_version_takes_is_taken(version: str, environ: dict[str, str]) -> None:
    """The other side of these rules."""
    made(version, environ)


@pytest.mark.parametrize("version", ["3.3.2", "3.9.2", "4.4.0"])
def test_a_controller_only_may_speak_tls_alone(version: str) -> None:
    """What the base file says of brokers among themselves, in plain text, does not count there."""
    effective = made(version, CONTROLLER | {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:SSL"})

    assert "inter.broker.listener.name" not in effective
    assert effective["listener.security.protocol.map"] == "CONTROLLER:SSL"


def test_everything_is_told_at_once() -> None:
    """One line each."""
    found = refused(
        "3.9.1", {"KAFKA_NODE_ID": "9", "KAFKA_LISTENERS": "PLAINTEXT://:9092", "KAFKA_METADATA_LOG_DIR": "/a,/b"}
    )

    assert found.count("\n") >= 2


def test_a_value_that_cannot_be_read_hides_only_the_rules_that_read_it() -> None:
    """Nor is anything said of the stand-in for a node that could not be found."""
    environ = {
        "KAFKA_NODE_ID": "x",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,E://:9092,CONTROLLER://:9093",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "NOPE",
    }
    told = f"KAFKA_LISTENERS={environ['KAFKA_LISTENERS']!r}"

    assert refused("4.4.0", environ).split("\n") == [
        "KAFKA_NODE_ID='x' is not an integer in 0..2147483647",
        f"{told} gives the port 9092 to PLAINTEXT and E",
        (
            f"{told} or controller.listener.names='CONTROLLER' in /opt/kafka/config/server.properties names E, which"
            " listener.security.protocol.map does not: set KAFKA_LISTENER_SECURITY_PROTOCOL_MAP to <name>:<protocol> of"
            " every listener"
        ),
        (
            "KAFKA_INTER_BROKER_LISTENER_NAME='NOPE' is none of the advertised listeners PLAINTEXT, E: brokers could"
            " not reach each other; set KAFKA_INTER_BROKER_LISTENER_NAME to one"
        ),
    ]


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"POD_NAME": "kafka"}, "is not <statefulset>-<ordinal>"),
        ({"POD_NAME": "kafka-7"}, "outside 0..2"),
        ({"POD_NAME": "controller"} | CONTROLLERS, "is not <statefulset>-<ordinal>"),
    ],
)
@pytest.mark.parametrize("own", [{}, {"KAFKA_NODE_ID": "9"}])
def test_nothing_is_said_of_the_stand_in_for_a_node_that_was_not_found(
    environ: dict[str, str], own: dict[str, str], problem: str
) -> None:
    """One mistake, one line."""
    found = refused("4.4.0", {"KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093"} | environ | own)

    assert problem in found
    assert "\n" not in found


def test_nothing_is_said_of_listeners_that_unreadable_roles_would_have() -> None:
    """A broker only has no second one."""
    assert refused("4.4.0", {"KAFKA_PROCESS_ROLES": "brokers", "KF_CONTROLLER_PORT": "9092"}).split("\n") == [
        "KAFKA_PROCESS_ROLES='brokers' is not broker, controller or broker,controller"
    ]


def test_what_the_base_file_says_and_must_not_count_is_not_quoted() -> None:
    """One line, with the variable."""
    _, problems = drafted("4.4.0", {"KAFKA_LISTENERS": "CONTROLLER://:9093"})

    assert problems == ["KAFKA_LISTENERS='CONTROLLER://:9093' names no listener for clients, and this node is a broker"]


@pytest.mark.parametrize("version", ["3.9.2", "4.4.0"])
def test_a_broker_may_publish_the_controllers_listener_where_kafka_lets_it(version: str) -> None:
    """From 3.9 on."""
    publishing = {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://h:9092,CONTROLLER://h:9093"}

    assert made(version, BROKER | publishing)["advertised.listeners"].endswith("CONTROLLER://h:9093")
    _, problems = drafted("3.3.2", BROKER | publishing)
    assert problems == [
        (
            "KAFKA_ADVERTISED_LISTENERS='PLAINTEXT://h:9092,CONTROLLER://h:9093' names CONTROLLER, the controllers',"
            " which Kafka publishes from 3.9 on"
        )
    ]


FIRST_PODS = {"KF_REPLICAS": "", "KF_CONTROLLER_REPLICAS": "3"}
LATER = FIRST_PODS | {"POD_NAME": "kafka-3"}
"""The first pod that is a broker only."""


@pytest.mark.parametrize("version", ["3.3.2", "3.9.1", "4.4.0"])
def test_the_first_pods_are_the_controllers(version: str) -> None:
    """With KF_CONTROLLER_REPLICAS alone: what was said with as many replicas, role by role."""
    assert made(version, FIRST_PODS) == made(version)


@pytest.mark.parametrize("name", ["kafka-3", "kafka-12"])
@pytest.mark.parametrize("version", ["3.3.2", "3.9.1", "4.4.0"])
def test_later_pods_are_brokers_only(version: str, name: str) -> None:
    """They know the voters, bind no controllers' listener, and publish none."""
    effective = made(version, FIRST_PODS | {"POD_NAME": name})

    assert effective["process.roles"] == "broker"
    assert effective["node.id"] == str(int(name.removeprefix("kafka-")) + 1)
    assert effective["controller.quorum.voters"] == made(version)["controller.quorum.voters"]
    assert effective["controller.listener.names"] == "CONTROLLER"
    assert effective["listeners"] == "PLAINTEXT://:9092"
    assert effective["advertised.listeners"] == f"PLAINTEXT://{FQDN.replace('kafka-1', name)}:9092"


def test_later_pods_ask_the_first_ones_of_a_dynamic_quorum() -> None:
    """Only controllers join by themselves."""
    effective = made("4.4.0", LATER | {"KF_QUORUM": "dynamic"})

    assert effective["controller.quorum.bootstrap.servers"] == ",".join(
        f"kafka-{ordinal}.kafka-svc.prod.svc.cluster.local:9093" for ordinal in range(3)
    )
    assert "controller.quorum.voters" not in effective
    assert "controller.quorum.auto.join.enable" not in effective


def test_ordinals_and_ids_may_begin_elsewhere() -> None:
    """As with replicas."""
    start = FIRST_PODS | {"KF_ORDINAL_START": "5", "KF_ID_OFFSET": "100"}
    last, later = made("4.4.0", start | {"POD_NAME": "kafka-7"}), made("4.4.0", start | {"POD_NAME": "kafka-8"})

    assert last["process.roles"] == "broker,controller"
    assert later["process.roles"] == "broker"
    assert later["controller.quorum.voters"].startswith("105@kafka-5.")
    assert later["controller.quorum.voters"].count("@") == 3


def test_replicas_beside_it_say_how_many_pods_there_are() -> None:
    """They make no voters then, and a pod beyond them is refused."""
    both = LATER | {"KF_REPLICAS": "5"}

    assert made("4.4.0", both)["controller.quorum.voters"].count("@") == 3
    assert "has the ordinal 5, outside 0..4" in refused("4.4.0", both | {"POD_NAME": "kafka-5"})


def test_one_controller_needs_no_domain() -> None:
    """Itself it finds."""
    alone = {"POD_NAME": "kafka-0", "KF_DOMAIN": "", "KF_REPLICAS": "", "KF_CONTROLLER_REPLICAS": "1"}

    assert made("4.4.0", alone)["controller.quorum.voters"] == "1@kafka-0:9093"


def test_one_template_may_give_every_pod_the_controllers_listener() -> None:
    """Where a pod is a broker by its place, a controller's part of what is given is left out."""
    given = {
        "KAFKA_LISTENERS": "INTERNAL://:9092,Controller://:9093",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INTERNAL:SSL,CONTROLLER:SSL",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "INTERNAL",
        "KAFKA_CONTROLLER_QUORUM_AUTO_JOIN_ENABLE": "true",
    }
    dynamic = LATER | given | {"KF_QUORUM": "dynamic"}

    assert made("4.4.0", FIRST_PODS | given)["listeners"] == "INTERNAL://:9092,Controller://:9093"
    assert made("4.4.0", LATER | given)["listeners"] == "INTERNAL://:9092"
    assert "controller.quorum.auto.join.enable" not in made("4.4.0", dynamic)
    reason = "this pod is none of the controllers, which are the first pods"
    assert drafted("4.4.0", dynamic)[0].warnings == (
        f"KAFKA_CONTROLLER_QUORUM_AUTO_JOIN_ENABLE is ignored: {reason}",
        f"KAFKA_LISTENERS: Controller is left out: {reason}",
    )
    assert "names CONTROLLER, the controllers' listener" in refused(
        "4.4.0", LATER | {"KAFKA_LISTENERS": "CONTROLLER://:1"}
    )
    assert "'9092', which is not <name>://" in refused("4.4.0", LATER | {"KAFKA_LISTENERS": "9092"})


def test_given_roles_and_voters_win() -> None:
    """Whoever says what a pod is, and who votes, is not asked again."""
    voters = ",".join(f"{number + 1}@kafka-{number}.other:9093" for number in range(4))
    environ = LATER | {"KAFKA_PROCESS_ROLES": "broker,controller", "KAFKA_CONTROLLER_QUORUM_VOTERS": voters}

    assert made("4.4.0", environ)["controller.quorum.voters"] == voters
    assert made("4.4.0", environ)["listeners"] == "PLAINTEXT://:9092,CONTROLLER://:9093"


def test_the_service_of_no_statefulset_is_told() -> None:
    """Somebody forgot the one that says whose it is."""
    config, problems = drafted("4.4.0", FIRST_PODS | {"KF_CONTROLLER_SERVICE": "c", "KF_CONTROLLER_ID_OFFSET": "100"})

    assert problems == []
    assert config.warnings == (
        (
            "KF_CONTROLLER_SERVICE, KF_CONTROLLER_ID_OFFSET: no effect where KF_CONTROLLER_STATEFULSET is not set, for"
            " then KF_CONTROLLER_REPLICAS counts the first pods of this StatefulSet; set that, or unset them"
        ),
    )


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"KF_REPLICAS": "3", "KF_CONTROLLER_REPLICAS": "5"}, "KF_CONTROLLER_REPLICAS=5 is more than KF_REPLICAS=3"),
        (
            {
                "KF_REPLICAS": "2",
                "KF_CONTROLLER_REPLICAS": "3",
                "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@a:1,2@b:1,3@c:1",
            },
            "KF_CONTROLLER_REPLICAS=3 is more than KF_REPLICAS=2",
        ),
        (FIRST_PODS | {"KF_ORDINAL_START": "5"}, "pod kafka-1 has the ordinal 1, below KF_ORDINAL_START=5"),
        (FIRST_PODS | {"KF_DOMAIN": ""}, "has no DNS domain, and must find the 3 controllers"),
        (
            LATER | {"KF_DOMAIN": "", "KF_CONTROLLER_REPLICAS": "1"},
            "has no DNS domain, and must find the 1 controllers",
        ),
        (
            FIRST_PODS | {"KAFKA_PROCESS_ROLES": "broker"},
            "unset KAFKA_PROCESS_ROLES='broker', for KF_CONTROLLER_REPLIC",
        ),
        (
            LATER | {"KAFKA_PROCESS_ROLES": "broker,controller"},
            "node 4 is a controller, and is not among the voters 1, 2, 3",
        ),
        (
            LATER | {"KAFKA_PROCESS_ROLES": "broker,controller"},
            "unset KAFKA_PROCESS_ROLES='broker,controller', for KF_CONTROLLER_REPLICAS=3 says which pods are",
        ),
        (FIRST_PODS | {"KF_CONTROLLER_REPLICAS": "0"}, "KF_CONTROLLER_REPLICAS='0' is not an integer in 1.."),
        (LATER | {"KAFKA_NODE_ID": "2"}, "node 2 is a broker only, and is among the voters 1, 2, 3"),
        (
            FIRST_PODS | {"KAFKA_NODE_ID": "1"},
            f"node 1 is pod {FQDN}, but the voters have it at kafka-0.kafka-svc.prod",
        ),
    ],
)
def test_pods_that_have_no_place_are_refused(environ: dict[str, str], problem: str) -> None:
    """With the variables that contradict each other."""
    assert problem in refused("4.4.0", environ)


def test_a_pod_that_could_not_be_found_has_no_role_to_be_wrong() -> None:
    """What its place would make of it is not told."""
    assert refused("4.4.0", FIRST_PODS | {"POD_NAME": "kafka", "KF_ORDINAL_START": "5"}).count("\n") == 0


@pytest.mark.parametrize(
    "host",
    [
        "kafka-0",
        "kafka-12",
        "kafka-0.kafka-svc",
        "KAFKA-0.kafka-svc.prod.svc.cluster.local.",
        "kafka-0.kafka-svc.prod",
        "kafka-0.another-svc.prod.svc",
        "kafka-0.kafka-svc.other.svc.cluster.local",
        "controller-1.kafka-svc.prod.svc.cluster.local",
    ],
)
def test_a_voter_that_is_surely_another_pod_is_refused(host: str) -> None:
    """With both names: the others would look for this node there."""
    found = refused("4.4.0", {"KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@x:9093,2@{host}:9093"})

    assert found == (
        f"node 2 is pod {FQDN}, but the voters have it at {host}, which is another pod: two pods would be one voter;"
        " correct KAFKA_CONTROLLER_QUORUM_VOTERS, or set KF_ID_OFFSET or KAFKA_NODE_ID to what gives this pod its own"
        " id"
    )


@pytest.mark.parametrize(
    "host",
    [
        "kafka-1",
        "Kafka-1.kafka-svc",
        "kafka-1.another-svc.prod.svc.cluster.local",
        "kafka-1.example.org",
        "10.1.2.3",
        "[fd00::5]",
        "localhost",
        "node-7",
        "controller-1",
        "kafka-0.example.org",
        "ip-10-0-0-5.ec2.internal",
        "kafka-voter-0.prod.svc.cluster.local",
        "kafka-08.kafka-svc",
        "kafka.kafka-svc",
    ],
)
def test_a_voter_that_may_be_this_pod_is_accepted(host: str) -> None:
    """An address, a service for one pod, a load balancer, another node's name: nobody can tell."""
    assert made("4.4.0", {"KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@kafka-0:9093,2@{host}:9093"})["node.id"] == "2"


def test_another_pod_s_name_is_no_matter_where_this_one_does_not_vote() -> None:
    """A broker's id is nobody's among the voters; without a domain a bare name is compared."""
    voters = {"KAFKA_CONTROLLER_QUORUM_VOTERS": "100@kafka-0:9093"}
    bare = {"KF_DOMAIN": "", "KF_REPLICAS": "", "KAFKA_CONTROLLER_QUORUM_VOTERS": "2@kafka-0:9093"}

    assert made("4.4.0", BROKER | voters)["process.roles"] == "broker"
    assert "node 2 is pod kafka-1, but the voters have it at kafka-0" in refused("4.4.0", bare)
    assert made("4.4.0", bare | {"KAFKA_CONTROLLER_QUORUM_VOTERS": "2@kafka-0.x:9093"})["node.id"] == "2"
