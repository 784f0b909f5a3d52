"""`zkboot serve` as a process of its own: verdicts, metrics, and clients that mean it no good."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from statistics import median

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.commands import LIMIT, ROOT, clean_environ, python_command, run_command
from tests.patience import PATIENCE, bounded, with_more_time
from tests.server.processes import wait_for
from tests.serving import Serving, serving
from tests.unit import scripted_server as scripted
from tests.unit.scripted_server import Caller, Script, ScriptedServer, free_port
from zkboot.pod.http import HEAD_LIMIT
from zkboot.pod.tls_question import CLIENT_HELLO
from zkboot.pod.waiting import ASKED_AT_ONCE, ASKED_LIMIT, HEAD_TIME
from zkboot.pod.web import LIMIT as ROOM
from zkboot.pod.web import MARGIN

DATA = ROOT / "tests" / "data" / "zookeeper"

GET = b"GET %s HTTP/1.1\r\nHost: zk-0\r\n\r\n"

THREADS = 3 * ASKED_AT_ONCE + 2
"""Those that can ask for three targets, one more, and the first of the process."""

RESIDENT_LIMIT = 22 * 1024
"""KiB of memory."""

LONG_LIMIT = 100 * 1024
"""KiB of memory with 30,000 rows of mntr: less than the 128 MiB of the manifests."""

Start = Callable[..., AbstractContextManager[Serving]]


class ZooKeeper:
    """A scripted server that answers as a recorded one did, whichever *as_recorded* names when it is asked."""

    def __init__(self, as_recorded: str = "3.9.5-follower") -> None:
        self.as_recorded = as_recorded
        self.asked = 0

    def __call__(self, caller: Caller) -> None:
        """Answer one word."""
        word = caller.receive(4).decode()
        self.asked += 1
        caller.send(b"imok" if word == "ruok" else (DATA / f"{self.as_recorded}.{word}").read_bytes())


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """How these tests start the command, beside a server on a port of this machine."""

    def begin(
        port: int, environ: Mapping[str, str] | None = None, prelude: str = ""
    ) -> AbstractContextManager[Serving]:
        own = free_port()
        settings = {
            "ZK_PROBE_HOST": "127.0.0.1",
            "ZK_CLIENT_PORT": str(port),
            "ZK_HTTP_PORT": str(own),
            "ZK_PROBE_TIMEOUT": f"{PATIENCE:g}",
        }
        command = python_command("zkboot.cli:main", "serve", name="zkboot", prelude=prelude)
        pod = {"POD_NAME": "zk-4", "ZK_DOMAIN": "svc", "ZK_REPLICAS": "5"}
        return serving(command, clean_environ({**pod, **settings, **(environ or {})}), own, tmp_path / "log")

    return begin


@pytest.fixture
def served(start: Start) -> Iterator[Serving]:
    """The command beside a healthy follower."""
    with ScriptedServer(ZooKeeper()) as server, start(server.port) as running:
        yield running


@pytest.fixture
def held() -> Iterator[list[socket.socket]]:
    """Connections that are open until the test is over."""
    clients: list[socket.socket] = []
    yield clients
    for client in clients:
        client.close()


# --- verdicts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("target", ["/livez", "/readyz"])
def test_a_yes_is_200_with_the_line_of_the_command(served: Serving, target: str, host: str) -> None:
    """Over IPv4 and IPv6."""
    reply = served.ask(target, host=host)

    assert (reply.status, reply.text) == (200, {"/livez": "alive\n", "/readyz": "follower\n"}[target])


def test_a_host_without_ipv6_is_served_all_the_same(start: Start) -> None:
    """Here one that knows no such family of addresses, as where the kernel was started without it."""
    prelude = "import socket; socket.AF_INET6 = 9999"
    with ScriptedServer(ZooKeeper()) as server, start(server.port, prelude=prelude) as running:
        assert running.ask("/livez").status == 200
        with pytest.raises(ConnectionRefusedError):
            running.ask("/livez", host="::1")


@pytest.mark.parametrize(
    ("recorded", "live", "line"),
    [
        ("3.9.5-no-quorum", 200, "is not serving requests: it has no quorum, or is still starting"),
        ("3.9.5-read-only", 200, "is not serving requests: it is read-only, without a quorum"),
        ("3.4.14-no-quorum", 200, "is not serving requests: it has no quorum, or is still starting"),
    ],
)
def test_a_no_is_503_with_the_line_of_the_command(start: Start, recorded: str, live: int, line: str) -> None:
    """A server without a quorum lives, and is not ready."""
    with ScriptedServer(ZooKeeper(recorded)) as server, start(server.port) as running:
        ready = running.ask("/readyz")

        assert running.ask("/livez").status == live
        assert (ready.status, ready.text) == (503, f"127.0.0.1:{server.port} {line}\n")


def test_each_request_asks_anew_and_each_change_is_said(start: Start) -> None:
    """The server may die, come back, and be another, between any two requests."""
    zookeeper = ZooKeeper()
    with ScriptedServer(zookeeper) as server, start(server.port) as running:
        before = [running.ask("/readyz").text for _ in range(3)]
        zookeeper.as_recorded = "3.9.5-leader"
        after = running.ask("/readyz").text
        assert zookeeper.asked == 4
    with start(server.port) as running:
        dead = running.ask("/readyz")
        with ScriptedServer(zookeeper, port=server.port):
            alive = running.ask("/readyz")
        said = running.said

    assert (before, after) == (["follower\n"] * 3, "leader\n")
    assert (dead.status, dead.text) == (503, f"127.0.0.1:{server.port}: connection refused, nothing listens there\n")
    assert (alive.status, alive.text) == (200, "leader\n")
    assert said[1:] == [
        f"zkboot serve: /readyz: 127.0.0.1:{server.port}: connection refused, nothing listens there",
        "zkboot serve: /readyz: leader",
    ]


def test_a_file_of_a_variable_may_change(start: Start, tmp_path: Path) -> None:
    """A mount that is renewed, or comes late."""
    port = tmp_path / "port"
    with ScriptedServer(ZooKeeper()) as server:
        port.write_text(str(server.port))
        with start(free_port(), {"ZK_PROBE_PORT_FILE": str(port)}) as running:
            assert running.ask("/livez").status == 200
            port.write_text("x")
            wrong = running.ask("/livez")
            port.write_text(str(server.port))
            assert running.ask("/livez").status == 200

    assert (wrong.status, wrong.text) == (503, "ZK_PROBE_PORT_FILE: its text is not an integer in 1..65535\n")


def test_a_wrong_variable_is_an_answer(start: Start) -> None:
    """A sidecar that ended would keep the server from its start, which says the same."""
    with start(0) as running:
        wrong, metrics = running.ask("/readyz"), running.ask("/metrics")
        said = running.said

    line = "ZK_CLIENT_PORT='0' is not an integer in 1..65535"
    assert (wrong.status, wrong.text) == (503, f"{line}\n")
    assert said[0] == f"zkboot serve: {line}"
    assert "zkboot_up 0\n" in metrics.text


# --- HTTP --------------------------------------------------------------------------------------------


def test_head_is_get_without_its_text(served: Serving) -> None:
    """Same status, same length."""
    got, head = served.ask("/readyz"), served.ask("/readyz", "HEAD")

    assert (head.status, head.text) == (200, "")
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len("follower\n"))


@pytest.mark.parametrize(
    ("head", "status"), [(b"HEAD /livez HTTP/1.1\r\n\r\n", b"400"), (b"HEAD /" + b"a" * HEAD_LIMIT, b"431")]
)
def test_a_refusal_of_head_has_no_text_either(served: Serving, head: bytes, status: bytes) -> None:
    """Without a Host, or too long; a client would take the text for the next answer."""
    answer = served.say(head)

    assert answer.startswith(b"HTTP/1.1 %s " % status)
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/livez/", 404),
        ("GET", "/../livez", 404),
        ("GET", "/readyz?in-sync", 400),
        ("GET", "/livez?verbose", 400),
        ("POST", "/livez", 405),
        ("DELETE", "/nothing", 405),
        ("OPTIONS", "*", 405),
    ],
)
def test_what_is_not_there_is_refused_as_http_has_it(served: Serving, method: str, target: str, status: int) -> None:
    """405 says what is allowed; nothing says what program this is."""
    reply = served.ask(target, method)

    assert reply.status == status
    assert reply.headers.get("Allow") == ("GET, HEAD" if status == 405 else None)
    assert not {"Server", "X-Powered-By"} & set(reply.headers)


def test_a_body_does_not_cost_the_client_its_answer(served: Serving) -> None:
    """A reset for what was not read would overtake it."""
    for _ in range(20):
        body = b"a" * 100_000
        head = b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)

        assert served.say(head + body).startswith(b"HTTP/1.1 405 ")


def test_requests_on_one_connection_are_one(served: Serving) -> None:
    """The answer says so: nothing that follows a request is taken for another."""
    answer = served.say(GET % b"/livez" + GET % b"/readyz")

    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer


# --- metrics -----------------------------------------------------------------------------------------


def families(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Return each sample of *text* by its name and its labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in found.setdefault(sample.name, {})
            found[sample.name][labels] = sample.value
    return found


def test_metrics_are_mntr_and_what_the_probes_said(served: Serving) -> None:
    """As Prometheus reads them: every row of mntr, and who answers how often how."""
    for _ in range(3):
        served.ask("/readyz")
    reply = served.ask("/metrics")
    found = families(reply.text)
    rows = (DATA / "3.9.5-follower.mntr").read_text().splitlines()

    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert sum(len(samples) for name, samples in found.items() if name.startswith("zk_")) == len(rows)
    assert found["zkboot_up"] == {(): 1}
    assert found["zkboot_server_info"] == {(("id", "5"), ("role", "follower")): 1}
    assert found["zkboot_probe_duration_seconds_count"] == {(("probe", "readyz"),): 3, (("probe", "metrics"),): 1}
    assert 0 < found["zkboot_probe_duration_seconds_sum"][("probe", "readyz"),] < 3 * LIMIT
    assert all(re.search(rf"^# HELP {name} \S", reply.text, re.MULTILINE) for name in found if "zkboot_p" not in name)


LISTS = {
    "static": (
        {"zoo.cfg": "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2:observer\n"},
        {"participant": 2, "observer": 1},
    ),
    "dynamic": (
        {
            "zoo.cfg": "server.1=a:1:2\ndynamicConfigFile={}/zoo.cfg.dynamic.1f\n",
            "zoo.cfg.dynamic.1f": "server.1=a:1:2:participant;1\nserver.2=b:1:2:participant;1\n",
        },
        {"participant": 2},
    ),
    "torn": ({"zoo.cfg": "dynamicConfigFile={}/zoo.cfg.dynamic\n", "zoo.cfg.dynamic": "server.x=\n"}, {}),
    "standalone": ({"zoo.cfg": "clientPort=2181\n"}, {}),
    "not mounted": ({}, {}),
}


@pytest.mark.parametrize(("files", "roles"), LISTS.values(), ids=LISTS)
def test_metrics_tell_members_and_free_space(
    files: Mapping[str, str], roles: Mapping[str, int], tmp_path: Path, start: Start
) -> None:
    """From what the sidecar has mounted; of a directory that is not there they tell nothing."""
    for name, text in files.items():
        (tmp_path / name).write_text(text.format(tmp_path))
    environ = {"ZK_CONF_DIR": str(tmp_path), "ZK_DATA_DIR": str(tmp_path), "ZK_DATA_LOG_DIR": f"{tmp_path}/none"}
    with start(free_port(), environ) as running:
        found = families(running.ask("/metrics").text)
    size = os.statvfs(tmp_path)

    assert found.get("zkboot_members", {}) == {(("role", role),): count for role, count in roles.items()}
    labels = (("data_dir", str(tmp_path)),)
    assert found["zkboot_data_dir_volume_bytes"] == {labels: size.f_blocks * size.f_frsize}
    assert 0 < found["zkboot_data_dir_free_bytes"][labels] < size.f_blocks * size.f_frsize


def test_metrics_of_a_dead_server_say_that_it_is_dead(start: Start) -> None:
    """The scrape itself succeeds, and counts who failed how, from 0 on: else the first failure were no increase."""
    with start(free_port(), {"POD_NAME": "nobody"}) as running:
        before = families(running.ask("/metrics").text)["zkboot_probe_failures_total"]
        running.ask("/livez")
        reply = running.ask("/metrics")
    found = families(reply.text)
    after = found["zkboot_probe_failures_total"]
    metrics, livez = ((("exit_status", "69"), ("probe", probe)) for probe in ("metrics", "livez"))

    assert reply.status == 200
    assert found["zkboot_up"] == {(): 0}
    assert {key: count for key, count in before.items() if count} == {metrics: 1}
    assert {key: count for key, count in after.items() if count} == {metrics: 2, livez: 1}
    assert before.keys() == after.keys()
    assert not [name for name in found if name.startswith(("zk_", "zkboot_server"))]


# --- clients that mean it no good --------------------------------------------------------------------


def test_idle_endless_and_half_open_clients_keep_nobody_out(served: Serving, held: list[socket.socket]) -> None:
    """A thousand of each at once, from the kubelet's own address: it gets in, and soon nothing is left of them."""
    descriptors = served.descriptors
    took = []
    for data in (b"", b"GET /livez HTTP/1.1\r\n", b"GET /" + b"a" * (HEAD_LIMIT // 2), CLIENT_HELLO):
        for number in range(1000):
            client = served.connect()
            held.append(client)
            client.settimeout(0)
            if data:
                client.send(data)
            if number % 100 == 99:
                began = time.monotonic()
                assert served.ask("/livez").status == 200
                took.append(time.monotonic() - began)
    most = served.descriptors
    resident = served.resident_kib

    # Sooner than any of them has had its time.
    assert median(took) < HEAD_TIME
    assert most <= descriptors + ROOM + 2 * ASKED_AT_ONCE
    assert resident < RESIDENT_LIMIT
    wait_for(lambda: (served.threads, served.descriptors <= descriptors), (THREADS, True), timeout=LIMIT)


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"GET /livez HTTP/1.1\r\nHost", b"408"), (b"GET /" + b"a" * HEAD_LIMIT, b"431"), (CLIENT_HELLO, b"400")],
    ids=["slow", "endless", "TLS"],
)
def test_who_does_not_come_to_an_end_is_told(served: Serving, data: bytes, status: bytes) -> None:
    """Within the time that a request has, and the connection is closed."""
    with bounded():
        answer = served.say(data)

    assert answer.startswith(b"HTTP/1.1 %s " % status)


