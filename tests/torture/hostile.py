"""What a peer does to a probe, and the exit status that each probe owes it: one row a behaviour, the verdict stated."""

import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.unit import scripted_server as scripted
from tests.unit.kafkaboot.probes.recorded_broker import broker, read_request, recorded, request_name, with_id
from tests.unit.scripted_server import BlackHole, Caller, Script, ScriptedServer

KIB = 1024
TIMEOUT = 0.6
"""Seconds that a probe is given."""

_RECORDED = Path(__file__).parents[1] / "data" / "zookeeper"
_ESCAPES = b"\x1b]0;owned\x07\x1b[2J\x1b[31m\r\x9b\x00"
_TLS_RECORD = b"\x15\x03\x03\x00\x02\x02\x28"
_BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
_WEB_PAGE = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>\n"
_NO_QUORUM = b"This ZooKeeper instance is not currently serving requests\n"

HOSTS = """\
127.0.0.1 localhost
::1 localhost
::1 v6.test
::1 both.test
127.0.0.1 both.test
"""
"""The names that are no name server's: an address of IPv6 comes first where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One probe: how it is called, and the conversation that a healthy peer has with it."""

    name: str
    command: tuple[str, ...]
    function: str
    """Where the console script of its name begins, ``module:function`` of this process."""
    prefix: str
    """Of its variables."""
    replies: Mapping[str, bytes]
    """The right answer to each request, in the order in which they are made."""
    output: bytes
    """What it prints where all is well."""
    limit: int
    """Bytes that it may read of one reply."""
    growth: int = 5 * KIB
    """KiB that a hostile peer may make it use beyond what a healthy one does."""
    count_at: int = 0
    """Where in the frame of the last reply its first array's count stands; 0 where there is none."""
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """The last request: what the probe is about."""
        return list(self.replies)[-1]


@dataclass(frozen=True, slots=True)
class Peer:
    """Where the probe is sent to."""

    host: str
    port: int


class Tally:
    """Counts what the peers got rid of."""

    def __init__(self) -> None:
        self.most = 0
        """Bytes that left on one connection at the most, those that only buffers took included."""


