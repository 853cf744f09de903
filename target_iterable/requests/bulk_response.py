"""Parser of bulk responses: the result of each row, as far as the lists and the counts of the response agree.

A bulk response has status 200 also when rows failed. It names rows by identity, never by index:

    failedUpdates.{invalid,notFound,forgotten,conflict,invalidData}{Emails,UserIds}
    invalidEmails, invalidUserIds        copies of an older form; the only lists in 2021
    validEmailFailures, validUserIdFailures    subscriptions only: the user is valid, and something else went wrong
    disallowedEventNames                 all events of these names; it is unclear whether failCount includes them
    successCount, failCount              numbers of rows
    filteredOutFields                    fields that were dropped from rows that succeeded
    createdFields                        fields that are new to the project
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple

from iterable_api.errors import UnreadableAnswerError
from iterable_api.facts.identity import normalise_email
from target_iterable.core.operation import Name, Operation, RowResults
from target_iterable.core.rejection import RejectReason

_EVENT_NAME: Final = "eventName"
DISALLOWED: Final = "disallowedEventNames"
_PASSING: Final = frozenset({"validEmailFailures", "validUserIdFailures"})
_TOP_LEVEL_BUCKETS: Final = ("invalidEmails", "invalidUserIds", *sorted(_PASSING))
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
    """Count all rows as written, for endpoints whose success is about the request as a whole."""
    return RowResults(written=list(rows))


NOT_FOUND: Final = frozenset({"notFoundEmails", "notFoundUserIds"})
"""Buckets of users who do not exist."""


def named_failures(
    rows: Sequence[Operation],
    answer: Mapping[str, Any],
    *,
    already_done: AbstractSet[str] = frozenset(),
    skipped: AbstractSet[str] = frozenset(),
) -> RowResults:
    """Parse the response of an endpoint that names the rows that failed, and has both counts.

    Rows for which lists and counts of the response contradict each other are `unknown`.

    Args:
        rows: rows of the request.
        answer: JSON of the response.
        already_done: buckets of rows whose requested state held already.
        skipped: buckets of rows with nothing to do.

    Raises:
        UnreadableAnswerError: if the response has another form than such endpoints send.
    """
    buckets, unmatched = _attribute(rows, answer)
    uncounted = already_done | skipped | {DISALLOWED}
    certain = sum(bucket not in uncounted for bucket in buckets.values())
    counts = _ResponseCounts(len(rows), len(buckets), certain, answer["successCount"], answer["failCount"])
    results = RowResults(
        dropped_fields=set(map(str, _array(answer, "filteredOutFields"))),
        created_fields=set(map(str, _array(answer, "createdFields"))),
    )
    if buckets:
        _classify_named(results, rows, buckets, already_done, skipped, is_confirmed=counts.confirm_named)
    others = [row for row in rows if buckets.get(row) in {None, *already_done}] if buckets else list(rows)
    if counts.confirm_others and not unmatched:
        results.written = others
    else:
        results.unknown += others
    return results


class _ResponseCounts(NamedTuple):
    """Counts of a response, beside the rows that it names.

    Attributes:
        rows: rows of the request.
        named: rows that the lists of failures name.
        certain: those of the named rows that must be in `failures`; the others may count as failed, written or not.
        successes: `successCount` of the response.
        failures: `failCount` of the response.
    """

    rows: int
    named: int
    certain: int
    successes: int
    failures: int

    @property
    def confirm_named(self) -> bool:
        """Whether the counts confirm that the named rows failed."""
        return self.failures >= self.certain

    @property
    def confirm_others(self) -> bool:
        """Whether the counts confirm that all rows that are not named were written."""
        add_up = self.failures <= self.named and self.rows - self.named <= self.successes <= self.rows - self.failures
        return add_up or (self.failures < self.certain and self.successes == self.rows - self.failures)


def _classify_named(
    results: RowResults,
    rows: Sequence[Operation],
    buckets: Mapping[Operation, str],
    already_done: AbstractSet[str],
    skipped: AbstractSet[str],
    *,
    is_confirmed: bool,
) -> None:
    """Add the named rows to `results` by their buckets. Failures that the counts do not confirm are unknown."""
    for row in rows:
        bucket = buckets.get(row)
        if bucket is None:
            continue
        if bucket in already_done:
            results.already_done.add(row)
        elif bucket in skipped:
            results.skipped.append(row)
        elif not is_confirmed:
            results.unknown.append(row)
        elif bucket in _PASSING:
            results.retryable.append((row, _reject_reason(bucket)))
        else:
            results.rejected.append((row, _reject_reason(bucket)))


def _attribute(rows: Sequence[Operation], answer: Mapping[str, Any]) -> tuple[dict[Operation, str], int]:
    """Return row -> first bucket that names it, and the number of failures that match no row."""
    buckets: dict[Operation, str] = {}
    unmatched = 0
    failures = list(_failures(answer))
    owners = _owners(rows) if failures else {}
    for bucket, name in failures:
        unmatched += name not in owners
        for row in owners.get(name, ()):
            buckets.setdefault(row, bucket)
    return buckets, unmatched


def _owners(rows: Sequence[Operation]) -> dict[Name, list[Operation]]:
    owners: dict[Name, list[Operation]] = {}
    for row in rows:
        for name in (*row.names, (_EVENT_NAME, row.event_name)):
            owners.setdefault(name, []).append(row)
    return owners


def _failures(answer: Mapping[str, Any]) -> Iterator[tuple[str, Name]]:
    """Yield bucket and name of each failure, the more specific buckets first."""
    details = answer.get("failedUpdates") or {}
    if not isinstance(details, dict):
        raise UnreadableAnswerError("`failedUpdates` of the answer is not an object")
    for bucket in (*details, *_TOP_LEVEL_BUCKETS, DISALLOWED):
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


def _array(source: Mapping[str, Any], member: str) -> list[Any]:
    """Return an array of the response; absent and null ones, as in responses of 2021, are empty."""
    value = source.get(member) or []
    if not isinstance(value, list):
        raise UnreadableAnswerError(f"`{member}` of the answer is not an array")
    return value
