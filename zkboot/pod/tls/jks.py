"""Java's own key stores (JKS), which every version of both servers reads, and every kind of key fits in.

The format needs nothing but SHA-1: the key is masked by it, and the whole is signed by it. That protects nothing from
anybody who knows the password, so the password is the one that everybody knows, and the file's mode is what protects.

Source: ``sun.security.provider.JavaKeyStore`` and ``KeyProtector`` of OpenJDK.
"""

from collections.abc import Sequence
from datetime import datetime

from zkboot.pod.tls import der
from zkboot.pod.tls.certificate import Certificate

PASSWORD = "changeit"  # noqa: S105 - Java's own default; it keeps no secret
"""The password of every store: Java reads no key without one."""

_MAGIC = bytes.fromhex("feedfeed") + (2).to_bytes(4)
_KEY, _TRUSTED = 1, 2
_WHITENER = b"Mighty Aphrodite"
_PROTECTION = bytes.fromhex("2b060104012a02110101")


def render_key_store(key: bytes, chain: Sequence[Certificate]) -> bytes:
    """Return a store with the *key*, in PKCS#8, and its *chain*."""
    entry = _number(_KEY) + _text("server") + _time(chain[0].not_before) + _sized(_protected(key))
    return _signed(1, entry + _number(len(chain)) + b"".join(map(_certificate, chain)))


def render_trust_store(authorities: Sequence[Certificate]) -> bytes:
    """Return a store with all *authorities*."""
    entries = [
        _number(_TRUSTED) + _text(f"ca-{at}") + _time(one.not_before) + _certificate(one)
        for at, one in enumerate(authorities)
    ]
    return _signed(len(entries), b"".join(entries))


def _signed(count: int, entries: bytes) -> bytes:
    content = _MAGIC + _number(count) + entries
    return content + _sha1(_password() + _WHITENER + content)


def _protected(key: bytes) -> bytes:
    # Of the key itself: the same key makes the same file.
    salt = _sha1(_WHITENER + key)
    block, mask = salt, b""
    while len(mask) < len(key):
        block = _sha1(_password() + block)
        mask += block
    masked = bytes(one ^ other for one, other in zip(key, mask, strict=False))
    algorithm = der.encode(der.SEQUENCE, der.encode(der.OBJECT, _PROTECTION), der.encode(der.NULL))
    return der.encode(der.SEQUENCE, algorithm, der.encode(der.OCTETS, salt, masked, _sha1(_password() + key)))


def _certificate(certificate: Certificate) -> bytes:
    return _text("X.509") + _sized(certificate.der)


def _password() -> bytes:
    return PASSWORD.encode("utf-16-be")


def _sha1(data: bytes) -> bytes:
    # It loads OpenSSL, 4 MB, which a process that makes no store should not pay for.
    import hashlib

    return hashlib.sha1(data, usedforsecurity=False).digest()


def _number(value: int) -> bytes:
    return value.to_bytes(4)


def _sized(data: bytes) -> bytes:
    return _number(len(data)) + data


def _text(text: str) -> bytes:
    return len(text).to_bytes(2) + text.encode()


def _time(moment: datetime) -> bytes:
    return (int(moment.timestamp()) * 1000).to_bytes(8, signed=True)
