"""What one start will write: every file rendered and checked before the first is written."""

import os
import pwd
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

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
from zkboot.foreign import note_others_variables
from zkboot.heap import SMALLEST_HEAP
from zkboot.installed import Version, installed_version
from zkboot.key_rules import advice_on_version, value_problems
from zkboot.keys import PREFIX as CFG_PREFIX
from zkboot.keys import variable_of
from zkboot.member import Member, find_member
from zkboot.members.asking import ask_peers
from zkboot.members.choice import Choice, choose, first_choice, founders_of, is_undecided, is_unheard
from zkboot.members.peer import SILENT, Peer
from zkboot.members.superuser import DIGEST_ALGORITHM, PASSWORD_NAME, SUPER_DIGEST, digest_of, new_password
from zkboot.pod.connection import LET_IN_LIMIT, Deadline
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import FileError, Problems, SettingsError
from zkboot.pod.fields import declared
from zkboot.pod.files import (
    PRIVATE,
    PUBLIC,
    Owner,
    RenderedFile,
    check_directory,
    check_readable,
    check_space,
    check_target,
    is_one_file_system,
    list_directory,
    make_directory,
    write_files,
)
from zkboot.pod.identity import Host
from zkboot.pod.ignored import ignored_lines, readable_names
from zkboot.pod.memory import machine_memory
from zkboot.pod.secret import MASK
from zkboot.settings import (
    JOIN,
    OF_ZOOKEEPER,
    PREFIX,
    QUORUM_ENTRY,
    RECONFIG,
    SERVER_HEAP,
    SERVERS,
    USER,
    VARIABLES,
    Settings,
)
from zkboot.volumes.checks import check_volume, volume_advice
from zkboot.volumes.contents import VERSION_DIR, Contents
from zkboot.volumes.mark import BOTH, DATA, LOG, Mark
from zkboot.volumes.mark import NAME as MARK_NAME

_RECONFIG_SINCE: Version = (3, 5, 3)
_SEVERAL_ADDRESSES_SINCE: Version = (3, 6, 0)
_JOIN_SINCE: Version = (3, 6, 0)

_ELECTION_LIMIT = 15.0
"""Seconds in which an ensemble that has lost its leader has another one."""

_PAUSE = 0.5

_SPACE_ADVICE = (
    "the server would end at every start: make the volume larger, or remove old snapshots and logs, all but the newest"
    " three of each, and set ZK_PURGE_INTERVAL=1"
)

MemoryLimit = Callable[[], int | None]
"""Returns the bytes that the container may use, None where nothing limits it."""

AskPeers = Callable[[Mapping[int, tuple[str, int]]], Mapping[int, Peer]]
"""Returns which of the servers at these addresses run, by server id."""


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
    marks: tuple[RenderedFile, ...] = ()
    """Those of ``files`` that mark the data folders."""


def make_plan(
    environ: Mapping[str, str],
    host: Host,
    limit: MemoryLimit,
    *,
    is_dry: bool = False,
    ask: AskPeers = ask_peers,
) -> Plan:
    """Return what *environ* asks for on *host*, checked against the volume and the servers that *ask* finds serving.

    A plan that *is_dry* is only to be looked at, so its directories need not be writable. Raises SettingsError with
    every problem of the environment and the pod's name at once, StateError where the volume or a peer contradicts it,
    FileError where something cannot be read or written.
    """
    plan = draft_plan(environ, host, limit)
    settings, member = plan.settings, plan.member
    _check_version(settings, installed_version(environ))
    if not is_dry:
        for directory in _directories(settings):
            check_directory(directory)
        _check_data(settings)
    if settings.reconfig and not is_one_file_system(settings.data_dir, settings.conf_dir):
        raise SettingsError(
            f"{RECONFIG.name}=true: ZK_CONF_DIR={settings.conf_dir} is not on the volume of"
            f" ZK_DATA_DIR={settings.data_dir}, but the server keeps its list of members there, and must not lose it:"
            " set ZK_CONF_DIR to a folder on the volume"
        )
    contents = check_volume(settings, member)
    servers = (*member.ensemble.servers, *member.neighbours)
    peers = {one.server_id: (one.host, settings.client_port) for one in servers if one.server_id != member.server_id}
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
    plan = replace(plan, files=_files(plan))
    if not is_dry:
        for file in plan.files:
            check_target(file.path)
    return plan


