"""Verdicts on a server's replies: whether it is alive, whether it is serving.

Alive and serving are different questions. A server without a quorum is alive: to kill it would only delay the quorum
(Altinity/clickhouse-operator #1245 counts 599 such restarts). It is not serving: no client should be sent to it.
"""

from zkboot.pod.errors import NotServingError, Problem
from zkboot.words import READ_ONLY, parse_ruok, parse_srvr


def alive(reply: bytes, source: str = "the server") -> None:
    """Check that *reply* to ``ruok`` is a live server's; raises the BootError that says why it is not."""
    parse_ruok(reply, source)


def serving(reply: bytes, source: str = "the server") -> str:
    """Return the mode that *reply* to ``srvr`` states: leader, follower, observer or standalone.

    Raises the BootError that says why the server serves no client: NotServingError for one that only reads, too.
    """
    mode = parse_srvr(reply, source)
    if mode == READ_ONLY:
        reason = "it is read-only, without a quorum"
        raise NotServingError(Problem(source, f"{source} is not serving requests: {reason}", reason))
    return mode
