"""KF_TLS_DIR on real brokers and controllers: what is served, who is refused, and what the probes see."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from kafka.errors import KafkaError

from tests.certificates import DAY, Authority, Issued, Kind
from tests.server.clients import Security, read_message, send_message
from tests.server.distributions import KRAFT, KRAFT_CORE, Distribution
from tests.server.hosts import DOMAIN_SUFFIX, resolving
from tests.server.kafka import NAMES as HOST_NAMES
from tests.server.kafka import SERVICE, START_LIMIT
from tests.server.kafka_tls import NAMES, mount
from tests.server.kraft import KRaftSet, combined_pods, join_beside, running
from tests.server.pods import Pod
from tests.server.ports import ENSEMBLE_ADDRESSES, free_ports
from tests.server.processes import wait_for, wait_until
from tests.server.serving import serving_pod
from tests.server.test_secrets import exposures, key_line
from tests.server.versions import fetched, marks_of
from tests.server.zookeeper_tls import Client

pytestmark = pytest.mark.server

ROOT = Authority("root")
MIDDLE = Authority("middle", ROOT)
OTHER = Authority("other")

FORMS: list[tuple[Authority, Kind, str]] = [
    (ROOT, "rsa", "PKCS#1, SEC1"),
    (MIDDLE, "ec", "PKCS#1, SEC1"),
    (ROOT, "ed25519", "PKCS#8"),
]
"""Who signs for each of three nodes, the kind of its key, and how that is written; the last one needs JKS."""

CASES = [pytest.param(version, id=str(version), marks=marks_of(version, KRAFT_CORE)) for version in KRAFT]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A Secret for each node, no two of one form."""
    folder = tmp_path_factory.mktemp("secrets")
    return [
        issuer.issue(*NAMES, kind=kind).write(folder / str(at), ROOT.ca_crt, form)
        for at, (issuer, kind, form) in enumerate(FORMS)
    ]


@pytest.fixture(scope="module", params=CASES)
def cluster(
    request: pytest.FixtureRequest, secrets: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KRaftSet]:
    """Three nodes that are brokers and controllers, without any plain listener; clients show a certificate."""
    distribution: Distribution = request.param
    environ = {"KF_TLS_CLIENT_AUTH": "required"}
    made = combined_pods(tmp_path_factory.mktemp("kraft"), fetched(distribution), environ)
    mount(made.pods, secrets)
    with running(made) as started:
        started.wait_until_ready()
        yield started


def security(folder: Path, issued: Issued | None, trusted: Authority = ROOT) -> Security:
    """Return what a client has that shows *issued*, or nothing, and trusts *trusted*."""
    (folder / "ca.crt").write_bytes(trusted.ca_crt)
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    if issued is not None:
        place = issued.write(folder / "client", trusted.ca_crt)
        context.load_cert_chain(place / "tls.crt", place / "tls.key")
    return {"security_protocol": "SSL", "ssl_context": context}


def test_a_message_goes_through(cluster: KRaftSet, tmp_path: Path) -> None:
    """Replicated among brokers whose keys have three forms."""
    client = security(tmp_path, MIDDLE.issue("client", kind="rsa"))
    topic = send_message(cluster.bootstrap_servers, "secret", replicas=3, security=client)

    assert read_message(cluster.bootstrap_servers, topic, security=client) == "secret"


STRANGERS: dict[str, Callable[[], Issued | None]] = {
    "none": lambda: None,
    "foreign": lambda: OTHER.issue("client"),
    "expired": lambda: ROOT.issue("client", until=datetime.now(UTC) - 2 * DAY),
}


@pytest.mark.parametrize("case", STRANGERS)
def test_others_are_refused(cluster: KRaftSet, tmp_path: Path, case: str) -> None:
    """Without a certificate, with another authority's, and with one that has expired."""
    with pytest.raises(KafkaError):
        KafkaAdminClient(
            bootstrap_servers=cluster.bootstrap_servers,
            bootstrap_timeout_ms=5000,
            **security(tmp_path, STRANGERS[case]()),
        )


