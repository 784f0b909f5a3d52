"""What one start will write: every file rendered and checked before the first is written."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from zkboot import access
from zkboot.advice import advice_on_settings
from zkboot.config import (
    HEADER,
    render_java_env,
    render_java_security,
    render_log4j,
    render_logback,
    render_myid,
    render_zoo_cfg,
    script_variables,
)
from zkboot.endpoint import Endpoint
from zkboot.foreign import OF_SCRIPTS, UNREAD_GUARDS, meant_variable, note_others_variables
from zkboot.foreign import PREFIXES as OTHERS_PREFIXES
from zkboot.installed import installed_version
from zkboot.key_rules import advice_on_version, value_problems
from zkboot.keys import PREFIX as CFG_PREFIX
from zkboot.keys import variable_of
from zkboot.member import Member, find_member
from zkboot.members.asking import PATIENCE, ask_peers
from zkboot.members.choice import Choice, choose, first_choice, founders_of
from zkboot.members.doors import Doors
from zkboot.members.patience import is_undecided, is_unheard
from zkboot.members.peer import SILENT, Peer
from zkboot.members.superuser import DIGEST_ALGORITHM, PASSWORD_NAME, SUPER_DIGEST, digest_of, new_password
from zkboot.pod.deadline import LET_IN_LIMIT, Deadline
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import Advising, BootError, FileError, Problems, SettingsError
from zkboot.pod.files import (
    make_directory,
    remove_file,
    write_files,
)
from zkboot.pod.host import Clock, utc_now
from zkboot.pod.identity import Host
from zkboot.pod.ignored import ignored_lines, mistyped_lines, note_unread_guards, readable_names
from zkboot.pod.logins import Logins
from zkboot.pod.memory import MemoryLimit, find_heap
from zkboot.pod.rendered import PRIVATE, PUBLIC, RenderedFile
from zkboot.pod.tls.stores import Stores
from zkboot.sasl import advice_on_sasl, jaas_path, note_sasl_problems, own_login, render_jaas, sasl_folder, sasl_keys
from zkboot.settings import OF_ZOOKEEPER, PREFIX, VARIABLES, Settings
from zkboot.stores import find_logins, find_stores, owner_of, probed_name, stale_stores
from zkboot.tls import advice_on_probes, advice_on_tls, jvm_keys, note_problems, port_keys, tls_folder, tls_keys
from zkboot.variables import HEAP_SIZE
from zkboot.version_rules import check_version
from zkboot.volumes.checks import check_volume, volume_advice
from zkboot.volumes.contents import Contents
from zkboot.volumes.mark import BOTH, DATA, LOG, Mark
from zkboot.volumes.mark import NAME as MARK_NAME

_ELECTION_LIMIT = 15.0
"""Seconds in which an ensemble that has lost its leader has another one."""

_PAUSE = 0.5

AskPeers = Callable[[Mapping[int, Sequence[Endpoint]]], Mapping[int, Peer]]
"""Returns which of the servers behind these doors run, by server id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One start: who this server is and what will be written. Nothing of it is on the disk yet."""

    settings: Settings
    member: Member
    heap: str | None
    """What ``-Xmx`` gets; None where it is left to ZooKeeper's scripts."""
    choice: Choice
    """What volume and peers made of the start."""
    password: str | None
    """A new random one for the user super, which only this pod has; None where it was given, or nobody needs one."""
    files: tuple[RenderedFile, ...]
    """In the order in which they appear: zoo.cfg last, so that none lacks its companions.

    The mark of dataDir comes behind that of dataLogDir and the list of members: where a start is cut off in between,
    the next one does not take for lost what was not written yet.
    """
    warnings: tuple[str, ...]
    """What does not stop the start but should be read."""
    stores: Stores | None = None
    """What TLS has to show; None without it."""
    logins: Logins | None = None
    """Who may log in; None where nobody does."""
    marks: tuple[RenderedFile, ...] = ()
    """Those of ``files`` that mark the data folders."""


