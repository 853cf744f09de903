"""Reading what Iterable says of a request, row by row, and checking that it adds up.

A bulk answer is 200 also when rows failed. It names them by identity, never by place:

    failedUpdates.{invalid,notFound,forgotten,conflict,invalidData}{Emails,UserIds}
    invalidEmails, invalidUserIds        copies from older days; all there was in 2021
    disallowedEventNames                 all events of these names; nobody says whether failCount has them
    successCount, failCount              how many rows
    filteredOutFields                    fields that were dropped from rows that succeeded
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from iterable_api.identity import normalise_email
from target_iterable.delivery.operations import Name, Operation, Verdicts

DISALLOWED: Final = "disallowedEventNames"
_OLD_BUCKETS: Final = ("invalidEmails", "invalidUserIds")
_BUCKET: Final = re.compile(r"\w+?(?P<kind>Emails|UserIds)")
_KINDS: Final = {"Emails": "email", "UserIds": "userId"}


class UnexplainedAnswerError(Exception):
    """Iterable's answer does not say what became of every row."""


def all_taken(rows: Sequence[Operation], _body: bytes) -> Verdicts:
    """For endpoints whose 2xx answer speaks of the request as a whole."""
    return Verdicts(written=rows)


def named_failures(rows: Sequence[Operation], body: bytes, *, settled: AbstractSet[str] = frozenset()) -> Verdicts:
    """For endpoints that name the rows that failed. `settled` are buckets that ask for nothing more.

    Raises:
        UnexplainedAnswerError: if a failure fits no row, or the counts do not fit the rows.
    """
    answer = _object(body)
    buckets = _attribute(rows, answer)
    rejected = [(row, buckets[row]) for row in rows if row in buckets and buckets[row] not in settled]
    uncounted = settled | {DISALLOWED}
    _reconcile(
        answer,
        rows=len(rows),
        at_least=sum(bucket not in uncounted for bucket in buckets.values()),
        at_most=len(buckets),
    )
    refused = {row for row, _ in rejected}
    written = [row for row in rows if row not in refused]
    return Verdicts(written, rejected, frozenset(map(str, _array(answer, "filteredOutFields"))))


def _attribute(rows: Sequence[Operation], answer: dict[str, Any]) -> dict[Operation, str]:
    """Each row that a failure names, with the first bucket that names it."""
    owners: dict[Name, list[Operation]] = {}
    for row in rows:
        for name in row.names:
            owners.setdefault(name, []).append(row)
    buckets: dict[Operation, str] = {}
    strangers = 0
    for bucket, name in _failures(answer):
        strangers += name not in owners
        for row in owners.get(name, ()):
            buckets.setdefault(row, bucket)
    if strangers:
        raise UnexplainedAnswerError(
            f"the answer names {strangers} failures that fit none of the {len(rows)} rows sent"
        )
    return buckets


def _failures(answer: dict[str, Any]) -> Iterator[tuple[str, Name]]:
    """Bucket and name of each failure, the more telling buckets first."""
    details = answer.get("failedUpdates") or {}
    for bucket in (*details, *_OLD_BUCKETS, DISALLOWED):
        source = details if bucket in details else answer
        for value in _array(source, bucket):
            yield bucket, _name(bucket, str(value))


def _name(bucket: str, value: str) -> Name:
    if bucket == DISALLOWED:
        return "eventName", value
    match = _BUCKET.fullmatch(bucket)
    if match is None:
        raise UnexplainedAnswerError(f"the answer has a list of failures that is not known: {bucket}")
    kind = _KINDS[match["kind"]]
    return kind, normalise_email(value) if kind == "email" else value


def _reconcile(answer: dict[str, Any], *, rows: int, at_least: int, at_most: int) -> None:
    """Compare the counts with the failures named. Rows between the bounds may count as failed, as written, or not."""
    successes, failures = answer.get("successCount"), answer.get("failCount")
    if not isinstance(successes, int) or not isinstance(failures, int):
        raise UnexplainedAnswerError("the answer does not say how many rows succeeded and failed")
    if not (at_least <= failures <= at_most and rows - at_most <= successes <= rows - failures):
        meant = at_least if at_least == at_most else f"{at_least} to {at_most}"
        raise UnexplainedAnswerError(
            f"of {rows} rows Iterable counts {successes} as successes and {failures} as failures, "
            f"but its lists of failures mean {meant}"
        )


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise UnexplainedAnswerError("the answer is not a JSON object")
    return answer


def _array(source: dict[str, Any], member: str) -> list[Any]:
    """Absent and null arrays are empty: answers of 2021 have few of them."""
    value = source.get(member) or []
    if not isinstance(value, list):
        raise UnexplainedAnswerError(f"`{member}` of the answer is not an array")
    return value
