"""ZK_SASL_DIR on real servers: who may write, which server may join, and where no password is to be found."""

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from kazoo.exceptions import KazooException, NoAuthError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import make_acl

from tests.certificates import Authority
from tests.members.network import Network, why_not
from tests.members.statefulset import StatefulSet
from tests.server.distributions import MATRIX, SECURED_CORE, Distribution, Product
from tests.server.pods import roles
from tests.server.processes import wait_for, wait_until
from tests.server.versions import fetched, marks_of
from tests.server.zookeeper import START_LIMIT, ZooKeeperSet, connected, running
from tests.server.zookeeper_phases import lose_nothing_on_the_way
from tests.server.zookeeper_sasl import CANARY, PASSWORDS, SERVERS, logged_in, make_sasl_pods, make_secret
from tests.server.zookeeper_tls import NAMES, Client, make_tls_pods

pytestmark = [
    pytest.mark.server,
    # kazoo tells a wrong password by a trace of its thread's stack, and forgets the socket.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

NEWEST = SECURED_CORE[-1:]
PATIENCE = 120.0


def versions_since(*first: int, core: Sequence[Distribution] = SECURED_CORE) -> list[object]:
    """Return each version of ZooKeeper from *first* on as a parameter; those outside the *core* carry `matrix`."""
    return [
        pytest.param(version, id=str(version), marks=marks_of(version, core))
        for version in MATRIX
        if version.product is Product.ZOOKEEPER and version.release >= first
    ]


@pytest.fixture(scope="module", params=versions_since(3, 4, 10))
def distribution(request: pytest.FixtureRequest) -> Distribution:
    """One version of ZooKeeper whose servers log in to each other, fetched."""
    wanted: Distribution = request.param
    return fetched(wanted)


@pytest.fixture(scope="module")
def ensemble(distribution: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperSet]:
    """Three servers that have logged in to each other, all of them ready."""
    folder = tmp_path_factory.mktemp("zk")
    with running(make_sasl_pods(folder, make_secret(folder / "secret")), distribution) as started:
        started.wait_until_ready()
        yield started


def enforces(distribution: Distribution) -> bool:
    """Return whether the server can refuse whoever does not log in."""
    return distribution.release >= (3, 5, 9)


@pytest.mark.parametrize("user", PASSWORDS)
def test_who_logs_in_writes(ensemble: ZooKeeperSet, user: str) -> None:
    """Whatever stands in the password; and what is written for one user is no other's."""
    with logged_in(ensemble.pods, user) as client:
        client.create(f"/{user}", b"own", acl=[make_acl("sasl", user, all=True)])
    for other in PASSWORDS:
        with logged_in(ensemble.pods, other) as client:
            client.sync("/")
            if other == user:
                assert client.get(f"/{user}")[0] == b"own"
            else:
                with pytest.raises(NoAuthError):
                    client.get(f"/{user}")


@pytest.mark.parametrize(("user", "password"), [("alice", "wrong"), ("alice", PASSWORDS["bob.b-2"]), ("mallory", "x")])
def test_a_wrong_login_is_refused(ensemble: ZooKeeperSet, user: str, password: str) -> None:
    """In every version; kazoo's thread ends by it, before it says that it is connected, or after."""
    with pytest.raises((KazooException, KazooTimeoutError)), logged_in(ensemble.pods, user, password) as client:
        client.create("/mallory", b"")
    with logged_in(ensemble.pods, "alice") as client:
        client.sync("/")

        assert client.exists("/mallory") is None


def test_without_a_login_nothing_is_served(ensemble: ZooKeeperSet) -> None:
    """From 3.5.9 on; before that, what no ACL holds back, which a start says."""
    with connected(ensemble.connect_string) as client:
        if enforces(ensemble.distribution):
            with pytest.raises(KazooException):
                client.create("/nobody", b"")
        else:
            assert client.create("/nobody", b"") == "/nobody"


def test_probes_and_commands_go_on(ensemble: ZooKeeperSet) -> None:
    """Words need no login, `members` has one, and `wait` only opens a session."""
    pod = ensemble.pods[0]
    done = pod.run("zkboot", "wait", "--timeout", "300", "--servers", ensemble.connect_string)
    shown = pod.run("zkboot", "members")

    assert sorted(roles(ensemble.pods)) == ["follower", "follower", "leader"]
    assert [pod.run("zkOk").returncode, pod.run("zkMetrics").returncode] == [0, 0]
    assert (done.returncode, done.stderr) == (0, "")
    assert (shown.returncode, shown.stderr, shown.stdout.count(" yes ")) == (0, "", 3), shown.stdout


def test_passwords_stand_in_private_files_alone(ensemble: ZooKeeperSet) -> None:
    """Not in arguments, environments, output, logs, or what a dry run shows; a second start changes nothing."""
    for pod, server in zip(ensemble.pods, ensemble.servers, strict=True):
        process = Path("/proc", str(server.pid))
        dry, again = pod.run("zkGenConfig", "--dry-run"), pod.run("zkGenConfig")
        holders = [path for path in pod.folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]

        assert [path.relative_to(pod.environ["ZK_CONF_DIR"]) for path in holders] == [Path("sasl/jaas.conf")]
        assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}
        assert (
            CANARY.encode() not in process.joinpath("cmdline").read_bytes() + process.joinpath("environ").read_bytes()
        )
        assert CANARY not in dry.stdout + dry.stderr + again.stdout + again.stderr + server.log_text()
        assert (dry.returncode, again.returncode, "Wrote" in again.stdout) == (0, 0, False), again.stdout


