"""Merges of users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from target_iterable.config.route import ObjectSpec
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.records.column_mapping import Row
from target_iterable.records.json_texts import from_json
from target_iterable.records.user_identity import EMAIL, USER_ID
from target_iterable.requests.bulk_response import all_written

_SIDES: Final = ("source", "destination")
_SUFFIXES: Final = {EMAIL: "Email", USER_ID: "UserId"}

# The second time Iterable would say that there is no source.
_MERGE = single_row_endpoint("/api/users/merge", all_written, removes="merge")


class UserMerges(IterableObject):
    """Merges of two users: the source is merged into the destination, and is gone. This cannot be undone.

    Fields of the destination take precedence. If the destination does not exist, the source is renamed. Once for each
    key of the stream, or for each pair of users if the stream has no key.

    sourceEmail, sourceUserId: the user who is gone afterwards.
    destinationEmail, destinationUserId: the user who remains.
    arrayMerge: an array of objects with `field` and optionally `dedupeBy`: the array fields whose contents are
        combined.
    """

    spec = ObjectSpec(
        "user_merges",
        streams=("user_merges",),
        modes=("merge",),
        describes_state=False,
        once_per_key=True,
        endpoints=(_MERGE,),
        permission="allow_destructive",
    )
    example: ClassVar[Mapping[str, Any]] = {
        "sourceEmail": "ann@old.example.com",
        "destinationEmail": "ann@example.com",
        "arrayMerge": [{"field": "devices", "dedupeBy": "token"}],
    }

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Merge one pair, with one identifier for each side: the API does not take both."""
        sides = {side: self._side(row, side) for side in _SIDES}
        if sides["source"] == sides["destination"]:
            raise RecordRejectedError("sameUser", "source and destination are the same user")
        part: Row = {f"{side}{_SUFFIXES[kind]}": text for side, (kind, text) in sides.items()}
        if arrays := from_json(row.pop("arrayMerge", None)):
            part["arrayMerge"] = _checked(arrays)
        self.leave_out(row)
        names = tuple(sides.values())
        return Operation(_MERGE, dumps(part), names, idempotency_key=self.idempotency_key(key, names))

    def _side(self, row: Row, side: str) -> tuple[str, str]:
        given = {kind: row.pop(f"{side}{suffix}", None) for kind, suffix in _SUFFIXES.items()}
        try:
            identity = self.identities.pop_identity(given)
        except RecordRejectedError as error:
            raise RecordRejectedError(error.code, f"the {side} of the merge: {error.reject_reason.reason}") from None
        return next(iter(identity.sent.items()))


def _checked(arrays: Any) -> list[Row]:
    if not isinstance(arrays, list) or not all(_is_array_merge(one) for one in arrays):
        raise RecordRejectedError(
            "invalidArrayMerge",
            "`arrayMerge` must be an array of objects with texts `field` and `dedupeBy`",
            "arrayMerge",
        )
    return arrays


def _is_array_merge(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and "field" in one
        and all(name in ("field", "dedupeBy") and isinstance(value, str) for name, value in one.items())
    )
