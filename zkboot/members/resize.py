"""``zkboot resize`` and ``zkboot members``: makes the ensemble the StatefulSet's first N servers, or shows what it is.

Every change is ZooKeeper's own reconfiguration, agreed on as any write is, so if this command is killed, the list
is the old one or the new one. Each change names the list that it changes: of two resizes at once, one stops.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zkboot.endpoint import Endpoint
from zkboot.ensemble import ServerSpec
from zkboot.lists import Members, client_address, dynamic_row
from zkboot.members.admin import Admin, ChangedError, TransientError
from zkboot.members.asking import ask_all, ask_server
from zkboot.members.doors import Doors
from zkboot.members.peer import LEADER, Peer
from zkboot.members.steps import NoQuorumError, Step, find_steps, has_quorum
from zkboot.members.table import Row, rows_of
from zkboot.pod.deadline import Deadline
from zkboot.pod.errors import BootError, NotServingError, SettingsError, UnreachableError
from zkboot.variables import RECONFIG

PAUSE = 0.5
"""Seconds between two tries."""

ELECTION_LIMIT = 10.0
"""Seconds in which an ensemble has a leader again, and its servers the same list."""

Say = Callable[[str], None]
"""Takes one line about what is going on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where an ensemble is asked and changed from."""

    own: Endpoint
    """The server of this pod."""
    server_id: int
    """Its id."""
    servers: Mapping[int, ServerSpec]
    """The servers that shall vote, by id; for a look at the members, those that may be among them."""
    known: Members
    """The list that this pod has, for a time in which nobody serves."""
    client_port: int
    client_place: str
    """Where a row of the list says that a server takes clients: ``[address:]port``."""
    timeout: float
    """Seconds for one server's answer."""
    doors: Doors
    """How the others are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What all servers said at one moment."""

    members: Members
    hosts: Mapping[int, str]
    peers: Mapping[int, Peer]
    """Those that serve, by id."""
    failures: Mapping[int, BootError]
    """Why the others do not."""

    @property
    def leader(self) -> int | None:
        """The id of the leader, None where nobody says it leads."""
        return next((server_id for server_id, peer in self.peers.items() if peer.mode == LEADER), None)

    @property
    def following(self) -> frozenset[int]:
        """The ids of the servers that serve, and run the ensemble's list."""
        return frozenset(
            server_id
            for server_id, peer in self.peers.items()
            if peer.members is not None and peer.members.version == self.members.version
        )

    def rows(self) -> Sequence[Row]:
        """Return the table's rows."""
        states = {server_id: peer.mode for server_id, peer in self.peers.items()}
        # The server's address has a column of its own.
        states |= {one: error.reason for one, error in self.failures.items()}
        shown = {one: host for one, host in self.hosts.items() if one in self.members.rows or one in self.peers}
        return rows_of(shown, self.members.roles, states)


def look(site: Site, members: Members) -> View:
    """Return what the servers of *members*, and those of *site*, say; all are asked at once."""
    addresses = {server_id: client_address(row, site.client_port) for server_id, row in members.rows.items()}
    addresses |= {
        server_id: (server.host, site.client_port)
        for server_id, server in site.servers.items()
        if server_id not in addresses
    }
    endpoints = {
        # This pod's own server may listen elsewhere than its name says, and be asked where its probes ask.
        server_id: site.own if server_id == site.server_id else site.doors.endpoints(host, site.timeout, port)[0]
        for server_id, (host, port) in addresses.items()
    }
    peers, failures = ask_all(endpoints)
    hosts = {server_id: host for server_id, (host, _) in addresses.items()}
    return View(members=members, hosts=hosts, peers=peers, failures=failures)


