"""Attributes that events and purchases share: time, campaign, template, and the id that makes them idempotent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from iterable_api.facts import timestamps
from iterable_api.facts.limits import MAX_EVENT_ID_BYTES
from target_iterable.core.json_encoding import dumps
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.ids import id_number, key_text
from target_iterable.records.key_form import FIRST_MILLISECONDS
from target_iterable.records.numbers import is_number

_NO_TIME: Final = 1000 * FIRST_MILLISECONDS


def pop_attributes(row: Row) -> Row:
    """Remove `id`, `createdAt`, `campaignId` and `templateId` from `row`; return them in Iterable's form.

    Empty ones are left out.

    Raises:
        RecordRejectedError: if one is malformed.
    """
    found: Row = {}
    for name, read in ATTRIBUTES.items():
        if name in row and (value := row.pop(name)) not in EMPTY:
            found[name] = read(name, value)
    return found


def derived_id(stream: str, content: Any, unkept: Sequence[Any] = ()) -> str:
    """Derive an id from content in the normal form, so that sending the same content again does not double the event.

    `unkept` are the values of the record's key that are not part of its content; see `KeyForm`.
    """
    return hashlib.sha256(dumps((stream, content, unkept))).hexdigest()[:32]


def _unix_seconds(attribute: str, value: Any) -> int:
    if is_number(value) and -_NO_TIME < value < _NO_TIME:
        is_seconds = -FIRST_MILLISECONDS < value < FIRST_MILLISECONDS
        return int(value) if is_seconds else int(value) // 1000
    seconds = timestamps.text_to_epoch_seconds(str(value))
    if seconds is None and (seconds := timestamps.text_to_epoch_seconds(f"{value} 00:00:00")) is None:
        raise RecordRejectedError("invalidDate", f"`{attribute}` is neither a date nor Unix seconds", attribute)
    return seconds


def _id(attribute: str, value: Any) -> str:
    text = key_text(value)
    if text is None or (len(text) if text.isascii() else len(text.encode(errors="replace"))) > MAX_EVENT_ID_BYTES:
        reason = f"`{attribute}` must be a text of at most {MAX_EVENT_ID_BYTES} bytes"
        raise RecordRejectedError("invalidId", reason, attribute)
    return text


ATTRIBUTES: Final[Mapping[str, Callable[[str, Any], int | str]]] = {
    "id": _id,
    "createdAt": _unix_seconds,
    "campaignId": id_number,
    "templateId": id_number,
}
"""By name: what reads one that is not empty; may refuse."""
