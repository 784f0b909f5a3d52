"""`kafkaboot tls` beside no broker, and beside one that says no: the old files stay, and the reason is told."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from kafkaboot.start.plan import make_plan, write_plan
from kafkaboot.start.renewal import renew
from tests.certificates import Authority, Issued
from tests.unit.scripted_server import free_port
from zkboot.pod.errors import BootError, NotServingError, SettingsError, UnreachableError
from zkboot.pod.identity import Host

ROOT = Authority("root")
NAME = "kafka-0.kafka-svc.test"
HOST = Host(lambda: "kafka-0", lambda: "")
PORTS = ("KF_TLS_PORT", "KF_TLS_BROKER_PORT", "KF_CONTROLLER_PORT")

OFFERS = bytes.fromhex("0000 00000001 002c 0000 0001")
"""IncrementalAlterConfigs, versions 0 and 1, after the correlation id."""
OFFERS_NOTHING = bytes.fromhex("0000 00000000")
TAKEN = bytes.fromhex("00000000 00000001 0000 ffff 04 0001 31")
UNAUTHORIZED = bytes.fromhex("00000000 00000001 001f ffff 04 0001 31")
INVALID = bytes.fromhex("00000000 00000001 0028 0003 6e6f21 04 0001 31")


class Pod:
    """A pod with a Secret mounted, whose files are written."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.secret = folder / "secret"
        self.store = folder / "tls" / "server.pem"
        (folder / "base.properties").write_text("")
        self.environ = {
            "POD_NAME": "kafka-0",
            "KF_DOMAIN": "kafka-svc.test",
            "KF_VERSION": "4.4.0",
            "KF_REPLICAS": "1",
            "KF_BASE_FILE": str(folder / "base.properties"),
            "KF_CONFIG_FILE": str(folder / "server.properties"),
            "KF_PROBE_HOST": "127.0.0.1",
            "KAFKA_LOG_DIRS": str(folder / "data"),
            "KF_TLS_DIR": str(self.secret),
            **{name: str(free_port()) for name in PORTS},
            **environ,
        }
        self.mount(ROOT.issue(NAME))
        write_plan(make_plan(self.environ, HOST), uid=os.geteuid())

    def mount(self, issued: Issued) -> None:
        """Replace what is mounted."""
        issued.write(self.secret, ROOT.ca_crt)

    def renew(self) -> str:
        """Run the command."""
        return str(renew(self.environ, HOST, uid=os.geteuid()))

    def check_refused(self, kind: type[BootError], reason: str) -> None:
        """Check that the command ends so, and leaves what was there."""
        before = self.store.read_bytes()

        with pytest.raises(kind, match=reason):
            self.renew()
        assert self.store.read_bytes() == before


