"""A connection of a client of HTTP, and who waits for the answer to one question."""

import socket
import threading
import time
from collections.abc import Callable

from zkboot.pod.http import Answer

ASKED_AT_ONCE = 2
"""Questions behind one target that are asked at a time: a slow one does not hold up the next."""

ASKED_LIMIT = 16
"""Questions behind one target that are asked at a time at most, where the server is slow."""

HEAD_TIME = 2.0
"""Seconds from a connection to the end of its request's head."""

READING, WAITING, SENDING, ENDING = range(4)
"""Stages of a connection."""

Question = Callable[[], Answer]


class Client:
    """One connection."""

    __slots__ = (
        "address",
        "is_known",
        "is_kubelet",
        "received",
        "rest",
        "says_more",
        "socket",
        "stage",
        "target",
        "until",
        "with_text",
    )

    def __init__(self, connection: socket.socket, address: str) -> None:
        self.socket = connection
        self.address = address
        self.stage = READING
        self.until = time.monotonic() + HEAD_TIME
        """When its time in this stage is over."""
        self.is_known = False
        """Whether it was ever waited for."""
        self.is_kubelet = False
        """Whether it says that it is one."""
        self.received = b""
        self.says_more = False
        """Whether it may have sent more than was read."""
        self.with_text = True
        self.target: Target | None = None
        """Whose question it waits for, or has waited for."""
        self.rest = memoryview(b"")
        """What it has not taken yet of its answer, whose bytes all have who asked at the same time."""


class Target:
    """One question, and who waits for it."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._waiting: dict[Client, None] = {}
        self._asked = 0
        self._lock = threading.Lock()

    def join(self, client: Client) -> bool:
        """Let *client* wait; return whether a thread must ask."""
        with self._lock:
            self._waiting[client] = None
            if self._asked >= ASKED_AT_ONCE:
                return False
            self._asked += 1
            return True

    def is_slow(self) -> bool:
        """Return whether a further thread must ask: somebody waits while all who ask at once have not come back."""
        with self._lock:
            if not self._waiting or not ASKED_AT_ONCE <= self._asked < ASKED_LIMIT:
                return False
            self._asked += 1
            return True

    def give_up(self) -> None:
        """Have one thread less that asks."""
        with self._lock:
            self._asked -= 1

    def leave(self, client: Client) -> None:
        """Let *client*, which may have been taken already, wait no longer."""
        with self._lock:
            self._waiting.pop(client, None)

    def take(self) -> tuple[Client, ...]:
        """Return all who wait, to be answered by the question that is asked next; nobody where it need not be asked."""
        with self._lock:
            taken = tuple(self._waiting)
            self._waiting.clear()
            if not taken:
                self._asked -= 1
            return taken
