"""Every file that we write, read by the ZooKeeper it is for; every probe, answered by it."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from prometheus_client.parser import text_string_to_metric_families

from tests.server.distributions import Distribution, Product
from tests.server.pods import roles
from tests.server.processes import wait_for, wait_until
from tests.server.serving import promtool_complaints, serving_pod
from tests.server.versions import fetched, versions
from tests.server.zookeeper import START_LIMIT, ZooKeeperSet, make_pods, running, start_server

pytestmark = pytest.mark.server

VERBOSE = {
    "ZK_LOG_LEVEL": "DEBUG",
    "ZK_LOGGERS": "org.apache.zookeeper.server.quorum.FastLeaderElection=OFF",
    "ZK_PURGE_INTERVAL": "1",
    "SERVER_JVMFLAGS": "-Doperator=kept",
}


@pytest.fixture(scope="module", params=versions(Product.ZOOKEEPER))
def distribution(request: pytest.FixtureRequest) -> Distribution:
    """One version of ZooKeeper, fetched."""
    wanted: Distribution = request.param
    return fetched(wanted)


@pytest.fixture(scope="module")
def ensemble(distribution: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperSet]:
    """Three servers on 127.0.0.1, .2 and .3, all of them ready."""
    pods = make_pods(tmp_path_factory.mktemp("zk"), 3, VERBOSE)
    with running(pods, distribution) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="module")
def lonely(distribution: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperSet]:
    """The first of three servers, whose peers never start."""
    pods = make_pods(tmp_path_factory.mktemp("lonely"), 3)
    with running(pods[:1], distribution) as started:
        wait_until(
            lambda: started.pods[0].run("zkOk").returncode == 0,
            f"{distribution} answers",
            timeout=START_LIMIT,
            processes=started.servers,
        )
        yield started


class TestEnsemble:
    """Three servers with a quorum."""

    def test_one_leads_and_two_follow(self, ensemble: ZooKeeperSet) -> None:
        """zkReady names the role that the server really has."""
        wait_for(lambda: sorted(roles(ensemble.pods)), ["follower", "follower", "leader"], timeout=START_LIMIT)

    def test_every_server_is_alive(self, ensemble: ZooKeeperSet) -> None:
        """zkOk says so by its status alone, under both of its names."""
        for pod in ensemble.pods:
            for command in ("zkOk", "zkOk.sh"):
                done = pod.run(command)

                assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_ids_are_ordinals_plus_one(self, ensemble: ZooKeeperSet) -> None:
        """Each volume got the id of its pod."""
        written = [Path(pod.environ["ZK_DATA_DIR"], "myid").read_text() for pod in ensemble.pods]

        assert written == ["1\n", "2\n", "3\n"]

    def test_metrics_are_whole(self, ensemble: ZooKeeperSet) -> None:
        """The dump ends with its last line, in the leader (the longest) as well as in a follower."""
        expected = 20 if ensemble.distribution.release < (3, 6) else 300
        for pod in ensemble.pods:
            dump = pod.run("zkMetrics.sh").stdout
            lines = dump.splitlines()

            assert dump.endswith("\n")
            assert lines[0].startswith("zk_version\t")
            assert len(lines) >= expected - 5
            assert all(re.fullmatch(r"zk_[^\t]+\t.*", line) for line in lines)

    def test_metrics_as_json_keep_numbers(self, ensemble: ZooKeeperSet) -> None:
        """One flat object, numbers as numbers, the version as text."""
        metrics = json.loads(ensemble.pods[0].run("zkMetrics", "--format", "json").stdout)

        assert metrics["zk_server_state"] in ("leader", "follower")
        assert isinstance(metrics["zk_znode_count"], int)
        assert str(ensemble.distribution.version) in metrics["zk_version"]

    def test_metrics_for_prometheus_are_read_back(self, ensemble: ZooKeeperSet) -> None:
        """The reference parser accepts the text and finds every number of the dump in it."""
        pod = ensemble.pods[0]
        text = pod.run("zkMetrics", "--format=prometheus").stdout
        samples = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
        names = {line.partition("\t")[0].partition("{")[0] for line in pod.run("zkMetrics").stdout.splitlines()}

        assert names <= samples

    def test_a_write_on_one_server_is_read_on_another(self, ensemble: ZooKeeperSet) -> None:
        """A client of one server sees what a client of another wrote."""
        port = ensemble.pods[0].environ["ZK_CLIENT_PORT"]
        writer = KazooClient(hosts=f"{ensemble.pods[0].address}:{port}")
        reader = KazooClient(hosts=f"{ensemble.pods[2].address}:{port}")
        writer.start(timeout=START_LIMIT)
        reader.start(timeout=START_LIMIT)
        try:
            writer.create("/written", b"on zk-0")
            reader.sync("/written")

            assert reader.get("/written")[0] == b"on zk-0"
        finally:
            for client in (writer, reader):
                client.stop()
                client.close()

    def test_wait_returns_at_once(self, ensemble: ZooKeeperSet) -> None:
        """With a quorum there is nothing to wait for."""
        done = ensemble.pods[0].run("zkboot", "wait", "--timeout", "300", "--servers", ensemble.connect_string)

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("quorum after ")

    def test_the_log_level_is_the_one_that_was_set(self, ensemble: ZooKeeperSet) -> None:
        """ZK_LOG_LEVEL=DEBUG logs DEBUG, and ZK_LOGGERS keeps one class quiet, by log4j and by logback."""
        for server in ensemble.servers:
            assert " - DEBUG [" in server.log_text()
            assert "FastLeaderElection@" not in server.log_text()

    def test_purges_are_scheduled(self, ensemble: ZooKeeperSet) -> None:
        """ZK_PURGE_INTERVAL reaches the server under the key that it knows."""
        for server in ensemble.servers:
            log = server.log_text()

            assert "autopurge.purgeInterval set to 1" in log
            assert "Purge task started." in log

    def test_the_jvm_got_our_flags_and_the_operators(self, ensemble: ZooKeeperSet) -> None:
        """java.env appends to SERVER_JVMFLAGS; the process is the JVM, with nothing in front of it."""
        for pod, server in zip(ensemble.pods, ensemble.servers, strict=True):
            arguments = Path(f"/proc/{server.pid}/cmdline").read_bytes().decode().split("\0")

            assert arguments[0].endswith("java")
            assert {"-Doperator=kept", "-Xmx128m", "-Xms128m"} <= set(arguments)
            assert f"-Djava.security.properties={pod.environ['ZK_CONF_DIR']}/java.security" in arguments

    def test_the_server_keeps_none_of_our_variables(self, ensemble: ZooKeeperSet) -> None:
        """What came through ZK_* may be secret, and /proc/<pid>/environ is readable."""
        for server in ensemble.servers:
            environ = Path(f"/proc/{server.pid}/environ").read_bytes().decode().split("\0")

            assert not [entry for entry in environ if entry.startswith("ZK_")]

    def test_a_second_start_changes_no_file(self, ensemble: ZooKeeperSet) -> None:
        """The generator finds everything as it shall be."""
        for pod in ensemble.pods:
            done = pod.run("zkGenConfig.sh")

            assert done.returncode == 0
            assert "Wrote" not in done.stdout
            assert done.stdout.count("Unchanged") == 8

    def test_another_pods_volume_is_refused(self, ensemble: ZooKeeperSet) -> None:
        """A myid that says another id stops the start and is left as it is."""
        pod = ensemble.pods[1]
        myid = Path(pod.environ["ZK_DATA_DIR"], "myid")
        done = pod.run("zkGenConfig", environ={"POD_NAME": "zk-2"})

        assert done.returncode == 78
        assert f"zkGenConfig: {myid} says 2, but this pod is server 3" in done.stderr
        assert myid.read_text() == "2\n"


class TestWithoutQuorum:
    """One server of three: alive, and no use to anybody."""

    def test_it_is_alive_and_not_ready(self, lonely: ZooKeeperSet) -> None:
        """Liveness must not kill a server for its peers; readiness must not send it clients."""
        ready = lonely.pods[0].run("zkReady")

        assert lonely.pods[0].run("zkOk").returncode == 0
        assert (ready.returncode, ready.stdout) == (75, "")
        assert ready.stderr.startswith("zkReady: ")
        assert "not serving" in ready.stderr

    def test_it_has_no_metrics(self, lonely: ZooKeeperSet) -> None:
        """What it says instead is an error, not a metric."""
        done = lonely.pods[0].run("zkMetrics")

        assert (done.returncode, done.stdout) == (75, "")

    def test_wait_is_bounded_and_names_each_server(self, lonely: ZooKeeperSet) -> None:
        """Who does not answer, and why; the one that answers without serving is told apart."""
        port = lonely.pods[0].environ["ZK_CLIENT_PORT"]
        servers = ",".join(f"{host}:{port}" for host in ("127.0.0.1", "127.0.0.2", "no-such-host.invalid"))
        done = lonely.pods[0].run("zkboot", "wait", "--timeout", "12", "--servers", servers)

        assert done.returncode == 75
        assert "no session within 12 s: 1 of 3 servers answer" in done.stderr
        assert f"127.0.0.1:{port} is not serving requests" in done.stderr
        assert re.search(f"127.0.0.2:{port}.*refused", done.stderr)
        assert re.search("no-such-host.invalid.*resolve", done.stderr)


class TestStandalone:
    """One server, and the way from one to several."""

    def test_it_serves_and_its_data_is_guarded(self, distribution: Distribution, tmp_path: Path) -> None:
        """A standalone server's data is not taken into an ensemble that could outvote it."""
        pod = make_pods(tmp_path, 1)[0]
        with running([pod], distribution) as started:
            started.wait_until_ready()
            wait_for(lambda: roles([pod]), ["standalone"], timeout=START_LIMIT)
            client = KazooClient(hosts=started.connect_string)
            client.start(timeout=START_LIMIT)
            client.create("/kept", b"")
            client.stop()
            client.close()
            started.servers[0].signal(signal.SIGTERM)
            # The JVM is the process that was signalled: it ends as SIGTERM ends a JVM.
            assert started.servers[0].wait(START_LIMIT) in (143, -signal.SIGTERM)
        zoo_cfg = Path(pod.environ["ZK_CONF_DIR"], "zoo.cfg")
        before = zoo_cfg.read_text()
        assert Path(pod.environ["ZK_DATA_DIR"], "myid").read_text() == "1\n"
        assert "server." not in before

        grown = {"ZK_REPLICAS": "3"}
        refused = pod.run("zkGenConfig", environ=grown)

        assert refused.returncode == 78
        assert "ZK_ALLOW_STANDALONE_DATA=true" in refused.stderr
        assert zoo_cfg.read_text() == before
        assert pod.run("zkGenConfig").returncode == 0
        assert pod.run("zkGenConfig", environ={**grown, "ZK_ALLOW_STANDALONE_DATA": "true"}).returncode == 0


