"""Other images' variables: none becomes a property, each is named with what to set here, and guards are refused."""

import pytest

from kafkaboot.config.given import read_properties
from kafkaboot.values.foreign import counterpart
from tests.other_images import KAFKA_IMAGES
from zkboot.pod.environ import EnvReader

NO_EFFECT = "is another image's variable and has no effect here"

BITNAMI = {
    "KAFKA_CFG_NODE_ID": "0",
    "KAFKA_CFG_PROCESS_ROLES": "controller,broker",
    "KAFKA_CFG_LISTENERS": "SASL_SSL://:9092,CONTROLLER://:9093",
    "KAFKA_CFG_AUTHORIZER_CLASS_NAME": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_CLIENT_USERS": "user",
    "KAFKA_CLIENT_PASSWORDS": "hunter2",
    "KAFKA_TLS_INTERNAL_CLIENT_AUTH": "required",
    "KAFKA_ZOOKEEPER_TLS_TYPE": "JKS",
    "KAFKA_TLS_ENABLED": "true",
    "KAFKA_INTER_BROKER_CLIENT_SECRET": "hunter2",
    "KAFKA_CFG_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM": "",
}
CONFLUENT = {
    "KAFKA_SSL_KEYSTORE_FILENAME": "broker.jks",
    "KAFKA_SSL_KEYSTORE_CREDENTIALS": "keystore_creds",
    "KAFKA_SSL_KEY_CREDENTIALS": "key_creds",
    "KAFKA_ZOOKEEPER_CLIENT_CNXN_SOCKET": "org.apache.zookeeper.ClientCnxnSocketNetty",
}


@pytest.mark.parametrize("environ", [BITNAMI, CONFLUENT], ids=["bitnami", "Confluent"])
def test_a_secured_broker_of_another_image_is_refused(environ: dict[str, str]) -> None:
    """Every name at once, and none is a property; what is a secret stays unsaid."""
    env = EnvReader(environ)
    given, advice = read_properties(env)
    problems = [str(problem) for problem in env.problems]

    assert (given, advice) == ({}, ())
    assert sorted(problem.partition(" ")[0] for problem in problems) == sorted(environ)
    assert all(NO_EFFECT in problem and "hunter2" not in problem for problem in problems)


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("KAFKA_CFG_LOG_DIRS", "set KAFKA_LOG_DIRS"),
        ("KAFKA_CFG_TLS_CLIENT_AUTH", "set KAFKA_SSL_CLIENT_AUTH"),
        ("KAFKA_TLS_CLIENT_CLIENT_AUTH", "set KAFKA_LISTENER_NAME_CLIENT_SSL_CLIENT_AUTH"),
        ("KAFKA_SSL_KEY_CREDENTIALS", "set KAFKA_SSL_KEY_PASSWORD_FILE=/etc/kafka/secrets/<its value>"),
        (
            "KAFKA_LISTENER_NAME_CONTROLLER_SSL_KEYSTORE_FILENAME",
            "set KAFKA_LISTENER_NAME_CONTROLLER_SSL_KEYSTORE_LOCATION=/etc/kafka/secrets/<its value>",
        ),
        ("KAFKA_TLS_PEM_KEY_PASSWORD", "set KF_TLS_DIR, or KAFKA_SSL_*"),
        ("KAFKA_INTER_BROKER_PASSWORD_FILE", None),
    ],
)
def test_a_refusal_names_what_to_set(name: str, instead: str | None) -> None:
    """By the rule of the name, or from the table; with `_FILE` behind it, too."""
    found = counterpart(name)
    assert found is not None
    assert found.is_guard
    assert instead in (None, found.instead)


def test_what_opens_nothing_is_told() -> None:
    """Names that only cost somebody an evening."""
    environ = {
        "KAFKA_CREATE_TOPICS": "a:1:1",
        "KAFKA_KRAFT_CLUSTER_ID": "x",
        "KAFKA_ZOOKEEPER_PROTOCOL": "PLAINTEXT",
        "KAFKA_JMX_PORT": "9999",
        "KAFKA_CONF_FILE": "/no/such/file",
        "KAFKA_SECURITY_PROTOCOL": "SSL",
        "CONFLUENT_METRICS_ENABLE": "true",
    }
    env = EnvReader(environ)
    given, advice = read_properties(env)

    assert (given, list(env.problems)) == ({}, [])
    assert sorted(line.partition(" ")[0] for line in advice) == sorted(environ)
    assert all(NO_EFFECT in line for line in advice)


def test_properties_of_kafka_are_nobody_elses() -> None:
    """What Apache's and Confluent's images pass on is the same here."""
    names = (
        "KAFKA_SSL_KEYSTORE_LOCATION",
        "KAFKA_CLIENT_QUOTA_CALLBACK_CLASS",
        "KAFKA_ZOOKEEPER_SSL_PROTOCOL",
    )
    assert [name for name in names if counterpart(name) is not None] == []


def test_every_variable_about_logins_and_tls_is_a_guard() -> None:
    """Of all that the images have."""
    words = ("TLS", "SSL", "AUTH", "PASSWORD", "USER", "CREDENTIALS", "CFG")
    names = {name for image in KAFKA_IMAGES for name in image.variables if any(word in name for word in words)}
    assert not [name for name in names if (found := counterpart(name)) is None or not found.is_guard]


def test_what_is_said_twice_is_only_told() -> None:
    """Confluent's own example has the name of the file and its path, the file of the password and the password."""
    prefix = "KAFKA_LISTENER_NAME_CONTROLLER_SSL_KEYSTORE_"
    own = {f"{prefix}LOCATION": "/etc/kafka/secrets/a.jks", f"{prefix}PASSWORD": "hunter2"}
    env = EnvReader({**own, f"{prefix}FILENAME": "a.jks", f"{prefix}CREDENTIALS": "creds"})
    given, advice = read_properties(env)

    assert (len(given), list(env.problems)) == (2, [])
    assert [line.rpartition(": ")[2] for line in advice] == [
        f"unset it, for {prefix}PASSWORD says it",
        f"unset it, for {prefix}LOCATION says it",
    ]
