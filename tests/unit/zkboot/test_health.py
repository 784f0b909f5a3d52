"""Verdicts: alive is not serving."""

from pathlib import Path

import pytest

from zkboot.health import alive, serving
from zkboot.pod.errors import BootError, NotServingError, ProtocolError, UnreachableError

DATA = Path(__file__).parents[2] / "data" / "zookeeper"

NOT_SERVING = b"This ZooKeeper instance is not currently serving requests\n"


@pytest.mark.parametrize("role", ["leader", "follower", "observer", "standalone", "read-only", "no-quorum"])
def test_a_server_that_answers_is_alive(role: str) -> None:
    """Whatever its role: to kill it would only delay the quorum."""
    alive((DATA / f"3.9.5-{role}.ruok").read_bytes())


@pytest.mark.parametrize("version", ["3.4.14", "3.9.5"])
@pytest.mark.parametrize("role", ["leader", "follower", "observer", "standalone"])
def test_a_server_with_a_quorum_serves(version: str, role: str) -> None:
    """And the verdict says as what."""
    assert serving((DATA / f"{version}-{role}.srvr").read_bytes()) == role


def test_a_read_only_server_serves_no_client() -> None:
    """A client that does not ask for read-only mode would be refused."""
    with pytest.raises(NotServingError) as raised:
        serving((DATA / "3.9.5-read-only.srvr").read_bytes(), "zk-0:2181")

    assert str(raised.value) == "zk-0:2181 is not serving requests: it is read-only, without a quorum"


@pytest.mark.parametrize(
    ("reply", "error"),
    [(b"", UnreachableError), (b"no", ProtocolError), (NOT_SERVING, NotServingError)],
    ids=["empty", "garbage", "not-serving"],
)
def test_every_other_reply_has_its_own_error(reply: bytes, error: type[BootError]) -> None:
    """The same for both questions, the server's name in front."""
    for verdict in (alive, serving):
        with pytest.raises(error, match=r"^zk-0:2181 "):
            verdict(reply, "zk-0:2181")
