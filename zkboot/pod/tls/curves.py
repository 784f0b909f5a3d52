"""The elliptic curves of keys: which of them Java takes."""

from zkboot.pod.tls import der

EC = bytes.fromhex("2a8648ce3d0201")
"""The kind of a key on a curve (RFC 5480)."""

_TAKEN = {bytes.fromhex(name) for name in ("2a8648ce3d030107", "2b81040022", "2b81040023")}
"""P-256, P-384 and P-521. Java 16 and newer verify no signature of another curve (JDK-8235540)."""


def check_curve(algorithm: der.Value) -> None:
    """Raise ValueError where *algorithm*, that of a key, names a curve that Java does not take, or spells one out."""
    parts = algorithm.parts()
    if [one.content for one in parts[:1]] == [EC] and not any(one.content in _TAKEN for one in parts[1:]):
        raise ValueError("is on a curve that Java does not take: it must be P-256, P-384 or P-521")
