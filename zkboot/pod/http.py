"""HTTP/1.1, the little of it that a kubelet and a scraper speak. Bytes in, answers out; no socket, no clock.

Facts (RFC 9110, RFC 9112):

- A head ends with the first empty line. Lines end with CR LF; a reader may take a bare LF as well, and passes over
  empty lines before the first one.
- A request in HTTP/1.1 has exactly one field ``Host``. Blanks before a colon, and lines that go on in the next one, are
  refused: two readers could disagree on what they mean.
- The target may be a whole URL, as for a proxy.
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


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request."""

    method: str
    target: str
    """Path and query, as they were sent."""
    has_body: bool
    """Whether more than the head is on its way, which nobody reads."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: HTTPStatus
    text: str
    kind: str = TEXT
    """Media type of the text."""


class RequestError(Exception):
    """A request that is no HTTP, or more than this server takes; *answer* is what its sender is told."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.answer = Answer(status, f"{reason}\n")
        """What its sender is told."""


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
    hosts, has_body = 0, False
    for each in fields:
        field = _FIELD.fullmatch(each)
        if field is None:
            raise RequestError(HTTPStatus.BAD_REQUEST, "a line of the head is no field")
        name = field[1].lower()
        hosts += name == b"host"
        has_body |= name == b"transfer-encoding" or (name == b"content-length" and field[2].strip() != b"0")
    if hosts > 1 or (hosts == 0 and minor != "0"):
        raise RequestError(HTTPStatus.BAD_REQUEST, "the head has no field Host, or several")
    if not target.startswith("/"):
        target = _AUTHORITY.sub("", target, count=1)
    return Request(method, target, has_body)


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