def test_a_thousand_requests_at_once_are_answered(served: Serving) -> None:
    """All of them rightly, with no more threads than ever."""
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda _: served.ask("/readyz"), range(1000)))

    assert {(reply.status, reply.text) for reply in replies} == {(200, "follower\n")}
    assert served.threads == THREADS


@with_more_time
def test_a_silent_server_under_a_flood_gets_few_questions_and_each_request_its_answer(
    start: Start, held: list[socket.socket], timeout: float
) -> None:
    """Little after the time-out of one question; another target is not held up."""
    asked: list[bytes] = []

    def silent_for_ruok(caller: Caller) -> None:
        word = caller.receive(4)
        asked.append(word)
        if word == b"ruok":
            caller.stay_silent()
        caller.send((DATA / "3.9.5-follower.srvr").read_bytes())

    with (
        ScriptedServer(silent_for_ruok) as server,
        start(server.port, {"ZK_PROBE_TIMEOUT": f"{timeout:g}"}) as running,
    ):
        clients = [running.connect() for _ in range(150)]
        held += clients
        for client in clients:
            client.sendall(GET % b"/livez")
        began = time.monotonic()
        assert running.ask("/readyz").status == 200
        meanwhile = time.monotonic() - began
        statuses = {client.recv(64).split()[1] for client in clients}
        took = time.monotonic() - began

    assert statuses == {b"503"}
    assert meanwhile < timeout
    assert took < timeout + 2 * MARGIN
    assert asked.count(b"ruok") <= ASKED_LIMIT


