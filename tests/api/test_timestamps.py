import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.facts import timestamps

MOMENTS = st.datetimes(timezones=st.just(UTC))
ZONES = st.builds(
    timezone,
    st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(lambda zone: zone - zone % timedelta(minutes=1)),
)
ZONED = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)  # noqa: DTZ001 - the strategy adds the zone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-07-01 18:00:44 +00:00", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("2021-07-01 18:00:44 +0000", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("2021-07-01 18:00:44+00", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("2021-07-01 20:30:44.5+02:30", datetime(2021, 7, 1, 18, 0, 44, 500000, tzinfo=UTC)),
        ("2021-07-01T18:00:44Z", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("2021-07-01T18:00:44.123456789Z", datetime(2021, 7, 1, 18, 0, 44, 123456, tzinfo=UTC)),
        ("2021-07-01 18:00:44", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        (" 2021-07-01 18:00:44\n", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("0001-01-01 00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("2023-12-19T10:12:28.214-06:00", datetime(2023, 12, 19, 16, 12, 28, 214000, tzinfo=UTC)),
        ("2021-07-01t18:00:44z", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31 15:59:60.25 -08:00", datetime(2017, 1, 1, 0, 0, 0, 250000, tzinfo=UTC)),
        ("2025-12-19T22:43:34.134105.000Z", datetime(2025, 12, 19, 22, 43, 34, 134105, tzinfo=UTC)),
    ],
)
def test_every_spelling_of_a_moment_is_read(text: str, expected: datetime) -> None:
    assert timestamps.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2021-07-01",
        "18:00:44",
        "1634632773073",
        "2021-13-01 18:00:44",
        "2021-02-29 18:00:44",
        "2021-07-01 24:00:00",
        "2021-07-01 18:00:60",
        "2021-07-01 23:59:61",
        "2021-07-01 23:59:60 +01:00",
        "9999-12-31 23:59:60",
        "2021-07-01 18:00",
        "2021-07-01 18:00:44 +25:00",
        "2021-07-01 18:00:44 UTC",
        "2021-07-01 18:00:44.",
        "0001-01-01 00:00:00 +01:00",
        "2021-07-01 18:00:4\u0664",
        "on 2021-07-01 18:00:44",
    ],
)
def test_what_names_no_moment_is_not_read(text: str) -> None:
    assert timestamps.parse(text) is None


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)? ?([+-]\d\d:?\d\d|Z)?", fullmatch=True))
def test_no_text_breaks_the_reading_and_what_is_read_is_utc(text: str) -> None:
    moment = timestamps.parse(text)
    assert moment is None or moment.utcoffset() == timedelta(0)


@given(ZONED)
def test_a_moment_survives_rfc3339_whole_and_iterable_to_the_second(moment: datetime) -> None:
    assert timestamps.parse(timestamps.to_rfc3339(moment)) == moment
    second = moment.astimezone(UTC).replace(microsecond=0)
    assert timestamps.parse(timestamps.to_iterable(moment)) == second
    assert timestamps.parse(timestamps.to_export_bound(moment)) == second


@given(MOMENTS, MOMENTS)
def test_written_moments_sort_as_text_in_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (timestamps.to_rfc3339(one) < timestamps.to_rfc3339(other)) is (one < other)
    assert (timestamps.to_export_bound(one) <= timestamps.to_export_bound(other)) or one > other


@given(MOMENTS)
def test_a_moment_without_a_zone_is_utc_whatever_the_machine_thinks(moment: datetime) -> None:
    naive = moment.replace(tzinfo=None)
    assert timestamps.to_rfc3339(naive) == timestamps.to_rfc3339(moment)
    assert timestamps.to_iterable(naive) == timestamps.to_iterable(moment)
    assert timestamps.to_epoch_seconds(naive) == timestamps.to_epoch_seconds(moment)


def test_the_local_time_zone_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        assert timestamps.to_iterable(datetime(2021, 7, 1, 18, 0, 44)) == "2021-07-01 18:00:44 +00:00"  # noqa: DTZ001
        assert timestamps.parse("2021-07-01 18:00:44") == datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2021, 7, 1, 18, 0, 44, 999999, tzinfo=UTC), "2021-07-01 18:00:44 +00:00"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00:00 +00:00"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "9999-12-31 23:59:59 +00:00"),
        (datetime(2021, 7, 1, 20, tzinfo=timezone(timedelta(hours=2))), "2021-07-01 18:00:00 +00:00"),
    ],
)
def test_iterable_reads_its_own_spelling(moment: datetime, text: str) -> None:
    assert timestamps.to_iterable(moment) == text
    assert timestamps.to_export_bound(moment) == text.removesuffix(" +00:00")


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_epochs_in_milliseconds_lose_nothing(milliseconds: int) -> None:
    moment = timestamps.from_epoch_ms(milliseconds)
    assert timestamps.to_epoch_seconds(moment) == milliseconds // 1000
    assert moment.microsecond == milliseconds % 1000 * 1000


@pytest.mark.parametrize("milliseconds", [10**15, -(10**15), 10**30])
def test_an_epoch_outside_the_calendar_is_an_overflow(milliseconds: int) -> None:
    with pytest.raises(OverflowError):
        timestamps.from_epoch_ms(milliseconds)


USUAL = MOMENTS.map(timestamps.to_iterable)


