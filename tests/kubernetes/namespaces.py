"""Namespaces of a test's own: they enforce a Pod Security standard, are told of where a test fails, and are removed."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.kubernetes.kubectl import Json, Kubectl, KubectlError, last_seen

_REMOVAL_LIMIT = 300.0
_TAIL = 40

_standing: list[Kubectl] = []


@contextmanager
def own_namespace(name: str, standard: str = "restricted") -> Iterator[Kubectl]:
    """Make a namespace that admits only pods of this standard, and remove it with all that is in it."""
    kubectl = Kubectl(f"zkb-{name}-{uuid.uuid4().hex[:6]}")
    kubectl.run("create", "namespace", kubectl.namespace)
    try:
        kubectl.run("label", "namespace", kubectl.namespace, f"pod-security.kubernetes.io/enforce={standard}")
        _standing.append(kubectl)
        yield kubectl
    finally:
        if kubectl in _standing:
            _standing.remove(kubectl)
        _remove(kubectl)


def _remove(kubectl: Kubectl) -> None:
    kubectl.run("delete", "namespace", kubectl.namespace, "--wait=false")
    # Nobody waits for the grace periods of servers whose peers go at the same time.
    kubectl.call("delete", "pods", "--all", "--force", "--grace-period=0", "--wait=false")
    kubectl.run("delete", "namespace", kubectl.namespace, "--ignore-not-found", timeout=_REMOVAL_LIMIT)


def reports() -> list[tuple[str, str]]:
    """Return, for each namespace that stands, its name and what a person would look at first."""
    return [(kubectl.namespace, _report(kubectl)) for kubectl in _standing]


def _report(kubectl: Kubectl) -> str:
    try:
        events = [_line(event) for event in kubectl.events()[-_TAIL:]]
        parts = [kubectl.call("get", "pods,statefulsets,pvc,pdb", "--output=wide").stdout, "\n".join(events)]
        for pod in kubectl.items("pods"):
            name, restarts = pod["metadata"]["name"], 0
            for status in pod["status"].get("containerStatuses", []):
                restarts += status["restartCount"]
            parts.append(kubectl.call("describe", "pod", name).stdout.partition("Events:")[0])
            for options in [["--previous"], []] if restarts else [[]]:
                shown = kubectl.call("logs", name, "--all-containers", f"--tail={_TAIL}", *options)
                parts.append(f"--- {name} {' '.join(options)}\n{shown.stdout}{shown.stderr}")
    except KubectlError as error:
        return str(error)
    return "\n".join(parts)


def _line(event: Json) -> str:
    times = event.get("count") or (event.get("series") or {}).get("count") or 1
    return (
        f"{last_seen(event)} {event['involvedObject']['name']} {event['reason']} x{times}: {event.get('message', '')}"
    )