class TestServe:
    """The probes over HTTP, beside each server."""

    def test_the_verdicts_are_those_of_the_commands(self, ensemble: ZooKeeperSet) -> None:
        """Of the leader, and of the followers."""
        for pod in ensemble.pods:
            with serving_pod(pod, "zkboot") as served:
                live, ready = served.ask("/livez"), served.ask("/readyz")

            assert (live.status, live.text) == (200, "alive\n")
            assert (ready.status, ready.text) == (200, pod.run("zkReady").stdout)

    def test_prometheus_takes_the_metrics(self, ensemble: ZooKeeperSet) -> None:
        """Its own tool has nothing against our names; some of ZooKeeper's are not as it likes them."""
        with serving_pod(ensemble.pods[0], "zkboot") as served:
            served.ask("/readyz")
            text = served.ask("/metrics").text
        samples = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
        dump = ensemble.pods[0].run("zkMetrics").stdout.splitlines()

        assert {line.partition("\t")[0].partition("{")[0] for line in dump} <= samples
        assert 'zkboot_server_info{id="1",role="' in text
        assert [line for line in promtool_complaints(text) if not line.startswith("zk_")] == []

    def test_a_server_without_a_quorum_lives_and_is_not_ready(self, lonely: ZooKeeperSet) -> None:
        """With the line of zkReady."""
        with serving_pod(lonely.pods[0], "zkboot") as served:
            ready = served.ask("/readyz")

            assert served.ask("/livez").status == 200
        assert (ready.status, f"zkReady: {ready.text}") == (503, lonely.pods[0].run("zkReady").stderr)


class TestRestart:
    """Data of an ensemble stays an ensemble's."""

    def test_a_member_comes_back_with_its_data(self, ensemble: ZooKeeperSet) -> None:
        """The epoch files that guard a standalone server's data are there in every member of an ensemble.

        Who asks over HTTP sees its death and its return with the next request.
        """
        server, pod = ensemble.servers[0], ensemble.pods[0]
        with serving_pod(pod, "zkboot") as served:
            assert served.ask("/readyz").status == 200
            server.kill()
            dead = [served.ask(target).status for target in ("/readyz", "/livez", "/metrics")]
            ensemble.servers[0] = start_server(pod, ensemble.distribution)

            ensemble.wait_until_ready()
            assert dead == [503, 503, 200]
            assert served.ask("/readyz").status == 200
