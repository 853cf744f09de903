import csv
import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_iterable.records.metric_csv import MetricRow, metric_rows, parse_cell, table_of


def _rows(text: str) -> list[MetricRow]:
    return list(metric_rows(table_of(text.encode())))


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("12", 12),
        (" 7 ", 7),
        ("-3", -3),
        ("0.25", 0.25),
        ("1.5E7", 15_000_000.0),
        ("NaN", "NaN"),
        ("∞", "∞"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("1_000", "1_000"),
        ("12.5%", "12.5%"),
        ("Variant A", "Variant A"),
        ("1" * 30, float("1" * 30)),
    ],
)
def test_numbers_become_numbers_and_all_else_stays_as_it_came(cell: str, kept: object) -> None:
    assert parse_cell(cell) == kept
    assert type(parse_cell(cell)) is type(kept)
    json.dumps(parse_cell(cell), allow_nan=False)


def test_lines_may_be_shorter_or_longer_than_the_titles() -> None:
    rows = _rows("id,Total Sends,Rate\n1,5\n2,6,0.5,x,\n\n3,,NaN\n")
    assert [row.values for row in rows] == [
        {"id": 1, "Total Sends": 5},
        {"id": 2, "Total Sends": 6, "Rate": 0.5},
        {"id": 3, "Rate": "NaN"},
    ]
    assert [row.extra for row in rows] == [[], ["x", ""], []]


def test_a_line_ends_where_csv_says_and_nowhere_else() -> None:
    (row,) = _rows('id,Name\n1,"two\nlines"\u2028\n')
    assert row.values == {"id": 1, "Name": "two\nlines"}


def test_two_columns_of_one_title_do_not_hide_each_other() -> None:
    (row,) = _rows("id,Opens,Opens\n1,2,3\n")
    assert row.values == {"id": 1, "Opens": 2, "Opens (3)": 3}


@pytest.mark.parametrize("text", ["", "id,Opens\n", "id,Opens"])
def test_no_lines_are_no_rows(text: str) -> None:
    assert _rows(text) == []


@given(st.lists(CELLS, min_size=1, max_size=4, unique=True), st.lists(st.lists(CELLS, max_size=6), max_size=4))
def test_no_cell_is_lost_whatever_it_holds(titles: list[str], lines: list[list[str]]) -> None:
    file = io.StringIO()
    # As CSV writers do: a line break inside a cell is quoted.
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([titles, *lines])
    rows = _rows(file.getvalue())
    written = [line for line in lines if line]
    assert len(rows) == len(written)
    for row, cells in zip(rows, written, strict=True):
        assert list(row.values.values()) == [parse_cell(cell) for cell in cells[: len(titles)] if cell.strip()]
        assert row.extra == cells[len(titles) :]


def test_a_large_table_is_read_without_a_copy_of_it() -> None:
    content = b"id,Opens\n" + b"1,2\n" * 100_000
    tracemalloc.start()
    try:
        rows = sum(1 for _ in metric_rows(table_of(content)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == 100_000
    assert peak < len(content) / 2
