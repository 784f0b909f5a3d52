"""What a peer that should speak TLS does to a probe: one row a behaviour, as in `hostile`."""

import random
import ssl
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.certificates import Authority, Issued
from tests.torture import hostile
from tests.torture.hostile import Act, Behaviour, CountedCaller, Peer, Probe, Stage, Tally
from tests.unit import scripted_server as scripted
from tests.unit.scripted_server import Caller, ScriptedServer

NAMES = ("zk-0", "kafka-0")
"""Of the pods that probe."""

_NEVER = 0.05
"""Seconds between two bytes of a peer that drips."""

_BEGUN = b"\x16\x03\x03\x3e\x84\x02"
"""A record of 16,004 bytes, and the first of its message."""


# Made at once: the peers are many threads.
_AUTHORITY = Authority()
_SECRET = tempfile.TemporaryDirectory(prefix="zkb-torture-tls-")
"""The folder of the Secret that the pods have mounted; it goes with this process."""

_AUTHORITY.issue(*NAMES).write(Path(_SECRET.name), _AUTHORITY.ca_crt)


def environ_of(prefix: str, port: int) -> dict[str, str]:
    """Return what tells the probes with variables of *prefix* that *port* speaks TLS."""
    if prefix == "ZK":
        return {"POD_NAME": "zk-0", "ZK_TLS_DIR": _SECRET.name, "ZK_TLS_PORT": str(port)}
    return {"KF_TLS_DIR": _SECRET.name, "KAFKA_LISTENERS": f"SSL://:{port}"}


def _context(issued: Issued | None = None, trusted: Authority | None = None, tickets: int = 2) -> ssl.SSLContext:
    """Return what a server has with the certificate *issued*, which asks for one that *trusted* has signed."""
    shown = issued or _AUTHORITY.issue(*NAMES)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        place = shown.write(Path(folder), (trusted or _AUTHORITY).ca_crt)
        context.load_cert_chain(place / "tls.crt", place / "tls.key")
        context.load_verify_locations(place / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = tickets
    return context


def _over_tls(act: Act, make: Callable[[], ssl.SSLContext] = _context) -> Stage:
    """Return a stage whose peer does *act* behind a handshake with what *make* returns."""

    def stage(probe: Probe, chance: random.Random, tally: Tally) -> Iterator[Peer]:
        def script(caller: Caller) -> None:
            act(CountedCaller(caller, tally), probe, chance)

        with ScriptedServer(scripted.over_tls(make(), script)) as server:
            yield Peer(server.host, server.port)

    return stage


def _hello_then(data: bytes, *, piece: bytes = b"", pause: float = 0.0, ends: bool = False) -> Stage:
    """Return a stage whose peer hears the hello, sends *data*, then *piece* for ever; it is silent, or *ends* it."""

    def act(caller: CountedCaller, _probe: Probe, _chance: random.Random) -> None:
        caller.receive(5)
        caller.send(data)
        while piece and not caller.ended.wait(pause):
            caller.send(piece)
        if not ends:
            caller.stay_silent()

    return hostile.plays(act)


def _expired() -> ssl.SSLContext:
    return _context(_AUTHORITY.issue(*NAMES, until=datetime.now(UTC) - timedelta(days=1)))


def _row(name: str, statuses: tuple[int, int, int], stage: Stage) -> Behaviour:
    return Behaviour(name=f"TLS: {name}", statuses=statuses, stage=stage, secure=True)


_LIVES = (0, 76, 76)
"""What the probes owe a peer that is refused, or refuses: liveness says yes."""

ROWS = (
    _row("right", (0, 0, 0), _over_tls(hostile.right)),
    _row("byte by byte", (0, 0, 0), _over_tls(hostile.last(hostile.byte_by_byte))),
    _row("expired", _LIVES, _over_tls(hostile.right, _expired)),
    _row("foreign", _LIVES, _over_tls(hostile.right, lambda: _context(Authority().issue(*NAMES)))),
    _row("another's name", _LIVES, _over_tls(hostile.right, lambda: _context(_AUTHORITY.issue("other")))),
    _row("refuses our certificate", _LIVES, _over_tls(hostile.right, lambda: _context(trusted=Authority()))),
    _row("alert: version", _LIVES, _hello_then(b"\x15\x03\x03\x00\x02\x02\x46", ends=True)),
    _row("garbage", (76, 76, 76), _hello_then(b"\x7f" + bytes(4095))),
    _row("web server", (76, 76, 76), _hello_then(b"HTTP/1.1 400 Bad Request\r\n\r\n", ends=True)),
    _row("endless, no TLS", (76, 76, 76), _hello_then(b"", piece=b"\x7fX\n" * 1000)),
    _row("endless warnings", (76, 76, 76), _hello_then(b"", piece=b"\x15\x03\x03\x00\x02\x01\x5a" * 100)),
    _row("endless empty records", (76, 76, 76), _hello_then(b"", piece=b"\x16\x03\x03\x00\x00" * 100)),
    _row("silent", (69, 69, 69), _hello_then(b"")),
    _row("half a record", (69, 69, 69), _hello_then(b"\x16\x03\x03\x01\x00\x02")),
    _row("half a record, then FIN", (69, 69, 69), _hello_then(b"\x16\x03\x03\x01\x00\x02", ends=True)),
    _row("a handshake that drips", (69, 69, 69), _hello_then(_BEGUN, piece=b"\0", pause=_NEVER)),
    _row("hangs up on the hello", (69, 69, 69), _hello_then(b"", ends=True)),
    _row("silent after the handshake", (69, 69, 69), _over_tls(hostile.last(hostile.silence))),
    _row("half, then silence", (69, 69, 69), _over_tls(hostile.last(hostile.half_then_silence))),
    _row("drips for ever", (69, 69, 69), _over_tls(hostile.last(hostile.drip_for_ever))),
    _row("endless tickets", (76, 76, 76), _over_tls(hostile.right, lambda: _context(tickets=2000))),
)
"""All of them, for the probes of both tools."""
