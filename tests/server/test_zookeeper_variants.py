"""ZooKeeper as people also run it: observers, IPv6, TLS on the port, ZooKeeper's own start script."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.server.distributions import Distribution, Product, find
from tests.server.pods import SCRIPTS, Pod, roles
from tests.server.ports import ENSEMBLE_ADDRESSES, free_port, free_ports
from tests.server.processes import ServerProcess, start, wait_for, wait_until
from tests.server.versions import fetched
from tests.server.zookeeper import START_LIMIT, connected, make_pods, running

DEBIAN_SERVER = Path("/usr/share/zookeeper/bin/zkServer.sh")
NETTY = {"ZK_CFG_serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory"}


@pytest.fixture(scope="module")
def newest() -> Distribution:
    """The newest ZooKeeper."""
    return fetched(find(Product.ZOOKEEPER, "3.9"))


@pytest.mark.server
@pytest.mark.parametrize("line", ["3.4.6", "3.9"])
def test_an_observer_follows_without_a_vote(line: str, tmp_path: Path) -> None:
    """ZK_SERVERS names two participants and an observer, as ZooKeeper writes them; ordinals say whose row is whose."""
    distribution = fetched(find(Product.ZOOKEEPER, line))
    pods = make_pods(tmp_path, 3)
    quorum, election = pods[0].environ["ZK_SERVER_PORT"], pods[0].environ["ZK_ELECTION_PORT"]
    kinds = ("participant", "participant", "observer")
    rows = [
        f"server.{at}={address}:{quorum}:{election}:{kind};{pods[0].environ['ZK_CLIENT_PORT']}"
        for at, (address, kind) in enumerate(zip(ENSEMBLE_ADDRESSES, kinds, strict=True), start=11)
    ]
    for pod in pods:
        del pod.environ["ZK_REPLICAS"], pod.environ["ZK_DOMAIN"]
        pod.environ |= {"ZK_SERVERS": " ".join(rows), "ZK_ID_OFFSET": "11"}

    with running(pods, distribution) as ensemble:
        ensemble.wait_until_ready()

        wait_for(lambda: sorted(roles(pods)), ["follower", "leader", "observer"], timeout=START_LIMIT)
        assert roles(pods)[2] == "observer"
        assert pods[2].run("zkMetrics", "--format", "json").returncode == 0


@pytest.mark.server
def test_servers_with_several_addresses_serve(newest: Distribution, tmp_path: Path) -> None:
    """One address in each of two networks, as 3.6 and newer allow."""
    pods = make_pods(tmp_path, 3)
    ports = f"{pods[0].environ['ZK_SERVER_PORT']}:{pods[0].environ['ZK_ELECTION_PORT']}"
    rows = [
        f"{at}={address}:{ports}|{address.replace('127.0.0.', '127.0.1.')}:{ports}"
        for at, address in enumerate(ENSEMBLE_ADDRESSES, start=1)
    ]
    for pod in pods:
        pod.environ |= {"ZK_SERVERS": ",".join(rows)}

    with running(pods, newest) as ensemble:
        ensemble.wait_until_ready()

        assert sorted(roles(pods)) == ["follower", "follower", "leader"]


@pytest.mark.server
def test_an_ensemble_of_ipv6_addresses_serves(newest: Distribution, tmp_path: Path) -> None:
    """Addresses in brackets reach the server as it wants them, and the probe as it wants them."""
    pod = make_pods(tmp_path, 1)[0]
    ports = free_ports(7, ("::1",))
    rows = ",".join(f"{at + 1}=[::1]:{ports[2 * at]}:{ports[2 * at + 1]}" for at in range(3))
    pod.environ |= {
        "ZK_SERVERS": rows,
        "ZK_CFG_clientPortAddress": "::1",
        "ZK_CLIENT_PORT": str(ports[6]),
        "ZK_PROBE_HOST": "[::1]",
    }
    peer = Pod(
        name="zk-1",
        address="::1",
        folder=tmp_path / "zk-1",
        environ={
            **pod.environ,
            "ZK_CLIENT_PORT": str(free_port(("::1",))),
            **{f"ZK_{kind}_DIR": f"{tmp_path}/zk-1/{kind.lower()}" for kind in ("DATA", "DATA_LOG", "LOG", "CONF")},
        },
    )

    with running([pod, peer], newest) as pair:
        pair.wait_until_ready()

        wait_for(lambda: sorted(roles([pod, peer])), ["follower", "leader"], timeout=START_LIMIT)


@pytest.mark.server
def test_a_port_that_speaks_tls_is_named_as_such(newest: Distribution, tmp_path: Path) -> None:
    """Each probe says TLS, status 76, instead of a time-out that explains nothing."""
    pod = make_pods(tmp_path, 1)[0]
    store = tmp_path / "key.p12"
    subprocess.run(
        shlex.split("keytool -genkeypair -alias zk -keyalg RSA -dname CN=zk -validity 2 -storetype PKCS12")
        + shlex.split(f"-storepass changeit -keystore {store}"),
        check=True,
        capture_output=True,
    )
    secret = tmp_path / "password"
    secret.write_text("changeit\n")
    secure = free_port((pod.address,))
    pod.environ |= NETTY | {
        "ZK_CFG_secureClientPort": str(secure),
        "ZK_CFG_secureClientPortAddress": pod.address,
        "ZK_CFG_ssl_keyStore_location": str(store),
        "ZK_CFG_ssl_keyStore_password_FILE": str(secret),
        "ZK_CFG_ssl_clientAuth": "none",
    }

    with running([pod], newest) as started:
        started.wait_until_ready()
        for command in ("zkOk", "zkReady", "zkMetrics"):
            # It says nothing to plain text, so the probes take all their time.
            environ = {"ZK_PROBE_PORT": str(secure), "ZK_PROBE_TIMEOUT": "5"}
            wait_until(
                lambda: (
                    (done := pod.run(command, environ=environ)).returncode == 76  # noqa: B023
                    and "TLS" in done.stderr
                    and not done.stdout
                ),
                f"{command} says TLS",
                timeout=START_LIMIT,
            )

    zoo_cfg = Path(pod.environ["ZK_CONF_DIR"], "zoo.cfg")
    assert zoo_cfg.stat().st_mode & 0o777 == 0o600
    assert "ssl.keyStore.password=changeit" in zoo_cfg.read_text()
    assert "changeit" not in started.servers[0].log_text()


@pytest.mark.server
def test_metrics_of_many_top_level_znodes_are_read(newest: Distribution, tmp_path: Path) -> None:
    """3.6 and newer count the writes below each of them: more than a mebibyte of answer with 6,000."""
    pod = make_pods(tmp_path, 1)[0]
    names = [f"/{'name-of-an-application-that-is-long-' * 2}{number}" for number in range(6000)]

    with running([pod], newest) as started:
        started.wait_until_ready()
        with connected(f"{pod.address}:{pod.environ['ZK_CLIENT_PORT']}") as client:
            for made in [client.create_async(name) for name in names]:
                made.get(timeout=60)
        done = pod.run("zkMetrics", environ={"ZK_PROBE_TIMEOUT": "60"})

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout) > 1 << 20
    assert all(name[1:] in done.stdout for name in names)


@pytest.mark.server
@pytest.mark.parametrize("line", ["3.5", "3.6", "3.7", "3.8", "3.9"])
def test_election_port_is_bound_for_ever(line: str, tmp_path: Path) -> None:
    """The zoo.cfg key electionPortBindRetry=0 reaches the server: it never gives up on a port that comes free late."""
    distribution = fetched(find(Product.ZOOKEEPER, line))
    pod = make_pods(tmp_path, 3)[0]

    with running([pod], distribution) as started:
        wait_until(
            lambda: "Election port bind maximum retries is" in started.servers[0].log_text(),
            f"{distribution} says how often it retries",
            timeout=START_LIMIT,
            processes=started.servers,
        )

        assert "Election port bind maximum retries is infinite" in started.servers[0].log_text()


@pytest.mark.server
def test_a_share_of_the_memory_limit_needs_a_limit_or_sets_the_heap(newest: Distribution, tmp_path: Path) -> None:
    """ZK_HEAP_SIZE=75% is worked out where the cgroup has a limit, and refused where it has none."""
    pod = make_pods(tmp_path, 1, {"ZK_HEAP_SIZE": "5%"})[0]
    done = pod.run("zkGenConfig")
    java_env = Path(pod.environ["ZK_CONF_DIR"], "java.env")

    if done.returncode == 78:
        assert "set resources.limits.memory" in done.stderr
        assert not java_env.exists()
    else:
        kib = int(java_env.read_text().partition("-Xmx")[2].partition("k")[0])
        assert kib > 0
        with running([pod], newest) as started:
            started.wait_until_ready()


debian = pytest.mark.skipif(not DEBIAN_SERVER.exists(), reason="no Debian package zookeeper: apt-get install zookeeper")
root = pytest.mark.skipif(os.geteuid() != 0, reason="a mount namespace of its own needs root")


def wait_until_standalone(pod: Pod, server: ServerProcess) -> None:
    """Return once the pod's zkReady says standalone."""
    wait_until(
        lambda: pod.run("zkReady").stdout.strip() == "standalone",
        "Debian's ZooKeeper serves",
        timeout=START_LIMIT,
        processes=[server],
    )


