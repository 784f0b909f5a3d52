"""The demo by TLS: certificates that openssl makes, and command lines of clients, each shown and run."""

import shlex
import ssl
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.demo.messages import TOPIC
from tests.server import kafka_tls, zookeeper_tls
from tests.server.clients import LIMIT, Security
from tests.server.commands import tool_command
from tests.server.kafka import KafkaSet, jvm_flags
from tests.server.pods import Pod
from tests.server.ports import ENSEMBLE_ADDRESSES
from tests.server.toolchain import openssl

_NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
# Python 3.13 and newer ask for what an authority's key is used for, and for the keys' identifiers.
_AUTHORITY = (
    f"openssl req -x509 {_NEW_KEY} -days 2 -subj /CN=demo -addext keyUsage=critical,keyCertSign,cRLSign "
    "-keyout ca.key -out ca.crt"
)
_REQUEST = (
    f"openssl req {_NEW_KEY} -subj /CN={{name}} -addext extendedKeyUsage=serverAuth,clientAuth "
    "-addext subjectAltName={names} -addext subjectKeyIdentifier=hash -keyout {name}/tls.key -out {name}.csr"
)
_SIGN = (
    "openssl x509 -req -in {name}.csr -copy_extensions copy -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 "
    "-extfile <(echo authorityKeyIdentifier=keyid) -out {name}/tls.crt && cp ca.crt {name}"
)

_ADDRESSES = tuple(f"IP:{address}" for address in ENSEMBLE_ADDRESSES)
"""On this machine clients ask by them."""

_PROPERTIES = "client.properties"

SIDES = {
    "zookeeper": (f"DNS:{zookeeper_tls.NAMES[0]}", *_ADDRESSES),
    "kafka": (f"DNS:{kafka_tls.NAMES[0]}", *_ADDRESSES),
    "client": ("DNS:client",),
}
"""Who has a certificate, and for which names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """An authority, and a folder with tls.crt, tls.key and ca.crt for each side."""

    folder: Path

    def secret(self, side: str) -> Path:
        """Return the folder of one of SIDES, as a Secret would be mounted."""
        return self.folder / side

    @property
    def security(self) -> Security:
        """What a client of Kafka has: it trusts the authority."""
        return {"security_protocol": "SSL", "ssl_context": ssl.create_default_context(cafile=self.folder / "ca.crt")}


def make_certificates(folder: Path, sides: Sequence[str]) -> Certificates:
    """Make an authority and what *sides* need below *folder*, by openssl; each command is printed.

    Raises MissingToolError where there is no openssl, RuntimeError where a command fails.
    """
    openssl()
    folder.mkdir()
    _type(_AUTHORITY, folder)
    for side in sides:
        (folder / side).mkdir()
        for line in (_REQUEST, _SIGN):
            _type(line.format(name=side, names=",".join(SIDES[side])), folder)
    return Certificates(folder=folder)


def ask_zookeeper(certificates: Certificates, pod: Pod, say: Callable[[str], None]) -> None:
    """Show two clients of the server of *pod*, who have a certificate; RuntimeError where one does not get in."""
    host, port = zookeeper_tls.tls_address(pod)
    files = {"ca": "ca.crt", "certfile": "client/tls.crt", "keyfile": "client/tls.key"}
    options = ", ".join(f'{name}="{path}"' for name, path in files.items())
    program = (
        f'from kazoo.client import KazooClient; zk = KazooClient("{host}:{port}", use_ssl=True, {options}); '
        'zk.start(); print(zk.get_children("/")); zk.stop()'
    )
    say(f"clients of {pod.name}, in {certificates.folder}")
    _type(
        f"echo srvr | openssl s_client -quiet -connect {host}:{port} -verify_ip {host} -verify_return_error "
        "-CAfile ca.crt -cert client/tls.crt -key client/tls.key 2>/dev/null | grep Mode",
        certificates.folder,
    )
    _type(f"{sys.executable} -c {shlex.quote(program)}", certificates.folder)


def ask_kafka(certificates: Certificates, pod: Pod, say: Callable[[str], None]) -> None:
    """Show a client of the broker of *pod* and the file that Kafka's own take; RuntimeError where it does not get in.

    They show no certificate: KF_TLS_CLIENT_AUTH would ask for one.
    """
    folder = certificates.folder
    (folder / _PROPERTIES).write_text(
        "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=ca.crt\n", "utf-8"
    )
    say(f"clients of {pod.name}, in {folder}")
    _type(
        f"openssl s_client -brief -connect {pod.address}:{pod.environ['KF_PORT']} -verify_ip {pod.address} "
        "-verify_return_error -CAfile ca.crt </dev/null 2>&1 | grep Verification",
        folder,
    )
    _type(f"cat {_PROPERTIES}", folder)


def ask_by_kafkas_tool(certificates: Certificates, cluster: KafkaSet) -> None:
    """Show Kafka's own tool with that file; RuntimeError where it does not get in.

    kafka-topics.sh would start it so, but for the names of the pods, which this machine does not resolve.
    """
    tool = "org.apache.kafka.tools.TopicCommand"
    command = tool_command(cluster.distribution, tool, flags=jvm_flags(cluster.pods[0]))
    arguments = certificates.folder / "java.args"
    arguments.write_text("".join(f'"{argument}"\n' for argument in command[1:]), "utf-8")
    _type(
        f"{command[0]} @{arguments.name} --bootstrap-server {cluster.bootstrap_servers[0]} "
        f"--command-config {_PROPERTIES} --describe --topic {TOPIC} | grep Partition:",
        certificates.folder,
    )


def _type(line: str, folder: Path) -> None:
    """Print *line* and what it prints to stdout, run in *folder*; RuntimeError where it fails."""
    print(f"$ {line}", flush=True)
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        raise RuntimeError(f"{line}: status {done.returncode}: {done.stdout}{done.stderr}".strip())
