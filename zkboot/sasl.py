"""Logins: the JAAS file from which ZooKeeper takes users and passwords, and the keys of zoo.cfg. Opens nothing.

The same keys are right for every version: one that a version does not know has no effect there. Sources: ZooKeeper
admin guide, "Encryption, Authentication, Authorization Options"; ``QuorumAuth`` and ``SaslServerCallbackHandler``.
"""

import re
from collections.abc import Iterable, Mapping

from zkboot.endpoint import TLS_DIR
from zkboot.member import Member
from zkboot.pod.definitions import Numbers
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import Problems
from zkboot.pod.logins import Logins, jaas_quoted
from zkboot.pod.rendered import PRIVATE, RenderedFile
from zkboot.settings import Settings
from zkboot.variables import ACCEPT, BOTH, OFF, ONLY, SASL_CLIENTS, SASL_DIR, SASL_QUORUM, SASL_USER, TLS_QUORUM

_MODULE = "org.apache.zookeeper.server.auth.DigestLoginModule"
_HEADER = "// Written by zkGenConfig at every start, from the files in ZK_SASL_DIR.\n"

_LOGIN_FLAG = re.compile(r"-Djava\.security\.auth\.login\.config=+(\S+)")
_JVM_FLAGS = ("SERVER_JVMFLAGS", "JVMFLAGS")

_FIPS = "fips-mode"

_ENFORCES_SINCE: Numbers = (3, 5, 9)
"""The first that can refuse whoever has not logged in (ZOOKEEPER-1634)."""


def sasl_folder(settings: Settings) -> str:
    """Return the folder of the JAAS file."""
    return f"{settings.conf_dir}/sasl"


def jaas_path(settings: Settings) -> str:
    """Return the path of the JAAS file."""
    return f"{sasl_folder(settings)}/jaas.conf"


def quorum_phase(settings: Settings) -> str:
    """Return how servers log in to each other: ONLY, PREFER, ACCEPT or OFF."""
    if settings.sasl_dir is None or settings.sasl_user is None:
        return OFF
    if settings.sasl_quorum is not None:
        return settings.sasl_quorum
    # By TLS a server proves who it is already, and better.
    return OFF if settings.tls_dir is not None and settings.tls_quorum != OFF else ONLY


def note_sasl_problems(env: EnvReader, settings: Settings) -> None:
    """Note in *env* which variables contradict each other in what they say of logins."""
    for variable in (SASL_USER, SASL_CLIENTS, SASL_QUORUM) if not env.is_set(SASL_DIR) else ():
        if env.is_set(variable) and not env.problems.about(variable.name):
            # Else the server would serve everybody.
            env.problems.note(f"{variable.name} needs {SASL_DIR.name}: without it nobody logs in")
    if settings.sasl_dir is None:
        return
    if settings.sasl_user is None and settings.sasl_quorum not in (None, OFF):
        env.problems.note(
            f"{SASL_QUORUM.name}={settings.sasl_quorum} needs {SASL_USER.name}: as whom servers log in to each other"
        )
    for name in _JVM_FLAGS:
        # A shell that has sourced java.env hands our own path back.
        if any(path != jaas_path(settings) for path in _LOGIN_FLAG.findall(env.raw(name))):
            env.problems.note(
                f"{name} names a JAAS file of your own, and {SASL_DIR.name} makes one; the server reads one of them:"
                " unset one"
            )


def note_login_problems(problems: Problems, settings: Settings, logins: Logins) -> None:
    """Note which of *logins* a server could not use, and whether the user that *settings* name is missing."""
    for name, password in logins.passwords.items():
        if not password.isascii():
            fault = "has letters beyond ASCII, which clients of DIGEST-MD5 do not write alike"
        elif "${" in password:
            fault = "has a ${, which Java takes for the name of a property"
        else:
            continue
        problems.note(f"{SASL_DIR.name}: {logins.path(name)} {fault}", about=SASL_DIR.name)
    user = settings.sasl_user
    if user is not None and user not in logins.passwords:
        problems.note(
            f"{SASL_USER.name}={user!r} is none of the users in {logins.directory}: {', '.join(logins.passwords)}"
        )


def own_login(settings: Settings, logins: Logins | None) -> tuple[str, str] | None:
    """Return name and password by which this pod's commands log in; None without *logins*."""
    if logins is None:
        return None
    name = settings.sasl_user or next(iter(logins.passwords))
    return name, logins.passwords[name]


