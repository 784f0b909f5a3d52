"""Prometheus' text format 0.0.4: families of samples, each with its meaning and its type.

Source: Prometheus documentation, "Exposition formats". All samples of one name stand together, each with labels of its
own.
"""

from collections.abc import Iterable

Labels = tuple[tuple[str, str], ...]
Sample = tuple[str, Labels, object]
"""The end of its name, its labels and its value."""

KIND = "text/plain; version=0.0.4; charset=utf-8"
"""Media type of the format."""


def render_family(name: str, kind: str, meaning: str, samples: Iterable[Sample]) -> str:
    """Return the family *name*, of type *kind*: with its *samples*."""
    escaped = meaning.replace("\\", "\\\\").replace("\n", "\\n")
    lines = [f"# HELP {name} {escaped}\n# TYPE {name} {kind}\n"]
    lines.extend(f"{name}{end}{render_labels(labels)} {value}\n" for end, labels, value in samples)
    return "".join(lines)


def render_labels(labels: Labels) -> str:
    """Return *labels* in braces; nothing where there are none."""
    if not labels:
        return ""
    return "{" + ",".join(f'{label}="{_escaped(value)}"' for label, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
