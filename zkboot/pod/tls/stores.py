"""The files that a server reads: key and trust store, as PEM and, where it needs that, as JKS."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from zkboot.pod.rendered import PRIVATE, RenderedFile
from zkboot.pod.secret import MASK

if TYPE_CHECKING:
    from zkboot.pod.tls.identity import Identity

FOLDER = "tls"
"""Stands beside the server's configuration."""

_ANY_BYTES = "iso-8859-1"
"""In which any bytes are text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where the stores are, and what is written there."""

    type: str
    """PEM or JKS, as the servers' properties call it."""
    key_store: str
    """Path of the key with its chain."""
    trust_store: str
    """Path of the authorities."""
    password: str | None
    """What a reader must be given; None for PEM, where a password would break it."""
    files: tuple[RenderedFile, ...]
    """All to be written; PEM always, for the probes read it."""

    @classmethod
    def of(cls, identity: "Identity", folder: str, *, takes_pem: bool) -> Self:
        """Return the stores of *identity* in *folder*, for a server that *takes_pem* or only JKS."""
        # What makes stores is loaded where one is made: every start loads this module.
        from zkboot.pod.tls.jks import PASSWORD, render_key_store, render_trust_store

        kind = "PEM" if takes_pem and not identity.needs_jks else "JKS"
        contents = {"server.pem": identity.server_pem, "ca.pem": identity.authorities_pem}
        if kind == "JKS":
            contents |= {
                "server.jks": render_key_store(identity.key.pkcs8, identity.chain),
                "ca.jks": render_trust_store(identity.authorities),
            }
        return cls(
            type=kind,
            key_store=f"{folder}/server.{kind.lower()}",
            trust_store=f"{folder}/ca.{kind.lower()}",
            password=None if kind == "PEM" else PASSWORD,
            files=tuple(
                RenderedFile(
                    path=f"{folder}/{name}", text=content.decode(_ANY_BYTES), encoding=_ANY_BYTES, mode=PRIVATE
                )
                for name, content in contents.items()
            ),
        )

    def properties(self, key_store: str, trust_store: str) -> dict[str, str]:
        """Return what a server's properties say of the stores, which begin with these names there."""
        found: dict[str, str] = {}
        for name, path in ((key_store, self.key_store), (trust_store, self.trust_store)):
            found |= {f"{name}.location": path, f"{name}.type": self.type}
            if self.password is not None:
                found[f"{name}.password"] = self.password
        return found

    def masked(self) -> Self:
        """Return the same with files that may be shown."""
        return replace(self, files=tuple(replace(file, text=f"{MASK}\n") for file in self.files))
