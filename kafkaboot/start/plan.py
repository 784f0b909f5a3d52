"""What one start will write: server.properties rendered, and everything checked, before the first byte is written."""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kafkaboot.config.broker import ANYBODY, Broker, find_broker
from kafkaboot.config.definition_rules import name_advice
from kafkaboot.config.kraft import kraft_config
from kafkaboot.config.layers import Config
from kafkaboot.config.security_advice import security_advice
from kafkaboot.config.settings import CLUSTER_ID, KNOB_PREFIX, KRAFT, VARIABLES, Settings, find_mode
from kafkaboot.config.zookeeper import zookeeper_config
from kafkaboot.start.edit import edit, restore
from kafkaboot.start.masking import holds_secret, masked
from kafkaboot.values.keys import PREFIX
from kafkaboot.values.knobs import HOME, VERSION
from kafkaboot.values.version import NO_ZOOKEEPER, Version, find_version
from kafkaboot.values.voters import Voter
from kafkaboot.volumes.kraft import Volumes, check_volumes, find_format
from kafkaboot.volumes.meta import check_log_dirs
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import BootError, FileError, Problems, SettingsError
from zkboot.pod.files import (
    PRIVATE,
    Owner,
    RenderedFile,
    check_target,
    file_mode,
    list_directory,
    make_directory,
    read_file,
    write_files,
)
from zkboot.pod.identity import Host
from zkboot.pod.ignored import ignored_lines, readable_names
from zkboot.pod.properties import ENCODING, parse, parse_lines
from zkboot.pod.secret import MASK

