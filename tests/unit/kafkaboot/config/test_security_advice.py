"""What listeners lack that speak TLS or SASL."""

import pytest

from kafkaboot.config.security_advice import security_advice
from tests.unit.kafkaboot.config.test_zookeeper import drafted

TLS = "the listener SSL speaks TLS and has no keystore, so it refuses every client"
SASL = "the listener OUT speaks SASL and has no logins, with which Kafka ends"
OUT = {
    "KAFKA_LISTENERS": "OUT://:9092",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "OUT:SASL_PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "OUT",
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
        (OUT, [SASL]),
        ({**OUT, "KAFKA_LISTENER_NAME_OUT_PLAIN_SASL_JAAS_CONFIG": "x"}, []),
        ({**OUT, "KAFKA_SASL_JAAS_CONFIG": "x"}, [SASL]),
        ({**OUT, "KAFKA_OPTS": "-Djava.security.auth.login.config=/x"}, []),
    ],
)
def test_what_a_listener_lacks_is_told(environ: dict[str, str], lines: list[str]) -> None:
    """For its own name or for all; logins are always a listener's own."""
    assert [line.partition(": set")[0] for line in security_advice(drafted("3.9.1", environ)[0], environ)] == lines
