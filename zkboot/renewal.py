"""``zkboot tls``: the server's TLS files made anew where those that are mounted have changed.

ZooKeeper reads a file again that is renamed over the old one, for its clients' port from 3.7.2 on, for the servers'
ports always. It does not follow the kubelet's link ``..data``, and a file that it cannot read closes its port: so its
files are ours, and only what has passed every check of a start gets there. What the server shows is asked afterwards.
"""

import time
from collections.abc import Mapping

from zkboot.endpoint import PROBE_HOST, PROBE_TIMEOUT, TLS_DIR
from zkboot.installed import installed_version
from zkboot.member import find_member
from zkboot.pod.address import host_port
from zkboot.pod.deadline import Deadline
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import NotServingError, RestartNeededError, SettingsError
from zkboot.pod.files import write_files
from zkboot.pod.host import Clock, utc_now
from zkboot.pod.identity import Host
from zkboot.pod.properties import parse
from zkboot.pod.reads import read_file
from zkboot.pod.tls.certificate import Certificate, parse_certificates
from zkboot.pod.tls.checks import shown
from zkboot.pod.tls.keeper import Renewal
from zkboot.pod.tls.server import find_owner, find_shown
from zkboot.pod.tls.stores import Stores
from zkboot.settings import Settings
from zkboot.stores import find_stores
from zkboot.tls import RELOADS_SINCE

RELOAD_LIMIT = 15.0
"""Seconds in which a server reads a file that has changed: 3.7 and 3.8 were seen to take 3."""

_PAUSE = 0.25


def renew(environ: Mapping[str, str], host: Host, uid: int, clock: Clock = utc_now) -> Renewal:
    """Write the TLS files anew where what is mounted has changed, and return what came of it.

    Raises SettingsError where what is mounted would not work: then the old files stay. FileError where a file cannot be
    read, or not be written for the account whose it is, NotServingError where the server has to be restarted for the
    new ones.
    """
    env = EnvReader(environ)
    settings = Settings.from_environ(env)
    member = find_member(env, settings, host)
    at, timeout = (env.read(PROBE_HOST), settings.tls_port), env.read(PROBE_TIMEOUT)
    if settings.tls_dir is None:
        env.problems.note(f"{TLS_DIR.name} is not set, so there is nothing to renew")
    stores, _ = find_stores(env.problems, settings, member, clock)
    env.problems.check()
    if stores is None:
        raise SettingsError("the environment names no server")
    _check_type(settings, stores)
    owner = find_owner(stores, uid)
    written = write_files(stores.files, owner if uid == 0 else None)
    certificate = parse_certificates(stores.files[0].content)[0]
    patience = Deadline(RELOAD_LIMIT if written else 0)
    while True:
        try:
            is_running = _check_shown(at, stores, timeout, certificate)
            break
        except NotServingError:
            if not patience.remaining():
                raise
        time.sleep(_PAUSE)
    if is_running and stores.trust_store in written:
        _check_trust(environ, stores)
    return Renewal(is_new=bool(written), end=certificate.not_after)


def _check_type(settings: Settings, stores: Stores) -> None:
    """Raise NotServingError where the server reads stores of another type than *stores*, which only a start changes."""
    path = f"{settings.conf_dir}/zoo.cfg"
    found = parse(read_file(path) or "").get("ssl.keyStore.type")
    if found != stores.type:
        has = "has no" if found is None else f"has {found} as"
        raise NotServingError(
            f"{path} {has} ssl.keyStore.type, and {stores.type} is needed: the server was started with stores of"
            f" another type, or without {TLS_DIR.name}; restart it"
        )


def _check_trust(environ: Mapping[str, str], stores: Stores) -> None:
    """Raise RestartNeededError where the server that is installed does not read its authorities again.

    No handshake shows whom a server trusts, so a further try would find nothing wrong.
    """
    version = installed_version(environ)
    if version is not None and version < RELOADS_SINCE:
        raise RestartNeededError(
            f"{stores.trust_store} is new, and before 3.7.2 the clients' port goes on with the authorities that the"
            " server has started with: restart the server"
        )


def _check_shown(at: tuple[str, int], stores: Stores, timeout: float, certificate: Certificate) -> bool:
    """Return whether the server *at* runs. Raises NotServingError where it does not show *certificate*."""
    found = find_shown(at, stores, timeout)
    if found is not None and found.der != certificate.der:
        raise NotServingError(
            f"{host_port(*at)} shows the certificate that expires on {shown(found.not_after)}, and not the one in"
            f" {stores.files[0].path}: restart the server; before 3.7.2 it reads the file only as it starts"
        )
    return found is not None
