"""TLS in the properties: which listeners, which stores, who must show a certificate, and what an old version cannot."""

from pathlib import Path

import pytest

from kafkaboot.start.plan import Plan, make_plan
from tests.certificates import Authority
from zkboot.pod.errors import SettingsError
from zkboot.pod.identity import Host

NAME = "kafka-0.kafka-svc.test"
BASE = {"3": "server-3.9.properties", "4": "server-4.properties"}
PREFIXES = ("ssl.", "listener", "inter.broker", "security.inter", "zookeeper.ssl", "zookeeper.clientCnxnSocket")


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Secret for the pod."""
    authority = Authority()
    return authority.issue(NAME).write(tmp_path_factory.mktemp("secret"), authority.ca_crt)


def plan_of(folder: Path, secret: Path, version: str, environ: dict[str, str]) -> Plan:
    """Return what a start of *version* makes."""
    (folder / "base.properties").write_text("")
    return make_plan(
        {
            "POD_NAME": "kafka-0",
            "POD_NAMESPACE": "default",
            "KF_DOMAIN": "kafka-svc.test",
            "KF_VERSION": version,
            "KF_REPLICAS": "1",
            "KF_BASE_FILE": str(folder / "base.properties"),
            "KF_CONFIG_FILE": str(folder / "server.properties"),
            "KAFKA_LOG_DIRS": str(folder / "data"),
            "KF_TLS_DIR": str(secret),
            **environ,
        },
        Host(lambda: "kafka-0", lambda: ""),
    )


def planned(folder: Path, secret: Path, version: str, environ: dict[str, str]) -> tuple[dict[str, str], set[str]]:
    """Return the properties about TLS that a start of *version* makes, and the names of the stores."""
    plan = plan_of(folder, secret, version, environ)
    made = {key: value.replace(f"{folder}/", "") for key, value in plan.config.entries.items()}
    assert plan.stores is not None
    return (
        {key: value for key, value in made.items() if key.startswith(PREFIXES)},
        {Path(file.path).name for file in plan.stores.files},
    )


AS_PEM = {
    "ssl.keystore.location": "tls/server.pem",
    "ssl.keystore.type": "PEM",
    "ssl.truststore.location": "tls/ca.pem",
    "ssl.truststore.type": "PEM",
}
MAP = "BROKERS:SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL"
BETWEEN = {"inter.broker.listener.name": "BROKERS", "listener.name.brokers.ssl.client.auth": "required"}


def test_a_node_of_kraft_has_three_listeners_for_tls(tmp_path: Path, secret: Path) -> None:
    """Clients need no certificate by default; brokers and controllers always do."""
    assert planned(tmp_path, secret, "4.4.0", {}) == (
        {
            "listeners": "SSL://:9094,BROKERS://:9095,CONTROLLER://:9093",
            "listener.security.protocol.map": f"CONTROLLER:SSL,{MAP}",
            "ssl.client.auth": "none",
            "listener.name.controller.ssl.client.auth": "required",
            **BETWEEN,
            **AS_PEM,
        },
        {"server.pem", "ca.pem"},
    )


def test_a_migration_keeps_the_plain_listener(tmp_path: Path, secret: Path) -> None:
    """Brokers speak TLS with each other from then on, unless a variable says that they do not yet."""
    made, _ = planned(tmp_path, secret, "4.4.0", {"KF_TLS_CLIENTS": "both"})
    assert made["listeners"] == "PLAINTEXT://:9092,SSL://:9094,BROKERS://:9095,CONTROLLER://:9093"
    assert made["inter.broker.listener.name"] == "BROKERS"

    first, _ = planned(
        tmp_path, secret, "4.4.0", {"KF_TLS_CLIENTS": "both", "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT"}
    )
    assert first["inter.broker.listener.name"] == "PLAINTEXT"


def test_before_3_3_the_stores_are_jks(tmp_path: Path, secret: Path) -> None:
    """With the password that Java wants; PEM is there for the probes."""
    made, files = planned(tmp_path, secret, "2.8.2", {"KF_TLS_CLIENT_AUTH": "required", "KF_ZK_TLS": "true"})

    assert made["ssl.keystore.location"] == made["zookeeper.ssl.keystore.location"] == "tls/server.jks"
    assert made["ssl.keystore.type"] == made["ssl.truststore.type"] == "JKS"
    assert made["ssl.keystore.password"] == made["ssl.key.password"] == made["zookeeper.ssl.truststore.password"]
    assert "zookeeper.ssl.key.password" not in made
    assert (made["ssl.client.auth"], made["zookeeper.ssl.client.enable"]) == ("required", "true")
    assert files == {"server.pem", "ca.pem", "server.jks", "ca.jks"}


def test_before_0_10_2_a_listener_has_no_name(tmp_path: Path, secret: Path) -> None:
    """Brokers share it with clients."""
    made, _ = planned(tmp_path, secret, "0.10.1.1", {"KF_TLS_CLIENT_AUTH": "required"})

    assert (made["listeners"], made["security.inter.broker.protocol"]) == ("SSL://:9094", "SSL")
    assert not {"inter.broker.listener.name", "listener.security.protocol.map"} & made.keys()


@pytest.mark.parametrize(
    ("version", "environ", "problem"),
    [
        ("0.8.2.1", {}, "KF_TLS_DIR: Kafka 0.8.2.1 has no TLS, 0.9 is the first that has"),
        (
            "2.4.1",
            {"KF_ZK_TLS": "true"},
            "KF_ZK_TLS=true: Kafka 2.4.1 has no TLS with ZooKeeper, 2.5 is the first that has",
        ),
        (
            "4.4.0",
            {"KF_TLS_DIR": "", "KF_TLS_CLIENTS": "both"},
            "KF_TLS_CLIENTS needs KF_TLS_DIR: without it nothing speaks TLS",
        ),
        *(
            (
                version,
                environ,
                f"{next(iter(environ))}='{next(iter(environ.values()))}': PLAINTEXT would serve everybody",
            )
            for version, environ in (
                ("3.9.1", {"KAFKA_LISTENERS": "PLAINTEXT://:9092"}),
                ("3.9.1", {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://broker:9092", "KF_TLS_CLIENTS": "both"}),
                ("2.8.0", {"KAFKA_PORT": "9092"}),
                ("0.10.1.1", {"KAFKA_LISTENERS": "PLAINTEXT://:9092"}),
                ("4.4.0", {"KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093"}),
            )
        ),
        (
            "4.4.0",
            {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:SSL,SSL:PLAINTEXT,BROKERS:PLAINTEXT"},
            "SSL, BROKERS would serve everybody in plain text, though KF_TLS_DIR is set",
        ),
        *(
            (version, {name: text}, f"{name} is of a store of your own, but KF_TLS_DIR makes the store")
            for version, name, text in (
                ("4.4.0", "KAFKA_SSL_KEYSTORE_PASSWORD", "x"),
                ("4.4.0", "KAFKA_SSL_KEY_PASSWORD", "x"),
                ("4.4.0", "KAFKA_SSL_TRUSTSTORE_TYPE", "JKS"),
                ("3.9.1", "KAFKA_SSL_TRUSTSTORE_PASSWORD", "x"),
            )
        ),
        ("4.4.0", {"KF_DOMAIN": "elsewhere.test"}, "does not cover kafka-0.elsewhere.test"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, secret: Path, version: str, environ: dict[str, str], problem: str
) -> None:
    """With the reason, before anything is written."""
    with pytest.raises(SettingsError) as raised:
        planned(tmp_path, secret, version, environ)

    assert any(problem in one for one in raised.value.problems)


@pytest.mark.parametrize(
    ("version", "environ", "left"),
    [
        ("4.4.0", {"KAFKA_SSL_KEYSTORE_LOCATION": "/x.jks"}, {"ssl.truststore.location", "ssl.truststore.type"}),
        (
            "4.4.0",
            {"KAFKA_SSL_KEYSTORE_LOCATION": "/x.jks", "KAFKA_SSL_KEYSTORE_PASSWORD": "x"},
            {"ssl.keystore.password", "ssl.truststore.location", "ssl.truststore.type"},
        ),
        (
            "4.4.0",
            {"KAFKA_SSL_TRUSTSTORE_CERTIFICATES": "x", "KAFKA_SSL_TRUSTSTORE_TYPE": "PEM"},
            {"ssl.truststore.type", "ssl.truststore.certificates", "ssl.keystore.location", "ssl.keystore.type"},
        ),
        (
            "2.6.0",
            {"KAFKA_SSL_KEYSTORE_LOCATION": "/x.p12", "KAFKA_SSL_TRUSTSTORE_LOCATION": "/y.p12"},
            {"ssl.truststore.location"},
        ),
    ],
)
def test_a_store_of_the_operators_is_read_as_the_operator_says(
    tmp_path: Path, secret: Path, version: str, environ: dict[str, str], left: set[str]
) -> None:
    """Type and passwords go with the place."""
    made, _ = planned(tmp_path, secret, version, environ)

    assert {key for key in made if key.startswith(("ssl.k", "ssl.t"))} == left | {
        "ssl.keystore.location" for name in environ if name == "KAFKA_SSL_KEYSTORE_LOCATION"
    }


WINS = "sets what KF_TLS_DIR makes, and wins"
PLAIN = "this listener speaks plain text, though KF_TLS_DIR is set"


@pytest.mark.parametrize(
    ("environ", "lines"),
    [
        ({}, []),
        ({"KF_TLS_CLIENTS": "both"}, []),
        ({"KF_TLS_CLIENTS": "both", "KF_PORT": "9192"}, []),
        ({"KF_PORT": "9092"}, ["KF_PORT=9092 has no effect: clients come by TLS, so set KF_TLS_PORT"]),
        ({"KAFKA_SSL_CLIENT_AUTH": "requested"}, [f"KAFKA_SSL_CLIENT_AUTH {WINS}"]),
        (
            {"KAFKA_LISTENERS": "PLAINTEXT://:9092,SSL://:9094,BROKERS://:9095,CONTROLLER://:9093"},
            [f"KAFKA_LISTENERS {WINS}", f"PLAINTEXT: {PLAIN}"],
        ),
        (
            {"KAFKA_LISTENERS": "SSL://:9094,CONTROLLER://:9093", "KAFKA_INTER_BROKER_LISTENER_NAME": "SSL"},
            [
                f"KAFKA_LISTENERS, KAFKA_INTER_BROKER_LISTENER_NAME {WINS}",
                (
                    "brokers connect to each other by SSL, and need no certificate there:"
                    " set KAFKA_LISTENER_NAME_SSL_SSL_CLIENT_AUTH=required"
                ),
            ],
        ),
        (
            {
                "KAFKA_ADVERTISED_LISTENERS": "SSL://kafka:9094",
                "KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "SSL",
                "KF_TLS_CLIENT_AUTH": "required",
            },
            [
                "listening at the ports that KAFKA_ADVERTISED_LISTENERS publishes: set KAFKA_LISTENERS for others",
                f"KAFKA_ADVERTISED_LISTENERS, KAFKA_SECURITY_INTER_BROKER_PROTOCOL {WINS}",
            ],
        ),
        (
            {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,SSL:SSL,BROKERS:SSL"},
            [f"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP {WINS}", f"CONTROLLER: {PLAIN}"],
        ),
    ],
)
def test_what_a_variable_sets_wins_and_that_is_said(
    tmp_path: Path, secret: Path, environ: dict[str, str], lines: list[str]
) -> None:
    """A raw property is the operator's last word, and no listener speaks plain text unsaid."""
    plan = plan_of(tmp_path, secret, "4.4.0", environ)

    assert list(plan.config.warnings) == lines
