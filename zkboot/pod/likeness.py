"""Names that are alike: which one was probably meant by one that nobody knows."""

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], likeness: float) -> str | None:
    """Return the one of *known* that is most like *name*, None where none is as like it as *likeness*.

    That is difflib's ratio: 1 is the same, 0 has no letter in common.
    """
    names = list(known)
    if not names:
        return None
    # Most starts meet no strange name, and need not load it.
    import difflib

    found = difflib.get_close_matches(name, names, n=1, cutoff=likeness)
    return found[0] if found else None
