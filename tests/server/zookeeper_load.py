"""A client of an ensemble that counts: what was acknowledged, and what is there in the end."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from uuid import uuid4

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

from tests.tally import Row, Tally, acknowledged, tally_of

_PAUSE = 0.01


class Writer:
    """Writes one number after the other through *client*, until it is stopped."""

    def __init__(self, client: KazooClient) -> None:
        self._client = client
        self._folder = f"/counted-{uuid4().hex}"
        self._rows: list[Row] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write while the context lasts; something was acknowledged before it begins, and after it ends."""
        self._client.ensure_path(self._folder)
        self._thread.start()
        try:
            self._await_another()
            yield
            self._await_another()
        finally:
            self._over.set()
            self._thread.join()

    def tally(self, clients: list[AbstractContextManager[KazooClient]]) -> Tally:
        """Return what came of it, as each of *clients* sees it."""
        found: list[set[str]] = []
        for opened in clients:
            with opened as client:
                client.sync(self._folder)
                found.append(set(client.get_children(self._folder)))
        return tally_of(self._rows, found)

    def _await_another(self) -> None:
        before = len(acknowledged(self._rows))
        while len(acknowledged(self._rows)) == before:
            time.sleep(_PAUSE)

    def _write(self) -> None:
        for number in count():
            if self._over.is_set():
                return
            outcome = "acked"
            try:
                self._client.create(f"{self._folder}/{number}", b"")
            except (KazooException, KazooTimeoutError):
                outcome = "unknown"
            self._rows.append((str(time.monotonic()), str(number), outcome))
            time.sleep(_PAUSE)
