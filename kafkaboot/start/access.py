"""The files and directories that a start needs: read, or tried, and named by the variable that each comes from."""

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from kafkaboot.config.layers import Config
from kafkaboot.config.settings import Settings
from kafkaboot.config.variables import BASE_FILE
from kafkaboot.start.edit import restore
from kafkaboot.values.keys import variable_of
from kafkaboot.values.knobs import CONFIG_FILE, HOME, SASL_DIR, TLS_DIR
from kafkaboot.values.properties import LOG_DIR, LOG_DIRS, METADATA_LOG_DIR
from zkboot.pod.errors import FileError, Problems
from zkboot.pod.files import check_directory, check_target
from zkboot.pod.login_files import read_logins
from zkboot.pod.permissions import Check, check_all
from zkboot.pod.properties import ENCODING, parse_lines
from zkboot.pod.reads import list_directory, read_file
from zkboot.pod.tls.reading import read_mounted


def read_base(settings: Settings) -> str:
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


def data_places(config: Config) -> list[tuple[str, str]]:
    """Return each directory of the node's data, behind the variable that names it."""
    key = LOG_DIRS.key if config.text(LOG_DIRS.key) else LOG_DIR.key
    places = [(variable_of(key), path) for path in config.log_dirs]
    if config.metadata_dir not in config.log_dirs:
        places.append((variable_of(METADATA_LOG_DIR.key), config.metadata_dir))
    return places


def check_inputs(settings: Settings) -> None:
    """Raise FileError, with all of it at once, where something that *settings* name cannot be read or replaced."""
    checks: list[Check] = [(BASE_FILE.name, partial(read_base, settings))]
    if settings.tls_dir is not None:
        checks.append((TLS_DIR.name, partial(read_mounted, settings.tls_dir)))
    if settings.sasl_dir is not None:
        # What is wrong with what can be read is noted as a value.
        checks.append((SASL_DIR.name, partial(read_logins, settings.sasl_dir, SASL_DIR.name, Problems())))
    for kind in (LOG_DIRS, LOG_DIR, METADATA_LOG_DIR):
        if kind.key in settings.given:
            # What is no list of paths is noted as a value.
            with suppress(ValueError):
                places = settings.given[kind.key].value.read(kind)
                checks += [(variable_of(kind.key), partial(list_directory, path)) for path in places]
    check_all((*checks, *_target_checks(settings)))


def check_data(settings: Settings, config: Config) -> None:
    """Raise FileError, with all of it at once, where the data cannot be read, or the properties not be replaced."""
    places = ((variable, partial(list_directory, path)) for variable, path in data_places(config))
    check_all((*places, *_target_checks(settings)))


def _target_checks(settings: Settings) -> Iterable[Check]:
    yield CONFIG_FILE.name, partial(check_target, settings.config_file)
    yield CONFIG_FILE.name, partial(check_directory, os.path.dirname(settings.config_file))
