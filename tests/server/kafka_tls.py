"""Brokers behind TLS: their Secrets, the listeners of each on an address of its own."""

from collections.abc import Sequence
from pathlib import Path

from tests.server.hosts import DOMAIN_SUFFIX
from tests.server.kafka import SERVICE
from tests.server.pods import Pod
from tests.server.ports import ENSEMBLE_ADDRESSES, free_ports

NAMES = (f"*.{SERVICE}.{DOMAIN_SUFFIX}",)


def mount(pods: Sequence[Pod], secrets: Sequence[Path]) -> tuple[int, int]:
    """Give each of *pods* the next of *secrets*, and no plain listener; return the ports of clients and of brokers.

    KF_PORT is the clients', as without TLS.
    """
    clients, brokers = free_ports(2, ENSEMBLE_ADDRESSES)
    for pod, secret in zip(pods, secrets, strict=True):
        ports = {"SSL": str(clients), "BROKERS": str(brokers)}
        if "KF_CONTROLLER_PORT" in pod.environ:
            ports["CONTROLLER"] = pod.environ["KF_CONTROLLER_PORT"]
        pod.environ |= {
            "KF_PORT": str(clients),
            "KF_TLS_DIR": str(secret),
            "KAFKA_LISTENERS": ",".join(f"{name}://{pod.address}:{port}" for name, port in ports.items()),
        }
    return clients, brokers
