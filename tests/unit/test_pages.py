"""The pages of documentation say what the code says, their links lead somewhere, and what they tell to run is run."""

import re
from pathlib import Path

import pytest

from tests.commands import ROOT
from tests.pages import PAGES, PARTS, Block, block, blocks, rewritten

FRONT_PAGE_LINES = 150


def anchors(page: Path) -> set[str]:
    """Return what a link into *page* may name: its headings, as GitHub writes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_parts_are_what_the_code_says(page: str) -> None:
    """`make readme` rewrites variables, keys and the list for those who migrate, and nothing else."""
    text = (ROOT / page).read_text("utf-8")

    assert rewritten(page, text) == text


def test_a_lost_marker_is_an_error() -> None:
    """Rather than a part that is silently missing."""
    page, _ = next(iter(PARTS.values()))

    with pytest.raises(LookupError, match="0 places are marked"):
        rewritten(page, "no marker at all\n")


def test_the_front_page_is_short() -> None:
    """One screen and a half."""
    assert len((ROOT / PAGES[0]).read_text("utf-8").splitlines()) <= FRONT_PAGE_LINES


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Within the repository: the file is there, and so is the heading."""
    path = ROOT / page
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name) if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_block_to_type_is_run_by_a_test() -> None:
    """Each has a mark of its own, and a test takes it from the page by that mark."""
    marked = [each for each in blocks() if each.is_run]
    sources = "".join(
        path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__).resolve()
    )

    assert [each.text for each in marked if not each.name] == []
    assert [each.name for each in marked if f'block("{each.name}")' not in sources] == []


def test_a_mark_names_one_block() -> None:
    """Two with one name would hide one of them."""
    with pytest.raises(LookupError, match="0 blocks are marked"):
        block("nothing has this name")
    names = [each.name for each in blocks() if each.name]

    assert sorted(set(names)) == sorted(names)


def test_a_console_block_is_commands_and_their_output() -> None:
    """A command may go on in the next line; what has no prompt is output."""
    shown = Block(page="README.md", name="shown", language="console", text="$ a \\\n  b\nout\n$ c\n")

    assert shown.exchanges == [("a \\\n  b", "out\n"), ("c", "")]
    assert shown.commands == "a \\\n  b\nc\n"
