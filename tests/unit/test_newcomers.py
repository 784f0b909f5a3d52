"""Somebody comes from another image with a compose file: one reading of what is said, and the second start is right."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from kafkaboot.start.plan import make_plan
from tests.unit.mistakes import BASE_FILE
from zkboot.plan import draft_plan
from zkboot.pod.errors import SettingsError
from zkboot.pod.identity import Host

HOST = Host(name=lambda: "", domain=lambda: "")
MARK = " is another image's variable and has no effect here"
SECRETS = "/etc/kafka/secrets"

KRAFT = {
    "NODE_ID": "0",
    "PROCESS_ROLES": "controller,broker",
    "LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "ADVERTISED_LISTENERS": "PLAINTEXT://kafka:9092",
    "LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "CONTROLLER_QUORUM_VOTERS": "0@kafka:9093",
    "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
}
BITNAMI = {
    **{f"KAFKA_CFG_{name}": value for name, value in KRAFT.items()},
    "KAFKA_KRAFT_CLUSTER_ID": "Ut7tJ-wMRxCHyEbPpYTYKA",
    "ALLOW_PLAINTEXT_LISTENER": "yes",
}
APACHE = {
    **{f"KAFKA_{name}": value for name, value in KRAFT.items()},
    "KAFKA_LISTENERS": "SSL://:9092,CONTROLLER://:9093",
    "KAFKA_ADVERTISED_LISTENERS": "SSL://kafka:9092",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,SSL:SSL",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "SSL",
    "KAFKA_SSL_KEYSTORE_FILENAME": "kafka.keystore.jks",
    "KAFKA_SSL_KEYSTORE_CREDENTIALS": "creds",
    "KAFKA_SSL_KEY_CREDENTIALS": "creds",
    "KAFKA_SSL_CLIENT_AUTH": "required",
    "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM": "",
}
CONFLUENT = {
    "KF_VERSION": "7.5.0",
    "KAFKA_BROKER_ID": "1",
    "KAFKA_ZOOKEEPER_CONNECT": "zookeeper:2181",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
    "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:29092,PLAINTEXT_HOST://localhost:9092",
    "KAFKA_ZOOKEEPER_CLIENT_CNXN_SOCKET": "org.apache.zookeeper.ClientCnxnSocketNetty",
    "KAFKA_LOG4J_LOGGERS": "kafka.controller=INFO,state.change.logger=INFO",
    "KAFKA_JMX_PORT": "9101",
}
DOCKER_LIBRARY = {
    "HOSTNAME": "zoo2",
    "ZOO_MY_ID": "2",
    "ZOO_SERVERS": "server.1=zoo1:2888:3888;2181 server.2=zoo2:2888:3888;2181 server.3=zoo3:2888:3888;2181",
    "ZOO_TICK_TIME": "3000",
    "ZOO_4LW_COMMANDS_WHITELIST": "srvr, ruok, mntr",
}

_NAME = re.compile(r"\b((?:ZK|KF|KAFKA)_\w*\w)(?:=(\S*<its value>))?")


def said(tool: str, environ: Mapping[str, str], folder: Path) -> tuple[bool, Sequence[str]]:
    """Return whether a start with *environ* is refused, and every line that it says."""
    place = {"KF_HOME": str(folder), "KF_CONFIG_FILE": f"{folder}/server.properties", "KF_BASE_FILE": str(BASE_FILE)}
    kafka = {"HOSTNAME": "kafka", "KF_VERSION": "3.9.2", "KAFKA_LOG_DIRS": f"{folder}/data", **place}
    try:
        if tool == "kafka":
            return False, make_plan({**kafka, **environ}, HOST).warnings
        return False, draft_plan({"ZK_PURGE_INTERVAL": "1", **environ}, HOST, lambda: None).warnings
    except SettingsError as error:
        return True, (*error.problems, *error.advice)


def renamed(environ: Mapping[str, str], lines: Sequence[str], folder: Path) -> dict[str, str]:
    """Return *environ* as somebody leaves it who does what the *lines* say, each by the last name in it."""
    changed = dict(environ)
    for line in lines:
        name, mark, rest = line.partition(MARK)
        if mark and name in changed:
            value = changed.pop(name)
            instead = rest.rpartition(": ")[2].partition(", and unset ")[0]
            for own, form in _NAME.findall(instead)[-1:]:
                # What the image looks for in its own folder is mounted here.
                changed[own] = form.replace("<its value>", value).replace(SECRETS, str(folder)) if form else value
    return changed


@pytest.mark.parametrize(
    ("tool", "environ"),
    [
        pytest.param("kafka", BITNAMI, id="bitnami"),
        pytest.param("kafka", APACHE, id="Apache, TLS"),
        pytest.param("kafka", CONFLUENT, id="Confluent, ZooKeeper"),
        pytest.param("zookeeper", DOCKER_LIBRARY, id="docker-library"),
    ],
)
def test_one_reading_is_enough(tool: str, environ: dict[str, str], tmp_path: Path) -> None:
    """Whoever does what the first start says has nothing left to rename, and is not refused."""
    (tmp_path / "creds").write_text("hunter2\n")
    refused, lines = said(tool, environ, tmp_path)
    refused_again, lines_again = said(tool, renamed(environ, lines, tmp_path), tmp_path)

    assert refused
    assert (refused_again, [line for line in lines_again if MARK in line]) == (False, [])
