"""An edit that can be taken back: what the file said before survives, byte for byte."""

import pytest
from hypothesis import assume, example, given, reject
from hypothesis import strategies as st

from kafkaboot.start.edit import ADDED, ADDED_WITH_LINE_END, DISABLED, END, REPLACED, edit, restore
from zkboot.pod.properties import parse

BASE = """\
# comment
broker.id=0

listeners=SSL://:9093
zookeeper.connect=localhost:2181
"""

EDITED = f"""\
# comment
{REPLACED}broker.id=0
broker.id=3

{DISABLED}listeners=SSL://:9093
zookeeper.connect=localhost:2181
{ADDED}
port=9092
{END}
"""


def test_an_edit_keeps_what_it_replaces() -> None:
    """In comments, where it stood; what is new stands at the end; what is right already stays."""
    entries = {"broker.id": "3", "port": "9092", "zookeeper.connect": "localhost:2181"}

    assert edit(BASE, entries, {"listeners"}) == EDITED
    assert restore(EDITED) == BASE


@pytest.mark.parametrize(
    ("base", "entries", "disabled", "edited"),
    [
        ("", {}, set(), ""),
        ("", {"a": "1"}, set(), f"{ADDED}\na=1\n{END}\n"),
        ("a=1", {"a": "1"}, set(), "a=1"),
        ("a=1", {"a": "2"}, set(), f"{REPLACED}a=1\na=2"),
        ("a=1", {"b": "2"}, set(), f"a=1\n{ADDED_WITH_LINE_END}\nb=2\n{END}\n"),
        ("a=1", {"a": "2", "b": "2"}, set(), f"{REPLACED}a=1\na=2\n{ADDED_WITH_LINE_END}\nb=2\n{END}\n"),
        ("a=1", {}, {"a"}, f"{DISABLED}a=1"),
        ("a=1\r\nb=2\r\n", {"a": "3"}, {"b"}, f"{REPLACED}a=1\r\na=3\r\n{DISABLED}b=2\r\n"),
        ("b=2\r\n", {"a": "3"}, set(), f"b=2\r\n{ADDED}\r\na=3\r\n{END}\r\n"),
        ("a=1\nx=y\na : 2\n", {"a": "3"}, set(), f"{DISABLED}a=1\nx=y\n{REPLACED}a : 2\na=3\n"),
        ("a=1\na=2\n", {"a": "2"}, set(), "a=1\na=2\n"),
        ("a=1\na=2\n", {}, {"a"}, f"{DISABLED}a=1\n{DISABLED}a=2\n"),
        ("  a=1 \\\n   2\nb\n", {"a": "3"}, set(), f"{REPLACED}  a=1 \\\n{REPLACED}   2\na=3\nb\n"),
        ("a=1\\", {"b": "2"}, set(), f"{REPLACED}a=1\\\na=1\n{ADDED_WITH_LINE_END}\nb=2\n{END}\n"),
        ("a=1\\\n", {"b": "2"}, set(), f"{REPLACED}a=1\\\na=1\n{ADDED}\nb=2\n{END}\n"),
        ("#a=1\\\n", {"b": "2"}, set(), f"#a=1\\\n{ADDED}\nb=2\n{END}\n"),
        ("a=1\n", {"a": "1"}, {"a"}, "a=1\n"),
        ("\xe9=\xff\n", {"a": "\u20ac"}, set(), f"\xe9=\xff\n{ADDED}\na=\\u20ac\n{END}\n"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_each_shape_of_a_line(base: str, entries: dict[str, str], disabled: set[str], edited: str) -> None:
    """Line ends, continuations, a key that stands twice, a last line without an end."""
    assert edit(base, entries, disabled) == edited
    assert restore(edited) == base


def test_lines_that_people_add_behind_ours_stay() -> None:
    """They are the base's from then on, at the same place in the file."""
    edited = edit("a=1", {"b": "2"}) + "c=3\n"

    assert restore(edited) == "a=1\nc=3\n"
    assert parse(edit(edited, {"b": "4"})) == {"a": "1", "b": "4", "c": "3"}


def test_an_entry_of_ours_that_people_remove_is_written_again() -> None:
    """The next line is no entry of ours and stays."""
    edited = edit("a=1\nb=2\n", {"a": "3"}).replace("a=3\n", "")

    assert restore(edited) == "a=1\nb=2\n"


def test_a_line_that_java_could_not_read_is_no_entry_of_ours() -> None:
    """It stays where it is, for the operator to be told of."""
    assert restore(f"{REPLACED}a=1\n\\u12=3\n") == "a=1\n\\u12=3\n"


def test_a_comment_behind_one_that_we_kept_stays() -> None:
    """Two comments have the same key, none, and only an entry is replaced by an entry."""
    assert restore(f"{REPLACED}# theirs\n# mine\n") == "# theirs\n# mine\n"


def test_a_malformed_escape_is_refused() -> None:
    """Java would refuse the file, too."""
    with pytest.raises(ValueError, match="line 2"):
        edit("a=1\nb=\\u12\n", {"a": "2"})


LINES = st.one_of(
    st.sampled_from(
        ["broker.id=0", "broker.id = 7", "a=b\\", "\\", "#c", "", "  ", "x:1", "broker.id=1\\", "! z\\", "\xe9=\xff"]
    ),
    st.text(st.sampled_from("abk=:#!\\ \t.\xe9"), max_size=8),
)
MARKED = st.sampled_from(
    [f"{REPLACED}x=1", f"{DISABLED}y=1", ADDED, ADDED_WITH_LINE_END, END, f"{DISABLED}{REPLACED}a"]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
KEYS = st.sampled_from(["broker.id", "a", "x", "b", "k", "", " ", "\xe9"])
ENTRIES = st.dictionaries(KEYS, st.text(st.sampled_from("ab \\#=\n\xe9\u20ac"), max_size=4), max_size=4)


def texts(lines: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return files of such *lines*, the last of which may have no end."""
    ended = st.lists(st.builds(str.__add__, lines, ENDS), max_size=6).map("".join)
    return st.builds(str.__add__, ended, st.one_of(st.just(""), lines))


@given(texts(LINES), ENTRIES, st.sets(KEYS, max_size=2), ENTRIES, st.sets(KEYS, max_size=2))
@example("a=b\\", {"x": ""}, set(), {}, set())
@example("\\", {"x": ""}, set(), {}, set())
def test_every_edit_can_be_taken_back(
    base: str, entries: dict[str, str], disabled: set[str], others: dict[str, str], more: set[str]
) -> None:
    """A second edit is as good as a first, and Java reads exactly the base, the disabled and the new entries."""
    edited = edit(base, entries, disabled)

    assert restore(edited) == base
    assert edit(edited, others, more) == edit(base, others, more)
    assert parse(edited) == {key: value for key, value in parse(base).items() if key not in disabled} | entries


@given(texts(LINES | MARKED), ENTRIES, st.sets(KEYS, max_size=2))
def test_a_file_that_holds_our_comments_already(base: str, entries: dict[str, str], disabled: set[str]) -> None:
    """However it came by them: a second edit changes nothing."""
    try:
        edited = edit(base, entries, disabled)
    except ValueError:
        # A beginning of ours without its end is refused.
        assume(ADDED in base or ADDED_WITH_LINE_END in base)
        reject()

    assert edit(edited, entries, disabled) == edited
    assert restore(edited) == restore(base)


def test_a_block_of_ours_without_its_end_is_refused() -> None:
    """What stands behind it may be the operator's: it must not go with it."""
    edited = edit("a=1\n", {"b": "2"}).replace(f"{END}\n", "") + "mine=1\n"

    with pytest.raises(ValueError, match=r"line 2 begins what kafkaGenConfig added, but no line .* ends it"):
        restore(edited)


def test_comments_of_ours_that_stand_in_one_another_have_an_end() -> None:
    """Each turn reads the whole text; a file of nothing else would take a start minutes."""
    assert restore(DISABLED * 49 + "a=b\n") == "a=b\n"

    with pytest.raises(ValueError, match="has comments of kafkaGenConfig's within one another, more than 50 deep"):
        restore(DISABLED * 8000 + "a=b\n")
