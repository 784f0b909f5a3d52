"""Controllers and clients behind TLS: a plain listener for the probes, and what they say of the others."""

import shlex
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from tests.server.clients import Security, read_message, send_message
from tests.server.distributions import KRAFT, KRAFT_CORE, Distribution
from tests.server.hosts import DOMAIN_SUFFIX, resolving
from tests.server.kafka import CONTROLLER_SERVICE, NAMES, SERVICE, START_LIMIT
from tests.server.kraft import KRaftSet, combined_pods, running, separate_pods
from tests.server.ports import ENSEMBLE_ADDRESSES, free_port
from tests.server.processes import wait_until
from tests.server.versions import fetched, marks_of

pytestmark = pytest.mark.server

PASSWORD = "pass-from-a-file"
NEWEST = KRAFT_CORE[-1:]
CASES = [pytest.param(version, id=str(version), marks=marks_of(version, NEWEST)) for version in KRAFT]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with key.p12, cert.pem and the password's file: one certificate for every pod of the service."""
    folder = tmp_path_factory.mktemp("tls")
    (folder / "password").write_text(f"{PASSWORD}\n")
    keytool = f"keytool -storepass {PASSWORD} -keystore {folder}/key.p12 -storetype PKCS12 -alias kafka"
    names = ",".join(f"dns:*.{service}.{DOMAIN_SUFFIX}" for service in (SERVICE, CONTROLLER_SERVICE))
    options = f"-keyalg RSA -dname CN=kafka -ext SAN={names} -validity 2"
    for step in (f"-genkeypair {options}", f"-exportcert -rfc -file {folder}/cert.pem"):
        subprocess.run(shlex.split(f"{keytool} {step}"), check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module", params=CASES)
def cluster(
    request: pytest.FixtureRequest, store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KRaftSet]:
    """Three nodes that are brokers and controllers; nothing but the probes' listener is plain."""
    distribution: Distribution = request.param
    made = combined_pods(tmp_path_factory.mktemp("kraft"), fetched(distribution))
    probes = free_port(ENSEMBLE_ADDRESSES)
    for pod in made.pods:
        port, controller = pod.environ["KF_PORT"], pod.environ["KF_CONTROLLER_PORT"]
        pod.environ |= {
            "KAFKA_LISTENERS": (
                f"PROBES://{pod.address}:{probes},SSL://{pod.address}:{port},CONTROLLER://{pod.address}:{controller}"
            ),
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PROBES:PLAINTEXT,SSL:SSL,CONTROLLER:SSL",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "SSL",
            **keys(store),
        }
    with running(made) as started:
        started.wait_until_ready()
        yield started


def keys(store: Path) -> dict[str, str]:
    """Return what a manifest says of the key and of whom to trust."""
    return {
        "KAFKA_SSL_KEYSTORE_LOCATION": f"{store}/key.p12",
        "KAFKA_SSL_KEYSTORE_TYPE": "PKCS12",
        "KAFKA_SSL_KEYSTORE_PASSWORD_FILE": f"{store}/password",
        "KAFKA_SSL_TRUSTSTORE_LOCATION": f"{store}/key.p12",
        "KAFKA_SSL_TRUSTSTORE_TYPE": "PKCS12",
        "KAFKA_SSL_TRUSTSTORE_PASSWORD_FILE": f"{store}/password",
        "KAFKA_SSL_CLIENT_AUTH": "requested",
    }


def test_probes_use_the_plain_listener(cluster: KRaftSet) -> None:
    """Found in the generated file: alive, ready, in sync."""
    for at, pod in enumerate(cluster.pods):
        assert pod.run("kafkaOk").returncode == 0
        said = f"broker {at + 1} of 3"
        wait_until(
            lambda: pod.run("kafkaReady", "--in-sync").stdout.startswith(said),  # noqa: B023
            said,
            timeout=START_LIMIT,
        )


def test_other_listeners_are_told_from_dead_ones(cluster: KRaftSet) -> None:
    """Status 76 and the word TLS, on the clients' listener and on the controllers'."""
    pod = cluster.pods[0]
    for port in ("KF_PORT", "KF_CONTROLLER_PORT"):
        for command in ("kafkaOk", "kafkaReady"):
            done = pod.run(command, environ={"KF_PROBE_PORT": pod.environ[port]})

            assert (done.returncode, done.stdout) == (76, "")
            assert "TLS" in done.stderr


def test_the_password_stands_in_one_private_file(cluster: KRaftSet) -> None:
    """Neither in what was printed nor in the arguments or the environment of the server."""
    for pod in cluster.pods:
        process = cluster.running[pod.name]
        generated = Path(pod.environ["KF_CONFIG_FILE"])

        assert PASSWORD in generated.read_text()
        assert generated.stat().st_mode & 0o777 == 0o600
        assert PASSWORD not in process.log_text()
        for told in ("cmdline", "environ"):
            assert PASSWORD.encode() not in Path(f"/proc/{process.pid}/{told}").read_bytes()


def test_a_message_goes_through(cluster: KRaftSet, store: Path) -> None:
    """From and to a client that trusts the certificate, replicated over TLS."""
    context = ssl.create_default_context(cafile=store / "cert.pem")
    security: Security = {"security_protocol": "SSL", "ssl_context": context}
    topic = send_message(cluster.bootstrap_servers, "secret", replicas=3, security=security)

    assert read_message(cluster.bootstrap_servers, topic, security=security) == "secret"


def pem_keys(folder: Path) -> dict[str, str]:
    """Return what a manifest says of keys in PEM, whose certificate names another host: so names are not verified."""
    authority = trustme.CA()
    issued = authority.issue_cert("elsewhere.example", common_name="kafka")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    texts = {
        "KEYSTORE_KEY": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "KEYSTORE_CERTIFICATE_CHAIN": b"".join(blob.bytes() for blob in issued.cert_chain_pems),
        "TRUSTSTORE_CERTIFICATES": authority.cert_pem.bytes(),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    return {
        **{f"KAFKA_SSL_{name}_FILE": f"{folder}/{name}" for name in texts},
        "KAFKA_SSL_KEYSTORE_TYPE": "PEM",
        "KAFKA_SSL_TRUSTSTORE_TYPE": "PEM",
        "KAFKA_SSL_CLIENT_AUTH": "required",
        "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM": "",
    }


def test_controllers_of_their_own_need_no_plain_listener(tmp_path: Path) -> None:
    """The protocol map of the file need not have the brokers' listener; their probes are the kubelet's TCP ones.

    Keys come as text of several lines, and an empty variable means what Kafka takes it for.
    """
    made = separate_pods(tmp_path, fetched(NEWEST[0]), pem_keys(tmp_path))
    for pod in made.controllers:
        pod.environ["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] = "CONTROLLER:SSL"
    for pod in made.brokers:
        pod.environ["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] = "CONTROLLER:SSL,PLAINTEXT:PLAINTEXT"
    with running(made) as started:
        started.wait_until_ready(started.brokers)

        assert {pod.run("kafkaOk").returncode for pod in started.controllers} == {76}


def test_a_probe_that_an_authorizer_keeps_in_the_dark_does_not_say_in_sync(tmp_path: Path) -> None:
    """It is shown no topic, as if the broker had none; once it may describe them, it says yes."""
    made = combined_pods(tmp_path, fetched(NEWEST[0]), pem_keys(tmp_path))
    probes = free_port(ENSEMBLE_ADDRESSES)
    for pod in made.pods:
        ports = {"PROBES": probes, "SSL": pod.environ["KF_PORT"], "CONTROLLER": pod.environ["KF_CONTROLLER_PORT"]}
        pod.environ |= {
            "KAFKA_LISTENERS": ",".join(f"{name}://{pod.address}:{port}" for name, port in ports.items()),
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PROBES:PLAINTEXT,SSL:SSL,CONTROLLER:SSL",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "SSL",
            "KAFKA_AUTHORIZER_CLASS_NAME": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "KAFKA_SSL_PRINCIPAL_MAPPING_RULES": "RULE:^.*CN=kafka.*$/kafka/",
            "KAFKA_SUPER_USERS": "User:kafka",
        }
    context = ssl.create_default_context(cafile=tmp_path / "TRUSTSTORE_CERTIFICATES")
    context.check_hostname = False
    context.load_cert_chain(tmp_path / "KEYSTORE_CERTIFICATE_CHAIN", tmp_path / "KEYSTORE_KEY")
    security: Security = {"security_protocol": "SSL", "ssl_context": context}
    with running(made) as started:
        started.wait_until_ready()
        topic = send_message(started.bootstrap_servers, "secret", replicas=3, security=security)
        dark = started.pods[0].run("kafkaReady", "--in-sync")
        with resolving(NAMES):
            admin = KafkaAdminClient(bootstrap_servers=started.bootstrap_servers, **security)
            pattern = ResourcePattern(ResourceType.TOPIC, "*")
            admin.create_acls([ACL("User:ANONYMOUS", "*", ACLOperation.DESCRIBE, ACLPermissionType.ALLOW, pattern)])
            admin.close()
        wait_until(
            lambda: started.pods[0].run("kafkaReady", "--in-sync").stdout.startswith("broker 1 of 3, in sync in "),
            "the probe may describe topics",
            timeout=START_LIMIT,
        )

    assert dark.returncode == 75
    assert "the disks hold partitions of topics that the probe is not shown" in dark.stderr
    assert topic in dark.stderr
