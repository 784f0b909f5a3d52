"""Which broker a pod is."""

import pytest

from kafkaboot.config.broker import find_broker
from kafkaboot.config.settings import Settings
from kafkaboot.values.version import NO_ZOOKEEPER
from zkboot.pod.environ import EnvReader
from zkboot.pod.identity import Host

NODE = Host(name=lambda: "node-7.example.org", domain=lambda: "")
DOMAIN = "kafka-svc.default.svc.cluster.local"


def found(**environ: str) -> tuple[int, str]:
    """Return the id and the name of the broker that *environ* describes, no problem noted."""
    env = EnvReader(environ)
    broker = find_broker(env, Settings.from_environ(env), NODE)

    assert not env.problems
    assert broker is not None
    return broker.broker_id, broker.fqdn


def problems(**environ: str) -> list[str]:
    """Return why *environ* describes no broker."""
    env = EnvReader(environ)

    assert find_broker(env, Settings.from_environ(env), NODE) is None
    return [*map(str, env.problems)]


@pytest.mark.parametrize(
    ("environ", "broker_id", "fqdn"),
    [
        ({"POD_NAME": "kafka-0"}, 1, "kafka-0"),
        ({"HOSTNAME": "kafka-10"}, 11, "kafka-10"),
        ({"POD_NAME": "my-kafka-2", "KF_DOMAIN": DOMAIN}, 3, f"my-kafka-2.{DOMAIN}"),
        ({"POD_NAME": "kafka-0", "KF_ID_OFFSET": "0"}, 0, "kafka-0"),
        ({"POD_NAME": "kafka-12", "KF_ORDINAL_START": "10"}, 13, "kafka-12"),
        ({"POD_NAME": "kafka-12", "KF_ORDINAL_START": "10", "KF_REPLICAS": "3", "KF_DOMAIN": "d"}, 13, "kafka-12.d"),
        ({"POD_NAME": "kafka-0", "KF_REPLICAS": "1"}, 1, "kafka-0"),
        ({"POD_NAME": "kafka-0", "KAFKA_BROKER_ID": "7"}, 7, "kafka-0"),
        ({"POD_NAME": "kafka-0", "KAFKA_NODE_ID": "8"}, 8, "kafka-0"),
        ({"POD_NAME": "kafka-0", "KAFKA_BROKER_ID": "7", "KAFKA_NODE_ID": "07"}, 7, "kafka-0"),
        ({"POD_NAME": "kafka-2147483646"}, 2147483647, "kafka-2147483646"),
    ],
)
def test_the_ordinal_makes_the_id(environ: dict[str, str], broker_id: int, fqdn: str) -> None:
    """Plus one, as the original has it, unless the offset or the operator says otherwise."""
    assert found(**environ) == (broker_id, fqdn)


STATED = {
    "HOSTNAME": "broker",
    "KAFKA_NODE_ID": "7",
    "KAFKA_ZOOKEEPER_CONNECT": "zookeeper:2181",
    "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://broker:9092",
}


