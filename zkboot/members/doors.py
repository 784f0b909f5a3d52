"""How the other servers of an ensemble are asked: in plain text, or over TLS, with what this pod has mounted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from zkboot.endpoint import Endpoint
from zkboot.pod.tls.mounted import AUTHORITIES, CHAIN, KEY
from zkboot.settings import Settings
from zkboot.words import RUOK

if TYPE_CHECKING:
    from zkboot.pod.tls_transport import Tls


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The ports at which each server of an ensemble may be asked."""

    plain_port: int | None
    """None where it is left to each pod itself."""
    tls_port: int
    tls: "Tls | None"
    """Who asks over TLS, and whom it trusts; None where all is plain text."""
    login: tuple[str, str] | None
    """Name and password by which this pod logs in; None where nobody does."""

    @classmethod
    def of(cls, settings: Settings, login: tuple[str, str] | None) -> Self:
        """Return the doors of the servers that *settings* are about, where this pod logs in by *login*."""
        tls = None if settings.tls_dir is None else tls_of(settings.tls_dir)
        plain_port = None if settings.is_plain_port_own else settings.client_port
        return cls(plain_port=plain_port, tls_port=settings.tls_port, tls=tls, login=login)

    def endpoints(self, host: str, timeout: float, plain_port: int | None = None) -> tuple[Endpoint, ...]:
        """Return where the server at *host* is asked, in this order; in plain text at *plain_port*, if it is given.

        Plain text first, which every server speaks while an ensemble migrates.
        """
        found: list[Endpoint] = []
        if self.plain_port is not None:
            found.append(Endpoint(host, plain_port or self.plain_port, timeout))
        if self.tls is not None:
            found.append(Endpoint(host, self.tls_port, timeout, self.tls.under(host)))
        for endpoint in found:
            endpoint.login = self.login
        return tuple(found)


def tls_of(folder: str) -> "Tls":
    """Return how whoever has *folder* mounted, with the files of a Secret, asks a server whose name is still open."""
    from zkboot.pod.tls_transport import Tls

    return Tls(
        certificate=f"{folder}/{CHAIN}",
        key=f"{folder}/{KEY}",
        ca=f"{folder}/{AUTHORITIES}",
        name="",
        plain=RUOK,
    )
