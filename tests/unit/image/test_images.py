"""When `make images` builds what the manifests name, and when it does not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.image.images import is_reached
from tests.server.ports import LOOPBACK, free_port


@contextmanager
def answering(status: HTTPStatus) -> Iterator[str]:
    """Have a web server that answers everything with *status*; the value is an address of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with HTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_address[1]}/archive.tar.gz"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE])
def test_a_server_that_answers_is_no_reason_for_a_stand_in(status: HTTPStatus) -> None:
    """Not even one that is out of order: the build fails, and says so."""
    with answering(status) as address:
        assert is_reached(address, pause=0.0)


def test_nobody_there_is_told() -> None:
    """Asked three times."""
    assert not is_reached(f"http://{LOOPBACK}:{free_port()}/archive.tar.gz", pause=0.0)