KUBELET = b"GET /livez HTTP/1.1\r\nHost: zk-0\r\nUser-Agent: kube-probe/1.34\r\n\r\n"


@pytest.mark.parametrize("addresses", [1, ROOM], ids=["the kubelet's own address", "many addresses"])
def test_a_flood_does_not_push_out_who_waits_for_an_answer(
    start: Start, held: list[socket.socket], addresses: int
) -> None:
    """A kubelet asks twice, of a server that takes its time; then whole requests come, more than there is room for."""
    ready = threading.Event()

    def slow(caller: Caller) -> None:
        caller.receive(4)
        ready.wait(LIMIT)
        caller.send(b"imok")

    with ScriptedServer(slow) as server, start(server.port) as running:
        kubelet = [running.connect() for _ in range(2)]
        held += kubelet
        for client in kubelet:
            client.sendall(KUBELET)
        for number in range(2 * ROOM):
            client = socket.create_connection(
                ("127.0.0.1", running.port),
                source_address=(f"127.{number % addresses // 250}.0.{number % 250 + 1}", 0) if addresses > 1 else None,
            )
            held.append(client)
            client.sendall(GET % b"/livez")
        wait_for(lambda: running.descriptors > ROOM, wanted=True, timeout=LIMIT)
        ready.set()
        statuses = [client.recv(64).split()[1:2] for client in kubelet]

    assert statuses == [[b"200"]] * 2


