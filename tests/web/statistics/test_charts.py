"""Charts are drawings with attributes alone, and words in them are words."""

from __future__ import annotations

from xml.etree import ElementTree

from quietline.web.statistics.charts import bars, columns

_RECT, _TEXT = "rect", "text"


def parts(drawn, name):
    return [part for part in ElementTree.fromstring(drawn).iter() if part.tag == name]


def test_bars_are_as_long_as_their_counts_and_named():
    drawn = bars([("Debt", 100, "100"), ("Silent", 50, "50"), ("None", 0, "0")])
    widths = [int(part.get("width")) for part in parts(drawn, _RECT)]
    assert widths[0] == 2 * widths[1]
    assert widths[2] == 1
    assert [part.text for part in parts(drawn, _TEXT)] == ["Debt", "100", "Silent", "50", "None", "0"]


def test_only_the_first_ten_bars_are_drawn():
    assert len(parts(bars([(str(place), place, "") for place in range(20)]), _RECT)) == 10


def test_a_column_that_is_left_out_has_no_height():
    heights = [int(part.get("height")) for part in parts(columns([("Q1", None, ""), ("Q2", 10, "10")]), _RECT)]
    assert heights[0] == 0
    assert heights[1] > 0


def test_nothing_at_all_can_be_drawn():
    assert parts(bars([]), _RECT) == parts(columns([]), _RECT) == []


def test_words_are_escaped_and_nothing_has_a_style():
    for drawn in (bars([("<b>&", 1, "<i>")]), columns([("<b>&", 1, "<i>")])):
        assert "<b>" not in drawn
        assert "<i>" not in drawn
        assert "style" not in drawn


def test_long_figures_stand_above_every_second_column_the_last_among_them():
    drawn = columns([(f"Q{place}", 10_000 + place, f"{10_000 + place:,}") for place in range(4)])
    figures = [part.text for part in parts(drawn, _TEXT)][::2]
    assert figures == [None, "10,001", None, "10,003"]
