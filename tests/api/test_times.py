from datetime import UTC, datetime

import pytest

from iterable_api import times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-07-01 18:00:44 +00:00", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("2021-07-01 18:00:44 +0000", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("2021-07-01T18:00:44Z", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("2021-07-01 18:00:44", datetime(2021, 7, 1, 18, 0, 44, tzinfo=UTC)),
        ("2023-12-19T10:12:28.214-06:00", datetime(2023, 12, 19, 16, 12, 28, 214000, tzinfo=UTC)),
        ("2025-12-19T22:43:34.134105.000Z", datetime(2025, 12, 19, 22, 43, 34, 134105, tzinfo=UTC)),
        ("2021-07-01", None),
        ("2021-13-01 18:00:44", None),
        ("yesterday", None),
    ],
)
def test_every_spelling_of_a_moment_is_read_and_nothing_else_is(text: str, expected: datetime | None) -> None:
    assert times.parse(text) == expected


def test_written_moments_sort_as_text_in_the_order_of_time() -> None:
    moments = [datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]
    written = [times.to_rfc3339(moment) for moment in moments]
    assert written == sorted(written)
    assert len(written[0]) == len(written[1])