def make_plan(
    environ: Mapping[str, str],
    host: Host,
    limit: MemoryLimit,
    *,
    is_dry: bool = False,
    ask: AskPeers = ask_peers,
    clock: Clock = utc_now,
) -> Plan:
    """Return what *environ* asks for on *host*, checked against the volume and the servers that *ask* finds serving.

    A plan that *is_dry* is only to be looked at: it waits for no peer, and ``check_access`` is left to the caller.
    Raises SettingsError with every problem of the environment and the pod's name at once, StateError where the volume
    or a peer contradicts it, FileError where something cannot be read or written.
    """
    plan = draft_plan(environ, host, limit, clock)
    settings, member = plan.settings, plan.member
    with Advising(plan.warnings):
        check_version(settings, installed_version(environ))
        if not is_dry:
            check_access(plan)
        try:
            access.check_list_place(settings)
            contents = check_volume(settings, member)
        except BootError:
            # What else cannot be used, all of it by its variable.
            check_access(plan)
            raise
        servers = (*member.ensemble.servers, *member.neighbours)
        doors = Doors.of(settings, own_login(settings, plan.logins))
        peers = {
            one.server_id: doors.endpoints(one.host, PATIENCE) for one in servers if one.server_id != member.server_id
        }
        found = ask(peers) if peers else {}
        silence, election = Deadline(0 if is_dry else LET_IN_LIMIT), Deadline(_ELECTION_LIMIT)
        while (is_unheard(settings, contents, found) and silence.remaining()) or (
            is_undecided(settings, member, contents, found) and election.remaining()
        ):
            time.sleep(_PAUSE)
            found = ask(peers)
        found = {one: peer for one, peer in found.items() if peer.mode != SILENT}
        choice = choose(settings, member, contents, found)
        plan = replace(
            plan,
            choice=choice,
            marks=_marks(settings, member, contents),
            warnings=(*plan.warnings, *volume_advice(settings, contents), *choice.advice),
        )
        plan = replace(plan, files=rendered_files(plan))
        if not is_dry:
            check_access(plan)
        return plan


def check_access(plan: Plan) -> None:
    """Raise FileError, with all of it at once, where this process could not write what *plan* says, or read the data.

    Or where a server with its rights could not.
    """
    access.check_access(plan.settings, plan.files, plan.stores, plan.logins)


def draft_plan(environ: Mapping[str, str], host: Host, limit: MemoryLimit, clock: Clock = utc_now) -> Plan:
    """Return what *environ* asks for on *host*, whatever the volume holds and peers say; it has no marks yet.

    Raises SettingsError as ``make_plan``, FileError where the memory limit, a TLS file or a login is needed, and cannot
    be read.
    """
    env = EnvReader(environ)
    settings = Settings.from_environ(env)
    note_problems(env, settings)
    note_sasl_problems(env, settings)
    unread: list[FileError] = []
    logins = None
    try:
        logins = find_logins(env.problems, settings)
    except FileError as error:
        unread.append(error)
    member = find_member(env, settings, host)
    heap, heap_warnings = find_heap(env.problems, HEAP_SIZE, settings.heap, limit)
    settings, password = _with_super_digest(env.problems, settings)
    ignored = _ignored(env.problems, environ)
    foreign = note_others_variables(env, script_variables(settings))
    version = installed_version(environ)
    own_keys = sasl_keys(settings, member) if member is not None else {}
    beside = {**jvm_keys(environ), **port_keys(settings), **own_keys}
    if version is not None:
        for problem in value_problems(settings.extra, version, lambda key: _shown_key(env, settings, key), beside):
            env.problems.note(problem)
    stores, tls_warnings = None, list[str]()
    try:
        stores, tls_warnings = find_stores(env.problems, settings, member, clock, probed_name(env, host))
    except FileError as error:
        unread.append(error)
    if stores is not None and member is not None:
        tls_warnings += advice_on_tls(settings, tls_keys(settings, member, stores), version)
        tls_warnings += advice_on_probes(env, settings)
    warnings = (
        *ignored,
        *foreign,
        *advice_on_settings(settings),
        *tls_warnings,
        *(advice_on_sasl(settings, member, version) if member is not None else ()),
        *(advice_on_version(settings.extra, version, beside) if version is not None else ()),
        *heap_warnings,
    )
    for one in unread if env.problems else ():
        env.problems.note_all(one)
    # Not what the values mean: where one is wrong, its default would be spoken of.
    env.problems.check((*ignored, *foreign))
    if member is None:
        raise SettingsError("the environment names no server")
    plan = Plan(
        settings=settings,
        member=member,
        heap=heap,
        choice=first_choice(settings, member),
        password=password,
        stores=stores,
        logins=logins,
        files=(),
        warnings=warnings,
    )
    plan = replace(plan, files=rendered_files(plan))
    if unread:
        # What else cannot be used, all of it by its variable.
        check_access(plan)
        raise unread[0]
    return plan


def _shown_key(env: EnvReader, settings: Settings, key: str) -> str:
    """Return the variable that sets *key* as a message shows it; the value of a secret or a file is left out."""
    return env.shown(variable_of(key), settings.extra[key], secret=key in settings.secret_keys)


