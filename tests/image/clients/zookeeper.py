"""`zookeeper.py write|read HOSTS`: runs beside the ensemble, with the kazoo of our image.

`write` creates one node after the other until /load/stop appears, and tells of each in /load/log: the time, its number
and `acked`, `unknown` (the connection broke before the answer) or `refused` (certainly not written). `read` tells in
/load/found what is there, having asked the server to catch up first.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, "/opt/zk-kafka-boot")

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NodeExistsError, OperationTimeoutError
from kazoo.retry import KazooRetry

FOLDER = Path("/load")
ROOT = "/load"
PER_DIRECTORY = 1000
PAUSE = 0.01
SESSION = 6.0
ANSWER_LIMIT = 15.0
READ_LIMIT = 120.0


def connected(hosts: str) -> KazooClient:
    """Return a client that never gives up."""
    patient = KazooRetry(max_tries=-1, delay=0.1, backoff=2, max_delay=0.5)
    client = KazooClient(hosts=hosts, timeout=SESSION, connection_retry=patient, randomize_hosts=False)
    client.start(timeout=120)
    return client


def write(client: KazooClient) -> None:
    """Write until told to stop."""
    with (FOLDER / "log").open("w", buffering=1) as log:
        number, directory = 0, -1
        while not (FOLDER / "stop").exists():
            try:
                if number // PER_DIRECTORY != directory:
                    client.retry(client.ensure_path, f"{ROOT}/{number // PER_DIRECTORY}")
                    directory = number // PER_DIRECTORY
                outcome = create(client, number)
            except KazooException:
                outcome = "refused"
            log.write(f"{time.monotonic():.3f} {number} {outcome}\n")
            number += 1
            time.sleep(PAUSE)


def create(client: KazooClient, number: int) -> str:
    """Create one node and return what is known of it."""
    try:
        asked = client.create_async(f"{ROOT}/{number // PER_DIRECTORY}/{number}", str(number).encode())
        asked.get(timeout=ANSWER_LIMIT)
    except NodeExistsError:
        return "acked"
    except (KazooException, OperationTimeoutError, client.handler.timeout_exception):
        return "unknown"
    return "acked"


def read(client: KazooClient) -> None:
    """Tell of every node that is there."""
    client.sync(ROOT)
    with (FOLDER / "found").open("w") as found:
        for directory in client.get_children(ROOT):
            # All of a directory at once: an answer's way would be most of the time.
            asked = {
                number: client.get_async(f"{ROOT}/{directory}/{number}")
                for number in client.get_children(f"{ROOT}/{directory}")
            }
            for number, answer in asked.items():
                value, _ = answer.get(timeout=READ_LIMIT)
                found.write(f"{number} {value.decode()}\n")


def main() -> None:
    """Do what the command line asks for."""
    what, hosts = sys.argv[1:]
    client = connected(hosts)
    if what == "write":
        write(client)
    else:
        read(client)
    client.stop()


if __name__ == "__main__":
    main()