@pytest.mark.debian
@debian
def test_debians_start_script_serves_our_files(tmp_path: Path) -> None:
    """`zkGenConfig && zkServer.sh start-foreground $ZK_CONF_DIR/zoo.cfg`, as the README says it."""
    pod = make_pods(tmp_path, 1)[0]
    line = f"zkGenConfig && {DEBIAN_SERVER} start-foreground $ZK_CONF_DIR/zoo.cfg"
    environ = pod.whole_environ({"PATH": f"{SCRIPTS}:{os.environ['PATH']}"})
    with start(pod.name, ["bash", "-c", line], environ=environ, log=tmp_path / "log", folder=tmp_path) as server:
        wait_until_standalone(pod, server)

        assert pod.run("zkOk.sh").returncode == 0


@pytest.mark.debian
@debian
@root
def test_the_original_command_line_runs_unchanged(tmp_path: Path) -> None:
    """`sh -c "zkGenConfig.sh && zkServer.sh start-foreground"`, with ZooKeeper's own script on PATH.

    Debian's script always reads /etc/zookeeper/conf, its own settings among the rest: a copy of them on a tmpfs stands
    there, in a mount namespace of the test.
    """
    pod = make_pods(tmp_path, 1)[0]
    pod.environ["ZK_CONF_DIR"] = "/etc/zookeeper/conf"
    original = shlex.quote("zkGenConfig.sh && zkServer.sh start-foreground")
    settings = shutil.copy("/etc/zookeeper/conf/environment", tmp_path)
    mount = f"mount -t tmpfs none /etc/zookeeper/conf && cp {settings} /etc/zookeeper/conf/environment"
    line = f"{mount} && exec sh -c {original}"
    environ = pod.whole_environ({"PATH": f"{SCRIPTS}:{DEBIAN_SERVER.parent}:{os.environ['PATH']}"})
    command = ["unshare", "--mount", "sh", "-c", line]
    with start(pod.name, command, environ=environ, log=tmp_path / "log", folder=tmp_path) as server:
        wait_until_standalone(pod, server)

        assert pod.run("zkOk.sh").returncode == 0
        assert "Wrote /etc/zookeeper/conf/zoo.cfg" in server.log_text()
    assert not Path("/etc/zookeeper/conf/java.env").exists()