@pytest.mark.parametrize("version", versions_since(3, 4, 10, core=NEWEST))
def test_a_server_with_another_password_does_not_join(version: Distribution, tmp_path: Path) -> None:
    """The two that know each other serve; the third, which knows only the users of clients, does not."""
    pods = make_sasl_pods(tmp_path, make_secret(tmp_path / "secret"))
    other = make_secret(tmp_path / "other", {**PASSWORDS, SERVERS: "wrong"})
    pods[-1].environ["ZK_SASL_DIR"] = str(other)
    with running(pods, fetched(version)) as started:
        wait_for(lambda: sorted(roles(pods[:2])), ["follower", "leader"], timeout=START_LIMIT)
        wait_until(
            lambda: "Failed to authenticate using SASL" in started.servers[0].log_text(),
            "the third server has tried to log in",
            timeout=START_LIMIT,
        )

        assert roles(pods[2:]) == [""]
        assert started.servers[2].poll() is None


@pytest.mark.parametrize("version", versions_since(3, 5, 9, core=NEWEST))
def test_logins_go_with_tls(version: Distribution, tmp_path: Path) -> None:
    """A client shows its certificate, and logs in; without a login it is refused."""
    root = Authority("root")
    secret = root.issue(*NAMES).write(tmp_path / "tls", root.ca_crt)
    logins = {"ZK_SASL_DIR": str(make_secret(tmp_path / "logins"))}
    client = Client(tmp_path / "client", root, root.issue("client"))
    login = {"mechanism": "DIGEST-MD5", "username": "alice", "password": PASSWORDS["alice"]}
    with running(make_tls_pods(tmp_path, [secret], logins, replicas=1), fetched(version)) as started:
        started.wait_until_ready()
        with client.session(started.pods, sasl_options=login) as session:
            assert session.create("/written", b"") == "/written"
        with client.session(started.pods) as session, pytest.raises(KazooException):
            session.create("/nobody", b"")


@pytest.mark.matrix
@pytest.mark.parametrize("version", [pytest.param(one, id=str(one)) for one in SECURED_CORE])
def test_servers_that_log_in_get_tls(version: Distribution, tmp_path: Path) -> None:
    """By the rolling updates of TLS, with ZK_SASL_QUORUM stated: without it the first one stops at its first server."""
    root = Authority("root")
    secrets = [root.issue(*NAMES).write(tmp_path / f"tls-{at}", root.ca_crt) for at in range(3)]
    logins = {"ZK_SASL_DIR": str(make_secret(tmp_path / "logins")), "ZK_SASL_USER": SERVERS}
    pods = make_tls_pods(tmp_path, secrets, {**logins, "ZK_SASL_CLIENTS": "both", "ZK_SASL_QUORUM": "only"})
    names = ("ZK_TLS_DIR", "ZK_TLS_PORT", "ZK_CFG_secureClientPortAddress")
    client = Client(tmp_path / "client", root, root.issue("client"))
    lose_nothing_on_the_way(pods, fetched(version), "TLS", names, client.session)


@pytest.mark.parametrize("version", versions_since(3, 5, 9, core=NEWEST))
def test_a_dynamic_ensemble_changes_its_size(version: Distribution, tmp_path: Path) -> None:
    """`resize` logs in, and is the user super besides."""
    if reason := why_not():
        pytest.skip(reason)
    secret = make_secret(tmp_path / "secret")
    spec = {"ZK_RECONFIG": "true", "ZK_REPLICAS": "1", "ZK_SASL_DIR": str(secret), "ZK_SASL_USER": SERVERS}
    with (
        Network(tmp_path / "network", 3) as network,
        StatefulSet(network, tmp_path / "pods", fetched(version)) as pods,
    ):
        pods.create([0], spec)
        pods.await_ready([0], PATIENCE)
        pods.create([1, 2], spec)
        pods.await_ready(range(3), PATIENCE)
        done = pods.pods[0].run("zkboot", "resize", "3", "--timeout", "120")
        shown = pods.pods[0].run("zkboot", "members")

    assert done.returncode == 0, done.stderr
    assert (shown.returncode, shown.stdout.count(" yes ")) == (0, 3), shown.stdout + shown.stderr


@pytest.mark.matrix
@pytest.mark.parametrize("version", [pytest.param(one, id=str(one)) for one in SECURED_CORE])
def test_a_running_ensemble_gets_logins(version: Distribution, tmp_path: Path) -> None:
    """By four rolling updates, under a client that counts: every server serves after each step, and nothing is lost."""
    pods = make_sasl_pods(tmp_path, make_secret(tmp_path / "secret"))
    names = ("ZK_SASL_DIR", "ZK_SASL_USER")
    lose_nothing_on_the_way(pods, fetched(version), "SASL", names, lambda some: logged_in(some, "alice"))
