"""Who a server is to its peers: a key, the chain of its certificate, and the authorities that it trusts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zkboot.pod.errors import Problems
from zkboot.pod.tls import pem
from zkboot.pod.tls.certificate import Certificate, parse_certificates
from zkboot.pod.tls.curves import check_curve
from zkboot.pod.tls.mounted import AUTHORITIES, CHAIN, KEY, Mounted
from zkboot.pod.tls.private_key import PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the three files of a Secret say."""

    key: PrivateKey
    chain: tuple[Certificate, ...]
    """The server's own certificate, then those that lead to an authority."""
    authorities: tuple[Certificate, ...]
    """The certificates of ca.crt, each once."""

    @classmethod
    def parse(cls, mounted: Mounted, variable: str, problems: Problems) -> "Identity | None":
        """Return what *mounted* says; notes every problem, *about* the *variable* that names it, and returns None."""

        def note(name: str, reason: object) -> None:
            problems.note(f"{variable}: {mounted.path(name)} {reason}", about=variable)

        key: PrivateKey | None = None
        chain: tuple[Certificate, ...] = ()
        authorities: tuple[Certificate, ...] = ()
        try:
            key = PrivateKey.parse(mounted.key)
        except ValueError as error:
            note(KEY, error)
        try:
            chain = parse_certificates(mounted.chain)
            if any(block.label.endswith(pem.PRIVATE_KEY) for block in pem.blocks(mounted.chain)):
                note(CHAIN, f"holds a private key, too: that belongs into {KEY} alone")
        except ValueError as error:
            note(CHAIN, error)
        if not mounted.authorities.strip():
            note(AUTHORITIES, "is missing or empty (ACME issuers make none): add the CA's certificate")
        else:
            try:
                authorities = tuple(dict.fromkeys(parse_certificates(mounted.authorities)))
            except ValueError as error:
                note(AUTHORITIES, error)
        for name, at, reason in _curve_faults(chain, authorities):
            # The key has said it of its own certificate.
            if (name, at) != (CHAIN, 1) or key is not None:
                note(name, f"is refused by Java: the key of its certificate {at} {reason}")
        if key is None or problems.about(variable):
            return None
        return cls(key=key, chain=chain, authorities=authorities)

    @property
    def needs_jks(self) -> bool:
        """Whether PEM cannot say it to every reader.

        No server reads an Ed25519 key from PEM, and ZooKeeper names what it trusts by the subject: of two authorities
        with one name, as a renewed one has, it keeps the last (``PemReader.loadTrustStore``).
        """
        return self.key.is_ed25519 or len({one.subject for one in self.authorities}) < len(self.authorities)

    @property
    def server_pem(self) -> bytes:
        """The key in PKCS#8, then its chain."""
        return pem.encode(pem.PRIVATE_KEY, self.key.pkcs8) + _pem(self.chain)

    @property
    def authorities_pem(self) -> bytes:
        """The authorities."""
        return _pem(self.authorities)


def _curve_faults(
    chain: Sequence[Certificate], authorities: Sequence[Certificate]
) -> Iterator[tuple[str, int, ValueError]]:
    """Yield which certificate of which file has a key on a curve that Java does not take, and the reason."""
    issuers = {one.issuer for one in chain}
    for name, certificates in ((CHAIN, chain), (AUTHORITIES, authorities)):
        for at, one in enumerate(certificates, 1):
            # An authority that has signed nothing here may have any.
            if name == CHAIN or one.subject in issuers:
                try:
                    check_curve(one.algorithm)
                except ValueError as error:
                    yield name, at, error


def _pem(certificates: Sequence[Certificate]) -> bytes:
    # Written anew: readers do not agree on blanks, empty lines, and text in between, which a Secret may have.
    return b"".join(pem.encode(pem.CERTIFICATE, one.der) for one in certificates)
