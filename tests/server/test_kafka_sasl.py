"""KF_SASL_DIR on real servers: who gets in, who does not, what the probes see, and where the passwords are."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import UserScramCredentialUpsertion
from kafka.errors import KafkaError

from tests.certificates import Authority
from tests.server.clients import PATIENT, Security, read_message, send_message
from tests.server.distributions import KRAFT, KRAFT_CORE, Distribution
from tests.server.hosts import DOMAIN_SUFFIX, resolving
from tests.server.kafka import NAMES, SERVICE, START_LIMIT
from tests.server.kraft import KRaftSet, combined_pods, join_beside, running
from tests.server.ports import free_ports
from tests.server.processes import wait_until
from tests.server.test_kafka_tls import security as tls_security
from tests.server.test_secrets import CANARY, Watch, leaks
from tests.server.versions import fetched, marks_of

pytestmark = pytest.mark.server

BROKER, CLIENT = "kafka-broker", "app.1"
PASSWORDS = {BROKER: f"{CANARY}-broker", CLIENT: f'{CANARY} "\\ =,é'}
"""One with all that properties, JAAS and SCRAM write otherwise."""

CASES = [pytest.param(version, id=str(version), marks=marks_of(version, KRAFT_CORE)) for version in KRAFT]


def mechanism_of(distribution: Distribution) -> str:
    """Return how clients log in at this Kafka."""
    return "SCRAM-SHA-512" if distribution.release >= (3, 5) else "PLAIN"


def users(folder: Path, passwords: Mapping[str, str] = PASSWORDS) -> Path:
    """Return a folder with a file for each user of *passwords*."""
    folder.mkdir()
    for name, password in passwords.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(f"{password}\n")
    return folder


def login(mechanism: str, password: str | None = None) -> Security:
    """Return what a client has that logs in, with another *password* than it has where one is given."""
    return {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": CLIENT,
        "sasl_plain_password": PASSWORDS[CLIENT] if password is None else password,
    }


class Started:
    """A cluster that runs, and what the machine could see while it was made."""

    def __init__(self, cluster: KRaftSet, watch: Watch, mechanism: str) -> None:
        self.cluster = cluster
        self.watch = watch
        self.mechanism = mechanism


@pytest.fixture(scope="module", params=CASES)
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Three nodes that are brokers and controllers, without any listener that asks for no login."""
    distribution: Distribution = request.param
    folder = tmp_path_factory.mktemp("sasl")
    mechanism = mechanism_of(distribution)
    made = combined_pods(folder, fetched(distribution))
    secret = users(folder / "users")
    for pod in made.pods:
        ports = {"SASL_PLAINTEXT": pod.environ["KF_PORT"], "CONTROLLER": pod.environ["KF_CONTROLLER_PORT"]}
        pod.environ |= {
            "KF_SASL_DIR": str(secret),
            "KF_SASL_MECHANISM": mechanism,
            "KF_SASL_USER": BROKER,
            "KAFKA_LISTENERS": ",".join(f"{name}://{pod.address}:{port}" for name, port in ports.items()),
        }
    with Watch() as watch, running(made) as cluster:
        cluster.wait_until_ready()
        yield Started(cluster, watch, mechanism)


def test_a_message_goes_through(started: Started) -> None:
    """Replicated among brokers that log in to each other."""
    servers, client = started.cluster.bootstrap_servers, login(started.mechanism)
    topic = send_message(servers, "secret", replicas=3, security=client)

    assert read_message(servers, topic, security=client) == "secret"


@pytest.mark.parametrize("case", ["wrong password", "no login"])
def test_others_are_refused(started: Started, case: str) -> None:
    """With a wrong password, and with none."""
    client = login(started.mechanism, "wrong") if case == "wrong password" else Security()
    with pytest.raises(KafkaError):
        KafkaAdminClient(bootstrap_servers=started.cluster.bootstrap_servers, bootstrap_timeout_ms=3000, **client)


def test_probes_log_in(started: Started, tmp_path: Path) -> None:
    """Alive, ready, in sync, by both mechanisms; a wrong password fails readiness alone."""
    wrong = tmp_path / BROKER
    wrong.write_text("wrong")
    for at, pod in enumerate(started.cluster.pods):
        said = f"broker {at + 1} of 3, in sync"
        wait_until(
            lambda: pod.run("kafkaReady", "--in-sync").stdout.startswith(said),  # noqa: B023
            said,
            timeout=START_LIMIT,
        )
        controller = {"KAFKA_PROCESS_ROLES": "controller", "KF_PROBE_PORT": pod.environ["KF_CONTROLLER_PORT"]}
        assert pod.run("kafkaReady", environ=controller).stdout.startswith("controller, leader ")

        refused = pod.run("kafkaReady", environ={"KF_SASL_DIR": str(tmp_path)})
        assert (refused.returncode, f"refuses the login of {BROKER}" in refused.stderr) == (76, True)
        assert pod.run("kafkaOk", environ={"KF_SASL_DIR": str(tmp_path)}).returncode == 0
        assert pod.run("kafkaOk", environ={"KF_SASL_DIR": "/nowhere"}).returncode == 0


