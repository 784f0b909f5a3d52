"""Java's .properties: truth tables, round trips, and the same answer as another implementation gives."""

import time

import javaproperties
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from zkboot.pod.properties import ENCODING, Line, escape_key, escape_value, parse, parse_lines, render

# As java.util.Properties reads them; the rows of tests/server/test_properties_java.py are these.
READ: list[tuple[str, dict[str, str]]] = [
    ("", {}),
    ("\n", {}),
    ("a=b", {"a": "b"}),
    ("a=b\n", {"a": "b"}),
    ("a:b", {"a": "b"}),
    ("a b", {"a": "b"}),
    ("a\tb", {"a": "b"}),
    ("a\fb", {"a": "b"}),
    ("a = b", {"a": "b"}),
    ("a : b", {"a": "b"}),
    ("a = = b", {"a": "= b"}),
    ("a  b", {"a": "b"}),
    ("a", {"a": ""}),
    ("a=", {"a": ""}),
    ("=b", {"": "b"}),
    (" = b", {"": "b"}),
    (":", {"": ""}),
    ("  a=b", {"a": "b"}),
    ("\t\fa=b", {"a": "b"}),
    ("a=b ", {"a": "b "}),
    ("a=b\t", {"a": "b\t"}),
    ("a= # b", {"a": "# b"}),
    ("# a=b", {}),
    ("! a=b", {}),
    ("  # a=b", {}),
    ("\\# a=b", {"#": "a=b"}),
    ("#a=b\\\nc=d", {"c": "d"}),
    ("a#=b", {"a#": "b"}),
    ("a=b#c", {"a": "b#c"}),
    ("a\\ b=c", {"a b": "c"}),
    ("a\\=b=c", {"a=b": "c"}),
    ("a\\:b=c", {"a:b": "c"}),
    ("a=\\ b", {"a": " b"}),
    ("a=b\\\\", {"a": "b\\"}),
    ("a=b\\\\\nc=d", {"a": "b\\", "c": "d"}),
    ("a=b\\\nc", {"a": "bc"}),
    ("a=b\\\n  c", {"a": "bc"}),
    ("a=b\\\r\n\tc", {"a": "bc"}),
    ("a=b\\\n#c", {"a": "b#c"}),
    ("a=b\\\n\nc=d", {"a": "b", "c": "d"}),
    ("a=b\\\n  \nc=d", {"a": "b", "c": "d"}),
    ("a\\\nb=c", {"ab": "c"}),
    ("a=b\\", {"a": "b"}),
    ("a=b\\\n", {"a": "b"}),
    ("a=b\\\\\\\nc", {"a": "b\\c"}),
    ("a=1\ra=2\r\nb=3", {"a": "2", "b": "3"}),
    ("a=1\na=2", {"a": "2"}),
    ("a=\\t\\n\\r\\f", {"a": "\t\n\r\f"}),
    ("a=\\z\\\"\\'", {"a": "z\"'"}),
    ("a=\\u00e9\\u00E9", {"a": "éé"}),
    ("a=\\uD83D\\uDE00", {"a": "😀"}),
    ("a=\\u0041b", {"a": "Ab"}),
    ("\\u0061=b", {"a": "b"}),
    ("\\u0023a=b", {"#a": "b"}),
    ("a\\u003db=c", {"a=b": "c"}),
    ("a=\\\\u0041", {"a": "\\u0041"}),
    ("a=é\x80", {"a": "é\x80"}),
    ("a=b\x85c\x1cd\x0be", {"a": "b\x85c\x1cd\x0be"}),
    ("\xa0a=b", {"\xa0a": "b"}),
    ("\\", {"": ""}),
    ("\\\n", {"": ""}),
    # A lone backslash that another line follows is nothing, and what follows starts afresh, comments included.
    ("\\\na=b", {"a": "b"}),
    ("\\\n#a=b", {}),
    ("\\\n\\\n \\\na=b", {"a": "b"}),
    (" \\\n\n", {}),
]

MALFORMED = [
    "a=\\u",
    "a=\\u12",
    "a=\\u12g4",
    "a=\\u 041",
    "a=\\u+041",
    "a=\\u\u0660\u0660\u0664\u0661",
    "\\uzzzz=b",
    "a=\\u004_",
]

RENDERED = [
    ("a", "b", "a=b\n"),
    ("a", "", "a=\n"),
    ("", "b", "=b\n"),
    ("a", " b ", "a=\\ b \n"),
    ("a", "  b", "a=\\  b\n"),
    ("a", "=b:c#d!", "a==b:c#d!\n"),
    ("a b", "c", "a\\ b=c\n"),
    ("a=b:c", "d", "a\\=b\\:c=d\n"),
    ("#a", "b", "\\#a=b\n"),
    ("!a", "b", "\\!a=b\n"),
    ("a#", "b", "a#=b\n"),
    ("a", "C:\\dir", "a=C:\\\\dir\n"),
    ("a", "x\ny\rz\t\f", "a=x\\ny\\rz\\t\\f\n"),
    ("é", "é€", "\\u00e9=\\u00e9\\u20ac\n"),
    ("a", "😀", "a=\\ud83d\\ude00\n"),
    ("a", "\0\x1b\x7f", "a=\\u0000\\u001b\\u007f\n"),
    ("server.1", "zk-0.zk-svc:2888:3888", "server.1=zk-0.zk-svc:2888:3888\n"),
]