def draft_plan(environ: Mapping[str, str], host: Host, limit: MemoryLimit) -> Plan:
    """Return what *environ* asks for on *host*, whatever the volume holds and peers say; it has no marks yet.

    Raises SettingsError as ``make_plan``, FileError where the memory limit is needed and cannot be read.
    """
    env = EnvReader(environ)
    settings = Settings.from_environ(env)
    member = find_member(env, settings, host)
    heap, heap_warnings = _heap(env.problems, settings, limit)
    settings, password = _with_super_digest(env.problems, settings)
    foreign = note_others_variables(env, script_variables(settings))
    version = installed_version(environ)
    if version is not None:
        for problem in value_problems(settings.extra, version, lambda key: _told_key(env, settings, key)):
            env.problems.note(problem)
    warnings = (
        *_ignored(environ),
        *foreign,
        *settings.advice,
        *(advice_on_version(settings.extra, version) if version is not None else ()),
        *heap_warnings,
    )
    # Not what the values mean: where one is wrong, its default would be spoken of.
    env.problems.check((*_ignored(environ), *foreign))
    if member is None:
        raise SettingsError("the environment names no server")
    plan = Plan(
        settings=settings,
        member=member,
        heap=heap,
        choice=first_choice(settings, member),
        password=password,
        files=(),
        warnings=warnings,
    )
    return replace(plan, files=_files(plan))


def _told_key(env: EnvReader, settings: Settings, key: str) -> str:
    """Return how a message speaks of the variable that sets *key*; what a secret or a file says stays unsaid."""
    return env.told(variable_of(key), settings.extra[key], secret=key in settings.secret_keys)


def write_plan(plan: Plan, uid: int) -> list[str]:
    """Make the directories, write the files and return the paths of those that changed. Raises FileError.

    Where *uid* is root's and ZK_USER is an account, what is made is given to that account, as the original does.
    """
    owner = _owner(plan.settings.user) if uid == 0 else None
    for directory in _directories(plan.settings):
        make_directory(directory, owner)
    return write_files(plan.files, owner)


def preview(plan: Plan) -> str:
    """Return every file as it would be written, secrets masked, each under its path."""
    masked = [f"==> {file.path} (mode {file.mode:04o})\n{file.text}" for file in _files(_masked(plan))]
    return "\n".join(masked)


def summary(plan: Plan, written: list[str]) -> str:
    """Return what the original prints, less its mistakes: the settings, the ensemble, the files."""
    settings, member = plan.settings, plan.member
    lines = [
        f"ZK_REPLICAS={len(member.ensemble.servers)}",
        f"MY_ID={member.server_id}",
        f"ZK_LOG_LEVEL={settings.log_level}",
        *_shown_settings(plan),
        *(f"zoo.cfg {key}={MASK if key in settings.secret_keys else value}" for key, value in settings.extra.items()),
    ]
    if plan.choice.entry is not None:
        lines.append(f"ZK_QUORUM_ENTRY={plan.choice.entry.kind} ({plan.choice.entry.told})")
    if plan.choice.list_path is not None:
        told = plan.choice.members
        lines.append(f"ENSEMBLE of {plan.choice.list_path}")
        lines += [f"server.{server_id}={row}" for server_id, row in (told.rows if told else {}).items()]
    elif not member.is_alone:
        lines += ["ENSEMBLE", *(f"server.{server.server_id}={server}" for server in member.ensemble.servers)]
    lines += [f"{'Wrote' if file.path in written else 'Unchanged'} {file.path}" for file in plan.files]
    return "".join(f"{line}\n" for line in lines)


def _shown_settings(plan: Plan) -> Iterable[str]:
    """Yield the variables that a start says, with their values."""
    for name, one in declared(plan.settings).items():
        if name == "heap":
            told = "is left to ZooKeeper's scripts"
            yield f"{one.variable.name}={plan.heap}" if plan.heap is not None else f"{SERVER_HEAP} {told}"
        elif one.is_shown and (value := getattr(plan.settings, name)) is not None:
            yield f"{one.variable.name}={one.variable.show(value)}"


