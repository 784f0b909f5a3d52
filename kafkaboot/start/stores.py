"""The TLS stores of a node: made from the mounted Secret, and checked against the name of the pod."""

import os
from collections.abc import Sequence

from kafkaboot.config.broker import Broker
from kafkaboot.config.settings import Settings
from kafkaboot.config.tls import takes_pem, version_problems
from kafkaboot.values.knobs import TLS_DIR
from kafkaboot.values.version import Version
from zkboot.pod.errors import Problems
from zkboot.pod.host import Clock
from zkboot.pod.permissions import named
from zkboot.pod.tls.reading import read_mounted
from zkboot.pod.tls.stores import FOLDER, Stores


def find_stores(
    problems: Problems, settings: Settings, broker: Broker | None, version: Version | None, clock: Clock
) -> tuple[Stores | None, Sequence[str]]:
    """Return what TLS has to show by *clock*, and what to warn of; notes what is wrong with it. Raises FileError."""
    if settings.tls_dir is None or broker is None or version is None:
        return None, ()
    for problem in version_problems(settings, version):
        problems.note(problem)
    # It loads OpenSSL, 4 MB and 13 ms, which a start without TLS should not pay for.
    from zkboot.pod.tls.checks import check_identity, expiry_advice

    with named(TLS_DIR.name):
        mounted = read_mounted(settings.tls_dir)
    now = clock()
    identity = check_identity(mounted, [broker.fqdn], TLS_DIR.name, problems, now)
    if identity is None:
        return None, ()
    folder = f"{os.path.dirname(settings.config_file)}/{FOLDER}"
    return Stores.of(identity, folder, takes_pem=takes_pem(version)), expiry_advice(identity, mounted, now)
