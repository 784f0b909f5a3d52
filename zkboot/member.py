"""This server's place in its ensemble: who all the servers are, and which of them it is."""

from dataclasses import dataclass, replace

from zkboot.endpoint import DOMAIN
from zkboot.ensemble import SERVER_ID, Ensemble, ServerSpec
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import IdentityError, Problems
from zkboot.pod.identity import Host, PodIdentity, find_identity, is_domain
from zkboot.settings import Settings
from zkboot.variables import REPLICAS, SERVERS

MOST_ASKED = 9
"""Pods of a StatefulSet that are asked for a dynamic ensemble's list: of a larger one, enough of these know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One server and the ensemble that it belongs to."""

    server_id: int
    """What its myid says."""
    ensemble: Ensemble
    """Every server, this one among them."""
    neighbours: tuple[ServerSpec, ...] = ()
    """Servers that a dynamic ensemble may have beside its founders: nobody knows them but the ensemble."""

    @property
    def spec(self) -> ServerSpec:
        """This server's own row."""
        spec = self.ensemble.server(self.server_id)
        if spec is None:
            raise LookupError(f"server {self.server_id} is not in its own ensemble")
        return spec

    @property
    def is_alone(self) -> bool:
        """Whether it is the only server."""
        return len(self.ensemble.servers) == 1


_NO_POD = (
    f", or {REPLICAS.name}=1 for a single server, or ZK_SERVERS and ZK_SERVER_ID for a host that is no pod of a"
    " StatefulSet"
)


def find_member(env: EnvReader, settings: Settings, host: Host) -> Member | None:
    """Return which server this pod is; notes every problem in *env* and returns None where there is one."""
    if settings.servers is not None:
        return _listed_member(env, settings, settings.servers, host)
    if env.is_set(SERVERS):
        # Its mistakes are noted; replicas and domain, which it replaces, are not missing.
        return None
    try:
        identity = find_identity(
            env, DOMAIN, host, needs_ordinal=not settings.is_single, otherwise="" if settings.is_single else _NO_POD
        )
    except IdentityError as error:
        env.problems.note_all(error)
        return None
    scope = env.problems.scope()
    _note_place_problems(env.problems, settings, identity)
    if scope:
        return None
    if settings.is_single:
        only = server_of(identity, identity.ordinal, settings)
        only = replace(only, host=identity.fqdn, server_id=settings.server_id or only.server_id)
        return Member(server_id=only.server_id, ensemble=Ensemble(servers=(only,), client_port=settings.client_port))
    servers = tuple(server_of(identity, ordinal, settings) for ordinal in first_ordinals(settings.replicas, settings))
    server_id = server_id_of(identity.ordinal, settings)
    if server_id not in {server.server_id for server in servers}:
        # Only a dynamic ensemble gets here: one that is no founder starts without a vote.
        servers += (replace(server_of(identity, identity.ordinal, settings), observer=True),)
    ensemble = Ensemble(servers=servers, client_port=settings.client_port)
    return Member(server_id=server_id, ensemble=ensemble, neighbours=_neighbours(settings, identity, ensemble))


def _neighbours(settings: Settings, identity: PodIdentity, ensemble: Ensemble) -> tuple[ServerSpec, ...]:
    if not settings.reconfig:
        return ()
    pods = (server_of(identity, ordinal, settings) for ordinal in first_ordinals(MOST_ASKED, settings))
    return tuple(one for one in pods if ensemble.server(one.server_id) is None and one.server_id <= SERVER_ID.high)


def first_ordinals(count: int, settings: Settings) -> range:
    """Return the ordinals of the StatefulSet's first *count* pods."""
    return range(settings.ordinal_start, settings.ordinal_start + count)


def server_of(identity: PodIdentity, ordinal: int, settings: Settings) -> ServerSpec:
    """Return the server in the pod with *ordinal* of the StatefulSet that *identity* belongs to."""
    return ServerSpec(
        server_id=server_id_of(ordinal, settings),
        host=identity.peer(ordinal),
        quorum_port=settings.quorum_port,
        election_port=settings.election_port,
    )


