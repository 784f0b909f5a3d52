"""Which list a server starts with, and whether it may: what the environment says, its volume and its peers, compared.

The danger: two lists of which the majorities share no server. Each of them can elect a leader and acknowledge writes,
and when all servers meet again, one half of these writes is gone. So a **static** ensemble keeps its servers while any
of them runs: a start with another list than this volume last ran, or a serving peer runs, is refused. A **dynamic**
ensemble (``reconfigEnabled``) agrees on its list as on any write: the newest one counts, and a server that is not in
it starts as an observer, without a vote.

An empty volume is a new server's, or one whose data was lost; the volume cannot tell. A server that lost its data must
not vote before it has copied it, for it may be the only one that had a write. Where a peer serves, there is a
quorum without this server, so it can copy first (``db.autocreate=false``, 3.6 and newer).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from zkboot.lists import LIST_NAME, Members, client_host
from zkboot.member import Member
from zkboot.members.peer import LEADER, LOOKING, STANDALONE, UNPROVEN, Peer
from zkboot.members.steps import can_stop_and_change
from zkboot.pod.errors import StateError
from zkboot.settings import LOOPBACK, Settings
from zkboot.variables import ALLOW_NEW_LIST, ALLOW_STANDALONE_DATA, FIRST, JOIN, QUORUM_ENTRY, RECONFIG, REPLICAS
from zkboot.volumes.contents import Contents
from zkboot.volumes.mark import NAME, Mark

_WAY_ON = (
    "A static ensemble keeps its servers while any of them runs, or acknowledged writes are lost. To change them: first"
    f" {RECONFIG.name}=true at the old size, by one rolling update, then `zkboot resize` (3.5.3 and newer); or stop all"
    f' servers, and start them with {ALLOW_NEW_LIST.name}=true (docker/README.md, "Scale")'
)


MISSING_OF_SHORTER = 2
"""Servers of the list that do not serve, this one among them: one may have lost its volume, two are a longer list."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How an empty volume enters the ensemble."""

    kind: str
    """FIRST: it votes at once; JOIN: it has no vote before it has copied the data."""
    reason: str
    """Why."""
    is_warned: bool = False
    """Whether somebody should read that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How a server starts."""

    entry: Entry | None = None
    """What an empty volume is; None for any other."""
    list_path: str | None = None
    """The file of a dynamic list; None for a static one, which stands in zoo.cfg."""
    members: Members | None = None
    """What is to be written there; None where the server itself wrote the file."""
    advice: tuple[str, ...] = ()
    """What does not stop the start but should be read."""


def choose(settings: Settings, member: Member, contents: Contents, peers: Mapping[int, Peer]) -> Choice:
    """Return how the server starts; *peers* are those of the other servers that run, by id.

    Raises StateError with every reason against it.
    """
    expected = founders_of(settings, member)
    others = _believed({one: peer for one, peer in peers.items() if one != member.server_id}, expected, contents)
    # The list of a dynamic ensemble counts, whatever else was said.
    is_known = settings.reconfig and bool(contents.lists or _newest(others))
    problems = [
        *(() if is_known else _volume_problems(settings, expected, contents)),
        *_peer_problems(settings, expected, others, is_known=is_known),
        *_problems_of_joining(settings, expected, contents, others),
    ]
    if problems:
        raise StateError(*problems)
    entry = _entry(settings, member, contents, others)
    advice = [entry.reason] if entry is not None and entry.is_warned else []
    if not settings.reconfig:
        return Choice(entry=entry, advice=(*_advice_on_new_list(settings), *advice))
    path, members, advice_on_list = _dynamic_list(settings, member, contents, others)
    return Choice(entry=entry, list_path=path, members=members, advice=(*advice, *advice_on_list))


def _believed(peers: Mapping[int, Peer], expected: Members, contents: Contents) -> Mapping[int, Peer]:
    """Return *peers*, less the list of a leader that may be an old one.

    A follower of a static ensemble shows its own list. A leader shows the one in its snapshot, which after a full stop
    with another list is the one before (seen on 3.5.10, 3.7.2 and 3.9.5). So it counts only where no follower tells,
    and this volume does not know better.
    """
    is_said = any(peer.members is not None and peer.mode != LEADER for peer in peers.values())
    mark = contents.data_mark or contents.log_mark
    knows_better = mark is not None and not contents.is_empty and mark.members.roles == expected.roles
    if not is_said and not knows_better:
        return peers
    return {
        one: replace(peer, members=None) if peer.mode == LEADER and peer.members is not None else peer
        for one, peer in peers.items()
    }


def first_choice(settings: Settings, member: Member) -> Choice:
    """Return how a server starts where nothing but its environment is known."""
    if not settings.reconfig:
        return Choice()
    members = Members.of(member.ensemble.servers, settings.client_place)
    return Choice(list_path=f"{settings.conf_dir}/{LIST_NAME}", members=members)


def founders_of(settings: Settings, member: Member) -> Members:
    """Return the ensemble as the environment lists it.

    In a dynamic one these are its founders: a server that joins later is left out.
    """
    servers = member.ensemble.servers
    if settings.reconfig:
        servers = member.ensemble.participants
    return Members.of(servers)


