"""A dashboard's panels as one SVG: lines over time, as Grafana would place them, without Grafana."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.dashboards.panels import Panel

COLOURS = ("#3274d9", "#e0752d", "#299c46", "#a352cc", "#c4162a", "#0d8f9c", "#8f6d00", "#6b6b6b")
GRID = 38, 21
"""Pixels of one step of Grafana's grid, across and down."""

HEAD = 34
"""Pixels above a dashboard, for its name and for what was done."""

EDGE = 60, 24, 10, 40
"""Pixels around a panel's lines: left, above, right, below."""

_STYLE = (
    "text{font:11px sans-serif;fill:#333}.b{font-weight:bold}.f{fill:#fff;stroke:#ccc}.g{stroke:#e4e4e4}"
    ".e{stroke:#c4162a;stroke-dasharray:3 3}.r{fill:#c4162a}polyline{fill:none;stroke-width:1.5}"
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series of a panel."""

    name: str
    points: Sequence[Point]
    """Seconds since the beginning, and the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A panel with what it showed."""

    panel: Panel
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was done to the servers."""

    at: float
    """Seconds since the beginning."""
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard."""

    title: str
    charts: Sequence[Chart]
    events: Sequence[Event]


def render(boards: Sequence[Board], seconds: float, step: float) -> str:
    """Return the SVG of *boards*, one below the other, over so many *seconds* with a sample at each *step*."""
    top, parts = 0, []
    for board in boards:
        told = "; ".join(f"{number} {event.what}" for number, event in enumerate(board.events, 1))
        parts.append(f'<text class="b" x="4" y="{top + 13}">{escape(board.title)}</text>')
        parts.append(f'<text class="r" x="4" y="{top + 28}">{escape(told)}</text>')
        top += HEAD
        for chart in board.charts:
            parts += _chart(chart, board.events, seconds, step, top)
        top += max(chart.panel.place[1] + chart.panel.place[3] for chart in board.charts) * GRID[1] + 8
    width = 24 * GRID[0]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}">'
    frame = f'<style>{_STYLE}</style><rect width="{width}" height="{top}" fill="#f4f5f5"/>'
    return "\n".join((head, frame, *parts, "</svg>\n"))


def _chart(chart: Chart, events: Sequence[Event], seconds: float, step: float, top: int) -> Iterator[str]:
    across, down, width, height = chart.panel.place
    left, top = across * GRID[0] + 3, top + down * GRID[1] + 3
    width, height = width * GRID[0] - 6, height * GRID[1] - 6
    inner_left, inner_top = left + EDGE[0], top + EDGE[1]
    inner_width, inner_height = width - EDGE[0] - EDGE[2], height - EDGE[1] - EDGE[3]
    highest = max((value for line in chart.lines for _, value in line.points), default=0.0) or 1.0

    def x(at: float) -> float:
        return round(inner_left + at / seconds * inner_width, 1)

    def y(value: float) -> float:
        return round(inner_top + (1 - value / highest) * inner_height, 1)

    yield f'<rect class="f" x="{left}" y="{top}" width="{width}" height="{height}"/>'
    yield f'<text class="b" x="{left + 6}" y="{top + 15}">{escape(chart.panel.title)}</text>'
    for share in (0.0, 0.5, 1.0):
        at = y(share * highest)
        yield f'<path class="g" d="M{inner_left} {at}h{inner_width}"/>'
        label = written(share * highest, chart.panel.unit)
        yield f'<text x="{inner_left - 4}" y="{at + 4}" text-anchor="end">{label}</text>'
    for number, event in enumerate(events, 1):
        yield f'<path class="e" d="M{x(event.at)} {inner_top}v{inner_height}"/>'
        yield f'<text class="r" x="{x(event.at) + 2}" y="{inner_top + 9}">{number}</text>'
    bottom = inner_top + inner_height + 13
    yield f'<text x="{inner_left}" y="{bottom}">0 s</text>'
    yield f'<text x="{inner_left + inner_width}" y="{bottom}" text-anchor="end">{seconds:.0f} s</text>'
    for number, line in enumerate(chart.lines):
        colour = COLOURS[number % len(COLOURS)]
        for run in unbroken(line.points, step):
            points = " ".join(f"{x(at):g},{y(value):g}" for at, value in run)
            yield f'<polyline stroke="{colour}" points="{points}"/>'
    at = float(left + 8)
    for number, line in enumerate(chart.lines):
        colour = COLOURS[number % len(COLOURS)]
        yield f'<text x="{at:g}" y="{top + height - 8}" style="fill:{colour}">{escape(line.name)}</text>'
        at += 6.3 * len(line.name) + 10


def unbroken(points: Sequence[Point], step: float) -> Iterator[list[Point]]:
    """Yield the stretches of *points* without a gap; in a stretch of one value only its ends are kept."""
    run: list[Point] = []
    for point in points:
        if run and point[0] - run[-1][0] > 1.5 * step:
            yield run
            run = []
        if len(run) >= 2 and run[-2][1] == run[-1][1] == point[1]:
            run[-1] = point
        else:
            run.append(point)
    if run:
        yield run


def written(value: float, unit: str) -> str:
    """Return a value as the axis shows it."""
    if unit == "bytes":
        for name in ("B", "KiB", "MiB"):
            if value < 1024:
                return f"{value:.3g} {name}"
            value /= 1024
        return f"{value:.3g} GiB"
    return f"{value:.3g}{' ms' if unit == 'ms' else ''}"
