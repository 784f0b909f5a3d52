"""Places in what is published that each pod fills by itself: ``{pod}``, ``{ordinal}``, ``{31000+ordinal}``.

One template makes all pods of a StatefulSet, and to clients outside each of them must have an address of its own.
"""

import re

# What stands behind a dollar is Kafka's.
_PLACE = re.compile(r"(?<!\$)\{([^{}]*)\}")
_SUM = re.compile(r"([0-9]{1,5})\+ordinal|ordinal\+([0-9]{1,5})", re.ASCII)


# ConfigTransformer.DEFAULT_PATTERN: a provider, perhaps a path, and a key.
_PLACEHOLDER = re.compile(r"\$\{[^}]*:[^}]*\}")


def has_placeholder(text: str) -> bool:
    """Return whether *text* has a place that Kafka fills, by its ``config.providers``: ``${file:/path:key}``."""
    return _PLACEHOLDER.search(text) is not None


def fill(text: str, pod: str, ordinal: int) -> str:
    """Return *text* with its places filled for the pod of that name and *ordinal*; others stay as they are."""
    return _PLACE.sub(lambda place: _filled(place[1], pod, ordinal) or place[0], text)


def has_places(text: str) -> bool:
    """Return whether there is anything to fill in *text*."""
    return _PLACE.search(text) is not None


def needs_ordinal(text: str) -> bool:
    """Return whether a pod must have an ordinal to fill *text*; its name alone needs none."""
    return any(place[1] != "pod" for place in _PLACE.finditer(text))


def place_problems(text: str) -> list[str]:
    """Return why places of *text* cannot be filled, one reason each."""
    return [
        f"has {place[0]}, which is none of {{pod}}, {{ordinal}} and {{<number>+ordinal}}"
        for place in _PLACE.finditer(text)
        if _filled(place[1], "", 0) is None
    ]


def _filled(place: str, pod: str, ordinal: int) -> str | None:
    if place in ("pod", "ordinal"):
        return pod if place == "pod" else str(ordinal)
    found = _SUM.fullmatch(place)
    return str(int(found[1] or found[2]) + ordinal) if found else None
