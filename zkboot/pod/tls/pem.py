"""PEM: blocks of base64 between lines that say what they are (RFC 7468)."""

import binascii
import re
from dataclasses import dataclass

CERTIFICATE = "CERTIFICATE"
PRIVATE_KEY = "PRIVATE KEY"
"""A key in PKCS#8, whatever its kind; the other labels of keys end in these words."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BEGINNING = re.compile(rb"-----BEGIN\b[A-Z0-9 ]*(?:-|\Z)")
_HEADER = re.compile(rb"^[A-Za-z-]+:.*$", re.MULTILINE)
_LINE = 64


@dataclass(frozen=True, slots=True)
class Block:
    """One block."""

    label: str
    """What it is."""
    der: bytes
    """What it holds; of no use where it is encrypted."""
    is_encrypted: bool


def blocks(text: bytes) -> list[Block]:
    """Return the blocks in *text*; what stands around them is nobody's. Raises ValueError where one is damaged."""
    if _BEGINNING.search(_BLOCK.sub(b"", text)):
        # It has no end: most readers would stop there, and some take what is in front of it.
        raise ValueError("is damaged")
    return [_block(found[1].decode(), found[2]) for found in _BLOCK.finditer(text)]


def encode(label: str, der: bytes) -> bytes:
    """Return *der* as a block, as OpenSSL writes it."""
    coded = binascii.b2a_base64(der, newline=False)
    lines = [coded[at : at + _LINE] for at in range(0, len(coded), _LINE)]
    return b"\n".join((f"-----BEGIN {label}-----".encode(), *lines, f"-----END {label}-----".encode(), b""))


def _block(label: str, content: bytes) -> Block:
    headers = b"".join(_HEADER.findall(content))
    try:
        der = binascii.a2b_base64(b"".join(_HEADER.sub(b"", content).split()), strict_mode=True)
    except binascii.Error:
        raise ValueError("is damaged") from None
    return Block(label, der, label.startswith("ENCRYPTED") or b"ENCRYPTED" in headers)
