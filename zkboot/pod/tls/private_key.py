"""A private key as Java reads it: in PKCS#8, whichever of its three forms it came in.

cert-manager writes PKCS#1 and SEC1 by default. Neither server reads them; PKCS#8 is the same key in a wrapper that
names its kind, so no cryptography is needed (RFC 5208, RFC 8017 A.1.2, RFC 5915).
"""

from dataclasses import dataclass

from zkboot.pod.tls import der, pem
from zkboot.pod.tls.curves import EC, check_curve

_RSA = bytes.fromhex("2a864886f70d010101")
_ED25519 = bytes.fromhex("2b6570")

_PKCS1, _SEC1, _CURVE = "RSA PRIVATE KEY", "EC PRIVATE KEY", "EC PARAMETERS"
"""What the older forms are labelled."""

_ZERO = der.encode(der.INTEGER, b"\0")


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that is not encrypted."""

    pkcs8: bytes
    """Its DER in PKCS#8."""

    @classmethod
    def parse(cls, text: bytes) -> "PrivateKey":
        """Return the one key in *text*, which is PEM. Raises ValueError with the reason where there is none to use."""
        found = cls(_pkcs8(text))
        if found._kind not in (_RSA, EC, _ED25519):
            raise ValueError("is neither an RSA nor an EC nor an Ed25519 key")
        check_curve(found._algorithm)
        return found

    @property
    def is_ed25519(self) -> bool:
        """Whether it is of a kind that neither server reads from PEM."""
        return self._kind == _ED25519

    @property
    def _kind(self) -> bytes:
        return self._algorithm.parts()[0].content

    @property
    def _algorithm(self) -> der.Value:
        return der.value(self.pkcs8, der.SEQUENCE).parts()[1]

    def __repr__(self) -> str:
        """Return what may be seen of it: nothing."""
        return "<PrivateKey>"


def _pkcs8(text: bytes) -> bytes:
    blocks = pem.blocks(text)
    keys = [block for block in blocks if block.label.endswith(pem.PRIVATE_KEY)]
    if len(keys) != 1:
        raise ValueError("holds no private key in PEM" if not keys else "holds more than one private key")
    key = keys[0]
    if key.is_encrypted:
        raise ValueError("is encrypted: give it without a password, the file's mode protects it")
    if key.label == _PKCS1:
        return _wrapped(_RSA, der.encode(der.NULL), der.value(key.der, der.SEQUENCE).encoded)
    if key.label == _SEC1:
        curves = [block.der for block in blocks if block.label == _CURVE]
        return _wrapped(EC, _curve_of(key.der, curves), key.der)
    if key.label != pem.PRIVATE_KEY:
        raise ValueError(f"holds a key of the kind {key.label!r}: it must be RSA, EC or Ed25519")
    # The version and attributes of newer forms are left out: older JVMs refuse them.
    parts = der.value(key.der, der.SEQUENCE).parts()
    if [part.tag for part in parts[:3]] != [der.INTEGER, der.SEQUENCE, der.OCTETS] or not parts[1].content:
        raise ValueError("is damaged")
    _, algorithm, octets, *_ = parts
    return der.encode(der.SEQUENCE, _ZERO, algorithm.encoded, octets.encoded)


def _wrapped(kind: bytes, parameters: bytes, key: bytes) -> bytes:
    algorithm = der.encode(der.SEQUENCE, der.encode(der.OBJECT, kind), parameters)
    return der.encode(der.SEQUENCE, _ZERO, algorithm, der.encode(der.OCTETS, key))


def _curve_of(key: bytes, stated: list[bytes]) -> bytes:
    """Return the curve that a SEC1 *key* names, else the one *stated* beside it. Raises ValueError where none is."""
    own = [part.content for part in der.value(key, der.SEQUENCE).parts() if part.tag == der.context(0)]
    if not own and not stated:
        raise ValueError("is an EC key that names no curve")
    return [*own, *stated][0]
