"""The files of a mounted Secret, as cert-manager names them."""

from dataclasses import dataclass

CHAIN, KEY, AUTHORITIES = "tls.crt", "tls.key", "ca.crt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """The three files."""

    directory: str
    """The folder as the operator knows it."""
    chain: bytes
    key: bytes
    authorities: bytes
    """Empty where there is no such file."""

    def path(self, name: str) -> str:
        """Return how messages name the file *name*."""
        return f"{self.directory}/{name}"

    def __repr__(self) -> str:
        """Return what may be seen of it: where it is."""
        return f"<Mounted {self.directory}>"