def test_who_asks_a_slow_server_gets_its_answer_however_many_ask(start: Start) -> None:
    """A further question is asked while the others take their time; after them it would be too late."""
    third = threading.Barrier(3)

    def slow(caller: Caller) -> None:
        caller.receive(4)
        third.wait(LIMIT)
        caller.send(b"imok")

    with ScriptedServer(slow) as server, start(server.port) as running, ThreadPoolExecutor(4) as pool:
        replies = []
        for count in (1, 2):
            replies.append(pool.submit(running.ask, "/livez"))
            wait_for(lambda: third.n_waiting, count, timeout=LIMIT)
        replies += [pool.submit(running.ask, "/livez") for _ in range(2)]
        statuses = [reply.result().status for reply in replies]

    assert statuses == [200] * 4


def test_a_log_that_nobody_reads_stops_no_answer(tmp_path: Path) -> None:
    """A pipe that is full: the lines are lost, and the next one says so."""
    zookeeper, own = ZooKeeper(), free_port()
    reader, writer = os.pipe()
    with ScriptedServer(zookeeper) as server:
        environ = {"ZK_PROBE_HOST": "127.0.0.1", "ZK_CLIENT_PORT": str(server.port), "ZK_HTTP_PORT": str(own)}
        command = python_command("zkboot.cli:main", "serve", name="zkboot")
        process = subprocess.Popen(command, env=clean_environ(environ), stderr=writer)
        running = Serving(process=process, port=own, log=tmp_path / "none")
        try:
            assert os.read(reader, 4096).startswith(b"zkboot serve: port ")
            os.set_blocking(writer, False)
            with suppress(BlockingIOError):
                while True:
                    os.write(writer, b"x" * 4096)
            os.set_blocking(writer, True)
            replies = []
            for recorded in ("3.9.5-no-quorum", "3.9.5-leader") * 2:
                zookeeper.as_recorded = recorded
                replies.append(running.ask("/readyz").text.split()[-1])
            os.set_blocking(reader, False)
            with suppress(BlockingIOError):
                while os.read(reader, 1 << 20):
                    pass
            zookeeper.as_recorded = "3.9.5-no-quorum"
            running.ask("/readyz")
            line = os.read(reader, 4096).decode()
        finally:
            process.kill()
            process.wait()
            os.close(reader)
            os.close(writer)

    assert replies == ["starting", "leader"] * 2
    assert line.endswith("still starting (4 lines before this one are lost: nobody read them)\n")


