"""What the installed ZooKeeper cannot do of what is asked of it. Opens nothing."""

from zkboot.endpoint import TLS_DIR
from zkboot.pod.definitions import Numbers
from zkboot.pod.errors import SettingsError
from zkboot.sasl import quorum_phase
from zkboot.settings import Settings
from zkboot.tls import SINCE
from zkboot.variables import JOIN, OFF, QUORUM_ENTRY, RECONFIG, SASL_USER, SERVERS

_RECONFIG_SINCE: Numbers = (3, 5, 3)
_SEVERAL_ADDRESSES_SINCE: Numbers = (3, 6, 0)
_JOIN_SINCE: Numbers = (3, 6, 0)

_QUORUM_LOGIN_SINCE: Numbers = (3, 4, 10)
_WITHOUT_QUORUM_LOGIN: tuple[Numbers, Numbers] = ((3, 5, 0), (3, 5, 4))
"""From the first on, and up to the second, which has it: the line of 3.5 got it later."""


def check_version(settings: Settings, version: Numbers | None) -> None:
    """Raise SettingsError where the installed ZooKeeper, of *version*, cannot do what is asked of it."""
    if version is None:
        # A server that is too old for a dynamic list ends by itself: its zoo.cfg has no clientPort.
        return
    shown = ".".join(map(str, version))
    if settings.tls_dir is not None and version < SINCE:
        raise SettingsError(f"{TLS_DIR.name}: ZooKeeper {shown} reads no PEM and has no TLS between servers, 3.5.5 has")
    first, later = _WITHOUT_QUORUM_LOGIN
    if quorum_phase(settings) != OFF and (version < _QUORUM_LOGIN_SINCE or first <= version < later):
        raise SettingsError(
            f"{SASL_USER.name}: ZooKeeper {shown} has no login between servers, 3.4.10 and 3.5.4 are the first that"
            " have; unset it"
        )
    if settings.reconfig and version < _RECONFIG_SINCE:
        raise SettingsError(
            f"{RECONFIG.name}=true: ZooKeeper {shown} cannot change its list of members, 3.5.3 is the first that can"
        )
    if settings.quorum_entry == JOIN and version < _JOIN_SINCE:
        raise SettingsError(
            f"{QUORUM_ENTRY.name}={JOIN}: ZooKeeper {shown} lets an empty volume vote, 3.6.0 is the first that can wait"
        )
    if settings.has_several_addresses and version < _SEVERAL_ADDRESSES_SINCE:
        raise SettingsError(
            f"{SERVERS.name}: ZooKeeper {shown} knows one address of a server, 3.6.0 is the first that knows several"
        )
