"""What is wrong with keys of zoo.cfg: values on which a server would end, names that it does not know.

ZooKeeper makes a system property of a key that its parser does not know, and says nothing.

Sources: ``QuorumPeerConfig.parseProperties`` of 3.4 to 3.9.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from zkboot.definitions import definitions
from zkboot.keys import OF_THE_JVM, is_known, nearest_key, variable_of
from zkboot.pod.definitions import Numbers
from zkboot.pod.variables import BLANKS

_SASL, _SERVER_SASL, _LEARNER_SASL = (
    "quorum.auth.enableSasl",
    "quorum.auth.serverRequireSasl",
    "quorum.auth.learnerRequireSasl",
)

_UNIFICATION, _X509, _FIPS = "client.portUnification", "authProvider.x509", "fips-mode"
_PROVIDERS, _X509_CLASS = "authProvider.", "X509AuthenticationProvider"
_KERBEROS = "quorum.auth.kerberos.servicePrincipal"

_WITHOUT_TLS = (
    "the server's default for connections, NIO, knows no TLS: set"
    " ZK_CFG_serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory"
)

_FIPS_SINCE: Numbers = (3, 9, 0)
"""The first whose FIPS mode is on by itself (``X509Util.getFipsMode``, ``SecurityUtils.createSaslClient``)."""

_SECURE_PORT, _SECURE_ADDRESS, _FACTORY = "secureClientPort", "secureClientPortAddress", "serverCnxnFactory"
_PORT_0_SINCE: Numbers = (3, 9, 0)
"""The first whose secureClientPort=0 is a port, of the system's choice; before, it is no port."""
_NIO = "NIOServerCnxnFactory"

_NEEDED = ((_SERVER_SASL, _SASL), (_LEARNER_SASL, _SASL), (_SERVER_SASL, _LEARNER_SASL))
"""Keys that may be true beside another one only, which is true, too."""


def value_problems(
    extra: Mapping[str, str],
    version: Numbers,
    shown: Callable[[str], str],
    beside: Mapping[str, str] = MappingProxyType({}),
) -> Iterable[str]:
    """Yield why a server of *version* would end on the keys in *extra*, *shown* as the operator knows them.

    Nothing of a version that is newer than all that are known.
    """
    known = definitions()
    if not known.is_between(version):
        return
    for key, value in extra.items():
        rows = known.at(key, version)
        if rows and not any(row.takes(value) for row in rows):
            yield f"{shown(key)} is not {rows[-1].allowed}"
    for key, keys in ((_SECURE_PORT, extra), (_FACTORY, beside)):
        # A port of this tool's own has the class beside it, unless the operator names another one.
        is_served = _has_port(keys, version) and keys[_SECURE_PORT].lstrip("+-").isdigit()
        if known.at(_SECURE_PORT, version) and is_served and _is_without_tls({**beside, **extra}):
            yield f"{shown(key)}: {_WITHOUT_TLS}"
    keys = {**beside, **extra}
    if known.at(_SECURE_ADDRESS, version) and _SECURE_ADDRESS in extra and not _has_port(keys, version):
        yield f"{shown(_SECURE_ADDRESS)} needs zoo.cfg's {_SECURE_PORT}, too"
    for key, other in _NEEDED:
        if known.at(key, version) and _is(extra, key, "true") and not _is(keys, other, "true"):
            yield f"{shown(key)} needs zoo.cfg's {other}=true, too"


def advice_on_keys(extra: Mapping[str, str], owners: Mapping[str, str]) -> list[str]:
    """Return warnings about the keys in *extra*, whatever the version; *owners* have the variables of their own."""
    lines: list[str] = []
    for key in extra:
        nearest = nearest_key(key)
        if key in OF_THE_JVM:
            lines.append(f"zoo.cfg's {key} has no effect: add -D{key}=... to SERVER_JVMFLAGS")
        elif nearest is not None:
            owner = owners.get(nearest)
            meant = f"{nearest}, which {owner} sets" if owner else nearest
            lines.append(f"zoo.cfg's {key} is no key that ZooKeeper is known to have; did you mean {meant}?")
    strangers = [key for key in extra if not is_known(key) and key not in OF_THE_JVM and nearest_key(key) is None]
    if strangers:
        lines.append(f"zoo.cfg's {', '.join(strangers)}: known to no ZooKeeper; passed on, for a plugin may have it")
    words = extra.get("4lw.commands.whitelist")
    if words is not None:
        allowed = {word.strip(BLANKS) for word in words.split(",")}
        missing = [word for word in ("ruok", "mntr") if word not in allowed and "*" not in allowed]
        if missing:
            lines.append(f"4lw.commands.whitelist lacks {' and '.join(missing)}: the probes that ask for it will fail")
        if "*" in allowed:
            lines.append("4lw.commands.whitelist=* lets every client run words that are costly or tell too much")
    return lines


