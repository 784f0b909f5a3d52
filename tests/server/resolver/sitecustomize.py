"""Lets a process of ours resolve the cluster's names, as the JVMs beside it do: Python imports this before it runs.

The probes call the built-in module itself, so that is where the names are put.
"""

import _socket
import os
from typing import Any

_ask = _socket.getaddrinfo
_names: dict[bytes, bytes] = {}
with open(os.environ["ZKB_TEST_HOSTS"], encoding="ascii") as _hosts:
    for _line in _hosts:
        _address, _name = _line.split()
        _names[_name.encode()] = _address.encode()


def _getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
    key = host.encode() if isinstance(host, str) else host
    return _ask(_names.get(key, key), *arguments, **options)


_socket.getaddrinfo = _getaddrinfo
