"""What listeners lack that speak TLS or SASL."""

import pytest

from kafkaboot.config.security_advice import security_advice
from kafkaboot.values.version import Version
from tests.unit.kafkaboot.config import test_kraft, test_zookeeper

TLS = "the listener SSL speaks TLS and has no keystore, so it refuses every client"
OUT = {
    "KAFKA_LISTENERS": "OUT://:9092",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "OUT:SASL_PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "OUT",
    "KAFKA_SASL_ENABLED_MECHANISMS": "PLAIN,SCRAM-SHA-512",
    "KAFKA_SASL_MECHANISM_INTER_BROKER_PROTOCOL": "PLAIN",
}
PLAIN = "KAFKA_LISTENER_NAME_OUT_PLAIN_SASL_JAAS_CONFIG"
SCRAM = "KAFKA_LISTENER_NAME_OUT_SCRAM___SHA___512_SASL_JAAS_CONFIG"
FILE = "-Djava.security.auth.login.config in KAFKA_OPTS"
BOTH = f"PLAIN, SCRAM-SHA-512, with which Kafka ends: set {PLAIN} and {SCRAM}, or {FILE}"
GSSAPI = "KAFKA_LISTENER_NAME_OUT_GSSAPI_SASL_JAAS_CONFIG"
INSTEAD = "GSSAPI is the default, KAFKA_SASL_ENABLED_MECHANISMS sets others"
BROKER = {
    "KAFKA_PROCESS_ROLES": "broker",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@c-0:9093",
    "KAFKA_NODE_ID": "7",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
    "KAFKA_SASL_MECHANISM_CONTROLLER_PROTOCOL": "PLAIN",
}
SSL = {"KAFKA_LISTENERS": "PLAINTEXT://:9092,SSL://:9093"}


@pytest.mark.parametrize(
    ("environ", "lines"),
    [
        ({}, []),
        (SSL, [TLS]),
        ({**SSL, "KAFKA_SSL_KEYSTORE_LOCATION": "/x"}, []),
        ({**SSL, "KAFKA_LISTENER_NAME_SSL_SSL_KEYSTORE_KEY": "x"}, []),
        ({**SSL, "KAFKA_LISTENER_NAME_PLAINTEXT_SSL_KEYSTORE_KEY": "x"}, [TLS]),
    ],
)
def test_a_listener_without_a_keystore_is_told(environ: dict[str, str], lines: list[str]) -> None:
    """For its own name or for all."""
    assert [line.partition(": set")[0] for line in told("3.9.1", environ)] == lines


@pytest.mark.parametrize(
    ("version", "environ", "missing"),
    [
        ("3.9.1", OUT, BOTH),
        ("3.9.1", {**OUT, "KAFKA_SASL_JAAS_CONFIG": "x"}, BOTH),
        ("3.9.1", {**OUT, "KAFKA_LISTENER_NAME_OUT_SASL_JAAS_CONFIG": "x"}, BOTH),
        ("3.9.1", {**OUT, PLAIN: "x"}, f"SCRAM-SHA-512, with which Kafka ends: set {SCRAM}, or {FILE}"),
        ("3.9.1", {**OUT, PLAIN: "x", SCRAM: "x"}, None),
        ("3.9.1", {**OUT, PLAIN: "x", "KAFKA_LISTENER_NAME_OUT_SASL_ENABLED_MECHANISMS": "PLAIN"}, None),
        ("3.9.1", {**OUT, "KAFKA_OPTS": "-Djava.security.auth.login.config=/x"}, None),
        ("3.9.1", {**OUT, PLAIN: "x", "KAFKA_SASL_ENABLED_MECHANISMS": "PLAIN,${env:M}"}, None),
        ("0.10.2.2", {**OUT, PLAIN: "x", SCRAM: "x"}, f"PLAIN, SCRAM-SHA-512, with which Kafka ends: set {FILE}"),
        (
            "3.9.1",
            {key: text for key, text in OUT.items() if "SASL_" not in key},
            f"GSSAPI, with which Kafka ends: set {GSSAPI}, or {FILE}; {INSTEAD}",
        ),
    ],
)
def test_each_mechanism_without_logins_is_told(version: str, environ: dict[str, str], missing: str | None) -> None:
    """As Kafka finds them: by the listener and the mechanism, or in the JVM's file, before 1.1 there only."""
    expected = [] if missing is None else [f"the listener OUT speaks SASL and has no logins for {missing}"]

    assert told(version, environ) == expected


def test_a_broker_needs_logins_for_the_controllers() -> None:
    """By their mechanism, at a listener that it does not have itself."""
    config, _ = test_kraft.drafted("4.1.0", BROKER)
    own = {**BROKER, "KAFKA_LISTENER_NAME_CONTROLLER_PLAIN_SASL_JAAS_CONFIG": "x"}
    given, _ = test_kraft.drafted("4.1.0", own)

    (line,) = security_advice(config, BROKER, Version.parse("4.1.0"))
    assert line.startswith("the listener CONTROLLER speaks SASL and has no logins for PLAIN, with which Kafka ends")
    assert [*security_advice(given, own, Version.parse("4.1.0"))] == []


@pytest.mark.parametrize("version", ["0.10.2.2", "3.9.1"])
def test_brokers_log_in_at_each_other_by_an_enabled_mechanism(version: str) -> None:
    """The default is none of those that are enabled: Kafka refuses it, with ZooKeeper, too."""
    environ = {key: text for key, text in OUT.items() if key != "KAFKA_SASL_MECHANISM_INTER_BROKER_PROTOCOL"}

    (reason,) = test_zookeeper.refused(version, environ)

    assert reason.startswith("the default of sasl.mechanism.inter.broker.protocol, GSSAPI, is not in")


def told(version: str, environ: dict[str, str]) -> list[str]:
    """Return what is said of a broker with ZooKeeper."""
    return [*security_advice(test_zookeeper.drafted(version, environ)[0], environ, Version.parse(version))]
