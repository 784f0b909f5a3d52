"""Users with their passwords, as the files of a folder name them, and how JAAS quotes a text. Opens nothing.

Sources: ``sun.security.provider.ConfigFile``, which reads JAAS files, Kafka's ``JaasConfig``, which reads
``sasl.jaas.config``: both read quoted text as ``java.io.StreamTokenizer`` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from zkboot.pod.environ import fault_of
from zkboot.pod.errors import Problems
from zkboot.pod.secret import MASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """The users of a folder, each with its password."""

    directory: str
    """The folder as the operator knows it."""
    passwords: Mapping[str, str]
    """The password of each user, by name, in the order of the names."""

    @classmethod
    def parse(cls, directory: str, contents: Mapping[str, bytes], variable: str, problems: Problems) -> "Logins | None":
        """Return the users of *directory*; *contents* has the bytes of each file, by the file's name.

        Notes every problem under the *variable* that names the folder, and then returns None. One newline at the end of
        a file does not belong to the password.
        """
        scope = problems.scope()

        def note(place: str, reason: str) -> None:
            problems.note(f"{variable}: {place} {reason}", about=variable)

        passwords: dict[str, str] = {}
        for name, content in contents.items():
            path = f"{directory}/{name}"
            if not _is_user(name):
                note(
                    repr(path),
                    "is no file of a user: a name has A-Z a-z 0-9 - _ . only, and begins with a letter or a digit",
                )
                continue
            try:
                text = content.decode().removesuffix("\n")
            except UnicodeDecodeError:
                note(path, "is not valid UTF-8")
                continue
            fault = fault_of(text)
            if not text:
                note(path, "is empty, and a user needs a password")
            elif fault is not None:
                note(path, fault)
            passwords[name] = text
        if not contents:
            note(directory, "holds no user: mount a Secret there, with one file a user")
        return None if scope else cls(directory=directory, passwords=passwords)

    def path(self, name: str) -> str:
        """Return the path of the file of the user *name*, as messages show it."""
        return f"{self.directory}/{name}"

    def masked(self) -> "Logins":
        """Return the same users, each with a mask for a password."""
        return replace(self, passwords=dict.fromkeys(self.passwords, MASK))

    def __repr__(self) -> str:
        """Return the folder and the names, and no password."""
        return f"<Logins {self.directory}: {', '.join(self.passwords)}>"


def jaas_quoted(text: str) -> str:
    r"""Return *text*, a single line, in quotes for JAAS: a ``\`` stands before each ``\`` and ``"`` in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_user(name: str) -> bool:
    """Return whether *name* can be a user's name in every file and every protocol that it goes to.

    ZooKeeper would take a name with an @ for a principal of Kerberos.
    """
    kept = name.translate(dict.fromkeys(map(ord, "-_.")))
    return name[:1].isalnum() and kept.isalnum() and name.isascii()
