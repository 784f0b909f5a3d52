"""Ensembles behind TLS: their Secrets, their pods, and clients with and without a certificate."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection

from kazoo.client import KazooClient

from tests.certificates import Authority, Issued
from tests.server.clients import Security
from tests.server.hosts import DOMAIN_SUFFIX
from tests.server.pods import Pod
from tests.server.ports import ENSEMBLE_ADDRESSES, free_port
from tests.server.zookeeper import SERVICE, connected, make_pods
from zkboot.pod.tls.certificate import Certificate

NAMES = (f"*.{SERVICE}.{DOMAIN_SUFFIX}", *ENSEMBLE_ADDRESSES)
"""Peers verify the address of a server that connects, and its reverse name, which on this machine is none."""

_ANSWER_LIMIT = 20.0
"""Seconds: 3.5 lets a client without a certificate wait."""


def make_tls_pods(
    folder: Path, secrets: Sequence[Path], environ: Mapping[str, str] | None = None, replicas: int = 3
) -> list[Pod]:
    """Return pods, each with the next of *secrets* mounted; *environ* is what a manifest would add."""
    pods = make_pods(folder, replicas, environ)
    port = free_port(ENSEMBLE_ADDRESSES)
    for pod, secret in zip(pods, secrets, strict=True):
        pod.environ |= {
            "ZK_TLS_DIR": str(secret),
            "ZK_TLS_PORT": str(port),
            "ZK_CFG_secureClientPortAddress": pod.address,
        }
    return pods


def tls_address(pod: Pod) -> tuple[str, int]:
    """Return where *pod* speaks TLS with clients."""
    return pod.address, int(pod.environ["ZK_TLS_PORT"])


def secure_connect_string(pods: Sequence[Pod]) -> str:
    """Return what a client that speaks TLS is given."""
    return ",".join(f"{host}:{port}" for host, port in map(tls_address, pods))


class Client:
    """Who connects by TLS: with a certificate, or without; it trusts *authority*."""

    def __init__(self, folder: Path, authority: Authority, issued: Issued | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.crt"
        self.ca.write_bytes(authority.ca_crt)
        self.files: dict[str, str] = {}
        if issued is not None:
            (folder / "tls.crt").write_bytes(issued.tls_crt)
            (folder / "tls.key").write_bytes(issued.tls_key())
            self.files = {"certfile": str(folder / "tls.crt"), "keyfile": str(folder / "tls.key")}

    def context(self, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
        """Return what its connections have in common."""
        context = ssl.create_default_context(cafile=self.ca)
        context.maximum_version = newest
        if self.files:
            context.load_cert_chain(**self.files)
        return context

    @property
    def security(self) -> Security:
        """What a client of Kafka is given."""
        return {"security_protocol": "SSL", "ssl_context": self.context()}

    def ask(
        self, pod: Pod, word: bytes, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, name: str | None = None
    ) -> bytes:
        """Return what the server of *pod* answers to *word*; nothing where one of the two refuses the other.

        The server is known by its address, or by *name*.
        """
        answer = b""
        with (
            suppress(ssl.SSLError, OSError),
            create_connection(tls_address(pod), timeout=_ANSWER_LIMIT) as plain,
            self.context(newest).wrap_socket(plain, server_hostname=name or pod.address) as secure,
        ):
            secure.sendall(word)
            while chunk := secure.recv(4096):
                answer += chunk
        return answer

    def serial_at(self, address: tuple[str, int]) -> int:
        """Return the number of the certificate that is shown at *address*."""
        context = self.context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with create_connection(address, timeout=_ANSWER_LIMIT) as plain, context.wrap_socket(plain) as secure:
            shown = secure.getpeercert(binary_form=True)
        assert shown is not None
        return Certificate.parse(shown).serial

    @contextmanager
    def session(self, pods: Sequence[Pod], **options: object) -> Iterator[KazooClient]:
        """Open a session with one of *pods* until the context ends, with kazoo's further *options*."""
        with connected(secure_connect_string(pods), use_ssl=True, ca=str(self.ca), **self.files, **options) as client:
            yield client
