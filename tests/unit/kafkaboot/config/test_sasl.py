"""Logins in the properties: which listeners ask for one, who may log in, and what an old version cannot."""

import shutil
from pathlib import Path

import pytest

from kafkaboot.start.formatting import shown_format, storage_format
from kafkaboot.start.plan import Plan, make_plan
from kafkaboot.start.report import preview, summary
from tests.certificates import Authority
from zkboot.pod.errors import SettingsError
from zkboot.pod.identity import Host
from zkboot.pod.secret import MASK

PREFIXES = ("sasl.", "listener", "inter.broker", "security.inter")
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
OWN = 'username="broker" password="hu\\"sh"'
USERS = 'user_app="pass\\\\word" user_broker="hu\\"sh"'
MAP = "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL"
CONTROLLERS = {
    "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.controller.plain.sasl.jaas.config": f'{PLAIN} {OWN} user_broker="hu\\"sh";',
    "sasl.mechanism.controller.protocol": "PLAIN",
}


def plan_of(folder: Path, version: str, environ: dict[str, str], base: str = "") -> Plan:
    """Return what a start of *version* makes, with the users app and broker."""
    (folder / "base.properties").write_text(base)
    (folder / "users").mkdir()
    for name, password in (("app", "pass\\word\n"), ("broker", 'hu"sh')):
        (folder / "users" / name).write_text(password)
    return make_plan(
        {
            "POD_NAME": "kafka-0",
            "POD_NAMESPACE": "default",
            "KF_DOMAIN": "kafka-svc.test",
            "KF_VERSION": version,
            "KF_REPLICAS": "1",
            "KF_CLUSTER_ID": "Ut7tJ-wMRxCHyEbPpYTYKA",
            "KF_BASE_FILE": str(folder / "base.properties"),
            "KF_CONFIG_FILE": str(folder / "server.properties"),
            "KAFKA_LOG_DIRS": str(folder / "data"),
            "KF_SASL_DIR": str(folder / "users"),
            "KF_SASL_USER": "broker",
            **environ,
        },
        Host(lambda: "kafka-0", lambda: ""),
    )


def planned(folder: Path, version: str, environ: dict[str, str]) -> dict[str, str]:
    """Return the properties about logins that a start of *version* makes."""
    made = plan_of(folder, version, environ).config.entries
    return {key: value for key, value in made.items() if key.startswith(PREFIXES)}


def test_clients_and_brokers_log_in_by_scram_and_controllers_by_plain(tmp_path: Path) -> None:
    """A controller has no metadata, and so no users, before there is a leader."""
    assert planned(tmp_path, "4.4.0", {}) == {
        "listeners": "SASL_PLAINTEXT://:9092,CONTROLLER://:9093",
        "listener.security.protocol.map": f"CONTROLLER:SASL_PLAINTEXT,{MAP}",
        "inter.broker.listener.name": "SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": f"{SCRAM} {OWN};",
        **CONTROLLERS,
    }


def test_with_zookeeper_the_users_of_plain_stand_in_the_file(tmp_path: Path) -> None:
    """All of them, and as whom this broker logs in at the others."""
    assert planned(tmp_path, "1.1.1", {"KF_SASL_MECHANISM": "PLAIN"}) == {
        "listeners": "SASL_PLAINTEXT://:9092",
        "inter.broker.listener.name": "SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": f"{PLAIN} {OWN} {USERS};",
    }


def test_with_tls_servers_show_certificates(tmp_path: Path) -> None:
    """So no server logs in, and KF_SASL_USER need not be set; a client shows a certificate, too, where it is asked."""
    authority = Authority()
    secret = authority.issue("kafka-0.kafka-svc.test").write(tmp_path / "tls", authority.ca_crt)
    tls = {"KF_TLS_DIR": str(secret), "KF_TLS_CLIENTS": "both", "KF_TLS_CLIENT_AUTH": "required", "KF_SASL_USER": ""}
    plan = plan_of(tmp_path, "4.4.0", tls)
    made = {key: value for key, value in plan.config.entries.items() if key.startswith(PREFIXES)}

    assert made == {
        "listeners": "SASL_PLAINTEXT://:9092,SASL_SSL://:9094,BROKERS://:9095,CONTROLLER://:9093",
        "listener.security.protocol.map": f"CONTROLLER:SSL,BROKERS:SSL,{MAP}",
        "inter.broker.listener.name": "BROKERS",
        "listener.name.brokers.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "listener.name.sasl_ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": f"{SCRAM};",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{SCRAM};",
    }
    assert plan.config.warnings == ()
    shutil.rmtree(tmp_path / "users")
    with pytest.raises(SettingsError, match=r"before Kafka 2.8 a listener that asks for"):
        plan_of(tmp_path, "2.7.0", {**tls, "KF_SASL_MECHANISM": "PLAIN"})


def test_a_controller_alone_knows_its_own_user_only(tmp_path: Path) -> None:
    """Clients do not come there."""
    made = planned(tmp_path, "3.9.1", {"KAFKA_PROCESS_ROLES": "controller", "KF_MODE": "kraft"})

    assert {key: text for key, text in made.items() if "sasl." in key} == CONTROLLERS


