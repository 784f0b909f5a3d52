"""The parts of README.md that come from the code are what the code says now: ``make readme`` rewrites them."""

import pytest

from tests.readme import PARTS, README, rewritten


def part_of(text: str, name: str) -> str:
    """Return what stands between the marker *name* and the next end."""
    _, marker, rest = text.partition(f"<!-- {name} -->\n")
    part, end, _ = rest.partition("<!-- end -->")

    assert marker, f"README.md has no marker {name}"
    assert end
    return part


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_what_the_code_says(name: str) -> None:
    """Variables, keys and the list for those who migrate."""
    assert part_of(README.read_text(), name) == PARTS[name]()


def test_rewriting_changes_nothing_else() -> None:
    """Each part stands once; a backslash in one is its own."""
    text = README.read_text()

    assert rewritten(text) == text


def test_a_lost_marker_is_told() -> None:
    """Rather than a part that is silently missing."""
    with pytest.raises(LookupError, match="0 places are marked"):
        rewritten("no marker at all\n")
