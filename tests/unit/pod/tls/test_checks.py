"""Every Secret that would make a server nobody can talk to is refused, with all that is wrong with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.certificates import CLIENT, DAY, SERVER, Authority, Issued, Kind
from zkboot.pod.errors import Problems
from zkboot.pod.tls.checks import check_identity, expiry_advice
from zkboot.pod.tls.identity import Identity
from zkboot.pod.tls.mounted import Mounted

NAME = "zk-0.zk-svc.default.svc.cluster.local"
NOW = datetime.now(UTC)
PAST, FUTURE = NOW - 2 * DAY, NOW + 5 * DAY

ROOT = Authority("root")
OTHER = Authority("other")
MIDDLE = Authority("middle", ROOT)
GOOD = ROOT.issue(NAME)
KOBLITZ = Authority("koblitz", key=ec.generate_private_key(ec.SECP256K1()))
TWINS = Authority("twin"), Authority("twin")
"""Two of one name, without identifiers of their keys."""


def mounted(issued: Issued, authorities: bytes = ROOT.ca_crt, form: str = "PKCS#8") -> Mounted:
    """Return *issued* as it is mounted at /tls."""
    return Mounted(directory="/tls", chain=issued.tls_crt, key=issued.tls_key(form), authorities=authorities)


def checked(files: Mounted, *names: str) -> tuple[Identity | None, list[str]]:
    """Return who *files* make of the pod, and what is wrong, less the variable."""
    problems = Problems()
    found = check_identity(files, names or (NAME,), "ZK_TLS_DIR", problems, NOW)
    told = [str(problem) for problem in problems]

    assert all(line.startswith("ZK_TLS_DIR: ") for line in told)
    assert (found is None) == bool(told)
    return found, [line.removeprefix("ZK_TLS_DIR: ") for line in told]


def faults(files: Mounted, *names: str) -> list[str]:
    """Return what is wrong with *files*."""
    return checked(files, *names)[1]


@pytest.mark.parametrize("form", ["PKCS#8", "PKCS#1, SEC1"])
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_keys_of_every_form_are_taken(kind: Kind, form: str) -> None:
    """Those that cert-manager writes among them."""
    assert faults(mounted(ROOT.issue(NAME, kind=kind), form=form)) == []


def behind(issued: Issued, *authorities: Authority) -> Issued:
    """Return *issued* with the certificates of *authorities* behind its own."""
    return replace(issued, chain=[*issued.chain, *(one.certificate for one in authorities)])


TAKEN: dict[str, Callable[[], Mounted]] = {
    "ed25519": lambda: mounted(ROOT.issue(NAME, kind="ed25519")),
    "wildcard": lambda: mounted(ROOT.issue("*.zk-svc.default.svc.cluster.local")),
    "a chain": lambda: mounted(MIDDLE.issue(NAME)),
    "an issuer that is no root": lambda: mounted(MIDDLE.issue(NAME), MIDDLE.ca_crt),
    "the second authority of two": lambda: mounted(GOOD, OTHER.ca_crt + ROOT.ca_crt),
    "no extended key usage": lambda: mounted(ROOT.issue(NAME, usages=())),
    "an expired authority beside": lambda: mounted(GOOD, Authority("root", until=PAST).ca_crt + ROOT.ca_crt),
    "an expired root behind it": lambda: mounted(behind(GOOD, Authority("root", until=PAST))),
    "an authority beside on another curve": lambda: mounted(GOOD, KOBLITZ.ca_crt + ROOT.ca_crt),
    "a key that signs, and no more": lambda: mounted(ROOT.issue(NAME, signs=True)),
    "text around the blocks": lambda: Mounted(
        directory="/tls", chain=b"subject=x\r\n" + GOOD.tls_crt, key=b"\n" + GOOD.tls_key(), authorities=ROOT.ca_crt
    ),
}


@pytest.mark.parametrize("files", TAKEN.values(), ids=TAKEN)
def test_what_works_is_taken(files: Callable[[], Mounted]) -> None:
    """No server would refuse it."""
    assert faults(files()) == []


def with_files(chain: bytes | None = None, key: bytes | None = None, authorities: bytes = ROOT.ca_crt) -> Mounted:
    """Return what is good, but for what is given."""
    return Mounted(
        directory="/tls",
        chain=GOOD.tls_crt if chain is None else chain,
        key=GOOD.tls_key() if key is None else key,
        authorities=authorities,
    )


USAGE = "/tls/tls.crt may not identify a {} (extended key usage): add `{}` to the usages of the Certificate"
NO_WAY = (
    "/tls/tls.crt has no way to /tls/ca.crt (unable to get local issuer certificate): an intermediate is missing, or it"
    " is another CA's"
)

CURVE = "is on a curve that Java does not take: it must be P-256, P-384 or P-521"

WRONG: dict[str, tuple[Callable[[], Mounted], str]] = {
    "another key": (
        lambda: with_files(key=OTHER.issue(NAME).tls_key()),
        "/tls/tls.key does not belong to /tls/tls.crt",
    ),
    "another kind of key": (
        lambda: with_files(key=OTHER.issue(NAME, kind="rsa").tls_key()),
        "/tls/tls.key does not belong to /tls/tls.crt",
    ),
    "expired": (lambda: mounted(ROOT.issue(NAME, until=PAST)), f"/tls/tls.crt expired on {PAST:%Y-%m-%d %H:%M} UTC"),
    "not yet valid": (
        lambda: mounted(ROOT.issue(NAME, since=FUTURE)),
        f"/tls/tls.crt is not valid before {FUTURE:%Y-%m-%d %H:%M} UTC",
    ),
    "an expired intermediate": (
        lambda: mounted(Authority("middle", ROOT, until=PAST).issue(NAME)),
        f"/tls/tls.crt: its certificate 2 expired on {PAST:%Y-%m-%d %H:%M} UTC",
    ),
    "an expired authority": (
        lambda: mounted((old := Authority("old", until=PAST)).issue(NAME), old.ca_crt),
        "/tls/tls.crt is refused for its way to /tls/ca.crt: certificate has expired",
    ),
    "another name": (
        lambda: mounted(ROOT.issue("*.other.example", "10.0.0.1")),
        f"/tls/tls.crt does not cover {NAME}, only *.other.example, 10.0.0.1",
    ),
    "a server's only": (lambda: mounted(ROOT.issue(NAME, usages=[SERVER])), USAGE.format("client", "client auth")),
    "a client's only": (lambda: mounted(ROOT.issue(NAME, usages=[CLIENT])), USAGE.format("server", "server auth")),
    "another authority": (
        lambda: mounted(GOOD, OTHER.ca_crt),
        NO_WAY,
    ),
    "an intermediate is missing": (
        lambda: with_files(chain=(issued := MIDDLE.issue(NAME)).tls_crt[: -len(MIDDLE.ca_crt)], key=issued.tls_key()),
        NO_WAY,
    ),
    "no authority": (
        lambda: with_files(authorities=b"\n"),
        "/tls/ca.crt is missing or empty (ACME issuers make none): add the CA's certificate",
    ),
    "an authority that is none": (lambda: with_files(authorities=b"x"), "/tls/ca.crt holds no certificate in PEM"),
    "an authority with junk": (
        lambda: with_files(authorities=b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"),
        "/tls/ca.crt holds something that is no certificate",
    ),
    "an encrypted key": (
        lambda: mounted(GOOD, form="encrypted"),
        "/tls/tls.key is encrypted: give it without a password, the file's mode protects it",
    ),
    "an encrypted key of the old form": (
        lambda: mounted(GOOD, form="encrypted, traditional"),
        "/tls/tls.key is encrypted: give it without a password, the file's mode protects it",
    ),
    "no key": (lambda: with_files(key=b""), "/tls/tls.key holds no private key in PEM"),
    "two keys": (lambda: with_files(key=2 * GOOD.tls_key()), "/tls/tls.key holds more than one private key"),
    "half a key": (
        lambda: with_files(key=GOOD.tls_key().replace(b"M", b"", 1)),
        "/tls/tls.key is damaged",
    ),
    "a key of another kind": (
        lambda: with_files(key=GOOD.tls_key("PKCS#1, SEC1").replace(b"EC PRIVATE", b"DSA PRIVATE")),
        "/tls/tls.key holds a key of the kind 'DSA PRIVATE KEY': it must be RSA, EC or Ed25519",
    ),
    "the key beside the certificate": (
        lambda: with_files(chain=GOOD.tls_crt + GOOD.tls_key()),
        "/tls/tls.crt holds a private key, too: that belongs into tls.key alone",
    ),
    "a curve of Bitcoin's": (
        lambda: mounted(ROOT.issue(NAME, key=ec.generate_private_key(ec.SECP256K1()))),
        f"/tls/tls.key {CURVE}",
    ),
    "a small curve, SEC1": (
        lambda: mounted(ROOT.issue(NAME, key=ec.generate_private_key(ec.SECP224R1())), form="PKCS#1, SEC1"),
        f"/tls/tls.key {CURVE}",
    ),
    "a short key": (
        lambda: mounted(ROOT.issue(NAME, key=rsa.generate_private_key(65537, 1024))),
        "OpenSSL refuses /tls/tls.crt with /tls/tls.key: ee key too small",
    ),
    "an intermediate on another curve": (
        lambda: mounted(Authority("middle", ROOT, key=ec.generate_private_key(ec.BrainpoolP256R1())).issue(NAME)),
        f"/tls/tls.crt is refused by Java: the key of its certificate 2 {CURVE}",
    ),
    "an authority on another curve": (
        lambda: mounted(KOBLITZ.issue(NAME), ROOT.ca_crt + KOBLITZ.ca_crt),
        f"/tls/ca.crt is refused by Java: the key of its certificate 2 {CURVE}",
    ),
    "more names than a handshake holds": (
        lambda: mounted(ROOT.issue(NAME, *(f"zk-{at}.{60 * 'x'}.example" for at in range(500)))),
        "/tls/tls.crt has more certificates and names than the 32 KiB that Java takes in a handshake: list fewer names",
    ),
    "the key of an authority that may not sign": (
        lambda: mounted((none := Authority("none", may_sign=False)).issue(NAME), none.ca_crt),
        "/tls/tls.crt is refused for its way to /tls/ca.crt: invalid CA certificate",
    ),
    "a twin of the authority": (
        lambda: mounted(TWINS[0].issue(NAME), TWINS[1].ca_crt),
        NO_WAY.replace("unable to get local issuer certificate", "certificate signature failure"),
    ),
    "a key that only encrypts": (
        lambda: mounted(ROOT.issue(NAME, kind="rsa", signs=False)),
        "/tls/tls.crt may not sign a handshake (key usage): add `digital signature` to the usages of the Certificate",
    ),
    "the intermediate first": (
        lambda: mounted(replace(issued := MIDDLE.issue(NAME), chain=issued.chain[::-1])),
        "/tls/tls.key belongs to certificate 2 of /tls/tls.crt: put that first",
    ),
    "a second certificate that is cut off": (
        lambda: with_files(chain=GOOD.tls_crt + MIDDLE.ca_crt[:200]),
        "/tls/tls.crt is damaged",
    ),
    "an authority that is cut off": (
        lambda: with_files(authorities=ROOT.ca_crt + OTHER.ca_crt[:200]),
        "/tls/ca.crt is damaged",
    ),
    "no certificate": (lambda: with_files(chain=b"{}"), "/tls/tls.crt holds no certificate in PEM"),
}


@pytest.mark.parametrize(("files", "told"), WRONG.values(), ids=WRONG)
def test_what_does_not_work_is_refused(files: Callable[[], Mounted], told: str) -> None:
    """With the file, what it lacks, and what to do."""
    assert faults(files()) == [told]


def test_of_two_authorities_with_one_name_the_one_that_signed_is_first() -> None:
    """OpenSSL, by which the probes ask, tries that one alone where their keys have no identifiers."""
    first, second = TWINS
    for signer, files in ((first, first.ca_crt + second.ca_crt), (second, first.ca_crt + second.ca_crt)):
        identity, told = checked(mounted(signer.issue(NAME), files))

        assert told == []
        assert identity is not None
        assert identity.authorities_pem.startswith(signer.ca_crt)
        assert len(identity.authorities) == 2


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Dates, names, usages, and the chain; and what is wrong with each of the three files."""
    issued = OTHER.issue("other.example", usages=[SERVER], until=PAST)
    unreadable = Mounted(directory="/tls", chain=b"", key=b"", authorities=b"")

    assert [line.split(" ")[1] for line in faults(mounted(issued), NAME, "10.0.0.7")] == [
        "expired",
        "does",
        "may",
        "has",
    ]
    assert len(faults(unreadable)) == 3


