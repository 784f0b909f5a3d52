"""TLS in the properties: which listeners speak it, with which stores, and who must show a certificate. Opens nothing.

Clients have a listener of their own, SSL, and so have the brokers among themselves, where a certificate is always
required, and the controllers. Facts (``KafkaConfig``, ``SslFactory`` of 0.9 to 4.x; tried):

- Listeners have names, and with them settings of their own, from 0.10.2 on; before, a broker has one listener for TLS.
- PEM is read from 2.7 on, but with a key that is not encrypted only from 3.3 on (KAFKA-12703).
- Store passwords must not be set with PEM, and must be with JKS.
- Brokers and controllers connect to each other with the certificate that they listen with.
"""

from collections.abc import Collection, Iterable, Mapping

from kafkaboot.config.draft import Draft
from kafkaboot.config.settings import Settings
from kafkaboot.config.variables import BOTH, BROKERS, TLS_CLIENT_AUTH, ZK_TLS
from kafkaboot.values.keys import variable_of
from kafkaboot.values.knobs import TLS_DIR
from kafkaboot.values.listeners import OWN_PROTOCOLS
from kafkaboot.values.properties import ADVERTISED_LISTENERS, PROTOCOL_MAP
from kafkaboot.values.properties import LISTENERS as LISTENED
from kafkaboot.values.version import LISTENER_NAMES, LISTENERS, PEM, ZOOKEEPER_TLS, Version
from zkboot.pod.tls.stores import Stores
from zkboot.pod.variables import BLANKS

BETWEEN_BROKERS, PROTOCOL = "inter.broker.listener.name", "security.inter.broker.protocol"
_CLIENT_AUTH = "ssl.client.auth"

STORES: Mapping[str, tuple[str, ...]] = {
    "ssl.keystore": (".location", ".key", ".certificate.chain"),
    "ssl.truststore": (".location", ".certificates"),
    "zookeeper.ssl.keystore": (".location",),
    "zookeeper.ssl.truststore": (".location",),
}
"""Each store that is made, with how properties end that give another in its place."""


def takes_pem(version: Version) -> bool:
    """Return whether *version* reads the stores as PEM; else it needs JKS."""
    return version >= PEM


def version_problems(settings: Settings, version: Version) -> Iterable[str]:
    """Yield why *version* cannot do what *settings* ask for."""
    if settings.tls_dir is not None and version < LISTENERS:
        yield f"{TLS_DIR.name}: Kafka {version} has no TLS, {LISTENERS} is the first that has"
    if settings.zk_tls and version < ZOOKEEPER_TLS:
        yield f"{ZK_TLS.name}=true: Kafka {version} has no TLS with ZooKeeper, {ZOOKEEPER_TLS} is the first that has"


def draft_tls(draft: Draft, version: Version, stores: Stores | None, controllers: Collection[str] = ()) -> None:
    """Draft what listeners with TLS need, those of the *controllers* too; *stores* is None where they are wrong."""
    settings = draft.settings
    if settings.tls_dir is None or version < LISTENERS:
        return
    try:
        bound = {listener.key for listener in draft.bound}
    except ValueError:
        # It will be noted with all other values.
        return
    stored: dict[str, str] = {}
    if stores is not None:
        stored = stores.properties("ssl.keystore", "ssl.truststore")
        if stores.password is not None:
            stored["ssl.key.password"] = stores.password
    keys = {_CLIENT_AUTH: settings.tls_client_auth, **stored, **_between_brokers(draft, version, bound)}
    for name in ({BROKERS} & bound) | {name.upper() for name in controllers}:
        keys[f"listener.name.{name.lower()}.{_CLIENT_AUTH}"] = "required"
    if version >= LISTENER_NAMES and BROKERS in bound and not controllers:
        keys[PROTOCOL_MAP.key] = render_protocols({**OWN_PROTOCOLS, BROKERS: "SSL"})
    own = [variable_of(key) for key in (*keys, *_deciding(draft, bound)) if draft.is_given(key)]
    if own:
        draft.warn(f"{', '.join(dict.fromkeys(own))} sets what {TLS_DIR.name} makes, and wins")
    _generate(draft, keys)
    _advise_on_plain_text(draft, bound, {name.upper() for name in controllers})