def test_probes_ask_by_tls(cluster: KRaftSet) -> None:
    """Alive, ready, in sync; a wrong name fails readiness alone."""
    for at, pod in enumerate(cluster.pods):
        assert pod.run("kafkaOk").returncode == 0
        said = f"broker {at + 1} of 3, in sync"
        wait_until(
            lambda: pod.run("kafkaReady", "--in-sync").stdout.startswith(said),  # noqa: B023
            said,
            timeout=START_LIMIT,
        )
        elsewhere = {"KF_DOMAIN": "elsewhere.test"}
        wrong = pod.run("kafkaReady", environ=elsewhere)
        assert (wrong.returncode, "Hostname mismatch" in wrong.stderr) == (76, True)
        assert pod.run("kafkaOk", environ=elsewhere).returncode == 0


def test_a_controller_is_asked_by_tls(cluster: KRaftSet) -> None:
    """On its own listener, and its leader on the leader's."""
    pod = cluster.pods[0]
    controller = {"KAFKA_PROCESS_ROLES": "controller", "KF_PROBE_PORT": pod.environ["KF_CONTROLLER_PORT"]}

    assert pod.run("kafkaReady", environ=controller).stdout.startswith("controller, leader ")


def test_an_empty_volume_asks_the_other_controllers(cluster: KRaftSet, tmp_path: Path) -> None:
    """With its own certificate: whoever shall join needs a leader, and must hear of it."""
    assert join_beside(cluster.pods[0], tmp_path).returncode == 0


def test_stores_are_private_and_stay_as_they_are(cluster: KRaftSet) -> None:
    """The key stands in them alone, and a second start changes nothing."""
    for pod in cluster.pods:
        folder = Path(pod.environ["KF_CONFIG_FILE"]).parent / "tls"
        mounted = Path(pod.environ["KF_TLS_DIR"], "tls.key").read_text().splitlines()[1]
        again, shown = pod.run("kafkaGenConfig"), pod.run("kafkaGenConfig", "--dry-run").stdout

        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        assert (again.returncode, f"Wrote {folder}/" in again.stdout) == (0, False), again.stderr
        for key in (key_line(folder), mounted):
            assert list(exposures(pod, cluster.running[pod.name], key)) == []
            assert key not in shown


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """One with a certificate that brokers take for a broker's."""
    return Client(tmp_path_factory.mktemp("peer"), ROOT, ROOT.issue(*NAMES))


def serials(pod: Pod, peer: Client) -> list[int]:
    """Return the number of the certificate that each listener of *pod* shows."""
    listeners = pod.environ["KAFKA_LISTENERS"].split(",")
    return [peer.serial_at((pod.address, int(listener.rpartition(":")[2]))) for listener in listeners]


