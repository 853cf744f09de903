"""Numbers, spans and moments are written so that they can be read at a glance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from iterable_runs.presentation import formats

NOW = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0, "0"), (1_234_567, "1,234,567"), (0.5, "0.5"), (2.0, "2"), (-3, "-3")]
)
def test_numbers_have_separators_and_unknown_ones_are_a_dash(value: float | None, text: str) -> None:
    assert formats.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0, "0 %"), (0.004, "< 1 %"), (0.834, "83 %"), (1.2, "120 %")]
)
def test_a_share_that_is_not_nothing_never_shows_as_nothing(value: float | None, text: str) -> None:
    assert formats.share(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0.0 s"),
        (3.21, "3.2 s"),
        (45, "45 s"),
        (59.7, "1 min"),
        (125, "2 min 5 s"),
        (3_600, "1 h"),
        (7_505, "2 h 5 min"),
        (90_000, "1 d 1 h"),
        (-4, "0.0 s"),
    ],
)
def test_a_span_has_its_two_largest_units(seconds: float | None, text: str) -> None:
    assert formats.span(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (9, "just now"),
        (12, "12 seconds ago"),
        (60, "1 minute ago"),
        (7_300, "2 hours ago"),
        (200_000, "2 days ago"),
        (-300, "in 5 minutes"),
    ],
)
def test_a_moment_is_told_by_how_long_ago_it_was(seconds: int, text: str) -> None:
    assert formats.ago(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(("count", "text"), [(None, "-"), (12, "12 B"), (1_200, "1.2 kB"), (3_450_000_000, "3.5 GB")])
def test_bytes_have_a_unit(count: int | None, text: str) -> None:
    assert formats.size(count) == text


def test_an_axis_has_short_numbers() -> None:
    assert [formats.short_number(value) for value in (0, 12, 2_500, 400_000, 1_500_000)] == [
        "0",
        "12",
        "2.5k",
        "400k",
        "1.5M",
    ]


def test_one_is_not_many() -> None:
    assert [formats.count_of(count, "run") for count in (0, 1, 1_000)] == ["0 runs", "1 run", "1,000 runs"]
