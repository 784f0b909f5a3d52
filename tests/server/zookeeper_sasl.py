"""Ensembles that ask for logins: their Secrets, their pods, and clients with and without a password."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kazoo.client import KazooClient

from tests.server.pods import Pod
from tests.server.zookeeper import connected, make_pods

CANARY = "canary-8d21"
"""Part of every password."""

PASSWORDS = {
    "alice": f'{CANARY} "quoted" \\n it\'s; /* */ // {{}} #$1 =',
    "bob.b-2": f"\\{CANARY}\\",
    "servers": f'"{CANARY}',
}
"""What Java's reader of JAAS could take for something else."""

SERVERS = "servers"
"""As whom servers log in to each other."""


def make_secret(folder: Path, passwords: Mapping[str, str] = PASSWORDS) -> Path:
    """Return *folder*, with a file for each of *passwords*."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, password in passwords.items():
        (folder / name).write_text(password)
    return folder


def make_sasl_pods(
    folder: Path, secret: Path, environ: Mapping[str, str] | None = None, replicas: int = 3
) -> list[Pod]:
    """Return pods with *secret* mounted, each of which finds the others by their addresses."""
    pods = make_pods(folder, replicas, {"ZK_SASL_DIR": str(secret), "ZK_SASL_USER": SERVERS, **(environ or {})})
    rows = ",".join(
        f"{at}={pod.address}:{pod.environ['ZK_SERVER_PORT']}:{pod.environ['ZK_ELECTION_PORT']}"
        for at, pod in enumerate(pods, 1)
    )
    for at, pod in enumerate(pods, 1):
        pod.environ |= {"ZK_SERVERS": rows, "ZK_SERVER_ID": str(at)}
        del pod.environ["ZK_REPLICAS"]
    return pods


@contextmanager
def logged_in(pods: Sequence[Pod], user: str, password: str | None = None) -> Iterator[KazooClient]:
    """Open a session of *user* with one of *pods*; kazoo and its library of SASL are none of ours."""
    hosts = ",".join(f"{pod.address}:{pod.environ['ZK_CLIENT_PORT']}" for pod in pods)
    login = {
        "mechanism": "DIGEST-MD5",
        "username": user,
        "password": PASSWORDS[user] if password is None else password,
    }
    with connected(hosts, sasl_options=login) as client:
        yield client
