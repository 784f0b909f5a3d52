"""Renders the rows of ``mntr`` for machines: a flat JSON object, Prometheus text.

Facts this module rests on:

- Numbers are what Java's ``Long.toString`` and ``Double.toString`` make: ``-1``, ``0.0``, ``7.1630848E7``, ``NaN``,
  ``Infinity``. All else is text: ``zk_version``, ``zk_server_state``, ``zk_peer_state``.
- The Prometheus metrics provider (3.6+) sends keys with labels, ``zk_fsynctime{quantile="0.5"}``, and escapes nothing
  in their values.
- Keys may hold what clients named: 3.6+ counts writes under each top-level znode, ``/my-app`` as
  ``zk_cnt_my-app_write_per_namespace``, which is no name to Prometheus.
- The text format 0.0.4 wants all samples of one name together, each with labels of its own (Prometheus documentation,
  "Exposition formats").
"""

from zkboot.pod.prometheus import render_family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zkboot.pod.prometheus import Labels

    Row = tuple[str, str]

NUMBER_LIMIT = 40
"""Characters of the longest number: far more than a Java long or double needs."""

KEY_LIMIT = 4096
"""Characters of a key that is searched for labels, which takes time with the square of its length."""

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:")
"""What a metric's name is made of."""

_NOT_FINITE = {"NaN": "NaN", "Infinity": "+Inf", "-Infinity": "-Inf"}
"""What Java prints, and what Prometheus reads."""

_INFINITY = float("inf")


def parse_number(text: str) -> "int | float | None":
    """Return the number that *text* is, an int or a float as it was sent; None where it is text."""
    if text in _NOT_FINITE:
        return float(text)
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits[:1].isdigit() or len(text) > NUMBER_LIMIT:
        return None
    if digits.isdigit():
        # Text such as a version number "007" would not survive as a number.
        return int(text) if digits == "0" or digits[0] != "0" else None
    if digits.strip("0123456789.eE+-"):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def render_json(rows: "Iterable[Row]", check: "Callable[[], None]" = lambda: None) -> str:
    """Return one flat JSON object: keys as sent, numbers as numbers, text as text.

    NaN and the infinities, which JSON cannot say, become null. Of two rows with one key the later counts. *check* is
    called for each row, to raise where there is no more time.
    """
    import json

    flat: dict[str, int | float | str | None] = {}
    for key, value in rows:
        check()
        number = parse_number(value)
        if isinstance(number, float) and not -_INFINITY < number < _INFINITY:
            flat[key] = None
        else:
            flat[key] = value if number is None else number
    return json.dumps(flat, allow_nan=False) + "\n"


def render_prometheus(rows: "Iterable[Row]", check: "Callable[[], None]" = lambda: None) -> str:
    """Return the rows in Prometheus' text format 0.0.4.

    A row with a text becomes a sample of value 1 with the text as a label, called by the last word of the key:
    ``zk_server_state{state="leader"} 1``. A key that is no name to Prometheus gets its odd characters replaced, and the
    key as sent as its label ``key``. Of two rows with one key the later counts. *check* is called for each row, to
    raise where there is no more time.
    """
    # Most families have one sample without labels. A dictionary for each would be most of what is held here.
    families: dict[str, str | dict[Labels, str]] = {}
    for key, value in dict(rows).items():
        check()
        name, labels = parse_key(key)
        sample = _NOT_FINITE.get(value, value)
        if parse_number(value) is None:
            labels, sample = (*labels, (_free_label(name, labels), value)), "1"
        samples = families.get(name)
        if samples is None and not labels:
            families[name] = sample
            continue
        if not isinstance(samples, dict):
            samples = {} if samples is None else {(): samples}
            families[name] = samples
        samples[labels] = sample
    parts = []
    for name, found in families.items():
        check()
        # mntr does not tell counters from gauges.
        family = (("", *sample) for sample in (found.items() if isinstance(found, dict) else (((), found),)))
        parts.append(render_family(name, "untyped", f"What mntr tells as {name}.", family))
    return "".join(parts)


def parse_key(key: str) -> "tuple[str, Labels]":
    """Return the Prometheus name and labels of *key*, whatever it holds."""
    name, brace, body = key.partition("{")
    if is_name(name) and not brace:
        return name, ()
    if is_name(name) and body.endswith('"}') and len(key) <= KEY_LIMIT:
        labels = _parse_labels(body[:-2])
        if labels is not None:
            return name, labels
    clean = "".join(letter if letter in _LETTERS else "_" for letter in key)
    return clean if is_name(clean) else "_" + clean, (("key", key),)


def is_name(text: str) -> bool:
    """Return whether *text* is a metric's name: letters, digits, underscores, colons; no digit first."""
    return text.isascii() and not text[:1].isdigit() and text.replace("_", "a").replace(":", "a").isalnum()


def is_label_name(text: str) -> bool:
    """Return whether *text* is a label's name: as a metric's, less the colon; two underscores are Prometheus' own."""
    return is_name(text) and ":" not in text and not text.startswith("__")


def _parse_labels(body: str) -> "Labels | None":
    """Return the labels in *body*, ``name="value",name="value`` without the last quote; None where it is none."""
    labels: list[tuple[str, str]] = []
    for piece in body.split('",'):
        label, quote, value = piece.partition('="')
        if quote and is_label_name(label):
            labels.append((label, value))
        elif labels:
            # The server escapes no quote: this one stood within the value.
            labels[-1] = (labels[-1][0], f'{labels[-1][1]}",{piece}')
        else:
            return None
    return tuple(labels) if len({label for label, _ in labels}) == len(labels) else None


def _free_label(name: str, labels: "Labels") -> str:
    """Return the label for the text of *name*: its last word, or the first of ``value``, ``value_`` … that is free."""
    taken = {label for label, _ in labels}
    label = name.rpartition("_")[2]
    if not is_label_name(label) or label in taken:
        label = "value"
    while label in taken:
        label += "_"
    return label
