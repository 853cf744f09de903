"""Every bulk response gives each row a result, or leaves it unknown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.errors import UnreadableAnswerError
from target_iterable.core.operation import Endpoint, Operation, RowResults
from target_iterable.requests.bulk_response import DISALLOWED, named_failures

USERS = Endpoint("/api/users/bulkUpdate", "users", named_failures)
BUCKETS = ["invalid", "notFound", "invalidData", "conflict", "forgotten"]
NOT_THERE = frozenset({"notFoundEmails", "notFoundUserIds"})


def user(*names: tuple[str, str]) -> Operation:
    return Operation(USERS, b"{}", tuple(names))


def by_email(*addresses: str) -> list[Operation]:
    return [user(("email", address)) for address in addresses]


def answer(rows: int, failures: dict[str, list[str]], count: int | None = None, **more: Any) -> dict[str, Any]:
    failed = sum(map(len, failures.values())) if count is None else count
    return {"successCount": rows - failed, "failCount": failed, "failedUpdates": failures, **more}


def codes(verdicts: RowResults) -> dict[Operation, str]:
    """The rejected rows, and why."""
    return {row: refusal.code for row, refusal in verdicts.rejected}


# Per user: which identifiers the row has, and the bucket that the user ends in, if any.
users = st.lists(
    st.tuples(st.sampled_from(["email", "userId", "both"]), st.none() | st.sampled_from(BUCKETS), st.booleans()),
    max_size=20,
)


@given(users)
def test_each_named_row_is_rejected_with_its_bucket_and_all_others_are_written(
    plan: list[tuple[str, str | None, bool]],
) -> None:
    rows, expected, failures = (
        [],
        {},
        {f"{bucket}{kind}": list[str]() for bucket in BUCKETS for kind in ("Emails", "UserIds")},
    )
    for number, (kinds, bucket, by_address) in enumerate(plan):
        email, user_id = ("email", f"ann{number}@example.com"), ("userId", f"Ann{number}")
        names = {"email": [email], "userId": [user_id], "both": [email, user_id]}[kinds]
        rows.append(user(*names))
        if bucket is not None:
            kind, value = names[0] if by_address else names[-1]
            name = f"{bucket}{'Emails' if kind == 'email' else 'UserIds'}"
            # Iterable does not tell capitals in addresses.
            failures[name].append(value.upper() if kind == "email" else value)
            expected[rows[-1]] = name
    verdicts = named_failures(rows, answer(len(rows), failures))
    assert codes(verdicts) == expected
    assert list(verdicts.written) == [row for row in rows if row not in expected]


@given(users, st.integers(-3, 3).filter(bool))
def test_where_the_counts_do_not_fit_the_failures_no_doubtful_row_is_called_written(
    plan: list[tuple[str, str | None, bool]], off: int
) -> None:
    rows = [user(("email", f"{number}@example.com")) for number in range(len(plan))]
    named = {number for number, (_, bucket, _) in enumerate(plan) if bucket}
    failures = {"invalidEmails": [f"{number}@example.com" for number in named]}
    verdicts = named_failures(rows, answer(len(rows), failures, count=len(named) + off))
    doubtful = [row for number, row in enumerate(rows) if (number in named) == (off < 0)]
    assert verdicts.unknown == doubtful
    assert len(verdicts.written) + len(verdicts.rejected) + len(doubtful) == len(rows)


def test_a_failure_that_fits_no_row_may_mean_any_row_that_is_not_named() -> None:
    rows = by_email("a@example.com", "b@example.com", "c@example.com")
    verdicts = named_failures(rows, answer(3, {"invalidEmails": ["stranger@example.com", "b@example.com"]}))
    assert (list(codes(verdicts)), verdicts.unknown, verdicts.written) == ([rows[1]], [rows[0], rows[2]], [])


def test_user_ids_are_compared_exactly() -> None:
    rows = [user(("userId", "Ann"))]
    assert named_failures(rows, answer(1, {"forgottenUserIds": ["ann"]})).unknown == rows


def test_old_answers_without_buckets_are_read() -> None:
    body = {"successCount": 1, "failCount": 1, "invalidEmails": ["B@example.com"], "invalidUserIds": []}
    rows = by_email("a@example.com", "b@example.com")
    verdicts = named_failures(rows, body)
    assert codes(verdicts) == {rows[1]: "invalidEmails"}


def test_copies_in_the_old_arrays_count_once_under_the_newer_bucket() -> None:
    body = answer(2, {"notFoundUserIds": ["7"]}, invalidUserIds=["7"])
    verdicts = named_failures([user(("userId", "7")), user(("userId", "8"))], body)
    assert list(codes(verdicts).values()) == ["notFoundUserIds"]


@pytest.mark.parametrize("count", [0, 1])
def test_rows_that_are_already_done_are_written_whether_counted_or_not(count: int) -> None:
    rows = by_email("a@example.com", "b@example.com")
    verdicts = named_failures(
        rows, answer(2, {"notFoundEmails": ["a@example.com"]}, count=count), already_done=NOT_THERE
    )
    assert (len(verdicts.written), len(verdicts.rejected)) == (2, 0)


@pytest.mark.parametrize(("successes", "failures"), [(1, 2), (3, 0), (1, 0)])
def test_all_events_of_a_refused_name_are_rejected_however_they_are_counted(successes: int, failures: int) -> None:
    rows = [user(("email", "a@example.com"), ("eventName", name)) for name in ("seen", "bought", "seen")]
    body = {"successCount": successes, "failCount": failures, DISALLOWED: ["seen"]}
    verdicts = named_failures(rows, body)
    assert codes(verdicts) == {rows[0]: DISALLOWED, rows[2]: DISALLOWED}
    assert verdicts.written == [rows[1]]


@pytest.mark.parametrize(("successes", "failures"), [(0, 2), (3, 1), (0, 3), (4, 0)])
def test_refused_names_do_not_explain_other_failures(successes: int, failures: int) -> None:
    rows = [user(("email", "a@example.com"), ("eventName", name)) for name in ("seen", "bought", "seen")]
    body = {"successCount": successes, "failCount": failures, DISALLOWED: ["seen"]}
    verdicts = named_failures(rows, body)
    assert rows[1] in verdicts.unknown


def test_a_failed_identity_rejects_all_its_events() -> None:
    rows = [user(("email", f"{who}@example.com"), ("eventName", "seen")) for who in "aba"]
    verdicts = named_failures(rows, answer(3, {"forgottenEmails": ["a@example.com"]}, count=2))
    assert [row for row, _ in verdicts.rejected] == [rows[0], rows[2]]


def test_dropped_fields_are_in_the_results() -> None:
    verdicts = named_failures(by_email("a@example.com"), answer(1, {}, filteredOutFields=["shoeSize"]))
    assert verdicts.dropped_fields == {"shoeSize"}


@pytest.mark.parametrize(
    "body",
    [
        {"failedUpdates": {"invalidEmails": "a@example.com"}},
        {"failedUpdates": {"unheardOf": ["a@example.com"]}},
        {"failedUpdates": ["invalidEmails"]},
        {"failedUpdates": "a@example.com"},
        {"invalidEmails": {"a@example.com": "malformed"}},
        {"filteredOutFields": "shoeSize"},
    ],
)
def test_failures_of_another_form_are_unreadable(body: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswerError):
        named_failures(by_email("a@example.com"), {"successCount": 1, "failCount": 0, **body})


def test_an_identity_of_which_fewer_events_failed_than_it_has_is_unknown() -> None:
    rows = [user(("email", f"{who}@example.com"), ("eventName", "seen")) for who in "aba"]
    verdicts = named_failures(rows, answer(3, {"forgottenEmails": ["a@example.com"]}, count=1))
    assert (verdicts.unknown, verdicts.written, verdicts.rejected) == ([rows[0], rows[2]], [rows[1]], [])


@pytest.mark.parametrize(("successes", "failures"), [(0, 1), (0, 0)])
def test_a_row_of_which_the_answer_says_nothing_is_unknown(successes: int, failures: int) -> None:
    body = {"successCount": successes, "failCount": failures}
    rows = by_email("a@example.com")
    assert named_failures(rows, body).unknown == rows