def _files(plan: Plan) -> tuple[RenderedFile, ...]:
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
        RenderedFile(path=f"{conf}/java.security", text=render_java_security()),
        RenderedFile(path=f"{conf}/log4j.properties", text=render_log4j(settings)),
        RenderedFile(path=f"{conf}/logback.xml", text=render_logback(settings)),
        RenderedFile(path=f"{conf}/java.env", text=render_java_env(settings, plan.heap)),
        RenderedFile(path=f"{conf}/zoo.cfg", text=render_zoo_cfg(settings, member, choice), mode=mode),
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


def _check_version(settings: Settings, version: Version | None) -> None:
    """Raise SettingsError where the installed ZooKeeper, of *version*, cannot do what is asked of it."""
    if version is None:
        # A server that is too old for a dynamic list ends by itself: its zoo.cfg has no clientPort.
        return
    told = ".".join(map(str, version))
    if settings.reconfig and version < _RECONFIG_SINCE:
        raise SettingsError(
            f"{RECONFIG.name}=true: ZooKeeper {told} cannot change its list of members, 3.5.3 is the first that can"
        )
    if settings.quorum_entry == JOIN and version < _JOIN_SINCE:
        raise SettingsError(
            f"{QUORUM_ENTRY.name}={JOIN}: ZooKeeper {told} lets an empty volume vote, 3.6.0 is the first that can wait"
        )
    if settings.has_several_addresses and version < _SEVERAL_ADDRESSES_SINCE:
        raise SettingsError(
            f"{SERVERS.name}: ZooKeeper {told} knows one address of a server, 3.6.0 is the first that knows several"
        )


def _check_data(settings: Settings) -> None:
    """Raise FileError where a server could not write its data, or not read what is there."""
    for directory in dict.fromkeys((settings.data_dir, settings.data_log_dir)):
        check_space(directory, _SPACE_ADVICE)
        version = f"{directory}/{VERSION_DIR}"
        if os.path.lexists(version):
            check_directory(version)
            for name in list_directory(version):
                check_readable(f"{version}/{name}")


def _masked(plan: Plan) -> Plan:
    settings = plan.settings
    shown = {key: MASK if key in settings.secret_keys else value for key, value in settings.extra.items()}
    return replace(plan, settings=replace(settings, extra=shown), password=plan.password and MASK)


def _directories(settings: Settings) -> tuple[str, ...]:
    return (settings.data_dir, settings.data_log_dir, settings.log_dir, settings.conf_dir)


def _heap(problems: Problems, settings: Settings, limit: MemoryLimit) -> tuple[str | None, list[str]]:
    """Return the heap as ``-Xmx`` takes it and what to warn of; a share that cannot be taken is a problem."""
    heap, told = settings.heap, f"ZK_HEAP_SIZE={settings.heap}"
    if heap is None:
        return None, []
    try:
        memory = limit()
    except FileError:
        if heap.percent is not None:
            raise
        # Only the warning needs the limit of a fixed size.
        memory = None
    if heap.percent is not None:
        if memory is None:
            problems.note(
                f"{told} is a share of the container's memory limit, but it has none:"
                " set resources.limits.memory, or a size such as 2G"
            )
        elif memory * heap.percent // 100 < SMALLEST_HEAP:
            problems.note(f"{told} of the container's memory limit, {memory // 1024} KiB, is too small for a JVM")
        return heap.within(memory or 0), []
    size = heap.within(0)
    if heap.fixed_bytes is None:
        return size, []
    if memory is not None and heap.fixed_bytes >= memory:
        told = f"{told} is not less than the container's memory limit, {memory // 1024**2} MiB"
        return size, [f"{told}: the kernel will kill the server; 75% would fit"]
    if heap.fixed_bytes >= machine_memory():
        told = f"{told} is not less than the machine's memory, {machine_memory() // 1024**2} MiB"
        return size, [f"{told}: the server will not start, or be killed"]
    return size, []


def account_advice(settings: Settings, uid: int) -> list[str]:
    """Return what to warn of where *uid* is root's and the account that ZK_USER names does not exist."""
    if uid != 0 or settings.user == USER.default or _owner(settings.user) is not None:
        return []
    return [f"ZK_USER={settings.user}: there is no such account, so what is written stays root's"]


def _owner(user: str) -> Owner | None:
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return None
    return account.pw_uid, account.pw_gid


def _ignored(environ: Mapping[str, str]) -> list[str]:
    readable = [*readable_names(VARIABLES), *OF_ZOOKEEPER]
    return ignored_lines(environ, PREFIX, readable, family=CFG_PREFIX)
