"""Replies as real brokers and controllers sent them, and a script that answers with them."""

from collections.abc import Mapping
from pathlib import Path

from tests.unit.scripted_server import Caller, Script

DATA = Path(__file__).parents[3] / "data" / "kafka" / "replies"
"""Files ``<version>-<who or case>.<request><version>``: whole frames, correlation id 1."""

REQUESTS = {
    1: "fetch",
    3: "metadata",
    18: "api-versions",
    32: "min-isr",
    35: "log-dirs",
    55: "describe-quorum",
}


def frame(payload: bytes) -> bytes:
    """Return *payload* with its size in front."""
    return len(payload).to_bytes(4, "big", signed=True) + payload


VOTERS = frame(
    bytes.fromhex(
        "00000001 00 0000 02 135f5f636c75737465725f6d65746164617461 02 00000000 0000 00000003 00000002"
        " 0000000000000011 04 00000001 0000000000000011 00 00000002 0000000000000011 00 00000003 0000000000000011 00"
        " 01 00 00 00"
    )
)
"""The leader's answer to DescribeQuorum 0, of 3.9.2; 4.4.0 answers alike: the voters 1, 2, 3, no observer."""

NO_VOTERS = frame(
    bytes.fromhex(
        "00000001 00 0000 02 135f5f636c75737465725f6d65746164617461 02 00000000 0006 00000000 00000000"
        " 0000000000000000 01 01 00 00 00"
    )
)
"""That of a voter that does not lead."""


def recorded(name: str) -> bytes:
    """Return the frame in the file *name*."""
    return (DATA / name).read_bytes()


def payload_of(name: str) -> bytes:
    """Return the frame in the file *name* without its size."""
    return recorded(name)[4:]


CONTROLLER_4 = recorded("4.4.0-controller.api-versions0")
"""What a controller of 4.4.0 offers."""


REQUEST_LIMIT = 100 << 20
"""``socket.request.max.bytes``: a broker hangs up on what claims to be longer, a TLS hello for one."""


def read_request(caller: Caller) -> bytes:
    """Return the payload of the next request, empty where the caller hangs up or claims too much."""
    size = int.from_bytes(caller.receive(4), "big")
    return caller.receive(size) if size <= REQUEST_LIMIT else b""


def request_name(request: bytes) -> str:
    """Return key and version of *request* as they stand in a file's name."""
    return f"{REQUESTS[int.from_bytes(request[:2], 'big')]}{int.from_bytes(request[2:4], 'big')}"


def with_id(reply: bytes, request: bytes) -> bytes:
    """Return the frame *reply* with the correlation id of *request*."""
    return reply[:4] + request[4:8] + reply[8:]


def answers_with(replies: Mapping[str, bytes], heard: "list[str] | None" = None) -> Script:
    """Return a script that answers each request with the reply of its name, and hangs up on any other.

    The names of the requests are added to *heard*.
    """

    def script(caller: Caller) -> None:
        while request := read_request(caller):
            name = request_name(request)
            if heard is not None:
                heard.append(name)
            if name not in replies:
                return
            caller.send(with_id(replies[name], request))

    return script


def silent_on(silent: str, replies: Mapping[str, bytes]) -> Script:
    """Return the script of *replies*, whose server never answers the request that is called *silent*."""

    def script(caller: Caller) -> None:
        while request := read_request(caller):
            name = request_name(request)
            if name == silent:
                caller.stay_silent()
                return
            if name not in replies:
                return
            caller.send(with_id(replies[name], request))

    return script


def broker(version: str, case: str, metadata: str = "metadata4") -> Script:
    """Return a script that answers as the recorded broker of *version* did in *case*."""
    return answers_with(
        {
            "api-versions0": recorded(f"{version}-broker.api-versions0"),
            metadata: recorded(f"{version}-{case}.{metadata}"),
        }
    )


def moved(reply: bytes, port: int) -> bytes:
    """Return the recorded answer of a controller with the leader at *port*."""
    assert reply.count((19101).to_bytes(4, "big")) == 1
    return reply.replace((19101).to_bytes(4, "big"), port.to_bytes(4, "big"))


def follower(port: int) -> Script:
    """Return the script of a follower whose leader, 101, listens on *port*."""
    return answers_with(follower_replies(port))


def follower_replies(port: int) -> dict[str, bytes]:
    """Return the replies of a follower whose leader, 101, listens on *port*."""
    return {"api-versions0": CONTROLLER_4, "fetch17": moved(recorded("4.4.0-follower.fetch17"), port)}
