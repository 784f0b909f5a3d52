"""HTTP/1.1, the little of it that a kubelet and a scraper speak. Bytes in, answers out; no socket, no clock.

Facts (RFC 9110, RFC 9112):

- A head ends with the first empty line. Lines end with CR LF; a reader may take a bare LF as well, and passes over
  empty lines before the first one.
- A request in HTTP/1.1 has exactly one field ``Host``. Blanks before a colon, and lines that go on in the next one, are
  refused: two readers could disagree on what they mean.
- The target is a path, or a whole URL, as for a proxy; ``*`` is for OPTIONS alone. In a path a letter or a digit is the
  same as its percent-encoded octet.
- 405 comes with the field ``Allow``. The answer to HEAD has the head of the one to GET, and no body.

Each connection is for one request: ``Connection: close`` stands in every answer, so a body that follows the head of a
request is never read as another request.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus

HEAD_LIMIT = 8192
"""Bytes of a request's head. A kubelet's has some 200."""

TEXT = "text/plain; charset=utf-8"

METHODS = ("GET", "HEAD")
"""What every target answers; nothing takes any other."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_FIRST = re.compile(_TOKEN + rb"|[\r\n]")
_HEAD_END = re.compile(rb"\n\r?\n")
_AUTHORITY = re.compile(r"https?://[^/?]*", re.IGNORECASE)
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=:\[\]%-]*")
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})?")

_KUBELET = b"kube-probe/"
"""How the name begins that a kubelet gives itself in the field User-Agent."""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request."""

    method: str
    target: str
    """Path and query, as they were sent."""
    has_body: bool
    """Whether more than the head is on its way, which nobody reads."""
    is_kubelet: bool = False
    """Whether its sender calls itself a kubelet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: HTTPStatus
    text: str
    kind: str = TEXT
    """Media type of the text."""


class RequestError(Exception):
    """A request that is no HTTP, or more than this server takes; *answer* is what its sender gets."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.answer = Answer(status, f"{reason}\n")
        """What its sender gets."""


def find_head(received: bytes) -> int | None:
    """Return how many of the bytes *received* are the head of a request, None where its end has not come yet.

    Raises RequestError where it cannot become one: for its first byte, as a TLS client's, or for its length.
    """
    if received and not _FIRST.match(received):
        raise RequestError(HTTPStatus.BAD_REQUEST, "no HTTP: this port speaks plain HTTP/1.1, without TLS")
    begin = len(received) - len(received.lstrip(b"\r\n"))
    end = _HEAD_END.search(received, begin)
    if (end.end() if end else len(received)) > HEAD_LIMIT:
        raise RequestError(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"the head of the request is longer than {HEAD_LIMIT} bytes"
        )
    return end.end() if end else None


def parse_request(head: bytes) -> Request:
    """Return the request whose whole *head* this is; raises RequestError where it is none."""
    first, *fields = [line.removesuffix(b"\r") for line in head.strip(b"\r\n").split(b"\n")]
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        raise RequestError(HTTPStatus.BAD_REQUEST, "the first line is no request of HTTP/1")
    method, target, major, minor = (part.decode() for part in line.groups())
    if major != "1":
        raise RequestError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "this port speaks HTTP/1.1")
    hosts, has_body, is_kubelet = 0, False, False
    for each in fields:
        field = _FIELD.fullmatch(each)
        if field is None:
            raise RequestError(HTTPStatus.BAD_REQUEST, "a line of the head is no field")
        name = field[1].lower()
        if name == b"host":
            hosts += 1 if _HOST.fullmatch(field[2].rstrip()) else 2
        is_kubelet |= name == b"user-agent" and field[2].startswith(_KUBELET)
        has_body |= name == b"transfer-encoding" or (name == b"content-length" and field[2].strip() != b"0")
    if hosts > 1 or (hosts == 0 and minor != "0"):
        raise RequestError(HTTPStatus.BAD_REQUEST, "the head has no field Host with a host, or several")
    return Request(method, _path(method, target), has_body, is_kubelet)


def _path(method: str, target: str) -> str:
    """Return path and query of a request's *target*; raises RequestError where it has none, and should."""
    path = target
    if not target.startswith("/"):
        path = _AUTHORITY.sub("", target, count=1)
        if path != target and not path.startswith("/"):
            path = "/" + path
    if path.startswith("/"):
        return _ENCODED.sub(_decoded, path) if "%" in path else path
    if method != "CONNECT" and (method, target) != ("OPTIONS", "*"):
        raise RequestError(HTTPStatus.BAD_REQUEST, "the target of the request is no path")
    return target


def _decoded(match: re.Match[str]) -> str:
    """Return what the percent-encoded octet *match* is the same as: itself, but for letters, digits and ``-._~``."""
    if match[1] is None:
        raise RequestError(HTTPStatus.BAD_REQUEST, "the target of the request has a % without two hexadecimal digits")
    letter = chr(int(match[1], 16))
    return letter if letter.isascii() and (letter.isalnum() or letter in "-._~") else match[0]


def render_date(utc: tuple[int, ...]) -> str:
    """Return the moment *utc*, as time.gmtime() has it, as HTTP writes it: ``Sun, 06 Nov 1994 08:49:37 GMT``."""
    year, month, day, hour, minute, second, weekday = utc[:7]
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year} {hour:02}:{minute:02}:{second:02} GMT"


def render_answer(answer: Answer, utc: tuple[int, ...], *, with_text: bool = True) -> bytes:
    """Return the bytes of *answer*, sent at the moment *utc*; without its text where HEAD was asked."""
    body = answer.text.encode("utf-8", "backslashreplace")
    allowed = f"Allow: {', '.join(METHODS)}\r\n" if answer.status is HTTPStatus.METHOD_NOT_ALLOWED else ""
    head = (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
        f"Date: {render_date(utc)}\r\n"
        f"Content-Type: {answer.kind}\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"{allowed}"
        # A verdict holds for the moment, and may repeat what somebody else sent.
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n"
        "\r\n"
    )
    return head.encode() + (body if with_text else b"")