def test_an_empty_volume_asks_the_other_controllers(started: Started, tmp_path: Path) -> None:
    """Logged in: whoever shall join needs a leader, and must hear of it."""
    pod = started.cluster.pods[0]
    (tmp_path / "users").mkdir()
    (tmp_path / "users" / BROKER).write_text("wrong")
    refused = join_beside(pod, tmp_path, {"KF_SASL_DIR": f"{tmp_path}/users", "KF_QUORUM_WAIT": "1"})

    assert (refused.returncode, f"refuses the login of {BROKER}" in refused.stderr) == (75, True), refused.stderr
    assert join_beside(pod, tmp_path).returncode == 0


def test_a_user_that_came_after_the_format_is_told_until_the_cluster_has_it(started: Started, tmp_path: Path) -> None:
    """By the metadata on each node's own volume; users of PLAIN stand in the properties and need nothing."""
    more = {"KF_SASL_DIR": str(users(tmp_path / "users", {**PASSWORDS, "late": CANARY}))}

    def told() -> set[bool]:
        """Return what the starts of all nodes say of their users."""
        starts = [pod.run("kafkaGenConfig", "--dry-run", environ=more) for pod in started.cluster.pods]
        assert [start.returncode for start in starts] == [0, 0, 0]
        return {f"late cannot log in by {started.mechanism}" in start.stderr for start in starts}

    assert told() == {started.mechanism != "PLAIN"}
    if started.mechanism == "PLAIN":
        return
    with resolving(NAMES):
        admin = KafkaAdminClient(
            bootstrap_servers=started.cluster.bootstrap_servers, **PATIENT, **login(started.mechanism)
        )
        try:
            added = UserScramCredentialUpsertion("late", started.mechanism, CANARY)
            assert admin.alter_user_scram_credentials([added]) == {"late": None}
        finally:
            admin.close()
    wait_until(lambda: told() == {False}, "every volume has the user", timeout=START_LIMIT)


def test_passwords_stand_in_private_files_alone(started: Started) -> None:
    """Neither in a command line, the format's among them, nor in an environment or what was printed."""
    for pod in started.cluster.pods:
        process = started.cluster.running[pod.name]
        assert list(leaks(pod, process, started.watch)) == []
        assert CANARY not in process.log_text()
        assert "saltedpassword" not in process.log_text().lower()
        assert CANARY in Path(pod.environ["KF_CONFIG_FILE"]).read_text()
    tools = [line for line in started.watch.seen if b"kafka.tools.StorageTool" in line]
    assert any(b"@" in line for line in tools) == (started.mechanism != "PLAIN")
    assert not [line for line in tools if b"saltedpassword" in line.lower()]


def test_with_tls_clients_log_in_and_servers_show_certificates(tmp_path: Path) -> None:
    """Over SASL_SSL; the probes ask between brokers, where nobody logs in, so no user is theirs."""
    distribution = KRAFT_CORE[-1]
    authority = Authority("root")
    secret = authority.issue(f"*.{SERVICE}.{DOMAIN_SUFFIX}").write(tmp_path / "tls", authority.ca_crt)
    pod = combined_pods(tmp_path, fetched(distribution), {"KF_REPLICAS": "1"}).pods[0]
    alone = KRaftSet(distribution=distribution, controllers=[pod], brokers=[pod])
    (brokers,) = free_ports(1, [pod.address])
    ports = {"SASL_SSL": pod.environ["KF_PORT"], "BROKERS": brokers, "CONTROLLER": pod.environ["KF_CONTROLLER_PORT"]}
    pod.environ |= {
        "KF_TLS_DIR": str(secret),
        "KF_SASL_DIR": str(users(tmp_path / "users")),
        "KF_SASL_MECHANISM": "SCRAM-SHA-256",
        "KAFKA_LISTENERS": ",".join(f"{name}://{pod.address}:{port}" for name, port in ports.items()),
    }
    right: Security = {
        **login("SCRAM-SHA-256"),
        **tls_security(tmp_path, None, authority),
        "security_protocol": "SASL_SSL",
    }
    wrong: Security = {**right, "sasl_plain_password": "wrong"}
    none: Security = {"security_protocol": "SSL", "ssl_context": right["ssl_context"]}
    with running(alone) as cluster:
        cluster.wait_until_ready()
        topic = send_message(cluster.bootstrap_servers, "secret", replicas=1, security=right)
        message = read_message(cluster.bootstrap_servers, topic, security=right)
        alive = pod.run("kafkaOk").returncode
        ready = pod.run("kafkaReady", environ={"KF_PROBE_PORT": pod.environ["KF_PORT"], "KF_SASL_USER": BROKER}).stdout
        for client in (wrong, none):
            with pytest.raises(KafkaError):
                KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers, bootstrap_timeout_ms=3000, **client)

    assert (message, alive, ready) == ("secret", 0, "broker 1 of 1\n")
