"""The client's side of a login by SASL with DIGEST-MD5, as ZooKeeper's servers ask for it. Opens nothing.

Source: RFC 2831, section 2.1; ``SecurityUtils``, which has the name of the service and of the host.
"""

import re

_URI = "zookeeper/zk-sasl-md5"
_COUNT = "00000001"
_FIELD = re.compile(rb'([a-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^",]*))')


def answer_of(challenge: bytes, user: str, password: str, client_nonce: str) -> bytes:
    """Return the answer to a server's *challenge* by which *user*, with a *password* in ASCII, logs in.

    *client_nonce* is random, and has neither quotes nor backslashes. Raises ValueError where it is no challenge.
    """
    # It loads OpenSSL, which a process that logs in nowhere should not pay for.
    from hashlib import md5

    def hashed(data: bytes) -> str:
        return md5(data, usedforsecurity=False).hexdigest()

    fields = {name: quoted or plain for name, quoted, plain in _FIELD.findall(challenge)}
    nonce = fields.get(b"nonce", b"").decode("latin-1")
    realm = fields.get(b"realm", b"").decode("latin-1")
    if not nonce:
        raise ValueError("is no challenge of DIGEST-MD5")
    own = bytes.fromhex(hashed(f"{user}:{realm}:{password}".encode()))
    session = hashed(own + f":{nonce}:{client_nonce}".encode())
    wanted = hashed(f"AUTHENTICATE:{_URI}".encode())
    proof = hashed(f"{session}:{nonce}:{_COUNT}:{client_nonce}:auth:{wanted}".encode())
    return (
        f'charset=utf-8,username="{user}",realm="{realm}",nonce="{nonce}",nc={_COUNT},cnonce="{client_nonce}",'
        f'digest-uri="{_URI}",maxbuf=65536,response={proof},qop=auth'
    ).encode()
