"""Reading what Iterable says of a request, row by row, and checking that it adds up.

A bulk answer is 200 also when rows failed. It names them by identity, never by place:

    failedUpdates.{invalid,notFound,forgotten,conflict,invalidData}{Emails,UserIds}
    invalidEmails, invalidUserIds        copies from older days; all there was in 2021
    validEmailFailures, validUserIdFailures    subscriptions only: nothing is wrong with the user, something else was
    disallowedEventNames                 all events of these names; nobody says whether failCount has them
    successCount, failCount              how many rows
    filteredOutFields                    fields that were dropped from rows that succeeded
    createdFields                        fields that are new to the project
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from iterable_api.errors import UnreadableAnswerError
from iterable_api.facts.identity import normalise_email
from target_iterable.core.operation import Name, Operation, RowResults
from target_iterable.core.rejection import RejectReason

_EVENT_NAME: Final = "eventName"
DISALLOWED: Final = "disallowedEventNames"
_PASSING: Final = frozenset({"validEmailFailures", "validUserIdFailures"})
_TOP_BUCKETS: Final = ("invalidEmails", "invalidUserIds", *sorted(_PASSING))
_BUCKET: Final = re.compile(r"(?P<meaning>\w+?)(?P<kind>Email|UserId)(?:s|Failures)")
_KINDS: Final = {"Email": "email", "UserId": "userId"}
MEANINGS: Final = {
    "invalid": "the user's e-mail address or userId is malformed",
    "notFound": "there is no such user",
    "forgotten": "the user is forgotten: Iterable takes no data of him or her",
    "conflict": "the e-mail address or userId belongs to another user",
    "invalidData": "Iterable cannot take a field of the record",
    "valid": "the user is fine, and yet Iterable could not do it: it names no cause",
}


def all_written(rows: Sequence[Operation], _answer: Mapping[str, Any]) -> RowResults:
    """For endpoints whose success speaks of the request as a whole."""
    return RowResults(written=list(rows))


NOT_FOUND: Final = frozenset({"notFoundEmails", "notFoundUserIds"})
"""The buckets of users who do not exist."""


def named_failures(
    rows: Sequence[Operation],
    answer: Mapping[str, Any],
    *,
    already_done: AbstractSet[str] = frozenset(),
    skipped: AbstractSet[str] = frozenset(),
) -> RowResults:
    """For endpoints that name the rows that failed. Their `answer` has both counts.

    `already_done` and `skipped` name buckets: of rows that ask for nothing more, and of rows with nothing to do.
    Rows of which the lists and the counts of the answer say different things are `unknown`.

    Raises:
        UnreadableAnswerError: if the answer is not what such endpoints answer.
    """
    buckets, unknown_users = _attribute(rows, answer)
    listed = [row for row in rows if row in buckets] if buckets else []
    left = [row for row in listed if buckets[row] in skipped]
    failed = [row for row in listed if buckets[row] not in already_done | skipped]
    uncounted = already_done | skipped | {DISALLOWED}
    certain = sum(bucket not in uncounted for bucket in buckets.values())
    named_are_sure, others_are_sure = _reconciled(answer, len(rows), certain, len(buckets))
    named = {*failed, *left}
    others = [row for row in rows if row not in named] if named else list(rows)
    results = RowResults(
        already_done={row for row in listed if buckets[row] in already_done},
        skipped=left,
        dropped_fields=set(map(str, _array(answer, "filteredOutFields"))),
        created_fields=set(map(str, _array(answer, "createdFields"))),
    )
    if named_are_sure:
        results.rejected = [(row, _reject_reason(buckets[row])) for row in failed if buckets[row] not in _PASSING]
        results.retryable = [(row, _reject_reason(buckets[row])) for row in failed if buckets[row] in _PASSING]
    else:
        results.unknown += failed
    if others_are_sure and not unknown_users:
        results.written = others
    else:
        results.unknown += others
    return results


def _attribute(rows: Sequence[Operation], answer: Mapping[str, Any]) -> tuple[dict[Operation, str], int]:
    """Each row that a failure names, with the first bucket that names it; and how many failures fit no row."""
    buckets: dict[Operation, str] = {}
    unknown_users = 0
    failures = list(_failures(answer))
    owners = _owners(rows) if failures else {}
    for bucket, name in failures:
        unknown_users += name not in owners
        for row in owners.get(name, ()):
            buckets.setdefault(row, bucket)
    return buckets, unknown_users


def _owners(rows: Sequence[Operation]) -> dict[Name, list[Operation]]:
    owners: dict[Name, list[Operation]] = {}
    for row in rows:
        for name in (*row.names, (_EVENT_NAME, row.event_name)):
            owners.setdefault(name, []).append(row)
    return owners


def _failures(answer: Mapping[str, Any]) -> Iterator[tuple[str, Name]]:
    """Bucket and name of each failure, the more telling buckets first."""
    details = answer.get("failedUpdates") or {}
    if not isinstance(details, dict):
        raise UnreadableAnswerError("`failedUpdates` of the answer is not an object")
    for bucket in (*details, *_TOP_BUCKETS, DISALLOWED):
        source = details if bucket in details else answer
        for value in _array(source, bucket):
            yield bucket, _name(bucket, str(value))


def _name(bucket: str, value: str) -> Name:
    if bucket == DISALLOWED:
        return _EVENT_NAME, value
    match = _BUCKET.fullmatch(bucket)
    if match is None:
        raise UnreadableAnswerError(f"the answer has a list of failures that is not known: {bucket}")
    kind = _KINDS[match["kind"]]
    return kind, normalise_email(value) if kind == "email" else value


def _reject_reason(bucket: str) -> RejectReason:
    match = _BUCKET.fullmatch(bucket)
    if match is None:
        return RejectReason(bucket, "the project does not track events of this name")
    return RejectReason(bucket, MEANINGS.get(match["meaning"], "Iterable lists the user among the failures"))


def _reconciled(answer: Mapping[str, Any], rows: int, certain: int, named: int) -> tuple[bool, bool]:
    """Whether the counts bear out that the rows that are named failed, and that all others did not.

    `certain` of the `named` rows must be in the count of failures; the rest may count as failed, as written, or not.
    """
    successes, failures = answer["successCount"], answer["failCount"]
    others_are_sure = failures <= named and rows - named <= successes <= rows - failures
    return failures >= certain, others_are_sure or (failures < certain and successes == rows - failures)


def _array(source: Mapping[str, Any], member: str) -> list[Any]:
    """Absent and null arrays are empty: answers of 2021 have few of them."""
    value = source.get(member) or []
    if not isinstance(value, list):
        raise UnreadableAnswerError(f"`{member}` of the answer is not an array")
    return value
