"""How a pod asks its own server over TLS: with the server's files, which must prove the pod's name.

Built-in modules, ``_socket`` and ``_ssl`` only: probes load this module every few seconds on pods with TLS.
"""

import posix

from zkboot.pod.deadline import Deadline
from zkboot.pod.errors import BootError, IdentityError
from zkboot.pod.identity import Host, find_identity
from zkboot.pod.resolve import canonical_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zkboot.pod.environ import EnvReader
    from zkboot.pod.tls_transport import Tls
    from zkboot.pod.variables import Text

_NAME_LIMIT = 1.0
"""Seconds to find the pod's own domain, which stands in its hosts file as a rule."""


def find_own_tls(
    env: "EnvReader",
    folder: str,
    mounted: str,
    host: str,
    domain: "Text",
    *,
    plain: bytes,
    verifies: bool,
    own: str = "",
) -> "Tls | None":
    """Return how this pod's server at *host* is asked; notes in *env* why it cannot be, and returns None then.

    *folder* has the server's stores in PEM; where they cannot be read, as in a sidecar, or by another user, those that
    are *mounted* are taken. *plain* is what a peer without TLS would answer. Who *verifies* the server wants to be
    shown a certificate for its ``proven_name``.
    """
    try:
        from zkboot.pod.tls_transport import Tls
    except ImportError:
        env.problems.note("this Python has no _ssl, without which no server can be asked over TLS")
        return None
    name = ""
    if verifies:
        try:
            name = proven_name(env, host, domain, _this_host(), own)
        except IdentityError as error:
            env.problems.note_all(error)
    pair, authorities = f"{folder}/server.pem", f"{folder}/ca.pem"
    if posix.access(pair, posix.R_OK):
        return Tls(certificate=pair, key=pair, ca=authorities, name=name, plain=plain)
    return Tls(
        certificate=f"{mounted}/tls.crt", key=f"{mounted}/tls.key", ca=f"{mounted}/ca.crt", name=name, plain=plain
    )


def proven_name(env: "EnvReader", host: str, domain: "Text", pod: Host, own: str = "") -> str:
    """Return the name that the server at *host* must prove to the probes of *pod*.

    *host* itself or, where that is an address or localhost, *own*, the name that the environment gives this server;
    without one the pod's own, in *domain*. Raises IdentityError where the pod has none.
    """
    if _is_name(host):
        return host
    return own or find_identity(env, domain, pod, needs_ordinal=False).fqdn


def _is_name(host: str) -> bool:
    """Return whether *host* is a name that a certificate may be for: no address, and not whoever asks."""
    return host != "localhost" and ":" not in host and not host.replace(".", "").isdigit()


def _this_host() -> Host:
    def domain() -> str:
        try:
            return canonical_name(posix.uname().nodename, Deadline(_NAME_LIMIT)).partition(".")[2]
        except BootError:
            return ""

    return Host(name=lambda: posix.uname().nodename, domain=domain)
