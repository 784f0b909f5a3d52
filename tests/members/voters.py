"""The list that the servers themselves keep, `/zookeeper/config` (ZooKeeper 3.5 and newer).

    python -m tests.members.voters <endpoint> ...

Run in the hub: prints, as JSON, the text of that node on each server.
"""

import json
import logging
import re
import sys

from kazoo.client import KazooClient

_NODE = "/zookeeper/config"
_ROW = re.compile(r"^server\.(\d+)=[^;\n]*:participant(?:;|$)", re.MULTILINE)


def parse_voters(text: str) -> set[int]:
    """Return the ordinals of those that have a vote; an id is an ordinal and one."""
    return {int(server_id) - 1 for server_id in _ROW.findall(text)}


def _config(endpoint: str) -> str:
    client = KazooClient(hosts=endpoint, timeout=10)
    client.start(timeout=20)
    try:
        client.sync(_NODE)
        text: bytes = client.get(_NODE)[0]
        return text.decode()
    finally:
        client.stop()
        client.close()


def main() -> None:
    """Run the command line in the module's docstring."""
    logging.disable(logging.CRITICAL)
    json.dump([_config(endpoint) for endpoint in sys.argv[1:]], sys.stdout)


if __name__ == "__main__":
    main()
