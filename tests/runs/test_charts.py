"""Charts stay inside their frame, whatever the numbers are, and have a table with the same numbers."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from iterable_runs.page.charts import HEIGHT, WIDTH, Caption, Series, bar, columns, lines

CAPTION = Caption("key", "Title", "Summary")
VALUES = st.lists(
    st.one_of(st.none(), st.floats(0, 1e12, allow_nan=False), st.integers(0, 10**9)), min_size=1, max_size=40
)


@given(VALUES, st.one_of(st.none(), st.floats(0.001, 10)))
def test_lines_stay_inside_and_are_all_in_the_table(values: list[float | None], limit: float | None) -> None:
    places = [(index * 10.0, f"{index}") for index in range(len(values))]
    chart = lines(CAPTION, places, [Series("rows", "read", values)], limit=limit)
    points = [float(number) for number in re.findall(r"[\d.]+", chart.lines[0].path)]
    assert all(0 <= x <= WIDTH for x in points[::2])
    assert all(0 <= y <= HEIGHT for y in points[1::2])
    assert len(points) == 2 * sum(value is not None for value in values)
    assert len(chart.rows) == len(values)
    assert chart.limit is None or 0 <= chart.limit <= HEIGHT


@given(VALUES, VALUES)
def test_columns_are_stacked_inside_the_frame(first: list[float | None], second: list[float | None]) -> None:
    count = min(len(first), len(second))
    series = [Series("good", "succeeded", first[:count]), Series("bad", "failed", second[:count])]
    chart = columns(CAPTION, [f"{index}" for index in range(count)], series)
    for mark in chart.marks:
        assert mark.height >= 0
        assert 0 <= mark.y <= mark.y + mark.height <= HEIGHT + 0.2
        assert 0 <= mark.x < mark.x + mark.width <= WIDTH
    assert [row[0] for row in chart.rows] == [f"{index}" for index in range(count)]


def test_the_grid_has_numbers_that_are_easy_to_read_and_reaches_the_top() -> None:
    chart = lines(CAPTION, [(0, "0"), (1, "1")], [Series("rows", "read", [0, 311_714])])
    assert [tick.text for tick in chart.grid] == ["0", "100k", "200k", "300k", "400k"]


def test_nothing_at_all_is_a_chart_too() -> None:
    chart = columns(CAPTION, [], [Series("good", "succeeded", [])])
    assert not chart.marks
    assert not lines(CAPTION, [(0, "0")], [Series("rows", "read", [None])]).lines[0].path


def test_a_line_breaks_off_where_nothing_is_known() -> None:
    chart = lines(CAPTION, [(0, "0"), (1, "1"), (2, "2"), (3, "3")], [Series("r", "read", [1, None, 2, 3])])
    assert chart.lines[0].path.count("M") == 2
    assert chart.rows[1] == ["1", "-"]


def test_a_bar_has_the_share_of_the_whole() -> None:
    assert (bar(1, 4), bar(0, 4), bar(3, 0)) == (25, 0, 0)
    assert math.isfinite(bar(1, 3))
