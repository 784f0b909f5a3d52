"""`zkboot tls` beside no server: what is written, what is left as it is, what only a start can change."""

import os
from datetime import UTC, datetime
from pathlib import Path
from ssl import CERT_REQUIRED, PROTOCOL_TLS_SERVER, SSLContext, TLSVersion

import pytest

from tests.certificates import DAY, Authority, Issued, Kind
from tests.unit.scripted_server import Caller, ScriptedServer, free_port, over_tls
from zkboot.plan import make_plan, write_plan
from zkboot.pod.errors import FileError, NotServingError, RestartNeededError, SettingsError
from zkboot.pod.identity import Host
from zkboot.pod.tls.keeper import PATIENCE, Keeper, Renewal
from zkboot.renewal import renew

ROOT = Authority("root")
NAME = "zk-0.zk-svc.default"
HOST = Host(lambda: "zk-0", lambda: "")


class Pod:
    """A pod with a Secret mounted, whose files are written."""

    def __init__(self, folder: Path) -> None:
        self.secret = folder / "secret"
        self.store = folder / "CONF_DIR" / "tls" / "server.pem"
        self.environ = {
            "ZK_DOMAIN": "zk-svc.default",
            "ZK_TLS_DIR": str(self.secret),
            "ZK_TLS_PORT": str(free_port()),
            **{f"ZK_{name}": str(folder / name) for name in ("DATA_DIR", "DATA_LOG_DIR", "LOG_DIR", "CONF_DIR")},
        }
        self.mount(ROOT.issue(NAME))
        self.start()

    def mount(self, issued: Issued) -> None:
        """Replace what is mounted."""
        issued.write(self.secret, ROOT.ca_crt)

    def start(self) -> None:
        """Write what a start writes."""
        write_plan(make_plan(self.environ, HOST, lambda: None, ask=lambda _: {}), uid=1000)

    def renew(self, uid: int | None = None) -> Renewal:
        """Run the command, as this process or as *uid*."""
        return renew(self.environ, HOST, uid=os.geteuid() if uid is None else uid)


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """A pod whose server does not run."""
    return Pod(tmp_path)


def test_only_what_has_changed_is_written(pod: Pod) -> None:
    """The first time, and never again."""
    until = datetime.now(UTC) + 9 * DAY
    before = pod.store.stat().st_ino
    first = str(pod.renew())
    assert first.startswith("unchanged, expires on ")
    assert pod.store.stat().st_ino == before

    pod.mount(ROOT.issue(NAME, until=until))

    assert str(pod.renew()) == f"renewed, expires on {until:%Y-%m-%d %H:%M} UTC"
    assert pod.store.stat().st_ino != before
    assert str(pod.renew()).startswith("unchanged")


def test_what_would_not_work_is_not_written(pod: Pod) -> None:
    """The server goes on with what it has."""
    before = pod.store.read_bytes()
    pod.mount(ROOT.issue("other.example"))

    with pytest.raises(SettingsError, match=r"does not cover zk-0.zk-svc.default"):
        pod.renew()
    assert pod.store.read_bytes() == before


@pytest.mark.parametrize(("before", "after"), [("PEM", "JKS"), ("JKS", "PEM")])
def test_a_store_of_another_type_needs_a_start(pod: Pod, before: str, after: str) -> None:
    """What zoo.cfg says counts. A start leaves no store of the other type, and none without TLS."""
    kinds: dict[str, Kind] = {"PEM": "ec", "JKS": "ed25519"}
    stores = {"PEM": {"server.pem", "ca.pem"}, "JKS": {"server.pem", "ca.pem", "server.jks", "ca.jks"}}
    for store_type in (after, before):
        pod.mount(ROOT.issue(NAME, kind=kinds[store_type]))
        pod.start()
        assert {path.name for path in pod.store.parent.iterdir()} == stores[store_type]
    pod.mount(ROOT.issue(NAME, kind=kinds[after]))
    with pytest.raises(NotServingError, match=rf"has {before} as ssl.keyStore.type, and {after} is needed"):
        pod.renew()

    del pod.environ["ZK_TLS_DIR"], pod.environ["ZK_TLS_PORT"]
    pod.start()
    assert list(pod.store.parent.iterdir()) == []


