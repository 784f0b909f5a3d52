"""What one start will write: server.properties rendered, and everything checked, before the first byte is written."""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from kafkaboot.config.broker import ANYBODY, Broker, find_broker
from kafkaboot.config.definition_rules import name_advice
from kafkaboot.config.kraft import kraft_config
from kafkaboot.config.layers import Config
from kafkaboot.config.security_advice import security_advice
from kafkaboot.config.settings import VARIABLES, Settings, find_mode
from kafkaboot.config.variables import (
    CLUSTER_ID,
    KNOB_PREFIX,
    KRAFT,
)
from kafkaboot.config.zookeeper import zookeeper_config
from kafkaboot.start.access import check_data, check_inputs, data_places, read_base
from kafkaboot.start.edit import edit
from kafkaboot.start.installed import advice_on_classes, advice_on_version, installed_version
from kafkaboot.start.jvm import Jvm, find_jvm
from kafkaboot.start.logins import find_logins
from kafkaboot.start.masking import holds_secret
from kafkaboot.start.stores import find_stores
from kafkaboot.values.definitions import definitions
from kafkaboot.values.foreign import UNREAD_GUARDS
from kafkaboot.values.keys import OF_THE_JVM, PREFIX, property_of, variable_name
from kafkaboot.values.knobs import CONFIG_FILE, PLAIN
from kafkaboot.values.version import NO_ZOOKEEPER, Version
from kafkaboot.values.voters import Voter
from kafkaboot.volumes.kraft import Volumes, check_volumes, find_format
from kafkaboot.volumes.meta import check_log_dirs
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import Advising, BootError, FileError, Problems, SettingsError
from zkboot.pod.files import Owner, check_directory, check_target, make_directory, write_files
from zkboot.pod.host import Clock, utc_now
from zkboot.pod.identity import Host
from zkboot.pod.ignored import ignored_lines, mistyped_lines, note_unread_guards, readable_names
from zkboot.pod.logins import Logins
from zkboot.pod.memory import MemoryLimit, memory_limit
from zkboot.pod.permissions import Check, check_all
from zkboot.pod.properties import ENCODING, parse
from zkboot.pod.reads import file_mode, read_file
from zkboot.pod.rendered import PRIVATE, RenderedFile
from zkboot.pod.tls.stores import Stores


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
    """The properties file."""
    stores: Stores | None
    """What TLS has to show; None without it."""
    logins: Logins | None
    """Who may log in; None where nobody has to."""
    jvm: Jvm
    owner: Owner | None
    """Who owns the file that is replaced; None where there is none."""
    warnings: tuple[str, ...]
    """What does not stop the start but should be read."""

    @property
    def secret_keys(self) -> frozenset[str]:
        """The properties of the file whose values nobody may see, but for those that only the base file has."""
        return self.settings.secret_keys | self.config.secrets

    @property
    def files(self) -> tuple[RenderedFile, ...]:
        """All that is written, the properties last: where they are, all is there that they name."""
        return (*self.jvm.files, *(self.stores.files if self.stores is not None else ()), self.file)


def make_plan(
    environ: Mapping[str, str],
    host: Host,
    limit: MemoryLimit = memory_limit,
    *,
    formats: bool = False,
    clock: Clock = utc_now,
) -> Plan:
    """Return what *environ* asks for on *host*, checked against the base file and the log directories.

    Raises SettingsError with every problem of the environment, the pod's name and the base file at once, and of the
    log directories, too; StateError where only one of these contradicts it, FileError where something cannot be read.
    *formats* tells that empty volumes are to be formatted.
    """
    env = EnvReader(environ)
    problems = env.problems
    settings = Settings.from_environ(env)
    ignored = _ignored(problems, environ)
    version = settings.version or installed_version(env, settings)
    broker = find_broker(env, settings, host, version)
    mode = find_mode(problems, settings, version) if version is not None else None
    if mode == KRAFT and version is not None:
        settings = _with_kraft_base(settings, version)
    try:
        base = read_base(settings)
        stores, advice_on_tls = find_stores(problems, settings, broker, version, clock)
        logins = find_logins(problems, settings, version, mode)
    except FileError as error:
        raise _unread(problems, settings, error) from error
    config = None
    voters: tuple[Voter, ...] = ()
    node, text = broker or ANYBODY, parse(base)
    if version is not None and mode == KRAFT:
        config, voters = kraft_config(env, settings, node, version, text, stores=stores, logins=logins)
    elif version is not None:
        config = zookeeper_config(problems, settings, node, version, text, stores=stores, logins=logins)
    jvm = find_jvm(problems, settings, version, environ, limit) if version is not None else None
    if problems and config is not None:
        _note_data_problems(problems, settings, mode, config, broker, formats=formats)
    named = tuple(name_advice(config, settings.given, version)) if config is not None and version is not None else ()
    problems.check((*ignored, *settings.advice, *named))
    if broker is None or version is None or mode is None or config is None or jvm is None:
        raise SettingsError("the environment names no broker")
    advice = [
        *ignored,
        *settings.advice,
        *jvm.advice,
        *advice_on_tls,
        *config.warnings,
        *named,
        *security_advice(config, environ, version),
        *advice_on_classes(settings),
        *advice_on_version(settings, version),
        *_advice_on_data(config),
    ]
    with Advising(advice):
        volumes = _checked_data(settings, mode, config, broker)
    advice += volumes.advice if volumes is not None else ()
    with Advising(advice):
        advice += _advice_on_users(settings, volumes, config, logins)
        advice += _missing_format(volumes, config, settings.cluster_id, formats=formats)
    mode_bits, owner = _permissions(settings)
    is_private = bool(settings.secret_keys & config.given.keys() or config.secrets) or holds_secret(base)
    edited = edit(base, config.entries, config.disabled)
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
            path=settings.config_file, text=edited, mode=PRIVATE if is_private else mode_bits, encoding=ENCODING
        ),
        stores=stores,
        logins=logins,
        jvm=jvm,
        owner=owner,
        warnings=tuple(advice),
    )