def advice_on_version(
    extra: Mapping[str, str], version: Numbers, beside: Mapping[str, str] = MappingProxyType({})
) -> Iterable[str]:
    """Yield warnings about keys in *extra* that *version* does not know, and others do, or that do not go together.

    The keys *beside* them are this tool's own.
    """
    yield from _advice_on_combinations({**beside, **extra}, version)
    known = definitions()
    for key in extra:
        rows = known.all(key)
        if not rows or known.at(key, version) or not known.is_between(version):
            continue
        older = [row for row in rows if row.last < version]
        subject = f"zoo.cfg's {key} has no effect: ZooKeeper {_shown(version)} does not know it"
        yield (
            f"{subject}, {_line(older[-1].last)} was the last with it"
            if older
            else f"{subject}, {_line(rows[0].first)} has it"
        )


def _advice_on_combinations(extra: Mapping[str, str], version: Numbers) -> Iterable[str]:
    """Yield warnings about keys in *extra* that a server takes, and that do not work together."""
    if _is(extra, _SASL, "true") and _is_fips(extra, version) and _KERBEROS not in extra:
        origin = "" if _FIPS in extra else f", which {_line(_FIPS_SINCE)} and newer have by themselves"
        yield (
            f"zoo.cfg's {_SASL}=true beside {_FIPS}=true{origin}: servers do not log in to each other by DIGEST-MD5;"
            f" set {variable_of(_FIPS)}=false, or use Kerberos and set {variable_of(_KERBEROS)}"
        )
    if _is(extra, _UNIFICATION, "true") and _is_without_tls(extra):
        yield f"zoo.cfg's {_UNIFICATION}=true has no effect: {_WITHOUT_TLS}"
    elif _is(extra, _UNIFICATION, "true") and not _has_port(extra, version) and not _has_x509(extra):
        yield (
            f"zoo.cfg's {_UNIFICATION}=true without secureClientPort: no client gets in by TLS before"
            f" {variable_of(_X509)}=org.apache.zookeeper.server.auth.{_X509_CLASS} is set"
        )


def _is_fips(keys: Mapping[str, str], version: Numbers) -> bool:
    """Return whether a server of *version* is in FIPS mode, by *keys* or by itself."""
    default = "true" if version >= _FIPS_SINCE else "false"
    return bool(definitions().at(_FIPS, version)) and keys.get(_FIPS, default).lower() == "true"


def _has_x509(keys: Mapping[str, str]) -> bool:
    """Return whether *keys* name a class that knows clients by their certificates: its own, under whatever name."""
    return _X509 in keys or any(
        key.startswith(_PROVIDERS) and value.endswith(_X509_CLASS) for key, value in keys.items()
    )


def _is_without_tls(keys: Mapping[str, str]) -> bool:
    """Return whether clients are served by the one class that knows no TLS, which is the default."""
    return keys.get(_FACTORY, _NIO).endswith(_NIO)


def _is(extra: Mapping[str, str], key: str, value: str) -> bool:
    return key in extra and extra[key].lower() == value


def _has_port(keys: Mapping[str, str], version: Numbers) -> bool:
    """Return whether *keys* say a port for clients by TLS, as a server of *version* reads it."""
    return _SECURE_PORT in keys and (version >= _PORT_0_SINCE or keys[_SECURE_PORT].strip("+-0") != "")


def _line(version: Numbers) -> str:
    return _shown(version[:2])


def _shown(version: Numbers) -> str:
    return ".".join(map(str, version))
