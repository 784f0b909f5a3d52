"""TLS in zoo.cfg: which keys serve clients and peers by it, and warnings about them. Opens nothing.

The same keys are right for every version from 3.5.5 on: one that a version does not know has no effect there.
Source: ZooKeeper admin guide, "Encryption, Authentication, Authorization Options".
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from zkboot.endpoint import PROBE_HOST, PROBE_PORT, TLS_DIR, TLS_PORT
from zkboot.member import Member
from zkboot.pod.definitions import Numbers
from zkboot.pod.environ import EnvReader
from zkboot.pod.tls.stores import FOLDER, Stores
from zkboot.settings import LOOPBACK, Settings
from zkboot.variables import ACCEPT, BOTH, OFF, ONLY, PREFER, TLS_CLIENT_AUTH, TLS_CLIENTS, TLS_QUORUM

if TYPE_CHECKING:
    from zkboot.pod.variables import Variable

_FLAG = re.compile(r"-Dzookeeper\.(serverCnxnFactory|fips-mode|authProvider\.[^\s=]+)=(\S*)")
"""Keys that a server takes for what they are from its JVM, too."""
_STORE = re.compile(r"ssl\.(quorum\.)?(key|trust)Store\.location")

SINCE: Numbers = (3, 5, 5)
"""The first that reads PEM, and whose quorum speaks TLS."""

RELOADS_SINCE: Numbers = (3, 7, 2)
"""The first that reads the files of its clients' port again."""

_UNCHECKED_SINCE: Numbers = (3, 9, 0)


def tls_folder(settings: Settings) -> str:
    """Return the folder of the stores."""
    return f"{settings.conf_dir}/{FOLDER}"


def jvm_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the JVM's flags in *environ* say of serving clients and of FIPS mode; zoo.cfg wins over them."""
    # As zkServer.sh puts them together: of two, the JVM takes the last.
    return dict(_FLAG.findall(f"{environ.get('SERVER_JVMFLAGS', '')} {environ.get('JVMFLAGS', '')}"))


def note_problems(env: EnvReader, settings: Settings) -> None:
    """Note in *env* which variables and keys contradict TLS as *settings* ask for it."""
    if settings.tls_dir is not None and "secureClientPort" in settings.extra:
        env.problems.note(f"zoo.cfg's secureClientPort has a variable of its own: set {TLS_PORT.name}")
    for prefix in ("ssl", "ssl.quorum") if settings.tls_dir is not None else ():
        for store in (f"{prefix}.keyStore", f"{prefix}.trustStore"):
            if f"{store}.password" in settings.extra and f"{store}.location" not in settings.extra:
                env.problems.note(
                    f"zoo.cfg's {store}.password is of a store of your own, but {TLS_DIR.name} makes the store, and"
                    f" the server could not open it: unset it, or set {store}.location, too"
                )
    useless: tuple[Variable[Any], ...] = (TLS_PORT, TLS_CLIENTS, TLS_QUORUM, TLS_CLIENT_AUTH)
    for variable in useless if not env.is_set(TLS_DIR) else ():
        if env.is_set(variable) and not env.problems.about(variable.name):
            # Else the server would serve everybody, in plain text.
            env.problems.note(f"{variable.name} needs {TLS_DIR.name}: without it nothing speaks TLS")


def port_keys(settings: Settings) -> dict[str, str]:
    """Return the keys of zoo.cfg that say where clients are served by TLS; none without it."""
    if settings.tls_dir is None:
        return {}
    # The default, NIO, knows no TLS.
    factory = "org.apache.zookeeper.server.NettyServerCnxnFactory"
    keys = {"serverCnxnFactory": factory, "secureClientPort": str(settings.tls_port)}
    if settings.is_plain_port_own and not settings.reconfig:
        keys["clientPortAddress"] = LOOPBACK
    return keys


def tls_keys(settings: Settings, member: Member, stores: Stores) -> dict[str, str]:
    """Return the keys of zoo.cfg that serve clients and peers by TLS, from *stores*."""
    keys = {
        **port_keys(settings),
        **stores.properties("ssl.keyStore", "ssl.trustStore"),
        "ssl.clientAuth": settings.tls_client_auth,
        # 3.9 alone would take TLSv1.3 only, which clients of 3.8 and Kafka's do not speak (ZOOKEEPER-5053).
        "ssl.enabledProtocols": "TLSv1.3,TLSv1.2",
        # Without it 3.9 trusts new authorities only half, and 3.7 and 3.8 read the files but once.
        "client.certReload": "true",
    }
    if settings.tls_quorum != OFF and not (member.is_alone and not settings.reconfig):
        keys |= {
            "sslQuorum": _flag(settings.tls_quorum != ACCEPT),
            "portUnification": _flag(settings.tls_quorum != ONLY),
            **stores.properties("ssl.quorum.keyStore", "ssl.quorum.trustStore"),
            "sslQuorumReloadCertFiles": "true",
        }
    # What our stores are says nothing of one that the operator names.
    others = tuple(key.removesuffix("location") for key in settings.extra if _STORE.fullmatch(key))
    return {key: value for key, value in keys.items() if not (others and key.startswith(others))}


def advice_on_probes(env: EnvReader, settings: Settings) -> Iterable[str]:
    """Yield warnings about a liveness probe that would not find the server's port."""
    host = env.get(PROBE_HOST)
    if (
        settings.is_plain_port_own
        and host not in (None, "localhost", LOOPBACK)
        and env.get(PROBE_PORT) != settings.tls_port
    ):
        yield (
            f"{env.shown(PROBE_HOST.name, host)}: with {TLS_CLIENTS.name}={ONLY} the plain port, which zkOk asks,"
            f" is bound to {LOOPBACK}, so liveness would fail, and the server be restarted for ever: unset it, or set"
            f" {PROBE_PORT.name}={settings.tls_port}"
        )


def advice_on_tls(settings: Settings, keys: dict[str, str], version: Numbers | None) -> Iterable[str]:
    """Yield warnings about *keys*, which are generated, on a server of *version*; None where that is not known."""
    own = [key for key, value in keys.items() if settings.extra.get(key, value) != value]
    if own:
        yield f"zoo.cfg's {', '.join(own)} is generated with {TLS_DIR.name}, but ZK_CFG_* sets it, and wins"
    if version is not None and version < RELOADS_SINCE:
        yield "this ZooKeeper reads the certificate of its clients' port only as it starts: restart it after a renewal"
    if settings.tls_clients == BOTH:
        only = f"{TLS_CLIENTS.name}={ONLY}"
        yield f"{TLS_CLIENTS.name}={BOTH}: clients may speak plain text, too; set {only} when none does any more"
    if "sslQuorum" not in keys:
        if settings.tls_quorum == OFF:
            yield f"{TLS_QUORUM.name}={OFF}: the servers speak plain text with each other"
        return
    if settings.tls_quorum != ONLY:
        following = PREFER if settings.tls_quorum == ACCEPT else ONLY
        yield (
            f"{TLS_QUORUM.name}={settings.tls_quorum}: servers may speak plain text with each other; once all servers"
            f" have it, set {TLS_QUORUM.name}={following} by a rolling update"
        )
    if version is None:
        return
    if version >= _UNCHECKED_SINCE and settings.extra.get("fips-mode", "true").lower() == "true":
        yield (
            "this ZooKeeper does not check the names of its peers (fips-mode=true): with a certificate of that CA"
            " anybody may join; have a CA for each ensemble, or set ZK_CFG_fips___mode=false"
        )


def _flag(value: bool) -> str:  # noqa: FBT001 - it is the whole input
    return "true" if value else "false"