def test_the_owner_of_the_server_s_key_gets_the_next_one(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ZK_USER says where the command runs: else the server could not read it."""
    status = pod.store.stat()
    pod.environ["ZK_USER"] = "nosuch"
    pod.mount(ROOT.issue(NAME))
    with pytest.raises(FileError, match=rf"belongs to the user id {status.st_uid}, .* {status.st_uid + 1} can give no"):
        pod.renew(uid=status.st_uid + 1)
    assert pod.store.stat().st_ino == status.st_ino
    owners: list[tuple[int, int]] = []
    monkeypatch.setattr("zkboot.pod.files.os.fchown", lambda _, *owner: owners.append(owner))

    assert str(pod.renew(uid=0)).startswith("renewed")
    assert set(owners) == {(status.st_uid, status.st_gid)}


def hang_up(caller: Caller) -> None:
    """End the connection once the handshake has begun."""
    caller.receive(5)
    caller.reset()


def test_a_server_that_shows_no_certificate_is_told_of(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hangs up, refuses us or says nothing: only where nobody listens it does not run, and will read the new one."""
    monkeypatch.setattr("zkboot.renewal.RELOAD_LIMIT", 0.5)
    pod.environ["ZK_PROBE_TIMEOUT"] = "0.5"
    strict = SSLContext(PROTOCOL_TLS_SERVER)
    strict.maximum_version = TLSVersion.TLSv1_2
    strict.load_cert_chain(pod.store)
    strict.verify_mode = CERT_REQUIRED
    scripts = {
        "it hung up in the TLS handshake": hang_up,
        "tlsv1 alert unknown ca": over_tls(strict, Caller.reset),
        "timed out": lambda caller: caller.ended.wait(10),
    }
    for reason, script in scripts.items():
        pod.mount(ROOT.issue(NAME))
        with ScriptedServer(script) as server:
            pod.environ["ZK_TLS_PORT"] = str(server.port)
            for _ in range(2):
                with pytest.raises(NotServingError, match=rf"shows no certificate: .*{reason}"):
                    pod.renew()


def install(folder: Path, version: str) -> str:
    """Return a PATH on which a ZooKeeper of *version* is found."""
    for path in (folder / "bin" / "zkServer.sh", folder / "lib" / f"zookeeper-{version}.jar"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
    return str(folder / "bin")


def wait_for_the_end(caller: Caller) -> None:
    """Have the handshake, and leave it to the other side to hang up."""
    caller.receive(1)


def shows_its_certificate(pod: Pod) -> SSLContext:
    """Return what a server has that shows the certificate of this moment to whoever comes."""
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pod.store)
    return context


@pytest.mark.parametrize(("version", "reads_again"), [("3.6.4", False), ("3.7.2", True)])
def test_new_authorities_need_a_restart_before_3_7_2(
    pod: Pod, tmp_path: Path, version: str, *, reads_again: bool
) -> None:
    """The certificate that is shown does not tell of them, so that is told once; without a server there is no need."""
    pod.environ["PATH"] = install(tmp_path / "home", version)
    issued = ROOT.issue(NAME)
    authorities = [Authority(name).ca_crt for name in ("other", "third")]
    pod.mount(issued)
    pod.renew()
    issued.write(pod.secret, ROOT.ca_crt + authorities[0])
    assert pod.renew().is_new

    with ScriptedServer(over_tls(shows_its_certificate(pod), wait_for_the_end)) as server:
        pod.environ["ZK_TLS_PORT"] = str(server.port)
        issued.write(pod.secret, ROOT.ca_crt + authorities[1])
        if reads_again:
            assert pod.renew().is_new
        else:
            with pytest.raises(RestartNeededError, match=r"ca\.pem is new, and before 3\.7\.2 .*: restart the server"):
                pod.renew()
        assert not pod.renew().is_new


def test_another_certificate_with_the_same_number_is_another(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority that somebody makes anew begins to count anew."""
    monkeypatch.setattr("zkboot.renewal.RELOAD_LIMIT", 0.5)
    monkeypatch.setattr("tests.certificates.x509.random_serial_number", lambda: 1)
    pod.mount(ROOT.issue(NAME))
    pod.renew()
    with ScriptedServer(over_tls(shows_its_certificate(pod), wait_for_the_end)) as server:
        pod.environ["ZK_TLS_PORT"] = str(server.port)
        assert not pod.renew().is_new
        pod.mount(ROOT.issue(NAME))

        with pytest.raises(NotServingError, match="shows the certificate that expires on"):
            pod.renew()


def test_serve_renews_what_has_changed_and_tells_of_it(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each failure once, and what has failed is tried again; the metrics say both."""
    said: list[str] = []
    now = [0.0]
    monkeypatch.setattr("zkboot.pod.tls.keeper.time.monotonic", lambda: now[0])
    keeper = Keeper("zkboot", pod.renew, mounted=str(pod.secret), store=str(pod.store), say=said.append)
    keeper.look()
    assert said == []

    pod.mount(ROOT.issue("other.example"))
    for _ in range(3):
        keeper.look()
        now[0] += PATIENCE
    assert said == [
        f"TLS: ZK_TLS_DIR: {pod.secret}/tls.crt does not cover zk-0.zk-svc.default, only other.example",
    ]
    assert "\nzkboot_tls_exit_status 78\n" in keeper.render()

    until = datetime.now(UTC).replace(microsecond=0) + 9 * DAY
    pod.mount(ROOT.issue(NAME, until=until))
    keeper.look()
    assert said[1:] == [f"TLS: renewed, expires on {until:%Y-%m-%d %H:%M} UTC"]
    assert "\nzkboot_tls_exit_status 0\n" in keeper.render()
    assert f"\nzkboot_certificate_not_after_seconds {int(until.timestamp())}\n" in keeper.render()


def test_without_tls_there_is_nothing_to_renew(pod: Pod) -> None:
    """Whoever runs it by mistake is told."""
    del pod.environ["ZK_TLS_DIR"]

    with pytest.raises(SettingsError, match=r"^ZK_TLS_DIR is not set, so there is nothing to renew$"):
        pod.renew()
