"""Metrics for machines: JSON that JSON parsers read, Prometheus text that Prometheus' own parser reads."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from zkboot.metrics import KEY_LIMIT, parse_key, parse_number, render_json, render_prometheus
from zkboot.words import parse_mntr

DATA = Path(__file__).parents[2] / "data" / "zookeeper"

DUMPS = sorted(path for path in DATA.glob("*.mntr") if not path.stem.endswith(("not-whitelisted", "no-quorum")))

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples(text: str) -> dict[Sample, float]:
    """Return what prometheus_client reads in *text*; each sample must be there once, and its name in one place."""
    found: dict[Sample, float] = {}
    names = []
    for family in text_string_to_metric_families(text):
        names.append(family.name)
        assert family.type == "unknown"
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    assert len(names) == len(set(names))
    return found


def rows_of(path: Path) -> list[tuple[str, str]]:
    """Return the rows of a recorded reply."""
    return parse_mntr(path.read_bytes())


# --- numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-1", -1),
        ("20000", 20000),
        ("9223372036854775807", 2**63 - 1),
        ("0.0", 0.0),
        ("-1.0", -1.0),
        ("7.1630848E7", 71630848.0),
        ("1.0E-5", 1e-05),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
    ],
)
def test_what_java_prints_for_a_number_is_that_number(text: str, number: float) -> None:
    """An int stays an int, a float a float."""
    parsed = parse_number(text)

    assert parsed == number
    assert type(parsed) is type(number)


@pytest.mark.parametrize(
    "text",
    ["", "-", "--1", "+1", "1_000", "٣", "²", "007", "0x10", "1e", "1.2.3", "1-2", " 1", "1 ", "nan", "inf", "e5", ".5",
     "9" * 5000, "leader", "3.9.5-293c895a, built on 2026-02-11"],
)  # fmt: skip
def test_anything_else_is_text(text: str) -> None:
    """What Python would take for a number need not be one."""
    assert parse_number(text) is None


# --- JSON --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.name)
def test_json_of_a_real_server_has_every_key_as_sent(path: Path) -> None:
    """One flat object, each value a number or a text."""
    rows = rows_of(path)
    flat = json.loads(render_json(rows), parse_constant=pytest.fail)

    assert list(flat) == [key for key, _ in rows]
    for key, value in rows:
        assert value == "NaN" if flat[key] is None else str(flat[key]) in (value, str(parse_number(value)))


def test_json_keeps_ints_floats_and_text_apart() -> None:
    """NaN is nothing that JSON knows."""
    rows = [("a", "1"), ("b", "1.0"), ("c", "leader"), ("d", "NaN"), ("e", "-Infinity"), ("f", "1E400"), ("g", "")]

    assert render_json(rows) == ('{"a": 1, "b": 1.0, "c": "leader", "d": null, "e": null, "f": null, "g": ""}\n')


def test_the_later_of_two_equal_keys_counts() -> None:
    """In both formats: an object with one key twice, or a sample twice, is read as nothing good."""
    rows = [("a", "1"), ("b", "2"), ("a", "3")]

    assert json.loads(render_json(rows)) == {"a": 3, "b": 2}
    assert samples(render_prometheus(rows)) == {("a", ()): 3.0, ("b", ()): 2.0}


# --- Prometheus --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.name)
def test_prometheus_reads_every_row_of_a_real_server(path: Path) -> None:
    """As many samples as rows, each number unchanged."""
    rows = rows_of(path)
    found = samples(render_prometheus(rows))

    assert len(found) == len(rows)
    for (key, value), number in zip(sorted_by_name(rows), found.values(), strict=True):
        expected = parse_number(value)
        assert number == pytest.approx(1 if expected is None else expected, nan_ok=True), key


def sorted_by_name(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return *rows* in the order in which they are rendered: by the first appearance of each name."""
    order = list(dict.fromkeys(parse_key(key)[0] for key, _ in rows))
    return sorted(rows, key=lambda row: order.index(parse_key(row[0])[0]))


def test_a_text_becomes_a_label_on_a_sample_of_one() -> None:
    """Called by the last word of the key."""
    text = render_prometheus([("zk_version", '3.9.5-29\\3, "built"'), ("zk_server_state", "leader"), ("zk_9", "x")])

    assert text == (
        "# HELP zk_version What mntr tells as zk_version.\n# TYPE zk_version untyped\n"
        'zk_version{version="3.9.5-29\\\\3, \\"built\\""} 1\n'
        "# HELP zk_server_state What mntr tells as zk_server_state.\n# TYPE zk_server_state untyped\n"
        'zk_server_state{state="leader"} 1\n'
        "# HELP zk_9 What mntr tells as zk_9.\n# TYPE zk_9 untyped\n"
        'zk_9{value="x"} 1\n'
    )
    assert (("zk_version", (("version", '3.9.5-29\\3, "built"'),))) in samples(text)


def test_samples_of_one_name_stand_together() -> None:
    """The text format wants them in one group, in whatever order the server sent them."""
    text = render_prometheus([('zk_x{quantile="0.5"}', "1.0"), ("zk_y", "2"), ('zk_x{quantile="0.99"}', "NaN")])

    assert text == (
        "# HELP zk_x What mntr tells as zk_x.\n# TYPE zk_x untyped\n"
        'zk_x{quantile="0.5"} 1.0\nzk_x{quantile="0.99"} NaN\n'
        "# HELP zk_y What mntr tells as zk_y.\n# TYPE zk_y untyped\nzk_y 2\n"
    )


