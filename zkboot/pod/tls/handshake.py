"""Whether a server can be who it says: its files in a handshake with themselves, in memory.

OpenSSL judges what no reader of files could: that key and certificate are a pair, that the chain leads to an authority
that is trusted, that the certificate is for this name, and may be shown in both directions, as a server's and as a
client's. It stops at the first thing that is wrong. So each question is a handshake of its own, in which nothing else
can fail.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from zkboot.pod.tls.identity import Identity

_NO_CHECK_TIME = 0x200000
"""``X509_V_FLAG_NO_CHECK_TIME`` of OpenSSL, which the module ssl has no name for."""

_NAME_CODES = (62, 64)
"""``X509_V_ERR_HOSTNAME_MISMATCH`` and ``X509_V_ERR_IP_ADDRESS_MISMATCH``."""

_PURPOSE_CODE = 26
"""``X509_V_ERR_INVALID_PURPOSE``."""

_ISSUER_CODES = (2, 7, 18, 19, 20, 21)
"""No issuer, or none that is trusted; 7, a signature that does not fit, is that of another issuer of the same name."""

_DATE_CODES = (9, 10)
"""``X509_V_ERR_CERT_NOT_YET_VALID`` and ``X509_V_ERR_CERT_HAS_EXPIRED``."""

_ROUNDS = 10
"""More than any handshake takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a certificate is refused."""

    text: str
    """In OpenSSL's words."""
    lacks_issuer: bool
    """Whether nobody who is trusted has signed it, or one on its way."""
    is_of_dates: bool

    @classmethod
    def of(cls, error: ssl.SSLCertVerificationError) -> Self:
        """Return what *error* says."""
        code = error.verify_code
        return cls(text=error.verify_message, lacks_issuer=code in _ISSUER_CODES, is_of_dates=code in _DATE_CODES)


class SelfHandshake:
    """Handshakes of the files of *identity* with themselves.

    Raises ssl.SSLError where OpenSSL does not take them for a key and its certificate, or shakes no hands with them.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        client, server = self._contexts()
        _shake_hands(client, server, "")

    def covers(self, name: str) -> bool:
        """Return whether the certificate is for *name*, a DNS name or an address."""
        error = self._refusal(name=name, trusts_itself=True)
        return error is None or error.verify_code not in _NAME_CODES

    def may_be(self, *, client: bool) -> bool:
        """Return whether the certificate may identify a *client*, or else a server."""
        error = self._refusal(asks_client=client, trusts_itself=True)
        return error is None or error.verify_code != _PURPOSE_CODE

    def chain_fault(self) -> Fault | None:
        """Return why the chain leads to no authority that is trusted; None where it does.

        Dates do not count, and neither does what the certificate itself may identify.
        """
        error = self._refusal()
        return None if error is None or error.verify_code == _PURPOSE_CODE else Fault.of(error)

    def fault(self) -> Fault | None:
        """Return why client or server refuse each other; None where they do not."""
        errors = (self._refusal(asks_client=asked, minds_dates=True) for asked in (False, True))
        return next((Fault.of(error) for error in errors if error is not None), None)

    def _refusal(
        self, *, name: str = "", asks_client: bool = False, trusts_itself: bool = False, minds_dates: bool = False
    ) -> ssl.SSLCertVerificationError | None:
        """Return why one side does not take the other's certificate; the client's where it *asks_client*.

        One that *trusts_itself* takes the certificate itself for an authority: then the chain is no question.
        """
        client, server = self._contexts()
        asking = server if asks_client else client
        asking.verify_mode = ssl.CERT_REQUIRED
        asking.check_hostname = bool(name)
        asking.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if not minds_dates:
            asking.verify_flags |= _NO_CHECK_TIME
        trusted = self._identity.chain[:1] if trusts_itself else self._identity.authorities
        asking.load_verify_locations(cadata=b"".join(one.der for one in trusted))
        try:
            _shake_hands(client, server, name)
        except ssl.SSLCertVerificationError as error:
            return error
        return None

    def _contexts(self) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        """Return those of client and server; neither asks for more than the other shows."""
        client, server = self._context(ssl.PROTOCOL_TLS_CLIENT), self._context(ssl.PROTOCOL_TLS_SERVER)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        return client, server

    def _context(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        with _in_memory(self._identity.server_pem) as path:
            # An encrypted key would make OpenSSL ask the terminal.
            context.load_cert_chain(path, password="")
        return context


def _shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """Let *client* and *server* meet under *name*. Raises ssl.SSLError where one of them refuses the other."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=name or None),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(_ROUNDS):
        for side in list(sides):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            sides.remove(side)
    if sides:
        raise AssertionError("a handshake without an end")


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """Hold *content* as a file in memory and yield its path: OpenSSL reads keys from paths alone."""
    with os.fdopen(os.memfd_create("tls", os.MFD_CLOEXEC), "wb") as stream:
        stream.write(content)
        stream.flush()
        yield f"/proc/self/fd/{stream.fileno()}"
