"""ZK_TLS_DIR on real servers: what is served, who is refused, and the way there without losing a write."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.certificates import DAY, Authority, Issued, Kind
from tests.server.distributions import MATRIX, SECURED_CORE, Distribution, Product
from tests.server.impostors import ELSEWHERE, REFUSAL, disguise, wrong_secret
from tests.server.pods import Pod, roles
from tests.server.processes import wait_for, wait_until
from tests.server.serving import serving_pod
from tests.server.test_secrets import exposures, key_line
from tests.server.versions import fetched, marks_of
from tests.server.zookeeper import START_LIMIT, ZooKeeperSet, running, start_server
from tests.server.zookeeper_phases import lose_nothing_on_the_way
from tests.server.zookeeper_tls import NAMES, Client, make_tls_pods, secure_connect_string, tls_address

pytestmark = pytest.mark.server

ROOT = Authority("root")
MIDDLE = Authority("middle", ROOT)
OTHER = Authority("other")

REFUSED_PEER = "doesn't match any of the subject alternative names"
"""What a server logs of another, beside its address or name."""

FORMS: list[tuple[Authority, Kind, str]] = [
    (ROOT, "rsa", "PKCS#1, SEC1"),
    (MIDDLE, "ec", "PKCS#1, SEC1"),
    (ROOT, "ed25519", "PKCS#8"),
]
"""Who signs for each of three servers, the kind of its key, and how that is written."""

SECURED = [
    pytest.param(version, id=str(version), marks=marks_of(version, SECURED_CORE))
    for version in MATRIX
    if version.product is Product.ZOOKEEPER and version.release >= (3, 5)
]


@pytest.fixture(scope="module", params=SECURED)
def distribution(request: pytest.FixtureRequest) -> Distribution:
    """One version of ZooKeeper that has TLS, fetched."""
    wanted: Distribution = request.param
    return fetched(wanted)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A Secret for each server, no two of one form."""
    folder = tmp_path_factory.mktemp("secrets")
    return [
        issuer.issue(*NAMES, kind=kind).write(folder / str(at), ROOT.ca_crt, form)
        for at, (issuer, kind, form) in enumerate(FORMS)
    ]


@pytest.fixture(scope="module")
def ensemble(
    distribution: Distribution, secrets: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ZooKeeperSet]:
    """Three servers that speak TLS with clients and with each other, all of them ready."""
    with running(make_tls_pods(tmp_path_factory.mktemp("zk"), secrets), distribution) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A client with a certificate."""
    return Client(tmp_path_factory.mktemp("client"), ROOT, MIDDLE.issue("client", kind="rsa"))


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """One with a certificate that servers take for a server's: with the address that it comes from."""
    return Client(tmp_path_factory.mktemp("peer"), ROOT, ROOT.issue(*NAMES))


