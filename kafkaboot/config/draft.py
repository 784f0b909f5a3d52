"""A configuration in the making: what is generated, over what the base file says, where KAFKA_* does not say it.

Where something of the base file is lost that the operator may have meant, a warning says how to keep it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from kafkaboot.config.given import PUBLISHED
from kafkaboot.config.layers import Config, Properties
from kafkaboot.config.settings import Settings
from kafkaboot.config.variables import BOTH, BROKERS, TLS_PORT
from kafkaboot.values.keys import MIGRATING, variable_of
from kafkaboot.values.knobs import PORT
from kafkaboot.values.listeners import Listener
from kafkaboot.values.properties import ADVERTISED_LISTENERS, LISTENERS, LOG_DIR, LOG_DIRS, Value
from kafkaboot.values.templates import fill, has_places
from kafkaboot.values.version import MIGRATION, NO_ZOOKEEPER, Version
from zkboot.pod.identity import PodIdentity

_STOCK_VALUES: Mapping[str, Sequence[str]] = {
    "broker.id": ("0",),
    "zookeeper.connect": ("localhost:2181",),
    "listeners": ("PLAINTEXT://:9092",),
    "port": ("9092",),
}
"""What the distribution's own files for ZooKeeper mode say, and nobody misses when it is replaced."""


