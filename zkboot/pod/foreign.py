"""Variables of other images: what they are for there, and what does the same here.

A name that nobody reads would be lost without a word; and where it asks for TLS, a login or an authorizer, the server
would come up without it, ready and open.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from zkboot.pod.environ import FILE_SUFFIX, EnvReader

# Values with which the variable asks for nothing, whatever it is about.
_ASKS_FOR_NOTHING = frozenset({"false", "no", "off", "none", "plaintext"})


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What to do here in place of another image's variable."""

    instead: str
    """A request, "set ZK_TICK_TIME"."""
    is_guard: bool = False
    """Whether a server without it is open to somebody who was kept out."""
    whatever_value: bool = False
    """Whether that is so even for a value such as ``no`` or ``none``."""


def note_foreign(env: EnvReader, found: Mapping[str, Counterpart]) -> list[str]:
    """Note each variable of *found* that is a guard as a problem; return a line for each other, with what to do.

    One that is set to what asks for nothing, ``no`` or ``PLAINTEXT``, guards nothing.
    """
    lines: list[str] = []
    for name, counterpart in found.items():
        asks = counterpart.whatever_value or not asks_for_nothing(env.raw(name))
        if counterpart.is_guard and asks:
            env.problems.note(
                f"{name} is another image's variable and has no effect here, so the server would run without what it"
                f" asks for: {counterpart.instead}, and unset {name}",
                name,
            )
        else:
            lines.append(f"{name} is another image's variable and has no effect here: {counterpart.instead}")
    return lines


def asks_for_nothing(text: str) -> bool:
    """Return whether *text* is the value of a switch that is off."""
    return text.lower() in _ASKS_FOR_NOTHING


def without_file(name: str) -> str:
    """Return *name* without the ``_FILE`` with which most images take the value from a file."""
    return name.removesuffix(FILE_SUFFIX)