def write_plan(plan: Plan, uid: int) -> list[str]:
    """Make the directories, write the files and return the paths of those that changed. Raises FileError.

    Files of an earlier start that this one has no use for are removed, if they hold a private key or passwords.

    Where *uid* is root's and ZK_USER is an account, what is made is given to that account, as the original does.
    """
    owner = owner_of(plan.settings.user) if uid == 0 else None
    for directory in _directories(plan):
        make_directory(directory, owner)
    written = write_files(plan.files, owner)
    stale = stale_stores(tls_folder(plan.settings), plan.stores)
    for path in stale if plan.logins is not None else (*stale, jaas_path(plan.settings)):
        remove_file(path)
    return written


def rendered_files(plan: Plan) -> tuple[RenderedFile, ...]:
    """Return every file that *plan* will write."""
    settings, member, choice, password = plan.settings, plan.member, plan.choice, plan.password
    conf = settings.conf_dir
    mode = PRIVATE if settings.secret_keys else PUBLIC
    own: list[RenderedFile] = []
    if choice.list_path is not None and choice.members is not None:
        own.append(RenderedFile(path=choice.list_path, text=HEADER + choice.members.render(), mode=PRIVATE))
    if password is not None:
        own.append(RenderedFile(path=f"{conf}/{PASSWORD_NAME}", text=f"{password}\n", mode=PRIVATE))
    return (
        RenderedFile(path=f"{settings.data_dir}/myid", text=render_myid(member), once=True),
        *own,
        *plan.marks,
        *(plan.stores.files if plan.stores is not None else ()),
        *((render_jaas(settings, plan.logins),) if plan.logins is not None else ()),
        RenderedFile(path=f"{conf}/java.security", text=render_java_security()),
        RenderedFile(path=f"{conf}/log4j.properties", text=render_log4j(settings)),
        RenderedFile(path=f"{conf}/logback.xml", text=render_logback(settings)),
        RenderedFile(path=f"{conf}/java.env", text=render_java_env(settings, plan.heap)),
        RenderedFile(path=f"{conf}/zoo.cfg", text=render_zoo_cfg(settings, member, choice, plan.stores), mode=mode),
    )


def _marks(settings: Settings, member: Member, contents: Contents) -> tuple[RenderedFile, ...]:
    """Return the marks of both data folders: that of dataLogDir first, one where the two are one."""
    known = [mark for mark in (contents.data_mark, contents.log_mark) if mark is not None]
    # Two that did not belong together, and were allowed, become one pair.
    owner = known[0].owner if len({mark.owner for mark in known}) == 1 else member.spec.host
    folders = {settings.data_dir: BOTH} if contents.is_one else {settings.data_log_dir: LOG, settings.data_dir: DATA}
    members = founders_of(settings, member)
    floor = known[0].floor if known else 0
    if not settings.reconfig:
        # Whoever runs with a static list leaves the dynamic ones behind.
        floor = max(floor, contents.newest_version)
    return tuple(
        RenderedFile(
            path=f"{directory}/{MARK_NAME}",
            text=Mark(owner=owner, folder=folder, dynamic=settings.reconfig, members=members, floor=floor).render(),
        )
        for directory, folder in folders.items()
    )


def _with_super_digest(problems: Problems, settings: Settings) -> tuple[Settings, str | None]:
    """Return *settings* with what a server needs to know the user super, and a new password where one was made."""
    if settings.super_password is None and not settings.reconfig:
        return settings, None
    made = None if settings.super_password is not None else new_password()
    try:
        digest = digest_of(made or settings.super_password or "", settings.extra.get(DIGEST_ALGORITHM))
    except ValueError as error:
        problems.note(f"zoo.cfg's {DIGEST_ALGORITHM} {error}")
        return settings, None
    extra = {**settings.extra, SUPER_DIGEST: digest}
    return replace(settings, extra=extra, secret_keys=settings.secret_keys | {SUPER_DIGEST}), made


def _directories(plan: Plan) -> tuple[str, ...]:
    settings = plan.settings
    own = (settings.data_dir, settings.data_log_dir, settings.log_dir, settings.conf_dir)
    folders = {tls_folder(settings): plan.stores, sasl_folder(settings): plan.logins}
    return (*own, *(folder for folder, files in folders.items() if files is not None))


def _ignored(problems: Problems, environ: Mapping[str, str]) -> list[str]:
    readable = [*readable_names(VARIABLES), *OF_ZOOKEEPER]
    note_unread_guards(problems, environ, PREFIX, readable, UNREAD_GUARDS, meant=meant_variable, family=CFG_PREFIX)
    lines = ignored_lines(environ, PREFIX, readable, meant=meant_variable, family=CFG_PREFIX, noted=problems.about)
    return [*lines, *mistyped_lines(environ, OF_SCRIPTS, (PREFIX, *OTHERS_PREFIXES))]