def render_jaas(settings: Settings, logins: Logins) -> RenderedFile:
    """Return the JAAS file: all users for clients, and the servers' own user for servers."""
    sections = {"Server": {f"user_{name}": password for name, password in logins.passwords.items()}}
    if settings.sasl_user is not None and quorum_phase(settings) != OFF:
        name, password = settings.sasl_user, logins.passwords[settings.sasl_user]
        # No other user's client may be a server.
        sections |= {
            "QuorumServer": {f"user_{name}": password},
            "QuorumLearner": {"username": name, "password": password},
        }
    text = "".join(f"{name} {{\n  {_MODULE} required{_options(own)};\n}};\n" for name, own in sections.items())
    return RenderedFile(path=jaas_path(settings), text=_HEADER + text, mode=PRIVATE)


def sasl_keys(settings: Settings, member: Member) -> dict[str, str]:
    """Return the keys of zoo.cfg that ask clients and servers for a login; none without ZK_SASL_DIR."""
    if settings.sasl_dir is None:
        return {}
    keys = {
        "authProvider.sasl": "org.apache.zookeeper.server.auth.SASLAuthenticationProvider",
        "sessionRequireClientSASLAuth": _flag(settings.sasl_clients == ONLY),
    }
    phase = quorum_phase(settings)
    if phase != OFF and _has_peers(settings, member):
        keys |= {
            "quorum.auth.enableSasl": "true",
            "quorum.auth.learnerRequireSasl": _flag(phase != ACCEPT),
            "quorum.auth.serverRequireSasl": _flag(phase == ONLY),
            # With it, as 3.9 has it by itself, servers would not log in by DIGEST-MD5, and none would join.
            _FIPS: "false",
        }
    return keys


def advice_on_sasl(settings: Settings, member: Member, version: Numbers | None) -> Iterable[str]:
    """Yield warnings about logins at *member*, a server of *version*; None where that is not known."""
    if settings.sasl_dir is None:
        return
    keys = sasl_keys(settings, member)
    own = [key for key, value in keys.items() if settings.extra.get(key, value) != value]
    if own:
        yield f"zoo.cfg's {', '.join(own)} is generated with {SASL_DIR.name}, but ZK_CFG_* sets it, and wins"
    if version is not None and version < _ENFORCES_SINCE:
        yield (
            "this ZooKeeper refuses a wrong password, but nobody who does not log in (3.5.9 is the first that does):"
            " give every node an ACL of the scheme sasl"
        )
    elif settings.sasl_clients == BOTH:
        yield (
            f"{SASL_CLIENTS.name}={BOTH}: clients that do not log in are served, too; set"
            f" {SASL_CLIENTS.name}={ONLY} when all do"
        )
    if settings.tls_dir is None:
        yield f"without {TLS_DIR.name} passwords are not sent as they are, but all else is plain text"
    if _has_peers(settings, member):
        yield from _advice_on_quorum(settings)


def _advice_on_quorum(settings: Settings) -> Iterable[str]:
    """Yield warnings about how servers log in to each other."""
    phase = quorum_phase(settings)
    if phase != OFF and settings.tls_dir is not None and settings.tls_quorum != OFF:
        yield f"{SASL_QUORUM.name}={phase} sets zoo.cfg's {_FIPS}=false: servers verify each other's names, too"
    if phase not in (OFF, ONLY):
        yield f"{SASL_QUORUM.name}={phase}: a server may join without a login; go on to {ONLY}"
    elif (
        phase == OFF and settings.sasl_user is not None and settings.sasl_quorum is None and settings.tls_quorum != ONLY
    ):
        yield (
            f"{TLS_QUORUM.name}={settings.tls_quorum}: this server does not log in to the others; where these ask for"
            f" it, set {SASL_QUORUM.name}={ONLY}, or it does not join"
        )
    elif phase == OFF and (settings.tls_dir is None or settings.tls_quorum == OFF):
        yield f"whoever has a way to the servers' ports can join as one: set {SASL_USER.name}, or have {TLS_DIR.name}"


def _has_peers(settings: Settings, member: Member) -> bool:
    """Return whether there are servers to log in to, or may be some day."""
    return not member.is_alone or settings.reconfig


def _options(values: Mapping[str, str]) -> str:
    return "".join(f"\n    {jaas_quoted(name)}={jaas_quoted(value)}" for name, value in values.items())


def _flag(value: bool) -> str:  # noqa: FBT001 - it is the whole input
    return "true" if value else "false"
