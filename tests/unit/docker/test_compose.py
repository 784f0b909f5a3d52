"""The compose file agrees with itself and with our commands; a mistake that its start would not show is noticed."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from kafkaboot.start.plan import make_plan as make_kafka_plan
from tests.unit.docker.manifests import DOCKER
from zkboot.plan import draft_plan
from zkboot.pod.identity import Host

Services = dict[str, dict[str, Any]]

COMPOSED = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
BASE_FILES = DOCKER.parent / "tests" / "data" / "kafka" / "base"
CLUSTER_ID = "Yx3Fh0oBTuqWm5c8R1nZvA"
MEMORY = 1024**3
THREE = {"replication.factor": "3", "min.isr": "2", "min.insync.replicas": "2"}
"""What every topic must have, the internal ones, too, by the end of its property's name."""


def environ_of(service: dict[str, Any]) -> dict[str, str]:
    """Return what a container's variables are, with an id where a person gives one."""
    return {name: value.replace("${CLUSTER_ID:-}", CLUSTER_ID) for name, value in service["environment"].items()}


def is_zookeeper(service: dict[str, Any]) -> bool:
    """Tell whether it is a server of ZooKeeper."""
    return "ZK_DOMAIN" in service["environment"]


def domain_of(service: dict[str, Any]) -> str:
    """Return the domain in which its name is told to be."""
    environ = environ_of(service)
    return environ["ZK_DOMAIN" if is_zookeeper(service) else "KF_DOMAIN"]


def host_of(service: dict[str, Any]) -> Host:
    """Return the container as its commands see it."""
    return Host(name=lambda: environ_of(service)["POD_NAME"], domain=lambda: domain_of(service))


def written_by(service: dict[str, Any]) -> dict[str, str]:
    """Return the properties that kafkaGenConfig would write."""
    version = service["image"].rpartition(":")[2].rstrip("}")
    base = "server-4" if version.startswith("4.") else f"server-{version.rpartition('.')[0]}"
    environ = environ_of(service) | {"KF_VERSION": version, "KF_BASE_FILE": f"{BASE_FILES}/{base}.properties"}
    plan = make_kafka_plan(environ, host_of(service))
    assert plan.warnings == ()
    return dict(plan.config.effective)


def names(services: Services) -> Iterator[str]:
    """A container is called as its pod, in its domain, and has a volume of its own where its data go."""
    for name, one in services.items():
        if not one["hostname"] == environ_of(one)["POD_NAME"] == name:
            yield f"{name} is called otherwise"
        if one["networks"] != {"default": {"aliases": [f"{name}.{domain_of(one)}"]}}:
            yield f"{name} is not found in its domain"
        if one["volumes"] != [f"{name}:/var/lib/{'zookeeper' if is_zookeeper(one) else 'kafka'}"]:
            yield f"{name} has {one['volumes']}"
        if name not in COMPOSED["volumes"]:
            yield f"{name} has no volume"


def privileges(services: Services) -> Iterator[str]:
    """As little as in the manifests; what is scratch can be executed, for the codecs' libraries."""
    wanted = {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "tmpfs": ["/tmp:exec,mode=1777,size=64m"],
        "mem_limit": "1g",
        "restart": "unless-stopped",
    }
    yield from (f"{name}: {key}" for name, one in services.items() for key in wanted if one.get(key) != wanted[key])


def doors(services: Services) -> Iterator[str]:
    """Clients of this machine only, each by a port of its own, where a broker sends them."""
    published = [port for one in services.values() for port in one["ports"]]
    if len({port.split(":")[1] for port in published}) != len(services):
        yield f"{published}"
    for name, one in services.items():
        address, outer, inner = one["ports"][0].split(":")
        if address != "127.0.0.1" or len(one["ports"]) != 1:
            yield f"{name}: {one['ports']}"
        if is_zookeeper(one):
            if inner != "2181":
                yield f"{name}: {inner}"
            continue
        effective = written_by(one)
        if f"HOST://localhost:{outer}" not in effective["advertised.listeners"].split(","):
            yield f"{name} sends its clients elsewhere"
        if f"HOST://:{inner}" not in effective["listeners"].split(","):
            yield f"{name} does not listen at {inner}"