def _volume_problems(settings: Settings, expected: Members, contents: Contents) -> Iterable[str]:
    """Yield a problem where this volume's server last ran another list than *expected*."""
    mark = contents.data_mark or contents.log_mark
    if mark is None or contents.is_empty:
        return
    place = f"{settings.data_dir}/{NAME}"
    if mark.dynamic and settings.reconfig and not contents.has_first_list:
        yield (
            f"{place} is that of a dynamic ensemble's server, but {settings.conf_dir} has no {LIST_NAME}, its list of"
            " members: ZK_CONF_DIR changed, or was not kept; set it as it was, or restore these files"
        )
        return
    if mark.dynamic and not settings.reconfig:
        yield from _problems_of_going_back(settings, expected, contents, mark)
        return
    before = mark.members
    if before.roles == expected.roles:
        return
    subject = f"{place} says that this server last ran with the servers {before}, but now they are {expected}"
    if len(before.rows) == 1 or len(expected.rows) == 1:
        if not settings.allow_standalone_data:
            yield (
                f"{subject}: the one that is alone knows nothing of what the others write, nor they of its writes. Undo"
                f" the change; to get from one server to several, first {RECONFIG.name}=true with {REPLICAS.name}=1,"
                f" then `zkboot resize`; {ALLOW_STANDALONE_DATA.name}=true starts all the same, once a backup exists"
            )
    elif not settings.allow_new_list:
        yield f"{subject}. {_WAY_ON}"
    elif not can_stop_and_change(before.voters, expected.voters):
        yield (
            f"{subject}: only {len(before.voters & expected.voters)} servers are in both lists, no majority of the"
            f" longer one, so {ALLOW_NEW_LIST.name} could not save their data. Go by a size in between"
        )


def _problems_of_going_back(settings: Settings, expected: Members, contents: Contents, mark: Mark) -> Iterable[str]:
    """Yield why the volume of a dynamic ensemble's server must not start with the static list *expected*."""
    before = next(iter(contents.lists.values()), mark.members)
    subject = (
        f"{settings.data_dir}/{NAME} is that of a dynamic ensemble's server, whose list has the servers {before}, and"
        f" the new, static list has {expected}"
    )
    if not settings.allow_new_list:
        yield (
            f"{subject}. It must not go back while others run: set {RECONFIG.name}=true again; or `zkboot resize` to"
            f" the servers of the static list, stop all, and start them with {ALLOW_NEW_LIST.name}=true"
        )
    elif not can_stop_and_change(before.voters, expected.voters):
        yield f"{subject}: too far for {ALLOW_NEW_LIST.name}; set {RECONFIG.name}=true again, and `zkboot resize` first"


def _peer_problems(
    settings: Settings, expected: Members, peers: Mapping[int, Peer], *, is_known: bool
) -> Iterable[str]:
    """Yield a problem where a serving server runs another list than *expected*; one line for all with the same list."""
    sources_of: dict[str, list[str]] = {}
    for peer in peers.values():
        reason = _peer_problem(settings, expected, peer, is_known=is_known)
        if reason is not None:
            sources_of.setdefault(reason, []).append(peer.source)
    for reason, sources in sources_of.items():
        yield f"{', '.join(sources)} {reason}"


def _problems_of_joining(
    settings: Settings, expected: Members, contents: Contents, peers: Mapping[int, Peer]
) -> Iterable[str]:
    """Yield a problem where an empty server would join a 3.4 ensemble that may run a shorter list.

    Nobody can see that list, but an ensemble that lacks two servers of this one's list, the other of them perhaps new,
    too, is more often a shorter one. Its leader would count this server, which its own list does not have.
    """
    old = [one for one, peer in peers.items() if peer.has_old_data and peer.mode != STANDALONE]
    missing = sorted(expected.rows.keys() - peers.keys())
    if not contents.is_empty or not old or len(missing) < MISSING_OF_SHORTER or settings.allow_new_list:
        return
    yield (
        f"the volume is empty, the servers {', '.join(map(str, old))} of the list {expected} serve with ZooKeeper 3.4,"
        f" which shows its list to nobody, and {', '.join(map(str, missing))} do not: they may run a shorter list, and"
        f" writes would be lost. {_WAY_ON}. Where the list did not change and several volumes were lost,"
        f" {ALLOW_NEW_LIST.name}=true starts this server, too"
    )


def _peer_problem(settings: Settings, expected: Members, peer: Peer, *, is_known: bool) -> str | None:
    if peer.mode == STANDALONE:
        return (
            f"serves as a standalone server, but here the servers are {expected}: they would be an ensemble without its"
            f" data. Undo the change; to get from one server to several, first {RECONFIG.name}=true with"
            f" {REPLICAS.name}=1 there, then `zkboot resize`"
        )
    if peer.members is None or (settings.reconfig and (peer.members.version or is_known)):
        return None
    if peer.members.version:
        return (
            f"runs a dynamic ensemble of the servers {peer.members}, and this server would have a list of its own:"
            f" set {RECONFIG.name}=true here, too"
        )
    if peer.members.roles == expected.roles:
        return None
    return f"runs with the servers {peer.members}, but here they are {expected}. {_WAY_ON}"