def test_no_ordinal_is_asked_for_where_nothing_is_made_of_it() -> None:
    """One container of a compose file: id, peers and what is published are all stated."""
    assert found(**STATED) == (7, "broker")
    assert found(**STATED, KF_DOMAIN="example.org") == (7, "broker.example.org")
    assert found(**STATED | {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://{pod}:9092"}) == (7, "broker")


@pytest.mark.parametrize(
    "environ",
    [
        *(dict.fromkeys([name], "") for name in STATED if name != "HOSTNAME"),
        {"KF_REPLICAS": "3"},
        {"KF_CONTROLLER_REPLICAS": "3"},
        {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://{pod}:{9092+ordinal}"},
        {"HOSTNAME": "a_b"},
    ],
    ids=str,
)
def test_the_ordinal_is_asked_for_where_something_is_made_of_it(environ: dict[str, str]) -> None:
    """An id, a list of peers, or a published name; the example is one of Kafka's."""
    assert any("is not <statefulset>-<ordinal>, such as kafka-0" in problem for problem in problems(**STATED | environ))


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"POD_NAME": "kafka"}, "POD_NAME 'kafka' is not <statefulset>-<ordinal>"),
        ({"POD_NAME": "kafka-08"}, "the ordinal '08' has a leading zero"),
        ({"POD_NAME": "kafka--1", "KF_REPLICAS": "3"}, "'kafka-' is no StatefulSet's name"),
        ({"POD_NAME": "kafka-0\n"}, "POD_NAME contains a newline"),
        ({"POD_NAME": "kafka-3", "KF_REPLICAS": "3", "KF_DOMAIN": DOMAIN}, "has the ordinal 3, outside 0..2"),
        (
            {"POD_NAME": "kafka-3", "KF_REPLICAS": "3", "KF_ORDINAL_START": "5", "KF_DOMAIN": DOMAIN},
            "outside 5..7 (KF_REPLICAS=3, KF_ORDINAL_START=5): set KF_REPLICAS to the number of pods",
        ),
        ({"POD_NAME": "kafka-0", "KF_REPLICAS": "3"}, "has no DNS domain, and 3 brokers must find each other"),
        ({"POD_NAME": "kafka-0", "KAFKA_BROKER_ID": "x"}, "KAFKA_BROKER_ID='x' is not an integer"),
        ({"POD_NAME": "kafka-0", "KAFKA_BROKER_ID": "2147483648"}, "KAFKA_BROKER_ID='2147483648' is not an integer"),
        (
            {"POD_NAME": "kafka-0", "KAFKA_BROKER_ID": "1", "KAFKA_NODE_ID": "2"},
            "KAFKA_BROKER_ID='1' and KAFKA_NODE_ID='2' contradict each other",
        ),
        ({"POD_NAME": "kafka-1", "KF_ID_OFFSET": "2147483647"}, "make the id 2147483648: 2147483647 is the last"),
    ],
)
def test_some_pods_are_no_broker(environ: dict[str, str], problem: str) -> None:
    """One problem each, with what was seen."""
    noted = problems(**environ)

    assert len(noted) == 1
    assert problem in noted[0]


def test_all_that_is_wrong_with_a_place_is_told() -> None:
    """An ordinal outside the replicas and no domain."""
    assert len(problems(POD_NAME="kafka-3", KF_REPLICAS="2")) == 2


def test_a_host_without_an_ordinal_is_told_what_else_would_do() -> None:
    """What is missing of it, and only where no replicas are counted."""
    bare = {"HOSTNAME": "broker", "KAFKA_PROCESS_ROLES": "broker,controller"}
    missing = "KAFKA_NODE_ID, KAFKA_CONTROLLER_QUORUM_VOTERS, KAFKA_ADVERTISED_LISTENERS"

    for environ, told in (
        (bare, f"set POD_NAME, or {missing} for a host that is no pod of a StatefulSet"),
        ({**bare, "KF_REPLICAS": "1"}, "set POD_NAME"),
        (
            {"HOSTNAME": "broker", "KAFKA_ENABLE_KRAFT": "yes", "KAFKA_CFG_NODE_ID": "1"},
            f"set POD_NAME, or {missing.removeprefix('KAFKA_NODE_ID, ')} for a host that is no pod of a StatefulSet",
        ),
        (
            {"HOSTNAME": "broker", "KAFKA_CFG_PROCESS_ROLES": "controller", "KAFKA_CFG_NODE_ID": "1"},
            "set POD_NAME, or KAFKA_CONTROLLER_QUORUM_VOTERS for a host that is no pod of a StatefulSet",
        ),
        (
            {"HOSTNAME": "broker", "KAFKA_BROKER_ID": "1", "KAFKA_ADVERTISED_LISTENERS": "A://b:1"},
            "set POD_NAME, or KAFKA_ZOOKEEPER_CONNECT for a host that is no pod of a StatefulSet",
        ),
    ):
        assert problems(**environ)[-1].endswith(told)


def test_the_installed_kafka_decides_how_what_is_missing_is_called() -> None:
    """Kafka 4 has neither broker.id nor ZooKeeper, and nobody states KF_VERSION beside the jar."""
    env = EnvReader({"HOSTNAME": "3f2a1b"})
    find_broker(env, Settings.from_environ(env), NODE, NO_ZOOKEEPER)

    missing = "KAFKA_NODE_ID, KAFKA_CONTROLLER_QUORUM_VOTERS, KAFKA_ADVERTISED_LISTENERS"
    assert [*map(str, env.problems)][-1].endswith(f"or {missing} for a host that is no pod of a StatefulSet")
