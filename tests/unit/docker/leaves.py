"""Every mistake of one place: each part of a manifest left out, and each value of it another."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.unit.docker.manifests import Documents

Place = tuple[str | int, ...]
"""Keys and indices, from the documents down."""


def places(node: Any, above: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield each part of *node* with its place, the larger ones first."""
    found: list[tuple[str | int, Any]] = []
    if isinstance(node, dict):
        found = list(node.items())
    elif isinstance(node, list):
        found = list(enumerate(node))
    for key, part in found:
        yield (*above, key), part
        yield from places(part, (*above, key))


def others(value: Any) -> list[Any]:
    """Return what might stand in place of a value: text with a slip, numbers that are far too small or too large."""
    match value:
        case bool():
            return [not value]
        case int():
            return [0, value // 2, 10 * value]
        case str() if value.isdigit():
            return ["0", str(int(value) + 1), f"{value}000"]
        case str():
            return [f"{value}x"]
        case _:
            return []


def named(documents: Documents, place: Place) -> str:
    """Return a place in words: objects by kind and name, entries of a list by their name where they have one."""
    node: Any = documents[int(place[0])]
    words = f"{node['kind']} {node['metadata']['name']}"
    for key in place[1:]:
        node = node[key]
        if isinstance(key, str):
            words += f".{key}"
        else:
            words += f"[{node['name'] if isinstance(node, dict) and 'name' in node else key}]"
    return words


def without(node: Any, place: Place) -> Any:
    """Return *node* without the part at a place; what is beside the way there is shared, not copied."""
    key, *below = place
    found = copy.copy(node)
    if below:
        found[key] = without(node[key], tuple(below))
    else:
        del found[key]
    return found


def replaced(node: Any, place: Place, value: Any) -> Any:
    """Return *node* with another value at a place; what is beside the way there is shared, not copied."""
    key, *below = place
    found = copy.copy(node)
    found[key] = replaced(node[key], tuple(below), value) if below else value
    return found
