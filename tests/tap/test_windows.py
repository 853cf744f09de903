import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tap_iterable.export.windows import SECOND, Window, windows

MOMENTS = st.datetimes(datetime(2013, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 (hypothesis wants naive bounds)
SPANS = st.timedeltas(timedelta(0), timedelta(days=400))
SIZES = st.timedeltas(timedelta(milliseconds=1), timedelta(days=500)).filter(lambda size: size > timedelta(hours=5))


@given(MOMENTS, SPANS, SIZES)
def test_windows_cover_the_range_exactly_once_in_order(start: datetime, span: timedelta, size: timedelta) -> None:
    cut = windows(start, start + span, size)
    bounds = [window.start for window in cut] + [window.end for window in cut[-1:]]
    assert bounds == sorted(set(bounds))
    assert all(left.end == right.start for left, right in itertools.pairwise(cut))
    if cut:
        assert cut[0].start == start.replace(microsecond=0)
        assert cut[-1].end == (start + span).replace(microsecond=0)
    else:
        assert start.replace(microsecond=0) == (start + span).replace(microsecond=0)


@given(MOMENTS, SPANS, SIZES)
def test_no_window_is_longer_than_asked_and_all_are_on_whole_seconds(
    start: datetime, span: timedelta, size: timedelta
) -> None:
    for window in windows(start, start + span, size):
        assert SECOND <= window.end - window.start <= max(size, SECOND)
        assert window.start.microsecond == window.end.microsecond == 0


@given(MOMENTS, st.timedeltas(SECOND, timedelta(days=30)))
def test_halves_make_up_the_window_down_to_one_second(start: datetime, span: timedelta) -> None:
    (window,) = windows(start, start.replace(microsecond=0) + span, timedelta(days=31))
    while (halves := window.halves()) is not None:
        left, right = halves
        assert (left.start, left.end, right.end) == (window.start, right.start, window.end)
        assert left.start < left.end < right.end
        window = right
    assert window.end - window.start == SECOND


def test_an_empty_range_has_no_windows() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert windows(start, start, timedelta(days=1)) == []
    assert windows(start, start - SECOND, timedelta(days=1)) == []


def test_a_window_of_one_second_cannot_be_halved() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert Window(start, start + SECOND).halves() is None