class TestSecured:
    """Both kinds of connections, by TLS alone."""

    def test_a_write_at_each_server_is_read_at_the_others(self, ensemble: ZooKeeperSet, client: Client) -> None:
        """Whichever form its key had."""
        for at, pod in enumerate(ensemble.pods):
            with client.session([pod]) as session:
                session.create(f"/written-{at}", b"secret")
        for pod in ensemble.pods:
            with client.session([pod]) as session:
                session.sync("/")

                assert [session.get(f"/written-{at}")[0] for at in range(3)] == [b"secret"] * 3

    def test_both_versions_of_tls_are_spoken(self, ensemble: ZooKeeperSet, client: Client) -> None:
        """Clients of 3.8, and Kafka's, speak the older one."""
        for pod in ensemble.pods:
            for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                wait_for(lambda: client.ask(pod, b"ruok", newest), b"imok", timeout=START_LIMIT)  # noqa: B023

    def test_others_are_refused(self, ensemble: ZooKeeperSet, tmp_path: Path) -> None:
        """Without a certificate, with another authority's, and with one that has expired."""
        past = datetime.now(UTC) - 2 * DAY
        strangers = {
            "none": None,
            "foreign": OTHER.issue("client"),
            "expired": ROOT.issue("client", until=past),
        }
        for name, issued in strangers.items():
            for pod in ensemble.pods[:2]:
                assert Client(tmp_path / name, ROOT, issued).ask(pod, b"ruok") == b"", name

    def test_the_servers_name_is_verified(self, ensemble: ZooKeeperSet, tmp_path: Path) -> None:
        """By a client that trusts another authority, the server is refused, too."""
        assert Client(tmp_path, OTHER, ROOT.issue("client")).ask(ensemble.pods[0], b"ruok") == b""

    def test_keys_stand_in_private_files_alone(self, ensemble: ZooKeeperSet, secrets: list[Path]) -> None:
        """Not in what was printed, in zoo.cfg, or in the server's arguments."""
        for pod, server, secret in zip(ensemble.pods, ensemble.servers, secrets, strict=True):
            folder = Path(pod.environ["ZK_CONF_DIR"], "tls")
            shown = pod.run("zkGenConfig", "--dry-run").stdout

            assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
            for key in (key_line(folder), (secret / "tls.key").read_text().splitlines()[1]):
                assert list(exposures(pod, server, key)) == []
                assert key not in shown

    def test_wait_opens_a_session_over_tls(self, ensemble: ZooKeeperSet) -> None:
        """With the certificate of the pod; the servers that are given are verified by their addresses."""
        pod = ensemble.pods[0]
        servers = secure_connect_string(ensemble.pods)
        done = pod.run("zkboot", "wait", "--timeout", "300", "--servers", servers)

        assert (done.returncode, done.stderr) == (0, "")

    def test_a_second_start_changes_no_file(self, ensemble: ZooKeeperSet) -> None:
        """The stores are what they were."""
        for pod in ensemble.pods:
            done = pod.run("zkGenConfig")

            assert done.returncode == 0, done.stderr
            assert "Wrote" not in done.stdout


class TestRenewal:
    """`zkboot tls`, once the mounted files have changed."""

    def test_new_certificates_are_shown_without_a_restart(
        self, ensemble: ZooKeeperSet, secrets: list[Path], client: Client, peer: Client
    ) -> None:
        """To clients from 3.7.2 on, between servers in every version; before that clients' port needs a restart."""
        for pod, secret, (issuer, kind, form) in zip(ensemble.pods, secrets, FORMS, strict=True):
            before = pod.run("zkboot", "tls")
            issued = issuer.issue(*NAMES, kind=kind)
            issued.write(secret, ROOT.ca_crt, form)
            done = pod.run("zkboot", "tls")
            election = pod.address, int(pod.environ["ZK_ELECTION_PORT"])

            assert (before.returncode, before.stdout.startswith("unchanged")) == (0, True), before.stderr
            if ensemble.distribution.release >= (3, 7):
                assert (done.returncode, done.stdout.startswith("renewed")) == (0, True), done.stderr
                assert client.serial_at(tls_address(pod)) == issued.serial
            else:
                assert (done.returncode, "restart the server" in done.stderr) == (75, True), done.stderr
                ensemble.servers[ensemble.pods.index(pod)].terminate()
                ensemble.servers[ensemble.pods.index(pod)] = start_server(pod, ensemble.distribution)
                ensemble.wait_until_ready()
            wait_for(lambda: peer.serial_at(election), issued.serial, timeout=START_LIMIT)  # noqa: B023
            assert pod.run("zkboot", "tls").stdout.startswith("unchanged")

    def test_one_that_would_not_work_leaves_the_old_one(
        self, ensemble: ZooKeeperSet, secrets: list[Path], client: Client
    ) -> None:
        """Nothing is written, and the server goes on with what it has."""
        pod, secret = ensemble.pods[0], secrets[0]
        before = client.serial_at(tls_address(pod))
        expired = ROOT.issue(*NAMES, kind="rsa", until=datetime.now(UTC) - 2 * DAY)
        expired.write(secret, ROOT.ca_crt)
        done = pod.run("zkboot", "tls")
        ROOT.issue(*NAMES, kind="rsa").write(secret, ROOT.ca_crt)

        assert (done.returncode, done.stdout) == (78, "")
        assert "tls.crt expired on" in done.stderr
        assert client.serial_at(tls_address(pod)) == before

    def test_serve_renews_by_itself(self, ensemble: ZooKeeperSet, secrets: list[Path], client: Client) -> None:
        """Some seconds after the mounted files have changed; its metrics say what came of it."""
        pod = ensemble.pods[1]
        reloads = ensemble.distribution.release >= (3, 7)
        with serving_pod(pod, "zkboot") as served:
            before = client.serial_at(tls_address(pod))
            issued = ROOT.issue(*NAMES)
            issued.write(secrets[1], ROOT.ca_crt)
            end = int(issued.chain[0].not_valid_after_utc.timestamp())
            written = f"zkboot_certificate_not_after_seconds {end}\n"
            status = f"zkboot_tls_exit_status {0 if reloads else 75}\n"
            wait_until(
                lambda: {written, status} <= set(served.ask("/metrics").text.splitlines(keepends=True)),
                "the metrics say that the certificate was renewed",
                timeout=START_LIMIT,
            )

        wait_for(lambda: client.serial_at(tls_address(pod)), issued.serial if reloads else before, timeout=START_LIMIT)


