"""ZooKeeper's user ``super``, who alone may change the list of members: password and digest. Opens nothing.

A server checks the password that its own client gives, and vouches for it towards the leader: so each server can have a
password of its own, which nobody else needs to know (tried on 3.5.10 and 3.9.5).
"""

USER = "super"
"""What ``superDigest`` calls it, in every version."""

PASSWORD_NAME = "super.password"  # noqa: S105 - the name of a file
"""The file in ZK_CONF_DIR that holds this start's random password, for nobody else to read."""

SUPER_DIGEST = "DigestAuthenticationProvider.superDigest"
DIGEST_ALGORITHM = "DigestAuthenticationProvider.digestAlg"


def new_password() -> str:
    """Return a new random password."""
    import secrets

    return secrets.token_urlsafe(24)


def digest_of(password: str, algorithm: str | None) -> str:
    """Return what a server knows of *password*: ``super:<base64 of a digest>``, by SHA1 where *algorithm* is None.

    Raises ValueError with the reason where *algorithm*, as Java names it, is not known here.
    """
    # These load OpenSSL, 4 MB, which a process that needs no digest should not pay for.
    import hashlib
    from base64 import b64encode

    name = (algorithm or "SHA1").lower()
    known = name.replace("sha3-", "sha3_").replace("sha-", "sha")
    if known not in hashlib.algorithms_guaranteed or known.startswith("shake"):
        raise ValueError(f"{algorithm!r} is no digest that is known here, such as SHA1, SHA-256 or SHA3-256")
    digest = hashlib.new(known, f"{USER}:{password}".encode(), usedforsecurity=False).digest()
    return f"{USER}:{b64encode(digest).decode()}"