class TestRenewal:
    """`kafkaboot tls`, once the mounted files have changed."""

    def test_new_certificates_are_shown_without_a_restart(
        self, cluster: KRaftSet, secrets: list[Path], peer: Client
    ) -> None:
        """On every listener, whatever form the key has, and more than once."""
        for _ in range(2):
            for pod, secret, (issuer, kind, form) in zip(cluster.pods, secrets, FORMS, strict=True):
                before = pod.run("kafkaboot", "tls")
                issued = issuer.issue(*NAMES, kind=kind)
                issued.write(secret, ROOT.ca_crt, form)
                done = pod.run("kafkaboot", "tls")

                assert (before.returncode, before.stdout.startswith("unchanged")) == (0, True), before.stderr
                assert (done.returncode, done.stdout.startswith("renewed")) == (0, True), done.stderr
                assert serials(pod, peer) == [issued.serial] * 3
                assert pod.run("kafkaboot", "tls").stdout.startswith("unchanged")
        cluster.wait_until_counted()

    def test_what_a_broker_would_not_take_leaves_the_old_one(
        self, cluster: KRaftSet, secrets: list[Path], peer: Client
    ) -> None:
        """Expired; for fewer names, which it would refuse in silence, with all that comes after."""
        pod, secret = cluster.pods[0], secrets[0]
        before = serials(pod, peer)
        expired = ROOT.issue(*NAMES, kind="rsa", until=datetime.now(UTC) - 2 * DAY)
        fewer = ROOT.issue(f"{pod.name}.{SERVICE}.{DOMAIN_SUFFIX}", kind="rsa")
        for issued, status, reason in ((expired, 78, "tls.crt expired on"), (fewer, 75, "is not for *.")):
            issued.write(secret, ROOT.ca_crt)
            done = pod.run("kafkaboot", "tls")

            assert (done.returncode, done.stdout) == (status, ""), done.stderr
            assert reason in done.stderr
            assert serials(pod, peer) == before
        issued = ROOT.issue(*NAMES, kind="rsa")
        issued.write(secret, ROOT.ca_crt)
        assert pod.run("kafkaboot", "tls").returncode == 0
        assert serials(pod, peer) == [issued.serial] * 3

    def test_serve_renews_by_itself(self, cluster: KRaftSet, secrets: list[Path], peer: Client) -> None:
        """Some seconds after the mounted files have changed; its metrics say what came of it."""
        pod = cluster.pods[1]
        with serving_pod(pod, "kafkaboot") as served:
            issued = MIDDLE.issue(*NAMES)
            issued.write(secrets[1], ROOT.ca_crt)
            end = int(issued.chain[0].not_valid_after_utc.timestamp())
            wanted = {f"kafkaboot_certificate_not_after_seconds {end}", "kafkaboot_tls_exit_status 0"}
            wait_for(lambda: serials(pod, peer), [issued.serial] * 3, timeout=START_LIMIT)
            wait_until(
                lambda: wanted <= set(served.ask("/metrics").text.splitlines()),
                "the metrics say that the certificate was renewed",
                timeout=START_LIMIT,
            )


@pytest.mark.parametrize("version", CASES)
def test_an_authorizer_must_let_the_broker_be_asked(version: Distribution, peer: Client, tmp_path: Path) -> None:
    """Else it needs a restart, and the old files stay; an ACL of that right alone is enough."""
    made = combined_pods(tmp_path, fetched(version), {"KF_REPLICAS": "1"})
    made.controllers = made.brokers = made.pods[:1]
    (pod,) = made.pods
    clients, brokers = free_ports(2, ENSEMBLE_ADDRESSES)
    controller = pod.environ["KF_CONTROLLER_PORT"]
    secret = ROOT.issue(*NAMES).write(tmp_path / "secret", ROOT.ca_crt)
    pod.environ |= {
        "KF_PORT": str(brokers),
        "KF_TLS_DIR": str(secret),
        "KF_TLS_CLIENT_AUTH": "required",
        "KAFKA_LISTENERS": (
            f"SSL://{pod.address}:{clients},PLAINTEXT://{pod.address}:{brokers},CONTROLLER://{pod.address}:{controller}"
        ),
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "SSL:SSL,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_AUTHORIZER_CLASS_NAME": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "KAFKA_SUPER_USERS": "User:ANONYMOUS",
    }
    address = pod.address, clients
    with running(made) as started:
        started.wait_until_ready()
        before = peer.serial_at(address)
        issued = ROOT.issue(*NAMES)
        issued.write(secret, ROOT.ca_crt)
        refused = pod.run("kafkaboot", "tls")

        assert (refused.returncode, "AlterConfigs on the cluster" in refused.stderr) == (75, True), refused.stderr
        assert peer.serial_at(address) == before

        with resolving(HOST_NAMES):
            admin = KafkaAdminClient(bootstrap_servers=started.bootstrap_servers)
            cluster = ResourcePattern(ResourceType.CLUSTER, "kafka-cluster")
            allow = ACL("User:CN=server", "*", ACLOperation.ALTER_CONFIGS, ACLPermissionType.ALLOW, cluster)
            assert admin.create_acls([allow])["failed"] == []
            admin.close()
        done = pod.run("kafkaboot", "tls")

        assert (done.returncode, done.stdout.startswith("renewed")) == (0, True), done.stderr
        assert peer.serial_at(address) == issued.serial
