"""The probes over TLS, as a kubelet calls them: which port they ask, what they verify, what they load."""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import CERT_NONE, CERT_REQUIRED, PROTOCOL_TLS_SERVER, SSLContext

import pytest

from tests.certificates import Authority, Issued
from tests.commands import LIMIT, ROOT
from tests.unit import scripted_server as scripted
from tests.unit.scripted_server import Caller, Script, ScriptedServer
from tests.unit.zkboot.test_probe import LEAN, WATCHED, zookeeper
from zkboot.client import find_own_server
from zkboot.pod.environ import EnvReader
from zkboot.pod.tls.stores import FOLDER

NAME = "zk-0.zk-svc.test"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)

WITH_TLS = LEAN | {"zkboot.pod.identity", "zkboot.pod.own_tls", "zkboot.pod.tls_transport"}
"""Our own modules on the path of a probe over TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod whose Secret is mounted, and a server in it with a port for plain text and one for TLS."""

    secret: Path
    conf: Path
    authority: Authority

    def context(self, issued: Issued, *, asks: bool = True) -> SSLContext:
        """Return what the server has with the certificate *issued*, where it *asks* for the caller's."""
        folder = issued.write(self.conf.parent / "server", self.authority.ca_crt)
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        context.load_verify_locations(folder / "ca.crt")
        context.verify_mode = CERT_REQUIRED if asks else CERT_NONE
        return context

    def run(
        self, entry_point: str, script: Script, plain: Script | None = None, **environ: str
    ) -> tuple[int, str, list[str]]:
        """Return what a probe did whose server follows *script* on the TLS port, and *plain* on the other one.

        Its exit status, its stdout and the lines of its stderr, of which the last names the modules that it loaded.
        """
        with ExitStack() as stack:
            secure = stack.enter_context(ScriptedServer(script))
            ports = {"ZK_TLS_PORT": str(secure.port)}
            if plain is None:
                ports["ZK_PROBE_PORT"] = ports["ZK_TLS_PORT"]
            else:
                ports["ZK_CLIENT_PORT"] = str(stack.enter_context(ScriptedServer(plain)).port)
            done = subprocess.run(
                [sys.executable, "-ISB", "-c", WATCHED, str(ROOT), entry_point],
                env={
                    "POD_NAME": "zk-0",
                    "ZK_DOMAIN": "zk-svc.test",
                    "ZK_TLS_DIR": str(self.secret),
                    "ZK_CONF_DIR": str(self.conf),
                    "ZK_PROBE_TIMEOUT": "20",
                    **ports,
                    **environ,
                },
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=False,
            )
        return done.returncode, done.stdout, done.stderr.splitlines()


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """A pod with a certificate for its own name, and nothing generated."""
    authority = Authority()
    secret = authority.issue(NAME).write(tmp_path / "secret", authority.ca_crt, "PKCS#1, SEC1")
    return Pod(secret=secret, conf=tmp_path / "conf", authority=authority)


LEADER = zookeeper("3.9.5-leader")


@pytest.mark.parametrize(("entry_point", "begin"), [("ok", ""), ("ready", "leader\n"), ("metrics", "zk_version\t")])
def test_a_server_with_tls_only_is_asked_over_tls(pod: Pod, entry_point: str, begin: str) -> None:
    """Where the port to ask is that one; nothing is loaded but what is built in, ``_socket`` and ``_ssl``."""
    script = scripted.over_tls(pod.context(pod.authority.issue(NAME)), LEADER)
    status, stdout, stderr = pod.run(entry_point, script)
    loaded = set(stderr[-1].split())

    assert (status, stdout[: len(begin)], len(stderr)) == (0, begin, 1)
    assert {name for name in loaded if name.startswith("zkboot")} == WITH_TLS
    assert loaded - WITH_TLS - {"_socket", "_ssl"} <= set(sys.builtin_module_names)


def refuses(caller: Caller) -> None:
    """Hang up."""
    del caller


@pytest.mark.parametrize(("entry_point", "expected"), [("ok", 0), ("ready", 0), ("metrics", 0)])
def test_where_a_plain_port_is_left_only_readiness_asks_the_other(pod: Pod, entry_point: str, expected: int) -> None:
    """The plain port answers before the other listens, and says nothing of its keys."""
    secure = scripted.over_tls(pod.context(pod.authority.issue(NAME)), LEADER)
    is_ready = entry_point == "ready"
    status, _, _ = pod.run(entry_point, secure if is_ready else refuses, refuses if is_ready else LEADER)

    assert status == expected


def test_the_stores_of_the_server_are_what_counts(pod: Pod) -> None:
    """A Secret that was renewed may be ahead of them."""
    issued = pod.authority.issue(NAME)
    folder = pod.conf / FOLDER
    folder.mkdir(parents=True)
    (folder / "server.pem").write_bytes(issued.tls_key() + issued.tls_crt)
    (folder / "ca.pem").write_bytes(pod.authority.ca_crt)
    Authority().issue("elsewhere.test").write(pod.secret, b"")
    status, stdout, _ = pod.run("ready", scripted.over_tls(pod.context(issued), LEADER))

    assert (status, stdout) == (0, "leader\n")


