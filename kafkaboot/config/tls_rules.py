"""What contradicts KF_TLS_DIR: listeners that would all serve in plain text, and halves of stores."""

from collections.abc import Iterable

from kafkaboot.config.rules import Node, unguarded
from kafkaboot.config.tls import STORES, store_keys, takes_pem
from kafkaboot.values.keys import variable_of
from kafkaboot.values.knobs import TLS_DIR
from kafkaboot.values.version import LISTENERS as LISTENERS_SINCE
from zkboot.pod.variables import BLANKS


def plain_text_problems(node: Node) -> Iterable[str]:
    """Say where no listener for clients or between brokers speaks TLS, though there is a certificate for them."""
    if node.settings.tls_dir is None or node.version < LISTENERS_SINCE:
        return
    found = unguarded(node, node.config.speaks_tls)
    if found is not None:
        subject, clients = found
        yield (
            f"{subject}: {clients} would serve everybody in plain text, though {TLS_DIR.name} is set: unset"
            f" it, or have a listener that speaks TLS, such as {node.settings.tls_listener}://:{node.settings.tls_port}"
        )


def store_problems(node: Node) -> Iterable[str]:
    """Say which passwords and types are given for a store that is made, which could not be opened with them."""
    config, made = node.config, "PEM" if takes_pem(node.version) else "JKS"
    for store in STORES:
        location, kind, *passwords = store_keys(store)
        if location not in config.generated:
            continue
        keys = [key for key in passwords if key in config.given]
        if kind in config.given and config.given[kind].text.strip(BLANKS).upper() != made:
            keys.append(kind)
        for key in keys:
            yield (
                f"{variable_of(key)} is of a store of your own, but {TLS_DIR.name} makes the store, and the server"
                f" could not open it: unset it, or set {variable_of(location)}, too"
            )
