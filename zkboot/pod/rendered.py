"""A file as it shall stand on the disk; ``files`` writes it."""

from dataclasses import dataclass

PUBLIC = 0o644
PRIVATE = 0o600
"""Mode of a file that holds a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedFile:
    """One file as it should be on the disk."""

    path: str
    """Absolute path of the target."""
    text: str
    """The whole content."""
    mode: int = PUBLIC
    """Permission bits, independent of the umask."""
    encoding: str = "utf-8"
    """How the text becomes bytes."""
    once: bool = False
    """The file is state: it is made where it is missing and never replaced."""

    @property
    def content(self) -> bytes:
        """The text as bytes."""
        return self.text.encode(self.encoding)
