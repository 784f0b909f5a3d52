"""Listeners that come up and let nobody in, and those with which a broker ends after its JVM has started.

Kafka 4.4, tried: with an SSL listener and no keystore it comes up, and refuses every handshake, unless that listener is
the one between brokers; then, and with a SASL listener and no logins, it ends.
"""

from collections.abc import Iterable, Mapping

from kafkaboot.config.layers import Config
from kafkaboot.values.definitions import LISTENER_PREFIX

_KEYSTORES = ("ssl.keystore.location", "ssl.keystore.key", "ssl.engine.factory.class")
_LOGINS = ".sasl.jaas.config"
_LOGIN_FILE = "java.security.auth.login.config"


def security_advice(config: Config, environ: Mapping[str, str]) -> Iterable[str]:
    """Yield what the listeners of *config* lack; a JVM's flags in *environ* may name a file of logins."""
    effective = config.effective
    has_login_file = any(_LOGIN_FILE in value for name, value in environ.items() if name.endswith("_OPTS"))
    for listener in config.bound:
        protocol = (config.protocols or {}).get(listener.key, listener.key)
        prefix = f"{LISTENER_PREFIX}{listener.name.lower()}."
        if protocol.endswith("SSL") and not {f"{one}{key}" for one in ("", prefix) for key in _KEYSTORES} & {
            *effective
        }:
            yield (
                f"the listener {listener.name} speaks TLS and has no keystore, so it refuses every client: set"
                " KAFKA_SSL_KEYSTORE_LOCATION or KAFKA_SSL_KEYSTORE_KEY"
            )
        has_logins = any(key.startswith(prefix) and key.endswith(_LOGINS) for key in effective)
        if protocol.startswith("SASL_") and not has_logins and not has_login_file:
            yield (
                f"the listener {listener.name} speaks SASL and has no logins, with which Kafka ends: set"
                f" {prefix}<mechanism>{_LOGINS}, or -D{_LOGIN_FILE} in KAFKA_OPTS"
            )
