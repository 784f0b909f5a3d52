"""Listeners that come up and let nobody in, and those with which a broker ends after its JVM has started.

Kafka 4.4, tried: with an SSL listener and no keystore it comes up, and refuses every handshake, unless that listener is
the one between brokers; then, and with a SASL listener and no logins, it ends.
"""

from collections.abc import Iterable, Mapping

from kafkaboot.config.layers import Config
from kafkaboot.config.mechanisms import login_advice
from kafkaboot.values.definitions import LISTENER_PREFIX
from kafkaboot.values.version import Version

_KEYSTORES = ("ssl.keystore.location", "ssl.keystore.key", "ssl.engine.factory.class")


def security_advice(config: Config, environ: Mapping[str, str], version: Version) -> Iterable[str]:
    """Yield what the listeners of *config* lack; a JVM's flags in *environ* may name a file of logins."""
    effective = config.effective
    for listener in config.bound:
        prefix = f"{LISTENER_PREFIX}{listener.name.lower()}."
        ways = {f"{one}{key}" for one in ("", prefix) for key in _KEYSTORES}
        if config.speaks_tls(listener.key) and not ways & {*effective}:
            yield (
                f"the listener {listener.name} speaks TLS and has no keystore, so it refuses every client: set"
                " KAFKA_SSL_KEYSTORE_LOCATION or KAFKA_SSL_KEYSTORE_KEY"
            )
    yield from login_advice(config, environ, version)