NO_LOGIN = "this listener asks for no login, though KF_SASL_DIR is set"
WINS = "sets what KF_SASL_DIR makes, and wins"
CROSSES = "the password of broker crosses the network in plain text"


@pytest.mark.parametrize(
    ("environ", "lines"),
    [
        ({}, [CROSSES]),
        ({"KF_SASL_MECHANISM": "PLAIN"}, ["KF_SASL_MECHANISM=PLAIN without KF_TLS_DIR: passwords cross the network"]),
        (
            {"KAFKA_LISTENERS": "SASL_PLAINTEXT://:9092,PLAINTEXT://:9096,CONTROLLER://:9093"},
            [f"PLAINTEXT: {NO_LOGIN}", f"KAFKA_LISTENERS {WINS}", CROSSES],
        ),
        (
            {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": f"CONTROLLER:PLAINTEXT,{MAP}"},
            [f"CONTROLLER: {NO_LOGIN}", f"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP {WINS}"],
        ),
        (
            {
                "KAFKA_SASL_ENABLED_MECHANISMS": "SCRAM-SHA-512,PLAIN",
                "KAFKA_LISTENER_NAME_SASL__PLAINTEXT_SCRAM___SHA___512_SASL_JAAS_CONFIG": f"{SCRAM};",
            },
            [
                (
                    "KAFKA_SASL_ENABLED_MECHANISMS,"
                    f" KAFKA_LISTENER_NAME_SASL__PLAINTEXT_SCRAM___SHA___512_SASL_JAAS_CONFIG {WINS}"
                ),
                CROSSES,
            ],
        ),
    ],
)
def test_what_a_variable_sets_wins_and_that_is_said(tmp_path: Path, environ: dict[str, str], lines: list[str]) -> None:
    """A raw property is the operator's last word, and no listener is open unsaid."""
    found = plan_of(tmp_path, "4.4.0", environ).config

    assert len(found.warnings) == len(lines)
    assert all(line in warning for line, warning in zip(lines, found.warnings, strict=True))
    for name, text in environ.items():
        if name.startswith("KAFKA_SASL"):
            assert found.entries["sasl.enabled.mechanisms"] == text


@pytest.mark.parametrize(
    ("version", "environ", "problem"),
    [
        ("1.0.0", {"KF_SASL_MECHANISM": "PLAIN"}, "KF_SASL_DIR: Kafka 1.0.0 has no logins in its properties, 1.1 is"),
        ("3.9.1", {}, "KF_SASL_MECHANISM=SCRAM-SHA-512: with ZooKeeper the users of SCRAM must be in it before"),
        ("3.4.0", {"KF_MODE": "kraft"}, "Kafka 3.4.0 cannot be formatted with users of SCRAM, 3.5 is the first"),
        ("4.4.0", {"KF_SASL_USER": ""}, "KF_SASL_USER must say as which user of KF_SASL_DIR="),
        ("4.4.0", {"KF_SASL_USER": "nobody"}, "KF_SASL_USER='nobody' is none of the users in "),
        ("4.4.0", {"KF_SASL_DIR": ""}, "KF_SASL_USER needs KF_SASL_DIR: without it nobody has to log in"),
        ("4.4.0", {"KF_SASL_DIR": "/nowhere/users"}, "KF_SASL_DIR: /nowhere/users holds no user"),
        (
            "4.4.0",
            {"KF_SASL_DIR": "/nowhere/users", "KAFKA_LISTENERS": "SASL_PLAINTEXT://:9092,CONTROLLER://:9093"},
            "KF_SASL_DIR: /nowhere/users holds no",
        ),
        (
            "4.4.0",
            {
                "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
                "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
            },
            "PLAINTEXT would let everybody in, though KF_SASL_DIR is set: unset it, or have a listener that asks for a",
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, version: str, environ: dict[str, str], problem: str) -> None:
    """With the reason, and nothing that follows from it, before anything is written."""
    with pytest.raises(SettingsError) as raised:
        plan_of(tmp_path, version, environ)

    (told,) = raised.value.problems
    assert problem in told
    assert not any(secret in told for secret in ('hu"sh', "pass\\word"))


def test_no_password_is_shown(tmp_path: Path) -> None:
    """Not in a dry run, a summary or a warning about the base file; the file that has them is private."""
    key = "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config"
    plan = plan_of(tmp_path, "4.4.0", {}, f"{key}={SCRAM} password=other;\n")
    wanted = storage_format(plan)
    assert wanted is not None
    shown = shown_format(plan, wanted, ["kafka-storage.sh"])
    said = preview(plan).decode() + summary(plan, ()) + "".join(plan.config.warnings) + shown

    assert not [secret for secret in ("hu\\", "pass\\\\word", "password=other") if secret in said]
    assert f"{key}={MASK}" in said
    assert shown.endswith(f"'@{MASK}'")
    assert plan.file.mode == 0o600
    assert "hu" in plan.file.text
