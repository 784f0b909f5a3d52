"""A name server that answers as its names say, or does not; on UDP, in a network namespace of the campaign's own."""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self

NO_ERROR, SERVER_FAILURE, NAME_ERROR = 0, 2, 3
SLOW = 0.15
"""Seconds that a slow answer takes."""

_A = 1


class NameServer:
    """Listens on port 53 of loopback while the ``with`` block runs. The first label of a name says what it gets.

    ``absent`` NXDOMAIN · ``empty`` no address · ``later`` SERVFAIL, which a resolver tells as EAI_AGAIN · ``garbage``
    what is no DNS · ``slow`` 127.0.0.1 after a while · anything else, such as ``mute``, nothing.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # To itself: close() alone would leave the thread blocked.
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while query := self._socket.recvfrom(512):
            question, caller = query
            if not question:
                return
            label = question[13 : 13 + question[12]]
            if label == b"slow":
                threading.Thread(target=self._answer_slowly, args=(question, caller), daemon=True).start()
            elif label == b"garbage":
                self._socket.sendto(question[:2] + b"\xff" * 40, caller)
            elif label in _CODES:
                self._socket.sendto(_reply(question, _CODES[label]), caller)

    def _answer_slowly(self, question: bytes, caller: tuple[str, int]) -> None:
        time.sleep(SLOW)
        with contextlib.suppress(OSError):
            self._socket.sendto(_reply(question, NO_ERROR, bytes((127, 0, 0, 1))), caller)


_CODES = {b"absent": NAME_ERROR, b"empty": NO_ERROR, b"later": SERVER_FAILURE}


def _reply(query: bytes, code: int, address: bytes = b"") -> bytes:
    """Return the reply to *query* with *code*, and with *address* where it asks for one of IPv4 (RFC 1035, 4.1)."""
    end = query.index(b"\0", 12) + 5
    kind = int.from_bytes(query[end - 4 : end - 2], "big")
    answers = b""
    if address and kind == _A:
        # The name by its offset; type A, class IN; 60 s; 4 bytes.
        answers = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + address
    counts = b"\0\x01" + (1 if answers else 0).to_bytes(2, "big") + b"\0\0\0\0"
    return query[:2] + bytes((0x81, 0x80 | code)) + counts + query[12:end] + answers
