"""What a golden case holds that is not whole: how its texts differ from others, line by line."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher


def changes(before: str, after: str) -> str:
    """Return the lines that only *before* has, each behind a ``-``, and those that only *after* has, behind a ``+``."""
    return "".join(f"{line}\n" for line in _changed(before.split("\n"), after.split("\n")))


def changes_of_all(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return the same for texts with names, below the name of each that differs; a missing text has no line at all."""
    shown = []
    for name in sorted({*before, *after}):
        lines = [texts[name].split("\n") if name in texts else [] for texts in (before, after)]
        if changed := list(_changed(*lines)):
            shown += [f"==> {name}", *changed]
    return "".join(f"{line}\n" for line in shown)


def _changed(before: list[str], after: list[str]) -> Iterator[str]:
    for tag, from_before, to_before, from_after, to_after in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            yield from (f"-{line}" for line in before[from_before:to_before])
            yield from (f"+{line}" for line in after[from_after:to_after])