@contextmanager
def answering(pod: Pod, offers: bytes, answer: bytes) -> Iterator[None]:
    """Run what shows the pod's certificate of this moment at the brokers' listener, and gives two answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pod.store)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(plain, server_side=True) as caller:
                    for said in (offers, answer):
                        request = caller.recv(4096)
                        if not request:
                            break
                        payload = request[8:12] + said
                        caller.sendall(len(payload).to_bytes(4, "big") + payload)
                plain.close()

    with socket.create_server(("127.0.0.1", int(pod.environ["KF_TLS_BROKER_PORT"]))) as listener:
        thread = Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_without_a_broker_nothing_changes(tmp_path: Path) -> None:
    """What is as it is mounted stays so; what is not waits for the broker."""
    pod = Pod(tmp_path)
    assert pod.renew().startswith("unchanged, expires on ")

    pod.mount(ROOT.issue(NAME))

    pod.check_refused(UnreachableError, "nothing listens|refused")


def test_what_would_not_work_is_not_written(tmp_path: Path) -> None:
    """The broker goes on with what it has."""
    pod = Pod(tmp_path)
    pod.mount(ROOT.issue("other.example"))

    pod.check_refused(SettingsError, "does not cover")


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        pytest.param({"KAFKA_PROCESS_ROLES": "controller"}, "a controller reads its TLS files only", id="controller"),
        pytest.param(
            {
                "KAFKA_LISTENERS": "SASL_SSL://:9092,CONTROLLER://:9093",
                "KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "SASL_SSL",
                "KF_CONTROLLER_PORT": "9093",
            },
            "every listener of the broker with TLS asks for a login",
            id="login",
        ),
        pytest.param(
            {"KAFKA_SSL_KEYSTORE_LOCATION": "/own.pem"},
            "no listener of the broker reads .*server.pem.*, renew those",
            id="own",
        ),
    ],
)
def test_whoever_cannot_be_asked_needs_a_restart(tmp_path: Path, environ: dict[str, str], reason: str) -> None:
    """The old files stay until then."""
    pod = Pod(tmp_path, **environ)
    pod.mount(ROOT.issue(NAME))

    pod.check_refused(NotServingError, reason)


def test_a_store_of_another_type_needs_a_restart(tmp_path: Path) -> None:
    """The broker reads PEM, and no PEM can say the new key."""
    pod = Pod(tmp_path)
    pod.mount(ROOT.issue(NAME, kind="ed25519"))

    pod.check_refused(NotServingError, "reads .*server.jks: restart it, if it was started with stores of another type")


@pytest.mark.parametrize(
    ("offers", "answer", "reason"),
    [
        pytest.param(OFFERS_NOTHING, b"", "before Kafka 2.3", id="old"),
        pytest.param(OFFERS, UNAUTHORIZED, "AlterConfigs on the cluster, or name it in KAFKA_SUPER_USERS", id="acl"),
        pytest.param(OFFERS, INVALID, r"40 \(INVALID_CONFIG\), no!: restart it", id="invalid"),
    ],
)
def test_a_broker_that_refuses_keeps_the_old_files(tmp_path: Path, offers: bytes, answer: bytes, reason: str) -> None:
    """They were replaced already where it was asked, and are put back."""
    pod = Pod(tmp_path)
    with answering(pod, offers, answer):
        pod.mount(ROOT.issue(NAME))

        pod.check_refused(NotServingError, reason)


def test_another_subject_is_not_asked_for(tmp_path: Path) -> None:
    """The broker would say yes, refuse it in silence, and all that comes after, unless told to take it."""
    pod = Pod(tmp_path)
    with answering(pod, OFFERS, INVALID):
        pod.mount(ROOT.issue(NAME, subject="other"))

        pod.check_refused(NotServingError, "has another subject than the certificate of the listener BROKERS")
    pod = Pod(tmp_path, KAFKA_SSL_ALLOW_DN_CHANGES="true")
    with answering(pod, OFFERS, INVALID):
        pod.mount(ROOT.issue(NAME, subject="other"))

        pod.check_refused(NotServingError, "INVALID_CONFIG")


def test_a_broker_that_shows_the_old_one_needs_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has taken the request, so the new files stay: it may read them yet.

    The two have one number, as those of an authority that somebody has made anew.
    """
    monkeypatch.setattr("kafkaboot.start.renewal.RELOAD_LIMIT", 0.5)
    monkeypatch.setattr("tests.certificates.x509.random_serial_number", lambda: 1)
    pod = Pod(tmp_path)
    with answering(pod, OFFERS, TAKEN):
        pod.mount(ROOT.issue(NAME))
        before = pod.store.read_bytes()

        for _ in range(2):
            with pytest.raises(NotServingError, match="does not show the certificate that expires on"):
                pod.renew()
        assert pod.store.read_bytes() != before


def test_without_tls_there_is_nothing_to_renew(tmp_path: Path) -> None:
    """Whoever runs it by mistake is told."""
    pod = Pod(tmp_path)
    for name in ("KF_TLS_DIR", "KF_TLS_PORT", "KF_TLS_BROKER_PORT"):
        del pod.environ[name]

    with pytest.raises(SettingsError, match=r"^KF_TLS_DIR is not set, so there is nothing to renew$"):
        pod.renew()