def test_a_client_that_takes_no_answer_is_let_go(start: Start, held: list[socket.socket]) -> None:
    """The metrics are more than its window holds."""
    with ScriptedServer(ZooKeeper("3.9.4-standalone-prometheus")) as server, start(server.port) as running:
        descriptors = running.descriptors
        for _ in range(100):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.connect(("127.0.0.1", running.port))
            client.sendall(GET % b"/metrics")
            held.append(client)
        assert running.ask("/livez").status == 200
        resident = running.resident_kib
        wait_for(lambda: running.descriptors <= descriptors, wanted=True, timeout=LIMIT)

    assert resident < RESIDENT_LIMIT


def test_its_memory_does_not_grow(served: Serving) -> None:
    """10,000 requests are measured by `make bench`; here a tenth of them."""
    for _ in range(2):
        for target in ("/livez", "/readyz", "/metrics"):
            for _ in range(100):
                served.ask(target)
        before = served.resident_kib
    for _ in range(300):
        served.ask("/metrics")

    assert served.resident_kib <= before + 1024
    assert served.resident_kib < RESIDENT_LIMIT


def test_long_metrics_for_several_scrapers_fit_into_its_container(start: Start) -> None:
    """ZooKeeper has up to ten rows for each znode at the top, so 30,000 for 3,000 of them. One is made at a time."""
    mntr = b"zk_server_state\tleader\n" + b"".join(b"zk_cnt_app%d_write_per_namespace\t1\n" % i for i in range(30_000))

    def script(caller: Caller) -> None:
        caller.receive(4)
        caller.send(mntr)

    with ScriptedServer(script) as server, start(server.port, {"MALLOC_ARENA_MAX": "1"}) as running:
        with ThreadPoolExecutor(3) as pool:
            texts = [reply.text for reply in pool.map(running.ask, ["/metrics"] * 24)]
        peak = running.peak_kib

    assert all("zkboot_up 1\n" in text for text in texts)
    assert peak < LONG_LIMIT