def test_a_certificate_without_names_is_for_nobody_but_its_common_name() -> None:
    """As both servers take it."""
    assert faults(mounted(ROOT.issue()), "server") == []
    assert faults(mounted(ROOT.issue())) == [f"/tls/tls.crt does not cover {NAME}"]


def test_addresses_are_names_too() -> None:
    """In the list of servers there may be some."""
    issued = ROOT.issue("10.0.0.1", "fd00::1")

    assert faults(mounted(issued), "10.0.0.1", "fd00::1") == []
    assert faults(mounted(issued), "10.0.0.2") == ["/tls/tls.crt does not cover 10.0.0.2, only 10.0.0.1, fd00::1"]


def test_what_expires_soon_is_warned_of() -> None:
    """It should have been renewed."""
    soon = mounted(ROOT.issue(NAME, until=FUTURE))
    identity, told = checked(soon)

    assert identity is not None
    assert told == []
    assert expiry_advice(identity, soon, NOW) == [
        f"/tls/tls.crt expires on {FUTURE:%Y-%m-%d %H:%M} UTC: look why it was not renewed"
    ]
    assert expiry_advice(identity, soon, NOW - 3 * DAY) == []


def test_a_key_is_never_shown() -> None:
    """Neither of a value nor in a message."""
    identity, _ = checked(with_files())

    assert identity is not None
    assert repr(identity.key) == "<PrivateKey>"
    assert repr(with_files()) == "<Mounted /tls>"
