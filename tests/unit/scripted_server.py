"""A loopback server that does to each connection what its script says: answers, drips, resets, stays silent."""

import contextlib
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

Script = Callable[["Caller"], None]


class Caller:
    """One connection, as a script sees it."""

    def __init__(self, connection: socket.socket, ended: threading.Event) -> None:
        self.connection = connection
        self.ended = ended
        """Set when the test is over: a script that waits, waits for this."""

    def send(self, data: bytes) -> None:
        """Send *data* whole."""
        self.connection.sendall(data)

    def receive(self, count: int) -> bytes:
        """Return the next *count* bytes, fewer where the caller hangs up."""
        data = b""
        while len(data) < count and (chunk := self.connection.recv(count - len(data))):
            data += chunk
        return data

    def stay_silent(self) -> None:
        """Say nothing until the test is over."""
        self.ended.wait()

    def reset(self) -> None:
        """End the connection with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class ScriptedServer:
    """Listens on a free port of *host* while the ``with`` block runs; every connection gets a thread and the script."""

    def __init__(self, script: Script, host: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.host = host
        self._script = script
        self._ended = threading.Event()
        self._callers: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((host, port), family=family, backlog=64)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        # close() alone would leave a thread blocked in accept() or recv(). After the accepting thread no more come.
        _shut(self._listener)
        self._threads[0].join()
        for connection in self._callers:
            _shut(connection)
        for thread in self._threads:
            thread.join()
        for one in (self._listener, *self._callers):
            one.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._callers.append(connection)
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._script(Caller(connection, self._ended))
        connection.close()


class BlackHole:
    """A port whose backlog is full after *free* connections: it takes no other, and refuses none."""

    def __init__(self, host: str = "127.0.0.1", free: int = 0) -> None:
        self._listener = socket.create_server((host, 0), backlog=free)
        self.port: int = self._listener.getsockname()[1]
        self._fillers: list[socket.socket] = []
        if not free:
            self.fill()

    def __enter__(self) -> Self:
        return self

    def fill(self) -> None:
        """Take every place in the backlog that is left."""
        for _ in range(4):
            filler = socket.socket()
            filler.settimeout(0)
            filler.connect_ex(self._listener.getsockname())
            self._fillers.append(filler)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listener, *self._fillers):
            one.close()


def answers(data: bytes, after: int = 4) -> Script:
    """Return a script that reads *after* bytes, sends *data* and hangs up."""

    def script(caller: Caller) -> None:
        caller.receive(after)
        caller.send(data)

    return script


def drips(data: bytes, pause: float = 0.001, after: int = 4) -> Script:
    """Return a script that sends *data* byte by byte and hangs up."""

    def script(caller: Caller) -> None:
        caller.receive(after)
        for index in range(len(data)):
            caller.send(data[index : index + 1])
            time.sleep(pause)

    return script


def stops_after(data: bytes) -> Script:
    """Return a script that sends *data* and then neither sends nor hangs up."""

    def script(caller: Caller) -> None:
        caller.receive(4)
        caller.send(data)
        caller.stay_silent()

    return script


def resets_after(data: bytes) -> Script:
    """Return a script that sends *data* and resets the connection; Linux hands the data out before the reset."""

    def script(caller: Caller) -> None:
        caller.receive(4)
        caller.send(data)
        caller.reset()

    return script


def never_stops(data: bytes) -> Script:
    """Return a script that sends *data* for ever."""

    def script(caller: Caller) -> None:
        caller.receive(4)
        while not caller.ended.is_set():
            caller.send(data)

    return script


def silent(caller: Caller) -> None:
    """Read nothing, send nothing."""
    caller.stay_silent()


def closes(caller: Caller) -> None:
    """Read the request and hang up without an answer."""
    caller.receive(4)


def resets(caller: Caller) -> None:
    """Reset the connection as soon as it is there."""
    caller.reset()


def speaks_tls(caller: Caller) -> None:
    """Do what a real TLS server does with these bytes; it has no certificate, so its answer is an alert."""
    with contextlib.suppress(ssl.SSLError), _tls_context().wrap_socket(caller.connection, server_side=True):
        pass


def closes_or_speaks_tls(caller: Caller) -> None:
    """Answer plain text by hanging up, as some TLS servers do, and a TLS hello with an alert."""
    if caller.connection.recv(1, socket.MSG_PEEK) == b"\x16":
        speaks_tls(caller)
    else:
        caller.receive(4)


def over_tls(context: ssl.SSLContext, script: Script) -> Script:
    """Return *script* for a caller who makes a handshake first; a caller whose handshake fails is left."""

    def wrapped(caller: Caller) -> None:
        # The server shuts down the socket that it knows, which ends this one, too.
        with context.wrap_socket(caller.connection.dup(), server_side=True) as secured:
            script(Caller(secured, caller.ended))
            with contextlib.suppress(OSError):
                secured.unwrap()

    return wrapped


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _tls_context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port on which nobody listens."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port


def open_descriptors() -> set[str]:
    """Return the file descriptors of this process and what they are."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
    return found