def _unread(problems: Problems, settings: Settings, error: FileError) -> BootError:
    """Return *error* with all else that cannot be used, each behind its variable; the *problems*, if any, before it."""
    found: Sequence[str] = error.problems
    try:
        check_inputs(settings)
    except FileError as everything:
        found = everything.problems
    return SettingsError(*problems, *found) if problems else FileError(*found)


def check_access(plan: Plan, *, starts: bool = False) -> None:
    """Raise FileError, with all of it at once, where this process could not write what *plan* says.

    Where it *starts* the broker, it must write its data, too.
    """
    files = plan.files
    checks: list[Check] = [(CONFIG_FILE.name, partial(check_target, file.path)) for file in files]
    if any(not _is_written(file) for file in files):
        checks.append((CONFIG_FILE.name, partial(check_directory, os.path.dirname(plan.file.path))))
    if starts:
        checks += [(variable, partial(check_directory, path)) for variable, path in data_places(plan.config)]
    check_all(checks)


def write_plan(plan: Plan, uid: int) -> list[str]:
    """Write the files whose content differs, and return their paths. Raises FileError.

    Where *uid* is root's, they get the owner of the properties file: a server that runs as that account must be able to
    read them.
    """
    check_access(plan)
    files = plan.files
    make_directory(os.path.dirname(plan.file.path))
    if plan.stores is not None:
        make_directory(os.path.dirname(plan.stores.key_store), plan.owner if uid == 0 else None)
    return write_files(files, plan.owner if uid == 0 else None)


def _is_written(file: RenderedFile) -> bool:
    """Return whether *file* is there as it shall be, so that nothing needs to be written."""
    try:
        return read_file(file.path, file.encoding) == file.text and file_mode(file.path) == file.mode
    except FileError:
        return False


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


def _checked_data(settings: Settings, mode: str, config: Config, broker: Broker) -> Volumes | None:
    """Return what ``_check_data`` does; where a directory cannot be read, tell each that cannot by its variable."""
    try:
        return _check_data(settings, mode, config, broker)
    except FileError:
        # What else cannot be used, all of it by its variable.
        check_data(settings, config)
        raise


def _advice_on_users(
    settings: Settings, volumes: Volumes | None, config: Config, logins: Logins | None
) -> Sequence[str]:
    if volumes is None or logins is None or settings.sasl_mechanism == PLAIN:
        return ()
    from kafkaboot.volumes.users import user_advice

    try:
        return user_advice(config.metadata_dir, settings.sasl_mechanism, logins.passwords)
    except FileError:
        # A broker that runs removes old files; no advice is worth a start.
        return ()


def _missing_format(
    volumes: Volumes | None, config: Config, cluster_id: str | None, *, formats: bool
) -> tuple[str, ...]:
    """Return what an empty volume lacks to be formatted; raises SettingsError with it where that is not for others.

    With an id with which a start could not be formatted, the file need not be made. Without any, somebody else may
    format the volume.
    """
    if volumes is None:
        return ()
    try:
        find_format(volumes, config, cluster_id)
    except SettingsError as error:
        if formats or cluster_id is not None:
            raise
        return error.problems
    return ()


def _note_data_problems(
    problems: Problems, settings: Settings, mode: str | None, config: Config, broker: Broker | None, *, formats: bool
) -> None:
    """Note in *problems* what the log directories say, beside what is there already."""
    is_noted = problems.about(CLUSTER_ID.name)
    try:
        volumes = _check_data(settings, mode, config, broker or ANYBODY)
        if volumes is not None and (formats or settings.cluster_id is not None) and not is_noted:
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


def _ignored(problems: Problems, environ: Mapping[str, str]) -> list[str]:
    readable = readable_names(VARIABLES)
    note_unread_guards(problems, environ, KNOB_PREFIX, readable, UNREAD_GUARDS, meant=_meant_property)
    lines = ignored_lines(environ, KNOB_PREFIX, readable, meant=_meant_property, links=PREFIX, noted=problems.about)
    return [*lines, *mistyped_lines(environ, OF_THE_JVM, (KNOB_PREFIX, PREFIX))]


def _meant_property(name: str) -> str | None:
    """Return the variable of the property that *name*, with a knob's prefix, would set with the broker's."""
    own = PREFIX + name.removeprefix(KNOB_PREFIX)
    try:
        return own if property_of(variable_name(own)) in definitions().names else None
    except ValueError:
        return None
