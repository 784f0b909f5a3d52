"""Whether the peers should be asked again before a server with an empty volume begins a new ensemble."""

from collections.abc import Mapping

from zkboot.member import Member
from zkboot.members.peer import LOOKING, SILENT, UNPROVEN, Peer
from zkboot.settings import Settings
from zkboot.variables import JOIN
from zkboot.volumes.contents import Contents


def is_unheard(settings: Settings, contents: Contents, peers: Mapping[int, Peer]) -> bool:
    """Return whether *peers* should be asked again before an empty volume is taken for a new ensemble's.

    Others have an address, and none of them says anything: they have not started, or this pod is not let in yet, or
    their TLS is not accepted.
    """
    is_open = contents.is_empty and settings.quorum_entry != JOIN
    return is_open and bool(peers) and all(peer.mode in {SILENT, UNPROVEN} for peer in peers.values())


def is_undecided(settings: Settings, member: Member, contents: Contents, peers: Mapping[int, Peer]) -> bool:
    """Return whether *peers* should be asked again before a new ensemble is begun.

    A pod that is no founder runs and has no quorum, and nobody serves. So the ensemble has grown before, and elects a
    leader at this moment; or it is new, and begins with more pods than founders.
    """
    peers = {one: peer for one, peer in peers.items() if peer.mode != SILENT}
    is_open = settings.reconfig and contents.is_empty and not member.spec.observer and settings.quorum_entry != JOIN
    later = {server.server_id for server in member.neighbours}
    return (
        is_open
        and all(peer.mode == LOOKING for peer in peers.values())
        and any(server_id in later for server_id in peers)
    )
