"""``kafkaboot tls``: the broker's TLS files made anew where those that are mounted have changed.

No Kafka watches its files. A broker reads them again, from 2.3 on, when it is asked to set a location of its own that
it has already (``DynamicSslReconfiguration``; tried). Facts:

- It takes no certificate with another subject, or without a name that the one before had, unless
  ``ssl.allow.dn.changes`` and ``ssl.allow.san.changes`` (3.7) say otherwise. With KRaft it answers that all is well,
  and refuses it afterwards, and with it every later change of its settings. So this is looked at before.
- It may trust the old certificate alone, or the old one may have expired. So the conversation with it begins with the
  old one, before the files are replaced, or else with the new one.
- Each network thread of a listener has the certificate by itself, and they are given the new one in turn; connections
  are shared out to them in turn, too.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from kafkaboot.config.broker import find_broker
from kafkaboot.config.settings import Settings
from kafkaboot.probes.alter_wire import VERSIONS, decode_refusal, encode_settings
from kafkaboot.probes.client import Session
from kafkaboot.probes.endpoint import Endpoint, parse_listeners, parse_protocols
from kafkaboot.probes.wire import INCREMENTAL_ALTER_CONFIGS, UNAUTHORIZED, encode_api_versions, error_name
from kafkaboot.start.installed import installed_version
from kafkaboot.start.stores import find_stores
from kafkaboot.values.knobs import PROBE_HOST, PROBE_TIMEOUT, TLS_DIR
from zkboot.pod.address import ANY_ADDRESS, Address, host_port
from zkboot.pod.deadline import Deadline
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import NotServingError, RefusedError, SettingsError
from zkboot.pod.files import write_files
from zkboot.pod.host import Clock, utc_now
from zkboot.pod.identity import Host
from zkboot.pod.properties import ENCODING, parse
from zkboot.pod.reads import read_bytes, read_file
from zkboot.pod.rendered import RenderedFile
from zkboot.pod.tls.certificate import Certificate, parse_certificates
from zkboot.pod.tls.checks import shown
from zkboot.pod.tls.keeper import Renewal
from zkboot.pod.tls.mounted import CHAIN, KEY
from zkboot.pod.tls.server import find_owner, find_shown
from zkboot.pod.tls.stores import Stores
from zkboot.pod.tls_transport import Tls

RELOAD_LIMIT = 60.0
"""Seconds for the broker to answer, and then for it to show the new certificate."""

_PAUSE = 0.25
_THREADS = 3
"""Kafka's own default of ``num.network.threads``."""
_SSL, _SASL_SSL = "SSL", "SASL_SSL"


