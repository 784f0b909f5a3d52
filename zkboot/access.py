"""Whether this process, and a server with its rights, can use the files and directories of a start."""

import os
from collections.abc import Sequence
from functools import partial

from zkboot.endpoint import TLS_DIR
from zkboot.pod.errors import Problems, SettingsError
from zkboot.pod.fields import declared
from zkboot.pod.files import check_directory, check_readable, check_space, check_target, is_one_file_system
from zkboot.pod.login_files import read_logins
from zkboot.pod.logins import Logins
from zkboot.pod.permissions import Check, check_all
from zkboot.pod.reads import list_directory
from zkboot.pod.rendered import RenderedFile
from zkboot.pod.tls.reading import read_mounted
from zkboot.pod.tls.stores import Stores
from zkboot.sasl import jaas_path, sasl_folder
from zkboot.settings import Settings
from zkboot.stores import stale_stores
from zkboot.tls import tls_folder
from zkboot.variables import RECONFIG, SASL_DIR
from zkboot.volumes.contents import VERSION_DIR

_SPACE_ADVICE = (
    "the server would end at every start: make the volume larger, or remove old snapshots and logs, all but the newest"
    " three of each, and set ZK_PURGE_INTERVAL=1"
)


def check_access(
    settings: Settings, files: Sequence[RenderedFile], stores: Stores | None, logins: Logins | None
) -> None:
    """Raise FileError, with all of it at once, where this process could not write the *files*, or read the data.

    Or where a server with its rights could not.
    """
    fields = {"data_dir", "data_log_dir", "log_dir", "conf_dir"}
    named = {getattr(settings, name): one.variable.name for name, one in declared(settings).items() if name in fields}
    if stores is not None or stale_stores(tls_folder(settings), None):
        named[tls_folder(settings)] = named[settings.conf_dir]
    if logins is not None or os.path.lexists(jaas_path(settings)):
        named[sasl_folder(settings)] = named[settings.conf_dir]
    checks: list[Check] = [(name, partial(check_directory, path)) for path, name in named.items()]
    if settings.tls_dir is not None and stores is None:
        checks.insert(0, (TLS_DIR.name, partial(read_mounted, settings.tls_dir)))
    if settings.sasl_dir is not None and logins is None:
        checks.insert(0, (SASL_DIR.name, partial(read_logins, settings.sasl_dir, SASL_DIR.name, Problems())))
    checks += [(named[path], partial(_check_data, path)) for path in (settings.data_dir, settings.data_log_dir)]
    # A list of members may lie elsewhere: it goes with the configuration.
    conf = named[settings.conf_dir]
    checks += [(named.get(os.path.dirname(one.path), conf), partial(check_target, one.path)) for one in files]
    check_all(checks)


def check_list_place(settings: Settings) -> None:
    """Raise SettingsError where a dynamic ensemble's list of members would not be on the volume."""
    if settings.reconfig and not is_one_file_system(settings.data_dir, settings.conf_dir):
        raise SettingsError(
            f"{RECONFIG.name}=true: ZK_CONF_DIR={settings.conf_dir} is not on the volume of"
            f" ZK_DATA_DIR={settings.data_dir}, but the server keeps its list of members there, and must not lose it:"
            " set ZK_CONF_DIR to a folder on the volume"
        )


def _check_data(directory: str) -> None:
    """Raise FileError where a server could not write its data into *directory*, or not read what is there."""
    check_space(directory, _SPACE_ADVICE)
    version = f"{directory}/{VERSION_DIR}"
    if os.path.lexists(version):
        check_directory(version)
        for name in list_directory(version):
            check_readable(f"{version}/{name}")