def find_members(site: Site) -> View:
    """Return the members as the ensemble has them: the newest list that a serving server has, else this pod's own."""
    view = look(site, site.known)
    lists = [(peer.members, peer.mode != LEADER) for peer in view.peers.values() if peer.members is not None]
    # The leader of a static ensemble may show an older list than its followers.
    newest = max(lists, key=lambda one: (one[0].version, one[1]), default=None)
    return view if newest is None else look(site, newest[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """One change of size: gives votes to the servers of *site*, and takes them from all others."""

    site: Site
    admin: Admin
    deadline: Deadline
    """When it gives up waiting: for servers that are to join, and for what ZooKeeper calls transient."""
    say: Say

    def run(self) -> View:
        """Make the change and return what came of it.

        Raises NotServingError where a joiner does not follow in time, or the ensemble has no quorum, or would have none
        in between, or somebody else changes the list; SettingsError where it cannot be changed.
        """
        target = frozenset(self.site.servers)
        members = self._members()
        if not members.version:
            raise SettingsError(
                f"this ensemble has a static list, {members}: set {RECONFIG.name}=true on all servers first, at this"
                " size, by one rolling update"
            )
        if members.voters == target:
            self.say(f"the voters are {_listed(target)} already")
        while members.voters != target:
            self._wait_for_joiners(members, target)
            view, step = self._next_step(members, target)
            request = "to give a vote to" if step.joins else "to take the vote of"
            self.say(f"asking {request} server {step.server_id} ({view.hosts[step.server_id]})")
            members = self._carry_out(step, members)
            self.say(f"the voters are {_listed(members.voters)} now")
        self._write()
        return look(self.site, members)

    def _members(self) -> Members:
        """Return the ensemble's list; raises NotServingError or UnreachableError where this pod's server is no help.

        It may take as long as an election, for one that has just lost its leader.
        """
        patience = self._patience()
        while True:
            try:
                ask_server(self.site.own)
                return self.admin.members()
            except (TransientError, NotServingError, UnreachableError) as error:
                if patience.remaining():
                    time.sleep(PAUSE)
                    continue
                view = look(self.site, self.site.known)
                kind = UnreachableError if isinstance(error, UnreachableError) and not view.peers else NotServingError
                voters = self.site.known.voters
                raise kind(
                    f"this pod's server does not serve, so nobody can be asked to change anything: {error}; the voters"
                    f" are {_listed(voters)}, as far as this pod knows, and {len(voters) // 2 + 1} of them must run",
                    *(
                        str(view.failures[one])
                        for one in sorted(voters - {self.site.server_id})
                        if one in view.failures
                    ),
                ) from None

    def _wait_for_joiners(self, members: Members, target: frozenset[int]) -> None:
        """Return once all of *target* that have no vote yet follow. Raises NotServingError."""
        reported: list[int] = []
        while True:
            view = look(self.site, members)
            missing = sorted(target - members.voters - view.following)
            if not missing:
                return
            if not self.deadline.remaining():
                raise NotServingError(
                    f"{_named(view, missing)} must follow before they get a vote, and do not within {self.deadline}:"
                    " start their pods first (kubectl scale), and wait until they are ready",
                    *(_why(view, one) for one in missing),
                )
            if missing != reported:
                self.say(f"waiting for {_named(view, missing)} to follow the ensemble")
                reported = missing
            self._pause()

    def _next_step(self, members: Members, target: frozenset[int]) -> tuple[View, Step]:
        """Return the next step, and what was seen before it; servers that have just changed their list get a moment."""
        patience = self._patience()
        while True:
            view = look(self.site, members)
            try:
                return view, find_steps(members.voters, target, view.following, view.leader)[0]
            except NoQuorumError as error:
                if not patience.remaining():
                    raise _no_quorum(view, error) from None
                self._pause()

    def _carry_out(self, step: Step, members: Members) -> Members:
        """Carry out *step* and return the list after it; raises ChangedError where somebody else has changed it."""
        row = dynamic_row(self.site.servers[step.server_id], self.site.client_place) if step.joins else None
        while True:
            try:
                self.admin.change(step, row, members.version)
            except TransientError as error:
                self._wait_after(error)
            except ChangedError:
                # Where an answer was lost, the change may have been this one.
                if self._members().voters != step.voters:
                    raise
            found = self._members()
            if found.voters == step.voters:
                return found

    def _write(self) -> None:
        """Write once: what a majority of the new list has acknowledged, no list before it can overrule."""
        while True:
            try:
                self.admin.write()
            except TransientError as error:
                self._wait_after(error)
            else:
                return

    def _wait_after(self, error: TransientError) -> None:
        if not self.deadline.remaining():
            raise NotServingError(f"not within {self.deadline}: {error}") from None
        self.say(f"{error}: trying again")
        self._pause()

    def _patience(self) -> Deadline:
        return Deadline(min(ELECTION_LIMIT, self.deadline.remaining()))

    def _pause(self) -> None:
        time.sleep(min(PAUSE, self.deadline.remaining()))


def _why(view: View, server_id: int) -> str:
    """Return why the server does not follow."""
    failure = view.failures.get(server_id)
    return str(failure) if failure is not None else _stranger(view, server_id)


def _stranger(view: View, server_id: int) -> str:
    peer = view.peers[server_id]
    if peer.members is not None and not peer.members.version:
        return f"{peer.source} is {peer.mode} with a static list: {RECONFIG.name}=true is not set there yet"
    own = f"the list {peer.members}, version {peer.members.version:#x}" if peer.members else "no list"
    return (
        f"{peer.source} is {peer.mode} with {own}; the ensemble has {view.members}, version {view.members.version:#x}:"
        " it lags behind, or belongs to another"
    )


def _no_quorum(view: View, error: NoQuorumError) -> NotServingError:
    is_lost = not has_quorum(view.members.voters, view.following)
    when = "the ensemble has no quorum" if is_lost else "the ensemble would lose its quorum"
    return NotServingError(
        f"nothing was changed: {when}, for {_named(view, sorted(error.missing))} of the voters"
        f" {_listed(error.voters)} do not follow",
        *(_why(view, one) for one in sorted(error.missing)),
    )


def _named(view: View, ids: Sequence[int]) -> str:
    return ", ".join(f"server {one} ({view.hosts[one]})" for one in ids)


def _listed(ids: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(ids)))
