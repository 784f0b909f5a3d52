"""ZooKeeper's four-letter words: what a reply means. Bytes in, answers or errors out; no socket, no clock.

A server looks at the first four bytes of a connection, sends its reply and closes. No reply states its own length. A
word that the server does not know, or a connection over ``maxClientCnxns``, is closed without a byte. Sources:
ZooKeeper's ``server/command/*.java``, the same from 3.4 to 3.9 (Administrator's Guide, "The Four Letter Words"), and
replies recorded from real servers.

*source* in the functions below is what a message calls the server, its address for one.
"""

from zkboot.pod.errors import NotServingError, Problem, ProtocolError, UnreachableError, excerpt

RUOK = b"ruok"
"""Are you there? Answered by every server that runs, with a quorum or without."""

SRVR = b"srvr"
"""What the server is doing; the one word that no whitelist takes away."""

MNTR = b"mntr"
"""Every metric of the server, one a line."""

IMOK = b"imok"

READ_ONLY = "read-only"
"""The mode of a server that lost its quorum and still answers reads (``readonlymode.enabled``)."""

MODES = ("leader", "follower", "observer", "standalone", READ_ONLY)
"""What ``srvr`` may state as Mode."""

WHITELIST = "srvr, ruok, mntr"
"""The words that the probes need."""

_NOT_SERVING = b"This ZooKeeper instance is not currently serving requests"
_NOT_ALLOWED = b" is not executed because it is not in the whitelist."


def parse_ruok(reply: bytes, source: str = "the server") -> None:
    """Return where *reply* is exactly ``imok``.

    Raises ProtocolError for any other, NotServingError where the server refuses, UnreachableError for an empty one.
    """
    if reply == IMOK:
        return
    _refuse_excuses(RUOK, reply, source)
    raise ProtocolError(f"{source} answered ruok with {excerpt(reply)}, not 'imok'")


def parse_srvr(reply: bytes, source: str = "the server") -> str:
    """Return the mode that *reply* states, one of MODES.

    Raises ProtocolError where it states none, NotServingError where the server has no quorum, UnreachableError for an
    empty reply.
    """
    _refuse_excuses(SRVR, reply, source)
    # What follows the last newline is half a line: a server that dies while it writes must not be taken for a leader.
    modes = [line[6:] for line in reply.split(b"\n")[:-1] if line.startswith(b"Mode: ")]
    if len(modes) != 1:
        reason = f"answered srvr without a line of its Mode: {excerpt(reply)}"
        raise ProtocolError(Problem(source, f"{source} {reason}", reason))
    for mode in MODES:
        if modes[0] == mode.encode():
            return mode
    reason = f"answered srvr with a Mode that is none of {', '.join(MODES)}: {excerpt(modes[0])}"
    raise ProtocolError(Problem(source, f"{source} {reason}", reason))


def parse_mntr(reply: bytes, source: str = "the server") -> list[tuple[str, str]]:
    """Return the key and the value of each row of *reply*, both as sent, in the order sent.

    A key may carry labels, ``zk_x{quantile="0.5"}``, where the server has the Prometheus metrics provider. Bytes that
    are no UTF-8 are escaped. Raises ProtocolError where a line is no row, NotServingError where the server has no
    quorum, UnreachableError for an empty reply.
    """
    _refuse_excuses(MNTR, reply, source)
    lines = reply.split(b"\n")
    rest = lines.pop()
    if rest:
        raise ProtocolError(f"{source} answered mntr with a last line that is cut off: {excerpt(rest)}")
    rows = []
    for line in lines:
        key, tab, value = line.decode("utf-8", "backslashreplace").partition("\t")
        if not tab or not key:
            raise ProtocolError(
                f"{source} answered mntr with a line that is no row of key, tab and value: {excerpt(line)}"
            )
        rows.append((key, value))
    return rows


def _refuse_excuses(word: bytes, reply: bytes, source: str) -> None:
    """Raise what *reply* means where it is the same excuse that any *word* may get."""
    name = word.decode()
    if not reply:
        reason = "it is stopping, or its maxClientCnxns is reached"
        subject = f"{source} closed the connection without an answer to {name}: {reason}"
        raise UnreachableError(Problem(source, subject, reason))
    if reply.removesuffix(b"\n") == _NOT_SERVING:
        reason = "it has no quorum, or is still starting"
        raise NotServingError(Problem(source, f"{source} is not serving requests: {reason}", reason))
    if reply.removesuffix(b"\n") == word + _NOT_ALLOWED:
        reason = (
            f"refuses {name}, which its 4lw.commands.whitelist leaves out:"
            f" set ZK_CFG_4lw_commands_whitelist='{WHITELIST}' and restart it"
        )
        raise ProtocolError(Problem(source, f"{source} {reason}", reason))
