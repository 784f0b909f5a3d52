"""What this server has mounted, for TLS and for logins: read, checked, and made for it; and who owns its files."""

import os
import pwd
from collections.abc import Mapping

from zkboot.client import listed_name
from zkboot.endpoint import DOMAIN, PROBE_HOST, TLS_DIR, TLS_PORT, Endpoint
from zkboot.member import Member
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import IdentityError, Problems
from zkboot.pod.files import Owner
from zkboot.pod.host import Clock
from zkboot.pod.identity import Host
from zkboot.pod.login_files import read_logins
from zkboot.pod.logins import Logins
from zkboot.pod.own_tls import proven_name
from zkboot.pod.permissions import named
from zkboot.pod.tls.mounted import CHAIN
from zkboot.pod.tls.reading import read_mounted
from zkboot.pod.tls.stores import Stores
from zkboot.sasl import note_login_problems
from zkboot.settings import Settings
from zkboot.tls import tls_folder
from zkboot.variables import SASL_DIR, USER


def find_stores(
    problems: Problems, settings: Settings, member: Member | None, clock: Clock, probed: str = ""
) -> tuple[Stores | None, list[str]]:
    """Return what TLS has to show by *clock*, and what to warn of; notes what is wrong with it. Raises FileError.

    *probed* is the name that the probes verify; empty where they verify none.
    """
    if settings.tls_dir is None or member is None:
        return None, []
    # It loads OpenSSL, 4 MB and 13 ms, which a start without TLS should not pay for.
    from zkboot.pod.tls.checks import check_identity, expiry_advice
    from zkboot.pod.tls.handshake import SelfHandshake

    with named(TLS_DIR.name):
        mounted = read_mounted(settings.tls_dir)
    spec = member.spec
    names = (spec.host, *(host for host, _, _ in spec.further))
    now = clock()
    identity = check_identity(mounted, names, TLS_DIR.name, problems, now)
    if identity is None:
        return None, []
    advice = expiry_advice(identity, mounted, now)
    if probed and probed not in names and not SelfHandshake(identity).covers(probed):
        advice.append(
            f"{mounted.path(CHAIN)} does not cover {probed}, the name that zkReady verifies, so it will fail: set"
            f" {PROBE_HOST.name} to one that is covered, or unset it, or add that name to the Certificate"
        )
    return Stores.of(identity, tls_folder(settings), takes_pem=True), advice


def find_logins(problems: Problems, settings: Settings) -> Logins | None:
    """Return who may log in, None where nobody does; notes what is wrong with it. Raises FileError."""
    if settings.sasl_dir is None:
        return None
    with named(SASL_DIR.name):
        logins = read_logins(settings.sasl_dir, SASL_DIR.name, problems)
    if logins is not None:
        note_login_problems(problems, settings, logins)
    return logins


def probed_name(env: EnvReader, host: Host) -> str:
    """Return the name that the probes of the pod *host* verify; empty where they verify none, or it has no name."""
    endpoint = Endpoint.from_environ(env, prefers_tls=True)
    if endpoint.port != env.read(TLS_PORT):
        return ""
    try:
        return proven_name(env, endpoint.host, DOMAIN, host, listed_name(env))
    except IdentityError:
        return ""


def stale_stores(folder: str, stores: Stores | None) -> list[str]:
    """Return the paths of the stores in *folder* that are none of *stores*, but an earlier start's."""
    current = set() if stores is None else {file.path for file in stores.files}
    paths = [f"{folder}/{name}.{kind}" for name in ("server", "ca") for kind in ("pem", "jks")]
    return [path for path in paths if path not in current and os.path.lexists(path)]


def owner_of(user: str) -> Owner | None:
    """Return the account of *user*, None where there is none."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return None
    return account.pw_uid, account.pw_gid


def account_advice(environ: Mapping[str, str], settings: Settings, uid: int) -> list[str]:
    """Return what to warn of where *uid* is root's and the account that ZK_USER names in *environ* does not exist."""
    if uid != 0 or settings.user == USER.default or owner_of(settings.user) is not None:
        return []
    env = EnvReader(environ)
    env.get(USER)
    subject = env.shown(USER.name, settings.user)
    return [f"{subject}: there is no such account, so what is written stays root's"]
