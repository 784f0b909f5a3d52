"""What another server says of itself."""

from dataclasses import dataclass

from zkboot.lists import Members

STANDALONE, LEADER = "standalone", "leader"

LOOKING = "looking"
"""Said of a server that runs and has no quorum, as ZooKeeper calls it."""

SILENT = "silent"
"""Said of an address where nothing answers: it has no server, or lets nobody in yet."""

UNPROVEN = "unproven"
"""Said of an address where somebody runs, but by no TLS or login that both sides accept: nobody knows what it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A server that runs, or an address where one may."""

    source: str
    """Its address, for messages."""
    mode: str
    """leader, follower, observer or standalone where it serves, else LOOKING, SILENT or UNPROVEN."""
    members: Members | None
    """The list that it runs; None where it keeps none: 3.4, and a standalone server."""
    has_old_data: bool = False
    """Whether it is a 3.4, whose list nobody can see, and has more than what every ensemble begins with."""
    reason: str = ""
    """Why it is UNPROVEN."""