def _deciding(draft: Draft, bound: Collection[str]) -> Iterable[str]:
    """Return the properties that may say which listeners there are, in place of those for TLS."""
    made = {draft.settings.tls_listener} | ({BROKERS} if draft.has_names else set())
    published = () if draft.is_given(LISTENED.key) or made <= {*bound} else (ADVERTISED_LISTENERS.key,)
    return (LISTENED.key, *published, PROTOCOL_MAP.key, BETWEEN_BROKERS, PROTOCOL)


def _advise_on_plain_text(draft: Draft, bound: Collection[str], controllers: Collection[str]) -> None:
    """Say which listeners speak plain text that were not asked to, and where brokers need no certificate."""
    try:
        secure = {name for name in (*bound, *controllers) if draft.speaks_tls(name)}
    except ValueError:
        # It will be noted with all other values.
        return
    plain = sorted({*bound, *controllers} - secure)
    if plain and (draft.settings.tls_clients != BOTH or plain != [draft.settings.plain_listener]):
        draft.warn(f"{', '.join(plain)}: this listener speaks plain text, though {TLS_DIR.name} is set")
    between = draft.text(BETWEEN_BROKERS) or draft.text(PROTOCOL) or ""
    name = between.strip(BLANKS).upper()
    keys = (f"listener.name.{name.lower()}.{_CLIENT_AUTH}", _CLIENT_AUTH)
    auth = next((text for key in keys if (text := draft.text(key)) is not None), "")
    if draft.has_names and name in secure and auth.strip(BLANKS).lower() != "required":
        draft.warn(
            f"brokers connect to each other by {name}, and need no certificate there:"
            f" set {variable_of(keys[0])}=required"
        )


def _between_brokers(draft: Draft, version: Version, bound: Collection[str]) -> dict[str, str]:
    if version >= LISTENER_NAMES:
        is_free = BROKERS in bound and not draft.is_given(BETWEEN_BROKERS, PROTOCOL)
        return {BETWEEN_BROKERS: BROKERS} if is_free else {}
    if draft.settings.tls_client_auth != "required":
        draft.warn(
            f"before {LISTENER_NAMES} clients and brokers share a listener, so brokers need no certificate either:"
            f" set {TLS_CLIENT_AUTH.name}=required"
        )
    return {PROTOCOL: "SSL"}


def draft_zookeeper_tls(draft: Draft, stores: Stores | None) -> None:
    """Draft how the broker speaks TLS with ZooKeeper, where it is asked to."""
    if not draft.settings.zk_tls or stores is None:
        return
    draft.generate("zookeeper.ssl.client.enable", "true")
    draft.generate("zookeeper.clientCnxnSocket", "org.apache.zookeeper.ClientCnxnSocketNetty")
    _generate(draft, stores.properties("zookeeper.ssl.keystore", "zookeeper.ssl.truststore"))


def _generate(draft: Draft, keys: Mapping[str, str]) -> None:
    """Generate *keys*, but for what says how to read a store in whose place KAFKA_* gives another."""
    replaced = [store for store, ways in STORES.items() if draft.is_given(*(f"{store}{way}" for way in ways))]
    for key, text in keys.items():
        if not any(key in store_keys(store) for store in replaced):
            draft.generate(key, text)


def store_keys(store: str) -> tuple[str, ...]:
    """Return the properties by which *store*, such as ``ssl.keystore``, is found and read."""
    own = (f"{store}.location", f"{store}.type", f"{store}.password")
    return (*own, "ssl.key.password") if store == "ssl.keystore" else own


def render_protocols(protocols: Mapping[str, str]) -> str:
    """Return ``listener.security.protocol.map``."""
    return ",".join(f"{name}:{protocol}" for name, protocol in protocols.items())