def renew(environ: Mapping[str, str], host: Host, uid: int, clock: Clock = utc_now) -> Renewal:
    """Write the TLS files anew where what is mounted has changed, and return what came of it.

    Raises SettingsError where what is mounted would not work, FileError where a file cannot be read or written,
    UnreachableError where the broker does not answer, NotServingError where it has to be restarted: then the old files
    stay. Only where it answers, and shows the new certificate not in time, do the new ones.
    """
    env = EnvReader(environ)
    settings = Settings.from_environ(env)
    version = settings.version or installed_version(env, settings)
    broker = find_broker(env, settings, host, version)
    probe_host, timeout = env.read(PROBE_HOST), env.read(PROBE_TIMEOUT)
    if settings.tls_dir is None:
        env.problems.note(f"{TLS_DIR.name} is not set, so there is nothing to renew")
    stores, _ = find_stores(env.problems, settings, broker, version, clock)
    env.problems.check()
    if stores is None:
        raise SettingsError("the environment names no broker")
    node = _Node.parse(read_file(settings.config_file, ENCODING) or "", stores, probe_host)
    own = parse_certificates(stores.files[0].content)[0]
    has_changed = any(read_bytes(file.path) != file.content for file in stores.files)
    found = {one: find_shown(one.address, stores, timeout) for one in node.listeners}
    if not has_changed and all(it is None or it.der == own.der for it in found.values()):
        return Renewal(is_new=False, end=own.not_after)
    for listener, before in found.items():
        if before is not None:
            _check_likeness(listener, before, own, f"{settings.tls_dir}/{CHAIN}")
    _reload(node, stores, f"{settings.tls_dir}", uid)
    patience = Deadline(RELOAD_LIMIT)
    for listener in node.listeners:
        in_row = 0
        while in_row < listener.threads:
            with suppress(NotServingError):
                now = find_shown(listener.address, stores, timeout)
                if now is not None and now.der == own.der:
                    in_row += 1
                    continue
            in_row = 0
            if not patience.remaining():
                raise NotServingError(
                    f"{host_port(*listener.address)} does not show the certificate that expires on"
                    f" {shown(own.not_after)}, in {stores.files[0].path}: look into the broker's log, and restart it"
                )
            time.sleep(_PAUSE)
    return Renewal(is_new=True, end=own.not_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    """A listener with the stores that are renewed."""

    name: str
    address: Address
    has_login: bool
    is_controllers: bool
    may_change: frozenset[str]
    """What of the certificate may become another: ``dn``, ``san``."""
    threads: int
    """How many threads have the certificate, each by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """What the properties of a node say of TLS."""

    broker_id: str
    listeners: tuple[_Listener, ...]
    between_brokers: str
    """Name of the listener that brokers ask each other at."""
    locations: Mapping[str, str]
    """The properties that are set to what they are, so that the broker reads the files again."""

    @classmethod
    def parse(cls, text: str, stores: Stores, probe_host: str) -> "_Node":
        """Return what *text*, of the properties file, says of the listeners that read *stores*."""
        properties = parse(text)
        protocols = parse_protocols(properties.get("listener.security.protocol.map", ""))
        controllers = [name.strip() for name in properties.get("controller.listener.names", "").upper().split(",")]
        listeners: list[_Listener] = []
        locations: dict[str, str] = {}
        try:
            bound = parse_listeners(properties.get("listeners", ""))
        except ValueError:
            bound = []
        for name, (host, port) in bound:
            protocol = protocols.get(name, name)
            prefix = f"listener.name.{name.lower()}."

            def value(key: str, prefix: str = prefix) -> str:
                return properties.get(prefix + key, properties.get(key, "")).strip()

            own = {f"{prefix}{key}": path for key, path in _locations(stores).items() if value(key) == path}
            if protocol not in (_SSL, _SASL_SSL) or f"{prefix}ssl.keystore.location" not in own:
                continue
            locations |= own
            changes = {kind for kind in ("dn", "san") if value(f"ssl.allow.{kind}.changes").lower() == "true"}
            threads = value("num.network.threads")
            listeners.append(
                _Listener(
                    name=name,
                    address=(probe_host if host in ("", *ANY_ADDRESS) else host, port),
                    has_login=protocol == _SASL_SSL,
                    is_controllers=name in controllers,
                    may_change=frozenset(changes),
                    threads=int(threads) if threads.isdecimal() else _THREADS,
                )
            )
        return cls(
            broker_id=properties.get("node.id") or properties.get("broker.id", ""),
            listeners=tuple(listeners),
            between_brokers=properties.get("inter.broker.listener.name", "").upper(),
            locations=locations,
        )

    def door(self, stores: Stores) -> _Listener:
        """Return where the broker is asked to read *stores* again. Raises NotServingError where that cannot be."""
        if not self.listeners:
            raise NotServingError(
                f"no listener of the broker reads {stores.key_store}: restart it, if it was started with stores of"
                f" another type or without {TLS_DIR.name}; if its stores are your own, renew those"
            )
        if all(one.is_controllers for one in self.listeners):
            raise NotServingError("a controller reads its TLS files only as it starts: restart it")
        doors = [one for one in self.listeners if not one.is_controllers and not one.has_login]
        if not doors:
            raise NotServingError(
                "every listener of the broker with TLS asks for a login, so it cannot be asked to read its TLS files"
                " again: restart the broker"
            )
        return next((one for one in doors if one.name == self.between_brokers), doors[0])


def _locations(stores: Stores) -> dict[str, str]:
    return {"ssl.keystore.location": stores.key_store, "ssl.truststore.location": stores.trust_store}


def _check_likeness(listener: _Listener, old: Certificate, new: Certificate, path: str) -> None:
    """Raise NotServingError where the *listener* with the *old* certificate would refuse the *new* one at *path*."""
    missing = [name for name in old.names if name not in new.names]
    for kind, differs, what in (
        ("dn", old.subject != new.subject, "has another subject than the certificate of the listener"),
        ("san", bool(missing), f"is not for {', '.join(missing)}, unlike the certificate of the listener"),
    ):
        if differs and kind not in listener.may_change:
            raise NotServingError(
                f"{path} {what} {listener.name}: the broker takes that only as it starts; restart"
                f" it, or set KAFKA_SSL_ALLOW_{kind.upper()}_CHANGES=true from Kafka 3.7 on"
            )


def _reload(node: _Node, stores: Stores, mounted: str, uid: int) -> None:
    """Write *stores* and have the broker read them; where it does not, what was there before is there again."""
    with _greeted(node.door(stores), stores.files[0].path, mounted) as session:
        if session.offers(INCREMENTAL_ALTER_CONFIGS, VERSIONS) is None:
            raise NotServingError(f"{session.peer}: before Kafka 2.3 a broker cannot be asked: restart it")
        account = find_owner(stores, uid)
        owner = account if uid == 0 else None
        before = [_as_it_is(file) for file in stores.files]
        write_files(stores.files, owner)
        try:
            _ask(session, node)
        except BaseException:
            write_files([file for file in before if file is not None], owner)
            raise


def _greeted(door: _Listener, own: str, mounted: str) -> Session:
    """Return a session with the broker at *door*, which is shown its *own* certificate, then the one *mounted*."""
    try:
        return _session(door, own, own)
    except RefusedError:
        return _session(door, f"{mounted}/{CHAIN}", f"{mounted}/{KEY}")


def _session(door: _Listener, certificate: str, key: str) -> Session:
    tls = Tls(certificate=certificate, key=key, ca="", name="", plain=encode_api_versions(0))
    session = Session(Endpoint(*door.address, RELOAD_LIMIT, tls=tls))
    try:
        session.ask_versions()
    except BaseException:
        session.close()
        raise
    return session


def _ask(session: Session, node: _Node) -> None:
    """Have the *node* set its locations. Raises NotServingError where it refuses."""
    body = encode_settings(node.broker_id, node.locations)
    payload, correlation_id = session.exchange(INCREMENTAL_ALTER_CONFIGS, VERSIONS[0], body)
    refusal = decode_refusal(payload, correlation_id, session.peer)
    if refusal is not None:
        raise _refused(session.peer, *refusal)


def _refused(peer: str, error: int, reason: str) -> NotServingError:
    if error == UNAUTHORIZED:
        return NotServingError(
            f"{peer}: may not be asked to read its TLS files again with its own certificate: give the principal of its"
            " subject AlterConfigs on the cluster, or name it in KAFKA_SUPER_USERS; or restart the broker"
        )
    return NotServingError(f"{peer}: does not read its TLS files again: {error_name(error)}, {reason}: restart it")


def _as_it_is(file: RenderedFile) -> RenderedFile | None:
    content = read_bytes(file.path)
    return None if content is None else replace(file, text=content.decode(file.encoding))
