"""The address of a server that is deleted: for how long it refuses, before nothing answers there."""

import json
from collections.abc import Callable

from tests.kubernetes.load import client_image, client_pod, start_pod
from tests.kubernetes.servers import Pod, Servers

HELD = 3.0
"""Seconds for which the address of a deleted server refuses at least, by the sidecar, which stays for 5 s."""

TRIES = 3
"""Deletions, of which one tells: on a busy machine the server, or the kubelet, may take seconds longer."""

ASK = """
import json, socket, sys, time

SILENT_AFTER = 2
address = sys.argv[1], int(sys.argv[2])


def answer():
    try:
        socket.create_connection(address, SILENT_AFTER).close()
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"
    except OSError:
        return "silent"
    return "served"


# A policy may let a new pod in late.
while answer() != "served":
    time.sleep(0.1)
print("served", flush=True)
first = last = None
while True:
    now = time.monotonic()
    match answer():
        case "refused":
            first, last = first or now, now
        case "silent":
            break
        case _:
            first = last = None
    time.sleep(0.05)
print(json.dumps(last - first if first else 0.0), flush=True)
"""
"""Connects until nothing answers; prints for how many seconds every answer before that was a refusal."""


def seconds_refused(servers: Servers, until: Callable[[float], bool]) -> list[float]:
    """Delete one server after the other until *until* holds; return for how many seconds the address of each refused.

    All servers are ready before and after it.
    """
    measured: list[float] = []
    for number in range(TRIES):
        pod = servers.pods()[number % servers.replicas()]
        measured.append(_seconds_refused(servers, pod, f"asker-{number}"))
        servers.wait_until_ready(servers.replicas(), [pod])
        if until(measured[-1]):
            break
    return measured


def _seconds_refused(servers: Servers, pod: Pod, name: str) -> float:
    kubectl, product = servers.kubectl, servers.product
    command = ("python3", "-c", ASK, pod.address, str(product.port))
    labels = {product.client_label: "true"}
    image = client_image(kubectl, product)
    start_pod(kubectl, client_pod(name, image, labels, apart_from=product.statefulset, command=command))
    kubectl.wait_until(lambda: kubectl.run("logs", name), f"{name} is served")
    kubectl.run("delete", "pod", pod.name, "--wait=false")
    kubectl.wait_until(lambda: len(kubectl.run("logs", name).splitlines()) > 1, f"silence at {pod.name}")
    _served, seconds = kubectl.run("logs", name).splitlines()
    kubectl.run("delete", "pod", name, "--wait=false")
    found: float = json.loads(seconds)
    return found