_TOLD_KEYS = (
    "process.roles",
    "node.id",
    "broker.id",
    "controller.quorum.voters",
    "controller.quorum.bootstrap.servers",
    "zookeeper.connect",
    "port",
    "advertised.host.name",
    "listeners",
    "advertised.listeners",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One start: which broker this is and what will be written. Nothing of it is on the disk yet."""

    settings: Settings
    version: Version
    mode: str
    broker: Broker
    config: Config
    voters: tuple[Voter, ...]
    """The controllers that the replicas make, where they were asked for it."""
    volumes: Volumes | None
    """What is in the directories of a node of KRaft; None in ZooKeeper mode."""
    base: str
    """The base file as it was before any edit."""
    file: RenderedFile
    owner: Owner | None
    """Who owns the file that is replaced; None where there is none."""
    warnings: tuple[str, ...]
    """What does not stop the start but should be read."""


def make_plan(environ: Mapping[str, str], host: Host, *, formats: bool = False) -> Plan:
    """Return what *environ* asks for on *host*, checked against the base file and the log directories.

    Raises SettingsError with every problem of the environment, the pod's name and the base file at once, and of the
    log directories, too; StateError where only one of these contradicts it, FileError where something cannot be read.
    *formats* tells that empty volumes are to be formatted.
    """
    env = EnvReader(environ)
    problems = env.problems
    settings = Settings.from_environ(env)
    broker = find_broker(env, settings, host)
    version = settings.version or _installed_version(env, settings)
    mode = find_mode(problems, settings, version) if version is not None else None
    if mode == KRAFT and version is not None:
        settings = _with_kraft_base(settings, version)
    try:
        base = _read_base(settings)
    except FileError as error:
        if problems:
            raise SettingsError(*problems, *error.problems) from error
        raise
    config = None
    voters: tuple[Voter, ...] = ()
    if version is not None and mode == KRAFT:
        config, voters = kraft_config(env, settings, broker or ANYBODY, version, parse(base))
    elif version is not None:
        config = zookeeper_config(problems, settings, broker or ANYBODY, version, parse(base))
    if problems and config is not None:
        _note_data_problems(problems, settings, mode, config, broker, formats=formats)
    named = name_advice(config, settings.given, version) if config is not None and version is not None else ()
    problems.check((*_ignored(environ), *settings.advice, *named))
    if broker is None or version is None or mode is None or config is None:
        raise SettingsError("the environment names no broker")
    volumes = _check_data(settings, mode, config, broker)
    if volumes is not None and settings.cluster_id is not None:
        # With what a start could not be formatted, the file need not be made.
        find_format(volumes, config, settings.cluster_id)
    mode_bits, owner = _permissions(settings)
    is_private = bool(settings.secret_keys & config.given.keys()) or holds_secret(base)
    text = edit(base, config.entries, config.disabled)
    return Plan(
        settings=settings,
        version=version,
        mode=mode,
        broker=broker,
        config=config,
        voters=voters,
        volumes=volumes,
        base=base,
        file=RenderedFile(
            path=settings.config_file, text=text, mode=PRIVATE if is_private else mode_bits, encoding=ENCODING
        ),
        owner=owner,
        warnings=(
            *_ignored(environ),
            *settings.advice,
            *config.warnings,
            *name_advice(config, settings.given, version),
            *security_advice(config, environ),
            *_advice_on_version(settings),
            *_advice_on_data(config),
            *(volumes.advice if volumes is not None else ()),
        ),
    )


def write_plan(plan: Plan, uid: int) -> bool:
    """Write the file, where it is not already as it shall be, and return whether it was. Raises FileError.

    Where *uid* is root's, the file keeps its owner: a server that runs as that account must be able to read it.
    """
    check_target(plan.file.path)
    make_directory(os.path.dirname(plan.file.path))
    return bool(write_files([plan.file], plan.owner if uid == 0 else None))


def preview(plan: Plan) -> bytes:
    """Return the file as it would be written, secrets masked, under its path."""
    entries = plan.config.entries
    secrets = {key: value for key, value in entries.items() if key in plan.settings.secret_keys}
    shown = {**entries, **dict.fromkeys(secrets, MASK)}
    text = edit(masked(plan.base, secrets), shown, plan.config.disabled)
    return f"==> {plan.file.path} (mode {plan.file.mode:04o})\n".encode() + text.encode(ENCODING)


def summary(plan: Plan, *, is_written: bool) -> str:
    """Return what was decided, secrets masked, and whether the file changed."""
    told = {key: value for key in _TOLD_KEYS if (value := plan.config.effective.get(key)) is not None}
    told["log.dirs"] = ",".join(plan.config.log_dirs)
    secrets = plan.settings.secret_keys
    given = {key: MASK if key in secrets else value.text for key, value in plan.config.given.items()}
    lines = [
        f"POD_NAME={plan.broker.pod.pod_name}",
        f"KF_VERSION={plan.version}",
        f"KF_MODE={plan.mode}",
        *(f"{key}={value}" for key, value in (told | given).items()),
        f"{'Wrote' if is_written else 'Unchanged'} {plan.file.path}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _advice_on_version(settings: Settings) -> Iterable[str]:
    """Yield what to say where KF_VERSION and the installation differ: a file for another Kafka."""
    libs = f"{settings.home}/libs"
    try:
        installed = find_version(list_directory(libs))
    except (BootError, ValueError):
        return
    if settings.version is not None and settings.version != installed:
        yield f"{VERSION.name}={settings.version}, but {libs} holds Kafka {installed}: the former counts"


def _installed_version(env: EnvReader, settings: Settings) -> Version | None:
    libs = f"{settings.home}/libs"
    try:
        return find_version(list_directory(libs))
    except (BootError, ValueError) as error:
        told = str(error) if isinstance(error, BootError) else f"{libs} {error}"
        if not env.is_set(VERSION):
            env.problems.note(
                f"the version of Kafka is unknown, {told}: set {VERSION.name}, or {HOME.name} to where Kafka is"
            )
        return None


def _with_kraft_base(settings: Settings, version: Version) -> Settings:
    """Return *settings* with the base file of KRaft mode, which before 4.0 is not that of ZooKeeper mode."""
    own = f"{settings.home}/config/kraft/server.properties"
    if settings.stated_base_file is None and version < NO_ZOOKEEPER and os.path.exists(own):
        return replace(settings, base_file=own)
    return settings


def _check_data(settings: Settings, mode: str | None, config: Config, broker: Broker) -> Volumes | None:
    """Return what is in the directories of a node of KRaft. Raises StateError and FileError in either mode."""
    if mode == KRAFT:
        return check_volumes(config, broker, settings.cluster_id)
    check_log_dirs(config.log_dirs, broker, is_migrating=config.is_migrating, cluster_id=settings.cluster_id)
    return None


def _note_data_problems(
    problems: Problems, settings: Settings, mode: str | None, config: Config, broker: Broker | None, *, formats: bool
) -> None:
    """Note in *problems* what the log directories say, beside what is there already."""
    is_told = problems.about(CLUSTER_ID.name)
    try:
        volumes = _check_data(settings, mode, config, broker or ANYBODY)
        if volumes is not None and (formats or settings.cluster_id is not None) and not is_told:
            find_format(volumes, config, settings.cluster_id)
    except SettingsError as error:
        problems.note_all(error)
    except BootError as error:
        # What contradicts the stand-in need not contradict this node.
        if broker is not None:
            problems.note_all(error)
    except ValueError:
        # The directories, or the roles, have been noted with all other values.
        return


def _read_base(settings: Settings) -> str:
    """Return the text of the base file as it was before any edit. Raises FileError."""
    path = settings.base_file
    text = read_file(path, ENCODING)
    if text is None:
        raise FileError(f"{path}: no such file: set KF_BASE_FILE, or {HOME.name} to where Kafka is")
    try:
        pristine = restore(text)
    except ValueError as error:
        raise FileError(f"{path}: {error}") from error
    try:
        parse_lines(pristine)
    except ValueError as error:
        raise FileError(f"{path}: {error}, which Kafka could not read") from error
    return pristine


def _permissions(settings: Settings) -> tuple[int, Owner | None]:
    """Return the permission bits that the file shall have, unless it holds a secret, and its owner."""
    try:
        found = os.stat(settings.config_file)
    except OSError:
        # There is none, or writing it will say why not.
        return file_mode(settings.base_file), None
    return stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid)


def _advice_on_data(config: Config) -> Iterable[str]:
    if "log.dirs" in config.given or "log.dir" in config.given:
        return
    for directory in config.log_dirs:
        if f"{directory}/".startswith("/tmp/"):  # noqa: S108 - warned of, not used
            yield f"log.dirs={directory}: no volume is there, so the data goes with the container: set KAFKA_LOG_DIRS"


def _ignored(environ: Mapping[str, str]) -> list[str]:
    return ignored_lines(environ, KNOB_PREFIX, readable_names(VARIABLES), links=PREFIX)