class Draft(Properties):
    """A configuration in the making."""

    def __init__(
        self,
        settings: Settings,
        pod: PodIdentity,
        base: Mapping[str, str],
        stock: Mapping[str, Sequence[str]] = _STOCK_VALUES,
    ) -> None:
        self.settings = settings
        self.has_names = True
        """Whether listeners have names of their own."""
        self._stock = stock
        self.base = {key: Value(text) for key, text in base.items()}
        self.given = {key: given.value for key, given in settings.given.items()}
        for key in PUBLISHED & self.given.keys():
            if has_places(self.given[key].text):
                self.given[key] = Value(fill(self.given[key].text, pod.pod_name, pod.ordinal))
        self.generated: dict[str, Value] = {}
        self._hosts: set[str] = set()
        self._secrets: set[str] = set()
        self._disabled: set[str] = set()
        self._warnings: list[str] = []

    def find(self, key: str) -> Value | None:
        for layer in (self.given, self.generated):
            if key in layer:
                return layer[key]
        return None if key in self._disabled else self.base.get(key)

    def is_given(self, *keys: str) -> bool:
        """Return whether KAFKA_* gives one of *keys*."""
        return any(key in self.given for key in keys)

    def generate(self, key: str, text: str, hosts: Iterable[str] = (), *, is_secret: bool = False) -> None:
        """Set *key* to *text*, unless KAFKA_* sets it; warn where the base file has another value of the operator's.

        *hosts* are the names in it by which others shall find pods of this StatefulSet. No message shows a text that
        *is_secret*.
        """
        if key in self.given:
            return
        self.generated[key] = Value(text)
        self._hosts |= {*hosts}
        meant = self._meant(key)
        old, new = (key, "another") if is_secret else (f"{key}={meant}", text)
        if is_secret:
            self._secrets.add(key)
        if meant not in (None, text):
            self.warn(f"{old} in {self.settings.base_file} is replaced by {new}: set {variable_of(key)} to keep it")

    def disable(self, keys: Iterable[str]) -> None:
        """Disable *keys* in the base file."""
        self._disabled |= {key for key in keys if key not in self.given}

    def shadow(self, keys: Iterable[str], reason: str) -> None:
        """Disable *keys* for *reason*; warn with it where the base file sets them."""
        for key in keys:
            meant = self._meant(key)
            if meant is not None and key not in self.given:
                self.warn(f"{key}={meant} in {self.settings.base_file} is disabled: {reason}")
            self.disable([key])

    def ignore(self, keys: Iterable[str], reason: str) -> None:
        """Ignore *keys*, wherever they are set, for *reason*; warn where KAFKA_* sets one."""
        for key in keys:
            if self.given.pop(key, None) is not None:
                self.warn(f"{self.settings.given[key].variable} is ignored: {reason}")
            self.disable([key])

    def ignore_unknown(self, keys: Iterable[str], reason: str) -> None:
        """Ignore *keys*, which this Kafka does not know for *reason*, as ``ignore`` does."""
        for key in keys:
            self.ignore([key], f"this Kafka has no property {key}; {reason}")

    def ignore_migration(self, version: Version) -> bool:
        """Return whether the node is on its way from ZooKeeper to KRaft; where *version* cannot be, ignore the wish."""
        if not MIGRATION <= version < NO_ZOOKEEPER:
            self.ignore_unknown([MIGRATING], f"only {MIGRATION} to 3.9 can migrate")
        return self.is_migrating

    def warn(self, message: str) -> None:
        """Add one line that should be read."""
        self._warnings.append(message)

    def advise_on_port(self, bound: Sequence[Listener]) -> None:
        """Warn where KF_PORT counts for nothing: KAFKA_LISTENERS binds other ports, or all clients come by TLS."""
        port = self.settings.client_port
        if self.is_given(LISTENERS.key) and bound and port not in {PORT.default, *(one.port for one in bound)}:
            subject = self.settings.given[LISTENERS.key].shown
            self.warn(f"{PORT.name}={port} has no effect: {subject} says where Kafka listens")
        elif self.settings.has_client_port and self.settings.is_all_tls and not self.is_given(LISTENERS.key):
            self.warn(f"{PORT.name}={port} has no effect: clients come by TLS, so set {TLS_PORT.name}")

    def settle(self, pod: PodIdentity) -> None:
        """Take the steps that end a draft in either mode; warn where only the bare name of *pod* is published."""
        if self.is_given(LOG_DIRS.key):
            self.disable([LOG_DIR.key])
        if pod.domain is None and pod.fqdn in self._hosts:
            self.warn(f"pod {pod.fqdn} has no DNS domain, so its bare name is published: set KF_DOMAIN")

    def clients_listeners(self, without: Collection[str] = ()) -> tuple[Listener, ...]:
        """Return where a broker listens for clients where nobody says it, but for names that are *without*.

        At the ports that KAFKA_* publishes, as other images do it; but at KF_PORT where that is set, or where what is
        published differs from pod to pod: then something else passes on to the port that all pods have.
        """
        default = self._own_listeners()
        stated = self.settings.given.get(ADVERTISED_LISTENERS.key)
        if stated is None or has_places(stated.value.text):
            return default
        if self.settings.has_client_port or self.is_given(LISTENERS.key):
            return default
        try:
            published = self.read(ADVERTISED_LISTENERS) or ()
        except ValueError:
            # It will be noted with all other values.
            return default
        derived = tuple(Listener(one.name, "", one.port) for one in published if one.key not in without)
        if not derived or (without and self.settings.controller_port in {one.port for one in derived}):
            return default
        if {one.port for one in derived} != {PORT.default}:
            self.warn(f"listening at the ports that {stated.variable} publishes: set KAFKA_LISTENERS for others")
        return derived

    def _own_listeners(self) -> tuple[Listener, ...]:
        settings = self.settings
        plain = (Listener(settings.plain_listener, "", settings.client_port),)
        if settings.tls_dir is None:
            return plain
        secure: tuple[Listener, ...] = (Listener(settings.tls_listener, "", settings.tls_port),)
        if self.has_names:
            secure += (Listener(BROKERS, "", settings.tls_broker_port),)
        return (*plain, *secure) if settings.tls_clients == BOTH else secure

    def config(self) -> Config:
        """Return what was drafted."""
        return Config(
            base=self.base,
            generated=self.generated,
            given=self.given,
            secrets=frozenset(self._secrets),
            disabled=frozenset(self._disabled),
            warnings=tuple(self._warnings),
        )

    def _meant(self, key: str) -> str | None:
        """Return what the base file says of *key*, None where that is what the distribution's own files say."""
        found = self.base.get(key)
        return None if found is None or found.text in self._stock.get(key, ()) else found.text