def other_pod(pods: list[Pod], folder: Path, issued: Issued, authority: Authority) -> Pod:
    """Return the last of *pods* with *issued*, and the *authority* that it trusts, mounted."""
    pod = pods[-1]
    pod.environ["ZK_TLS_DIR"] = str(issued.write(folder, authority.ca_crt))
    return pod


def test_a_stranger_does_not_join(distribution: Distribution, secrets: list[Path], tmp_path: Path) -> None:
    """A server whose certificate another authority has signed, and which trusts that one and ours."""
    pods = make_tls_pods(tmp_path, secrets)
    other_pod(pods, tmp_path / "other", OTHER.issue(*NAMES), OTHER)
    with running(pods, distribution) as started:
        wait_for(lambda: sorted(roles(pods[:2])), ["follower", "leader"], timeout=START_LIMIT)

        assert roles(pods[2:]) == [""]
        assert started.servers[2].poll() is None


def test_a_server_with_anothers_name_is_refused(
    distribution: Distribution, secrets: list[Path], client: Client, tmp_path: Path
) -> None:
    """By its start; where it runs nevertheless by clients and its probe, and before 3.9 by the other servers."""
    # Of one kind of key, and so of one type of store, as the one that it gets.
    pods = make_tls_pods(tmp_path, [secrets[0], secrets[1], secrets[1]])
    pod, wrong, name = pods[-1], wrong_secret(tmp_path, ROOT), f"zk-2.{ELSEWHERE}"
    refused = pod.run("zkGenConfig", environ={"ZK_TLS_DIR": str(wrong)})

    assert (refused.returncode, REFUSAL in refused.stderr) == (78, True), refused.stderr

    with running(pods[:2], distribution) as started:
        started.servers.append(start_server(pod, distribution, first=disguise(pod, "ZK", wrong)))
        wait_until(lambda: all(roles(pods[:2])), "two of three serve", timeout=START_LIMIT, processes=started.servers)
        wait_for(lambda: client.ask(pod, b"ruok", name=name), b"imok", timeout=START_LIMIT)
        probed = pod.run("zkReady")

        assert client.ask(pod, b"ruok") == b""
        assert (probed.returncode, "Hostname mismatch" in probed.stderr) == (76, True), probed.stderr

        def has_joined() -> bool:
            return b"Mode: " in client.ask(pod, b"srvr", name=name)

        if distribution.release >= (3, 9):
            wait_until(has_joined, "it is let in for the authority alone", timeout=START_LIMIT)
        else:
            wait_until(
                lambda: any(REFUSED_PEER in server.log_text() for server in started.servers[:2]),
                "a server refuses it for its name",
                timeout=START_LIMIT,
                processes=started.servers,
            )
            assert not has_joined()
            assert all(roles(pods[:2]))


# kazoo forgets a socket whose handshake fails, while a server starts.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_running_ensemble_becomes_a_secured_one(
    distribution: Distribution, secrets: list[Path], client: Client, tmp_path: Path
) -> None:
    """By four rolling updates, under a client that counts: every server serves after each step, and nothing is lost."""
    pods = make_tls_pods(tmp_path, secrets)
    names = ("ZK_TLS_DIR", "ZK_TLS_PORT", "ZK_CFG_secureClientPortAddress")
    lose_nothing_on_the_way(pods, distribution, "TLS", names, client.session)
