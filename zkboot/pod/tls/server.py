"""What a running server has of its TLS files: where they are, and which certificate it shows."""

import errno
import os
import socket
import ssl

from zkboot.pod.address import host_port
from zkboot.pod.errors import FileError, NotServingError
from zkboot.pod.files import Owner
from zkboot.pod.reads import translated
from zkboot.pod.resolve import strerror
from zkboot.pod.tls.certificate import Certificate
from zkboot.pod.tls.stores import Stores

_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENETUNREACH}
"""Errors of a look at ``::1``, another address of ``localhost``, where the machine has no IPv6."""


def find_owner(stores: Stores, uid: int) -> Owner:
    """Return whose the server's key is, for that account must be able to read the next one, too.

    Raises FileError where a process of *uid* could not give it a file, and where there is no key.
    """
    with translated(stores.key_store):
        status = os.stat(stores.key_store)
    if uid not in {0, status.st_uid}:
        raise FileError(
            f"{stores.key_store}: it belongs to the user id {status.st_uid}, to whom the user id {uid} can give no"
            " file: run this command as that user, or as root"
        )
    return status.st_uid, status.st_gid


def find_shown(at: tuple[str, int], stores: Stores, timeout: float) -> Certificate | None:
    """Return the certificate that the server *at* shows; None where nothing listens: it may start, or be gone.

    Raises NotServingError where somebody listens and shows none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(stores.files[0].path, password="")
    try:
        with socket.create_connection(at, timeout) as plain, context.wrap_socket(plain) as secure:
            found = secure.getpeercert(binary_form=True)
    except OSError as error:
        if isinstance(error, ConnectionRefusedError) or error.errno in _NO_SUCH_ADDRESS:
            return None
        raise NotServingError(
            f"{host_port(*at)} shows no certificate: {_reason(error)}; restart the server, and look into its log"
        ) from None
    return None if found is None else Certificate.parse(found)


def _reason(error: OSError) -> str:
    """Return why there was no handshake."""
    code = error.reason if isinstance(error, ssl.SSLError) else None
    if isinstance(error, ssl.SSLEOFError | ConnectionError):
        return "it hung up in the TLS handshake"
    return code.replace("_", " ").lower() if code else strerror(error)
