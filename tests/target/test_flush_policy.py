"""How many rows are buffered before they are sent, and how many requests are sent at a time."""

from __future__ import annotations

import pytest

from target_iterable.core.operation import Endpoint, Operation, single_row_endpoint
from target_iterable.requests.batching import AdaptiveBatchSize
from target_iterable.requests.bulk_response import all_written
from target_iterable.requests.flush_policy import FlushPolicy, width

ANN = frozenset({("email", "ann@example.com")})
BULK = Endpoint("/api/users/bulkUpdate", "users", all_written)


def test_as_many_requests_are_on_their_way_as_pass_in_a_second() -> None:
    assert width(BULK) == 5
    assert width(single_row_endpoint("/api/users/forget", all_written)) == 3
    assert width(single_row_endpoint("/api/users/{email}", all_written, "DELETE")) == 20
    assert width(single_row_endpoint("/api/commerce/updateCart", all_written)) == 4


@pytest.mark.parametrize(
    ("row", "per_second"),
    [
        (Operation(single_row_endpoint("/api/users/forget", all_written), b"", tuple(ANN)), 3),
        (Operation(single_row_endpoint("/api/users/{email}", all_written, "DELETE"), b"", tuple(ANN)), 100),
        (Operation(single_row_endpoint("/api/commerce/updateCart", all_written), b"", tuple(ANN)), 100),
        (Operation(BULK, b"", tuple(ANN), only_for=ANN), 100),
    ],
)
def test_rows_that_need_a_request_each_wait_for_five_seconds_of_requests(row: Operation, per_second: int) -> None:
    assert FlushPolicy(AdaptiveBatchSize.initial(None)).rows_worth_sending(row) == 5 * per_second


def test_rows_that_travel_together_wait_for_two_seconds_of_requests_or_more() -> None:
    policy = FlushPolicy(AdaptiveBatchSize(1000))
    assert policy.rows_worth_sending(Operation(BULK, b"", tuple(ANN))) == 10_000
    items = Endpoint("/api/catalogs/{catalogName}/items", "documents", all_written)
    assert policy.rows_worth_sending(Operation(items, b"", tuple(ANN))) == 40_000


def test_while_the_batch_size_grows_one_request_is_enough() -> None:
    assert FlushPolicy(AdaptiveBatchSize.initial(None)).rows_worth_sending(Operation(BULK, b"", tuple(ANN))) == 1000


def test_where_most_rows_are_unchanged_more_are_looked_through_at_once() -> None:
    policy, row = FlushPolicy(AdaptiveBatchSize.initial(None)), Operation(BULK, b"", tuple(ANN))
    policy.record_load(1000, 750)
    assert policy.rows_worth_sending(row, 1, 50_000) == 4000
    policy.record_load(4000, 4000)
    assert policy.rows_worth_sending(row, 1, 50_000) == 16_000
    assert policy.rows_worth_sending(row, 1, 3000) == 3000
    policy.record_load(16_000, 0)
    assert policy.rows_worth_sending(row, 1, 50_000) == 1000