def health(services: Services) -> Iterator[str]:
    """Readiness, asked for longer than the probe itself waits; time to hand over what a broker leads."""
    for name, one in services.items():
        probe = "zkReady" if is_zookeeper(one) else "kafkaReady"
        if one["healthcheck"]["test"] != ["CMD", probe] or one["healthcheck"]["timeout"] != "4s":
            yield f"{name}: {one['healthcheck']}"
        if not is_zookeeper(one) and one.get("stop_grace_period") != "300s":
            yield f"{name} has no time to end"


def topics(services: Services) -> Iterator[str]:
    """Three replicas of everything, of which two must be in sync."""
    for name, one in services.items():
        if is_zookeeper(one):
            continue
        effective = written_by(one)
        keys = {key for key in effective if key.endswith(tuple(THREE))}
        if len(keys) < 2 * len(THREE) - 1:
            yield f"{name} says only {sorted(keys)}"
        yield from (
            f"{name}: {key}={effective[key]}"
            for key in keys
            for end, number in THREE.items()
            if key.endswith(end) and effective[key] != number
        )


def ensembles(services: Services) -> Iterator[str]:
    """Three servers, three brokers that know them, and three nodes that know each other."""
    servers = [f"zk-{number}.zk-svc" for number in range(3)]
    for name, one in services.items():
        if is_zookeeper(one):
            plan = draft_plan(environ_of(one), host_of(one), lambda: MEMORY)
            if [server.host for server in plan.member.ensemble.servers] != servers or plan.warnings:
                yield f"{name}: {plan.warnings}"
        elif name.startswith("kafka-"):
            if written_by(one)["zookeeper.connect"] != ",".join(f"{server}:2181" for server in servers):
                yield f"{name}: another ensemble"
        elif written_by(one)["controller.quorum.voters"].count(".kraft-svc:9093") != len(servers):
            yield f"{name}: other voters"
    if len(services) != 3 * len(servers):
        yield f"{len(services)} services"


CHECKS = (names, privileges, doors, health, topics, ensembles)
Check = Callable[[Services], Iterator[str]]


def setting(service: str, name: str, value: str) -> Callable[[Services], object]:
    """Return the mistake that gives a variable another value."""
    return lambda services: services[service]["environment"].update({name: value})


def saying(service: str, key: str, value: object) -> Callable[[Services], object]:
    """Return the mistake that gives a service another property."""
    return lambda services: services[service].update({key: value})


MISTAKES: list[tuple[Check, Callable[[Services], object]]] = [
    (privileges, saying("zk-0", "read_only", value=False)),
    (privileges, saying("kafka-0", "cap_drop", [])),
    (privileges, saying("kraft-1", "tmpfs", ["/tmp:mode=1777,size=64m"])),
    (privileges, lambda services: services["kraft-2"].pop("mem_limit")),
    (health, saying("zk-1", "healthcheck", {"test": ["CMD", "zkOk"], "timeout": "4s"})),
    (health, saying("kafka-1", "healthcheck", {"test": ["CMD", "kafkaReady"], "timeout": "3s"})),
    (health, lambda services: services["kraft-0"].pop("stop_grace_period")),
    (topics, setting("kafka-0", "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")),
    (topics, setting("kraft-0", "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR", "1")),
    (topics, setting("kafka-2", "KAFKA_MIN_INSYNC_REPLICAS", "1")),
    (topics, lambda services: services["kafka-2"]["environment"].pop("KAFKA_DEFAULT_REPLICATION_FACTOR")),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_services_agree(check: Check) -> None:
    """With each other, and with what our commands make of their variables."""
    assert list(check(COMPOSED["services"])) == []


@pytest.mark.parametrize(("check", "mistake"), MISTAKES, ids=[check.__name__ for check, _ in MISTAKES])
def test_each_mistake_is_caught(check: Check, mistake: Callable[[Services], object]) -> None:
    """By the check that is for it."""
    services: Services = copy.deepcopy(COMPOSED["services"])
    # What YAML merged in is one object for all of them.
    services = {name: copy.deepcopy(one) for name, one in services.items()}
    mistake(services)

    assert services != COMPOSED["services"]
    assert list(check(services))


def test_every_check_that_no_start_makes_has_a_mistake() -> None:
    """What tests/image/test_compose.py starts would find no other, and no client would reach it."""
    assert {check for check, _ in MISTAKES} == {*CHECKS} - {names, doors, ensembles}