NASTY = st.text(st.sampled_from(" \t\f\r\n\\=:#!ab\\u0é\x85"), max_size=40)
"""Texts made of what the format treats specially."""

LATIN = st.text(st.characters(max_codepoint=255), max_size=40)


@pytest.mark.parametrize(("text", "entries"), READ, ids=lambda value: ascii(value)[1:-1] if value else "empty")
def test_a_text_is_read_as_java_reads_it(text: str, entries: dict[str, str]) -> None:
    """Each rule of java.util.Properties, one by one; the texts of the lines are the text."""
    assert parse(text) == entries
    assert "".join(line.text for line in parse_lines(text)) == text


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_escape_is_refused_with_its_line(text: str) -> None:
    """As Java does, which says no line."""
    with pytest.raises(ValueError, match=r"line 3: malformed \\u"):
        parse(f"# comment\n\n{text}\n")


def test_many_continuation_lines_are_read_in_one_go() -> None:
    """A text that grew by a copy for each line would take eight times as many sixty-four times as long."""

    def cost(lines: int) -> float:
        started = time.process_time()
        assert parse("a=" + "b\\\n" * lines) == {"a": "b" * lines}
        return time.process_time() - started

    assert parse("a=\\\\\\\n\\\n\\\\\n") == {"a": "\\\\"}
    assert cost(400_000) < 32 * min(cost(50_000) for _ in range(3))


def test_a_malformed_escape_is_not_repeated() -> None:
    """What stands behind the backslash may be a piece of a secret."""
    with pytest.raises(ValueError, match=r"\Aline 1: malformed \\uXXXX\Z"):
        parse_lines("ssl.keystore.password=pre\\uCANARY\n")


def test_the_number_of_a_line_is_that_of_its_first_natural_line() -> None:
    """Continued lines and every kind of line end count as an editor counts them."""
    with pytest.raises(ValueError, match="line 5: "):
        parse("a=b\\\nc\r\n\rd=e\ne=x\\\n\\u")


@pytest.mark.parametrize(("key", "value", "text"), RENDERED, ids=lambda value: ascii(value)[1:-1])
def test_an_entry_is_rendered_as_plainly_as_it_can_be(key: str, value: str, text: str) -> None:
    """People grep these files, so only what must be escaped is."""
    assert render({key: value}) == text
    assert Line.entry(key, value) == Line(text, key, value)
    assert parse(text) == {key: value}


def test_entries_keep_their_order() -> None:
    """A file does not change when nothing changed."""
    assert render({"b": "1", "a": "2"}) == "b=1\na=2\n"


def test_comments_and_blank_lines_have_no_key() -> None:
    """They are kept, to be written again."""
    assert [line.key for line in parse_lines("# one\n\n \t\n!two\nthree\n")] == [None, None, None, None, "three"]


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=4))
def test_what_was_rendered_is_read_back(entries: dict[str, str]) -> None:
    """Every key and every value that Python can hold, on lines of ASCII."""
    text = render(entries)

    assert parse(text) == entries
    assert text.isascii()
    assert len(parse_lines(text)) == len(entries)


@given(NASTY | LATIN)
def test_no_letter_of_a_text_is_lost(text: str) -> None:
    """The lines' texts joined are the text again, or the text is refused whole."""
    try:
        lines = parse_lines(text)
    except ValueError:
        assert "\\u" in text
        return
    assert "".join(line.text for line in lines) == text


@given(NASTY | LATIN)
def test_reading_line_by_line_is_reading_the_whole(text: str) -> None:
    """Each logical line stands for itself, so one can be replaced without a look at its neighbours."""
    try:
        lines = parse_lines(text)
    except ValueError:
        return
    for line in lines[:-1]:
        assert len(parse_lines(line.text + "x=y\n")) == 2


@given(NASTY | LATIN)
@example("a=b\\\n\nc")
@settings(max_examples=200)
def test_another_implementation_reads_the_same(text: str) -> None:
    """javaproperties, except for a lone backslash (Java's reader starts afresh after it) and what Java refuses."""
    try:
        ours = parse(text)
    except ValueError:
        assert not is_well_formed(text)
        return
    assume(not has_lone_backslash(text))

    assert ours == javaproperties.loads(text)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=4))
def test_another_implementation_reads_back_what_was_rendered(entries: dict[str, str]) -> None:
    """What we write is no dialect."""
    assert javaproperties.loads(render(entries)) == entries


@pytest.mark.parametrize("escape", [escape_key, escape_value])
def test_an_escaped_text_is_latin_1(escape: object) -> None:
    """Java reads nothing else."""
    assert callable(escape)
    assert str(escape("é\u0100😀")).encode(ENCODING).isascii()


def is_well_formed(text: str) -> bool:
    """Return whether javaproperties takes every escape of *text*; it leaves a comment's alone, as Java does."""
    try:
        javaproperties.loads(text)
    except javaproperties.InvalidUEscapeError:
        return False
    return True


def has_lone_backslash(text: str) -> bool:
    """Return whether a natural line of *text*, or what a continued line amounts to there, is one backslash."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return any(line.strip(" \t\f") == "\\" for line in lines)
