"""The stores, read by the programs that are to read them: OpenSSL and Java."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.certificates import Authority, Issued, Kind
from tests.server.toolchain import java
from zkboot.pod.errors import Problems
from zkboot.pod.files import write_files
from zkboot.pod.tls import der, pem
from zkboot.pod.tls.certificate import Certificate
from zkboot.pod.tls.identity import Identity
from zkboot.pod.tls.jks import PASSWORD
from zkboot.pod.tls.mounted import Mounted
from zkboot.pod.tls.private_key import PrivateKey
from zkboot.pod.tls.reading import read_mounted
from zkboot.pod.tls.stores import Stores

NAME = "zk-0.zk-svc.default.svc.cluster.local"
ROOT = Authority("root")
MIDDLE = Authority("middle", ROOT)


def run(*command: str, given: bytes = b"") -> bytes:
    """Return what *command* prints, given *given*."""
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def identity_of(issued: Issued, folder: Path, authorities: bytes = ROOT.ca_crt, form: str = "PKCS#8") -> Identity:
    """Return what a Secret with *issued* says."""
    problems = Problems()
    found = Identity.parse(read_mounted(str(issued.write(folder, authorities, form))), "ZK_TLS_DIR", problems)

    assert found is not None, list(problems)
    return found


def written(identity: Identity, folder: Path, *, takes_pem: bool) -> Stores:
    """Write the stores of *identity* into *folder*, and return them."""
    folder.mkdir()
    stores = Stores.of(identity, str(folder), takes_pem=takes_pem)
    write_files(stores.files)
    return stores


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_wrapped_key_is_what_openssl_makes_of_it(kind: Kind) -> None:
    """The same bytes for RSA; of an EC key, the curve stands in it twice, and the key is the same."""
    issued = ROOT.issue(NAME, kind=kind)
    ours = PrivateKey.parse(issued.tls_key("PKCS#1, SEC1")).pkcs8
    theirs = run("openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", given=issued.tls_key("PKCS#1, SEC1"))
    read = run("openssl", "pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-outform", "DER", given=ours)

    assert (ours if kind == "rsa" else read) == theirs
    assert b"Key is valid" in run("openssl", "pkey", "-check", "-noout", "-inform", "DER", given=ours)


def test_an_ec_key_may_have_its_curve_beside_it() -> None:
    """`openssl ecparam -genkey` writes it so; a key that has it nowhere is refused."""
    text = run("openssl", "ecparam", "-genkey", "-name", "secp384r1")
    ours = PrivateKey.parse(text).pkcs8
    bare = der.encode(der.SEQUENCE, der.encode(der.INTEGER, b"\1"), der.encode(der.OCTETS, 32 * b"\1"))

    assert b"Key is valid" in run("openssl", "pkey", "-check", "-noout", "-inform", "DER", given=ours)
    with pytest.raises(ValueError, match=r"^is an EC key that names no curve$"):
        PrivateKey.parse(pem.encode("EC PRIVATE KEY", bare))


HANDS: dict[str, Callable[[bytes], bytes]] = {
    "as it is made": lambda text: text,
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "blanks at the ends": lambda text: text.replace(b"\n", b"  \n"),
    "indented": lambda text: b"  " + text.replace(b"\n", b"\n  "),
    "empty lines": lambda text: text.replace(b"\n", b"\n\n"),
    "joined without a newline": lambda text: text.replace(b"-----\n-----", b"----------"),
    "text in front of it": lambda text: b"ca: " + text,
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "another label": lambda text: text.replace(b" CERTIFICATE", b" X509 CERTIFICATE"),
    "a key beside it": lambda text: text + ROOT.issue(NAME).tls_key(),
}
"""How people write PEM, and what they copy into it: not all readers take all of it."""


@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS)
def test_pem_is_written_as_every_reader_takes_it(hand: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """The key in front of its chain, and nothing but the certificates, whatever is mounted."""
    issued = MIDDLE.issue(NAME)
    chain = issued.tls_crt if hand is HANDS["a key beside it"] else hand(issued.tls_crt)
    problems = Problems()
    found = Identity.parse(
        Mounted(
            directory="/tls",
            chain=chain,
            key=issued.tls_key("PKCS#1, SEC1"),
            authorities=hand(ROOT.ca_crt + MIDDLE.ca_crt),
        ),
        "ZK_TLS_DIR",
        problems,
    )
    assert found is not None, list(problems)
    stores = written(found, tmp_path / "tls", takes_pem=True)
    server_pem, ca_pem = (tmp_path / "tls" / name for name in ("server.pem", "ca.pem"))

    assert (stores.type, stores.password) == ("PEM", None)
    assert (stores.key_store, stores.trust_store) == (str(server_pem), str(ca_pem))
    assert server_pem.read_bytes() == pem.encode("PRIVATE KEY", found.key.pkcs8) + issued.tls_crt
    assert ca_pem.read_bytes() == ROOT.ca_crt + MIDDLE.ca_crt
    assert {path.stat().st_mode & 0o777 for path in (server_pem, ca_pem)} == {0o600}
    assert sorted(path.name for path in (tmp_path / "tls").iterdir()) == ["ca.pem", "server.pem"]


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519"])
def test_java_reads_the_key_and_its_chain(kind: Kind, tmp_path: Path) -> None:
    """What it takes out of the store is the key that was mounted, and all certificates."""
    java()
    issued = MIDDLE.issue(NAME, kind=kind)
    stores = written(
        identity_of(issued, tmp_path / "secret", MIDDLE.ca_crt + ROOT.ca_crt), tmp_path / "tls", takes_pem=False
    )
    options = (
        "-srcstoretype",
        "JKS",
        "-srcstorepass",
        PASSWORD,
        "-deststoretype",
        "PKCS12",
        "-deststorepass",
        PASSWORD,
    )
    target = str(tmp_path / "server.p12")
    run("keytool", "-importkeystore", "-srckeystore", stores.key_store, *options, "-destkeystore", target)
    key = run("openssl", "pkcs12", "-in", target, "-nodes", "-nocerts", "-passin", f"pass:{PASSWORD}")
    chain = run("keytool", "-list", "-rfc", "-keystore", stores.key_store, "-storepass", PASSWORD)
    trusted = run("keytool", "-list", "-rfc", "-keystore", stores.trust_store, "-storepass", PASSWORD)

    assert (stores.type, stores.password) == ("JKS", PASSWORD)
    assert PrivateKey.parse(key) == PrivateKey.parse(issued.tls_key())
    assert chain.count(b"BEGIN CERTIFICATE") == 2
    assert trusted.count(b"BEGIN CERTIFICATE") == 2


def test_what_pem_cannot_say_is_said_in_jks(tmp_path: Path) -> None:
    """A key that no server reads from PEM, and two authorities with one name, as a renewed one has."""
    edwards = identity_of(ROOT.issue(NAME, kind="ed25519"), tmp_path / "a")
    renewed = identity_of(ROOT.issue(NAME), tmp_path / "b", ROOT.ca_crt + Authority("root").ca_crt)

    for identity in (edwards, renewed):
        assert Stores.of(identity, "/tls", takes_pem=True).type == "JKS"


def test_an_authority_that_is_there_twice_is_one(tmp_path: Path) -> None:
    """It has one name with itself, and PEM can say that."""
    once, twice = (identity_of(ROOT.issue(NAME), tmp_path / str(n), n * ROOT.ca_crt) for n in (1, 2))

    assert twice.authorities == once.authorities
    assert Stores.of(twice, "/tls", takes_pem=True).type == "PEM"


def test_the_same_secret_makes_the_same_files(tmp_path: Path) -> None:
    """So that a start where nothing changed writes nothing."""
    identity = identity_of(ROOT.issue(NAME), tmp_path / "secret")

    assert Stores.of(identity, "/tls", takes_pem=False) == Stores.of(identity, "/tls", takes_pem=False)


def test_dates_and_number_are_those_that_openssl_reads(tmp_path: Path) -> None:
    """Of this century and of the years behind 2049, which are written in another way."""
    for at, days in enumerate((1, 36_500)):
        key, certificate = tmp_path / f"{at}.key", tmp_path / f"{at}.crt"
        options = f"-x509 -newkey rsa:2048 -nodes -subj /CN=x -days {days} -keyout {key} -out {certificate}"
        run("openssl", "req", *options.split())
        asked = ("-noout", "-serial", "-dates", "-dateopt", "iso_8601", "-in", str(certificate))
        serial, *dates = run("openssl", "x509", *asked).decode().split("\n")
        found = Certificate.parse(run("openssl", "x509", "-outform", "DER", "-in", str(certificate)))

        assert int(serial.removeprefix("serial="), 16) == found.serial
        assert dates == [
            f"notBefore={found.not_before:%Y-%m-%d %H:%M:%S}Z",
            f"notAfter={found.not_after:%Y-%m-%d %H:%M:%S}Z",
            "",
        ]
