"""What one start will write: every file rendered and checked before the first is written."""

import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from zkboot.config import (
    render_java_env,
    render_java_security,
    render_log4j,
    render_logback,
    render_myid,
    render_zoo_cfg,
)
from zkboot.keys import PREFIX as CFG_PREFIX
from zkboot.member import Member, find_member
from zkboot.pod.environ import EnvReader, ignored_lines, readable_names
from zkboot.pod.errors import FileError, SettingsError
from zkboot.pod.files import (
    PRIVATE,
    PUBLIC,
    Owner,
    RenderedFile,
    check_directory,
    check_target,
    make_directory,
    write_files,
)
from zkboot.pod.identity import Host
from zkboot.settings import OF_ZOOKEEPER, PREFIX, SERVER_HEAP, SMALLEST_HEAP, VARIABLES, Settings
from zkboot.state import check_volume

MASK = "********"
"""What is shown in place of a secret."""

MemoryLimit = Callable[[], int | None]
"""Returns the bytes that the container may use, None where nothing limits it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One start: who this server is and what will be written. Nothing of it is on the disk yet."""

    settings: Settings
    member: Member
    heap: str | None
    """What ``-Xmx`` gets; None where it is left to ZooKeeper's scripts."""
    files: tuple[RenderedFile, ...]
    """In the order in which they appear: myid first, zoo.cfg last, so that no zoo.cfg lacks its companions."""
    warnings: tuple[str, ...]
    """What does not stop the start but should be read."""


def make_plan(environ: Mapping[str, str], host: Host, limit: MemoryLimit, *, is_dry: bool = False) -> Plan:
    """Return what *environ* asks for on *host*, checked against the volume.

    A plan that *is_dry* is only to be looked at, so its directories need not be writable. Raises SettingsError with
    every problem of the environment and the pod's name at once, StateError where the volume contradicts it, FileError
    where something cannot be read or written.
    """
    plan = draft_plan(environ, host, limit)
    if not is_dry:
        for directory in _directories(plan.settings):
            check_directory(directory)
    check_volume(plan.settings, plan.member)
    if not is_dry:
        for file in plan.files:
            check_target(file.path)
    return plan


def draft_plan(environ: Mapping[str, str], host: Host, limit: MemoryLimit) -> Plan:
    """Return what *environ* asks for on *host*, whatever the volume holds.

    Raises SettingsError as ``make_plan``, FileError where the memory limit is needed and cannot be read.
    """
    env = EnvReader(environ)
    settings = Settings.from_environ(env)
    member = find_member(env, settings, host)
    heap, heap_warnings = _heap(env, settings, limit)
    env.check()
    if member is None:
        raise SettingsError("the environment names no server")
    return Plan(
        settings=settings,
        member=member,
        heap=heap,
        files=_files(settings, member, heap),
        warnings=(*_ignored(environ), *settings.advice, *heap_warnings),
    )


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
    masked = [
        f"==> {file.path} (mode {file.mode:04o})\n{file.text}" for file in _files(_masked(plan), plan.member, plan.heap)
    ]
    return "\n".join(masked)


def summary(plan: Plan, written: list[str]) -> str:
    """Return what the original prints, less its mistakes: the settings, the ensemble, the files."""
    settings, member = plan.settings, plan.member
    lines = [
        f"ZK_REPLICAS={len(member.ensemble.servers)}",
        f"MY_ID={member.server_id}",
        f"ZK_LOG_LEVEL={settings.log_level}",
        f"ZK_DATA_DIR={settings.data_dir}",
        f"ZK_DATA_LOG_DIR={settings.data_log_dir}",
        f"ZK_LOG_DIR={settings.log_dir}",
        f"ZK_CLIENT_PORT={settings.client_port}",
        f"ZK_SERVER_PORT={settings.quorum_port}",
        f"ZK_ELECTION_PORT={settings.election_port}",
        f"ZK_TICK_TIME={settings.tick_time_ms}",
        f"ZK_INIT_LIMIT={settings.init_limit}",
        f"ZK_SYNC_LIMIT={settings.sync_limit}",
        f"ZK_MAX_CLIENT_CNXNS={settings.max_client_cnxns}",
        f"ZK_MIN_SESSION_TIMEOUT={settings.min_session_timeout_ms}",
        f"ZK_MAX_SESSION_TIMEOUT={settings.max_session_timeout_ms}",
        f"ZK_HEAP_SIZE={plan.heap}" if plan.heap is not None else f"{SERVER_HEAP} is left to ZooKeeper's scripts",
        f"ZK_SNAP_RETAIN_COUNT={settings.snap_retain_count}",
        f"ZK_PURGE_INTERVAL={settings.purge_interval_hours}",
        *(f"zoo.cfg {key}={MASK if key in settings.secret_keys else value}" for key, value in settings.extra.items()),
    ]
    if not member.is_alone:
        lines += ["ENSEMBLE", *(f"server.{server.server_id}={server}" for server in member.ensemble.servers)]
    lines += [f"{'Wrote' if file.path in written else 'Unchanged'} {file.path}" for file in plan.files]
    return "".join(f"{line}\n" for line in lines)


def _files(settings: Settings, member: Member, heap: str | None) -> tuple[RenderedFile, ...]:
    conf = settings.conf_dir
    mode = PRIVATE if settings.secret_keys else PUBLIC
    return (
        RenderedFile(path=f"{settings.data_dir}/myid", text=render_myid(member), once=True),
        RenderedFile(path=f"{conf}/java.security", text=render_java_security()),
        RenderedFile(path=f"{conf}/log4j.properties", text=render_log4j(settings)),
        RenderedFile(path=f"{conf}/logback.xml", text=render_logback(settings)),
        RenderedFile(path=f"{conf}/java.env", text=render_java_env(settings, heap)),
        RenderedFile(path=f"{conf}/zoo.cfg", text=render_zoo_cfg(settings, member), mode=mode),
    )


def _masked(plan: Plan) -> Settings:
    settings = plan.settings
    shown = {key: MASK if key in settings.secret_keys else value for key, value in settings.extra.items()}
    return replace(settings, extra=shown)


def _directories(settings: Settings) -> tuple[str, ...]:
    return (settings.data_dir, settings.data_log_dir, settings.log_dir, settings.conf_dir)


def _heap(env: EnvReader, settings: Settings, limit: MemoryLimit) -> tuple[str | None, list[str]]:
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
            env.problem(
                f"{told} is a share of the container's memory limit, but it has none:"
                " set resources.limits.memory, or a size such as 2G"
            )
        elif memory * heap.percent // 100 < SMALLEST_HEAP:
            env.problem(f"{told} of the container's memory limit, {memory // 1024} KiB, is too small for a JVM")
        return heap.within(memory or 0), []
    size = heap.within(0)
    if memory is None or heap.fixed_bytes is None or heap.fixed_bytes < memory:
        return size, []
    told = f"{told} is not less than the container's memory limit, {memory // 1024**2} MiB"
    return size, [f"{told}: the kernel will kill the server; 75% would fit"]


def _owner(user: str) -> Owner | None:
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return None
    return account.pw_uid, account.pw_gid


def _ignored(environ: Mapping[str, str]) -> list[str]:
    readable = [*readable_names(VARIABLES), *OF_ZOOKEEPER]
    return ignored_lines(environ, PREFIX, readable, family=CFG_PREFIX)
