"""The SASL mechanisms of each listener, and where Kafka looks for the logins of each mechanism.

Facts (``ChannelBuilders``, ``JaasContext`` of 0.9 to 4.x; tried): a listener needs logins for each of its mechanisms,
and so does a node for the one by which it logs in at another node's listener. Kafka looks for
``listener.name.<name>.<mechanism>.sasl.jaas.config``, from 1.1 on, and then in the JVM's own file; where neither is, it
ends. It takes no notice of a ``sasl.jaas.config`` that names no listener, or no mechanism.
"""

from collections.abc import Iterable, Mapping, Sequence

from kafkaboot.config.layers import Config
from kafkaboot.values.definitions import LISTENER_PREFIX, definitions
from kafkaboot.values.keys import variable_of
from kafkaboot.values.properties import parse_names
from kafkaboot.values.templates import has_placeholder
from kafkaboot.values.version import Version
from zkboot.pod.variables import BLANKS

MECHANISM = "sasl.mechanism.inter.broker.protocol"
MECHANISMS = "sasl.enabled.mechanisms"
DEFAULT_MECHANISM = "GSSAPI"

OF_CONTROLLERS = "sasl.mechanism.controller.protocol"
_LOGINS = "sasl.jaas.config"
_LOGIN_FILE = "java.security.auth.login.config"


def mechanisms_key(listener: str) -> str:
    """Return the property that sets the mechanisms of *listener* alone."""
    return f"{LISTENER_PREFIX}{listener.lower()}.{MECHANISMS}"


def logins_key(listener: str, mechanism: str) -> str:
    """Return the property where Kafka looks for the logins of *listener* by *mechanism*."""
    return f"{LISTENER_PREFIX}{listener.lower()}.{mechanism.lower()}.{_LOGINS}"


def enabled_mechanisms(effective: Mapping[str, str], name: str) -> tuple[str, Sequence[str]]:
    """Return the property that sets the mechanisms of the listener *name*, and these mechanisms."""
    own = mechanisms_key(name)
    key = own if own in effective else MECHANISMS
    return key, parse_names(effective.get(key, DEFAULT_MECHANISM))


def login_advice(config: Config, environ: Mapping[str, str], version: Version) -> Iterable[str]:
    """Yield which mechanisms of which listeners have no logins.

    Nothing where a JVM's flags in *environ* name a file: it may hold them all.
    """
    if any(_LOGIN_FILE in value for name, value in environ.items() if name.endswith("_OPTS")):
        return
    effective = config.effective
    is_file_only = not definitions().at(_LOGINS, version.numbers) and definitions().is_between(version.numbers)
    for name, mechanisms in _listeners(config).items():
        ways = {one: logins_key(name, one) for one in mechanisms}
        missing = [one for one, key in ways.items() if is_file_only or key not in effective]
        if not missing or any(map(has_placeholder, missing)):
            continue
        variables = "" if is_file_only else f"{' and '.join(variable_of(ways[one]) for one in missing)}, or "
        is_default = DEFAULT_MECHANISM in missing and enabled_mechanisms(effective, name)[0] not in effective
        others = f"; {DEFAULT_MECHANISM} is the default, {variable_of(MECHANISMS)} sets others" if is_default else ""
        yield (
            f"the listener {name} speaks SASL and has no logins for {', '.join(missing)}, with which Kafka ends: set"
            f" {variables}-D{_LOGIN_FILE} in KAFKA_OPTS{others}"
        )


def _listeners(config: Config) -> Mapping[str, Sequence[str]]:
    """Return the mechanisms that need logins, by the listener's name.

    Others log in here by those of the listeners that this node has, and it logs in at controllers by theirs.
    """
    effective = config.effective
    bound = {listener.key: listener.name for listener in config.bound}
    controllers = {name.upper(): name for name in config.controller_names} if config.roles else {}
    found: dict[str, Sequence[str]] = {}
    for key, name in {**controllers, **bound}.items():
        if not config.has_login(key):
            continue
        mechanisms = [*enabled_mechanisms(effective, name)[1]] if key in bound else []
        if key in controllers:
            mechanisms.append(effective.get(OF_CONTROLLERS, DEFAULT_MECHANISM).strip(BLANKS))
        found[name] = tuple(dict.fromkeys(mechanisms))
    return found
