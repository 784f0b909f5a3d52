"""Who may connect to a pod, and where: the network policies, as Kubernetes reads them."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.unit.docker.manifests import (
    KAFKA_YAML,
    KRAFT_YAML,
    PATHS,
    ZOOKEEPER_YAML,
    Checks,
    Document,
    Documents,
    load,
    own_labels,
    pod_labels,
    policy,
    service,
)

Way = tuple[str, str, object]
"""Who may come, by which protocol, to which port."""

_EVERYBODY = "everybody"
_EVERY_PORT = "every port"
_PEERS = "peers"


def _ways(documents: Documents) -> Iterator[Way]:
    """Yield every way in. Clients go by the label that is true of them; what is no such selector is left as it is."""
    peers = own_labels(documents)
    for rule in policy(documents).get("ingress") or ():
        # A rule without `from` or with an empty one is for everybody, one without ports is for every port.
        sources: Sequence[Any] = rule.get("from") or (_EVERYBODY,)
        for who in sources:
            match who:
                case {"podSelector": {"matchLabels": labels, **others}, **more} if not others and not more:
                    is_client = list(labels.values()) == ["true"]
                    name = _PEERS if labels == peers else next(iter(labels)) if is_client else str(labels)
                case _:
                    name = str(who)
            for port in rule.get("ports") or ({"port": _EVERY_PORT},):
                known = port.keys() <= {"protocol", "port"}
                yield name, port.get("protocol", "TCP"), port.get("port", _EVERY_PORT) if known else str(port)


def _strangers(documents: Documents, wanted: dict[str, set[int]]) -> Iterator[str]:
    found = set(_ways(documents))
    expected: set[Way] = {(who, "TCP", port) for who, ports in wanted.items() for port in ports}
    yield from (f"may come: {way}" for way in found - expected)
    yield from (f"may not come: {way}" for way in expected - found)


def zookeeper_ingress(documents: Documents) -> Iterator[str]:
    """Clients, by their label, to the clients' port; peers, the StatefulSet's own pods, to all three."""
    yield from _strangers(documents, {"zookeeper-client": {2181}, _PEERS: {2181, 2888, 3888}})


def kafka_ingress(documents: Documents) -> Iterator[str]:
    """Clients, by their label, and peers to the only port: brokers are clients of each other."""
    yield from _strangers(documents, {"kafka-client": {9092}, _PEERS: {9092}})


def kraft_ingress(documents: Documents) -> Iterator[str]:
    """Clients and peers to the brokers' port, peers alone to the controllers'."""
    yield from _strangers(documents, {"kafka-client": {9092}, _PEERS: {9092, 9093}})


def scope(documents: Documents) -> Iterator[str]:
    """The policy is for the StatefulSet's pods and for what comes in: Egress would cut them off from the DNS."""
    given = {key: value for key, value in policy(documents).items() if key != "ingress"}
    if given != {"podSelector": {"matchLabels": own_labels(documents)}, "policyTypes": ["Ingress"]}:
        yield f"{given}"


def ways_and_services(documents: Documents) -> Iterator[str]:
    """Each service leads where the policy lets those in who use it: peers the governing one, clients the other."""
    ways = set(_ways(documents))
    for headless in (True, False):
        ports = service(documents, headless=headless)["spec"]["ports"]
        leads = {(port.get("protocol", "TCP"), port["port"]) for port in ports}
        if leads != {(protocol, port) for who, protocol, port in ways if (who == _PEERS) is headless}:
            yield f"{'peers' if headless else 'clients'} are led to {sorted(leads)}"


def _admission(servers: Documents, clients: Documents) -> Iterator[str]:
    """The pods of one manifest carry what the clients' rule of the other's policy asks for."""
    admitted = {who for who, _, port in _ways(servers) if port == 2181}
    if admitted.isdisjoint(label for label, value in pod_labels(clients).items() if value == "true"):
        yield f"{pod_labels(clients)} come, let in are {admitted}"


def brokers_are_let_in(documents: Documents) -> Iterator[str]:
    """Into ZooKeeper's pods, by the policy of zookeeper.yaml."""
    yield from _admission(load(ZOOKEEPER_YAML), documents)


def brokers_are_clients(documents: Documents) -> Iterator[str]:
    """The pods of kafka.yaml are what this policy takes for clients."""
    yield from _admission(documents, load(KAFKA_YAML))


CHECKS: Checks = {
    zookeeper_ingress: (ZOOKEEPER_YAML,),
    kafka_ingress: (KAFKA_YAML,),
    kraft_ingress: (KRAFT_YAML,),
    scope: PATHS,
    ways_and_services: PATHS,
    brokers_are_let_in: (KAFKA_YAML,),
    brokers_are_clients: (ZOOKEEPER_YAML,),
}


def rule_for(documents: Documents, port: int) -> Document:
    """Return the first rule that opens a port."""
    found: Document = next(
        rule for rule in policy(documents)["ingress"] if port in [one["port"] for one in rule["ports"]]
    )
    return found