def _advice_on_new_list(settings: Settings) -> Iterable[str]:
    if settings.allow_new_list:
        yield f"{ALLOW_NEW_LIST.name}=true is for one start after all servers were stopped: unset it now"


def _entry(settings: Settings, member: Member, contents: Contents, peers: Mapping[int, Peer]) -> Entry | None:
    """Return what an empty volume is; None for one that is not empty, and where nobody votes with it.

    Raises StateError where it would vote, but a peer runs that could not be asked: it may have data.
    """
    if not contents.is_empty or member.spec.observer or (member.is_alone and not settings.reconfig):
        return None
    stated = settings.quorum_entry
    if any(peer.mode not in {STANDALONE, LOOKING, UNPROVEN} for peer in peers.values()):
        return Entry(
            JOIN, "the volume is empty and other servers serve: no vote before their data is copied, with 3.6 and newer"
        )
    if stated == JOIN:
        return Entry(
            JOIN,
            "the volume is empty and no other server serves: it waits for them, and for ever where the ensemble is new,"
            f" which needs {QUORUM_ENTRY.name}={FIRST}",
            is_warned=True,
        )
    if settings.allow_new_list and stated is None:
        return Entry(
            JOIN,
            f"{ALLOW_NEW_LIST.name}=true and the volume is empty: it waits until those that have data serve, with 3.6"
            " and newer",
            is_warned=True,
        )
    unproven = [peer for peer in peers.values() if peer.mode == UNPROVEN]
    if unproven:
        raise StateError(*(_why_not_first(peer) for peer in unproven))
    return Entry(
        FIRST,
        "the volume is empty and no other server serves: this server begins a new ensemble with the others; once that"
        f" serves, set {JOIN}, so that a lost volume never votes",
    )


def _why_not_first(peer: Peer) -> str:
    return (
        f"the volume is empty, and a server runs at {peer.source} that could not be asked: {peer.reason}; it may have"
        f" data, so this one must not vote. Mend the certificate or the login of one of them; or set"
        f" {QUORUM_ENTRY.name}={JOIN}, with which this server waits, without a vote, until it has copied the data"
    )


def _dynamic_list(
    settings: Settings, member: Member, contents: Contents, peers: Mapping[int, Peer]
) -> tuple[str, Members | None, tuple[str, ...]]:
    """Return the file of the list to start from, what is to be written there, and warnings about it."""
    path = f"{settings.conf_dir}/{LIST_NAME}"
    stored = next(iter(contents.lists.items()), None)
    heard = _newest(peers)
    if stored is not None and (heard is None or heard.version <= stored[1].version):
        known: Members | None = stored[1]
        stored_path: str | None = stored[0]
    else:
        known, stored_path = heard, None
    if known is None:
        return path, Members.of(member.ensemble.servers, settings.client_place), ()
    own_row = Members.of([member.spec], settings.client_place).rows[member.server_id]
    found = known.rows.get(member.server_id)
    if found is None:
        line = (
            f"the ensemble's list has the servers {known}: this one, {member.server_id}, starts as an observer, without"
            " a vote; `zkboot resize` gives it one"
        )
        return path, known.with_observer(member.spec, settings.client_place), (line,)
    if _places(found)[1] != str(settings.client_port):
        raise StateError(
            f"the ensemble's list has this server at {found}, but ZK_CLIENT_PORT={settings.client_port}: the list"
            " counts, and no probe would find the server; undo the change"
        )
    advice: tuple[str, ...] = () if _places(found) == _places(own_row) else (_advice_on_places(found, own_row),)
    if settings.is_plain_port_own and client_host(found) != LOOPBACK:
        line = (
            f"the ensemble's list has this server at {found}: it takes clients in plain text on every address, which"
            " ZK_TLS_CLIENTS cannot change; close that port by a network policy"
        )
        advice = (*advice, line)
    if stored_path is not None:
        return stored_path, None, advice
    # Of no version, so that what the ensemble has agreed on wins in any case.
    return path, Members(rows=known.rows, others=known.others), advice


def _newest(peers: Mapping[int, Peer]) -> Members | None:
    """Return the newest list that *peers* of a dynamic ensemble run, None where there is none."""
    lists = [peer.members for peer in peers.values() if peer.members is not None and peer.members.version]
    return max(lists, key=lambda members: members.version, default=None)


def _places(row: str) -> tuple[str, ...]:
    """Return names and ports in *row*, without the role and the address that clients' connections are taken on."""
    servers, _, client = row.partition(";")
    plain = servers.lower().removesuffix(":participant").removesuffix(":observer")
    return plain, client.rpartition(":")[2]


def _advice_on_places(found: str, own_row: str) -> str:
    return (
        f"the ensemble's list has this server at {found}, the environment at {own_row.replace(':observer', '')}: the"
        " list counts, so undo the change"
    )
