"""HTTP's messages: requests as clients send them and as they should not, and answers as http.client reads them."""

import http.client
import io
import time
from http import HTTPStatus
from typing import Any

import pytest

from zkboot.pod.http import HEAD_LIMIT, Answer, Request, RequestError, find_head, parse_request, render_answer
from zkboot.pod.tls_question import CLIENT_HELLO

KUBELET = b"GET /livez HTTP/1.1\r\nHost: 10.0.0.7:8081\r\nUser-Agent: kube-probe/1.34\r\nAccept: */*\r\n\r\n"

MOMENT = time.gmtime(784111777)
"""The one of RFC 9110, section 5.6.7."""


class Pipe:
    """What http.client takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        """Return the bytes of an answer."""
        return io.BytesIO(self._data)


@pytest.mark.parametrize(
    ("head", "request_"),
    [
        (KUBELET, Request("GET", "/livez", has_body=False, is_kubelet=True)),
        (b"GET /readyz?in-sync HTTP/1.1\r\nhost:x\r\n\r\n", Request("GET", "/readyz?in-sync", has_body=False)),
        (b"HEAD / HTTP/1.1\r\nHost:\r\n\r\n", Request("HEAD", "/", has_body=False)),
        (b"\r\n\nGET / HTTP/1.0\n\n", Request("GET", "/", has_body=False)),
        (b"GET http://zk-0:8081/livez HTTP/1.1\r\nHost: zk-0\r\n\r\n", Request("GET", "/livez", has_body=False)),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", Request("POST", "/", has_body=True)),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", Request("GET", "/", has_body=False)),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", Request("GET", "/", has_body=True)),
        (b"GET HTTPS://zk-0?a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", Request("GET", "/?a", has_body=False)),
        (b"GET /%6Ci%76ez%2f%e9 HTTP/1.1\r\nHost: x\r\n\r\n", Request("GET", "/livez%2f%e9", has_body=False)),
        (b"CONNECT zk-0:80 HTTP/1.1\r\nHost: x\r\n\r\n", Request("CONNECT", "zk-0:80", has_body=False)),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\nX: \xff\t\r\n\r\n", Request("OPTIONS", "*", has_body=False)),
    ],
)
def test_a_request_is_read(head: bytes, request_: Request) -> None:
    """Whole heads, and no more of what was received than the head."""
    assert find_head(head + b"more") == len(head)
    assert parse_request(head) == request_


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /livez\r\n\r\n", 400),
        (b"GET  /livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /li vez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
        (b"GET /l\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: me@x\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET ftp://zk-0/livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /livez%6 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n  y: z\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nno field\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
    ],
)
def test_what_is_no_request_is_refused(head: bytes, status: int) -> None:
    """With the status that HTTP has for it."""
    assert find_head(head) == len(head)
    with pytest.raises(RequestError) as refused:
        parse_request(head)

    assert refused.value.answer.status == status


def test_a_head_has_no_end_before_its_end() -> None:
    """Wherever the network cuts it."""
    assert [find_head(KUBELET[:cut]) for cut in range(len(KUBELET))] == [None] * len(KUBELET)


@pytest.mark.parametrize(
    ("received", "status"),
    [
        (CLIENT_HELLO, 400),
        (b"\0", 400),
        (b"GET /" + b"a" * HEAD_LIMIT, 431),
        (b"\r\n" * HEAD_LIMIT, 431),
        (KUBELET[:-2] + b"X: " + b"a" * HEAD_LIMIT + b"\r\n\r\n", 431),
    ],
    ids=["TLS", "NUL", "no end", "empty lines", "an end too late"],
)
def test_what_cannot_become_a_head_is_refused_at_once(received: bytes, status: int) -> None:
    """A TLS client says nothing more, and an endless one never stops."""
    with pytest.raises(RequestError) as refused:
        find_head(received)

    assert refused.value.answer.status == status


@pytest.mark.parametrize(
    "answer",
    [
        Answer(HTTPStatus.OK, "follower\n"),
        Answer(HTTPStatus.SERVICE_UNAVAILABLE, "zk-0 \u2026 \udcff\n"),
        Answer(HTTPStatus.METHOD_NOT_ALLOWED, ""),
    ],
    ids=lambda answer: answer.status.phrase,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_is_read_by_a_client(answer: Answer, method: str) -> None:
    """Its length is that of its text, which HEAD leaves out; it says nothing of who serves it."""
    data = render_answer(answer, MOMENT, with_text=method == "GET")
    pipe: Any = Pipe(data)
    read = http.client.HTTPResponse(pipe, method=method)
    read.begin()
    text = answer.text.encode("utf-8", "backslashreplace")

    assert (read.status, read.reason) == (answer.status, answer.status.phrase)
    assert read.headers["Content-Length"] == str(len(text))
    assert read.read() == (text if method == "GET" else b"")
    assert data.endswith(b"\r\n\r\n" + (text if method == "GET" else b""))
    assert read.headers["Date"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert read.headers["Connection"] == "close"
    assert read.headers["Allow"] == ("GET, HEAD" if answer.status == HTTPStatus.METHOD_NOT_ALLOWED else None)
    assert "Server" not in read.headers