@pytest.mark.parametrize(
    ("value", "shown"), [("NaN", "NaN"), ("Infinity", "+Inf"), ("-Infinity", "-Inf"), ("7.1630848E7", "7.1630848E7")]
)
def test_what_is_not_finite_is_spelt_as_prometheus_does(value: str, shown: str) -> None:
    """Java's spelling is not Go's."""
    text = render_prometheus([("zk_x", value)])

    assert text.endswith(f"zk_x {shown}\n")
    assert samples(text)[("zk_x", ())] == pytest.approx(parse_number(value), nan_ok=True)


@pytest.mark.parametrize(
    ("key", "name", "labels"),
    [
        pytest.param("zk_uptime", "zk_uptime", (), id="plain"),
        pytest.param('zk_x{quantile="0.5"}', "zk_x", (("quantile", "0.5"),), id="one-label"),
        pytest.param('zk_x{key="a",quantile="0.5"}', "zk_x", (("key", "a"), ("quantile", "0.5")), id="two-labels"),
        pytest.param('zk_x{key="a{b="1"}",q="2"}', "zk_x", (("key", 'a{b="1"}'), ("q", "2")), id="quotes-unescaped"),
        pytest.param('zk_x{key="e","f="}', "zk_x", (("key", 'e","f='),), id="comma-and-quote-unescaped"),
        pytest.param('zk_x{key="\\"}', "zk_x", (("key", "\\"),), id="backslash-unescaped"),
        pytest.param("zk_my-app", "zk_my_app", (("key", "zk_my-app"),), id="dash"),
        pytest.param("zk_käse", "zk_k_se", (("key", "zk_käse"),), id="no-ascii"),
        pytest.param("9lives", "_9lives", (("key", "9lives"),), id="digit-first"),
        pytest.param("zk_x{}", "zk_x__", (("key", "zk_x{}"),), id="no-label"),
        pytest.param("zk_x{a=1}", "zk_x_a_1_", (("key", "zk_x{a=1}"),), id="no-quotes"),
        pytest.param('zk_x{a="1"}_y', "zk_x_a__1___y", (("key", 'zk_x{a="1"}_y'),), id="brace-inside"),
        pytest.param('zk_x{a="1",a="2"}', "zk_x_a__1__a__2__", (("key", 'zk_x{a="1",a="2"}'),), id="label-twice"),
        pytest.param('zk_x{__a="1"}', "zk_x___a__1__", (("key", 'zk_x{__a="1"}'),), id="reserved-label"),
        pytest.param('zk x{a="1"}', "zk_x_a__1__", (("key", 'zk x{a="1"}'),), id="labels-on-no-name"),
    ],
)
def test_a_key_becomes_a_name_that_prometheus_takes(key: str, name: str, labels: tuple[tuple[str, str], ...]) -> None:
    """The key as sent is never lost."""
    assert parse_key(key) == (name, labels)
    assert samples(render_prometheus([(key, "1")])) == {(name, tuple(sorted(labels))): 1.0}


@pytest.mark.parametrize(
    ("key", "labels"),
    [
        ('zk_state{state="x"}', {"state": "x", "value": "text"}),
        ('zk_state{state="x",value="y"}', {"state": "x", "value": "y", "value_": "text"}),
        ("zk-odd_key", {"key": "zk-odd_key", "value": "text"}),
        ("zk_", {"value": "text"}),
    ],
)
def test_the_label_of_a_text_displaces_no_other(key: str, labels: dict[str, str]) -> None:
    """Where the name is taken, another is found."""
    assert list(samples(render_prometheus([(key, "text")]))) == [(parse_key(key)[0], tuple(sorted(labels.items())))]


KEYS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\n\t"), min_size=1, max_size=30),
    st.from_regex(r"zk_[a-c]{1,2}(\{(key|q)=\"[a\"\\,{} ]{0,4}\"(,(r|s)=\"[^\n\t]{0,3}\")?\})?", fullmatch=True),
)
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "1.0E10"]),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20)


@given(st.dictionaries(KEYS, NUMBERS, max_size=8))
def test_any_numbers_are_read_back_from_prometheus_text(numbers: dict[str, str]) -> None:
    """Whatever a client named its znodes."""
    expected: dict[Sample, float | None] = {}
    for key, value in numbers.items():
        name, labels = parse_key(key)
        expected[name, tuple(sorted(labels))] = parse_number(value)

    assert samples(render_prometheus(numbers.items())) == pytest.approx(expected, nan_ok=True)


@given(st.lists(st.tuples(KEYS, NUMBERS | TEXTS), max_size=8))
def test_any_rows_are_read_by_both_parsers(rows: list[tuple[str, str]]) -> None:
    """No text breaks out of its quotes."""
    last = dict(rows)
    flat = json.loads(render_json(rows), parse_constant=pytest.fail)

    assert len(samples(render_prometheus(rows))) <= len(last)
    assert list(flat) == list(last)
    for key, value in last.items():
        number = parse_number(value)
        assert flat[key] == (value if number is None else number if math.isfinite(number) else None)


def test_no_rows_are_no_text() -> None:
    """An empty object and an empty exposition are both whole."""
    assert render_json([]) == "{}\n"
    assert render_prometheus([]) == ""


@pytest.mark.parametrize("render", [render_json, render_prometheus])
def test_rendering_ends_with_the_time(render: Callable[[list[tuple[str, str]], Callable[[], None]], str]) -> None:
    """The clock is looked at for each row, so that an endless dump holds no probe."""
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        render([(f"zk_{row}", "1") for row in range(9)], check)
    assert asked == 3


def test_a_key_that_nobody_has_is_not_searched_for_labels() -> None:
    """It would take time with the square of its length."""
    key = 'a{b="' + "c" * KEY_LIMIT + '"}'

    assert parse_key(key)[1] == (("key", key),)
