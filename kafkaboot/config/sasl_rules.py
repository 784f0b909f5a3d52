"""What contradicts KF_SASL_DIR: that no listener asks clients for a login."""

from collections.abc import Iterable

from kafkaboot.config.rules import Node, unguarded
from kafkaboot.values.knobs import SASL_DIR
from kafkaboot.values.version import JAAS_PROPERTIES


def open_problems(node: Node) -> Iterable[str]:
    """Yield what is wrong where there are users, and no listener for clients asks for a login."""
    settings = node.settings
    if settings.sasl_dir is None or node.version < JAAS_PROPERTIES:
        return
    found = unguarded(node, node.config.has_login)
    if found is not None:
        subject, clients = found
        yield (
            f"{subject}: {clients} would let everybody in, though {SASL_DIR.name} is set: unset it, or have"
            f" a listener that asks for a login, such as {settings.plain_listener}://:{settings.client_port}"
        )
