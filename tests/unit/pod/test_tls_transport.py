"""An exchange over TLS: what is proven, what is told where it is not, and always the deadline."""

import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.commands import ROOT
from tests.patience import PATIENCE, bounded
from tests.unit import scripted_server as scripted
from tests.unit.scripted_server import Caller, Script, ScriptedServer
from zkboot.pod.connection import connect
from zkboot.pod.deadline import Deadline
from zkboot.pod.errors import ProtocolError, RefusedError, SettingsError, UnreachableError
from zkboot.pod.tls_transport import OVERHEAD_LIMIT, Tls

NAME = "zk-0.zk-svc.test"
SHORT = 0.3
"""Seconds for a peer that never gets anywhere."""


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Fail a test that leaves a file descriptor behind."""
    before = scripted.open_descriptors()
    yield
    assert scripted.open_descriptors() - before == set()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs for this pod and its peers."""
    return trustme.CA()


@pytest.fixture(scope="module")
def own(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the server.pem and ca.pem of this pod."""
    folder = tmp_path_factory.mktemp("tls")
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return folder


def serving(authority: trustme.CA, name: str = NAME, *, until: datetime | None = None) -> ssl.SSLContext:
    """Return what a server has with a certificate of *authority* for *name*; it asks for ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    since = None if until is None else until - timedelta(days=2)
    authority.issue_cert(name, not_before=since, not_after=until).configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def tls(own: Path, name: str = NAME) -> Tls:
    """Return how this pod asks."""
    pair = str(own / "server.pem")
    return Tls(certificate=pair, key=pair, ca=str(own / "ca.pem"), name=name, plain=b"ruok")


def exchange(script: Script, how: Tls, timeout: float = PATIENCE, *, host: str = "127.0.0.1") -> bytes:
    """Send ``ruok`` to a server that follows *script* and return all that comes back, within the time-out."""
    with (
        ScriptedServer(script, host) as server,
        bounded(timeout),
        connect(server.host, server.port, Deadline(timeout), how) as connection,
    ):
        connection.send(b"ruok")
        return connection.receive_until_eof(1 << 20)


# --- a peer that behaves -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("script", "answer"),
    [
        pytest.param(scripted.answers(b"imok"), b"imok", id="at once"),
        pytest.param(scripted.drips(b"imok", pause=0.01), b"imok", id="record by record"),
        pytest.param(scripted.answers(bytes(300_000)), bytes(300_000), id="many records"),
    ],
)
def test_an_answer_is_received_whole(
    authority: trustme.CA, own: Path, version: ssl.TLSVersion, script: Script, answer: bytes
) -> None:
    """From a server that asked for our certificate and has proven its own name."""
    context = serving(authority)
    context.minimum_version = context.maximum_version = version

    assert exchange(scripted.over_tls(context, script), tls(own)) == answer


def test_the_end_needs_no_goodbye(authority: trustme.CA, own: Path) -> None:
    """As of servers that just close."""

    def script(caller: Caller) -> None:
        caller.receive(4)
        caller.send(b"imok")

    def wrapped(caller: Caller) -> None:
        with serving(authority).wrap_socket(caller.connection.dup(), server_side=True) as secured:
            script(Caller(secured, caller.ended))

    assert exchange(wrapped, tls(own)) == b"imok"


