"""What can go wrong: problems, and errors that are split by who must act.

Each error carries the exit status that manifests rely on. Nobody reads a message back: what must be known of a problem
beside its text is an attribute of it.

Plain classes only: the probes load this module every few seconds on every pod.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXCERPT_LIMIT = 80
"""Characters that a message may repeat of what a peer sent."""


class Problem:
    """One thing that is wrong; ``str()`` of it is one line for the operator, with no full stop at its end."""

    __slots__ = ("about", "reason", "text")

    def __init__(self, about: str, text: str, reason: str = "") -> None:
        self.about = about
        """The name of the variable that is wrong, or the address of the peer; empty where it is anything else."""
        self.text = text
        """The line."""
        self.reason = reason or text
        """What is wrong, for a reader who sees already whom it is about."""

    def __str__(self) -> str:
        return self.text


class BootError(Exception):
    """A problem that is somebody's to solve; never a bug of this tool.

    Each argument is one problem: a Problem, or the text of one.
    """

    exit_status = 70

    advice: tuple[str, ...] = ()
    """What was to be warned of beside it, one line each."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Every problem found, in the order in which it was found."""
        return tuple(str(problem) for problem in self.args)

    @property
    def reason(self) -> str:
        """The reason of the first problem."""
        first = self.args[0]
        return first.reason if isinstance(first, Problem) else str(first)

    def __str__(self) -> str:
        return "; ".join(self.problems)


class UsageError(BootError):
    """The command line is wrong: the caller corrects it."""

    exit_status = 2


class UnreachableError(BootError):
    """No connection, a reset or a time-out: the caller waits and asks again."""

    exit_status = 69


class NoAddressError(UnreachableError):
    """The name has no address, so nobody runs under it: the caller need not ask again soon."""


class FileError(BootError):
    """A file or directory cannot be read or written: the operator repairs the volume."""

    exit_status = 74


class NotServingError(BootError):
    """The server answers, but is not ready: the caller waits."""

    exit_status = 75


class RestartNeededError(NotServingError):
    """The server needs a restart, and no further look at it would show that."""


class ProtocolError(BootError):
    """The answer is not what the protocol allows: somebody else listens there, or it is a bug."""

    exit_status = 76


class TlsError(ProtocolError):
    """Somebody answers, but by no TLS that both sides accept: it proves no name, breaks TLS or speaks none."""


class RefusedError(TlsError):
    """The peer ended a TLS handshake by an alert: it is alive, and does not take what this pod says or who it is."""


class LoginError(ProtocolError):
    """Somebody answers, and asks this pod for a login, or does not take the one that it has."""


class IdentityError(BootError):
    """The pod's name says no ordinal: the operator corrects the manifest."""

    exit_status = 78


class SettingsError(BootError):
    """Environment variables are wrong, all of them named at once: the operator corrects the environment."""

    exit_status = 78


class StateError(BootError):
    """What is on the volume contradicts what was computed: a person decides."""

    exit_status = 78


class Advising:
    """A context whose errors tell the *advice*, too: what was to be warned of when they came up, one line each."""

    __slots__ = ("_advice",)

    def __init__(self, advice: "Iterable[str]") -> None:
        self._advice = tuple(advice)

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, BootError):
            error.advice = (*self._advice, *error.advice)


def of_peer(peer: str, reason: str) -> Problem:
    """Return the problem that somebody has with *peer*, an address, for that *reason*."""
    return Problem(peer, f"{peer}: {reason}", reason)


class Problems:
    """Where problems are noted as they are found: each once, in the order in which they were found."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def note(self, text: str, about: str = "") -> None:
        """Note one problem, *about* the variable of that name; what is noted already is not noted again."""
        if all(found.text != text for found in self._found):
            self._found.append(Problem(about, text))

    def note_all(self, error: BootError) -> None:
        """Note every problem of *error*."""
        for problem in error.args:
            self.note(str(problem), problem.about if isinstance(problem, Problem) else "")

    def about(self, name: str) -> tuple[Problem, ...]:
        """Return what is wrong with the variable *name*, as far as it was noted."""
        return tuple(problem for problem in self._found if problem.about == name)

    def scope(self) -> "Scope":
        """Return the scope of all that is noted from now on."""
        return Scope(self._found)

    def check(self, advice: "Iterable[str]" = ()) -> None:
        """Raise SettingsError with every problem noted so far, if there is any, and with *advice*."""
        if self._found:
            error = SettingsError(*self._found)
            error.advice = tuple(advice)
            raise error

    def __iter__(self) -> "Iterator[Problem]":
        return iter(tuple(self._found))

    def __bool__(self) -> bool:
        return bool(self._found)


class Scope:
    """The problems that were noted since it was opened; true where there is any."""

    __slots__ = ("_found", "_start")

    def __init__(self, found: list[Problem]) -> None:
        self._found = found
        self._start = len(found)

    def drop(self) -> None:
        """Forget its problems."""
        del self._found[self._start :]

    def __bool__(self) -> bool:
        return len(self._found) > self._start


def excerpt(data: bytes) -> str:
    """Return the beginning of *data* as a message may show it: escaped, in quotes, 80 characters at most."""
    shown = repr(data[:EXCERPT_LIMIT])[1:]
    if len(shown) <= EXCERPT_LIMIT and len(data) <= EXCERPT_LIMIT:
        return shown
    return shown[: EXCERPT_LIMIT - 3].removesuffix(shown[0]) + "..."
