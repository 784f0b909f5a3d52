"""Certificates of every kind that people mount: authorities, those that they sign, and keys in each form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Kind = Literal["rsa", "ec", "ed25519"]
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH

DAY = timedelta(days=1)
FORMS = {
    "PKCS#8": (PrivateFormat.PKCS8, NoEncryption()),
    "PKCS#1, SEC1": (PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "encrypted": (PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
    "encrypted, traditional": (PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"secret")),
}
"""How a key may be written; cert-manager's default is the second."""


def make_key(kind: Kind = "ec") -> Key:
    """Return a new key."""
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else ed25519.Ed25519PrivateKey.generate()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A key and the certificate for it, with those that lead from it to its authority."""

    key: Key
    chain: Sequence[x509.Certificate]

    @property
    def tls_crt(self) -> bytes:
        """What cert-manager writes into the file of this name."""
        return pem(self.chain)

    def tls_key(self, form: str = "PKCS#8") -> bytes:
        """Return the key in one of FORMS."""
        kind: PrivateFormat
        encryption: KeySerializationEncryption
        kind, encryption = FORMS[form]
        return self.key.private_bytes(Encoding.PEM, kind, encryption)

    @property
    def serial(self) -> int:
        """The number of its certificate."""
        return self.chain[0].serial_number

    def write(self, folder: Path, authorities: bytes, form: str = "PKCS#8") -> Path:
        """Write the three files of a Secret into *folder*, plain ones, and return it."""
        folder.mkdir(parents=True, exist_ok=True)
        files = {"tls.crt": self.tls_crt, "tls.key": self.tls_key(form), "ca.crt": authorities}
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder


class Authority:
    """Who signs; one that *parent* signed is an intermediate."""

    def __init__(
        self,
        name: str = "authority",
        parent: Self | None = None,
        *,
        until: datetime | None = None,
        key: Key | None = None,
        may_sign: bool = True,
    ) -> None:
        self._parent = parent
        self._key = key or make_key()
        subject = _name(name)
        usage = x509.BasicConstraints(ca=may_sign, path_length=None)
        issuer, signer = (subject, self._key) if parent is None else (parent.certificate.subject, parent._key)
        built = _builder(subject, issuer, self._key, until=until).add_extension(usage, critical=True)
        self.certificate: x509.Certificate = built.sign(signer, hashes.SHA256())

    @property
    def ca_crt(self) -> bytes:
        """Its certificate alone."""
        return pem([self.certificate])

    def issue(
        self,
        *names: str,
        kind: Kind = "ec",
        usages: Sequence[x509.ObjectIdentifier] = (SERVER, CLIENT),
        since: datetime | None = None,
        until: datetime | None = None,
        key: Key | None = None,
        subject: str = "server",
        signs: bool | None = None,
    ) -> Issued:
        """Return a certificate for *names*, DNS names and addresses, that holds for 30 days unless dates are given.

        Its key usage says whether it *signs* or only encrypts keys; None: there is none.
        """
        key = key or make_key(kind)
        built = _builder(_name(subject), self.certificate.subject, key, since=since, until=until)
        if names:
            built = built.add_extension(
                x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
            )
        if usages:
            built = built.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if signs is not None:
            built = built.add_extension(_key_usage(signs=signs), critical=True)
        chain = [built.sign(self._key, hashes.SHA256())]
        return Issued(key=key, chain=[*chain, self.certificate] if self._parent is not None else chain)


def pem(certificates: Sequence[x509.Certificate]) -> bytes:
    """Return *certificates* as a file holds them."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, *, since: datetime | None = None, until: datetime | None = None
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since or min(now, until or now) - DAY)
        .not_valid_after(until or (since or now) + 30 * DAY)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        key_encipherment=True,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
