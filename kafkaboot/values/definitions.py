"""What each version of Kafka defines of its properties; the file beside this module was made from the brokers' jars."""

from functools import cache

from zkboot.pod.definitions import PASSWORD, Definitions

LISTENER_PREFIX = "listener.name."
"""``listener.name.<name>.<property>``, also ``listener.name.<name>.<mechanism>.<property>``, is for one listener."""


@cache
def definitions() -> Definitions:
    """Return the definitions of every version; the first call reads them, so the probes make none."""
    return Definitions.of_package(__package__)


OF_A_MECHANISM = 2
"""Words between ``listener.name.`` and a property, at most: the listener's name and a mechanism's."""


def plain_key(key: str, words: int | None = None) -> str:
    """Return the property that *key* sets for one listener, or for a mechanism of one; *key* itself if for all.

    No more than *words* stand before it, by default any number: with an underscore too few a name is two words.
    """
    known = definitions().names
    if not key.startswith(LISTENER_PREFIX) or key in known:
        return key
    # A listener's name, and a mechanism's, may be any word; the longest property wins.
    rest = key.removeprefix(LISTENER_PREFIX)
    taken = 0
    while "." in rest and taken != words:
        rest, taken = rest.partition(".")[2], taken + 1
        if rest in known:
            return rest
    return key


def is_password(key: str) -> bool:
    """Return whether any version takes the value of *key* for a password."""
    return any(row.type == PASSWORD for row in definitions().all(plain_key(key)))