def test_the_issuer_alone_may_be_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    """Java does not ask for its issuer either."""
    intermediate = authority.create_child_ca()
    intermediate.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    pair = str(tmp_path / "server.pem")
    intermediate.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(pair)
    how = Tls(certificate=pair, key=pair, ca=str(tmp_path / "ca.pem"), name=NAME, plain=b"ruok")

    context = serving(intermediate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN

    assert exchange(scripted.over_tls(context, scripted.answers(b"imok")), how) == b"imok"


# --- certificates ------------------------------------------------------------------------------------


YESTERDAY = datetime.now(UTC) - timedelta(days=1)

UNPROVEN: dict[str, tuple[Callable[[trustme.CA], ssl.SSLContext], str]] = {
    "expired": (lambda ca: serving(ca, until=YESTERDAY), "certificate has expired"),
    "wrong name": (lambda ca: serving(ca, "elsewhere.test"), f"certificate is not valid for '{NAME}'"),
    "foreign": (lambda _: serving(trustme.CA()), "self-signed certificate in certificate chain"),
}


@pytest.mark.parametrize("case", UNPROVEN)
def test_a_server_that_proves_no_name_is_told(authority: trustme.CA, own: Path, case: str) -> None:
    """With the reason of OpenSSL."""
    make, reason = UNPROVEN[case]
    with pytest.raises(ProtocolError, match=reason):
        exchange(scripted.over_tls(make(authority), scripted.answers(b"imok")), tls(own))


def test_what_is_not_verified_may_be_expired(authority: trustme.CA, own: Path) -> None:
    """Liveness asks so: no restart makes a certificate younger."""
    context = serving(authority, "elsewhere.test", until=YESTERDAY)

    assert exchange(scripted.over_tls(context, scripted.answers(b"imok")), tls(own, "")) == b"imok"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", [NAME, ""])
def test_a_server_that_refuses_our_certificate_is_told(
    authority: trustme.CA, own: Path, tmp_path: Path, version: ssl.TLSVersion, name: str
) -> None:
    """In the handshake with TLS 1.2, behind it with TLS 1.3."""
    foreign = str(tmp_path / "server.pem")
    trustme.CA().issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(foreign)
    how = Tls(certificate=foreign, key=foreign, ca=str(own / "ca.pem"), name=name, plain=b"ruok")
    context = serving(authority)
    context.minimum_version = context.maximum_version = version

    with pytest.raises(RefusedError, match="refuses this pod's TLS handshake or certificate: unknown ca"):
        exchange(scripted.over_tls(context, scripted.answers(b"imok")), how)


def test_liveness_can_do_without_a_certificate(authority: trustme.CA, tmp_path: Path) -> None:
    """A server that does not ask for one answers, whatever became of ours."""
    missing = str(tmp_path / "missing.pem")
    how = Tls(certificate=missing, key=missing, ca=missing, name="", plain=b"ruok")
    context = serving(authority)
    context.verify_mode = ssl.CERT_NONE

    assert exchange(scripted.over_tls(context, scripted.answers(b"imok")), how) == b"imok"


def _files(own: Path, tmp_path: Path) -> dict[str, Tls]:
    pair, authorities = str(own / "server.pem"), str(own / "ca.pem")
    other = str(tmp_path / "other.key")
    trustme.CA().issue_cert(NAME).private_key_pem.write_to_path(other)
    encrypted = str(tmp_path / "encrypted.key")
    command = ["openssl", "pkcs8", "-topk8", "-in", other, "-out", encrypted, "-passout", "pass:secret"]
    subprocess.run(command, check=True, capture_output=True)
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    absent = str(tmp_path / "absent.pem")

    def made(*, certificate: str = pair, key: str = pair, ca: str = authorities) -> Tls:
        return Tls(certificate=certificate, key=key, ca=ca, name=NAME, plain=b"ruok")

    return {
        f"{absent}: no such file or directory": made(ca=absent),
        f"{empty}: no certificate or crl found": made(ca=str(empty)),
        f"{absent}: no such file": made(certificate=absent, key=absent),
        f"{pair}: key values mismatch": made(key=other),
        f"{pair}: ": made(key=encrypted),
    }


def test_files_that_cannot_be_used_are_named(own: Path, tmp_path: Path) -> None:
    """Ours, not the server's: status 78."""
    for told, how in _files(own, tmp_path).items():
        with pytest.raises(SettingsError) as raised:
            exchange(scripted.silent, how)

        assert str(raised.value).startswith(told)


# --- peers that do what they should not --------------------------------------------------------------


def plain_zookeeper(caller: Caller) -> None:
    """Hang up on anything but a word, as a server does that takes our hello for a length."""
    if caller.receive(4) == b"ruok":
        caller.send(b"imok")


def says(data: bytes, *, then: Script = scripted.silent) -> Script:
    """Return a script that hears the hello, says *data* and goes on with *then*."""

    def script(caller: Caller) -> None:
        caller.receive(5)
        caller.send(data)
        then(caller)

    return script


def floods(data: bytes) -> Script:
    """Return a script that says *data* for ever."""
    return scripted.never_stops(data)


def hangs_up(_caller: Caller) -> None:
    """Hang up."""


@contextmanager
def recorded_flight(authority: trustme.CA) -> Iterator[bytes]:
    """The first flight of a server to a client of TLS 1.2: its certificate and more."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving(authority).wrap_bio(incoming, outgoing, server_side=True)
    hello = ssl.MemoryBIO()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(ssl.MemoryBIO(), hello, server_hostname=NAME)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    incoming.write(hello.read())
    with pytest.raises(ssl.SSLWantReadError):
        server.do_handshake()
    yield outgoing.read()


PLAIN = {
    "hangs up on a hello": plain_zookeeper,
    "says something else": says(b"HTTP/1.1 400 Bad Request\r\n"),
    "floods": floods(b"x" * 4096),
}


@pytest.mark.parametrize("case", PLAIN)
@pytest.mark.parametrize("name", [NAME, ""])
def test_a_peer_without_tls_is_told(own: Path, case: str, name: str) -> None:
    """Whatever it makes of a hello."""
    with pytest.raises(ProtocolError, match="speaks plain text where TLS is expected"):
        exchange(PLAIN[case], tls(own, name))


BROKEN = {
    "a record that is too long": says(b"\x16\x03\x03\xff\xff" + bytes(64)),
    "a record of another protocol's version": says(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"),
    "endless warnings": floods(b"\x15\x03\x03\x00\x02\x01\x5a"),
    "endless records without a word": floods(b"\x16\x03\x03\x00\x00"),
    "endless changes of the cipher": says(b"\x16\x03\x03", then=floods(b"\x14\x03\x03\x00\x01\x01")),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_peer_that_breaks_tls_is_told(own: Path, case: str) -> None:
    """And never waited for longer than the time-out."""
    with pytest.raises(ProtocolError, match=r"breaks TLS|refuses"):
        exchange(BROKEN[case], tls(own))


@pytest.mark.parametrize("alert", [b"\x02\x46", b"\x02\x28"], ids=["protocol version", "handshake failure"])
def test_an_alert_is_told(own: Path, alert: bytes) -> None:
    """For one of a server that speaks other versions only."""
    with pytest.raises(RefusedError, match="refuses this pod's TLS handshake or certificate: "):
        exchange(says(b"\x15\x03\x03\x00\x02" + alert), tls(own))


@pytest.mark.parametrize("at", [0, 1, 3, 5, 100])
def test_half_a_handshake_waits_no_longer_than_the_time_out(authority: trustme.CA, own: Path, at: int) -> None:
    """Cut where no record ends, and at once."""
    with recorded_flight(authority) as flight, pytest.raises(UnreachableError, match=r"no TLS handshake within 0\.3 s"):
        exchange(says(flight[:at]), tls(own), SHORT)


def test_a_dripping_handshake_waits_no_longer_than_the_time_out(own: Path) -> None:
    """Each byte would renew a time-out of its own."""

    def script(caller: Caller) -> None:
        # A handshake message of 16,000 bytes in one record.
        caller.send(b"\x16\x03\x03\x3e\x84\x02\x00\x3e\x80")
        while not caller.ended.wait(0.01):
            caller.send(b"\0")

    with pytest.raises(UnreachableError, match=r"no TLS handshake within 0\.3 s"):
        exchange(script, tls(own), SHORT)


@pytest.mark.parametrize("at", [0, 100])
def test_hanging_up_in_the_handshake_is_told(authority: trustme.CA, own: Path, at: int) -> None:
    """As a server does that cannot read its own key."""
    with recorded_flight(authority) as flight, pytest.raises(UnreachableError, match="hung up in the TLS handshake"):
        exchange(says(flight[:at], then=hangs_up), tls(own))


def test_silence_after_the_handshake_is_a_time_out(authority: trustme.CA, own: Path) -> None:
    """The handshake does not count as an answer."""
    with pytest.raises(UnreachableError, match="connected, but no answer within"):
        exchange(scripted.over_tls(serving(authority), scripted.silent), tls(own), 1.0)


def test_what_is_no_answer_has_a_limit(authority: trustme.CA, own: Path) -> None:
    """Tickets for later sessions, some 1,000 times as many as a server sends."""
    context = serving(authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 2000

    with pytest.raises(ProtocolError, match=f"sends over {OVERHEAD_LIMIT} bytes of TLS without an answer"):
        exchange(scripted.over_tls(context, scripted.answers(b"imok")), tls(own))


# --- what it is made of ------------------------------------------------------------------------------


def _interpreters() -> list[str]:
    """Return every Python of 3.11 to 3.19 that is found: the one of these tests, the distribution's, and pyenv's."""
    pyenv = Path("~/.pyenv/versions").expanduser().glob("3.1[1-9].*/bin/python3.1[1-9]")
    places = (sys.executable, *Path("/usr/bin").glob("python3.1[1-9]"), *pyenv)
    return sorted({os.path.realpath(str(place)) for place in places})


ASKS = """
import sys
bare = set(sys.modules)
sys.path.insert(0, sys.argv[1])
from zkboot.pod.connection import connect
from zkboot.pod.deadline import Deadline
from zkboot.pod.errors import BootError
from zkboot.pod.tls_transport import Tls
port, pair, ca, *names = sys.argv[2:]
for name in names:
    how = Tls(certificate=pair, key=pair, ca=ca, name=name, plain=b"ruok")
    try:
        with connect("127.0.0.1", int(port), Deadline(20), how) as connection:
            connection.send(b"ruok")
            print(connection.receive_until_eof(100).decode())
    except BootError as error:
        print(error)
print(*sorted(name for name in set(sys.modules) - bare - set(sys.builtin_module_names) if name[:6] != "zkboot"))
"""


@pytest.mark.parametrize("python", _interpreters())
def test_it_is_made_of_ssl_without_its_module(authority: trustme.CA, own: Path, python: str) -> None:
    """``_ssl`` is private: it is tried in each version that is there."""
    with ScriptedServer(scripted.over_tls(serving(authority), scripted.answers(b"imok"))) as server:
        names = [NAME, "", "other.test"]
        command = [
            python,
            "-ISc",
            ASKS,
            str(ROOT),
            str(server.port),
            str(own / "server.pem"),
            str(own / "ca.pem"),
            *names,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    verified, unverified, other, loaded = done.stdout.splitlines()

    assert (verified, unverified) == ("imok", "imok")
    assert other.endswith("Hostname mismatch, certificate is not valid for 'other.test'.")
    assert set(loaded.split()) <= {"_socket", "_ssl"}
