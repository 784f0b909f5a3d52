"""`register.py NAME HOSTS`: one of several clients of one register, a node of ZooKeeper, with the kazoo of our image.

Until /load/stop appears it reads the register or replaces what it has just read, and tells of each in /load/NAME: when
it began and ended, `read` or `swap`, the value, the version, and `done`, `refused` (somebody was faster) or `unknown`.
"""

import random
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, "/opt/zk-kafka-boot")

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, KazooException, NodeExistsError
from kazoo.retry import KazooRetry

FOLDER = Path("/load")
REGISTER = "/register"
PAUSE = 0.02
SESSION = 6.0
ANSWER_LIMIT = 5.0


def read(client: KazooClient) -> tuple[str, int]:
    """Return the value and its version, after the server has caught up."""
    client.sync_async(REGISTER).get(timeout=ANSWER_LIMIT)
    value, stat = client.get_async(REGISTER).get(timeout=ANSWER_LIMIT)
    return value.decode(), stat.version


def swap(client: KazooClient, value: str) -> int:
    """Replace what is there now with *value* and return its version; BadVersionError where somebody was faster."""
    _, stat = client.get_async(REGISTER).get(timeout=ANSWER_LIMIT)
    changed = client.set_async(REGISTER, value.encode(), version=stat.version).get(timeout=ANSWER_LIMIT)
    return int(changed.version)


def main() -> None:
    """Use the register until told to stop."""
    name, hosts = sys.argv[1:]
    patient = KazooRetry(max_tries=-1, delay=0.1, backoff=2, max_delay=0.5)
    client = KazooClient(hosts=hosts, timeout=SESSION, connection_retry=patient, randomize_hosts=False)
    client.start(timeout=120)
    with suppress(NodeExistsError):
        client.create(REGISTER, b"nothing")
    with (FOLDER / name).open("w", buffering=1) as log:
        number = 0
        while not (FOLDER / "stop").exists():
            number += 1
            kind = random.choice(("read", "swap"))
            value, version = f"{name}-{number}", -1
            began = time.monotonic()
            try:
                if kind == "read":
                    value, version = read(client)
                else:
                    version = swap(client, value)
                outcome = "done"
            except BadVersionError:
                outcome = "refused"
            except (KazooException, client.handler.timeout_exception):
                outcome = "unknown"
            log.write(f"{began:.6f} {time.monotonic():.6f} {kind} {value} {version} {outcome}\n")
            time.sleep(PAUSE)
    client.stop()


if __name__ == "__main__":
    main()
