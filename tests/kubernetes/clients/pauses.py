"""`pauses.py [--max-delay S] KIND NUMBER SERVERS`: clients of ZooKeeper by kazoo, each with a session of its own.

Each writes to its own znode again and again and tells on standard output, in one JSON line each, of every time without
an acknowledgement that is longer than `TOLD`, and every `PULSE` seconds that it is there. Everything is as kazoo has
it by default, but that a command is tried again for ever, as a program that outlives a rolling update has it. The time
between two attempts to connect, which kazoo doubles each time, ends at S seconds where that is given.
"""

import argparse
import json
import logging
import os
import sys
import threading
import time
from typing import Any

# In front, where this script's own directory stands, may be a file with the name of a library.
sys.path[0] = "/opt/zk-kafka-boot"

from kazoo.client import KazooClient
from kazoo.retry import KazooRetry

SESSION = 10.0
REST = 0.1
TOLD = 0.3
PULSE = 5.0


def say(client: str, **told: float) -> None:
    """Print one line, whole."""
    rounded = {key: round(value, 3) for key, value in told.items()}
    os.write(1, (json.dumps({"client": client, **rounded}) + "\n").encode())


def write(name: str, servers: str, connecting: dict[str, Any] | None) -> None:
    """Write for ever."""
    retry = KazooRetry(max_tries=-1)
    logger = logging.getLogger(name)
    client = KazooClient(
        hosts=servers, timeout=SESSION, command_retry=retry, connection_retry=connecting, logger=logger
    )
    client.start(timeout=120)
    client.ensure_path(f"/pauses/{name}")
    last = pulse = time.time()
    while True:
        client.retry(client.set, f"/pauses/{name}", b"")
        now = time.time()
        if now - last > TOLD:
            say(name, since=last, until=now)
        last = now
        if now - pulse > PULSE:
            pulse = now
            say(name, at=now)
        time.sleep(REST)


def main() -> None:
    """Start the clients, each in a thread."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-delay", type=float)
    parser.add_argument("kind")
    parser.add_argument("number", type=int)
    parser.add_argument("servers")
    asked = parser.parse_args()
    connecting = None if asked.max_delay is None else {"max_tries": -1, "max_delay": asked.max_delay}
    logging.basicConfig(level=logging.INFO, format="%(created).3f %(name)s %(levelname)s %(message)s")
    for one in range(asked.number):
        threading.Thread(target=write, args=(f"{asked.kind}-{one}", asked.servers, connecting), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