Stage = Callable[[Probe, random.Random, Tally], Iterator[Peer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One row."""

    name: str
    statuses: tuple[int, int, int]
    """What zkOk, zkReady and zkMetrics owe it; or kafkaOk, kafkaReady and kafkaReady --in-sync."""
    stage: Stage
    """Context manager to be: sets the peer up."""
    environ: Mapping[str, str] = field(default_factory=dict)
    timeout: float = TIMEOUT
    is_usual: bool = True
    """Whether a probe that succeeds prints what it usually does."""
    secure: bool = False
    """Whether the probe is told to speak TLS."""
    keeps_resolver: bool = False
    """Whether the thread that looks the name up is still blocked when the probe ends, as it must."""


# --- how a peer is set up ----------------------------------------------------------------------------


class CountedCaller(Caller):
    """Counts what it sends, also of a piece that is only taken in part."""

    def __init__(self, caller: Caller, tally: Tally) -> None:
        super().__init__(caller.connection, caller.ended)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tally = tally
        self._sent = 0

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            taken = self.connection.send(view)
            self._sent += taken
            self._tally.most = max(self._tally.most, self._sent)
            view = view[taken:]


Act = Callable[[CountedCaller, Probe, random.Random], None]
"""What a peer does on one connection."""


def plays(act: Act, *, host: str = "127.0.0.1", name: str | None = None) -> Stage:
    """Return a stage with a server on *host*, which the probe knows by *name*."""

    def stage(probe: Probe, chance: random.Random, tally: Tally) -> Iterator[Peer]:
        def script(caller: Caller) -> None:
            act(CountedCaller(caller, tally), probe, chance)

        with ScriptedServer(script, host) as server:
            yield Peer(name or host, server.port)

    return stage


def _plain(script: Script) -> Stage:
    """Return a stage with a server that does the same whatever it is asked."""
    return plays(lambda caller, _probe, _chance: script(caller))


def _hear(caller: Caller, probe: Probe) -> tuple[str, bytes]:
    """Return the name of the next request and the right reply to it; both empty where the caller hangs up."""
    if probe.prefix == "ZK":
        word = caller.receive(4).decode("latin-1")
        return word, probe.replies.get(word, b"")
    request = read_request(caller)
    if not request:
        return "", b""
    name = request_name(request)
    return name, with_id(probe.replies[name], request) if name in probe.replies else b""


def last(answer: Callable[[CountedCaller, bytes, random.Random], None]) -> Act:
    """Return what a peer does that is right up to the last request of the probe, and does *answer* then."""

    def act(caller: CountedCaller, probe: Probe, chance: random.Random) -> None:
        while True:
            name, reply = _hear(caller, probe)
            if not name:
                return
            if name == probe.word or not reply:
                answer(caller, reply, chance)
                return
            caller.send(reply)

    return act


def _last(answer: Callable[[CountedCaller, bytes, random.Random], None]) -> Stage:
    """Return a stage whose peer is right up to the last request of the probe, and does *answer* then."""
    return plays(last(answer))


def _sends(change: Callable[[bytes], bytes]) -> Stage:
    """Return a stage whose peer's last reply is changed."""
    return _last(lambda caller, reply, _chance: caller.send(change(reply)))


def right(caller: CountedCaller, probe: Probe, _chance: random.Random) -> None:
    """Answer every request as it should be."""
    while True:
        name, reply = _hear(caller, probe)
        if not name or not reply:
            return
        caller.send(reply)
        if probe.prefix == "ZK":
            return


def _refused(_probe: Probe, _chance: random.Random, _tally: Tally) -> Iterator[Peer]:
    yield Peer("127.0.0.1", scripted.free_port())


def _full_backlog(_probe: Probe, _chance: random.Random, _tally: Tally) -> Iterator[Peer]:
    with BlackHole() as hole:
        yield Peer("127.0.0.1", hole.port)


def _first_swallows(probe: Probe, chance: random.Random, tally: Tally) -> Iterator[Peer]:
    """The first of two addresses takes no connection and refuses none."""
    with ExitStack() as stack:
        peer = stack.enter_context(contextmanager(plays(right, name="both.test"))(probe, chance, tally))
        listener = stack.enter_context(socket.create_server(("::1", peer.port), family=socket.AF_INET6, backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket(socket.AF_INET6))
            filler.settimeout(0)
            filler.connect_ex(listener.getsockname())
        yield peer


def _named(name: str) -> Stage:
    """Return a stage without a peer: *name* is the name server's business."""

    def stage(_probe: Probe, _chance: random.Random, _tally: Tally) -> Iterator[Peer]:
        yield Peer(name, scripted.free_port())

    return stage


# --- what it does ------------------------------------------------------------------------------------


def byte_by_byte(caller: CountedCaller, reply: bytes, _chance: random.Random) -> None:
    """Answer slowly."""
    for index in range(len(reply)):
        caller.send(reply[index : index + 1])


def _in_two_pieces(caller: CountedCaller, reply: bytes, chance: random.Random) -> None:
    cut = chance.randint(1, len(reply) - 1)
    caller.send(reply[:cut])
    time.sleep(TIMEOUT / 4)
    caller.send(reply[cut:])


def _cut(caller: CountedCaller, reply: bytes, chance: random.Random) -> None:
    # No protocol without a length can tell a reply that ends where a line does; so the cut is inside a line, and
    # before the line that srvr is asked for.
    end = reply.find(b"Mode: ") if b"Mode: " in reply else len(reply)
    caller.send(reply[: chance.choice([cut for cut in range(1, end) if reply[cut - 1] != 10])])


def _cut_frame(caller: CountedCaller, reply: bytes, chance: random.Random) -> None:
    caller.send(reply[: chance.randint(1, len(reply) - 1)] if reply else b"")


def _half(reply: bytes) -> bytes:
    return reply[: len(reply) // 2]


def half_then_silence(caller: CountedCaller, reply: bytes, _chance: random.Random) -> None:
    """Stop in the middle."""
    caller.send(_half(reply))
    caller.stay_silent()


def _half_then_reset(caller: CountedCaller, reply: bytes, _chance: random.Random) -> None:
    caller.send(_half(reply))
    time.sleep(0.02)
    caller.reset()


def _whole_then_reset(caller: CountedCaller, reply: bytes, _chance: random.Random) -> None:
    caller.send(reply)
    # What has arrived can be read before the reset, which overtakes what has not.
    time.sleep(0.1)
    caller.reset()


def silence(caller: CountedCaller, _reply: bytes, _chance: random.Random) -> None:
    """Say nothing."""
    caller.stay_silent()


def _reset(caller: CountedCaller, _reply: bytes, _chance: random.Random) -> None:
    caller.reset()


def _hang_up(_caller: CountedCaller, _reply: bytes, _chance: random.Random) -> None:
    pass


def drip_for_ever(caller: CountedCaller, reply: bytes, _chance: random.Random) -> None:
    """One byte after another, of the right beginning, never an end."""
    for index in range(len(reply) - 1):
        caller.send(reply[index : index + 1])
        if caller.ended.wait(0.05):
            return
    while not caller.ended.wait(0.05):
        caller.send(b"x")


def _flood(piece: bytes, before: bytes = b"") -> Callable[[CountedCaller, bytes, random.Random], None]:
    def answer(caller: CountedCaller, _reply: bytes, _chance: random.Random) -> None:
        caller.send(before)
        while not caller.ended.is_set():
            caller.send(piece)

    return answer


def _right_then_endless(caller: CountedCaller, reply: bytes, chance: random.Random) -> None:
    caller.send(reply)
    _flood(b"x" * 4096)(caller, reply, chance)


def _garbage(caller: CountedCaller, _probe: Probe, chance: random.Random) -> None:
    caller.receive(4)
    # Not the first byte of TLS, nor of a Kafka frame of a size that is allowed.
    caller.send(bytes((chance.randint(0x20, 0xFF),)) + chance.randbytes(4095))


def _banner(caller: CountedCaller, _probe: Probe, _chance: random.Random) -> None:
    """As a server that speaks first, and then waits."""
    caller.send(_BANNER)
    caller.stay_silent()


def _hangs_up_unread(_caller: CountedCaller, _probe: Probe, _chance: random.Random) -> None:
    pass


def _resets(caller: CountedCaller, _probe: Probe, _chance: random.Random) -> None:
    caller.reset()


def _asks_first(data: bytes) -> Act:
    """Return what hears the request and sends *data*, whatever it was."""

    def act(caller: CountedCaller, probe: Probe, _chance: random.Random) -> None:
        _hear(caller, probe)
        caller.send(data)

    return act


def _of_zookeeper(version_role: str) -> Stage:
    def act(caller: CountedCaller, _probe: Probe, _chance: random.Random) -> None:
        word = caller.receive(4).decode("latin-1")
        caller.send((_RECORDED / f"{version_role}.{word}").read_bytes())

    return plays(act)


def _size(size: int) -> Callable[[bytes], bytes]:
    return lambda reply: size.to_bytes(4, "big", signed=True) + reply[4:]


def _claims_more(caller: CountedCaller, reply: bytes, _chance: random.Random) -> None:
    caller.send(_size(1 << 20)(reply))
    caller.stay_silent()


def _with_count(count: int) -> Stage:
    """Return a stage whose last reply says that its first array has *count* elements."""

    def act(caller: CountedCaller, probe: Probe, _chance: random.Random) -> None:
        while True:
            name, reply = _hear(caller, probe)
            if not reply:
                return
            if name == probe.word:
                at = probe.count_at
                reply = reply[:at] + count.to_bytes(4, "big", signed=True) + reply[at + 4 :]
            caller.send(reply)

    return plays(act)


def _framed(change: Callable[[bytes], bytes]) -> Stage:
    """Return a stage whose last reply is changed and has a size that fits."""
    return _sends(lambda reply: (len(payload := change(reply[4:]))).to_bytes(4, "big") + payload)


def _replies(replies: Mapping[str, bytes]) -> Stage:
    """Return a stage whose peer answers these requests, and hangs up on any other."""

    def act(caller: CountedCaller, _probe: Probe, _chance: random.Random) -> None:
        while request := read_request(caller):
            if request_name(request) not in replies:
                return
            caller.send(with_id(replies[request_name(request)], request))

    return plays(act)


def _row(name: str, statuses: tuple[int, int, int], stage: Stage, **more: object) -> Behaviour:
    return Behaviour(name=name, statuses=statuses, stage=stage, **more)  # type: ignore[arg-type]


def _anywhere(name: str, status: int, stage: Stage, **more: object) -> Behaviour:
    return _row(name, (status, status, status), stage, **more)


_COMMON = (
    _anywhere("right", 0, plays(right)),
    _anywhere("byte by byte", 0, _last(byte_by_byte)),
    _anywhere("in two pieces", 0, _last(_in_two_pieces)),
    _anywhere("IPv6 only", 0, plays(right, host="::1", name="v6.test")),
    _anywhere("first address refuses", 0, plays(right, name="both.test")),
    _anywhere("first address swallows", 0, _first_swallows),
    _anywhere("slow name server", 0, plays(right, name="slow.test")),
    _anywhere("refused", 69, _refused),
    _anywhere("full backlog", 69, _full_backlog),
    _anywhere("accepted and silent", 69, _plain(scripted.silent)),
    _anywhere("silent to the last request", 69, _last(silence)),
    _anywhere("half a word, then silence", 69, _last(half_then_silence)),
    _anywhere("half a word, then a reset", 69, _last(_half_then_reset)),
    _anywhere("drips for ever", 69, _last(drip_for_ever)),
    _anywhere("hangs up, unread", 69, plays(_hangs_up_unread)),
    _anywhere("resets at once", 69, plays(_resets)),
    _anywhere("NXDOMAIN", 69, _named("absent.test")),
    _anywhere("EAI_AGAIN", 69, _named("later.test")),
    _anywhere("a name without an address", 69, _named("empty.test")),
    _anywhere("silent name server", 69, _named("mute.test"), keeps_resolver=True),
    _anywhere("name server that talks garbage", 69, _named("garbage.test"), keeps_resolver=True),
    _anywhere("garbage", 76, plays(_garbage)),
    _anywhere("web server", 76, plays(_asks_first(_WEB_PAGE))),
    _anywhere("TLS", 76, _plain(scripted.speaks_tls)),
    _anywhere("TLS that hangs up on plain text", 76, _plain(scripted.closes_or_speaks_tls)),
    _anywhere("TLS alert", 76, plays(_asks_first(_TLS_RECORD))),
    _anywhere("endless", 76, plays(lambda caller, _, chance: _flood(b"\x7fX\n" * 1000)(caller, b"", chance))),
    _anywhere("escape sequences", 76, plays(_asks_first(_ESCAPES * 8))),
    _anywhere("NULs", 76, plays(_asks_first(bytes(2000)))),
)

_ZOOKEEPER = (
    # A hung-up ruok is what a full server does; the others are cut inside a line.
    _anywhere("cut, then FIN", 76, _last(_cut)),
    _anywhere("hangs up on the word", 69, _last(_hang_up)),
    _anywhere("resets on the word", 69, _last(_reset)),
    # ZooKeeper ends a reply by FIN: one that a reset ends may have lost its end.
    _anywhere("right, then a reset", 69, _last(_whole_then_reset)),
    _anywhere("right, then endless", 76, _last(_right_then_endless)),
    # Half a line behind the last newline is no line of srvr's.
    _row("extra bytes", (76, 0, 76), _sends(lambda reply: reply + b"X")),
    _row("an extra line", (76, 0, 76), _sends(lambda reply: reply + b"\nX\n")),
    _anywhere("not serving", 75, _sends(lambda _reply: _NO_QUORUM)),
    _row("no quorum, as recorded", (0, 75, 75), _of_zookeeper("3.9.5-no-quorum")),
    _row("read-only, as recorded", (0, 75, 0), _of_zookeeper("3.9.5-read-only"), is_usual=False),
    _row("not in the whitelist, as recorded", (76, 0, 76), _of_zookeeper("3.9.5-not-whitelisted"), is_usual=False),
    _anywhere("srvr without Mode", 76, _sends(lambda _reply: b"Zookeeper version: 3.9.5\nNode count: 5\n")),
    _anywhere("two Modes", 76, _sends(lambda _reply: b"Mode: leader\nMode: follower\n")),
    _anywhere("an unknown Mode", 76, _sends(lambda _reply: b"Mode: \x1b[32mleader\x1b[0m\n")),
    _anywhere("invalid UTF-8", 76, _sends(lambda _reply: b"Mode: \xff\xfe\xc3\n\x80 \xed\xa0\x80")),
    _anywhere("capitals", 76, _sends(lambda _reply: b"IMOK")),
    _anywhere("64 KiB and no end", 76, _last(_flood(b"zk_version\t3.9.5\n" * 240))),
    _anywhere("speaks first, then silence", 69, plays(_banner)),
    _anywhere("Kafka on the port", 69, _plain(broker("4.4.0", "in-sync"))),
)

_VERSIONS = recorded("4.4.0-broker.api-versions0")
_METADATA = recorded("4.4.0-in-sync.metadata4")
_CONTROLLER = recorded("4.4.0-controller.api-versions0")
_POD_1 = {"POD_NAME": "kafka-1"}

_MANY = 32 << 20
"""Bytes of the largest reply that any Kafka probe reads."""

_BROKER = b"\0\0\0\1" + b"\0\0\0\1" + b"\0\1h" + b"\0\0\x23\x84"
"""One broker, as every version begins its list."""

_OLD_TOPIC = b"\0\0" + b"\0\1t" + bytes(4)
_TOPIC = b"\0\0" + b"\0\1t" + b"\0" + bytes(4)
_PARTITION = b"\0\0" + bytes(4) + b"\0\0\0\1" + b"\0\0\0\1\0\0\0\1" * 2


def _metadata(head: bytes, element: bytes, room: int = _MANY - 200) -> bytes:
    """Return the frame of valid metadata, *head* and as many of *element* as take *room* bytes, with their count."""
    count = room // len(element)
    payload = b"\0\0\0\1" + head + count.to_bytes(4, "big") + element * count
    return len(payload).to_bytes(4, "big") + payload


_HEAD = bytes(4) + _BROKER + b"\xff\xff" + b"\xff\xff" + b"\0\0\0\1"
_MANY_TOPICS = _metadata(_HEAD, _TOPIC)
_MANY_PARTITIONS = _metadata(_HEAD + b"\0\0\0\1" + _TOPIC[:-4], _PARTITION)
_MANY_OLD_TOPICS = _metadata(_BROKER, _OLD_TOPIC)


def _in_metadata(old: bytes, new: bytes) -> Stage:
    return _replies({"api-versions0": _VERSIONS, "metadata4": _METADATA.replace(old, new)})


_KAFKA = (
    _anywhere("cut, then FIN", 69, _last(_cut_frame)),
    _anywhere("cut behind the size, then FIN", 69, _sends(lambda reply: reply[:4])),
    # After ApiVersions, which an unauthenticated client may ask, a listener with SASL hangs up.
    _row("hangs up on the last request", (69, 76, 76), _last(_hang_up)),
    _row("resets on the last request", (69, 76, 76), _last(_reset)),
    _anywhere("right, then endless", 0, _last(_right_then_endless)),
    _anywhere("right, then a reset", 0, _last(_whole_then_reset)),
    _anywhere("size 2^31-1", 76, _sends(_size(2**31 - 1))),
    _anywhere("size -1", 76, _sends(_size(-1))),
    _anywhere("size 0", 76, _sends(_size(0))),
    _anywhere("size over every limit", 76, _sends(_size((32 << 20) + 1))),
    _anywhere("size of 1 MiB, then silence", 69, _last(_claims_more)),
    _anywhere("a frame of 1 MiB of zeros", 76, _last(_flood(bytes(4096), (1 << 20).to_bytes(4, "big"))), timeout=5.0),
    _anywhere(
        "a frame of 32 MiB of zeros", 76, _last(_flood(bytes(65536), (32 << 20).to_bytes(4, "big"))), timeout=9.0
    ),
    _anywhere("a byte too many in the frame", 76, _framed(lambda payload: payload + b"\0")),
    _anywhere("a byte too few in the frame", 76, _framed(lambda payload: payload[:-1])),
    _anywhere("another correlation id", 76, _framed(lambda payload: b"\x7f" + payload[1:])),
    _anywhere("an array of 2^31-1", 76, _with_count(2**31 - 1)),
    _anywhere("an array of -2", 76, _with_count(-2)),
    _anywhere("an array one too long", 76, _framed(lambda payload: payload[:-7])),
    _anywhere("ApiVersions refused", 76, _replies({"api-versions0": _VERSIONS[:8] + b"\0\x23" + _VERSIONS[10:]})),
    _row("strings that are no UTF-8", (0, 76, 76), _in_metadata(b"127.0.0.1", b"\xff" * 9)),
    _row("a string of -7", (0, 76, 76), _in_metadata(b"\0\t127", b"\xff\xf9127")),
    _row("listener with SASL", (0, 76, 76), _replies({"api-versions0": _VERSIONS})),
    _row(
        "not registered",
        (0, 75, 75),
        _replies({"api-versions0": _VERSIONS, "metadata4": recorded("4.4.0-2-gone.metadata4")}),
        environ=_POD_1,
    ),
    _row(
        "behind, in a topic of escape sequences",
        (0, 0, 75),
        _replies(
            {
                "api-versions0": _VERSIONS,
                "metadata4": recorded("4.4.0-2-behind.metadata4").replace(b"orders", b"\x1b[2J\x07\n"),
            }
        ),
        environ=_POD_1,
        is_usual=False,
    ),
    _row(
        "controller without a leader",
        (0, 75, 75),
        _replies({"api-versions0": _CONTROLLER, "fetch17": recorded("4.4.0-no-leader.fetch17")}),
    ),
    _row("older than 0.10", (0, 0, 2), _replies({"metadata0": recorded("0.8.2.1-in-sync.metadata0")})),
    # All of it has arrived before the time is up, and to read it through takes longer.
    _row(
        "32 MiB of topics, valid",
        (0, 76, 69),
        _replies({"api-versions0": _VERSIONS, "metadata4": _MANY_TOPICS}),
    ),
    _row(
        "32 MiB of partitions, valid",
        (0, 76, 69),
        _replies({"api-versions0": _VERSIONS, "metadata4": _MANY_PARTITIONS}),
    ),
    _row(
        "older than 0.10, with 32 MiB of topics",
        (0, 0, 2),
        _replies({"metadata0": _MANY_OLD_TOPICS}),
        timeout=5.0,
        is_usual=False,
    ),
    _anywhere("ZooKeeper on the port", 76, plays(_asks_first(b"imok"))),
    _anywhere("speaks first, then silence", 76, plays(_banner)),
)

BEHAVIOURS: Mapping[str, tuple[Behaviour, ...]] = {"ZK": (*_COMMON, *_ZOOKEEPER), "KF": (*_COMMON, *_KAFKA)}
"""All of them, by the prefix of the probes that meet them."""


def _zookeeper(name: str, word: str, function: str, output: bytes, *, limit: int, growth: int = 5 * KIB) -> Probe:
    reply = (_RECORDED / f"3.4.14-leader.{word}").read_bytes()
    return Probe(
        name=name,
        command=(name,),
        function=function,
        prefix="ZK",
        replies={word: reply},
        output=output,
        limit=limit,
        growth=growth,
    )


def _kafka(name: str, *options: str, function: str, output: bytes, limit: int, growth: int = 5 * KIB) -> Probe:
    is_ok = function.endswith(":ok")
    return Probe(
        name=" ".join((name, *options)),
        command=(name, *options),
        function=function,
        prefix="KF",
        replies={"api-versions0": _VERSIONS} | ({} if is_ok else {"metadata4": _METADATA}),
        output=output,
        limit=limit,
        growth=growth,
        count_at=10 if is_ok else 12,
        environ={"POD_NAME": "kafka-0", "KF_HOME": "/nonexistent"},
    )


_METRICS = (_RECORDED / "3.4.14-leader.mntr").read_bytes()

PROBES = (
    _zookeeper("zkOk", "ruok", "zkboot.probe:ok", b"", limit=64 * KIB),
    _zookeeper("zkReady", "srvr", "zkboot.probe:ready", b"leader\n", limit=64 * KIB),
    # mntr grows with the znodes below the root: zkboot.client.MNTR_LIMIT.
    _zookeeper("zkMetrics", "mntr", "zkboot.probe:metrics", _METRICS, limit=8 * 1024 * KIB, growth=20 * KIB),
    _kafka("kafkaOk", function="kafkaboot.probes.commands:ok", output=b"", limit=1024 * KIB),
    _kafka("kafkaReady", function="kafkaboot.probes.commands:ready", output=b"broker 1 of 2\n", limit=1024 * KIB),
    # Every partition of the cluster may be in the reply: kafkaboot.probes.client.TOPICS_LIMIT.
    _kafka(
        "kafkaReady",
        "--in-sync",
        function="kafkaboot.probes.commands:ready",
        output=b"broker 1 of 2, in sync in 3 partitions\n",
        limit=32 * 1024 * KIB,
        growth=100 * KIB,
    ),
)
"""Three of each tool, in the order of the statuses in a row."""


def column(probe: Probe) -> int:
    """Return which of a row's statuses is that of *probe*."""
    return PROBES.index(probe) % 3
