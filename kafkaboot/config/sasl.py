"""Logins in the properties: which listeners ask for one, who may log in, and as which user brokers do. Opens nothing.

Facts (``JaasContext``, ``KafkaConfig`` and ``StorageTool`` of 1.1 to 4.x; tried):

- The users of PLAIN stand in the properties, those of SCRAM in the cluster's metadata: a format puts the first ones
  there, from 3.5 on. With ZooKeeper, somebody must store them there before a broker can log in by SCRAM.
- A controller knows the metadata only once there is a leader, and to find one it must log in: so controllers, where
  they speak no TLS, log in by PLAIN.
- The properties of a mechanism's logins begin with the listener's name and the mechanism's, both in small letters.
"""

from collections.abc import Collection, Iterable

from kafkaboot.config.draft import Draft
from kafkaboot.config.mechanisms import MECHANISM, MECHANISMS, OF_CONTROLLERS, logins_key, mechanisms_key
from kafkaboot.config.settings import Settings
from kafkaboot.config.tls import BETWEEN_BROKERS, PROTOCOL
from kafkaboot.config.variables import BROKERS, TLS_CLIENT_AUTH, ZOOKEEPER
from kafkaboot.values.keys import variable_of
from kafkaboot.values.knobs import PLAIN, SASL_DIR, SASL_MECHANISM, SASL_USER, TLS_DIR
from kafkaboot.values.properties import LISTENERS, PROTOCOL_MAP
from kafkaboot.values.version import CERTIFICATE_AND_LOGIN, JAAS_PROPERTIES, SCRAM_AT_FORMAT, Version
from zkboot.pod.errors import SettingsError
from zkboot.pod.logins import Logins, jaas_quoted
from zkboot.pod.variables import BLANKS

_PACKAGE = "org.apache.kafka.common.security"


def version_problems(settings: Settings, version: Version, mode: str | None) -> Iterable[str]:
    """Yield why *version* in *mode* cannot do what *settings* ask for."""
    if version < JAAS_PROPERTIES:
        yield (
            f"{SASL_DIR.name}: Kafka {version} has no logins in its properties, {JAAS_PROPERTIES} is the first that has"
        )
        return
    subject = f"{SASL_MECHANISM.name}={settings.sasl_mechanism}"
    if settings.sasl_mechanism == PLAIN:
        pass
    elif mode == ZOOKEEPER:
        yield (
            f"{subject}: with ZooKeeper the users of SCRAM must be in it before the first broker can log in, and"
            f" nothing puts them there: set {SASL_MECHANISM.name}={PLAIN}"
        )
    elif version < SCRAM_AT_FORMAT:
        yield (
            f"{subject}: Kafka {version} cannot be formatted with users of SCRAM, {SCRAM_AT_FORMAT} is the first that"
            f" can: set {SASL_MECHANISM.name}={PLAIN}"
        )
    if settings.tls_client_auth != "none" and version < CERTIFICATE_AND_LOGIN:
        yield (
            f"{TLS_CLIENT_AUTH.name}={settings.tls_client_auth}: before Kafka {CERTIFICATE_AND_LOGIN} a listener that"
            f" asks for a login asks for no certificate: unset it, or {SASL_DIR.name}"
        )


def user_problems(settings: Settings, logins: Logins) -> Iterable[str]:
    """Yield why brokers cannot log in to each other as one of *logins*."""
    user = settings.sasl_user
    if user is None and settings.tls_dir is None:
        yield _no_user(logins)
    elif user is not None and user not in logins.passwords:
        yield f"{SASL_USER.name}={user!r} is none of the users in {logins.directory}: {', '.join(logins.passwords)}"


def _no_user(logins: Logins) -> str:
    return f"{SASL_USER.name} must say as which user of {SASL_DIR.name}={logins.directory} brokers log in"


