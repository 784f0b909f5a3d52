"""Broker properties as KAFKA_* names them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkaboot.values.keys import is_secret, property_of, variable_name, variable_of


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("KAFKA_BROKER_ID", "broker.id"),
        ("KAFKA_LISTENER_NAME_SASL__SSL_PLAIN_SASL_JAAS_CONFIG", "listener.name.sasl_ssl.plain.sasl.jaas.config"),
        ("KAFKA_X_SCRAM___SHA___256", "x.scram-sha-256"),
        ("KAFKA_KAFKA_METRICS_REPORTERS", "kafka.metrics.reporters"),
        ("KAFKA_listeners", "listeners"),
        ("KAFKA_listener.name", "listener.name"),
        ("KAFKA_ZOOKEEPER_CLIENTCNXNSOCKET", "zookeeper.clientCnxnSocket"),
    ],
)
def test_a_variable_names_a_property(name: str, key: str) -> None:
    """Lower case; one underscore is a dot, two are an underscore, three are a dash."""
    assert property_of(name) == key


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("KAFKA_", "names no broker property"),
        ("KAFKA__X", "names no broker property"),
        ("KAFKA_X_", "names no broker property"),
        ("KAFKA_X=", "names no broker property"),
        ("KAFKA_Ä", "names no broker property"),
        ("KAFKA_X Y", "names no broker property"),
        ("KAFKA_A____B", "more than three underscores"),
        ("KAFKA_A______B", "more than three underscores"),
    ],
)
def test_some_variables_name_none(name: str, reason: str) -> None:
    """Four underscores mean four things in four tools, so they mean nothing here."""
    with pytest.raises(ValueError, match=reason):
        property_of(name)


@given(st.from_regex(r"[a-z0-9]{1,4}([._-][a-z0-9]{1,4}){0,4}", fullmatch=True))
def test_every_property_has_a_variable(key: str) -> None:
    """The way back is the same rule."""
    assert property_of(variable_of(key)) == key


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("KAFKA_SSL_KEYSTORE_PASSWORD_FILE", "KAFKA_SSL_KEYSTORE_PASSWORD"),
        ("KAFKA_SSL_KEYSTORE_PASSWORD", "KAFKA_SSL_KEYSTORE_PASSWORD"),
        ("KAFKA_SASL_OAUTHBEARER_ASSERTION_FILE", "KAFKA_SASL_OAUTHBEARER_ASSERTION_FILE"),
        ("KAFKA_SASL_OAUTHBEARER_ASSERTION_PRIVATE_KEY_FILE", "KAFKA_SASL_OAUTHBEARER_ASSERTION_PRIVATE_KEY_FILE"),
        ("KAFKA_SASL_OAUTHBEARER_ASSERTION_TEMPLATE_FILE", "KAFKA_SASL_OAUTHBEARER_ASSERTION_TEMPLATE_FILE"),
        ("KAFKA_SASL_OAUTHBEARER_ASSERTION_FILE_FILE", "KAFKA_SASL_OAUTHBEARER_ASSERTION_FILE"),
        (
            "KAFKA_LISTENER_NAME_A_OAUTHBEARER_SASL_OAUTHBEARER_ASSERTION_FILE",
            "KAFKA_LISTENER_NAME_A_OAUTHBEARER_SASL_OAUTHBEARER_ASSERTION_FILE",
        ),
        ("KAFKA_X____FILE", "KAFKA_X___"),
    ],
)
def test_a_property_may_end_in_file_itself(name: str, meant: str) -> None:
    """Kafka 4.1 has three such properties; everywhere else _FILE names a file that holds the value."""
    assert variable_name(name) == meant


@pytest.mark.parametrize(
    "key",
    [
        "ssl.keystore.password",
        "ssl.key.password",
        "ssl.keystore.key",
        "sasl.jaas.config",
        "listener.name.sasl_ssl.plain.sasl.jaas.config",
        "zookeeper.ssl.truststore.password",
        "delegation.token.master.key",
        "delegation.token.secret.key",
        "password.encoder.secret",
        "sasl.oauthbearer.client.credentials.client.secret",
        "my.plugin.PASSWORD",
        "ssl.keystore.pasword",
        "ssl.keystore.pass",
        "sasl.jaas",
        "delegation.token.master.keys",
        "ssl.key.passwrod",
        "vault.credentail",
        "ssl.keystore.pwd",
        "ssl.keystore.pem.private.key",
        "metrics.basic.auth.user.info",
        "metrics.basic.auth",
        "s3.access.key",
        "confluent.license",
    ],
)
def test_a_secret_is_known_by_its_name(key: str) -> None:
    """What Kafka declares as PASSWORD, and what plugins call so, mistyped, too."""
    assert is_secret(key)


@pytest.mark.parametrize(
    "key",
    [
        "broker.id",
        "my.own.compass",
        "ssl.keystore.location",
        "password.encoder.iterations",
        "password.encoder.keyfactory.algorithm",
        "delegation.token.max.lifetime.ms",
        "sasl.oauthbearer.token.endpoint.url",
        "sasl.oauthbearer.assertion.private.key.file",
        "sasl.login.callback.handler.class",
        "confluent.license.topic",
        "confluent.license.topic.replication.factor",
    ],
)
def test_where_a_secret_lies_is_none(key: str) -> None:
    """Neither are its algorithm, its length and its lifetime."""
    assert not is_secret(key)