# --- its beginning and its end -----------------------------------------------------------------------


@pytest.mark.parametrize("script", [scripted.silent, ZooKeeper()], ids=["while it asks", "while it waits"])
def test_sigterm_ends_it_at_once(start: Start, script: Script) -> None:
    """With the status of a process that SIGTERM ended."""
    with ScriptedServer(script) as server, start(server.port) as running:
        thread = threading.Thread(target=_ask_in_vain, args=(running,))
        thread.start()
        time.sleep(0.3)
        with bounded(PATIENCE / 4):
            status = running.end()
        thread.join()

    assert status == 128 + signal.SIGTERM


def _ask_in_vain(running: Serving) -> None:
    try:
        running.ask("/livez")
    except (OSError, http.client.HTTPException):
        return


def test_a_port_that_is_taken_is_told(served: Serving) -> None:
    """By its variable; the other one goes on."""
    outcome = run_command("zkboot.cli:main", "serve", name="zkboot", environ={"ZK_HTTP_PORT": str(served.port)})

    assert (outcome.status, outcome.stdout) == (78, "")
    assert outcome.complaints == [
        f"zkboot serve: ZK_HTTP_PORT={served.port}: cannot listen there: address already in use"
    ]


def test_a_mistake_of_ours_ends_it_with_a_traceback() -> None:
    """Whatever thread makes it: a process that answers no more must not look alive."""
    port = free_port()
    code = (
        "from zkboot.pod.listening import listen\nfrom zkboot.pod.web import Server\n"
        f"Server(listen({port}, 'PORT'), {{'/livez': lambda: 1 / 0}}, 3.0).run()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=clean_environ(), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as client:
                client.sendall(GET % b"/livez")
                client.recv(1)
        except OSError:
            time.sleep(0.05)
    process.kill()
    _, stderr = process.communicate()

    assert process.returncode == 1
    assert "ZeroDivisionError" in stderr
