"""How the dashboards' picture is drawn: what a reader would take from it must be so."""

import xml.etree.ElementTree as ET

from tests.dashboards.drawing import Board, Chart, Event, Line, render, unbroken, written
from tests.dashboards.panels import FOLDER, JOBS, Panel, panels

PANEL = Panel(title="A < B", unit="bytes", place=(0, 0, 12, 7), queries=())


def test_a_gap_is_no_line_and_a_flat_stretch_is_its_ends() -> None:
    """A server that told nothing for a while did not tell zero."""
    points = [(0.0, 1.0), (5.0, 1.0), (10.0, 1.0), (15.0, 2.0), (40.0, 2.0)]

    assert list(unbroken(points, 5)) == [[(0.0, 1.0), (10.0, 1.0), (15.0, 2.0)], [(40.0, 2.0)]]


def test_values_have_their_units() -> None:
    """Of bytes and milliseconds; a count has none."""
    shown = [written(0, "bytes"), written(1536, "bytes"), written(5 * 1024**3, "bytes"), written(7, "ms")]

    assert [*shown, written(0.25, "short")] == ["0 B", "1.5 KiB", "5 GiB", "7 ms", "0.25"]


def test_a_picture_is_whole_xml_with_every_name() -> None:
    """Whatever stands in a label."""
    chart = Chart(panel=PANEL, lines=[Line(name="zk-0 & co", points=[(0, 0), (5, 9)])])
    board = Board(title="ZooKeeper", charts=[chart], events=[Event(at=2, what="zk-0 is killed")])
    texts = [each.text for each in ET.fromstring(render([board], 10, 5)).iter("{http://www.w3.org/2000/svg}text")]

    assert {"A < B", "zk-0 & co", "ZooKeeper", "1 zk-0 is killed"} <= set(texts)


def test_the_picture_in_the_documentation_has_every_panel_of_today() -> None:
    """A panel that was changed takes the picture along: python -m tests.dashboards. It stays small."""
    file = FOLDER / "dashboards.svg"
    texts = {each.text for each in ET.parse(file).iter("{http://www.w3.org/2000/svg}text")}

    assert {panel.title for name in JOBS for panel in panels(name)} <= texts
    assert file.stat().st_size < 100_000