@given(
    st.lists(
        USUAL | st.from_regex(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \+00:00\s?", fullmatch=True) | st.text(max_size=30)
    )
)
def test_rewriting_a_text_is_reading_and_writing_it_whatever_was_rewritten_before(texts: list[str]) -> None:
    for text in texts:
        moment = timestamps.parse(text)
        assert timestamps.text_to_rfc3339(text) == (timestamps.to_rfc3339(moment) if moment else None)


@pytest.mark.parametrize(
    "text", ["2026-02-28 12:00:60 +00:00", "2026-02-30 12:00:00 +00:00", "2026-02-28 24:00:00 +00:00"]
)
def test_what_is_no_moment_is_not_rewritten_even_on_a_day_that_is_known(text: str) -> None:
    assert timestamps.text_to_rfc3339("2026-02-28 12:00:00 +00:00") == "2026-02-28T12:00:00.000000+00:00"
    assert timestamps.text_to_rfc3339(text) is None


SPELLINGS = st.from_regex(r"\d{4}-\d\d-\d\d[T ][0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,9})?( ?\+00:00|Z)?", fullmatch=True)


@given(st.lists(MOMENTS.map(str) | MOMENTS.map(timestamps.to_iterable) | SPELLINGS | st.text(max_size=3), max_size=4))
def test_texts_that_are_read_together_are_what_each_is_alone(texts: list[str]) -> None:
    for together, alone in (
        (timestamps.texts_to_iterable, timestamps.text_to_iterable),
        (timestamps.texts_to_epoch_seconds, timestamps.text_to_epoch_seconds),
        (timestamps.texts_to_rfc3339, timestamps.text_to_rfc3339),
    ):
        assert together(texts) in ([*map(alone, texts)], None)


def test_dates_of_iterable_are_rewritten_together_once_their_day_was_seen() -> None:
    texts = ["2021-07-03 18:00:44 +00:00", "2021-07-03 00:00:00 +00:00"]
    alone = [*map(timestamps.text_to_rfc3339, texts)]
    assert timestamps.texts_to_rfc3339(texts) == alone
    assert timestamps.texts_to_rfc3339([*texts, "2021-07-03 24:00:00 +00:00"]) is None
    assert timestamps.texts_to_rfc3339([*texts, "2021-07-03T18:00:44Z"]) is None


@pytest.mark.parametrize("zone", ["", "Z", ".123Z", "+00:00", " +00:00", "+01:00", "+00:30", "-00:00", "z", "\n"])
@pytest.mark.parametrize("clock", ["23:59:59", "24:00:00", "19:60:00", "19:00:60", "29:00:00", "1a:00:00"])
@pytest.mark.parametrize("day", ["2026-02-28", "2026-02-29", "2026-13-01", "2026-00-10", "٢٠٢٦-02-28"])
def test_moments_that_are_spelled_alike_are_what_each_is_alone(day: str, clock: str, zone: str) -> None:
    texts = [f"2026-01-02T03:04:05{zone}", f"{day}T{clock}{zone}", f"2024-02-29T00:00:00{zone}"]
    together = (timestamps.texts_to_iterable(texts), timestamps.texts_to_epoch_seconds(texts))
    alone = ([*map(timestamps.text_to_iterable, texts)], [*map(timestamps.text_to_epoch_seconds, texts)])
    assert together in (alone, (None, None))


@pytest.mark.parametrize("other", ["+01:00", "+00:30", "+10:00", "-00:00"])
def test_a_moment_of_another_zone_is_not_read_as_those_of_utc_before_it(other: str) -> None:
    texts = ["2026-01-02T03:04:05+00:00", f"2026-01-02T03:04:05{other}"]
    together = (timestamps.texts_to_iterable(texts), timestamps.texts_to_epoch_seconds(texts))
    alone = ([*map(timestamps.text_to_iterable, texts)], [*map(timestamps.text_to_epoch_seconds, texts)])
    assert together in (alone, (None, None))


def test_the_spellings_of_sources_are_read_together() -> None:
    texts = ["2021-07-01T18:00:44.123Z", "2021-07-01T18:00:44Z", "2021-07-01 18:00:44 +00:00", "1969-12-31 23:59:59.5"]
    assert timestamps.texts_to_iterable(texts) == [*map(timestamps.text_to_iterable, texts)]
    assert timestamps.texts_to_epoch_seconds(texts) == [*map(timestamps.text_to_epoch_seconds, texts)]
    assert timestamps.texts_to_iterable([*texts, "2021-02-30 00:00:00"]) is None
    assert timestamps.texts_to_iterable(["2021-07-01\n18:00:44"]) is None


def test_the_spelling_of_javascript_is_read_together_and_no_text_that_only_looks_like_it() -> None:
    texts = ["2021-07-01T18:00:44.123Z", "1969-12-31T23:59:59.5Z", "2021-07-01T18:00:44.123456789Z"]
    assert timestamps.texts_to_epoch_seconds(texts) == [*map(timestamps.text_to_epoch_seconds, texts)]
    assert timestamps.texts_to_epoch_seconds([*texts, "2021-07-01T18:00:60.1Z"]) is None
    assert timestamps.texts_to_epoch_seconds([*texts, "2021-07-01T18:00:44.1Z\n45.1Z"]) is None
    assert timestamps.texts_to_epoch_seconds([*texts, "2021-07-01T18:00:44.1234567890Z"]) is None
