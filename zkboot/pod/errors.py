"""What can go wrong, split by who must act; each error carries the exit status that manifests may rely on.

Plain classes only: the probes load this module every few seconds on every pod.
"""

EXCERPT_LIMIT = 80
"""Characters that a message may repeat of what a peer sent."""


class BootError(Exception):
    """A problem that is somebody's to solve; never a bug of this tool.

    Each argument is one problem: one line for the operator, with no full stop at its end.
    """

    exit_status = 70

    @property
    def problems(self) -> tuple[str, ...]:
        """Every problem found, in the order in which it was found."""
        return tuple(str(problem) for problem in self.args)

    def __str__(self) -> str:
        return "; ".join(self.problems)


class UsageError(BootError):
    """The command line is wrong: the caller mends the call."""

    exit_status = 2


class UnreachableError(BootError):
    """No connection, a reset or a time-out: the caller waits and asks again."""

    exit_status = 69


class NoAddressError(UnreachableError):
    """The name has no address, so nobody runs under it: the caller need not ask again soon."""


class FileError(BootError):
    """A file or directory cannot be read or written: the operator mends the volume."""

    exit_status = 74


class NotServingError(BootError):
    """The server answers, but is not ready: the caller waits."""

    exit_status = 75


class ProtocolError(BootError):
    """The answer is not what the protocol allows: somebody else listens there, or it is a bug."""

    exit_status = 76


class IdentityError(BootError):
    """The pod's name says no ordinal: the operator mends the manifest."""

    exit_status = 78


class SettingsError(BootError):
    """Environment variables are wrong, all of them named at once: the operator mends the environment."""

    exit_status = 78


class StateError(BootError):
    """What is on the volume contradicts what was computed: a person decides."""

    exit_status = 78


def excerpt(data: bytes) -> str:
    """Return the beginning of *data* as a message may show it: escaped, in quotes, 80 characters at most."""
    shown = repr(data[:EXCERPT_LIMIT])[1:]
    if len(shown) <= EXCERPT_LIMIT and len(data) <= EXCERPT_LIMIT:
        return shown
    return shown[: EXCERPT_LIMIT - 3].removesuffix(shown[0]) + "..."