@pytest.mark.server
def test_a_volume_of_3_4_without_a_snapshot_goes_on_under_3_9(newest: Distribution, tmp_path: Path) -> None:
    """What the message says is done: one start with snapshot.trust.empty, and everything is there."""
    (pod,) = make_pods(tmp_path, 1)
    address = f"{pod.address}:{pod.environ['ZK_CLIENT_PORT']}"
    with running([pod], fetched(find(Product.ZOOKEEPER, "3.4.14"))) as old:
        old.wait_until_ready()
        with connected(address) as client:
            client.create("/kept", b"of 3.4")
    log = Path(pod.environ["ZK_DATA_LOG_DIR"], "version-2")
    for snapshot in Path(pod.environ["ZK_DATA_DIR"], "version-2").glob("snapshot.*"):
        snapshot.unlink()
    told = pod.run("zkGenConfig")

    assert told.returncode == 0
    assert "set ZK_CFG_snapshot_trust_empty=true for one start" in told.stderr
    assert list(log.glob("log.1"))
    with running([pod], newest) as refused:
        assert refused.servers[0].wait(START_LIMIT) != 0
    pod.environ["ZK_CFG_snapshot_trust_empty"] = "true"
    with running([pod], newest) as trusted:
        trusted.wait_until_ready()
        with connected(address) as client:
            assert client.get("/kept")[0] == b"of 3.4"