def server_id_of(ordinal: int, settings: Settings) -> int:
    """Return the server id for *ordinal*: ids start at 1, ordinals at 0, so the offset is 1 unless set."""
    return ordinal + settings.id_offset


def _note_place_problems(problems: Problems, settings: Settings, identity: PodIdentity) -> None:
    first, last = settings.ordinal_start, settings.ordinal_start + settings.replicas - 1
    if settings.reconfig and identity.ordinal > last:
        # Pods beyond the founders join later.
        last = identity.ordinal
    elif not first <= identity.ordinal <= last:
        problems.note(
            f"pod {identity.pod_name} has the ordinal {identity.ordinal}, outside {first}..{last}"
            f" (ZK_REPLICAS={settings.replicas}, ZK_ORDINAL_START={first}): set ZK_REPLICAS to the number of servers;"
            " on a host that is no pod of a StatefulSet, set POD_NAME to a name that ends in"
            f" -{first}"
        )
    lowest, highest = server_id_of(first, settings), server_id_of(last, settings)
    if lowest < SERVER_ID.low or highest > SERVER_ID.high:
        problems.note(
            f"the ensemble's server ids {lowest}..{highest} are not all in {SERVER_ID.low}..{SERVER_ID.high}:"
            f" set ZK_ID_OFFSET (now {settings.id_offset})"
        )
    if last > first and identity.domain is None:
        problems.note(
            f"pod {identity.pod_name} has no DNS domain, and {last - first + 1} servers must find each other:"
            " set ZK_DOMAIN to the headless service's, such as zk-svc.default.svc.cluster.local; without a StatefulSet"
            " set ZK_SERVERS and ZK_SERVER_ID"
        )
    longest = identity.peer(last)
    if is_domain(identity.fqdn) and not is_domain(longest):
        problems.note(
            f"ZK_REPLICAS={settings.replicas}: the last server would be {longest!r}, which is too long for a DNS name:"
            " shorten the StatefulSet's name or ZK_DOMAIN"
        )


def _listed_member(env: EnvReader, settings: Settings, servers: tuple[ServerSpec, ...], host: Host) -> Member | None:
    server_id = settings.server_id
    if server_id is None:
        scope = env.problems.scope()
        try:
            server_id = server_id_of(find_identity(env, DOMAIN, host).ordinal, settings)
        except IdentityError as error:
            # A name that cannot be read is noted already; for one that says no ordinal there is another way out.
            for problem in () if scope else error.problems:
                env.problems.note(f"{problem}, or set ZK_SERVER_ID")
            return None
    ensemble = Ensemble(servers=servers, client_port=settings.client_port)
    if ensemble.server(server_id) is None:
        listed = ", ".join(str(server.server_id) for server in servers)
        env.problems.note(f"this server's id is {server_id}, but ZK_SERVERS lists {listed}: set ZK_SERVER_ID")
        return None
    clash = [server for server in servers if settings.client_port in (server.quorum_port, server.election_port)]
    if clash:
        env.problems.note(f"ZK_CLIENT_PORT={settings.client_port} is a quorum or election port in ZK_SERVERS, too")
    if len(servers) > 1 and len(ensemble.participants) == 1 and not allows_quorum_of_one(settings):
        env.problems.note(
            "ZK_SERVERS has one participant and observers, which ZooKeeper refuses:"
            " add a participant, or set ZK_CFG_standaloneEnabled=false (3.5 and newer)"
        )
    return Member(server_id=server_id, ensemble=ensemble)


def allows_quorum_of_one(settings: Settings) -> bool:
    """Return whether one participant alone may be a quorum: only 3.5 and newer allow it, and only by a setting."""
    return settings.extra.get("standaloneEnabled", "").lower() == "false"
