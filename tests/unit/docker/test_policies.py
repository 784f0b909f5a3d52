"""Who may connect to a pod: each mistake in it is noticed by the check that is for it."""

from pathlib import Path

from tests.unit.docker import policies as checks
from tests.unit.docker.manifests import Check, of_kind, pod_labels, policy, service, statefulset
from tests.unit.docker.mistakes import Change, Mistakes, after, made
from tests.unit.docker.policies import CHECKS, rule_for

PEERS = {checks.zookeeper_ingress: 2888, checks.kafka_ingress: 9092, checks.kraft_ingress: 9093}
"""For each manifest's check a port at which peers may come."""


def _of_each(check: Check, port: int) -> Mistakes:
    """Return what may be wrong in every policy."""
    changes: dict[str, Change] = {
        "everybody is let in": lambda d: rule_for(d, port).pop("from"),
        "nobody is named, which is everybody": lambda d: rule_for(d, port).update({"from": []}),
        "every port is open": lambda d: rule_for(d, port).pop("ports"),
        "no port is named, which is every port": lambda d: rule_for(d, port).update(ports=[]),
        "ports up to the last": lambda d: rule_for(d, port)["ports"][0].update(endPort=65535),
        "another port": lambda d: rule_for(d, port)["ports"][-1].update(port=port + 7),
        "a port by an unknown name": lambda d: rule_for(d, port)["ports"][-1].update(port="clients"),
        "a port of UDP": lambda d: rule_for(d, port)["ports"][-1].update(protocol="UDP"),
        "a port is missing": lambda d: rule_for(d, port)["ports"].pop(),
        "peers of every namespace": lambda d: rule_for(d, port)["from"][-1].update(namespaceSelector={}),
        "every pod is a peer": lambda d: rule_for(d, port)["from"][-1].update(podSelector={}),
        "every pod is a peer, by empty labels": lambda d: rule_for(d, port)["from"][-1].update(
            podSelector={"matchLabels": {}}
        ),
        "others are peers": lambda d: rule_for(d, port)["from"][-1].update(podSelector={"matchLabels": {"app": "x"}}),
        "addresses are peers": lambda d: rule_for(d, port)["from"].append({"ipBlock": {"cidr": "0.0.0.0/0"}}),
        "clients need not say so": lambda d: policy(d)["ingress"][0]["from"][0]["podSelector"]["matchLabels"].update(
            {next(iter(policy(d)["ingress"][0]["from"][0]["podSelector"]["matchLabels"])): "false"}
        ),
        "clients have another label": lambda d: policy(d)["ingress"][0]["from"].__setitem__(
            0, {"podSelector": {"matchLabels": {"client": "true"}}}
        ),
        "clients at the peers' ports": lambda d: policy(d)["ingress"].append(
            {"from": policy(d)["ingress"][0]["from"][:1], "ports": [{"port": 3888}, {"port": 9093}]}
        ),
        "a rule more": lambda d: policy(d)["ingress"].append({"ports": [{"protocol": "TCP", "port": 8080}]}),
        "a rule for everything": lambda d: policy(d)["ingress"].append({}),
        "a rule is missing": lambda d: policy(d)["ingress"].pop(),
        "no rule": lambda d: policy(d).update(ingress=[]),
        "no rules": lambda d: policy(d).pop("ingress"),
    }
    return {f"{check.__name__}: {words}": (check, change) for words, change in changes.items()}


MISTAKES: Mistakes = {
    **{words: mistake for check, port in PEERS.items() for words, mistake in _of_each(check, port).items()},
    "controllers are open to clients": (
        checks.kraft_ingress,
        lambda d: rule_for(d, 9092)["ports"].append({"protocol": "TCP", "port": 9093}),
    ),
    "brokers do not reach each other": (checks.kafka_ingress, lambda d: rule_for(d, 9092)["from"].pop()),
    "elections are open to clients": (
        checks.zookeeper_ingress,
        lambda d: rule_for(d, 2181)["ports"].append({"protocol": "TCP", "port": 3888}),
    ),
    "a policy for other pods": (checks.scope, lambda d: policy(d).update(podSelector={"matchLabels": {"app": "x"}})),
    "a policy for every pod": (checks.scope, lambda d: policy(d).update(podSelector={})),
    "a policy of no type": (checks.scope, lambda d: policy(d).pop("policyTypes")),
    "nothing may go out": (checks.scope, lambda d: policy(d)["policyTypes"].append("Egress")),
    "only what goes out": (checks.scope, lambda d: policy(d).update(policyTypes=["Egress"])),
    "a rule for what goes out": (checks.scope, lambda d: policy(d).update(egress=[{"ports": [{"port": 53}]}])),
    "a service leads to a closed port": (
        checks.ways_and_services,
        lambda d: service(d, headless=False)["spec"]["ports"].append({"name": "jmx", "port": 5555}),
    ),
    "peers' service lacks a port": (
        checks.ways_and_services,
        lambda d: service(d, headless=True)["spec"]["ports"].pop(),
    ),
    "clients' service is for UDP": (
        checks.ways_and_services,
        lambda d: service(d, headless=False)["spec"]["ports"][0].update(protocol="UDP"),
    ),
    "brokers lack ZooKeeper's label": (checks.brokers_are_let_in, lambda d: pod_labels(d).pop("zookeeper-client")),
    "brokers deny ZooKeeper's label": (
        checks.brokers_are_let_in,
        lambda d: pod_labels(d).update({"zookeeper-client": "false"}),
    ),
    "only the StatefulSet has ZooKeeper's label": (
        checks.brokers_are_let_in,
        lambda d: of_kind(d, "StatefulSet")[0]["metadata"]["labels"].update(
            {"zookeeper-client": statefulset(d)["template"]["metadata"]["labels"].pop("zookeeper-client")}
        ),
    ),
    "ZooKeeper asks for another label": (
        checks.brokers_are_clients,
        lambda d: rule_for(d, 2181)["from"].__setitem__(0, {"podSelector": {"matchLabels": {"zk-client": "true"}}}),
    ),
    "ZooKeeper lets no client in": (checks.brokers_are_clients, lambda d: policy(d)["ingress"].pop(0)),
}


@made(MISTAKES, CHECKS)
def test_each_mistake_is_noticed(path: Path, check: Check, change: Change) -> None:
    """By the check that is for it."""
    assert list(check(after(path, change)))


def test_every_check_has_a_mutant() -> None:
    """None is there for show."""
    assert {check for check, _ in MISTAKES.values()} == set(CHECKS)