def draft_sasl(draft: Draft, version: Version, logins: Logins | None, controllers: Collection[str] = ()) -> None:
    """Draft what listeners that ask for a login need, those of the *controllers*, too.

    Where *logins* is None or *version* has none, that has been noted, and what needs no user is drafted all the same.
    Raises SettingsError where brokers or controllers must log in to each other, and nothing says as whom.
    """
    settings = draft.settings
    if settings.sasl_dir is None:
        return
    names = {name.upper() for name in controllers}
    try:
        bound = [listener.key for listener in draft.bound if listener.key not in names]
        asking = [key for key in bound if draft.has_login(key)]
        asking_controllers = [key for key in sorted(names) if draft.has_login(key)]
        _advise_on_open_listeners(draft, bound, names)
    except ValueError:
        # It will be noted with all other values.
        return
    between = _between_brokers(draft, asking)
    keys: dict[str, str] = {}
    if asking:
        keys[MECHANISMS] = settings.sasl_mechanism
    for key in asking_controllers:
        keys[mechanisms_key(key)] = keys[OF_CONTROLLERS] = PLAIN
    keys |= between | {
        f"listener.name.{key.lower()}.ssl.client.auth": settings.tls_client_auth
        for key in asking
        if settings.tls_client_auth != "none" and draft.speaks_tls(key)
    }
    for key, text in keys.items():
        draft.generate(key, text)
    if logins is None or version < JAAS_PROPERTIES:
        return
    if settings.sasl_user is None and (asking_controllers or between):
        raise SettingsError(_no_user(logins))
    for_clients = render_jaas(settings.sasl_mechanism, settings.sasl_user, logins, logins.passwords)
    jaas = {logins_key(key, settings.sasl_mechanism): for_clients for key in asking}
    for key in asking_controllers:
        jaas[logins_key(key, PLAIN)] = render_jaas(PLAIN, settings.sasl_user, logins, (settings.sasl_user or "",))
    _say_who_wins(draft, (*keys, *jaas))
    for key, text in jaas.items():
        draft.generate(key, text, is_secret=True)
    _advise_on_passwords(settings, draft, asking_controllers)


def render_jaas(mechanism: str, own: str | None, logins: Logins, users: Iterable[str]) -> str:
    """Return the login module of *mechanism*, as ``sasl.jaas.config`` takes it.

    The node itself logs in at others as the user *own*; None where it does not. The *users* may log in at the node by
    PLAIN: those of SCRAM stand elsewhere.
    """
    kind = "plain.Plain" if mechanism == PLAIN else "scram.Scram"
    words = [f"{_PACKAGE}.{kind}LoginModule required"]
    if own is not None:
        words += [f"username={jaas_quoted(own)}", f"password={jaas_quoted(logins.passwords[own])}"]
    if mechanism == PLAIN:
        words += [f"user_{name}={jaas_quoted(logins.passwords[name])}" for name in users]
    return " ".join(words) + ";"


def _between_brokers(draft: Draft, asking: Collection[str]) -> dict[str, str]:
    """Return how brokers log in to each other, where they use one of the listeners *asking* for a login."""
    keys: dict[str, str] = {}
    if draft.settings.tls_dir is None and asking and not draft.is_given(BETWEEN_BROKERS, PROTOCOL):
        keys[BETWEEN_BROKERS] = next(iter(asking))
    stated = keys.get(BETWEEN_BROKERS) or draft.text(BETWEEN_BROKERS) or draft.text(PROTOCOL) or ""
    if stated.strip(BLANKS).upper() in asking:
        keys[MECHANISM] = draft.settings.sasl_mechanism
    return keys


def _say_who_wins(draft: Draft, keys: Iterable[str]) -> None:
    # With TLS, its own advice names the properties that decide which listeners there are.
    deciding = (
        () if draft.settings.tls_dir is not None else (LISTENERS.key, PROTOCOL_MAP.key, BETWEEN_BROKERS, PROTOCOL)
    )
    own = dict.fromkeys(variable_of(key) for key in (*keys, *deciding) if draft.is_given(key))
    if own:
        draft.warn(f"{', '.join(own)} sets what {SASL_DIR.name} makes, and wins")


def _advise_on_open_listeners(draft: Draft, bound: Iterable[str], controllers: Collection[str]) -> None:
    """Warn of listeners that ask for no login, but for those between servers that ask for a certificate instead."""
    names = {*bound, *controllers}
    proven = {name for name in (BROKERS, *controllers) if name in names and draft.speaks_tls(name)}
    is_open = sorted(name for name in names - proven if not draft.has_login(name))
    if is_open:
        draft.warn(f"{', '.join(is_open)}: this listener asks for no login, though {SASL_DIR.name} is set")


def _advise_on_passwords(settings: Settings, draft: Draft, controllers: Collection[str]) -> None:
    if settings.tls_dir is not None:
        return
    if settings.sasl_mechanism == PLAIN:
        draft.warn(f"{SASL_MECHANISM.name}={PLAIN} without {TLS_DIR.name}: passwords cross the network in plain text")
    elif controllers:
        draft.warn(
            f"controllers log in by {PLAIN}, so without {TLS_DIR.name} the password of {settings.sasl_user} crosses the"
            " network in plain text"
        )
