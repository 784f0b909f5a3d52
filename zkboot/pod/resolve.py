"""The addresses of a host, looked up under a deadline.

``getaddrinfo`` has no time-out of its own: five seconds and more where a name server does not answer. A name is looked
up in a thread that can be left behind; a numeric address needs none. It takes the host as bytes, for a str would import
``encodings.idna`` and a dozen modules with it.

Built-in modules and ``_socket`` only: the probes load this module every few seconds on every pod.
"""

import _socket
import _thread

from zkboot.pod.errors import NoAddressError, UnreachableError, of_peer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from zkboot.pod.deadline import Deadline

    SocketAddress = tuple[Any, ...]
    Resolved = tuple[int, int, int, str, SocketAddress]

AT_ONCE = 4
"""Look-ups of one name at a time. Of a silent name server each holds a thread and a socket for half a minute; who comes
after them waits for the last one's answer."""

_lock = _thread.allocate_lock()
_under_way: "dict[tuple[Any, ...], list[_LookUp]]" = {}
"""By what the resolver is asked, the oldest first."""


def resolve(host: str, port: int, name: str, deadline: "Deadline") -> "list[Resolved]":
    """Return the addresses of *host*, which messages call *name*.

    Raises UnreachableError where there are none, or not before *deadline*.
    """
    query = host.encode("utf-8", "surrogateescape")
    try:
        return _socket.getaddrinfo(query, port, 0, _socket.SOCK_STREAM, 0, _socket.AI_NUMERICHOST)
    except OSError:
        return _look_up(query, port, 0, name, deadline)  # No address, so it is a name.


def canonical_name(host: str, deadline: "Deadline") -> str:
    """Return the name that *host* has with its domain, as ``hostname -f`` prints it; raises UnreachableError."""
    return _look_up(host.encode("utf-8", "surrogateescape"), 0, _socket.AI_CANONNAME, host, deadline)[0][3]


def _look_up(query: bytes, port: int, flags: int, name: str, deadline: "Deadline") -> "list[Resolved]":
    """Return what the resolver has for *query*, which messages call *name*."""
    question = (query, port, 0, _socket.SOCK_STREAM, 0, flags)
    with _lock:
        same = _under_way.setdefault(question, [])
        is_new = len(same) < AT_ONCE
        if is_new:
            same.append(_LookUp())
        look_up = same[-1]
    if is_new:
        try:
            _thread.start_new_thread(look_up.run, (question,))
        except RuntimeError as error:
            look_up.failure = OSError(str(error))
            look_up.end(question)
            raise UnreachableError(of_peer(name, f"cannot look the name up: {error}")) from error
    if not look_up.wait(deadline.remaining()):
        raise UnreachableError(of_peer(name, f"the name does not resolve within {deadline}"))
    failure = look_up.failure
    if failure is not None:
        # A DNS that gives no answer says nothing of who is there.
        kind = NoAddressError if failure.errno in (_socket.EAI_NONAME, _socket.EAI_NODATA) else UnreachableError
        raise kind(of_peer(name, f"the name does not resolve ({strerror(failure)})")) from failure
    return look_up.found


class _LookUp:
    """One call of ``getaddrinfo`` in a thread, for all who wait for it."""

    __slots__ = ("_done", "failure", "found")

    def __init__(self) -> None:
        self.found: list[Resolved] = []
        self.failure: OSError | None = None
        self._done = _thread.allocate_lock()
        self._done.acquire()

    def run(self, question: "tuple[Any, ...]") -> None:
        """Ask the resolver; it may take minutes."""
        try:
            self.found = _socket.getaddrinfo(*question)
        except OSError as error:
            self.failure = error
        finally:
            self.end(question)

    def end(self, question: "tuple[Any, ...]") -> None:
        """Be under way no longer."""
        with _lock:
            _under_way[question].remove(self)
            if not _under_way[question]:
                del _under_way[question]
        self._done.release()

    def wait(self, timeout: float) -> bool:
        """Return whether it has ended, after *timeout* seconds at most."""
        if not self._done.acquire(timeout=timeout):
            return False
        # For the next who waits.
        self._done.release()
        return True


def strerror(error: OSError) -> str:
    """Return what *error* says, as a message goes on with it."""
    text = str(error.strerror or error)
    return text[:1].lower() + text[1:]