@pytest.mark.parametrize("asks", [True, False])
def test_an_expired_certificate_fails_readiness_and_never_liveness(pod: Pod, *, asks: bool) -> None:
    """The server has it and shows it, and refuses the probe's where it asks for one."""
    issued = pod.authority.issue(NAME, until=YESTERDAY)
    issued.write(pod.secret, pod.authority.ca_crt)
    script = scripted.over_tls(pod.context(issued, asks=asks), LEADER)
    alive, _, told = pod.run("ok", script)
    ready, stdout, why = pod.run("ready", script)

    assert (alive, len(told)) == (0, 1)
    assert (ready, stdout) == (76, "")
    assert why[0].endswith(": does not prove who it is: certificate has expired")


def test_another_pods_certificate_fails_readiness(pod: Pod) -> None:
    """Here, of this pod's neighbour."""
    script = scripted.over_tls(pod.context(pod.authority.issue("zk-1.zk-svc.test")), LEADER)
    status, _, told = pod.run("ready", script)

    assert status == 76
    assert told[0].endswith(f"Hostname mismatch, certificate is not valid for '{NAME}'.")


LISTED = {"ZK_SERVERS": "1=zk1.example.com:2888:3888, server.2=[2001:db8::2]:2888:3888", "POD_NAME": "abc"}


@pytest.mark.parametrize(
    ("host", "name", "more"),
    [
        ("localhost", NAME, {}),
        ("127.0.0.1", NAME, {}),
        ("[::1]", NAME, {}),
        ("zk-1.zk-svc.test", "zk-1.zk-svc.test", {}),
        ("localhost", "zk1.example.com", LISTED | {"ZK_SERVER_ID": "1"}),
        ("localhost", "2001:db8::2", LISTED | {"ZK_SERVER_ID": "2"}),
        ("localhost", "abc.zk-svc.test", LISTED | {"ZK_SERVER_ID": "3"}),
        ("zk.test", "zk.test", LISTED | {"ZK_SERVER_ID": "1"}),
    ],
)
def test_an_address_is_proven_by_the_name_of_the_pod(host: str, name: str, more: dict[str, str]) -> None:
    """By its name in ZK_SERVERS, if it is there; and a name by itself: the probe may be told to ask another server."""
    environ = {"POD_NAME": "zk-0", "ZK_DOMAIN": "zk-svc.test", "ZK_TLS_DIR": "/tls", "ZK_PROBE_HOST": host, **more}
    env = EnvReader(environ)
    endpoint = find_own_server(env, prefers_tls=True)
    env.problems.check()

    assert endpoint.tls is not None
    assert (endpoint.tls.name, endpoint.port) == (name, 2281)


def test_a_plain_server_is_told(pod: Pod) -> None:
    """It takes a hello for a length, and hangs up."""

    def script(caller: Caller) -> None:
        if caller.receive(4) == b"ruok":
            caller.send(b"imok")

    status, _, told = pod.run("ready", script)

    assert status == 76
    assert told[0].endswith(": speaks plain text where TLS is expected")


def test_files_that_cannot_be_read_are_named(pod: Pod) -> None:
    """Those are the operator's."""
    (pod.secret / "ca.crt").unlink()
    status, _, told = pod.run("ready", scripted.silent)

    assert (status, told[0]) == (78, f"-c: {pod.secret}/ca.crt: no such file or directory")


AS_SOMEBODY = """
import os, sys
import zkboot.pod.own_tls, zkboot.pod.tls_transport  # before: this folder may be root's
from zkboot.client import ask, find_own_server
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import BootError
if os.geteuid() == 0:
    os.setgid(54321)
    os.setuid(54321)
endpoint = find_own_server(EnvReader(os.environ), prefers_tls=True)
try:
    print(ask(endpoint, b"srvr"))
except BootError as error:
    print(error)
"""


def test_files_that_the_user_of_a_probe_cannot_read(pod: Pod) -> None:
    """The server's own are another user's: then the mounted ones are taken; of these, the right one is named."""
    issued = pod.authority.issue(NAME)
    with (
        ScriptedServer(scripted.over_tls(pod.context(issued), LEADER)) as server,
        tempfile.TemporaryDirectory() as public,
    ):
        Path(public).chmod(0o755)
        secret, store = issued.write(Path(public, "secret"), pod.authority.ca_crt), Path(public, "conf", FOLDER)
        store.mkdir(parents=True)
        for name in ("server.pem", "ca.pem"):
            (store / name).touch(mode=0)
        environ = {
            "POD_NAME": "zk-0",
            "ZK_DOMAIN": "zk-svc.test",
            "ZK_TLS_DIR": str(secret),
            "ZK_CONF_DIR": f"{public}/conf",
            "ZK_TLS_PORT": str(server.port),
        }
        told = []
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", AS_SOMEBODY],
                env=environ,
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=True,
            )
            told.append(done.stdout)
            (secret / "tls.key").chmod(0)

    assert "Mode: leader" in told[0]
    assert told[1] == f"{secret}/tls.key: permission denied\n"


def test_a_python_without_openssl_says_so(pod: Pod, tmp_path: Path) -> None:
    """A slim one: status 78, and no traceback."""
    (tmp_path / "_ssl.py").write_text("raise ImportError\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{WATCHED}"
    environ = {"POD_NAME": "zk-0", "ZK_TLS_DIR": str(pod.secret)}
    command = [sys.executable, "-ISB", "-c", code, str(ROOT), "ready"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 78
    assert "-c: this Python has no _ssl, without which no server can be asked over TLS\n" in done.stderr
